"""How long each turn, or each message, of a customer waits for its reply."""

from toolkit import engine
from toolkit.metrics import shapes, waits
from toolkit.metrics.choices import TIMED, choosing
from toolkit.metrics.dataset import data_of, whole
from toolkit.metrics.means import mean
from toolkit.metrics.registry import metric
from toolkit.metrics.response import first_response_time
from toolkit.metrics.rows import of_channels
from toolkit.tables import CLOSED_STATUSES, READ_AT

TURN = ["message_id", "conversation_id", "sent_at", "sender"]


@metric("wait", table="messages", case="turn", value="median_seconds", best="low")
@choosing
def response_time(messages, by=None, choices=(*TIMED, "bot_only", "channels"), conversations=None):
    """How long each turn of a customer waits for the next public reply by a human.

    Consecutive messages of a customer are one turn, which begins with the first of them; bots and internal notes neither
    end a turn nor part it. It belongs to the period in which it began, and its reply may come later.

    Parameters
    ----------
    messages : DataFrame, ibis Table or path; one row per message
        Uses `message_id`, `conversation_id`, `sent_at`, `sender`, `is_public` where it is there, and the columns in
        `by`, which are those of the turn's first message; but `agent` is who answered, and of what isn't answered the
        one to whom the conversation is assigned, where conversations say so.
    by : str or list of str, optional
        Group columns, such as "channel" or "agent"; also hour, weekday, day, week, month in which the turn began, local.
    clock, zone, service :
        As for `first_response_time`.
    as_of : datetime, optional
        When the data was read; defaults to what `open_data` knows, else the newest message or close.
    bot_only : "out" or "in"
        Turns of a conversation that a bot handled alone are left out, or count as waiting, where conversations say so.
    channels : "all", "written" or "phone"
        Which messages' turns count, by the message's own channel.
    conversations : the same for the conversations, optional
        When they were closed: what was closed unanswered waits no more. Tables from `open_data` have theirs.

    Returns
    -------
    Result, one row per group: `n` turns = `answered_count` + `closed_count` (closed without a reply) + `open_count`
        (waiting); the quantiles, the mean and their intervals as in `first_response_time`. Seconds, 0 or more; lower is
        better.

    Raises
    ------
    MissingColumn

    Source: DEFINITIONS.md#response-time

    Examples
    --------
    Two messages are one turn, answered after 5 minutes; the next turn is answered after one:

    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> messages = pd.DataFrame({
    ...     "message_id": list("abcdef"), "conversation_id": ["1"] * 6,
    ...     "sender": ["customer", "bot", "customer", "agent", "customer", "agent"],
    ...     "sent_at": [start + pd.Timedelta(minutes=m) for m in (0, 1, 2, 5, 8, 9)],
    ... })
    >>> response_time(messages)[["n", "answered_count", "mean_answered_seconds"]].values.tolist()
    [[2.0, 2.0, 180.0]]
    """
    asked = engine.as_table(messages, "messages", TURN)
    said, threads = _whole(asked, conversations)
    asked, _ = of_channels(asked, "messages", choices.channels)
    rows = _turns(asked, said, _closes(threads), choices.as_of, choices.bot_only)
    told = choices.told("clock", "bot_only", "channels")
    return waits.wait(response_time, waits.Waits(rows, "answered", "closed", choices, told), by)


def _whole(table, conversations):
    """(all messages, and conversations, that a turn may need; None where there are none of these).

    A reply comes after the end of a period as well: of a data set's messages those of every period are looked through.
    """
    threads = whole(table, "conversations")
    if conversations is not None:
        threads = engine.as_table(conversations, "conversations", ["conversation_id"])
    messages = whole(table, "messages")
    return (table if messages is None else messages), threads


def _closes(threads):
    """One row per conversation: when it was closed, whether it says so, when a human took it from a bot, whose it is."""
    import ibis

    if threads is None:
        return None

    def at(name):
        is_there = name in threads.columns and threads[name].type().is_timestamp()
        return engine.epoch(threads[name]) if is_there else ibis.null("int64")

    is_closed = ibis.literal(False)
    if "status" in threads.columns:
        is_closed = threads.status.fill_null("").lower().isin(CLOSED_STATUSES)
    handed, first = at("handed_off_at"), at("first_response_at")
    return threads.select(
        "conversation_id", is_closed_there_=is_closed, closing_=at("closed_at"), bot_=at("bot_started_at"),
        taken_=ibis.coalesce(ibis.least(handed, first), handed, first), assigned_=at("agent_assigned_at"),
        whose_=engine.as_text(threads.agent) if "agent" in threads.columns else ibis.null("string"),
    )  # fmt: skip


def _turns(asked, said, closes, as_of, bot_only):
    """The turns that begin with one of the messages that are asked for, with how each wait ended."""
    import ibis

    is_reply = said.sender == "agent"
    if "is_public" in said.columns:
        is_reply = is_reply & said.is_public.fill_null(True)
    said = said.filter((said.sender == "customer") | is_reply)
    said = said.select(
        "message_id", "conversation_id", "sent_at", said_at_=engine.epoch(said.sent_at),
        is_reply_=(said.sender == "agent").ifelse(1, 0),
        by_=engine.as_text(said.agent) if "agent" in said.columns else ibis.null("string"),
    )  # fmt: skip
    # of two at the same instant the question comes first
    in_order = {"group_by": "conversation_id", "order_by": ["sent_at", "is_reply_", "message_id"]}
    said = said.mutate(before_=said.is_reply_.lag().over(ibis.window(**in_order)))
    heads = said.filter(said.before_.isnull() | (said.before_ != said.is_reply_))  # question, answer, question, ...
    window = ibis.window(**in_order)
    turns = heads.mutate(end_=heads.said_at_.lead().over(window), by_=heads.by_.lead().over(window))
    turns = turns.filter(turns.is_reply_ == 0).select("message_id", "end_", "by_")
    rows = asked.filter(asked.sender == "customer").inner_join(turns, "message_id")
    rows = rows.mutate(start_=engine.epoch(rows.sent_at))
    if closes is not None:
        rows = rows.left_join(closes, "conversation_id").drop("conversation_id_right")
    else:
        empty = dict.fromkeys(("closing_", "bot_", "taken_", "assigned_"), ibis.null("int64"))
        rows = rows.mutate(is_closed_there_=ibis.literal(False), whose_=ibis.null("string"), **empty)
    if READ_AT in asked.columns and as_of is None and data_of(asked):
        now = engine.epoch(rows[READ_AT])
    else:
        now = ibis.literal(engine.as_of_seconds(rows, [rows.start_, rows.end_, rows.closing_], as_of)).cast("int64")
    rows = rows.mutate(now_=now)
    rows = rows.filter(rows.start_ <= rows.now_)
    if bot_only == "out":
        is_taken = (rows.taken_ <= rows.now_).fill_null(False) | (rows.end_ <= rows.now_).fill_null(False)
        rows = rows.filter(rows.bot_.isnull() | is_taken)
    is_answered = (rows.end_ <= rows.now_).fill_null(False)
    # a close before the turn says nothing of it: the customer wrote again
    is_closed = ((rows.closing_ >= rows.start_) & (rows.closing_ <= rows.now_)).fill_null(False)
    is_closed = is_closed | (rows.closing_.isnull() & rows.is_closed_there_.fill_null(False))
    rows = rows.mutate(is_answered_=is_answered, is_closed_=~is_answered & is_closed)
    stop = [(rows.is_answered_, rows.end_), (rows.is_closed_ & rows.closing_.notnull(), rows.closing_)]
    rows = rows.mutate(stop_=ibis.cases(*stop, else_=rows.now_))
    if "agent" in rows.columns:
        whose = ibis.ifelse((rows.assigned_ > rows.now_).fill_null(False), ibis.null("string"), rows.whose_)
        rows = rows.mutate(agent=ibis.ifelse(rows.is_answered_, rows.by_, whose))
    return rows


@metric("mean", table="messages", case="reply_pair", value="median_seconds", best="low", view_of="response_time")
def reply_pairs(messages, by=None, zone=None, conversations=None):
    """How long each customer message waited for the reply that names it as its parent.

    One row of the calculation is a pair: a human reply whose `in_reply_to` is a customer's message. It is
    not the first response of a conversation: a thread has one first response but as many pairs as answered
    messages, and its later turns are faster.

    Both messages of a pair must lie in the table: of messages restricted to a period, a reply to what was asked
    before it, and a question answered after it, form none.

    Parameters
    ----------
    messages : DataFrame, ibis Table or path; one row per message
        Uses `message_id`, `in_reply_to`, `sender`, `sent_at` and the columns in `by`, which are the reply's.
    conversations : the same for the conversations, optional
        To set beside the first response of those of them in which customers wrote.

    Returns
    -------
    Result, one row per group: `n` pairs, `mean_seconds` with `mean_low`, `mean_high` (95 %, Hall), `median_seconds`
        with `median_low`, `median_high` (95 %, by order), `p90_seconds`: plain quantiles, as a pair is never open;
        `negative_count` (replies stamped before their parent, counted as they are).

    Source: DEFINITIONS.md#reply-pairs

    Examples
    --------
    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> messages = pd.DataFrame({
    ...     "message_id": ["1", "2", "3"], "in_reply_to": [None, "1", "2"], "sender": ["customer", "agent", "customer"],
    ...     "sent_at": [start, start + pd.Timedelta(minutes=5), start + pd.Timedelta(minutes=9)],
    ... })
    >>> reply_pairs(messages)[["n", "median_seconds"]].values.tolist()
    [[1.0, 300.0]]
    """
    table = engine.as_table(messages, "messages", ["message_id", "in_reply_to", "sender", "sent_at"])
    asked = table.filter(table.sender == "customer")
    asked = asked.select(parent_=asked.message_id, asked_=engine.epoch(asked.sent_at))
    replies = table.filter(table.sender == "agent")
    if "is_public" in table.columns:
        replies = replies.filter(replies.is_public.fill_null(True))
    pairs = replies.mutate(parent_=replies.in_reply_to, replied_=engine.epoch(replies.sent_at))
    pairs = pairs.inner_join(asked, "parent_")
    pairs = pairs.mutate(seconds_=pairs.replied_ - pairs.asked_)
    pairs = pairs.mutate(is_negative_=pairs.seconds_ < 0)
    facts = (
        _first_responses(table.filter(table.sender == "customer"), conversations) if conversations is not None else {}
    )
    counts = {"negative_count": "is_negative_"}
    return mean(reply_pairs, pairs, by, zone, facts=facts, counts=counts)


def _first_responses(messages, conversations):
    """How long the first response took of the threads in which customers wrote these messages."""
    threads = engine.as_table(conversations, "conversations", ["conversation_id"])
    threads = threads.semi_join(messages.select("conversation_id").distinct(), "conversation_id")
    with shapes.at_once():
        first = first_response_time(threads).iloc[0]
    return {"threads": int(first["n"]), "thread_median": float(first["median_seconds"])}
