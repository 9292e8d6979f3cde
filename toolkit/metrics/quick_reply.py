"""Which quick replies customers press, and where that leads."""

from toolkit import engine
from toolkit.metrics import shapes
from toolkit.metrics.bot_ends import outcomes
from toolkit.metrics.dataset import whole
from toolkit.metrics.followups import key_of
from toolkit.metrics.registry import metric


@metric("count", table="messages", case="quick_reply", value="n")
def quick_replies(messages, by=None, conversations=None, window="7d", quiet="1d", as_of=None, zone=None):
    """Which quick replies customers press, and where the conversations lead after it.

    Parameters
    ----------
    messages : DataFrame, ibis Table or path; one row per message
        Uses `quick_reply` (null: none was pressed), `sender` (customers' kept), `conversation_id`, `sent_at` and the
        columns in `by`.
    by : str or list of str, optional
        Group columns besides the quick reply, such as "topic".
    conversations : the same for the conversations, optional
        By default those of the data set, of any period. Without them nothing says where a reply leads.
    window, quiet :
        As for `bot_containment`.
    as_of : datetime, optional
        When the data was read: what was pressed later hasn't been, and what became of the conversations is as it stood.
    zone : str, optional
        As for `bot_conversations`.

    Returns
    -------
    Result, one row per quick reply (and group): `n` times that it was pressed, `share` of all; `conversation_count` in which it was; of
        those with a bot (`bot_count`) that can be judged, as `bot_containment` does (`judged_count`), `handed_off_rate`
        in [0, 1], the share that a human took over later than it was pressed first, and `contained_rate`, each with its
        interval (95 % Wilson): parts of one whole. Null where there is none.

    Source: DEFINITIONS.md#quick-replies

    Examples
    --------
    >>> import pandas as pd
    >>> at = pd.Timestamp("2024-03-01T09:00Z")
    >>> messages = pd.DataFrame({
    ...     "conversation_id": ["1", "1", "2"], "sent_at": [at] * 3, "sender": ["customer"] * 3,
    ...     "quick_reply": ["prices", None, "prices"],
    ... })
    >>> quick_replies(messages)[["quick_reply", "n", "conversation_count"]].values.tolist()
    [['prices', 2, 2]]
    """
    table = engine.as_table(messages, "messages", ["quick_reply", "sender", "conversation_id", "sent_at"])
    rows = table.filter((table.sender == "customer") & key_of(table.quick_reply).notnull())
    if as_of is not None:  # a data set's own messages are those of its reading
        rows = rows.filter(engine.epoch(rows.sent_at) <= engine.to_epoch(as_of))
    keys = [*[key for key in engine.group_keys(by) if key != "quick_reply"], "quick_reply"]
    counts = ["n", "conversation_count", "bot_count", "judged_count", "handed_off_count", "contained_count"]
    ends = [f"{part}_rate{end}" for part in ("handed_off", "contained") for end in ("", "_low", "_high")]
    keyed = engine.with_keys(rows, "messages", keys, zone, uses=["conversation_id"], taken=[*counts, *ends, "share"])
    keyed = keyed.mutate(thread_=key_of(keyed.conversation_id), pressed_=engine.epoch(keyed.sent_at))
    each = keyed.group_by([*keys, "thread_"]).aggregate(presses_=keyed.count(), first_=keyed.pressed_.min())
    threads = whole(table, "conversations") if conversations is None else conversations
    choices, led = {}, {name: each.presses_.nullif(each.presses_) for name in counts[2:]}
    if threads is not None:
        threads = engine.as_table(threads, "conversations", ["conversation_id"])
        found, choices = outcomes(threads, window, quiet, as_of=as_of)
        names = ("contained", "judged")
        found = found.select(
            "human_", of_=key_of(found.conversation_id), **{f"was_{n}_": found[f"is_{n}_"] for n in names}
        )
        each = each.left_join(found, each.thread_ == found.of_)
        is_known, is_judged = each.of_.notnull(), each.was_judged_.fill_null(False)
        is_later = (each.human_ >= each.first_).fill_null(False)
        flags = is_known, is_judged, is_judged & is_later, is_judged & each.was_contained_.fill_null(False)
        led = {name: flag.ifelse(1, 0) for name, flag in zip(counts[2:], flags, strict=True)}
    each = each.mutate(**{f"{name}_": value for name, value in led.items()})
    sums = {name: each[f"{name}_"].sum() for name in led}
    query = each.group_by(keys).aggregate(n=each.presses_.sum(), conversation_count=each.thread_.count(), **sums)

    def made(frame):
        frame = frame.astype(dict.fromkeys(counts[:2], "int64") | dict.fromkeys(counts[2:], "float64"))
        for part in ("handed_off", "contained"):
            frame = shapes.add_rate(frame, f"{part}_rate", f"{part}_count", "judged_count", prefix=f"{part}_rate")
        total = frame["n"].sum()
        frame["share"] = frame["n"] / total if total else float("nan")
        units = dict.fromkeys(counts, "count") | dict.fromkeys(["share", "handed_off_rate", "contained_rate"], "rate")
        frame = frame[[*keys, "n", "share", counts[1], *ends, *counts[2:]]]
        judged = dict.fromkeys(["handed_off_rate", "contained_rate"], "judged_count")
        about = {"counts": judged, "least": shapes.settings_of(table).minimum_count}
        return shapes.finish(frame, "quick_replies", table, keys, units, choices, 0, **about)

    return shapes.run(query, made)


@metric(
    "rate", table="messages", case="judged_bot_conversation", value="handed_off_rate", view_of="quick_replies",
    window="window",
)  # fmt: skip
def quick_reply_handoff(messages, by=None, conversations=None, window="7d", quiet="1d", as_of=None, zone=None):
    """Of the conversations with a bot in which a quick reply was pressed, the share that a human took over after it.

    Parameters
    ----------
    As for `quick_replies`.

    Returns
    -------
    Result, one row per quick reply (and group): `n` conversations with a bot that can be judged, `handed_off_count`,
        `handed_off_rate` in [0, 1] with `low`, `high` (95 % Wilson); `contained_rate` of the same. No rows where
        nothing is known of the conversations.

    Source: DEFINITIONS.md#quick-reply-handoff

    Examples
    --------
    >>> import pandas as pd
    >>> at = pd.Timestamp("2024-03-01T09:00Z")
    >>> conversations = pd.DataFrame({
    ...     "conversation_id": ["1", "2", "3"], "created_at": [at, at, at + pd.Timedelta(days=9)],
    ...     "bot_started_at": [at, at, None], "customer_id": ["a", "b", "c"], "closed_at": [at, at, None],
    ...     "handed_off_at": [at, None, None],
    ... })
    >>> messages = pd.DataFrame({
    ...     "conversation_id": ["1", "2"], "sent_at": [at] * 2, "sender": ["customer"] * 2, "quick_reply": ["agent", "bill"],
    ... })
    >>> quick_reply_handoff(messages, conversations=conversations)[["quick_reply", "n", "handed_off_count"]].values.tolist()
    [['agent', 1, 1], ['bill', 1, 0]]
    """

    def led(replies):
        attrs, frame = replies.attrs, replies.loc[replies["judged_count"] > 0]
        ends = {"handed_off_rate_low": "low", "handed_off_rate_high": "high"}
        frame = frame.drop(columns="n").rename(columns={"judged_count": "n"} | ends)
        columns = [*attrs["by"], "n", "handed_off_count", "handed_off_rate", "low", "high", "contained_rate"]
        frame = frame[columns].astype({"n": "int64", "handed_off_count": "int64"}).reset_index(drop=True)
        units = {"n": "count", "handed_off_count": "count", "handed_off_rate": "rate", "contained_rate": "rate"}
        about = {"roles": {"hits": "handed_off_count"}, "ends": ("low", "high"), "overlaps": True}
        table = engine.as_table(messages, "messages")
        return shapes.finish(frame, "quick_reply_handoff", table, attrs["by"], units, attrs["choices"], **about)

    return shapes.then(quick_replies(messages, by, conversations, window, quiet, as_of, zone), led)
