"""Spans beside each other: the same age, the same part, whole weeks, the parts of a period, the hours of a day.

Everything is counted in local days and clock time, so that neither a change of the clock nor a longer month shifts a
comparison; only the ends are instants.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from toolkit.clock.local import (
    EPOCH_DAY,
    ONE_DAY,
    days_since_epoch,
    offset_changes,
    start_of_day,
    utc_from_local,
    zone_info,
)
from toolkit.errors import BadParameter
from toolkit.service import DAY

SPANS = ("day", "week", "month")


@dataclass(frozen=True)
class Span:
    """Local days from `first_day` to `last_day`, [start, end) as UTC instants, and when its rows are read."""

    number: int
    first_day: date
    last_day: date
    start: datetime
    end: datetime
    read_at: datetime


def clock_time(instant, zone):
    """What the clock on the wall shows at an instant, as a naive `datetime`."""
    return instant.astimezone(zone_info(zone)).replace(tzinfo=None, fold=0)


def _midnight(day):
    return datetime(day.year, day.month, day.day)


def same_age_before(period, as_of):
    """The period before, and when it was as old as this one is at `as_of`; None where there is none.

    A period that is over by `as_of` is compared with the whole one before, read as long after its end. One that
    still runs is compared with the same part of the one before, read at the end of that part.

    Parameters
    ----------
    period : Period
    as_of : aware datetime

    Returns
    -------
    (Period, aware datetime) or None for "all" and for a period that has not begun

    Examples
    --------
    >>> from datetime import UTC
    >>> from toolkit.clock.periods import parse_period
    >>> as_of = datetime(2024, 4, 10, 10, tzinfo=UTC)  # noon in Rome, where the clock changed on 31 March
    >>> before, read_at = same_age_before(parse_period("this-month", as_of, "Europe/Rome"), as_of)
    >>> before.label, before.end == read_at, clock_time(read_at, "Europe/Rome").isoformat()
    ('2024-03-01..2024-03-10', True, '2024-03-10T12:00:00')
    >>> before, read_at = same_age_before(parse_period("last-month", as_of, "Europe/Rome"), as_of)
    >>> before.label, clock_time(read_at, "Europe/Rome").isoformat()
    ('2024-02', '2024-03-10T12:00:00')
    """
    period = period.whole or period
    return _at_same_age(period, period.previous(), as_of)


def same_age_year_ago(period, as_of):
    """The same period a year ago (`Period.year_ago`), as `same_age_before`.

    Examples
    --------
    >>> from datetime import UTC
    >>> from toolkit.clock.periods import parse_period
    >>> as_of = datetime(2024, 4, 10, 10, tzinfo=UTC)
    >>> before, read_at = same_age_year_ago(parse_period("last-week", as_of, "Europe/Rome"), as_of)
    >>> before.label, clock_time(read_at, "Europe/Rome").isoformat()
    ('2023-W14', '2023-04-12T12:00:00')
    """
    period = period.whole or period
    return _at_same_age(period, period.year_ago(), as_of)


def _at_same_age(period, before, as_of):
    if before is None or as_of <= period.start:
        return None
    now = clock_time(as_of, period.zone)
    if as_of >= period.end:
        read_at = _midnight(before.last_day + ONE_DAY) + (now - _midnight(period.last_day + ONE_DAY))
    else:
        read_at = _midnight(before.first_day) + (now - _midnight(period.first_day))
    read_at = utc_from_local(read_at, period.zone)
    return before.until(read_at), read_at


def age_of(period, as_of):
    """How long after the period's end it was read, in clock time; 0 while it runs."""
    period = period.whole or period
    if as_of <= period.end:
        return timedelta(0)
    return clock_time(as_of, period.zone) - _midnight(period.last_day + ONE_DAY)


def later(instant, by, zone):
    """The instant so much later on the clock.

    >>> from datetime import UTC
    >>> instant = datetime(2024, 3, 29, 23, tzinfo=UTC)  # midnight in Rome; the clock changes on the 31st
    >>> later(instant, timedelta(days=7), "Europe/Rome").isoformat()
    '2024-04-05T22:00:00+00:00'
    """
    return utc_from_local(clock_time(instant, zone) + by, zone) if by else instant


def _span(number, first, after, zone, age):
    read_at = utc_from_local(_midnight(after) + age, zone)
    return Span(number, first, after - ONE_DAY, start_of_day(first, zone), start_of_day(after, zone), read_at)


def weeks_before(period, as_of, count=8):
    """The whole weeks that end where the period before begins, the oldest first, numbered from 1.

    Each is read at its own end and as long after it as the period is old.

    Examples
    --------
    >>> from datetime import UTC
    >>> from toolkit.clock.periods import parse_period
    >>> as_of = datetime(2024, 4, 22, tzinfo=UTC)
    >>> weeks = weeks_before(parse_period("last-week", as_of, "UTC"), as_of)
    >>> [(week.number, str(week.first_day), str(week.last_day)) for week in (weeks[0], weeks[-1])]
    [(1, '2024-02-12', '2024-02-18'), (8, '2024-04-01', '2024-04-07')]
    """
    before = period.previous()
    if before is None:
        return []
    age, first = age_of(period, as_of), before.first_day
    return [
        _span(count - back, first - (back + 1) * 7 * ONE_DAY, first - back * 7 * ONE_DAY, period.zone, age)
        for back in reversed(range(count))
    ]


def weeks_within(period, as_of):
    """The whole weeks inside of a period that were over by `as_of`; they end with it, or with its last full day.

    Examples
    --------
    >>> from datetime import UTC
    >>> from toolkit.clock.periods import parse_period
    >>> as_of = datetime(2024, 4, 3, tzinfo=UTC)
    >>> [str(week.first_day) for week in weeks_within(parse_period("2024-03", as_of, "UTC"), as_of)]
    ['2024-03-04', '2024-03-11', '2024-03-18', '2024-03-25']
    """
    age, first = age_of(period, as_of), period.first_day
    whole = period.whole or period
    today = clock_time(as_of, period.zone).date()
    after = min(whole.last_day + ONE_DAY, today)
    if period.whole:  # a first part: what lies behind it is not in it
        after = min(after, clock_time(period.end, period.zone).date())
    count = max(0, (after - first).days // 7)
    return [
        _span(count - back, after - (back + 1) * 7 * ONE_DAY, after - back * 7 * ONE_DAY, period.zone, age)
        for back in reversed(range(count))
    ]


def spans_of(first_day, last_day, every, zone, as_of):
    """The days, ISO weeks or calendar months that hold some day from `first_day` to `last_day`.

    Each is whole, also where the range cuts it, and read at its own end, or at `as_of` when that comes first.

    Examples
    --------
    >>> from datetime import UTC
    >>> spans = spans_of(date(2024, 2, 28), date(2024, 3, 1), "month", "UTC", datetime(2024, 3, 2, tzinfo=UTC))
    >>> [(str(span.first_day), str(span.last_day), f"{span.read_at:%m-%d}") for span in spans]
    [('2024-02-01', '2024-02-29', '03-01'), ('2024-03-01', '2024-03-31', '03-02')]
    """
    if every not in SPANS:
        raise BadParameter(f"every={every!r} is not known; allowed: {', '.join(SPANS)}")
    first = {
        "day": first_day,
        "week": first_day - first_day.weekday() * ONE_DAY,
        "month": first_day.replace(day=1),
    }[every]
    spans = []
    while first <= last_day:
        if every == "month":
            after = (first + 31 * ONE_DAY).replace(day=1)
        else:
            after = first + (7 if every == "week" else 1) * ONE_DAY
        start, end = start_of_day(first, zone), start_of_day(after, zone)
        spans.append(Span(len(spans) + 1, first, after - ONE_DAY, start, end, min(end, as_of)))
        first = after
    return spans


def hours_of(first_day, last_day, zone):
    """The hours that the clock on the wall showed on each local day.

    Returns
    -------
    list of (day since 1970-01-01, hour 0 to 23, UTC epoch seconds at which it first began, its seconds), 24 a day:
        an hour that the clock skips has 0 seconds (it would begin where the next one does), one that comes twice 7,200.

    Examples
    --------
    >>> [hour[1:] for hour in hours_of(date(2024, 3, 31), date(2024, 3, 31), "Europe/Rome")[1:4]]
    [(1, 1711843200, 3600), (2, 1711846800, 0), (3, 1711846800, 3600)]
    >>> hours_of(date(2024, 10, 27), date(2024, 10, 27), "Europe/Rome")[2][1:]
    (2, 1729987200, 7200)
    """
    hours = []
    for offset in range((last_day - first_day).days + 1):
        day = first_day + offset * ONE_DAY
        start = int(start_of_day(day, zone).timestamp())
        end = int(start_of_day(day + ONE_DAY, zone).timestamp())
        number = days_since_epoch(day)
        around = start - 3 * 3600, end + 3 * 3600  # a clock put back just after midnight shows the day before again
        if end - start == DAY and len(offset_changes(zone, *around)) == 1:
            hours += [(number, hour, start + hour * 3600, 3600) for hour in range(24)]
            continue
        minutes = [(epoch, datetime.fromtimestamp(epoch, zone_info(zone))) for epoch in range(*around, 60)]
        later, found = end, []
        for hour in reversed(range(24)):
            own = [epoch for epoch, local in minutes if (local.date(), local.hour) == (day, hour)]
            later = min(own, default=later)
            found.append((number, hour, later, 60 * len(own)))
        hours += reversed(found)
    return hours


def day_of(number):
    """The date of a number of days since 1970-01-01."""
    return EPOCH_DAY + number * ONE_DAY
