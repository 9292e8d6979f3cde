"""Time zones, periods and business time: the only place that knows them.

On the engine an instant is an int64 of UTC epoch seconds, and everything here is integer arithmetic
on it, so that DuckDB, Postgres and Spark agree; time zones come from Python's `zoneinfo` and reach
the engine as numbers.

Examples
--------
>>> as_of = datetime(2024, 4, 3, 8, tzinfo=UTC)
>>> march = parse_period("last-month", as_of, "Europe/Rome")
>>> march.label, march.days, march.previous().label
('2024-03', 31, '2024-02')
>>> (march.end_epoch - march.start_epoch) // 3600  # one hour short: summer time began on the 31st
743
"""

import math
import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from toolkit.errors import BadData, BadParameter
from toolkit.service import DAY, WEEKDAYS

PARTS = ("hour", "weekday", "day", "week", "month", "quarter", "year")
FIRST_EPOCH = 631_152_000  # 1990-01-01: what offset changes are known of unless more is asked for
LAST_EPOCH = 2_240_611_200  # 2041-01-01
LONGEST_CALENDAR = 150  # years; more than that is a wrong date, not a long history

_EPOCH_DAY = date(1970, 1, 1)
_ONE_DAY = timedelta(days=1)


def _zone(name):
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        message = f"{name!r} is not a time zone; IANA names are allowed, such as Europe/Rome, UTC"
        raise BadParameter(message) from None


def _days_since_epoch(day):
    return (day - _EPOCH_DAY).days


# --- one instant, in plain Python -----------------------------------------------------------------


def utc_from_local(local, zone):
    """The UTC instant of a naive local `datetime`.

    The first one where the clock shows it twice; shifted forward where the clock skips it.

    Examples
    --------
    >>> utc_from_local(datetime(2024, 10, 27, 2, 30), "Europe/Rome").isoformat()
    '2024-10-27T00:30:00+00:00'
    >>> utc_from_local(datetime(2024, 3, 31, 2, 30), "Europe/Rome").isoformat()  # 03:30 there
    '2024-03-31T01:30:00+00:00'
    """
    return local.replace(tzinfo=_zone(zone), fold=0).astimezone(UTC)


def is_local_gap(local, zone):
    """Whether a naive local `datetime` is skipped by the clock.

    Examples
    --------
    >>> is_local_gap(datetime(2024, 3, 31, 2, 30), "Europe/Rome")
    True
    """
    back = utc_from_local(local, zone).astimezone(_zone(zone))
    return back.replace(tzinfo=None, fold=0) != local.replace(fold=0)


def start_of_day(day, zone):
    """The first UTC instant of a local date, also where midnight is skipped or comes twice.

    Examples
    --------
    >>> start_of_day(date(2023, 4, 28), "Africa/Cairo").isoformat()  # 00:00 became 01:00
    '2023-04-27T22:00:00+00:00'
    """
    midnight = datetime(day.year, day.month, day.day)
    instant = utc_from_local(midnight, zone)
    if is_local_gap(midnight, zone):
        # A gap that opens before midnight swallows it: the date begins where the gap is jumped.
        epoch = int(instant.timestamp())
        jump = offset_changes(zone, epoch - 2 * DAY, epoch + 1)[-1][0]
        return datetime.fromtimestamp(jump, UTC)
    return instant


def format_instant(instant, zone):
    """An instant as the people of a zone read it; "–" for none.

    Examples
    --------
    >>> format_instant(datetime(2024, 7, 1, 12, 5, tzinfo=UTC), "Europe/Rome")
    '2024-07-01 14:05 CEST'
    """
    if instant is None or instant != instant:  # NaT is unequal to itself
        return "–"
    local = instant.astimezone(_zone(zone))
    name = local.tzname()
    return f"{local:%Y-%m-%d %H:%M} {'UTC' + name if name[0] in '+-' else name}"


def humanize(seconds):
    """A duration in the unit that people would use; "–" for an undefined one.

    Examples
    --------
    >>> [humanize(value) for value in (45, 726, 12_240, 216_000, 3_599, None)]
    ['45 s', '12.1 min', '3.4 h', '2.5 d', '1 h', '–']
    """
    if seconds is None or seconds != seconds or math.isinf(seconds):
        return "–"
    sign, seconds = "-" if seconds < 0 else "", abs(float(seconds))
    for unit, size, limit in (("s", 1, 60), ("min", 60, 60), ("h", 3600, 24), ("d", DAY, math.inf)):
        value = round(seconds / size, 1)
        if value < limit:  # the rounded value decides: 59.97 min is "1 h", not "60 min"
            return f"{sign}{value:.1f}".removesuffix(".0") + f" {unit}"


# --- periods --------------------------------------------------------------------------------------

_PERIODS = (
    "all; today, yesterday; this-week, this-month, this-quarter, this-year; last-week, last-month, "
    "last-quarter, last-year (the last complete one); a year 2024, quarter 2024-Q1, ISO week "
    "2024-W10, month 2024-03 or day 2024-03-01; 2024-03-01..2024-03-15 (both days included); "
    "-28d, -4w, -3m (up to the local day of as_of)"
)


@dataclass(frozen=True)
class Period:
    """A span of whole local days, [start, end) as UTC instants; both are None for "all".

    `label` names it independently of today, and `parse_period` reads it back. `months` is not 0
    where the span is one of calendar months, whose predecessor has not the same number of days.
    """

    start: datetime | None
    end: datetime | None
    label: str
    zone: str
    months: int = 0

    @property
    def first_day(self):
        """The local date it begins with."""
        return self.start and self.start.astimezone(_zone(self.zone)).date()

    @property
    def last_day(self):
        """The local date it ends with."""
        return self.end and (self.end - timedelta(seconds=1)).astimezone(_zone(self.zone)).date()

    @property
    def start_epoch(self):
        """UTC epoch seconds of the first instant."""
        return self.start and int(self.start.timestamp())

    @property
    def end_epoch(self):
        """UTC epoch seconds of the first instant that is no longer in it."""
        return self.end and int(self.end.timestamp())

    @property
    def days(self):
        """The number of local days."""
        return self.start and (self.last_day - self.first_day).days + 1

    def previous(self):
        """The span before of the same kind; None for "all".

        Examples
        --------
        >>> as_of = datetime(2024, 3, 20, tzinfo=UTC)
        >>> [parse_period(text, as_of, "UTC").previous().label for text in ("2024-03", "-7d")]
        ['2024-02', '2024-03-06..2024-03-12']
        """
        if self.start is None:
            return None
        first, after = self.first_day, self.last_day + _ONE_DAY
        before = _add_months(first, -self.months) if self.months else first - (after - first)
        return _period(before, first, self.zone, self.months)


def parse_period(text, as_of, zone):
    """The period that `text` says, seen from the instant `as_of` in the zone `zone`.

    Parameters
    ----------
    text : str
        See the error's list: a name, a calendar unit, a range or a number of days up to `as_of`.
    as_of : aware datetime
        When the data was read.
    zone : str
        IANA name.

    Returns
    -------
    Period, of whole local days. `-28d` ends with the local day of `as_of`; if `as_of` is local
        midnight itself, with the day that just ended. `-3m` begins three calendar months before
        its end. What lies after `as_of` has simply not happened.

    Raises
    ------
    BadParameter
        Names the text and lists what is allowed.

    Examples
    --------
    >>> as_of = datetime(2024, 3, 20, 9, tzinfo=UTC)
    >>> for text in ("last-week", "2024-Q1", "-28d", "2024-02-28..2024-03-01"):
    ...     period = parse_period(text, as_of, "Europe/Warsaw")
    ...     print(period.label, period.first_day, period.last_day, period.days)
    2024-W11 2024-03-11 2024-03-17 7
    2024-Q1 2024-01-01 2024-03-31 91
    2024-02-22..2024-03-20 2024-02-22 2024-03-20 28
    2024-02-28..2024-03-01 2024-02-28 2024-03-01 3
    """
    if as_of.tzinfo is None:
        raise BadParameter(f"as_of {as_of} has no offset; write one such as 2024-04-29T08:00:00Z")
    local, text = as_of.astimezone(_zone(zone)), str(text).strip()
    if text == "all":
        return Period(None, None, "all", zone)
    try:
        return _period_of(text, as_of, local.date(), zone)
    except (ValueError, OverflowError) as error:
        # What `datetime` says of a day that doesn't exist is worth passing on.
        reason = f" ({error})" if str(error) else ""
        message = f"period {text!r} can't be read{reason}; allowed: {_PERIODS}"
        raise BadParameter(message) from None


def _period_of(text, as_of, today, zone):
    monday = today - timedelta(days=today.weekday())
    starts = {
        "month": (today.replace(day=1), 1),
        "quarter": (date(today.year, (today.month - 1) // 3 * 3 + 1, 1), 3),
        "year": (date(today.year, 1, 1), 12),
    }
    named = {
        "today": (today, today + _ONE_DAY, 0),
        "yesterday": (today - _ONE_DAY, today, 0),
        "this-week": (monday, monday + 7 * _ONE_DAY, 0),
        "last-week": (monday - 7 * _ONE_DAY, monday, 0),
    }
    for unit, (start, months) in starts.items():
        named[f"this-{unit}"] = (start, _add_months(start, months), months)
        named[f"last-{unit}"] = (_add_months(start, -months), start, months)
    if text in named:
        first, after, months = named[text]
        return _period(first, after, zone, months)

    def match(pattern):
        return re.fullmatch(pattern, text, re.ASCII)

    if found := match(r"(\d{4})"):
        return _period(date(int(text), 1, 1), date(int(text) + 1, 1, 1), zone, 12)
    if found := match(r"(\d{4})-Q([1-4])"):
        first = date(int(found[1]), int(found[2]) * 3 - 2, 1)
        return _period(first, _add_months(first, 3), zone, 3)
    if found := match(r"(\d{4})-W(\d{2})"):
        first = date.fromisocalendar(int(found[1]), int(found[2]), 1)
        return _period(first, first + 7 * _ONE_DAY, zone)
    if found := match(r"(\d{4})-(\d{2})"):
        first = date(int(found[1]), int(found[2]), 1)
        return _period(first, _add_months(first, 1), zone, 1)
    if found := match(r"(\d{4}-\d{2}-\d{2})(?:\.\.(\d{4}-\d{2}-\d{2}))?"):
        first, last = (date.fromisoformat(day) for day in (found[1], found[2] or found[1]))
        if last < first:
            raise ValueError("it ends before it begins")
        return _period(first, last + _ONE_DAY, zone)
    if found := match(r"-([1-9]\d*)([dwm])"):
        number, unit = int(found[1]), found[2]
        # At midnight itself nothing of the new day has happened yet.
        after = today if as_of == start_of_day(today, zone) else today + _ONE_DAY
        if unit == "m":
            return _period(_add_months(after, -number), after, zone, number)
        return _period(after - number * (7 if unit == "w" else 1) * _ONE_DAY, after, zone)
    raise ValueError


def _add_months(day, months):
    """The same day of another month, or that month's last day."""
    index = day.year * 12 + day.month - 1 + months
    first = date(index // 12, index % 12 + 1, 1)
    next_first = date((index + 1) // 12, (index + 1) % 12 + 1, 1)
    return min(first + timedelta(days=day.day - 1), next_first - _ONE_DAY)


def _period(first, after, zone, months=0):
    """The period of the local days from `first` up to, but without, `after`."""
    if not 1900 <= first.year <= after.year <= 2200:
        raise ValueError("it is not within 1900 to 2199")
    last = after - _ONE_DAY
    if months == 12 and first == date(first.year, 1, 1):
        label = f"{first:%Y}"
    elif months == 3 and first.day == 1 and first.month % 3 == 1:
        label = f"{first:%Y}-Q{first.month // 3 + 1}"
    elif months == 1 and first.day == 1:
        label = f"{first:%Y-%m}"
    elif first == last:
        label = first.isoformat()
    elif not months and first.weekday() == 0 and (after - first).days == 7:
        label = "{}-W{:02}".format(*first.isocalendar())
    else:
        label = f"{first}..{last}"
    return Period(start_of_day(first, zone), start_of_day(after, zone), label, zone, months)


# --- local time on the engine ---------------------------------------------------------------------


def offset_changes(zone, first_epoch=FIRST_EPOCH, last_epoch=LAST_EPOCH):
    """When the UTC offset of a zone changes: a list of (UTC epoch, offset in seconds from then on).

    The first entry stands for everything before `first_epoch` too, the last for everything after.

    Examples
    --------
    >>> offset_changes("Europe/Rome", 1704067200, 1735689600)  # 2024
    [(1704067200, 3600), (1711846800, 7200), (1729990800, 3600)]
    """
    return list(_offset_changes(zone, int(first_epoch), int(last_epoch)))


@lru_cache(maxsize=256)
def _offset_changes(zone, first, last):
    place = _zone(zone)

    def offset(epoch):
        return int(datetime.fromtimestamp(epoch, place).utcoffset().total_seconds())

    changes = [(first, offset(first))]
    # A step of a day misses nothing: no zone has ever changed its offset twice within one.
    for low in range(first, last, DAY):
        high, before = min(low + DAY, last), changes[-1][1]
        after = offset(high)
        if after != before:
            change = bisect_left(range(low, high), True, key=lambda epoch: offset(epoch) != before)
            changes.append((low + change, after))
    return tuple(changes)


def _choose(steps, split):
    """A balanced tree of choices among `steps` (from, value): the value of the last one begun.

    Half a dozen comparisons find one of a hundred steps; a flat CASE would try half of them.
    """
    if len(steps) == 1:
        return steps[0][1]
    middle = len(steps) // 2
    return split(steps[middle][0], _choose(steps[:middle], split), _choose(steps[middle:], split))


def _choose_ibis(column, steps):
    import ibis

    if len(steps) == 1:
        return ibis.literal(steps[0][1], "int64")
    return _choose(steps, lambda at, before, after: ibis.ifelse(column < at, before, after))


def _choose_sql(column, steps):
    def split(at, before, after):
        return f"CASE WHEN {column} < {at} THEN {before} ELSE {after} END"

    return str(_choose(steps, split))


def _floor_divide(value, divisor):
    """floor(value / divisor) for integers down to -2**50, exact on every engine.

    Engines differ in how they divide negative integers, so the value is made positive first; below
    2**53 neither an integer division nor a float one with a floor can then be off. The value is
    mentioned only once, as SQL would repeat all of the CASE that it comes from.
    """
    shift = 2**50 // divisor
    return (value + shift * divisor) // divisor - shift


def _floor_modulo(value, divisor):
    # Engines also differ in the sign of a remainder.
    return ((value % divisor) + divisor) % divisor


def local_seconds(epoch, zone, first=FIRST_EPOCH, last=LAST_EPOCH):
    """What the clock on the wall shows, as seconds since 1970-01-01 00:00 of that clock.

    Parameters
    ----------
    epoch : Ibis int64 expression of UTC epoch seconds; null stays null
    zone : str
    first, last : int, optional
        The span of UTC epoch seconds whose offset changes are known, 1990 to 2040 unless given.
        Instants outside of it take the offset of its nearer end.

    Examples
    --------
    >>> import ibis
    >>> int(local_seconds(ibis.literal(1711846800, "int64"), "Europe/Rome").execute()) - 1711846800
    7200
    """
    changes = offset_changes(zone, first, last)
    if changes[-1][1] == 0 and len(changes) == 1:
        return epoch
    return epoch + _choose_ibis(epoch, changes)


def local_part(epoch, part, zone, first=FIRST_EPOCH, last=LAST_EPOCH):
    """A part of the local time, as an integer to group by; `part_labels` makes it readable.

    Parameters
    ----------
    epoch : Ibis int64 expression of UTC epoch seconds; null stays null
    part : str, one of `PARTS`
        "hour" 0 to 23; "weekday" 0 (Monday) to 6; "day" as days since 1970-01-01; "week" as the day
        number of its Monday; "month" as year * 12 + month - 1; "quarter" as year * 4 + quarter - 1;
        "year".
    zone, first, last : as for `local_seconds`

    Examples
    --------
    >>> import ibis
    >>> instant = ibis.literal(1711846800, "int64")  # 2024-03-31 03:00, a Sunday
    >>> [int(local_part(instant, part, "Europe/Rome").execute()) for part in PARTS]
    [3, 6, 19813, 19807, 24290, 8096, 2024]
    """
    if part not in PARTS:
        raise BadParameter(f"part {part!r} is not known; allowed: {', '.join(PARTS)}")
    local = local_seconds(epoch, zone, first, last)
    if part == "hour":
        return _floor_divide(_floor_modulo(local, DAY), 3600)
    if part == "weekday":  # 1970-01-01 was a Thursday
        return _floor_modulo(_floor_divide(local, DAY) + 3, 7)
    if part == "day":
        return _floor_divide(local, DAY)
    if part == "week":
        return _floor_divide(local + 3 * DAY, 7 * DAY) * 7 - 3
    month = _month_index(local)
    return {"month": month, "quarter": month // 3, "year": month // 12}[part]


def _month_index(local):
    """year * 12 + month - 1 of local seconds, by Neri and Schneider's calendar arithmetic.

    https://doi.org/10.1002/spe.3172. The day is counted from a 1 March of the far past, which makes
    everything positive and a leap day the last of its year; year and month are then two linear
    functions of it, and a month that counts from 3 (March) to 14 needs no case for the new year.
    """
    eras = 100  # of 400 years, or 146,097 days
    days = _floor_divide(local, DAY) + (719_468 + eras * 146_097)
    century = (4 * days + 3) // 146_097
    quarters = (4 * days + 3) % 146_097 // 4 * 4 + 3
    product = 2_939_745 * quarters
    year = 100 * century + product // 2**32
    month = (2_141 * (product % 2**32 // (4 * 2_939_745)) + 197_913) // 2**16
    return 12 * (year - eras * 400) + month - 1


def part_labels(values, part):
    """The integers of `local_part` as people read them, on the pandas side.

    Parameters
    ----------
    values : Series, or a sequence; null stays null
    part : str, one of `PARTS`

    Returns
    -------
    Series, on the same index: the hour as it is; the weekday an ordered categorical from Monday to
        Sunday; all others the first day as a naive datetime64.

    Examples
    --------
    >>> part_labels([24290], "month")[0], part_labels([6], "weekday")[0]
    (Timestamp('2024-03-01 00:00:00'), 'Sunday')
    """
    import pandas

    if part not in PARTS:
        raise BadParameter(f"part {part!r} is not known; allowed: {', '.join(PARTS)}")
    values = pandas.Series(values)
    if part == "hour":
        return values
    if part == "weekday":
        codes = values.fillna(-1).astype("int64")  # -1 is null to a categorical
        names = [day.title() for day in WEEKDAYS]
        named = pandas.Categorical.from_codes(codes, names, ordered=True)
        return pandas.Series(named, index=values.index, name=values.name)
    known = values.dropna().astype("int64")
    if part in ("day", "week"):
        dates = known.to_numpy().astype("datetime64[D]")
    else:
        months = known.to_numpy() * {"month": 1, "quarter": 3, "year": 12}[part] - 1970 * 12
        dates = months.astype("datetime64[M]")
    labels = pandas.Series(pandas.NaT, index=values.index, dtype="datetime64[us]", name=values.name)
    labels[values.notna().to_numpy()] = dates.astype("datetime64[us]")
    return labels


# --- local time to UTC, for the loader ------------------------------------------------------------


def _local_steps(zone, first, last):
    """(offsets, gaps) by local seconds: when each offset begins, and where each gap ends."""
    changes = offset_changes(zone, first, last)
    offsets = [(first + changes[0][1], changes[0][1])]
    gaps = [(first, -(2**62))]  # no time is before the end of this one
    for (_, before), (at, after) in zip(changes, changes[1:], strict=False):
        # The later of the two readings: what is shown twice is the first one, and what is skipped
        # is still read with the old offset, which moves it forward.
        offsets.append((at + max(before, after), after))
        if after > before:
            gaps.append((at + before, at + after))
    return offsets, gaps


def utc_epoch_from_local(local, zone, first=FIRST_EPOCH, last=LAST_EPOCH):
    """UTC epoch seconds of an Ibis int64 expression of local seconds, as `utc_from_local` does.

    Examples
    --------
    >>> import ibis
    >>> int(utc_epoch_from_local(ibis.literal(1711854000, "int64"), "Europe/Rome").execute())
    1711846800
    """
    return local - _choose_ibis(local, _local_steps(zone, first, last)[0])


def utc_epoch_from_local_sql(sql_expression, zone, first=FIRST_EPOCH, last=LAST_EPOCH):
    """The same as SQL text, of SQL that gives a bigint: a column, as it is repeated throughout.

    Examples
    --------
    >>> utc_epoch_from_local_sql("seconds", "Asia/Tokyo")
    '((seconds) - 32400)'
    """
    steps = _local_steps(zone, first, last)[0]
    return f"(({sql_expression}) - {_choose_sql(f'({sql_expression})', steps)})"


def local_gap_sql(sql_expression, zone, first=FIRST_EPOCH, last=LAST_EPOCH):
    """SQL text of a boolean: whether the local time is one that the clock skips.

    Examples
    --------
    >>> local_gap_sql("seconds", "Europe/Rome", 1704067200, 1735689600)  # 02:00 to 03:00
    '((seconds) < CASE WHEN (seconds) < 1711850400 THEN -4611686018427387904 ELSE 1711854000 END)'
    """
    steps = _local_steps(zone, first, last)[1]
    ends = _choose_sql(f"({sql_expression})", steps)
    return f"(({sql_expression}) < {ends})"


# --- business time --------------------------------------------------------------------------------


def _open_spans(service, zone, first_day, last_day):
    """The UTC spans [open, close) of the shifts that begin on `first_day - 1` to `last_day`.

    Open is what the clock on the wall says: an hour that it skips has no length, and one that it
    shows twice counts twice.
    """
    yesterday = first_day - _ONE_DAY  # its night reaches into the first day
    closed = service.closed_days(yesterday, last_day)
    first, last = _days_since_epoch(yesterday), _days_since_epoch(last_day)
    shifts = []  # in local seconds, in order and apart from each other
    for number in range(first, last + 1):
        day = _EPOCH_DAY + timedelta(days=number)
        if day not in closed:  # neither a holiday's shift nor its part after midnight takes place
            hours = service.opening_hours.get(WEEKDAYS[day.weekday()], ())
            shifts += [(number * DAY + opens, number * DAY + closes) for opens, closes in hours]

    changes = offset_changes(zone, (first - 2) * DAY, (last + 4) * DAY)
    starts = [-math.inf, *(at for at, _ in changes[1:])]
    spans = []
    for start, end, (_, offset) in zip(starts, [*starts[1:], math.inf], changes, strict=True):
        low = bisect_right(shifts, start + offset, key=itemgetter(1))
        high = bisect_left(shifts, end + offset, key=itemgetter(0))
        for opens, closes in shifts[low:high]:
            opens, closes = max(opens - offset, start), min(closes - offset, end)
            if spans and spans[-1][1] == opens:
                spans[-1] = (spans[-1][0], closes)
            elif opens < closes:
                spans.append((opens, closes))
    return spans


def _calendar(spans, days, edges):
    """One row per day, which is [edge, next edge): its spans and the seconds open before it."""
    import pandas

    cut = [[] for _ in days]
    for opens, closes in spans:
        row = max(bisect_right(edges, opens) - 1, 0)
        while row < len(days) and edges[row] < closes:
            cut[row].append((max(opens, edges[row]), min(closes, edges[row + 1])))
            row += 1
    rows, before = [], 0
    width = max([1, *map(len, cut)])
    for day, parts, edge in zip(days, cut, edges, strict=False):
        unused = [(edge, edge)] * (width - len(parts))
        rows.append([day, before, *(instant for part in parts + unused for instant in part)])
        before += sum(closes - opens for opens, closes in parts)
    names = [f"{name}{number + 1}" for number in range(width) for name in ("open", "close")]
    return pandas.DataFrame(rows, columns=["day", "before", *names]).astype("int64")


def business_calendar(service, zone, first_day, last_day):
    """When the service is open, one row per local day.

    Parameters
    ----------
    service : toolkit.service.Service
        Uses `opening_hours` and `closed_days`.
    zone : str
    first_day, last_day : date, both included

    Returns
    -------
    DataFrame of int64: `day` since 1970-01-01, `before` (seconds open from the first day up to this
        one), then `open1`, `close1`, `open2`, ... in UTC epoch seconds; a night is cut at local
        midnight, and a span that a day doesn't use has no length.

    Examples
    --------
    >>> from toolkit.service import Service
    >>> hours = {"opening_hours": {"saturday": ["22:00-02:00"]}}
    >>> days = date(2024, 3, 30), date(2024, 4, 1)  # the clock skips nothing before 02:00
    >>> calendar = business_calendar(Service.model_validate(hours), "Europe/Rome", *days)
    >>> (calendar["close1"] - calendar["open1"]).tolist(), calendar["before"].tolist()
    ([7200, 7200, 0], [0, 7200, 14400])
    """
    days = range(_days_since_epoch(first_day), _days_since_epoch(last_day) + 1)
    dates = [first_day + timedelta(days=number) for number in range(len(days) + 1)]
    edges = [int(start_of_day(day, zone).timestamp()) for day in dates]
    return _calendar(_open_spans(service, zone, first_day, last_day), days, edges)


def _spans_around(service, first_epoch, last_epoch):
    """The open spans that reach into the days of these instants."""
    first, last = (_EPOCH_DAY + timedelta(days=time // DAY) for time in (first_epoch, last_epoch))
    # A local date is never more than a day away from the UTC one.
    return _open_spans(service, service.time_zone, first - _ONE_DAY, last + _ONE_DAY)


def business_seconds(start_epoch, end_epoch, service):
    """Seconds of business time from one UTC epoch second to another; negative if it is earlier.

    Examples
    --------
    >>> from toolkit.service import Service
    >>> monday = 1709542800  # 2024-03-04 09:00 UTC; open 09:00 to 18:00
    >>> business_seconds(monday - 60, monday + 3 * 86400 + 60, Service()) // 3600
    27
    """
    if start_epoch > end_epoch:
        return -business_seconds(end_epoch, start_epoch, service)
    spans = _spans_around(service, start_epoch, end_epoch)
    low = bisect_right(spans, start_epoch, key=itemgetter(1))
    high = bisect_left(spans, end_epoch, key=itemgetter(0))
    clipped = ((max(a, start_epoch), min(b, end_epoch)) for a, b in spans[low:high])
    return sum(closes - opens for opens, closes in clipped)


def business_clock(table, epoch_columns, service, first_epoch=None, last_epoch=None):
    """The business clock at instants: `clock(end) - clock(start)` is the business time between.

    Parameters
    ----------
    table : Ibis Table
    epoch_columns : str or list of str
        int64 columns of UTC epoch seconds.
    service : toolkit.service.Service
    first_epoch, last_epoch : int, optional
        The span of the calendar; without them a query asks the table. An instant on a UTC day
        outside makes the engine fail with "outside the business calendar" when it is computed.

    Returns
    -------
    Ibis Table, the same rows with an int64 column `<column>_business` for each: the seconds that
        the service was open from the calendar's beginning to the instant. Null stays null.

    Raises
    ------
    BadData
        The instants are further apart than any history is.

    Examples
    --------
    >>> import ibis
    >>> from toolkit.service import Service
    >>> table = ibis.memtable({"opened": [1709542740], "closed": [1709802060]})
    >>> clocked = business_clock(table, ["opened", "closed"], Service())
    >>> ((clocked.closed_business - clocked.opened_business) // 3600).execute().tolist()
    [27]
    """
    import ibis

    def clock(epoch, day, spans):
        open_now = (ibis.greatest(ibis.least(epoch, end) - start, 0) for start, end in spans)
        return sum(open_now, start=day["before"])

    limits = first_epoch, last_epoch
    return _with_calendar(table, epoch_columns, service, limits, "business", clock)


def is_open(table, epoch_columns, service, first_epoch=None, last_epoch=None):
    """The same rows with a boolean `<column>_is_open`: whether the service was open then.

    Takes what `business_clock` does; null stays null.

    Examples
    --------
    >>> import ibis
    >>> from toolkit.service import Service
    >>> table = ibis.memtable({"at": [1709542799, 1709542800]})  # opens at 09:00
    >>> is_open(table, "at", Service()).order_by("at").at_is_open.execute().tolist()
    [False, True]
    """

    def within(epoch, day, spans):
        (start, end), *more = spans
        result = (start <= epoch) & (epoch < end)
        for start, end in more:
            result |= (start <= epoch) & (epoch < end)
        return result

    limits = first_epoch, last_epoch
    return _with_calendar(table, epoch_columns, service, limits, "is_open", within)


def _with_calendar(table, columns, service, limits, suffix, compute):
    """Join each column with the calendar's row of its day, and add what `compute` makes of both.

    The days here are UTC days: the spans are UTC anyway, a UTC day needs no CASE to find, and no
    clock ever goes back into the UTC day before, as some local ones did at midnight.
    """
    import ibis

    columns = [columns] if isinstance(columns, str) else list(columns)
    first, last = _limits(table, columns) if None in limits else limits
    if last - first > LONGEST_CALENDAR * 366 * DAY:
        raise BadData(
            f"{', '.join(columns)}: the times are more than {LONGEST_CALENDAR} years apart, "
            f"from {first} to {last} in epoch seconds; one of them is wrong"
        )
    days = range(first // DAY, last // DAY + 1)
    edges = [number * DAY for number in [*days, days.stop]]
    calendar = _calendar(_spans_around(service, first, last), days, edges)
    width = (calendar.shape[1] - 2) // 2

    for column in columns:
        name = f"{column}_{suffix}"
        on_day = ibis.memtable(calendar.rename(columns=lambda part, name=name: f"{name}_{part}"))
        # The calendar has each day once and the join is a left one: no row is lost or multiplied.
        utc_day = _floor_divide(table[column].cast("int64"), DAY)
        joined = table.left_join(on_day, utc_day == on_day[f"{name}_day"])
        epoch = joined[column].cast("int64")
        day = {part: joined[f"{name}_{part}"] for part in calendar.columns}
        spans = [(day[f"open{i + 1}"], day[f"close{i + 1}"]) for i in range(width)]
        value = compute(epoch, day, spans)
        # What the calendar doesn't cover must not pass for null: the engine is made to fail, by a
        # cast that depends on the row, as it might try a constant one before it sees any row.
        outside = ("outside the business calendar: " + epoch.cast("string")).cast("int64")
        if value.type().is_boolean():  # Postgres can't cast a bigint to it
            outside = outside == 0
        value = ibis.ifelse(day["before"].notnull(), value, outside)  # of null, both are null
        table = joined.mutate(**{name: value}).drop(*on_day.columns)
    return table


def _limits(table, columns):
    """The first and the last instant in the columns; an empty table has the first of all days."""
    limits = [limit for column in columns for limit in (table[column].min(), table[column].max())]
    named = {f"limit{number}": limit for number, limit in enumerate(limits)}
    found = [int(value) for value in table.aggregate(**named).execute().iloc[0].dropna()]
    return min(found, default=0), max(found, default=0)
