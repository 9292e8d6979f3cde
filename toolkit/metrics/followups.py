"""What a customer did next: the next contact about the same thing, on any channel.

`came_back` is a join that several metrics share (what a bot ended, what was resolved at the first contact); it takes
no choice of theirs.
"""

from toolkit import engine
from toolkit.metrics.dataset import whole
from toolkit.tables import PHONE_CHANNELS


def key_of(column):
    """A column as text that can be told apart: null and "" are both missing."""
    return engine.as_text(column).nullif("")


def with_customer(table, topic="topic"):
    """The table with `customer_` (null where it isn't known) and `topic_` ("(none)" where it has none).

    Parameters
    ----------
    topic : str or None
        The column that two contacts must share to be about the same; None, or one that isn't there: any two are.
    """
    import ibis

    is_told = topic is not None and topic in table.columns
    said = key_of(table[topic]).fill_null(engine.NONE) if is_told else ibis.literal("")
    return table.mutate(customer_=key_of(table.customer_id), topic_=said)


def contacts_of_customers(conversations, calls=None, topic="topic"):
    """(every contact of every customer: `customer_`, `topic_`, `at_`; the tables it is made of).

    Parameters
    ----------
    conversations : Ibis table with `customer_id` and `created_at`
        One of a data set stands for all the conversations of the data set, of any period and channel.
    calls : DataFrame, ibis Table or path, optional
        By default those of the data set; left out where they don't say whose they are. A call that has a conversation
        of its own, on a phone channel, is that conversation; one that belongs to a written conversation is a contact
        besides. Tests are left out.
    topic : as for `with_customer`
    """
    found = whole(conversations, "conversations")
    threads = conversations if found is None else engine.as_table(found, "conversations", ["customer_id"])
    known = with_customer(threads, topic)
    parts, names = [known.select("customer_", "topic_", at_=engine.epoch(known.created_at))], ["conversations"]
    calls = whole(conversations, "calls") if calls is None else calls
    calls = None if calls is None else engine.as_table(calls, "calls")
    if calls is not None and {"customer_id", "started_at"} <= set(calls.columns):
        made = with_customer(calls_besides(calls, threads), topic)
        parts.append(made.select("customer_", "topic_", at_=engine.epoch(made.started_at)))
        names.append("calls")
    every = parts[0].union(parts[1]) if len(parts) > 1 else parts[0]
    return every.filter(every.customer_.notnull() & every.at_.notnull()), names


def calls_besides(calls, conversations):
    """The calls, without tests, that aren't conversations of a phone channel already."""
    if "outcome" in calls.columns:
        calls = calls.filter(calls.outcome.fill_null("") != "test")
    if "conversation_id" not in calls.columns or not {"conversation_id", "channel"} <= set(conversations.columns):
        return calls
    channel = engine.as_text(conversations.channel).fill_null("").lower()
    of_phone = conversations.filter(channel.isin(PHONE_CHANNELS)).select(of_=key_of(conversations.conversation_id))
    return calls.mutate(of_=key_of(calls.conversation_id)).anti_join(of_phone.distinct(), "of_").drop("of_")


def came_back(rows, contacts, after="end_", until="now_"):
    """The rows, each with the next contact by the same customer, about the same topic, on any channel.

    Parameters
    ----------
    rows : Ibis table of `with_customer`, one row per contact
    contacts : Ibis table of `contacts_of_customers`, on the same engine
    after : column of epoch seconds that the next contact lies after: "end_" of the contact, or its start (then what
        began while it still ran is a next contact, too; itself is none, as it doesn't begin after its start)
    until : column of epoch seconds, when the row is read: what came later hasn't happened

    Returns
    -------
    Ibis table, the rows with `next_`, the epoch second at which that contact began, and `back_seconds_`, how long
        after `after` that was; both null where there was none so far, where `after` is null, and where the customer
        isn't known (which is not the same: see `customer_`)

    Examples
    --------
    Closed at second 10; the customer wrote about the same again at 25, and about something else at 12:

    >>> import pandas as pd
    >>> rows = engine.as_table(pd.DataFrame({"customer_": ["a"], "topic_": ["bill"], "end_": [10], "now_": [99]}), "x")
    >>> contacts = pd.DataFrame({"customer_": ["a"] * 3, "topic_": ["bill", "bill", "app"], "at_": [5, 25, 12]})
    >>> engine.to_pandas(came_back(rows, engine.as_table(contacts, "x")))["back_seconds_"].tolist()
    [15]
    """
    asked = rows.filter(rows.customer_.notnull() & rows[after].notnull())
    asked = asked.select(who_=asked.customer_, what_=asked.topic_, from_=asked[after], to_=asked[until]).distinct()
    pairs = asked.inner_join(contacts, [asked.who_ == contacts.customer_, asked.what_ == contacts.topic_])
    pairs = pairs.filter((pairs.at_ > pairs.from_) & (pairs.at_ <= pairs.to_))
    found = pairs.group_by(["who_", "what_", "from_", "to_"]).aggregate(next_=pairs.at_.min())
    joined = rows.left_join(
        found,
        [
            rows.customer_ == found.who_,
            rows.topic_ == found.what_,
            rows[after] == found.from_,
            rows[until] == found.to_,
        ],
    ).drop("who_", "what_", "from_", "to_")
    return joined.mutate(back_seconds_=joined.next_ - joined[after])
