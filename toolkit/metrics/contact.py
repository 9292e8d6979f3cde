"""Whether the first contact was enough: no second one, nothing opened again, nothing handed up."""

import pandas as pd

from toolkit import engine
from toolkit.errors import BadParameter, MissingColumn
from toolkit.metrics import shapes
from toolkit.metrics.dataset import data_of, made_once, whole
from toolkit.metrics.followups import calls_of_none, came_back, contacts_of_customers, key_of, with_customer
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import choose, closings, of_channels, target_of

DAY = 86_400
WHY = {"again_count": "is_again_", "reopened_count": "is_reopened_", "escalated_count": "is_escalated_",
       "open_count": "is_open_"}  # fmt: skip
BESIDE = ("undue_count", "unknown_count")
ESCALATED = ("escalated_to", "escalation_reason")
RECORDED = {"reopened": ("reopened_at", "reopen_count"), "escalated": ESCALATED}  # columns of which one is enough


@metric(
    "rate", table="conversations", case="conversation", value="first_contact_resolution", best="high", window="days"
)
def first_contact_resolution(
    conversations, calls=None, days=7, by=None, as_of=None, zone=None, channels="all", topics="same",
    still_open="not_resolved",
):  # fmt: skip
    """The share of conversations that were resolved with no second contact: nothing more was needed within some days.

    Not resolved at the first contact is what was opened again, what was escalated, and what the customer came back for
    on any channel: with another conversation, or a call that belongs to none, about the same topic, begun after this
    one and up to `days` after its close.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `conversation_id`, `customer_id`, `created_at`, `closed_at` (null while open), of `topic`, `first_closed_at`,
        `reopened_at`, `reopen_count`, `escalated_to`, `escalation_reason` what there is, and the columns in `by`.
        Of a table from `open_data` the second contact may lie outside its period and its filters.
    calls : the same of calls, optional
        Uses `customer_id`, `started_at`, and `topic`, `conversation_id` (a call that has one is the same contact as
        its conversation) and `outcome` (tests don't count) where they are there. A data set's own are taken unasked.
    days : int
        How long after the close a second contact counts. What is not so old is not judged.
    by : str or list of str, optional
        Group columns, such as "topic"; also hour, weekday, day, week, month of creation, local.
    as_of, zone, channels :
        As for `first_response_time`; `channels` says which conversations are judged, a second contact may be on any.
    topics : "same" or "any"
        Whether a second contact must be about the same topic; those without a topic count as one topic.
    still_open : "not_resolved" or "left_out"
        What is still open `days` after its creation counts as not resolved, or isn't judged.

    Returns
    -------
    Result, one row per group: `n` conversations that could be judged, `resolved_count`, `first_contact_resolution` in
        [0, 1] (best 1) with `low`, `high` (95 % Wilson); why the others weren't, in counts of which several may hold of
        one: `again_count`, `reopened_count`, `escalated_count` (null where the data records none), `open_count`; and besides n `undue_count`, whose time
        had not passed, and `unknown_count` without a customer, of whom no second contact can be known.

    Raises
    ------
    MissingColumn, BadParameter
        A column isn't there: without `customer_id` a second contact can't be told.

    Source: DEFINITIONS.md#first-contact-resolution

    Examples
    --------
    Ann came back after two days, Bob didn't; Ann's second conversation is too young to judge, and so is Eve's only one:

    >>> day = pd.Timestamp("2024-03-01T09:00Z")
    >>> came = [day, day + pd.Timedelta(days=2), day, day + pd.Timedelta(days=5)]
    >>> conversations = pd.DataFrame({"conversation_id": list("abcd"), "customer_id": ["Ann", "Ann", "Bob", "Eve"],
    ...     "created_at": came, "closed_at": [at + pd.Timedelta(hours=1) for at in came]})
    >>> found = first_contact_resolution(conversations, as_of="2024-03-08T12:00Z")
    >>> found[["n", "resolved_count", "again_count", "undue_count"]].values.tolist()
    [[2, 1, 1, 2]]
    """
    import ibis

    rows, case, choices = _contacts(conversations, calls, as_of, channels, topics, still_open)
    rows = _judged(rows.mutate(window_=ibis.literal(_days("days", days), "int64")), still_open)
    return _resolved(first_contact_resolution, rows, by, zone, {"days": days} | choices, case)


@metric(
    "rate", table="conversations", case="conversation", value="first_contact_resolution", best="high",
    view_of="first_contact_resolution",
)  # fmt: skip
def first_contact_by_window(
    conversations, calls=None, windows=(3, 7, 14), as_of=None, channels="all", topics="same",
    still_open="not_resolved",
):  # fmt: skip
    """First contact resolution with several windows side by side: the longer one waits, the more customers come back.

    Parameters are those of `first_contact_resolution`; `windows` are numbers of days.

    Returns
    -------
    Result as that of `first_contact_resolution`, one row per `window`, such as "7 d", the shortest first. The longer the
        window, the fewer conversations are old enough to be judged.

    Raises
    ------
    MissingColumn, BadParameter

    Source: DEFINITIONS.md#first-contact-by-window

    Examples
    --------
    >>> day = pd.Timestamp("2024-03-01T09:00Z")
    >>> came = [day, day + pd.Timedelta(days=5)]
    >>> conversations = pd.DataFrame({"conversation_id": ["a", "b"], "customer_id": ["Ann"] * 2, "created_at": came,
    ...     "closed_at": came})
    >>> found = first_contact_by_window(conversations, windows=(3, 7), as_of="2024-03-10T12:00Z")
    >>> found[["window", "n", "resolved_count"]].values.tolist()
    [['3 d', 2, 2], ['7 d', 1, 0]]
    """
    import ibis

    lengths = sorted({_days("windows", days) for days in ([windows] if isinstance(windows, int) else windows)})
    if not lengths:
        raise BadParameter("windows: name at least one number of days, such as windows=(3, 7, 14)")
    rows, case, choices = _contacts(conversations, calls, as_of, channels, topics, still_open)
    several = ibis.memtable({"window_": lengths})
    rows = _judged(rows.cross_join(several), still_open).mutate(window=_text_of)
    of = first_contact_by_window

    def told(result):
        frame = pd.DataFrame(result)
        at = pd.Series(range(len(lengths)), index=[f"{days} d" for days in lengths])
        frame = frame.iloc[frame["window"].map(at).argsort(kind="stable")].reset_index(drop=True)
        attrs = {name: value for name, value in result.attrs.items() if name not in ("by", "rows", "partial")}
        made = type(result)(frame)
        made.attrs = attrs | {"by": [], "rows": ["window"], "partial": [], "ordered": True}
        return made

    return shapes.then(_resolved(of, rows, ["window"], None, choices, case), told)


def _text_of(rows):
    return rows.window_.cast("string") + " d"


def _days(name, days):
    if isinstance(days, bool) or not isinstance(days, int) or days < 1:
        raise BadParameter(f"{name}: {days!r} is not a number of days; write one such as 7")
    return days


@made_once
def _contacts(conversations, calls, as_of, channels, topics, still_open):
    """(the conversations with when the customer came next; the words of one; the choices)."""
    choose("topics", topics, ("same", "any"))
    choose("still_open", still_open, ("not_resolved", "left_out"))
    every = engine.as_table(
        conversations, "conversations", ["conversation_id", "customer_id", "created_at", "closed_at"]
    )
    table, case = of_channels(every, "conversations", channels)
    rows = closings(table, as_of)
    topic = "topic" if topics == "same" and "topic" in rows.columns else None
    rows = rows.mutate(is_reopened_=_opened_again(rows), is_escalated_=_escalated(rows), is_open_=~rows.is_closed_)
    rows = with_customer(rows, topic)
    rows = came_back(rows.mutate(is_known_=rows.customer_.notnull()), _around(every, calls, topic))
    return rows, case, {"topics": "same" if topic else "any", "still_open": still_open, "channels": channels}


def _around(conversations, calls, topic):
    """Every contact of every customer; a data set's own calls are taken, whatever calls are given."""
    if calls is not None and whole(conversations, "calls") is None:
        calls = engine.as_table(calls, "calls", ["started_at", "customer_id"])
    else:
        calls = None
    return contacts_of_customers(conversations, calls, topic, calls_of_none)[0]


def _opened_again(rows):
    """Whether a conversation was opened again by the reading; a count without a time is that of the reading."""
    import ibis

    if "reopened_at" in rows.columns:
        return (engine.epoch(rows.reopened_at) <= rows.now_).fill_null(False)
    return (rows.reopen_count > 0).fill_null(False) if "reopen_count" in rows.columns else ibis.literal(False)


def _escalated(rows):
    """Whether a conversation was escalated, as far as the data says."""
    import ibis

    known = ibis.literal(False)
    for name in ESCALATED:
        if name in rows.columns:
            known = known | key_of(rows[name]).notnull()
    return known


def _recorded(rows):
    """Of reopenings and escalations those that the data records."""
    return [name for name, columns in RECORDED.items() if set(columns) & set(rows.columns)]


def _judged(rows, still_open):
    """The rows with whether their window (`window_`, days) has passed, whether the customer came again, and the result."""
    seconds = rows.window_ * DAY
    last = rows.is_closed_.ifelse(rows.end_, rows.start_) + seconds
    is_judged = rows.is_known_ & (last <= rows.now_)
    if still_open == "left_out":
        is_judged = is_judged & rows.is_closed_
    rows = rows.mutate(is_judged_=is_judged, is_again_=(rows.next_ <= last).fill_null(False))
    is_resolved = rows.is_closed_ & ~rows.is_again_ & ~rows.is_reopened_ & ~rows.is_escalated_
    return rows.mutate(is_resolved_=rows.is_judged_ & is_resolved)


def _resolved(of, rows, by, zone, choices, case):
    def counted(keyed):
        found = {name: engine.count_if(keyed, keyed.is_judged_ & keyed[flag]) for name, flag in WHY.items()}
        found["undue_count"] = engine.count_if(keyed, keyed.is_known_ & ~keyed.is_judged_)
        found["unknown_count"] = engine.count_if(keyed, ~keyed.is_known_)
        return found

    # What is closed was escalated before, so that an earlier reading knows it, too; a count of reopenings isn't dated.
    is_state = "reopen_count" in rows.columns and "reopened_at" not in rows.columns
    names, recorded = [*WHY, *BESIDE], _recorded(rows)
    absent = [name for name in RECORDED if name not in recorded]
    # what isn't recorded can't be taken off
    facts = {} if not absent else {"unrecorded" if len(absent) > 1 else f"unrecorded_{absent[0]}": 1}
    choices = choices | ({"recorded": "_".join(recorded) or "neither"} if absent else {})

    def nulled(frame):
        return frame.assign(**{f"{name}_count": float("nan") for name in absent})

    return shapes.rate(
        of, rows, "resolved", by, zone, choices=choices, uses=names, case=case, is_state=is_state, among="judged",
        target=target_of(rows, "first_contact_resolution"), extra=(counted, nulled),
        units=dict.fromkeys(names, "count"), more={"facts": facts} if facts else None,
    )  # fmt: skip


@metric("rate", table="conversations", case="conversation", value="escalation_rate", best="low")
def escalations(conversations, by=None, as_of=None, zone=None, channels="all"):
    """The share of conversations that went past the first contact: they were handed to someone else to be resolved.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `escalated_to` or `escalation_reason` (one of them is enough; null: not escalated) and the
        columns in `by`. When it was isn't known, so that it can't be read back.
    by : str or list of str, optional
        Group columns, such as "topic"; also hour, weekday, day, week, month of creation, local.
    as_of, zone, channels :
        As for `first_response_time`.

    Returns
    -------
    Result, one row per group: `n` conversations, `escalated_count`, `escalation_rate` in [0, 1] (best 0) with `low`,
        `high` (95 % Wilson).

    Raises
    ------
    MissingColumn
        Neither of the two columns is there.

    Source: DEFINITIONS.md#escalations

    Examples
    --------
    >>> conversations = pd.DataFrame({
    ...     "created_at": pd.to_datetime(["2024-03-01T09:00Z"] * 3), "escalated_to": ["billing", None, ""],
    ... })
    >>> escalations(conversations)[["n", "escalated_count"]].values.tolist()
    [[3, 1]]
    """
    rows, case, choices = _asked(conversations, as_of, channels)
    return shapes.rate(escalations, rows, "escalated", by, zone, choices=choices, case=case, is_state=True)


@metric("count", table="conversations", case="escalated_conversation", value="n", view_of="escalations")
def escalation_reasons(conversations, by="escalation_reason", as_of=None, zone=None, channels="all"):
    """The conversations that were escalated, by why, or to whom: `by="escalated_to"`.

    Parameters are those of `escalations`.

    Returns
    -------
    Result, one row per group: `n` escalated conversations, `share` of all of them; an escalation of which the reason
        isn't known is "(none)"

    Raises
    ------
    MissingColumn

    Source: DEFINITIONS.md#escalation-reasons

    Examples
    --------
    >>> conversations = pd.DataFrame({
    ...     "created_at": pd.to_datetime(["2024-03-01T09:00Z"] * 4),
    ...     "escalation_reason": ["technical", "technical", "complaint", None],
    ... })
    >>> escalation_reasons(conversations)[["escalation_reason", "n"]].values.tolist()
    [['complaint', 1], ['technical', 2]]
    """
    rows, case, choices = _asked(conversations, as_of, channels)
    rows = rows.filter(rows.is_escalated_)
    return shapes.count(escalation_reasons, rows, by, zone, choices=choices)


def _asked(conversations, as_of, channels):
    """The conversations that had begun by the reading, each with whether it was escalated."""
    table = engine.as_table(conversations, "conversations", ["created_at"])
    if not set(ESCALATED) & set(table.columns):
        raise MissingColumn("conversations", " or ".join(ESCALATED), table.columns)
    table, case = of_channels(table, "conversations", channels)
    if as_of is not None or data_of(table) is not None:
        begun = engine.epoch(table.created_at)
        table = table.filter(begun <= engine.as_of_seconds(table, [begun], as_of))
    return table.mutate(is_escalated_=_escalated(table)), case, {"channels": channels}
