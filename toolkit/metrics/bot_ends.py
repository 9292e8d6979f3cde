"""How conversations with a bot end: with a human, for good, with the customer coming back, or nobody knows yet.

No metric stands here; those of `bots.py` count what this tells of each conversation.
"""

from toolkit import engine
from toolkit.clock import humanize
from toolkit.errors import MissingColumn
from toolkit.metrics.dataset import data_of, made_once, whole
from toolkit.metrics.followups import came_back, contacts_of_customers, key_of, with_customer
from toolkit.metrics.rows import duration
from toolkit.tables import CLOSED_STATUSES, READ_AT

HUMAN = ("handed_off_at", "first_response_at")  # either says that a human took over
LOOKED_IN = {
    ("conversations",): "conversations",
    ("conversations", "calls"): "conversations_calls",
}  # choices, in words
OUTCOMES = ("contained", "came_back", "handed_off", "not_known")


@made_once
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


def handed(conversations, as_of=None):
    rows = begun(conversations, as_of)
    if "human_" not in rows.columns:
        raise MissingColumn("conversations", HUMAN[0], [name for name in rows.columns if not name.endswith("_")])
    return rows


@made_once
def judged(conversations, window="7d", quiet="1d", messages=None, as_of=None):
    """(the conversations of `begun`, each with whether it can be judged what became of it; the choices).

    Returns
    -------
    ibis Table with `end_` and the flags `is_ended_` (without a human), `is_over_` (the window has passed since),
        `is_unknown_` (it can't be known whether the customer came back) and `is_judged_`: the customer is known, and the
        window has passed since the conversation began and, where it ended without a human, since it ended. So what
        became of those judged can't change any more, but for what a bot holds for longer than the window
    """
    span, silence = duration("window", window), duration("quiet", quiet)
    rows = with_customer(engine.as_table(handed(conversations, as_of), "conversations", ["customer_id"]))
    rows = _ended(rows, silence, messages)
    is_over = (rows.end_ + span <= rows.now_).fill_null(False)
    rows = rows.mutate(
        is_ended_=rows.end_.notnull() & ~rows.is_handed_off_, is_over_=is_over, is_unknown_=rows.customer_.isnull()
    )
    # by the same span for all of them, else those that pass to a human at once would be judged first
    is_of_age = (rows.start_ + span <= rows.now_) & (~rows.is_ended_ | rows.is_over_)
    rows = rows.mutate(is_judged_=~rows.is_unknown_ & is_of_age)
    return rows, {"window": humanize(span), "quiet": humanize(silence)}


@made_once
def outcomes(conversations, window="7d", quiet="1d", calls=None, messages=None, as_of=None):
    """(the conversations of `judged`, each with what became of it; the choices).

    Returns
    -------
    ibis Table with a flag for each of `OUTCOMES`, of which one is true
    """
    rows, choices = judged(conversations, window, quiet, messages, as_of)
    contacts, looked_in = contacts_of_customers(engine.as_table(conversations, "conversations"), calls)
    rows = came_back(rows, contacts)
    is_known_end = rows.is_ended_ & ~rows.is_unknown_
    is_back = is_known_end & (rows.next_ <= rows.end_ + duration("window", window)).fill_null(False)
    rows = rows.mutate(is_came_back_=is_back, is_contained_=is_known_end & ~is_back & rows.is_over_)
    rows = rows.mutate(is_not_known_=~(rows.is_handed_off_ | rows.is_came_back_ | rows.is_contained_))
    return rows, choices | {"looked_in": LOOKED_IN[tuple(looked_in)]}


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
