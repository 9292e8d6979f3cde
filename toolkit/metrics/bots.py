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
