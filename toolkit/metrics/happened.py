"""What happened to cases in a period, each thing counted when it happened, whenever its case came in."""

import math
from dataclasses import dataclass
from typing import Any

from toolkit import clock, engine
from toolkit.clock import PARTS, days_since_epoch
from toolkit.clock.timeline import PERIODS, parts_of, timeline
from toolkit.errors import BadParameter, MissingColumn
from toolkit.metrics.dataset import own_of_all_time
from toolkit.tables import HISTORY_WEEK

BEFORE = "is_before_"  # whether something happened before the period


@dataclass(frozen=True)
class Scope:
    """All the rows of a table, and the part of time that is reported: [start, end) in epoch seconds, read at `now`.

    `data` is the data set that the table is of; None for any other table, of which all is reported. `table` is the one
    that was handed over, which knows the period.
    """

    table: Any
    rows: Any
    data: Any
    start: int | None
    end: int | None
    now: int


def scope_of(table, name, columns, as_of=None):
    """The Scope of a table; `columns` are its times, of which the newest is when a table without a data set was read."""
    whole, data = own_of_all_time(table, name)
    rows = engine.as_table(whole, name, columns[:1])
    known = [column for column in columns if column in rows.columns]
    now = engine.as_of_seconds(rows, [engine.epoch(rows[column]) for column in known], as_of)
    start, end = (None, None)
    if data is not None and data.period.start is not None:
        start, end = math.floor(data.period.start.timestamp()), math.ceil(data.period.end.timestamp())
    return Scope(table if data is not None else rows, rows, data, start, end, now)


def step_of(keys):
    """The one key that is a part of time, None without one; BadParameter for what can't be a step of it."""
    timed = [key for key in keys if key in PARTS or key == HISTORY_WEEK]
    for key in timed:
        if key not in PERIODS and key != HISTORY_WEEK:
            raise BadParameter(f"by={key!r}: what happened is counted by {', '.join(PERIODS)}, not by {key}")
    if len(timed) > 1:
        raise BadParameter(f"by={timed}: one of them, as what is open is told at the end of each")
    return timed[0] if timed else None


def events(scope, name, keys, kinds, zone=None, taken=()):
    """An Ibis table of what happened: one row per event with its groups, its step, a 0 or 1 by kind.

    Parameters
    ----------
    kinds : {name of a kind: time column, or (time column, condition)}
    keys : groups, of which one may be a part of time: the time at which something happened

    Returns
    -------
    ibis Table: the groups, `step_` (null without a part of time), `is_before_`, and a column a kind
    """
    import ibis

    step = step_of(keys)
    plain = [key for key in keys if key != step]
    keyed = engine.with_keys(scope.rows, name, plain, zone, taken=[*kinds, *taken])
    parts = []
    for kind, chosen in kinds.items():
        column, condition = chosen if isinstance(chosen, tuple) else (chosen, None)
        if column not in keyed.columns:
            raise MissingColumn(name, column, keyed.columns)
        rows = keyed if condition is None else keyed.filter(condition)
        flags = {other: ibis.literal(int(other == kind), "int64") for other in kinds}
        parts.append(rows.select(*plain, at_=engine.epoch(rows[column]), **flags))
    happened = parts[0] if len(parts) == 1 else ibis.union(*parts)
    last = scope.now if scope.end is None else min(scope.now, scope.end - 1)
    happened = happened.filter(happened.at_.notnull() & (happened.at_ <= last))
    before = ibis.literal(False) if scope.start is None else happened.at_ < scope.start
    return happened.mutate(**{BEFORE: before, "step_": _step(happened, step, scope, zone)})


def _step(happened, step, scope, zone):
    import ibis

    if step is None:
        return ibis.literal(0, "int64")
    if step == HISTORY_WEEK:
        ends = _breaks(scope)
        steps = [(happened.at_ < end, place) for place, end in enumerate(ends)]
        return ibis.cases(*steps, else_=len(ends)).cast("int64")
    return clock.local_part(happened.at_, step, engine.zone_of(scope.rows, zone))


def _breaks(scope):
    if scope.data is None or not scope.data.weeks:
        raise MissingColumn("conversations", HISTORY_WEEK, scope.rows.columns)
    return sorted({math.ceil(end.timestamp()) for span in scope.data.spans for end in (span.start, span.end)})


def steps_there(scope, step, found):
    """{value of `step_`: what the result calls it}, in the order of time, for every step that there was.

    A data set knows its own, silent ones too; of any other table they reach from the first event to the last.
    """
    if step == HISTORY_WEEK:
        ends = _breaks(scope)
        return {ends.index(math.ceil(span.start.timestamp())) + 1: span.number for span in scope.data.spans}
    if scope.data is not None:
        days = scope.data.parts("day")
        if not days:
            return {}
        import numpy as np

        ends = np.array([days_since_epoch(days[place].first_day) for place in (0, -1)])
        first, last = (int(value) for value in parts_of(ends)[step])
    elif len(found):
        first, last = int(found.min()), int(found.max())
    else:
        return {}
    return {int(value): int(value) for value in timeline({step: (first, last)}, [step])[step]}
