"""service.toml: what the data can't tell about the service it comes from.

Time zone, opening hours, holidays, targets, what customers expect, costs, topics, labels. Everything has a
working default, so the file is optional; what it does say is checked, and a mistake is reported by
key, value and what is allowed.

Examples
--------
>>> service = Service.model_validate({"time_zone": "Europe/Rome"})
>>> service.opening_hours["monday"]
[(32400, 64800)]
>>> parse_duration("1h 30m")
5400
"""

import datetime
import difflib
import re
import tomllib
import zoneinfo
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from toolkit.errors import BadSettings, explain_settings

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY = 86_400
MOST_SCORE = 1000  # of a scale of satisfaction
YEARS = range(1900, 2200)  # that the clock knows
LONGEST = 3650 * DAY  # of a duration: beyond it nothing is waited for, and engines and queues can't count


def parse_duration(text):
    """Seconds of "90s", "15m", "1h 30m", "2d", or of a plain number of seconds.

    Examples
    --------
    >>> parse_duration("20s"), parse_duration(90), parse_duration("1d")
    (20, 90, 86400)
    """
    units = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": DAY, "w": 7 * DAY}
    part = r"(\d+(?:\.\d+)?)\s*(s|min|m|h|d|w)\b"
    if isinstance(text, (int, float)) and not isinstance(text, bool) and text >= 0:
        seconds = text
    elif re.fullmatch(rf"\s*(?:{part}\s*)+", str(text)):
        seconds = sum(float(number) * units[unit] for number, unit in re.findall(part, str(text)))
    else:
        raise ValueError(f"{_shown(text)} is not a duration; write one such as '20s', '15m', '1h 30m', '2d'")
    if seconds > LONGEST:
        raise ValueError(
            f"{_shown(text)} is too long for a duration: at most ten years, '{LONGEST // DAY}d', are allowed"
        )
    return int(seconds) if seconds is text else round(seconds)


def _shown(value):
    """A value as an error shows it: what has hundreds of digits is cut."""
    try:
        text = repr(value)
    except ValueError:  # Python writes no number of more than 4300 digits
        return "a number of thousands of digits"
    return text if len(text) <= 80 else f"{text[:60]}…"


def _parse_span(text):
    """(open, close) in seconds of the day; close may pass 24 h: "22:00-02:00" is (79200, 93600)."""
    found = re.fullmatch(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*", str(text))
    if not found:
        raise ValueError(f"{text!r} is not a span of hours; write one such as '09:00-13:00'")
    h1, m1, h2, m2 = map(int, found.groups())
    start, end = h1 * 3600 + m1 * 60, h2 * 3600 + m2 * 60
    if m1 > 59 or m2 > 59 or start >= DAY or end > DAY:
        raise ValueError(f"{text!r} is not within a day: hours run from 00:00 to 24:00")
    if start == end:
        raise ValueError(f"{text!r} opens and closes at the same minute; for the whole day write '00:00-24:00'")
    return (start, end if end > start else end + DAY)


def _span_of(day, span):
    """(open, close) of one span of a weekday, as text or, as `model_dump` writes it, in seconds of the day."""
    if isinstance(span, str):
        return _parse_span(span)
    is_pair = isinstance(span, (list, tuple)) and [type(end) for end in span] == [int, int]
    if not is_pair or not 0 <= span[0] < DAY or not span[0] < span[1] <= span[0] + DAY:
        raise ValueError(f"{day}: {_shown(span)} is not a span of hours; write one such as '09:00-13:00'")
    return tuple(span)


Duration = Annotated[int, BeforeValidator(parse_duration)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Cost = Annotated[float, Field(ge=0, le=1_000_000_000, allow_inf_nan=False)]


Label = Annotated[str, Field(min_length=1, max_length=200)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Holidays(_Settings):
    """Days on which the service is closed: a country's public holidays and dates of its own."""

    country: str | None = None
    subdivision: str | None = None
    dates: list[datetime.date] = []
    working: list[datetime.date] = []  # public holidays on which the service is open all the same

    @field_validator("country")
    @classmethod
    def _known_country(cls, value):
        if value is not None:
            import holidays

            countries = holidays.list_supported_countries()
            if value not in countries:
                close = difflib.get_close_matches(value.upper(), list(countries), n=3, cutoff=0.3)
                raise ValueError(
                    f"{value!r} is not a country code of the holidays package; "
                    f"ISO codes such as IT, RO, PL, ES, GB are allowed{', ' if close else ''}{', '.join(close)}"
                )
        return value

    @field_validator("subdivision")
    @classmethod
    def _known_subdivision(cls, value, info):
        if value is None or "country" not in info.data:  # of a country that is refused nothing is known
            return value
        country = info.data["country"]
        if country is None:
            raise ValueError(f"{value!r} is a part of a country; name that too, as country")
        import holidays

        codes = holidays.list_supported_countries()[country]
        aliases = holidays.country_holidays(country).get_subdivision_aliases()
        known = sorted({*codes, *(name for names in aliases.values() for name in names)})
        try:
            holidays.country_holidays(country, subdiv=value or "''")
        except NotImplementedError:
            folded = {name.casefold(): name for name in known}
            close = [folded[name] for name in difflib.get_close_matches(value.casefold(), folded, n=3)]
            allowed = f"such as {', '.join(close or codes[:8])} are" if known else "none is"
            message = f"{value!r} is not a part of {country} that the holidays package knows; {allowed} allowed"
            raise ValueError(message) from None
        return value


class Targets(_Settings):
    """What the service promises. By channel; "default" holds for whatever nothing else is promised for.

    A promise may also be made by priority and by team. Where several hold for one conversation, each of them was
    made: the strictest is what it is held to.
    """

    first_response: dict[str, Duration] = {"default": DAY}
    first_response_by_priority: dict[str, Duration] = {}
    first_response_by_team: dict[str, Duration] = {}
    resolution: dict[str, Duration] = {"default": 3 * DAY}
    resolution_by_priority: dict[str, Duration] = {}
    resolution_by_team: dict[str, Duration] = {}
    compliance: Fraction = 0.8
    answer_within: Duration = 20  # phone service level: answered within this
    service_level: Fraction | None = None  # the share of calls to be answered within it; default: compliance
    first_contact_resolution: Fraction | None = None
    resolution_rate: Fraction | None = None
    csat: Fraction = 0.8
    nps: Annotated[float, Field(ge=-1, le=1)] = 0.3  # promoters less detractors
    abandonment: Fraction = 0.05


class Expectation(_Settings):
    """What customers expect: an answer within `within`, and the share of them who expect it."""

    within: Duration
    share: Fraction | None = None


class Privacy(_Settings):
    """What isn't told, as it would be told of a few persons."""

    smallest_group: Annotated[int, Field(ge=0, le=1_000_000)] = 0  # groups of fewer cases aren't told; 0: all are


class Topic(_Settings):
    """A topic and the words that show it, for data that has no topics of its own."""

    keywords: list[str] = Field(min_length=1)


class Service(_Settings):
    """The settings of one service; `Service()` holds the defaults."""

    model_config = ConfigDict(serialize_by_alias=True)  # what is prepared is read back as it was written

    name: str = "Customer service"
    time_zone: str = "UTC"
    as_of: datetime.datetime | None = None  # when the data was read; default: its newest event
    date_order: Literal["dmy", "mdy"] | None = None  # how 03/04/2024 is to be read
    decimal: Literal["comma", "point"] | None = None  # how 1,234 and 1.234 are to be read
    missing: list[Annotated[str, Field(min_length=1, max_length=50)]] = Field([], max_length=100)  # "n.d.": no value
    minimum_count: Annotated[int, Field(ge=1, le=1_000_000)] = 10  # below it a figure is shown as "too few"
    csat_scale: tuple[int, int] = (1, 5)  # lowest and highest score; of two-point surveys such as (0, 1)
    short_abandon: Duration = 5  # an abandon within it may be left out
    opening_hours: dict[str, list[tuple[int, int]]] = {
        day: ([] if day in ("saturday", "sunday") else [(9 * 3600, 18 * 3600)]) for day in WEEKDAYS
    }
    holidays: Holidays = Holidays()
    targets: Targets = Targets()
    expectations: dict[str, list[Expectation]] = {
        "social": [Expectation(within=3600, share=0.40), Expectation(within=DAY, share=0.79)],
        "phone": [Expectation(within=180, share=0.54)],
        "email": [Expectation(within=DAY)],
    }
    costs: dict[str, Cost] = {"phone": 12.0, "social": 1.0}
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = Field(
        None, alias="costs.currency"
    )  # stands there: "EUR"
    privacy: Privacy = Privacy()
    topics: dict[str, Topic] = {}
    # What values of the data are shown as: value = label, of any column, or a table of them for one column.
    labels: dict[str, Label | dict[str, Label]] = {}
    no_reply_topics: list[str] = []  # topics that need no answer, such as a compliment

    @model_validator(mode="before")
    @classmethod
    def _currency_of_costs(cls, values):
        costs = values.get("costs") if isinstance(values, dict) else None
        if isinstance(costs, dict) and "currency" in costs:
            rest = {name: cost for name, cost in costs.items() if name != "currency"}
            values = {name: value for name, value in values.items() if name != "costs"}
            values |= {"costs.currency": costs["currency"]} | ({"costs": rest} if rest else {})
        return values

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value):
        zones = zoneinfo.available_timezones()
        if value not in zones:
            close = difflib.get_close_matches(value, zones, n=3, cutoff=0.5)
            raise ValueError(
                f"{value!r} is not a time zone; IANA names are allowed, such as "
                f"{', '.join(close or ['Europe/Rome', 'UTC'])}"
            )
        return value

    @field_validator("as_of")
    @classmethod
    def _as_of_has_an_offset(cls, value):
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{value} has no offset; write one such as 2024-04-29T08:00:00Z")
        if value is not None and value.year not in YEARS:
            raise ValueError(f"{value} is not within {YEARS[0]} to {YEARS[-1]}")
        return value

    @field_validator("csat_scale")
    @classmethod
    def _scale(cls, value):
        low, high = value
        if not -MOST_SCORE <= low < high <= MOST_SCORE:
            raise ValueError(
                f"the lowest score comes first, then a higher one, both within -{MOST_SCORE} to {MOST_SCORE}, such as [1, 5]"
            )
        return value

    @field_validator("opening_hours", mode="before")
    @classmethod
    def _hours(cls, value):
        if not isinstance(value, dict):
            raise ValueError("opening_hours is a table of weekdays, each a list such as ['09:00-18:00']")
        week = {day: [] for day in WEEKDAYS}  # a weekday that is not named is closed
        for day, spans in value.items():
            if day not in WEEKDAYS:
                close = difflib.get_close_matches(str(day), WEEKDAYS, n=1)
                hint = f" (did you mean {close[0]!r}?)" if close else ""
                raise ValueError(f"{day!r} is not a weekday{hint}; allowed: {', '.join(WEEKDAYS)}")
            if not isinstance(spans, (list, tuple)):
                raise ValueError(f"{day}: {spans!r} is not a list of spans such as ['09:00-13:00', '14:00-18:00']")
            week[day] = sorted(_span_of(day, span) for span in spans)
        # A night that passes midnight may not run into the next day's first shift.
        flat = sorted(
            (index * DAY + start, index * DAY + end) for index, day in enumerate(WEEKDAYS) for start, end in week[day]
        )
        around = flat + [(start + 7 * DAY, end + 7 * DAY) for start, end in flat[:1]]
        for (_, end), (start, _) in zip(around, around[1:], strict=False):
            if start < end:
                raise ValueError(
                    f"{WEEKDAYS[start // DAY % 7]}: the spans overlap; each must end before the next begins"
                )
        return week

    def closed_days(self, first, last):
        """The holidays from `first` to `last` (dates, both included), as a set of dates."""
        days = {day for day in self.holidays.dates if first <= day <= last}
        if self.holidays.country:
            import holidays

            years = range(first.year, last.year + 1)
            public = holidays.country_holidays(self.holidays.country, subdiv=self.holidays.subdivision, years=years)
            days |= {day for day in public if first <= day <= last}
        return days - set(self.holidays.working)


def read_toml(path):
    """What a file of settings holds, as a dict.

    Raises
    ------
    BadSettings
        It isn't there, can't be read, or is no TOML: names the file.
    """
    path = Path(path)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise BadSettings(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path}: can't be read: {error}") from None
    except ValueError as error:  # besides TOMLDecodeError, what Python says of a number of thousands of digits
        raise BadSettings(f"{path}: is not TOML: {error}") from None


def load_service(path=None):
    """The settings in the file `path`; the defaults when `path` is None.

    Raises
    ------
    BadSettings
        Names the file, each wrong key, its value and what is allowed.
    """
    if path is None:
        return Service()
    values = read_toml(path)
    try:
        return Service.model_validate(values)
    except ValidationError as error:
        raise BadSettings(explain_settings(path, error, Service, _shown)) from None
