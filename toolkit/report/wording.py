"""Times, periods and parameters as the pages of the reports write them."""

from calendar import monthrange
from datetime import datetime, timedelta

from toolkit import words
from toolkit.clock import clock_time
from toolkit.errors import BadParameter


def language_tag():
    """The language of the page, as HTML names it; the pseudo language is English in brackets."""
    return words.DEFAULT if words.language() == words.PSEUDO else words.language()


def format_time(value, zone=None):
    """A time or a day as people read it; what is neither stays as it is.

    Examples
    --------
    >>> format_time("2024-04-29T08:00:00+00:00", "Europe/Rome")
    '29 April 2024, 10:00'
    >>> format_time("2024-04-01"), format_time("last week")
    ('1 April 2024', 'last week')
    """
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return value
    if not isinstance(moment, datetime):
        return str(value or "")
    moment = _local(moment, zone)
    day = words.date_name(moment.date(), with_year=True)
    is_day = isinstance(value, str) and len(value) == 10
    return day if is_day else words.text("pages.days.at", day=day, time=f"{moment:%H:%M}")


def format_period(period, zone=None):
    """A period's days in words, and its label where that is not just these days.

    `start` and `end` are days, both included, or instants, of which the end is the first that is no
    longer in the period.

    Examples
    --------
    >>> format_period({"label": "2024-W11", "start": "2024-03-11", "end": "2024-03-17"})
    '11 to 17 March 2024 (2024-W11)'
    >>> format_period({"label": "x", "start": "2024-03-31T22:00:00+00:00", "end": "2024-04-30T22:00:00+00:00"},
    ...     "Europe/Rome")
    '1 to 30 April 2024 (x)'
    >>> format_period({"label": "2024-02-28..2024-03-01", "start": "2024-02-28", "end": "2024-03-01"})
    '28 February to 1 March 2024'
    >>> format_period({"label": "2024-03", "start": "2024-03-01", "end": "2024-03-31"})
    '1 to 31 March 2024'
    >>> format_period({"label": "all", "start": None, "end": None})
    'all'
    """
    if not period:
        return ""
    label = period.get("label") or ""
    first, last = _day(period.get("start"), zone), _day(period.get("end"), zone, is_end=True)
    if not first or not last:
        return label
    days = words.days_name(first, last)
    if not label or ".." in label or label in (days, first.isoformat()) or _is_month(label, first, last):
        return days
    return words.text("pages.days.labelled", days=days, label=label)


def _is_month(label, first, last):
    """Whether the days say the label: the whole of a month, which they name."""
    days = monthrange(first.year, first.month)[1]
    return label == f"{first:%Y-%m}" == f"{last:%Y-%m}" and (first.day, last.day) == (1, days)


def _day(value, zone, is_end=False):
    """The local day that a period starts or ends with, or None."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    if len(value) == 10:
        return moment.date()
    moment = _local(moment, zone)
    return (moment - timedelta(seconds=1) if is_end else moment).date()


def _local(moment, zone):
    try:
        return clock_time(moment, zone) if zone and moment.tzinfo else moment
    except BadParameter:
        return moment


def has_digit(text):
    """Whether a figure is a number, and not words that stand in its place.

    Examples
    --------
    >>> has_digit("54 %"), has_digit("too few")
    (True, False)
    """
    return any(map(str.isdigit, str(text)))


def unit_sizes():
    """Seconds in each unit of time, by its name, for the script that sorts durations.

    Examples
    --------
    >>> unit_sizes()["min"]
    60
    """
    sizes = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
    return {words.text(f"unit.{unit}", n=2, shown="").strip(): size for unit, size in sizes.items()}


def format_value(value):
    """A parameter's value as people write it on the command line.

    Examples
    --------
    >>> format_value(["1h", "6h"]), format_value(True), format_value("")
    ('1h, 6h', 'true', '(empty)')
    """
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or words.text("pages.parameters.empty")
    if isinstance(value, bool):
        return words.text("pages.parameters.yes" if value else "pages.parameters.no")
    if value is None:
        return words.text("pages.parameters.none")
    return str(value) or words.text("pages.parameters.empty")


def column_name(column):
    """A column as it stands within a line: "team", and one that the catalogue doesn't know as the data names it.

    >>> column_name("hour"), column_name("my_column")
    ('local hour', 'my column')
    """
    key = f"tables.keys.{column}"
    return words.text(key) if words.has(key) else str(column).replace("_", " ")


def sentence(text):
    """A message as a sentence of its own: it ends, so that the next one can begin.

    Examples
    --------
    >>> sentence("it has: quarter, year"), sentence("It broke."), sentence("Why?")
    ('it has: quarter, year.', 'It broke.', 'Why?')
    """
    text = str(text or "").rstrip()
    return text if not text or text[-1] in ".!?…:" else f"{text}."
