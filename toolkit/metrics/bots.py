"""What bots take on: how many conversations, how many they pass to a human, how many they end, and how.

The conversations that came in during the period and in which a bot had begun are of three kinds: those that can be
judged, those that can't yet, and those whose customer isn't known. Every rate is of those that can be judged (the flag
`is_judged_` of `bot_ends.py`), and each of these was passed to a human, contained, come back or is still with the bot:
so the rates are parts of one whole. `bot_outcomes` alone is of all of them, and names what isn't known yet.
"""

from toolkit import engine
from toolkit.clock import humanize
from toolkit.errors import BadParameter
from toolkit.metrics import shapes
from toolkit.metrics.bot_ends import OUTCOMES, begun, judged, outcomes
from toolkit.metrics.dataset import whole
from toolkit.metrics.followups import key_of
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import duration

LATER = ("undue_count", "unknown_count")


@metric("count", table="conversations", case="bot_conversation", value="n")
def bot_conversations(conversations, by=None, as_of=None, zone=None):
    """How many conversations a bot began to answer.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `bot_started_at` (null: no bot) and the columns in `by`.
    by : str or list of str, optional
        Group columns, such as "channel"; also hour, weekday, day, week, month of creation, local.
    as_of : datetime, optional
        When the data was read: bots that began later haven't.
    zone : str, optional
        IANA time zone; tables from `open_data` carry theirs.

    Returns
    -------
    Result, one row per group: `n` conversations (0 or more) and `share` of all of them, in [0, 1].

    Raises
    ------
    MissingColumn
        Nothing says where a bot began.

    Source: DEFINITIONS.md#bot-conversations

    Examples
    --------
    >>> import pandas as pd
    >>> at = pd.to_datetime(["2024-03-01T09:00Z", "2024-03-01T10:00Z"])
    >>> bot_conversations(pd.DataFrame({"created_at": at, "bot_started_at": [at[0], None]}))["n"].tolist()
    [1]
    """
    return shapes.count(bot_conversations, begun(conversations, as_of), by, zone)


@metric("rate", table="conversations", case="judged_bot_conversation", value="handoff_rate", window="window")
def handoff_rate(conversations, by=None, window="7d", quiet="1d", messages=None, as_of=None, zone=None):
    """The share of the conversations that a bot began which passed to a human, of the same ones as bot containment.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `bot_started_at`, `handed_off_at` and `first_response_at` (of which one must be there: where
        a human replied, a human took over, whether or not the bot said so), `customer_id`, `closed_at`, `status`, and
        the columns in `by`.
    by, as_of, zone :
        As for `bot_conversations`.
    window, quiet, messages :
        As for `bot_containment`: they say which conversations can be judged.

    Returns
    -------
    Result, one row per group: `n` conversations that can be judged, the same as those of `bot_containment`;
        `handed_off_count`, `handoff_rate` in [0, 1] with `low`, `high` (95 % Wilson). Neither end is best: what a bot
        can't do should be passed on. Beside them, and not in n: `undue_count` whose window hasn't passed,
        `unknown_count` whose customer isn't known.

    Raises
    ------
    MissingColumn

    Source: DEFINITIONS.md#handoff-rate

    Examples
    --------
    >>> import pandas as pd
    >>> at = pd.Timestamp("2024-03-01T09:00Z")
    >>> handed = pd.DataFrame({
    ...     "created_at": [at] * 2, "bot_started_at": [at] * 2, "customer_id": ["a", "b"],
    ...     "handed_off_at": [at, None], "closed_at": [at] * 2,
    ... })
    >>> handoff_rate(handed, as_of="2024-03-31")[["n", "handoff_rate"]].values.tolist()
    [[2.0, 0.5]]
    """
    rows, choices = judged(conversations, window, quiet, messages, as_of)
    choices = {"judged_after": choices["window"], "quiet": choices["quiet"]}
    return _of_judged(handoff_rate, rows, ["handed_off"], None, by, zone, choices)


def _of_judged(of, rows, parts, rest, by, zone, choices):
    """The share that the first of the parts is of the conversations that can be judged; beside it those that can't."""
    rows = rows.mutate(**{f"is_{part}_": rows[f"is_{part}_"] & rows.is_judged_ for part in parts})
    return shapes.rate(
        of, rows, parts[0], by, zone, parts[1:], rest, choices,
        extra=(_later, _as_counts), units=dict.fromkeys(LATER, "count"), among="judged", taken=LATER,
    )  # fmt: skip


def _later(keyed):
    is_undue = ~keyed.is_judged_ & ~keyed.is_unknown_
    return {"undue_count": engine.count_if(keyed, is_undue), "unknown_count": engine.count_if(keyed, keyed.is_unknown_)}


def _as_counts(frame):
    return frame.astype(dict.fromkeys([name for name in (*LATER, "open_count") if name in frame.columns], "int64"))


# --- what became of them ------------------------------------------------------------------------------


@metric(
    "rate", table="conversations", case="judged_bot_conversation", value="bot_containment", best="high",
    window="window",
)  # fmt: skip
def bot_containment(conversations, by=None, window="7d", quiet="1d", calls=None, messages=None, as_of=None, zone=None):
    """The share of the conversations that a bot began which ended there, the customer not coming back.

    A customer who gave up on the bot also leaves no human a trace: who gets in touch again on the same topic, on any
    channel, was not helped, and is told apart. So a conversation is judged only when the window has passed.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `bot_started_at`, `handed_off_at` or `first_response_at`, `closed_at`, `status`,
        `customer_id`, `topic` (contacts without one are compared among each other), and the columns in `by`. Whether
        customers came back is looked for in the whole data set, else in this table.
    by, as_of, zone :
        As for `bot_conversations`.
    window : duration
        How long after the end a contact of the customer on the same topic says that the bot didn't help; one that
        began while the bot's conversation still ran says so, too.
    quiet : duration
        Where messages are known, a conversation that isn't closed ended with the last of them, once nothing was said
        for so long.
    calls, messages : the same for calls and messages, optional
        By default those of the data set.

    Returns
    -------
    Result, one row per group: `n` conversations that can be judged = `contained_count` + `came_back_count` +
        `handed_off_count` (to a human) + `open_count` (still with the bot after all that time); `bot_containment` in
        [0, 1] (best 1) with `low`, `high` (95 % Wilson). Beside them, and not in n: `undue_count` whose window
        hasn't passed, `unknown_count` whose customer isn't known.

    Raises
    ------
    MissingColumn
        Without `customer_id` nothing says who came back; without `closed_at` and messages, what ended.

    Source: DEFINITIONS.md#bot-containment

    Examples
    --------
    Two customers write, and the bot closes both; the second writes again, to a human, after three days:

    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> conversations = pd.DataFrame({
    ...     "created_at": [start, start, start + pd.Timedelta(days=3)], "customer_id": ["a", "b", "b"],
    ...     "bot_started_at": [start, start, None], "closed_at": [start, start, None], "handed_off_at": [None] * 3,
    ... })
    >>> judged = bot_containment(conversations, as_of="2024-03-31")
    >>> judged[["n", "contained_count", "came_back_count", "bot_containment"]].values.tolist()
    [[2.0, 1.0, 1.0, 0.5]]
    """
    rows, choices = outcomes(conversations, window, quiet, calls, messages, as_of)
    return _of_judged(bot_containment, rows, ["contained", "came_back", "handed_off"], "open", by, zone, choices)


@metric(
    "shares", table="conversations", case="bot_conversation", value="contained", best="high",
    view_of="bot_containment", window="window",
)  # fmt: skip
def bot_outcomes(conversations, by=None, window="7d", quiet="1d", calls=None, messages=None, as_of=None, zone=None):
    """What became of all the conversations that a bot began: four parts that sum to 100 %.

    Parameters
    ----------
    As for `bot_containment`.

    Returns
    -------
    Result, one row per group: `n` conversations with a bot; `contained`, `came_back`, `handed_off` and `not_known`
        (still with the bot, window not over, or customer not known) in [0, 1], summing to 1, each with `_count`,
        `_low`, `_high` (95 % Wilson).

    Source: DEFINITIONS.md#bot-outcomes

    Examples
    --------
    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> conversations = pd.DataFrame({
    ...     "created_at": [start] * 2, "customer_id": ["a", "b"], "bot_started_at": [start] * 2,
    ...     "closed_at": [start, None], "handed_off_at": [None, start],
    ... })
    >>> bot_outcomes(conversations, as_of="2024-03-31")[["n", "contained", "handed_off"]].values.tolist()
    [[2.0, 0.5, 0.5]]
    """
    rows, choices = outcomes(conversations, window, quiet, calls, messages, as_of)
    keys, counts = engine.group_keys(by), [f"{part}_count" for part in OUTCOMES]
    ends = [f"{part}{end}" for part in OUTCOMES for end in ("", "_low", "_high")]
    keyed = engine.with_keys(rows, "conversations", keys, zone, taken=["n", *counts, *ends])
    flags = {f"{part}_count": engine.count_if(keyed, keyed[f"is_{part}_"]) for part in OUTCOMES}

    def made(frame):
        for part in OUTCOMES:
            frame = shapes.add_rate(frame, part, f"{part}_count", "n", prefix=part)
        units = dict.fromkeys(["n", *counts], "count") | dict.fromkeys(OUTCOMES, "rate")
        about = {
            "parts": list(OUTCOMES),
            "roles": {"hits": "contained_count"},
            "ends": ("contained_low", "contained_high"),
        }
        return shapes.finish(frame[[*keys, "n", *ends, *counts]], "bot_outcomes", rows, keys, units, choices, **about)

    return shapes.run(engine.aggregate(keyed, keys, n=keyed.count(), **flags), made)


@metric("rate", table="conversations", case="judged_bot_conversation", value="bot_containment", best="high", view_of="bot_containment")  # fmt: skip
def containment_by_window(
    conversations, windows=("1d", "3d", "7d", "14d"), quiet="1d", calls=None, messages=None, as_of=None
):
    """Bot containment by how long a customer is given to come back, of the same conversations.

    Parameters
    ----------
    conversations, quiet, calls, messages, as_of :
        As for `bot_containment`.
    windows : sequence of durations
        The longest decides which conversations are judged.

    Returns
    -------
    Result, one row per window: `window`, `n` conversations that can be judged by the longest window,
        `contained_count`, `bot_containment` in [0, 1] (best 1) with `low`, `high` (95 % Wilson).

    Source: DEFINITIONS.md#containment-by-window

    Examples
    --------
    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> conversations = pd.DataFrame({
    ...     "created_at": [start, start + pd.Timedelta(days=2)], "customer_id": ["a", "a"],
    ...     "bot_started_at": [start, None], "closed_at": [start, None], "handed_off_at": [None] * 2,
    ... })
    >>> containment_by_window(conversations, ["1d", "7d"], as_of="2024-03-31")["contained_count"].tolist()
    [1, 0]
    """
    import pandas as pd

    seconds = [duration("windows", window) for window in windows]
    if not seconds or seconds != sorted(set(seconds)):
        raise BadParameter(f"windows: {list(windows)} must grow")
    rows, choices = outcomes(conversations, seconds[-1], quiet, calls, messages, as_of)
    rows = rows.filter(rows.is_judged_)
    counts = {
        f"within_{place}_": engine.count_if(rows, rows.is_ended_ & ~(rows.next_ <= rows.end_ + span).fill_null(False))
        for place, span in enumerate(seconds)
    }

    def made(found):
        one = found.iloc[0]
        hits = [int(one[name] or 0) for name in counts]
        frame = pd.DataFrame({"window": [humanize(span) for span in seconds]})
        frame = frame.assign(n=int(one["n"]), contained_count=hits)
        frame = shapes.add_rate(frame, "bot_containment", "contained_count", "n")
        units = {"n": "count", "contained_count": "count", "bot_containment": "rate"}
        about = {"rows": ["window"], "ordered": True, "roles": {"hits": "contained_count"}, "ends": ("low", "high")}
        told = {name: value for name, value in choices.items() if name != "window"}
        return shapes.finish(frame, "containment_by_window", rows, [], units, told, **about)

    return shapes.run(rows.aggregate(n=rows.count(), **counts), made)


# --- quick replies ------------------------------------------------------------------------------------


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
        return shapes.finish(frame, "quick_replies", table, keys, units, choices, 0)

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
