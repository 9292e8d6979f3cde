"""Closed threads with their replies, drawn to review the quality of answers."""

import ibis
import pandas as pd

from toolkit import engine
from toolkit.errors import BadParameter, MissingTable
from toolkit.mask import masked
from toolkit.metrics import shapes
from toolkit.metrics.dataset import beside
from toolkit.metrics.registry import metric

KEYS = ("agent", "channel", "topic")
TEXTS = ("asked", "replies", "comment")
LONGEST = 2_000  # characters of all replies of a thread


@ibis.udf.scalar.builtin
def md5(text: str) -> str:
    """The hash that every engine has, and gives alike."""


@metric("listing", table="conversations", case="thread", value="score")
def service_report(
    conversations, messages=None, surveys=None, by="agent", each=2, limit=None, seed=7, mask=True, as_of=None
):
    """Closed threads with what the customer wrote and what was replied, some of each agent, drawn by a fixed seed.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `conversation_id`, `closed_at`, and of `agent`, `channel`, `topic`, `created_at`, `first_response_at` what
        there is; conversations that aren't closed are left out.
    messages, surveys : the same, optional
        What was written, and how it was scored; by default those of the data set that the conversations are of.
    by : str or None
        Of each value of it as many are drawn: "agent", "channel", "team", ..., or "score", of the threads that were
        scored; None: of all together.
    each : int
        How many of each.
    limit : int, optional
        How many rows to return at most; the facts count all closed threads.
    seed : int
        Another seed, another draw. Whether a thread is drawn depends on its key and those of its group alone, on every
        engine alike.
    mask : bool
        What has a form of its own (see docs/privacy.md), and names as far as they can be told, are taken out.

    Returns
    -------
    Result, one row per thread, those of one group together: `closed_at`, `agent`, `channel`, `topic`,
        `first_response_seconds`, `score`, `asked` (the customer's first message), `replies` (those of humans that the
        customer could see, in order), `comment`, `conversation_id`; `attrs["facts"]`: `total` closed threads.

    Raises
    ------
    MissingColumn, BadParameter

    Source: DEFINITIONS.md#service-report

    Examples
    --------
    >>> at = pd.to_datetime(["2024-03-01T09:00Z", "2024-03-01T10:00Z", None])
    >>> threads = pd.DataFrame({"conversation_id": ["a", "b", "c"], "closed_at": at, "agent": ["Ada", "Ada", "Bo"]})
    >>> report = service_report(threads, each=1)
    >>> len(report), report["agent"].tolist(), report.attrs["facts"]["total"]
    (1, ['Ada'], 2)
    """
    if isinstance(each, bool) or not isinstance(each, int) or each < 1:
        raise BadParameter(f"each={each!r} is not allowed; choose a whole number from 1")
    table = engine.as_table(
        conversations, "conversations", ["conversation_id", "closed_at", *([by] if by and by != "score" else [])]
    )
    messages = beside(table, "messages") if messages is None else messages
    surveys = beside(table, "surveys") if surveys is None else surveys
    now = engine.as_of_seconds(table, [engine.epoch(table.closed_at)], as_of)
    closed = table.filter(table.closed_at.notnull() & (engine.epoch(table.closed_at) <= now))
    if by == "score":
        if surveys is None:
            raise MissingTable("service_report by score needs the surveys, too: pass surveys=")
        closed = closed.inner_join(_lowest(surveys), "conversation_id")
    total = int(engine.to_pandas(closed.aggregate(n=closed.count()))["n"].iloc[0])
    drawn = engine.to_pandas(_drawn(closed, by, each, seed))
    order = [*(["score_" if by == "score" else by] if by else []), "rank_"]
    drawn = drawn.sort_values(order, kind="stable").reset_index(drop=True)
    drawn = drawn if limit is None else drawn.iloc[:limit]
    ids = drawn["conversation_id"].astype(str).tolist()
    frame = drawn.drop(columns=["rank_", *[name for name in ("score_",) if name in drawn.columns]])
    if messages is not None:
        frame = frame.merge(_written(messages, ids), how="left", on="conversation_id")
    if surveys is not None:
        frame = frame.merge(_scored(surveys, ids), how="left", on="conversation_id")
    for name in TEXTS:
        if name in frame.columns:
            texts = frame[name].astype(object).where(frame[name].notna(), None)
            frame[name] = [masked(text) if mask and text else text for text in texts]
    frame["closed_at"] = pd.to_datetime(frame["closed_at"], utc=True)
    wanted = ["closed_at", *KEYS, "first_response_seconds", "score", *TEXTS, "conversation_id"]
    if by and by not in wanted:
        wanted.insert(1, by)
    frame = frame[[name for name in wanted if name in frame.columns]]
    units = {"closed_at": "time", "first_response_seconds": "seconds", "score": "score"}
    about = {"rows": ["conversation_id"], "facts": {"total": total, "is_sample": True}}
    choices = {"each": each, "drawn_by": by, "seed": seed, "mask": mask}
    return shapes.finish(frame, "service_report", table, [], units, choices, 0, **about)


def _drawn(closed, by, each, seed):
    """The query: of each group the threads whose hashed key comes first."""
    key = engine.as_text(closed.conversation_id)
    rows = closed.mutate(conversation_id=key, rank_=md5(key + ibis.literal(f"/{seed}")))
    group = "score_" if by == "score" else by
    if by and by != "score":
        rows = rows.mutate(**{by: engine.as_text(rows[by])}).filter(lambda t: t[by].notnull() & (t[by] != ""))
    place = ibis.row_number().over(ibis.window(group_by=[group] if by else None, order_by=["rank_", "conversation_id"]))
    rows = rows.mutate(place_=place)
    kept = [name for name in dict.fromkeys([*([group] if by else []), *KEYS]) if name in rows.columns]
    more = {}
    if {"created_at", "first_response_at"} <= set(rows.columns):
        more["first_response_seconds"] = engine.epoch(rows.first_response_at) - engine.epoch(rows.created_at)
    rows = rows.filter(rows.place_ < each)
    return rows.select("conversation_id", "closed_at", *kept, "rank_", **more)


def _written(messages, ids):
    """What the customer first wrote, and what humans replied in public, of each thread."""
    table = engine.as_table(messages, "messages", ["conversation_id", "sent_at", "sender", "text"])
    rows = table.filter(engine.as_text(table.conversation_id).isin(ids or [""]))
    wanted = ["message_id"] if "message_id" in rows.columns else []
    public = rows.is_public.fill_null(True) if "is_public" in rows.columns else ibis.literal(True)
    rows = rows.mutate(
        conversation_id=engine.as_text(rows.conversation_id), at_=engine.epoch(rows.sent_at), public_=public
    )
    frame = engine.to_pandas(rows.select("conversation_id", "at_", "sender", "text", "public_", *wanted))
    frame = frame[frame["text"].notna() & (frame["text"].astype(str).str.strip() != "")]
    frame = frame.sort_values(["at_", *wanted], kind="stable")
    asked = frame[frame["sender"] == "customer"].groupby("conversation_id")["text"].first()
    said = frame[(frame["sender"] == "agent") & frame["public_"].astype(bool)]
    replies = said.groupby("conversation_id")["text"].agg(lambda texts: "\n".join(map(str, texts))[:LONGEST])
    return pd.DataFrame({"asked": asked, "replies": replies}).rename_axis("conversation_id").reset_index()


def _lowest(surveys):
    """The query: the lowest score of each conversation that has one."""
    table = engine.as_table(surveys, "surveys", ["conversation_id", "score"])
    rows = table.filter(table.score.notnull() & table.conversation_id.notnull())
    rows = rows.filter(rows.kind == "csat") if "kind" in rows.columns else rows
    rows = rows.mutate(conversation_id=engine.as_text(rows.conversation_id))
    return rows.group_by("conversation_id").aggregate(score_=rows.score.cast("float64").min())


def _scored(surveys, ids):
    """The lowest score of each thread, with its comment."""
    table = engine.as_table(surveys, "surveys", ["score"])
    if "conversation_id" not in table.columns:
        return pd.DataFrame({"conversation_id": pd.Series([], dtype=object)})
    rows = table.filter(engine.as_text(table.conversation_id).isin(ids or [""]) & table.score.notnull())
    rows = rows.filter(rows.kind == "csat") if "kind" in rows.columns else rows
    kept = [name for name in ("answered_at", "comment", "survey_id") if name in rows.columns]
    frame = engine.to_pandas(rows.select("score", *kept, conversation_id=engine.as_text(rows.conversation_id)))
    frame = frame.sort_values(["score", *[name for name in ("survey_id",) if name in frame.columns]], kind="stable")
    frame = frame.drop_duplicates("conversation_id")
    return frame[["conversation_id", "score", *[name for name in ("comment",) if name in frame.columns]]]
