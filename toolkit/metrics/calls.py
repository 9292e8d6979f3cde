"""Who hangs up before an agent answers, where, and how long the others wait."""

import numpy as np
import pandas as pd

from toolkit import engine
from toolkit.errors import BadParameter, MissingColumn
from toolkit.intervals import mean_interval
from toolkit.metrics._common import add_rate, choose, finish
from toolkit.service import parse_duration

STAGE_COLUMNS = ("call_id", "position", "is_abandoned")


def _offered(calls, needs=()):
    """The offered calls (tests left out) with `is_abandoned_` and `is_answered_`."""
    table = engine.as_table(calls, "calls", ["started_at", *needs])
    columns = set(table.columns)
    if "outcome" in columns:
        outcome = table.outcome.fill_null("")
        return table.filter(outcome != "test").mutate(
            is_abandoned_=outcome == "abandoned", is_answered_=outcome == "answered"
        )
    table = engine.as_table(calls, "calls", ["answered_at", "abandoned_at"])
    answered = table.answered_at.notnull()
    return table.mutate(is_abandoned_=table.abandoned_at.notnull() & ~answered, is_answered_=answered)


def abandonment_rate(calls, by=None, base="offered", short_abandon=None, zone=None):
    """The share of offered calls whose caller hung up before an agent answered.

    Parameters
    ----------
    calls : DataFrame, ibis Table or path; one row per offered call
        Uses `started_at`, `outcome` (else `answered_at` and `abandoned_at`) and the columns in `by`;
        tests are left out, a call that is unfinished is offered but not abandoned.
    by : str or list of str, optional
        Group columns, such as "queue"; also hour, weekday, day, week, month, in local time.
    base : "offered" or "queued"
        Over all offered calls, or over those that waited in the queue for more than 0 s
        (`queue_seconds`, else `queued_at` to `answered_at`, `abandoned_at` or `ended_at`).
    short_abandon : duration, optional
        Calls abandoned within it are left out, numerator and denominator; by default none are.
    zone : str, optional
        IANA time zone of hours and days; tables from `open_data` carry theirs.

    Returns
    -------
    Result, one row per group: `n` calls, `abandoned_count`, `answered_count`, `other_count` (contained in the
        menu, or unfinished), `abandonment_rate` in [0, 1] (best 0) with `low`, `high` (95 % Wilson).

    Raises
    ------
    MissingColumn, BadParameter

    Source: DEFINITIONS.md#abandonment-rate

    Examples
    --------
    >>> import pandas as pd
    >>> calls = pd.DataFrame({
    ...     "started_at": pd.to_datetime(["2024-03-01T09:00Z"] * 4),
    ...     "outcome": ["answered", "abandoned", None, "test"],
    ... })
    >>> abandonment_rate(calls)[["n", "abandoned_count"]].values.tolist()
    [[3, 1]]
    """
    choose("base", base, ("offered", "queued"))
    table = _offered(calls, ["queued_at"] if base == "queued" else [])
    keys = engine.group_keys(by)
    rows = engine.with_keys(table, "calls", keys, zone, uses=["queue_seconds"] if base == "queued" else [])
    if base == "queued":
        rows = rows.filter(_queue_wait(rows) > 0)
    if short_abandon is not None:
        limit = _duration("short_abandon", short_abandon)
        rows = engine.as_table(rows, "calls", ["abandoned_at"])
        waited = engine.epoch(rows.abandoned_at) - engine.epoch(rows.started_at)
        rows = rows.filter(~(rows.is_abandoned_ & (waited <= limit).fill_null(False)))
    frame = engine.to_pandas(
        engine.aggregate(
            rows,
            keys,
            n=rows.count(),
            abandoned_count=engine.count_if(rows, rows.is_abandoned_),
            answered_count=engine.count_if(rows, rows.is_answered_),
        )
    )
    frame["other_count"] = frame["n"] - frame["abandoned_count"] - frame["answered_count"]
    frame = add_rate(frame, "abandonment_rate", "abandoned_count", "n")
    units = dict.fromkeys(["n", "abandoned_count", "answered_count", "other_count"], "count")
    choices = {"over": {"offered": "all offered calls", "queued": "calls that waited in the queue"}[base]}
    choices["short abandons"] = "counted" if short_abandon is None else f"within {short_abandon} left out"
    return finish(frame, "abandonment_rate", table, keys, units | {"abandonment_rate": "rate"}, choices)


def _queue_wait(rows):
    """Seconds in the queue: as the system tells them, else from the times; null when never queued."""
    import ibis

    told = [rows.queue_seconds.floor().cast("int64")] if "queue_seconds" in rows.columns else []
    ends = [engine.epoch(rows[name]) for name in ("answered_at", "abandoned_at", "ended_at") if name in rows.columns]
    if not told and not ends:
        raise MissingColumn("calls", "answered_at", [name for name in rows.columns if not name.endswith("_")])
    waits = [ibis.coalesce(*ends) - engine.epoch(rows.queued_at)] if ends else []
    return ibis.coalesce(*told, *waits)


def _duration(name, value):
    try:
        return parse_duration(value)
    except ValueError as error:
        raise BadParameter(f"{name}: {error}") from None


def abandonment_by_stage(call_stages, calls=None, by=None, zone=None):
    """At which stage of the call callers hang up.

    Parameters
    ----------
    call_stages : DataFrame, ibis Table or path; one row per stage that a call entered
        Uses `call_id`, `position`, `stage`, `is_abandoned`.
    calls : the same for the calls, optional
        When given, tests are left out and `by` may name its columns, or its local hour, day, ...
    by : str or list of str, optional
        Group columns besides the stage.

    Returns
    -------
    Result, one row per stage (per group), in the order in which calls pass them: `n` calls that entered it,
        `abandoned_count` that hung up there, `hazard` = the share of those who entered, in [0, 1] (best 0),
        with `low`, `high` (95 % Wilson), and `share_of_abandons` of the group's. A call that enters a stage
        twice counts once.

    Source: DEFINITIONS.md#abandonment-by-stage

    Examples
    --------
    >>> import pandas as pd
    >>> stages = pd.DataFrame({
    ...     "call_id": ["a", "a", "b", "b"], "position": [1, 2, 1, 2],
    ...     "stage": ["menu", "queue", "menu", "queue"], "is_abandoned": [False, False, False, True],
    ... })
    >>> abandonment_by_stage(stages)[["stage", "n", "hazard"]].values.tolist()
    [['menu', 2, 0.0], ['queue', 2, 0.5]]
    """
    table = engine.as_table(call_stages, "call_stages", [*STAGE_COLUMNS, "stage"])
    keys = [key for key in engine.group_keys(by) if key != "stage"]  # they are told apart by it anyway
    stages = table
    if calls is not None:
        offered = engine.with_keys(_offered(calls, ["call_id"]), "calls", keys, zone, uses=STAGE_COLUMNS)
        stages = stages.drop(*[key for key in keys if key in stages.columns])
        stages = stages.inner_join(offered.select("call_id", *keys), "call_id")
    else:
        stages = engine.with_keys(stages, "call_stages", keys, zone, uses=STAGE_COLUMNS)
    stages = engine.with_keys(stages, "call_stages", "stage")
    once = stages.group_by([*keys, "stage", "call_id"]).aggregate(
        place_=stages.position.cast("float64").min(),
        left_=stages.is_abandoned.fill_null(False).ifelse(1, 0).max(),
    )
    frame = engine.to_pandas(
        once.group_by([*keys, "stage"]).aggregate(
            n=once.count(), abandoned_count=once.left_.sum(), place_=once.place_.mean()
        )
    )
    frame["n"], frame["abandoned_count"] = frame["n"].astype("int64"), frame["abandoned_count"].astype("int64")
    frame = frame.sort_values([*keys, "place_", "stage"], kind="stable").reset_index(drop=True)
    frame = add_rate(frame, "hazard", "abandoned_count", "n")
    total = frame.groupby(keys)["abandoned_count"].transform("sum") if keys else frame["abandoned_count"].sum()
    frame["share_of_abandons"] = (frame["abandoned_count"] / total) if np.any(total) else np.nan
    units = {"n": "count", "abandoned_count": "count", "hazard": "rate", "share_of_abandons": "rate"}
    return finish(frame.drop(columns="place_"), "abandonment_by_stage", table, keys, units, rows=["stage"])


def average_speed_of_answer(calls, by=None, since="queue", unqueued="zero", zone=None):
    """How long answered calls waited for the agent.

    Parameters
    ----------
    calls : DataFrame, ibis Table or path; one row per offered call
        Uses `started_at`, `answered_at`, `queued_at`, `queue_seconds` where it is told, and the columns in `by`.
    since : "queue" or "start"
        Whether the wait begins in the queue (the menu is no waiting) or with the call.
    unqueued : "zero" or "out"
        An answered call that never queued waited 0 s, or is left out.

    Returns
    -------
    Result, one row per group: `n` answered calls, `mean_seconds` (the average speed of answer) with `mean_low`,
        `mean_high` (95 %, Student), `median_seconds`, `p90_seconds`; 0 or more, lower is better.

    Source: DEFINITIONS.md#average-speed-of-answer

    Examples
    --------
    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> calls = pd.DataFrame({
    ...     "started_at": [start] * 3, "queued_at": [start, start, None], "outcome": ["answered"] * 3,
    ...     "answered_at": [start + pd.Timedelta(seconds=s) for s in (30, 60, 5)],
    ... })
    >>> average_speed_of_answer(calls)[["n", "mean_seconds"]].values.tolist()
    [[3.0, 30.0]]
    """
    import ibis

    choose("since", since, ("queue", "start"))
    choose("unqueued", unqueued, ("zero", "out"))
    table = _offered(calls, ["answered_at"])
    keys = engine.group_keys(by)
    rows = engine.with_keys(table, "calls", keys, zone, uses=["queue_seconds"])
    rows = rows.filter(rows.is_answered_ & rows.answered_at.notnull())
    if since == "start":
        wait = engine.epoch(rows.answered_at) - engine.epoch(rows.started_at)
    else:
        rows = engine.as_table(rows, "calls", ["queued_at"])
        wait = _queue_wait(rows)
        if unqueued == "zero":
            wait = ibis.ifelse(rows.queued_at.isnull(), ibis.literal(0).cast("int64"), wait)
        else:  # also where the system tells 0 s for a call that never queued
            wait = ibis.ifelse(rows.queued_at.isnull(), ibis.null("int64"), wait)
    rows = rows.select(*keys, seconds=wait)
    # an agent's clock may be a second before the queue's
    rows = rows.filter(rows.seconds.notnull()).mutate(seconds=ibis.ifelse(rows.seconds < 0, 0, rows.seconds))
    seconds = rows.seconds.cast("float64")
    plain = engine.to_pandas(
        engine.aggregate(rows, keys, n=rows.count(), mean_seconds=seconds.mean(), deviation_=seconds.std(how="sample"))
    )
    between = engine.to_pandas(engine.quantiles(rows, keys, "seconds", (0.5, 0.9)))
    frame = plain.merge(between, how="left", on=keys) if keys else pd.concat([plain, between], axis=1)
    frame["mean_low"], frame["mean_high"] = mean_interval(
        frame["mean_seconds"], frame["deviation_"].astype(float), frame["n"]
    )
    frame["mean_low"] = frame["mean_low"].clip(lower=0)
    frame = frame.rename(columns={"q50": "median_seconds", "q90": "p90_seconds"})
    frame = frame[[*keys, "n", "mean_seconds", "mean_low", "mean_high", "median_seconds", "p90_seconds"]]
    units = {"n": "count"} | dict.fromkeys(["mean_seconds", "median_seconds", "p90_seconds"], "seconds")
    choices = {"wait since": {"queue": "entering the queue", "start": "the start of the call"}[since]}
    if since == "queue":
        choices["answered without queueing"] = {"zero": "waited 0 s", "out": "left out"}[unqueued]
    return finish(frame, "average_speed_of_answer", table, keys, units, choices)
