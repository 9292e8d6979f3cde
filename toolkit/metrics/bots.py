"""What bots take on: how many conversations, how many they pass to a human, how many they end, and how.

One cohort throughout: the conversations that came in during the period and in which a bot had begun. Each of them is
one of four: passed to a human, contained, come back, or not known (yet); so the shares sum to 100 %.
"""

from toolkit import engine
from toolkit.clock import humanize
from toolkit.errors import MissingColumn
from toolkit.metrics import shapes
from toolkit.metrics.dataset import data_of, whole
from toolkit.metrics.followups import came_back, contacts_of_customers, key_of, with_customer
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import duration
from toolkit.tables import CLOSED_STATUSES, READ_AT

HUMAN = ("handed_off_at", "first_response_at")  # either says that a human took over
OUTCOMES = ("contained", "came_back", "handed_off", "not_known")
LATER = ("undue_count", "unknown_count")


def begun(conversations, as_of=None, needs=()):
    """The conversations in which a bot had begun when the data was read.

    Returns
    -------
    ibis Table with `now_` (the reading) and `start_` as epoch seconds; where a column tells it, `human_`, when a human
        took over (null while none has), and `is_handed_off_`
    """
    import ibis

    table = engine.as_table(conversations, "conversations", ["created_at", "bot_started_at", *needs])
    engine.refuse_nulls(table, "conversations", "created_at")
    there = [name for name in ("created_at", "bot_started_at", *HUMAN, "closed_at") if name in table.columns]
    if READ_AT in table.columns and as_of is None and data_of(table):
        now = engine.epoch(table[READ_AT])  # weeks, each read at an end of its own
    else:
        now = ibis.literal(engine.as_of_seconds(table, [engine.epoch(table[name]) for name in there], as_of))
    rows = table.mutate(now_=now.cast("int64"), start_=engine.epoch(table.created_at))
    rows = rows.filter((engine.epoch(rows.bot_started_at) <= rows.now_) & (rows.start_ <= rows.now_))
    human = [_by_now(rows, name) for name in HUMAN if name in rows.columns]
    if not human:
        return rows
    # the earlier of the two that has come; least() of a null differs between engines
    first = human[0] if len(human) == 1 else ibis.least(ibis.coalesce(*human), ibis.coalesce(*human[::-1]))
    return rows.mutate(human_=first).mutate(is_handed_off_=first.notnull())


def _by_now(rows, name):
    """The epoch seconds of a time that had come when the row was read, else null."""
    import ibis

    at = engine.epoch(rows[name])
    return ibis.ifelse((at <= rows.now_).fill_null(False), at, ibis.null("int64"))


def _handed(conversations, as_of=None):
    rows = begun(conversations, as_of)
    if "human_" not in rows.columns:
        raise MissingColumn("conversations", HUMAN[0], [name for name in rows.columns if not name.endswith("_")])
    return rows


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


@metric("rate", table="conversations", case="bot_conversation", value="handoff_rate")
def handoff_rate(conversations, by=None, as_of=None, zone=None):
    """The share of the conversations that a bot began which passed to a human.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `bot_started_at`, `handed_off_at` and `first_response_at` (of which one must be there: where
        a human replied, a human took over, whether or not the bot said so), and the columns in `by`.
    by, as_of, zone :
        As for `bot_conversations`.

    Returns
    -------
    Result, one row per group: `n` conversations with a bot, `handed_off_count`, `handoff_rate` in [0, 1] with `low`,
        `high` (95 % Wilson). Neither end is best: what a bot can't do should be passed on.

    Raises
    ------
    MissingColumn

    Source: DEFINITIONS.md#handoff-rate

    Examples
    --------
    >>> import pandas as pd
    >>> at = pd.Timestamp("2024-03-01T09:00Z")
    >>> handed = pd.DataFrame({"created_at": [at] * 2, "bot_started_at": [at] * 2, "handed_off_at": [at, None]})
    >>> handoff_rate(handed)["handoff_rate"].tolist()
    [0.5]
    """
    return shapes.rate(handoff_rate, _handed(conversations, as_of), "handed_off", by, zone)


# --- what became of them ------------------------------------------------------------------------------


def outcomes(conversations, window="7d", quiet="1d", calls=None, messages=None, as_of=None):
    """(the conversations of `begun`, each with what became of it; the choices).

    Returns
    -------
    ibis Table with a flag for each of `OUTCOMES`, of which one is true, and `is_judged_` (the window has passed, so
        that what became of it can't change any more, or it runs for longer already), `is_unknown_` (it can't be known
        whether the customer came back)
    """
    span, silence = duration("window", window), duration("quiet", quiet)
    rows = with_customer(engine.as_table(_handed(conversations, as_of), "conversations", ["customer_id"]))
    rows = _ended(rows, silence, messages)
    contacts, looked_in = contacts_of_customers(engine.as_table(conversations, "conversations"), calls)
    rows = came_back(rows, contacts, after="start_")
    is_ended, is_known = rows.end_.notnull() & ~rows.is_handed_off_, rows.customer_.notnull()
    is_back = is_ended & is_known & (rows.next_ <= rows.end_ + span).fill_null(False)
    is_over = (rows.end_ + span <= rows.now_).fill_null(False)
    rows = rows.mutate(is_unknown_=~is_known, is_came_back_=is_back, is_open_=~is_ended & ~rows.is_handed_off_)
    rows = rows.mutate(is_contained_=is_ended & is_known & ~is_back & is_over)
    rows = rows.mutate(
        is_not_known_=~(rows.is_handed_off_ | rows.is_came_back_ | rows.is_contained_),
        # by the same span for all of them, else those that pass to a human at once would be judged first
        is_judged_=is_known & (rows.start_ + span <= rows.now_) & (~is_ended | is_over),
    )
    choices = {"window": humanize(span), "quiet": humanize(silence), "looked_in": "_".join(looked_in)}
    return rows, choices


def _ended(rows, quiet, messages):
    """The rows with `end_`: the last close; else the last message, where nothing was said for long since; null while open."""
    import ibis

    messages = whole(rows, "messages") if messages is None else messages
    has_close = "closed_at" in rows.columns
    if not has_close and messages is None:
        rows = engine.as_table(rows, "conversations", ["closed_at"])  # says what is missing
    closed = _by_now(rows, "closed_at") if has_close else ibis.null("int64")
    rows = rows.mutate(closed_=closed)
    ends = [(rows.closed_.notnull(), ibis.greatest(rows.closed_, rows.start_))]
    if messages is not None and "conversation_id" in rows.columns:
        rows = _with_last(rows, messages)
        ends = [(rows.closed_.notnull(), ibis.greatest(rows.closed_, rows.start_))]
        is_quiet = (rows.last_ + quiet <= rows.now_).fill_null(False)
        ends.append((is_quiet, ibis.greatest(rows.last_, rows.start_)))
    if "status" in rows.columns:  # it ended at some time until the reading
        is_closed = rows.status.fill_null("").lower().isin(CLOSED_STATUSES)
        is_later = rows.closed_at.notnull() if has_close else ibis.literal(False)
        ends.append((is_closed & ~is_later, rows.now_))
    return rows.mutate(end_=ibis.cases(*ends, else_=ibis.null("int64")))


def _with_last(rows, messages):
    """The rows with `last_`, when anyone last said something in the conversation before it was read."""
    said = engine.as_table(messages, "messages", ["conversation_id", "sent_at", "sender"])
    said = said.filter(said.sender != "system").select(of_=key_of(said.conversation_id), at_=engine.epoch(said.sent_at))
    rows = rows.mutate(id_=key_of(rows.conversation_id))
    asked = rows.filter(rows.id_.notnull()).select("id_", read_=rows.now_).distinct()
    pairs = asked.inner_join(said, asked.id_ == said.of_)
    pairs = pairs.filter(pairs.at_ <= pairs.read_)
    found = pairs.group_by(thread_=pairs.id_, read_=pairs.read_).aggregate(last_=pairs.at_.max())
    joined = rows.left_join(found, [rows.id_ == found.thread_, rows.now_ == found.read_])
    return joined.drop("thread_", "read_", "id_")


@metric("rate", table="conversations", case="judged_bot_conversation", value="bot_containment", best="high")
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
    flags = {f"is_{name}_": rows[f"is_{name}_"] & rows.is_judged_ for name in ("contained", "came_back", "handed_off")}
    rows = rows.mutate(**flags)
    return shapes.rate(
        bot_containment, rows, "contained", by, zone, ["came_back", "handed_off"], "open", choices, LATER,
        extra=(_later, _as_counts), units=dict.fromkeys(LATER, "count"), among="judged",
    )  # fmt: skip


def _later(keyed):
    is_undue = ~keyed.is_judged_ & ~keyed.is_unknown_
    return {"undue_count": engine.count_if(keyed, is_undue), "unknown_count": engine.count_if(keyed, keyed.is_unknown_)}


def _as_counts(frame):
    return frame.astype(dict.fromkeys([*LATER, "open_count"], "int64"))


@metric("shares", table="conversations", case="bot_conversation", value="contained", best="high", view_of="bot_containment")  # fmt: skip
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


# --- quick replies ------------------------------------------------------------------------------------


@metric("count", table="messages", case="quick_reply", value="n")
def quick_replies(messages, by=None, conversations=None, window="7d", quiet="1d", zone=None):
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

    Returns
    -------
    Result, one row per quick reply (and group): `n` times that it was pressed, `share` of all; `conversation_count` in which it was; of
        those with a bot (`bot_count`), `handed_off_rate` in [0, 1], the share that a human took over later than it
        was pressed first, with `handed_off_low`, `handed_off_high` (95 % Wilson); of those that can be judged
        (`judged_count`), `contained_rate` with its interval, as `bot_containment` judges them. Null where there is none.

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
    keys = [*[key for key in engine.group_keys(by) if key != "quick_reply"], "quick_reply"]
    counts = ["n", "conversation_count", "bot_count", "handed_off_count", "judged_count", "contained_count"]
    ends = [f"{part}_{end}" for part in ("handed_off", "contained") for end in ("rate", "low", "high")]
    keyed = engine.with_keys(rows, "messages", keys, zone, uses=["conversation_id"], taken=[*counts, *ends, "share"])
    keyed = keyed.mutate(thread_=key_of(keyed.conversation_id), pressed_=engine.epoch(keyed.sent_at))
    each = keyed.group_by([*keys, "thread_"]).aggregate(presses_=keyed.count(), first_=keyed.pressed_.min())
    threads = whole(table, "conversations") if conversations is None else conversations
    choices, led = {}, {name: each.presses_.nullif(each.presses_) for name in counts[2:]}
    if threads is not None:
        found, choices = outcomes(engine.as_table(threads, "conversations", ["conversation_id"]), window, quiet)
        names = ("handed_off", "contained", "judged")
        found = found.select(
            "human_", of_=key_of(found.conversation_id), **{f"was_{n}_": found[f"is_{n}_"] for n in names}
        )
        each = each.left_join(found, each.thread_ == found.of_)
        is_known, is_judged = each.of_.notnull(), each.was_judged_.fill_null(False)
        is_later = (each.human_ >= each.first_).fill_null(False)
        flags = is_known, is_known & is_later, is_judged, is_judged & each.was_contained_.fill_null(False)
        led = {name: flag.ifelse(1, 0) for name, flag in zip(counts[2:], flags, strict=True)}
    each = each.mutate(**{f"{name}_": value for name, value in led.items()})
    sums = {name: each[f"{name}_"].sum() for name in led}
    query = each.group_by(keys).aggregate(n=each.presses_.sum(), conversation_count=each.thread_.count(), **sums)

    def made(frame):
        frame = frame.astype(dict.fromkeys(counts[:2], "int64") | dict.fromkeys(counts[2:], "float64"))
        for part, of in (("handed_off", "bot_count"), ("contained", "judged_count")):
            frame = shapes.add_rate(frame, f"{part}_rate", f"{part}_count", of, prefix=part)
        total = frame["n"].sum()
        frame["share"] = frame["n"] / total if total else float("nan")
        units = dict.fromkeys(counts, "count") | dict.fromkeys(["share", "handed_off_rate", "contained_rate"], "rate")
        frame = frame[[*keys, "n", "share", counts[1], *ends, *counts[2:]]]
        return shapes.finish(frame, "quick_replies", table, keys, units, choices, 0)

    return shapes.run(query, made)
