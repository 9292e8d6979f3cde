"""Time zones, periods and business time: the only place that knows them.

On the engine an instant is an int64 of UTC epoch seconds, and everything here is integer arithmetic
on it, so that DuckDB, Postgres and Spark agree; time zones come from Python's `zoneinfo` and reach
the engine as numbers.

Examples
--------
>>> from datetime import UTC, datetime
>>> as_of = datetime(2024, 4, 3, 8, tzinfo=UTC)
>>> march = parse_period("last-month", as_of, "Europe/Rome")
>>> march.label, march.days, march.previous().label
('2024-03', 31, '2024-02')
>>> (march.end_epoch - march.start_epoch) // 3600  # one hour short: summer time began on the 31st
743
"""

from toolkit.clock.business import (
    LONGEST_CALENDAR,
    business_calendar,
    business_clock,
    business_seconds,
    due_at,
    is_open,
    open_hours,
    with_opening,
)
from toolkit.clock.local import (
    FIRST_EPOCH,
    LAST_EPOCH,
    ONE_DAY,
    PARTS,
    days_since_epoch,
    format_instant,
    humanize,
    is_local_gap,
    local_gap_sql,
    local_part,
    local_seconds,
    offset_changes,
    part_labels,
    start_of_day,
    utc_epoch_from_local,
    utc_epoch_from_local_sql,
    utc_from_local,
)
from toolkit.clock.periods import Period, parse_period
from toolkit.clock.spans import (
    SPANS,
    Span,
    clock_time,
    day_of,
    hours_of,
    later,
    same_age_before,
    same_age_year_ago,
    spans_of,
    weeks_before,
    weeks_within,
)

__all__ = [
    "FIRST_EPOCH",
    "LAST_EPOCH",
    "LONGEST_CALENDAR",
    "ONE_DAY",
    "PARTS",
    "SPANS",
    "Period",
    "Span",
    "business_calendar",
    "business_clock",
    "business_seconds",
    "clock_time",
    "day_of",
    "days_since_epoch",
    "due_at",
    "format_instant",
    "hours_of",
    "humanize",
    "is_local_gap",
    "is_open",
    "later",
    "local_gap_sql",
    "local_part",
    "local_seconds",
    "offset_changes",
    "open_hours",
    "parse_period",
    "part_labels",
    "same_age_before",
    "same_age_year_ago",
    "spans_of",
    "start_of_day",
    "utc_epoch_from_local",
    "utc_epoch_from_local_sql",
    "utc_from_local",
    "weeks_before",
    "weeks_within",
    "with_opening",
]
