"""What contacts are about: topics, contacts without one, and what comes often and is solved quickly."""

import numpy as np
import pandas as pd

from toolkit import engine, words
from toolkit.errors import BadParameter, MissingColumn
from toolkit.intervals import wilson
from toolkit.metrics import shapes, waits
from toolkit.metrics.choices import Choices
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import duration, spans
from toolkit.metrics.small import told_rows
from toolkit.metrics.volume import contacts_of
from toolkit.result import Result

BOT = "bot"  # whether a bot took part, as a group of conversations


def with_bot(rows, keys):
    """The rows with the column `bot`, where they are to be grouped by it: whether a bot took part.

    MissingColumn where nothing says so.
    """
    import ibis

    if BOT not in keys or BOT in rows.columns:
        return rows
    if "bot_started_at" not in rows.columns:
        raise MissingColumn("contacts", "bot_started_at", rows.columns)
    return rows.mutate(**{BOT: ibis.ifelse(rows.bot_started_at.notnull(), "with_bot", "without_bot")})


def topic_columns(rows, table):
    """The columns that say what a contact is about: topic, and subtopic where there is one; MissingColumn for none."""
    if "topic" not in rows.columns:
        raise MissingColumn(table, "topic", rows.columns)
    return [name for name in ("topic", "subtopic") if name in rows.columns]


@metric("count", table="conversations", case="contact", value="n")
def topics(contacts, by=None, zone=None):
    """How many contacts came in about each topic and subtopic; those without a topic are a row, "(none)".

    Parameters
    ----------
    contacts : DataFrame, ibis Table or path
        As for `inbound_volume`, with `topic`, and `subtopic` where there is one.
    by : str or list of str, optional
        Further group columns, such as "channel"; "bot" tells contacts in which a bot took part (`bot_started_at`).
        "topic" alone leaves out the subtopics.

    Returns
    -------
    Result, one row per group, topic and subtopic: `n` contacts and `share` of all, in [0, 1].

    Raises
    ------
    MissingColumn

    Source: DEFINITIONS.md#topics

    Examples
    --------
    >>> at = pd.to_datetime(["2024-03-01T09:00Z"] * 4)
    >>> topics(pd.DataFrame({"created_at": at, "topic": ["bills", "bills", "app", None]}))[["topic", "n"]].values.tolist()
    [['(none)', 1], ['app', 1], ['bills', 2]]
    """
    rows, table, case = contacts_of(contacts)
    keys = engine.group_keys(by)
    about = ["topic"] if "topic" in keys else topic_columns(rows, table)
    rows = with_bot(rows, keys)
    keys = [*keys, *[name for name in about if name not in keys]]
    return shapes.count(topics, rows, keys, zone, table, case)


@metric("rate", table="conversations", case="contact", value="unmatched_share", best="low", view_of="topics")
def unmatched_share(contacts, by=None, zone=None):
    """The share of contacts that have no topic.

    Parameters
    ----------
    contacts : DataFrame, ibis Table or path
        As for `topics`.
    by : str or list of str, optional
        Group columns, such as "channel", "bot"; also hour, weekday, day, week, month, local.

    Returns
    -------
    Result, one row per group: `n` contacts, `unmatched_count`, `unmatched_share` in [0, 1] (best 0) with `low`, `high`
        (95 % Wilson).

    Raises
    ------
    MissingColumn

    Source: DEFINITIONS.md#unmatched-share

    Examples
    --------
    >>> at = pd.to_datetime(["2024-03-01T09:00Z"] * 4)
    >>> unmatched_share(pd.DataFrame({"created_at": at, "topic": ["bills", "bills", "", None]}))["unmatched_share"].tolist()
    [0.5]
    """
    rows, table, case = contacts_of(contacts)
    topic_columns(rows, table)
    rows = with_bot(rows, engine.group_keys(by))
    rows = rows.mutate(is_unmatched_=engine.as_text(rows.topic).fill_null("").isin(["", engine.NONE]))
    return shapes.rate(unmatched_share, rows, "unmatched", by, zone, table=table, case=case)


@metric("tally", table="conversations", case="conversation", value="share")
def repetitive_share(conversations, by=None, many=0.03, quick="8h", as_of=None, zone=None):
    """The share of conversations about topics that come often and are solved quickly: candidates for ready answers.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `closed_at`, `topic`, `subtopic` where there is one, and the columns in `by`.
    by : str or list of str, optional
        Group columns, such as "channel": of each group its own topics. "topic" alone leaves out the subtopics.
    many : number
        A topic's conversations are many from this share of its group on (below 1), or from this number on.
    quick : duration
        They are quickly solved where half of all of them, those still open included, are closed within it.
    as_of : datetime, optional
        When the data was read; what is open then isn't solved yet.

    Returns
    -------
    Result, one row per group and topic, candidates first, then the largest: `n` conversations, `share` of its group in [0, 1] with
        `low`, `high` (95 % Wilson), `median_seconds` until the last close (null where half aren't closed),
        `is_candidate`. Conversations without a topic are a row, never a candidate; so are topics below the minimum count.

    Raises
    ------
    MissingColumn, BadParameter

    Source: DEFINITIONS.md#repetitive-share

    Examples
    --------
    >>> at = pd.to_datetime(["2024-03-01T09:00Z"] * 20)
    >>> closed = at + pd.to_timedelta([600] * 12 + [90_000] * 8, unit="s")
    >>> frame = pd.DataFrame({"created_at": at, "closed_at": closed, "topic": ["password"] * 12 + ["contract"] * 8})
    >>> repetitive_share(frame)[["topic", "share", "is_candidate"]].values.tolist()
    [['password', 0.6, True], ['contract', 0.4, False]]
    """
    seconds = duration("quick", quick)
    if isinstance(many, bool) or not isinstance(many, (int, float)) or many <= 0:
        raise BadParameter(f"many={many!r}: a share such as 0.1, or a number of conversations such as 200")
    table = engine.as_table(conversations, "conversations", ["created_at", "closed_at"])
    keys = engine.group_keys(by)
    about = ["topic"] if "topic" in keys else topic_columns(table, "conversations")
    groups = [key for key in keys if key != "topic"]
    table, keys = with_bot(table, keys), [*groups, *about]
    own = ["n", "share", "low", "high", "median_seconds", "is_candidate"]
    rows = spans(table, "conversations", "created_at", "closed_at", "closed", as_of)
    engine.check_keys(rows, "conversations", keys, taken=own)
    said = words.percent(many) if many < 1 else words.number(many)
    choices = {"many": said, "quick": words.duration(seconds)}

    def made(waited):
        frame = pd.DataFrame(waited)[[*keys, "n", "median_seconds"]]
        least = waited.attrs["minimum_count"]
        total = (
            frame.groupby(groups)["n"].transform("sum") if groups else pd.Series(frame["n"].sum(), index=frame.index)
        )
        frame["share"] = (frame["n"] / total).astype("float64")
        frame["low"], frame["high"] = wilson(frame["n"], total)
        is_many = frame["n"] >= (many * total if many < 1 else many)
        # how many candidates there are is told in a sentence: of those that are told
        smallest = shapes.settings_of(rows).privacy.smallest_group
        is_many &= told_rows(frame, keys, smallest)[0]
        is_one = is_many & (frame["n"] >= least) & (frame["topic"].astype(str) != engine.NONE)
        frame["is_candidate"] = is_one & (frame["median_seconds"] <= seconds)  # null is no candidate
        ranked = frame.assign(candidate_=~frame["is_candidate"], n_=-frame["n"])
        frame = frame.loc[ranked.sort_values([*groups, "candidate_", "n_"], kind="stable").index].reset_index(drop=True)
        units = {"n": "count", "share": "rate", "median_seconds": "seconds"}
        result = Result.of(frame[[*keys, *own]], "repetitive_share", units, keys, least, choices)
        kept = {
            name: waited.attrs[name] for name in ("shape", "case", "value", "best", "count", "zone", "rows", "partial")
        }
        result.attrs |= kept | {
            "ends": ("low", "high"),
            "when_null": {"median_seconds": "not_reached"},
            "drawn": np.flatnonzero(frame["is_candidate"]).tolist(),
            "told": _told(frame, int(frame["n"].sum())),
        }
        return result

    return shapes.then(
        waits.wait(repetitive_share, waits.Waits(rows, "closed", choices=Choices(zone=zone)), keys), made
    )


def _told(frame, total):
    """What a sentence says: how many topics are candidates, and which share of the conversations they are."""
    chosen = frame[frame["is_candidate"]]
    if not total:
        return []
    if not len(chosen):
        return [("none", {})]
    hits = int(chosen["n"].sum())
    low, high = (float(np.ravel(end)[0]) for end in wilson([hits], [total]))
    topics_ = len(chosen[[name for name in ("topic", "subtopic") if name in chosen]].drop_duplicates())
    return [("found", {"n": topics_, "share": (hits / total, "rate", low, high), "hits": (hits, "count")})]
