"""Periods: spans of whole local days, how people name them, and the span before each."""

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from toolkit.clock.local import ONE_DAY, start_of_day, zone_info
from toolkit.errors import BadParameter
from toolkit.service import YEARS

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
    `said` is the text that it was read from. The first part of a period (`until`) ends within a day
    and knows the `whole` period.
    """

    start: datetime | None
    end: datetime | None
    label: str
    zone: str
    months: int = 0
    said: str = field(default="", compare=False)
    whole: "Period | None" = field(default=None, compare=False, repr=False)

    @property
    def first_day(self):
        """The local date it begins with."""
        return self.start and self.start.astimezone(zone_info(self.zone)).date()

    @property
    def last_day(self):
        """The local date it ends with."""
        return self.end and (self.end - timedelta(microseconds=1)).astimezone(zone_info(self.zone)).date()

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

    def days_begun(self, as_of):
        """The number of its local days that had begun before an instant, 0 to `days`; None for "all".

        Examples
        --------
        >>> from datetime import UTC
        >>> as_of = datetime(2024, 4, 10, 10, tzinfo=UTC)
        >>> [parse_period(text, as_of, "UTC").days_begun(as_of) for text in ("2024-03", "2024-04", "2024-05")]
        [31, 10, 0]
        """
        if self.start is None:
            return None
        last = (as_of - timedelta(microseconds=1)).astimezone(zone_info(self.zone)).date()
        return max(0, (min(last, self.last_day) - self.first_day).days + 1)

    def until(self, instant):
        """The part of it before an instant that lies after its start; itself when it ends by then.

        Examples
        --------
        >>> from datetime import UTC
        >>> noon = datetime(2024, 3, 10, 12, tzinfo=UTC)
        >>> part = parse_period("2024-03", noon, "UTC").until(noon)
        >>> part.label, part.end == noon, part.whole.label
        ('2024-03-01..2024-03-10', True, '2024-03')
        """
        if self.end is None or self.end <= instant:
            return self
        last = (instant - timedelta(microseconds=1)).astimezone(zone_info(self.zone)).date()
        label = self.label if last == self.last_day else _range(self.first_day, last)
        return Period(self.start, instant, label, self.zone, whole=self.whole or self)

    def previous(self):
        """The span before of the same kind; None for "all". Of a first part: that before the whole.

        Examples
        --------
        >>> from datetime import UTC
        >>> as_of = datetime(2024, 3, 20, tzinfo=UTC)
        >>> [parse_period(text, as_of, "UTC").previous().label for text in ("2024-03", "-7d")]
        ['2024-02', '2024-03-06..2024-03-12']
        """
        if self.start is None:
            return None
        if self.whole is not None:
            return self.whole.previous()
        first, after = self.first_day, self.last_day + ONE_DAY
        before = _add_months(first, -self.months) if self.months else first - (after - first)
        return _period(before, first, self.zone, self.months)

    def year_ago(self):
        """The same span a year ago; None for "all". Of a first part: that of the whole.

        Of calendar months the same months; otherwise 52 weeks earlier, so that its days are the same weekdays.

        Examples
        --------
        >>> from datetime import UTC
        >>> as_of = datetime(2024, 3, 20, tzinfo=UTC)
        >>> [parse_period(text, as_of, "UTC").year_ago().label for text in ("2024-02", "2024-Q1", "-7d")]
        ['2023-02', '2023-Q1', '2023-03-15..2023-03-21']
        """
        if self.start is None:
            return None
        if self.whole is not None:
            return self.whole.year_ago()
        first, after = self.first_day, self.last_day + ONE_DAY
        if self.months:
            return _period(_add_months(first, -12), _add_months(after, -12), self.zone, self.months)
        return _period(first - 364 * ONE_DAY, after - 364 * ONE_DAY, self.zone)


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
    >>> from datetime import UTC
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
    if as_of.year not in YEARS:
        raise BadParameter(f"as_of {as_of} is not within {YEARS[0]} to {YEARS[-1]}")
    local, text = as_of.astimezone(zone_info(zone)), str(text).strip()
    if text == "all":
        return Period(None, None, "all", zone, said=text)
    try:
        return replace(_period_of(text, as_of, local.date(), zone), said=text)
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
        "today": (today, today + ONE_DAY, 0),
        "yesterday": (today - ONE_DAY, today, 0),
        "this-week": (monday, monday + 7 * ONE_DAY, 0),
        "last-week": (monday - 7 * ONE_DAY, monday, 0),
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
        return _period(first, first + 7 * ONE_DAY, zone)
    if found := match(r"(\d{4})-(\d{2})"):
        first = date(int(found[1]), int(found[2]), 1)
        return _period(first, _add_months(first, 1), zone, 1)
    if found := match(r"(\d{4}-\d{2}-\d{2})(?:\.\.(\d{4}-\d{2}-\d{2}))?"):
        first, last = (date.fromisoformat(day) for day in (found[1], found[2] or found[1]))
        if last < first:
            raise ValueError("it ends before it begins")
        return _period(first, last + ONE_DAY, zone)
    if found := match(r"-([1-9]\d*)([dwm])"):
        number, unit = int(found[1]), found[2]
        # At midnight itself nothing of the new day has happened yet.
        after = today if as_of == start_of_day(today, zone) else today + ONE_DAY
        if unit == "m":
            return _period(_add_months(after, -number), after, zone, number)
        return _period(after - number * (7 if unit == "w" else 1) * ONE_DAY, after, zone)
    raise ValueError


def _add_months(day, months):
    """The same day of another month, or that month's last day."""
    index = day.year * 12 + day.month - 1 + months
    first = date(index // 12, index % 12 + 1, 1)
    next_first = date((index + 1) // 12, (index + 1) % 12 + 1, 1)
    return min(first + timedelta(days=day.day - 1), next_first - ONE_DAY)


def _range(first, last):
    return first.isoformat() if first == last else f"{first}..{last}"


def _period(first, after, zone, months=0):
    """The period of the local days from `first` up to, but without, `after`."""
    if not YEARS.start <= first.year <= after.year <= YEARS.stop:
        raise ValueError(f"it is not within {YEARS[0]} to {YEARS[-1]}")
    last = after - ONE_DAY
    if months == 12 and first == date(first.year, 1, 1):
        label = f"{first:%Y}"
    elif months == 3 and first.day == 1 and first.month % 3 == 1:
        label = f"{first:%Y}-Q{first.month // 3 + 1}"
    elif months == 1 and first.day == 1:
        label = f"{first:%Y-%m}"
    elif not months and first.weekday() == 0 and (after - first).days == 7:
        label = "{}-W{:02}".format(*first.isocalendar())
    else:
        label = _range(first, last)
    return Period(start_of_day(first, zone), start_of_day(after, zone), label, zone, months)
