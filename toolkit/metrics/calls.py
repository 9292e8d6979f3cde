"""Which calls a metric of the phone counts, and how long each waited."""

from toolkit import engine
from toolkit.errors import MissingColumn
from toolkit.tables import NEVER_OFFERED


def offered(calls, needs=()):
    """The offered calls (tests left out) with `is_abandoned_` and `is_answered_`."""
    table = engine.as_table(calls, "calls", ["started_at", *needs])
    columns = set(table.columns)
    if "outcome" in columns:
        table = reached(table)
        outcome = table.outcome.fill_null("")
        return table.mutate(is_abandoned_=outcome == "abandoned", is_answered_=outcome == "answered")
    table = engine.as_table(calls, "calls", ["answered_at", "abandoned_at"])
    answered = table.answered_at.notnull()
    return table.mutate(is_abandoned_=table.abandoned_at.notnull() & ~answered, is_answered_=answered)


def reached(calls):
    """The calls that reached the service: no tests, and none that failed before it could be offered to anyone."""
    return calls.filter(calls.outcome.fill_null("").notin(NEVER_OFFERED)) if "outcome" in calls.columns else calls


def first_legs(calls):
    """One call of each contact, the first: legs of a call that was passed on share their `contact_id`.

    Examples
    --------
    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> calls = pd.DataFrame({"call_id": ["a", "b", "c"], "contact_id": ["x", "x", None], "started_at": [start] * 3})
    >>> sorted(engine.to_pandas(first_legs(engine.as_table(calls, "calls")))["call_id"])
    ['a', 'c']
    """
    import ibis

    if not {"contact_id", "call_id", "started_at"} <= set(calls.columns):
        return calls
    window = ibis.window(group_by=calls.contact_id, order_by=[calls.started_at, calls.call_id])
    ranked = calls.mutate(leg_=ibis.row_number().over(window))
    return ranked.filter((ranked.leg_ == 0) | ranked.contact_id.isnull()).drop("leg_")


def queue_wait(rows):
    """Seconds in the queue: as the system tells them, else from the times; null when never queued."""
    import ibis

    told = [rows.queue_seconds.floor().cast("int64")] if "queue_seconds" in rows.columns else []
    ends = [engine.epoch(rows[name]) for name in ("answered_at", "abandoned_at", "ended_at") if name in rows.columns]
    if not told and not ends:
        raise MissingColumn("calls", "answered_at", [name for name in rows.columns if not name.endswith("_")])
    waits = [ibis.coalesce(*ends) - engine.epoch(rows.queued_at)] if ends else []
    return ibis.coalesce(*told, *waits)


def answer_wait(rows, since):
    """Seconds that each answered or abandoned call waited, since it entered the queue or since it began; never below 0.

    Null where the time of the answer, or of the hang-up, isn't known. A call that was answered without queueing waited
    0 s; one that hung up before the queue waited in none, so that its wait is null.
    """
    import ibis

    if since == "start":
        ends = [rows[name] for name in ("answered_at", "abandoned_at") if name in rows.columns]
        wait = ibis.coalesce(*[engine.epoch(end) for end in ends]) - engine.epoch(rows.started_at)
    else:
        rows = engine.as_table(rows, "calls", ["queued_at"])
        zero = ibis.literal(0).cast("int64")
        wait = ibis.ifelse(rows.queued_at.isnull() & rows.is_answered_, zero, queue_wait(rows))
        wait = ibis.ifelse(rows.queued_at.isnull() & ~rows.is_answered_, ibis.null("int64"), wait)
    wait = ibis.ifelse(rows.is_answered_ & rows.answered_at.isnull(), ibis.null("int64"), wait)
    # an agent's clock may be a second before the queue's
    return ibis.ifelse(wait < 0, ibis.literal(0).cast("int64"), wait)
