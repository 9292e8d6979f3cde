"""What a customer did next: the next contact about the same thing, on any channel.

`came_back` is the join that several metrics share: what a bot ended, what was resolved at the first contact. They differ
in which calls are contacts besides the conversations.
"""

from toolkit import engine
from toolkit.metrics.calls import first_legs, reached
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
        The column that two contacts must share to be about the same, those without one among each other; None: any two are.
    """
    import ibis

    is_told = topic is not None and topic in table.columns
    said = key_of(table[topic]).fill_null(engine.NONE) if is_told else ibis.literal(engine.NONE)
    return table.mutate(customer_=key_of(table.customer_id), topic_=said)


def contacts_of_customers(conversations, calls=None, topic="topic", besides=None):
    """(every contact of every customer: `customer_`, `topic_`, `at_`; the tables it is made of).

    Parameters
    ----------
    conversations : Ibis table with `customer_id` and `created_at`
        One of a data set stands for all the conversations of the data set, of any period and channel.
    calls : DataFrame, ibis Table or path, optional
        By default those of the data set; left out where they don't say whose they are. Tests are left out.
    topic : as for `with_customer`
    besides : function(calls, conversations) -> the calls that are contacts besides the conversations
        By default `calls_besides`.
    """
    found = whole(conversations, "conversations")
    threads = conversations if found is None else engine.as_table(found, "conversations", ["customer_id"])
    known = with_customer(threads, topic)
    parts, names = [known.select("customer_", "topic_", at_=engine.epoch(known.created_at))], ["conversations"]
    calls = whole(conversations, "calls") if calls is None else calls
    calls = None if calls is None else engine.as_table(calls, "calls")
    if calls is not None and {"customer_id", "started_at"} <= set(calls.columns):
        made = with_customer((besides or calls_besides)(first_legs(reached(calls)), threads), topic)
        parts.append(made.select("customer_", "topic_", at_=engine.epoch(made.started_at)))
        names.append("calls")
    every = parts[0].union(parts[1]) if len(parts) > 1 else parts[0]
    return every.filter(every.customer_.notnull() & every.at_.notnull()), names


def calls_besides(calls, conversations):
    """The calls that aren't conversations of a phone channel already: one about a written conversation is a contact besides."""
    if "conversation_id" not in calls.columns or not {"conversation_id", "channel"} <= set(conversations.columns):
        return calls
    channel = engine.as_text(conversations.channel).fill_null("").lower()
    of_phone = conversations.filter(channel.isin(PHONE_CHANNELS)).select(of_=key_of(conversations.conversation_id))
    return calls.mutate(of_=key_of(calls.conversation_id)).anti_join(of_phone.distinct(), "of_").drop("of_")


def calls_of_none(calls, conversations):
    """The calls that belong to no conversation at all: one that does is the same contact."""
    return calls.filter(key_of(calls.conversation_id).isnull()) if "conversation_id" in calls.columns else calls


def came_back(rows, contacts):
    """The rows, each with the next contact by the same customer, about the same topic, on any channel.

    Parameters
    ----------
    rows : Ibis table of `with_customer`, one row per contact, with `start_`, when it began, and `now_`, when it is read:
        what comes later hasn't happened
    contacts : Ibis table of `contacts_of_customers`, on the same engine; the rows are among them

    Returns
    -------
    Ibis table, the rows with `next_`, the epoch second at which the first contact after their start began; null where
        there was none so far, and where the customer isn't known (which is not the same: see `customer_`)

    Examples
    --------
    The customer wrote about the same again at second 25, and about something else at 12:

    >>> import pandas as pd
    >>> rows = engine.as_table(pd.DataFrame({"customer_": ["a"], "topic_": ["bill"], "start_": [5], "now_": [99]}), "x")
    >>> contacts = pd.DataFrame({"customer_": ["a"] * 3, "topic_": ["bill", "bill", "app"], "at_": [5, 25, 12]})
    >>> engine.to_pandas(came_back(rows, engine.as_table(contacts, "x")))["next_"].tolist()
    [25]
    """
    import ibis

    steps = contacts.distinct()
    one_by_one = ibis.window(group_by=[steps.customer_, steps.topic_], order_by=steps.at_)
    steps = steps.select(who_="customer_", what_="topic_", from_="at_", after_=steps.at_.lead().over(one_by_one))
    is_own = [rows.customer_ == steps.who_, rows.topic_ == steps.what_, rows.start_ == steps.from_]
    found = rows.left_join(steps, is_own)
    found = found.mutate(next_=ibis.ifelse(found.after_ <= found.now_, found.after_, ibis.null("int64")))
    return found.drop("who_", "what_", "from_", "after_")
