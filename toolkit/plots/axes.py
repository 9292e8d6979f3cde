"""What every form reads off a result: estimates per row, names, scales by unit, places along the time."""

import math
import unicodedata
import warnings
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.dates import date2num, num2date

from toolkit import words
from toolkit.claims import is_side_by_side
from toolkit.clock import day_of
from toolkit.clock.timeline import PERIODS, parts_of
from toolkit.look import LIGHT
from toolkit.result import format_value, heading, interval_columns
from toolkit.words.catalogue import DEFAULT

DAY = 86_400
FEWEST_OF_MEAN = 20  # cases, from which a mean of times has an interval (`intervals.mean_of_waits`)
# widths in days of the steps of time that metrics group by
STEPS = {"day": 1, "week": 7, "month": 30.4, "quarter": 91.3, "year": 365.2}
TIME_TICKS = (1, 10, 60, 600, 3600, 6 * 3600, DAY, 7 * DAY, 30 * DAY, 365 * DAY)  # seconds, of a logarithmic axis
TIME_STEPS = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800), *(3600, 7200, 4 * 3600, 6 * 3600, 12 * 3600, DAY),
)  # fmt: skip
DATES = {"month": "MMM", "quarter": "QQQ", "year": "y"}  # CLDR's patterns
COUNTED = (
    "count",
    "grid",
    "tally",
    "band",
)  # shapes whose figure is 0 where there is no case; the others have none there

# Emoji and other scripts in labels: the SVG keeps text as text, and the reader's browser has the glyphs.
warnings.filterwarnings("ignore", message=r"Glyph \d+ .*missing from")


class Form(NamedTuple):
    """How the values of a result are drawn."""

    value: str  # column
    unit: str  # "rate", "seconds", "log" (of seconds), "count", "score", "net", "points" or "number"
    overall: float  # nan without one
    standout: object  # label of the row that is highlighted, or None
    period: object
    before: object  # the comparison with the period before, or None
    is_alarm: bool = True  # whether what is highlighted is for the worse
    limit: object = None  # of times that are limits, the share that should be within them; "" where none is said

    def target_text(self, value):
        """What a target that all have is called: that of the figure, or the limit for a share of the cases."""
        if self.limit is None:
            return words.text("chart.target", value=value)
        return words.text("chart.limit" if self.limit else "chart.limit_alone", value=value, share=self.limit)

    @property
    def own_target_text(self):
        """The same of a target that each has of its own."""
        if self.limit is None:
            return words.text("chart.key.own_target")
        return words.text("chart.key.own_limit" if self.limit else "chart.key.own_limit_alone", share=self.limit)

    @property
    def named(self):
        """The colour of what is highlighted: that of attention for what is for the worse only."""
        return LIGHT["attention" if self.is_alarm else "data"]

    @property
    def mark(self):
        """The mark of what is highlighted: a diamond for what is for the worse."""
        return "D" if self.is_alarm else "o"


# --- estimates ------------------------------------------------------------------------------------


def counts(result):
    return result[result.attrs.get("count", "n")].to_numpy(float)


def drawn(result):
    """The rows that are drawn, where a metric chose some; and of what was expected the groups in which something stands
    out, where there are any.
    """
    attrs, chosen = result.attrs, result.attrs.get("drawn")
    keys = [key for key in attrs.get("by", ()) if key in result.columns and key not in PERIODS]
    if attrs.get("shape") == "band" and keys and (result["state"] == "stands_out").any():
        named = pd.DataFrame(result)[keys].astype(str).agg("\0".join, axis=1)
        chosen = np.flatnonzero(named.isin(named[(result["state"] == "stands_out").to_numpy(bool)]))
    if attrs.get("shape") == "rate" and is_side_by_side(result):  # a formula without a value has no mark
        chosen = np.flatnonzero(result[attrs["value"]].notna() | ~result.enough())
    if chosen is None:
        return result
    partial = set(attrs.get("partial", ()))
    kept = result.iloc[list(chosen)]
    kept.attrs = attrs | {"partial": [place for place, row in enumerate(chosen) if row in partial]}
    return kept


def value_of(result):
    """The column that is drawn."""
    return "share" if "part" in result.attrs else result.attrs["value"]


def unit_of(result, value):
    """What a column is measured in, times of waits on a logarithmic scale."""
    shape = result.attrs["shape"]
    if shape == "wait" and result.attrs["units"].get(value, "seconds") == "seconds":
        return "log"
    return "rate" if shape == "shares" else result.attrs["units"].get(value, "number")


def estimates(result, value):
    """Per row n, value, low, high (nan where there are too few cases or none), is_few and target."""
    attrs, n = result.attrs, counts(result)
    own = attrs.get("ends") if value == attrs.get("value") else None
    ends = own or interval_columns(result.columns).get(value) or ()
    enough = result.enough().to_numpy(bool) & np.isfinite(n)
    there = enough if attrs["shape"] in COUNTED else enough & (n > 0)
    frame = pd.DataFrame({"n": n, "is_few": ~enough & (n > 0)}, index=result.index)
    for name, column in zip(("value", "low", "high"), (value, *ends), strict=False):
        frame[name] = np.where(there, result[column].to_numpy(float), np.nan)
    # the target may be of another figure, such as the share within a span of time
    if attrs["shape"] == "band":  # the ends are those of what was expected
        frame["expected"] = result["expected"].to_numpy(float)
    frame["target"] = result.targets() if (attrs.get("target") or {}).get("of") == value else np.nan
    if attrs["shape"] == "wait" and "target_seconds" in result and value.startswith("median"):
        frame["target"] = result["target_seconds"].to_numpy(float)
    more = ["expected"] if "expected" in frame else []
    return frame.reindex(columns=["n", "is_few", "value", "low", "high", "target", *more])


def without_interval(result, frame):
    """(per row of estimates whether it has a value but no interval while others have one, why in words)."""
    is_known, has_value = (np.isfinite(frame[name].to_numpy(float)) for name in ("low", "value"))
    found = has_value & ~is_known & (is_known & has_value).any()
    is_few = result.attrs["shape"] == "mean" and (frame["n"].to_numpy(float)[found] < FEWEST_OF_MEAN).all()
    return found, words.text("chart.key.no_interval" if is_few else "chart.key.no_interval_known")


def limit_of(result, value):
    """Of medians whose targets are limits for a share of the cases that share, "" where there is none; else None."""
    attrs, target = result.attrs, result.attrs.get("target") or {}
    is_median = attrs["shape"] == "wait" and "target_seconds" in result and value.startswith("median")
    if not is_median or target.get("of") == value:
        return None
    return shown(target["value"], "rate") if "value" in target else ""


def befores(result, before, keys):
    """Per row the value of the period before; nan without one, or where too few cases had it. Or the one from outside."""
    if result.attrs.get("against") == "outside":
        return result["previous"].to_numpy(float)
    if before is None or "previous" not in before:
        return np.full(len(result), np.nan)
    least = before.attrs.get("minimum_count", 1)
    known = before["previous"].where(before["previous_n"] >= least).to_numpy(float)
    there = dict(zip(map(tuple, before[keys].astype(str).to_numpy()), known, strict=True))
    return np.array([there.get(tuple(row), np.nan) for row in result[keys].astype(str).to_numpy()], float)


def shown(value, unit):
    """A value as charts write it; "" where there is none.

    >>> shown(0.137, "rate"), shown(57_810, "log"), shown(3.216, "score"), shown(float("nan"), "rate")
    ('14\\xa0%', '16\\xa0h', '3.22', '')
    """
    if not np.isfinite(value):
        return ""
    if unit in ("log", "seconds"):
        return words.duration(_whole(float(value)))
    if unit == "number":
        return format_value(float(value), "number")
    return format_value(value, unit) if is_signed(unit) else words.value_text(float(value), unit)


def is_signed(unit):
    """Whether a unit is that of a difference, which is shown with its sign.

    >>> is_signed("points"), is_signed("change in seconds"), is_signed("seconds")
    (True, True, False)
    """
    return unit == "points" or unit.startswith("change in ")


def _whole(seconds):
    """Seconds rounded so that ten and more of a unit have no decimals."""
    for size in (DAY, 3600, 60, 1):
        if seconds >= 10 * size or size == 1:
            return round(seconds / size) * size if seconds >= 10 * size else seconds
        if seconds >= size and (size < DAY or seconds >= 2 * size):
            return seconds
    return seconds


def told(name, row, unit):
    """The title of a mark: its name, its value with the interval, its count."""
    if not np.isfinite(row.value):
        return name
    if hasattr(row, "expected"):
        about = {"name": name, "value": shown(row.value, unit)}
        ends = {"low": shown(row.low, unit), "high": shown(row.high, unit)}
        return (
            words.text("chart.mark_expected", **about, **ends)
            if np.isfinite(row.low)
            else words.text("chart.mark_of_count", **about)
        )
    if is_signed(unit):
        value = format_value(row.value, "points")
    else:
        value = words.estimate(row.value, row.low, row.high, {"log": "seconds"}.get(unit, unit))
    key = "chart.mark_of_count" if unit == "count" else "chart.mark"
    return words.text(key, name=name, value=value, n=words.number(row.n))


# --- names ----------------------------------------------------------------------------------------


def label_of(attrs, name=None):
    """What a metric's value is called on an axis; the one of the result, if none is named."""
    key = f"metric.{name or attrs['metric']}"
    if words.has(f"{key}.label"):
        return words.text(f"{key}.label")
    return words.text(f"{key}.title") if words.has(key) else heading(name or attrs["value"])


def group_keys(result, name="by"):
    """The columns that tell the groups of a result apart; with "rows", those that tell its rows apart."""
    return [key for key in result.attrs.get(name, result.attrs["by"]) if key in result.columns]


def row_names(result, keys):
    """One name per row: its keys' values, with a dot between."""
    if not keys:
        return [words.text("chart.all")] * len(result)
    columns = [[_name(result.attrs, key, value) for value in result[key]] for key in keys]
    return [_isolated(" · ".join(parts)) for parts in zip(*columns, strict=True)]


def _isolated(name):
    """A name from the right to the left ends with a mark, so that a number after it stays after it.

    >>> [len(_isolated(name)) for name in ("abc", "شكا")]
    [3, 4]
    """
    return name + "\u200e" if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in name) else name


def _name(attrs, key, value):
    if key == attrs.get("part"):
        return part_names(attrs)[attrs["parts"].index(value)]
    return words.display_name(value, key, 90, with_year=False)


def part_names(attrs):
    """The parts of a whole in words, in their order."""
    said = attrs.get("part_words") or [(part, {}) for part in attrs["parts"]]
    return [words.sentence_case(words.part_name(code, ends)) for code, ends in said]


def is_nobody(result, keys):
    """Per row: whether its group is that of no topic, no agent ..."""
    found = np.zeros(len(result), bool)
    for key in keys:
        found |= np.array([words.is_none(value) for value in result[key]], bool)
    return found


def time_key(result, keys):
    """The key that is drawn along the horizontal axis, if there is one."""
    for key in keys:
        dtype = result[key].dtype
        if pd.api.types.is_datetime64_any_dtype(dtype):
            return key
        if key == "hour" and pd.api.types.is_numeric_dtype(dtype):
            return key
        if key == "weekday" and isinstance(dtype, pd.CategoricalDtype):
            return key
    return None


def only(values):
    """The value that all rows have; nan where they differ or have none."""
    return values.iloc[0] if values.nunique(dropna=False) == 1 else np.nan


# --- scales ---------------------------------------------------------------------------------------


class Scale(NamedTuple):
    low: float
    high: float
    ticks: list
    labels: list
    is_log: bool


def scale(unit, *values):
    """The scale for values of a unit, with ticks that people would choose.

    >>> scale("rate", [0.137, float("nan")]).labels == ["0\\xa0%", "5\\xa0%", "10\\xa0%", "15\\xa0%"]
    True
    >>> scale("count", [87]).ticks, scale("net", [-0.12, 0.31]).labels, scale("money", [-63.4, 152]).ticks
    ([0, 20, 40, 60, 80, 100], ['−20', '0', '20', '40'], [-100, -50, 0, 50, 100, 150, 200])
    """
    known = np.concatenate([np.asarray(part, float) for part in values])
    known = known[np.isfinite(known)]
    top, low = (known.max(), min(known.min(), 0)) if len(known) else (0.0, 0)
    if unit == "log":
        positive = known[known > 0]
        return _log(positive.min() if len(positive) else 60, top if top > 0 else 3600)
    if unit == "net":
        return _net(known)
    if unit == "rate" and top > 0.4:
        ticks = [tick / 10 for tick in range(0, 2 * math.ceil(min(top, 1) * 5 - 1e-9) + 1, 2)]
    elif unit == "seconds":
        top = max(top, 1)
        step = next((step for step in TIME_STEPS if top / step <= 5), DAY * math.ceil(top / DAY / 5))
        ticks = [step * place for place in range(math.ceil(top / step - 1e-9) + 1)]
    else:
        ticks = _round_ticks(max(top, -low, {"rate": 0.004, "count": 1}.get(unit, 1e-9)), unit == "count", low)
    return Scale(ticks[0], max(ticks[-1], top), ticks, [_tick(tick, unit) for tick in ticks], False)


def _net(known):
    """The part of the scale from −100 to 100 that holds the values and 0."""
    low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
    step = 0.2 if max(high, 0) - min(low, 0) <= 1 else 0.5
    first, last = math.floor(min(low, 0) / step + 1e-9), max(math.ceil(max(high, 0) / step - 1e-9), 1)
    ticks = [round(step * place, 12) for place in range(first, last + 1)]
    return Scale(min(ticks[0], low), max(ticks[-1], high), ticks, [_tick(tick, "net") for tick in ticks], False)


def _tick(value, unit):
    if unit == "net":
        return words.net(value)
    if unit == "rate":
        return words.percent(value, 0 if round(value * 100, 6) == round(value * 100) else 1)
    if unit == "seconds":
        return words.duration(value) if value else "0"
    return words.number(value, 0 if value == round(value) else 1 if round(value * 10, 6) == round(value * 10) else 2)


def _round_ticks(top, is_whole=False, low=0):
    size = 10 ** math.floor(math.log10(top / 5))
    steps = [size * times for times in (1, 2, 5, 10)]
    step = next(step for step in steps if top / step <= 5 + 1e-9)
    step = max(1, round(step)) if is_whole else step
    return [round(step * at, 12) for at in range(math.floor(low / step + 1e-9), math.ceil(top / step - 1e-9) + 1)]


def _log(low, high):
    """A logarithmic scale of seconds with ticks at a minute, an hour, a day."""
    low, high = max(low, 0.5), max(high, 1)
    # it begins and ends at a tick or between two, so that at least two are seen
    start = max([tick for tick in TIME_TICKS if tick <= low], default=TIME_TICKS[0] / 2)
    end = min([tick for tick in TIME_TICKS if tick >= high], default=high * 1.3)
    low, high = max(start, low / 2.2) * 0.95, min(end, high * 2.2) * 1.05
    if sum(low <= tick <= high for tick in TIME_TICKS) < 2:
        low, high = start * 0.95, end * 1.05
    ticks = [tick for tick in TIME_TICKS if low <= tick <= high]
    return Scale(low, high, ticks, [words.duration(tick) for tick in ticks], True)


def span_scale(low, high):
    """A logarithmic scale of seconds from one time to another."""
    return _log(low, high)


# --- time -----------------------------------------------------------------------------------------


class Steps(NamedTuple):
    """Where the values of a key stand along the horizontal axis."""

    key: str
    at: np.ndarray
    width: float  # of one step
    ticks: list
    labels: list


def steps_of(values, key):
    """The places of hours, weekdays (Monday is 0) or days (since 1970) along the horizontal axis."""
    if key == "hour":
        ticks = np.arange(0, 24, 3)
        return Steps(key, values.to_numpy(float), 1.0, ticks, hour_names(ticks))
    if key == "weekday":
        return Steps(key, values.cat.codes.to_numpy(float), 1.0, np.arange(7), weekday_names(range(7)))
    at = date2num(values.to_numpy())
    unique = np.unique(at)
    gap = float(np.median(np.diff(unique))) if len(unique) > 1 else 1.0
    ticks = unique
    if key == "day" and np.ptp(unique) >= 14:  # a week begins with a Monday
        every_day = np.arange(unique[0], unique[-1] + 1)
        ticks = every_day[parts_of(every_day.astype("int64"))["week"] == every_day]
    ticks = ticks[:: max(1, math.ceil(len(ticks) / 13))]
    labels, year = [], num2date(unique[0]).year
    for date in map(num2date, ticks):
        new_year = date.year != year and key != "year"
        labels.append(_date(date, DATES.get(key, "d MMM")) + (f" {date:%Y}" if new_year else ""))
        year = date.year
    return Steps(key, at, STEPS.get(key, gap), ticks, labels)


def _date(day, pattern):
    from babel.dates import format_date

    language = words.language()
    return format_date(day, pattern, locale=DEFAULT if language == words.PSEUDO else language)


def hour_names(hours):
    return [format_value(hour, "hour") for hour in hours]


def weekday_names(numbers):
    """The short names of weekdays, Monday is 0.

    >>> weekday_names([0, 6])
    ['Mon', 'Sun']
    """
    return [words.weekday_name(day_of(4 + number)) for number in numbers]  # 1970-01-05 was a Monday
