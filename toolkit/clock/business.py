"""Business time: the seconds during which the service is open, and whether it is open at an instant."""

import math
from bisect import bisect_left, bisect_right
from datetime import timedelta
from operator import itemgetter

from toolkit.clock.local import EPOCH_DAY, ONE_DAY, days_since_epoch, floor_divide, offset_changes, start_of_day
from toolkit.errors import BadData
from toolkit.service import DAY, WEEKDAYS

LONGEST_CALENDAR = 150  # years; more than that is a wrong date, not a long history


def _open_spans(service, zone, first_day, last_day):
    """The UTC spans [open, close) of the shifts that begin on `first_day - 1` to `last_day`.

    Open is what the clock on the wall says: an hour that it skips has no length, and one that it
    shows twice counts twice.
    """
    yesterday = first_day - ONE_DAY  # its night reaches into the first day
    closed = service.closed_days(yesterday, last_day)
    first, last = days_since_epoch(yesterday), days_since_epoch(last_day)
    shifts = []  # in local seconds, in order and apart from each other
    for number in range(first, last + 1):
        day = EPOCH_DAY + timedelta(days=number)
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
    >>> from datetime import date
    >>> from toolkit.service import Service
    >>> hours = {"opening_hours": {"saturday": ["22:00-02:00"]}}
    >>> days = date(2024, 3, 30), date(2024, 4, 1)  # the clock skips nothing before 02:00
    >>> calendar = business_calendar(Service.model_validate(hours), "Europe/Rome", *days)
    >>> (calendar["close1"] - calendar["open1"]).tolist(), calendar["before"].tolist()
    ([7200, 7200, 0], [0, 7200, 14400])
    """
    days = range(days_since_epoch(first_day), days_since_epoch(last_day) + 1)
    dates = [first_day + timedelta(days=number) for number in range(len(days) + 1)]
    edges = [int(start_of_day(day, zone).timestamp()) for day in dates]
    return _calendar(_open_spans(service, zone, first_day, last_day), days, edges)


def _spans_around(service, first_epoch, last_epoch):
    """The open spans that reach into the days of these instants."""
    first, last = (EPOCH_DAY + timedelta(days=time // DAY) for time in (first_epoch, last_epoch))
    # A local date is never more than a day away from the UTC one.
    return _open_spans(service, service.time_zone, first - ONE_DAY, last + ONE_DAY)


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


def due_at(start_epochs, seconds, service):
    """When so many seconds of business time have passed since each start: the first such instant.

    Parameters
    ----------
    start_epochs, seconds : sequences of int, as long as each other
        UTC epoch seconds, and business seconds of 0 or more.
    service : toolkit.service.Service

    Returns
    -------
    list of int, UTC epoch seconds; None where the service is never open for so long

    Examples
    --------
    Two hours from Friday at 16:00, where 09:00 to 17:00 is open, are over on Monday at 10:00:

    >>> from datetime import UTC, datetime
    >>> from toolkit.service import Service
    >>> days = ("monday", "tuesday", "wednesday", "thursday", "friday")
    >>> service = Service.model_validate({"opening_hours": {day: ["09:00-17:00"] for day in days}})
    >>> (due,) = due_at([int(datetime(2024, 3, 1, 16, tzinfo=UTC).timestamp())], [7200], service)
    >>> datetime.fromtimestamp(due, UTC).isoformat()
    '2024-03-04T10:00:00+00:00'
    """
    import numpy as np

    starts, seconds = np.asarray(start_epochs, "int64"), np.asarray(seconds, "int64")
    if not len(starts):
        return []
    if not any(service.opening_hours.values()):
        return [None if wait else int(start) for start, wait in zip(starts, seconds, strict=True)]
    first, ahead = int(starts.min()), int(seconds.max()) + 14 * DAY
    while True:
        spans = _spans_around(service, first, int(starts.max()) + ahead)
        opens, closes = np.array(spans, "int64").reshape(-1, 2).T
        total = np.cumsum(closes - opens)
        before = total - (closes - opens)
        at = np.searchsorted(opens, starts, side="right") - 1
        passed = np.where(at < 0, 0, before[at] + np.minimum(starts, closes[at]) - opens[at]) if len(opens) else 0 * at
        wanted = passed + seconds
        if (len(total) and wanted.max() <= total[-1]) or ahead > LONGEST_CALENDAR * 366 * DAY:
            break
        ahead *= 2
    place = np.searchsorted(total, wanted)  # the first span that reaches it
    made = []
    for start, wait, end, number in zip(starts, seconds, wanted, place, strict=True):
        if not wait:
            made.append(int(start))
        else:
            made.append(int(opens[number] + end - before[number]) if number < len(total) else None)
    return made


def open_hours(service):
    """The hours of a normal week of which the service is open for half or more.

    Returns
    -------
    set of (weekday, hour), 0 is Monday

    Examples
    --------
    >>> from toolkit.service import Service
    >>> sorted(open_hours(Service.model_validate({"opening_hours": {"sunday": ["22:30-01:29"]}})))
    [(0, 0), (6, 22), (6, 23)]
    """
    lasted = {}
    for weekday, name in enumerate(WEEKDAYS):
        for opens, closes in service.opening_hours.get(name, ()):
            for hour in range(opens // 3600, -(-closes // 3600)):
                place = (weekday + hour // 24) % 7, hour % 24
                held = min(closes, (hour + 1) * 3600) - max(opens, hour * 3600)
                lasted[place] = lasted.get(place, 0) + held
    return {place for place, seconds in lasted.items() if seconds >= 1800}


def with_opening(table, epoch, service, name):
    """The same rows with a text column `name`: "inside" where the service was open at an instant, else "outside".

    Parameters
    ----------
    epoch : Ibis int64 expression of UTC epoch seconds; null stays null

    Examples
    --------
    >>> import ibis
    >>> from toolkit.service import Service
    >>> table = ibis.memtable({"at": [1709542799, 1709542800]})  # opens at 09:00
    >>> sorted(with_opening(table, table["at"], Service(), "opening").opening.execute())
    ['inside', 'outside']
    """
    rows = is_open(table.mutate(at_=epoch), "at_", service)
    return rows.mutate(**{name: rows.at__is_open.ifelse("inside", "outside")}).drop("at_", "at__is_open")


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
        utc_day = floor_divide(table[column].cast("int64"), DAY)
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
