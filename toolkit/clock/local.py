"""Local time: instants to what the clock on the wall shows, and back, on the engine and off it.

On the engine an instant is an int64 of UTC epoch seconds, and everything here is integer arithmetic on it, so that
DuckDB, Postgres and Spark agree; time zones come from Python's `zoneinfo` and reach the engine as numbers.
"""

import math
from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from toolkit.errors import BadParameter
from toolkit.service import DAY, WEEKDAYS

PARTS = ("hour", "weekday", "day", "week", "month", "quarter", "year")
FIRST_EPOCH = 631_152_000  # 1990-01-01: what offset changes are known of unless more is asked for
LAST_EPOCH = 2_240_611_200  # 2041-01-01
EPOCH_DAY = date(1970, 1, 1)
ONE_DAY = timedelta(days=1)


def zone_info(name):
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        message = f"{name!r} is not a time zone; IANA names are allowed, such as Europe/Rome, UTC"
        raise BadParameter(message) from None


def days_since_epoch(day):
    return (day - EPOCH_DAY).days


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
    return local.replace(tzinfo=zone_info(zone), fold=0).astimezone(UTC)


def is_local_gap(local, zone):
    """Whether a naive local `datetime` is skipped by the clock.

    Examples
    --------
    >>> is_local_gap(datetime(2024, 3, 31, 2, 30), "Europe/Rome")
    True
    """
    back = utc_from_local(local, zone).astimezone(zone_info(zone))
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
    local = instant.astimezone(zone_info(zone))
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
    place = zone_info(zone)

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


def floor_divide(value, divisor):
    """floor(value / divisor) for integers down to -2**50, exact on every engine.

    Engines differ in how they divide negative integers, so the value is made positive first; below
    2**53 neither an integer division nor a float one with a floor can then be off. The value is
    mentioned only once, as SQL would repeat all of the CASE that it comes from.
    """
    shift = 2**50 // divisor
    return (value + shift * divisor) // divisor - shift


def floor_modulo(value, divisor):
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
        return floor_divide(floor_modulo(local, DAY), 3600)
    if part == "weekday":  # 1970-01-01 was a Thursday
        return floor_modulo(floor_divide(local, DAY) + 3, 7)
    if part == "day":
        return floor_divide(local, DAY)
    if part == "week":
        return floor_divide(local + 3 * DAY, 7 * DAY) * 7 - 3
    month = _month_index(local)
    return {"month": month, "quarter": month // 3, "year": month // 12}[part]


def _month_index(local):
    """year * 12 + month - 1 of local seconds, by Neri and Schneider's calendar arithmetic.

    https://doi.org/10.1002/spe.3172. The day is counted from a 1 March of the far past, which makes
    everything positive and a leap day the last of its year; year and month are then two linear
    functions of it, and a month that counts from 3 (March) to 14 needs no case for the new year.
    """
    eras = 100  # of 400 years, or 146,097 days
    days = floor_divide(local, DAY) + (719_468 + eras * 146_097)
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
