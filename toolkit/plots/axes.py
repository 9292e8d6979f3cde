"""What every chart stands on: style, colours by role, labels in words, scales by unit, places along the time."""

import math
import warnings
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.dates import date2num, num2date
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from toolkit import words
from toolkit.clock import day_of
from toolkit.clock.timeline import parts_of
from toolkit.result import format_value, heading
from toolkit.words.catalogue import DEFAULT

INK = "#123457"
BLUE, RED, GREEN, PURPLE, BROWN, GREY = "#2a78c8", "#d55e00", "#0f8a6d", "#b8609a", "#a67c00", "#7c8591"
SERIES = (BLUE, RED, GREEN, PURPLE, BROWN, GREY)
DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)), (0, (3, 1)), (0, (8, 2)))
DATA, HIGHLIGHT, CONTEXT, HARM, GOOD = BLUE, RED, GREY, RED, GREEN

WIDTH = 7.5  # inches
LONGEST_LABEL = 26
DAY = 86_400
# widths in days of the steps of time that metrics group by
STEPS = {"day": 1, "week": 7, "month": 30.4, "quarter": 91.3, "year": 365.2}
TIME_TICKS = (1, 10, 60, 600, 3600, 6 * 3600, DAY, 7 * DAY, 30 * DAY, 365 * DAY)  # seconds, of a logarithmic axis
DATES = {"month": "MMM", "quarter": "QQQ", "year": "y"}  # CLDR's patterns

# Emoji and other scripts in labels: the SVG keeps text as text, and the reader's browser has the glyphs.
warnings.filterwarnings("ignore", message=r"Glyph \d+ .*missing from")


def style():
    """A context in which matplotlib draws as the reports do; the settings outside stay as they are."""
    return plt.rc_context(
        {
            **dict.fromkeys(("figure.facecolor", "axes.facecolor", "savefig.facecolor"), "none"),
            **dict.fromkeys(("font.size", "legend.fontsize"), 9.5),
            **dict.fromkeys(("text.color", "grid.color"), INK),
            **dict.fromkeys(("text.parse_math", "legend.frameon"), False),
            **dict.fromkeys(("axes.linewidth", "hatch.linewidth"), 0.8),
            "font.family": "sans-serif",
            "axes.axisbelow": True,
            "axes.unicode_minus": True,
            "grid.alpha": 0.16,
            "grid.linewidth": 0.7,
            "lines.linewidth": 1.8,
            "lines.solid_capstyle": "round",
        }
    )


def close(figure):
    """Forget a figure that has been shown, so that it is neither shown twice nor kept."""
    plt.close(figure)


def new(ax, height, panels=1):
    # pyplot's figures are the ones that Jupyter shows by itself; `close` takes them off its list
    make = {"figsize": (WIDTH, height), "layout": "constrained", "sharey": True}
    return plt.subplots(1, panels, **make)[1] if ax is None else ax


def dress(ax):
    """Ink and spines, also on axes that were made outside of `style()`."""
    ax.set_facecolor("none")
    ax.spines[["top", "right"]].set_visible(False)
    for spine in ax.spines.values():
        spine.set_color(INK)
    ax.tick_params(which="both", color=INK, labelcolor=INK, labelsize=9.5, width=0.8)
    for label in (ax.xaxis.label, ax.yaxis.label):
        label.set(color=INK, fontsize=9.5)


def say(ax, text):
    """Axes that hold a sentence instead of a chart."""
    ax = new(ax, 1.2)
    ax.set_axis_off()
    ax.text(0.5, 0.5, text, ha="center", va="center", color=INK, fontsize=11, transform=ax.transAxes)
    return ax


# --- labels ---------------------------------------------------------------------------------------


def label_of(attrs, name=None):
    """What a metric's value is called on an axis; the one of the result, if none is named."""
    key = f"metric.{name or attrs['metric']}"
    if words.has(f"{key}.label"):
        return words.text(f"{key}.label")
    return words.text(f"{key}.title") if words.has(key) else heading(name or attrs["value"])


def group_keys(result, name="by"):
    """The columns that tell the groups of a result apart; with "rows", those that tell its rows apart."""
    return [key for key in result.attrs.get(name, result.attrs["by"]) if key in result.columns]


def row_labels(result, keys):
    """One label per row: its keys' values, with a dot between."""
    if not keys:
        return [""] * len(result)
    limit = LONGEST_LABEL if len(keys) == 1 else max(12, LONGEST_LABEL // len(keys) + 3)
    columns = [[_name(result.attrs, key, value, limit) for value in result[key]] for key in keys]
    return [" · ".join(parts) for parts in zip(*columns, strict=True)]


def _name(attrs, key, value, limit):
    if key == attrs.get("part"):
        return part_names(attrs)[attrs["parts"].index(value)]
    return words.display_name(value, key, limit, with_year=key in ("day", "week"))


def part_names(attrs):
    """The parts of a whole in words, in their order."""
    said = attrs.get("part_words") or [(part, {}) for part in attrs["parts"]]
    return [words.part_name(code, ends) for code, ends in said]


def part_fills(attrs):
    """(colour, strength, hatch) per part: spans of time fade from the quickest, other parts go from harm to good."""
    said = [code for code, _ in attrs.get("part_words", ())]
    spans = [code for code in said if code in ("within", "between", "after")]
    if spans:
        ends = [(HARM, 0.4, "////"), (CONTEXT, 0.3, "\\\\\\\\")]  # what never came, in their order
        return [*((DATA, float(fade), None) for fade in np.linspace(0.85, 0.1, len(spans))), *ends]
    middle = max((len(attrs["parts"]) - 1) / 2, 0.5)
    away = [(place - middle) / middle for place in range(len(attrs["parts"]))]
    return [(HARM if far < 0 else DATA if far else CONTEXT, 0.75 * abs(far) or 0.25, None) for far in away]


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


def left_out(number, key="chart.groups_left_out"):
    """A note on what is left out; nothing when nothing is.

    >>> left_out(1), left_out(0)
    ('1 group with fewer cases not shown', '')
    """
    return words.text(key, n=number) if number > 0 else ""


def column_texts(ax, at, *columns):
    """Right-aligned columns of text beside the rows, in the right margin."""
    place = 6.0  # points from the axes
    for texts in columns:
        place += 8 + 5.9 * max(map(len, texts), default=0)
        for y, text in zip(at, texts, strict=True):
            ax.annotate(
                text, (1, y), (place, 0), xycoords=ax.get_yaxis_transform(), textcoords="offset points",
                ha="right", va="center", color=INK, annotation_clip=False,
            )  # fmt: skip


def name_rows(ax, labels):
    """Name rows at the left, the first one on top; returns where they are."""
    at = np.arange(len(labels))[::-1]
    ax.set_ylim(-0.6, len(labels) - 0.4)
    ax.set_yticks(at, labels)
    ax.tick_params(axis="y", length=0)
    return at


def only(values):
    """The value that all rows have; nan where they differ or have none."""
    return values.iloc[0] if values.nunique(dropna=False) == 1 else np.nan


def notes(ax, label, lines):
    """The label of the horizontal axis, and below it what the reader must know."""
    ax.set_xlabel("\n".join(text for text in (label, *lines) if text), color=INK, linespacing=1.5)


def _spread(wanted, gap):
    """Positions in [0, 1] near the wanted ones, at least `gap` apart where there is room.

    >>> [round(float(y), 2) for y in _spread([0.5, 0.52, 0.99, 1.0], 0.1)]
    [0.5, 0.6, 0.9, 1.0]
    """
    order = np.argsort(wanted, kind="stable")
    placed = np.array(wanted, float)
    for below, above in zip(order, order[1:], strict=False):
        placed[above] = max(placed[above], placed[below] + gap)
    highest = 1.0
    for place in order[::-1]:  # what was pushed over the top comes down again, and pushes what is below it
        placed[place] = min(placed[place], highest)
        highest = placed[place] - gap
    return placed


def label_ends(ax, ends):
    """Name lines where they end, in the right margin; `ends` are (text, y in data, colour)."""
    height = ax.get_position().height * ax.figure.get_figheight()
    project = ax.transScale + ax.transLimits
    at = [float(np.clip(project.transform((ax.get_xlim()[1], y))[1], 0, 1)) for _, y, _ in ends]
    lines = max((text.count("\n") + 1 for text, _, _ in ends), default=1)
    for (text, _, colour), y, placed in zip(ends, at, _spread(at, 0.175 * lines / max(height, 1)), strict=True):
        ax.plot([1, 1.022], [y, placed], transform=ax.transAxes, clip_on=False, color=colour, linewidth=1.2)
        ax.text(1.03, placed, text, transform=ax.transAxes, ha="left", va="center", color=INK)


# --- scales ---------------------------------------------------------------------------------------


def percent(axis, top):
    """A percent axis from 0; its end is 100 % when the data comes near it."""
    axis.axes.set(**{f"{axis.axis_name}lim": (0, 1 if top > 0.7 else max(top * 1.12, 0.02))})
    axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{round(value * 100, 6):g} %"))


def _seconds(axis, top):
    """A linear time axis from 0 with ticks that people would choose."""
    top = max(top, 1) * 1.12
    # what is labelled in minutes has steps of half a minute or more, and so on: nobody reads "1.2 min"
    finest = 12 * 3600 if top > DAY else 1800 if top > 3600 else 30 if top > 60 else 1
    steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 4 * 3600, 12 * 3600, DAY]
    step = next((step for step in steps if step >= finest and top / step <= 6), DAY * math.ceil(top / DAY / 6))
    ticks = np.arange(0, top, step)
    axis.set_ticks(ticks, [format_value(tick, "seconds") if tick else "0" for tick in ticks])
    axis.axes.set(**{f"{axis.axis_name}lim": (0, top)})


def log_time(axis, low, high):
    """A logarithmic time axis with ticks at a minute, an hour, a day."""
    low, high = max(low, 0.5), max(high, 1)
    # it begins and ends at a tick or between two, so that at least two are seen
    start = max([tick for tick in TIME_TICKS if tick <= low], default=TIME_TICKS[0] / 2)
    end = min([tick for tick in TIME_TICKS if tick >= high], default=high * 1.3)
    low, high = max(start, low / 2.2) * 0.95, min(end, high * 2.2) * 1.05
    if sum(low <= tick <= high for tick in TIME_TICKS) < 2:
        low, high = start * 0.95, end * 1.05
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.axes.set(**{f"{axis.axis_name}lim": (low, high)})
    shown = [tick for tick in TIME_TICKS if low <= tick <= high]
    axis.set_ticks(shown, [format_value(tick, "seconds") for tick in shown])
    axis.set_minor_locator(NullLocator())


def scale(axis, unit, *values):
    """Set the axis up for values of a unit: "rate", "seconds", "log" (of seconds), "count" or another number."""
    known = np.concatenate([np.asarray(part, float) for part in values])
    known = known[np.isfinite(known)]
    top, positive = (known.max(), known[known > 0]) if len(known) else (0.0, known)
    if unit == "rate":
        percent(axis, top)
    elif unit == "seconds":
        _seconds(axis, top)
    elif unit == "log":
        log_time(axis, positive.min() if len(positive) else 60, top if top > 0 else 3600)
    else:
        axis.axes.set(**{f"{axis.axis_name}lim": (0, max(top * 1.1, 1))})
        axis.set_major_locator(MaxNLocator(5, integer=unit == "count"))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def _date(day, pattern):
    from babel.dates import format_date

    language = words.language()
    return format_date(day, pattern, locale=DEFAULT if language == words.PSEUDO else language)


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
    ticks = ticks[:: max(1, math.ceil(len(ticks) / 7))]
    labels, year = [], None
    for date in map(num2date, ticks):
        text = _date(date, DATES.get(key, "d MMM"))
        labels.append(f"{text}\n{date:%Y}" if date.year != year and key != "year" else text)
        year = date.year
    return Steps(key, at, STEPS.get(key, gap), ticks, labels)


def set_steps(ax, steps, margin):
    """Set the horizontal axis up for steps of time; all hours of the day and all days of the week have a place."""
    whole = {"hour": [0, 23], "weekday": [0, 6]}.get(steps.key, steps.at)
    ax.set_xlim(np.min(whole) - steps.width * margin, np.max(whole) + steps.width * margin)
    ax.set_xticks(steps.ticks, steps.labels)
    ax.grid(axis="y")


def shade(ax, steps, period):
    """Shade the reported period if there are steps before it; returns which steps lie in it: all, where none is told."""
    if period is None or period.first_day is None:
        return np.ones(len(steps.at), bool)
    begins = steps.at + max(STEPS.get(steps.key, steps.width) - 1, 0) >= date2num(period.first_day)
    reported = begins & (steps.at <= date2num(period.last_day))
    if reported.any() and not reported.all():
        low, high = steps.at[reported].min() - steps.width / 2, steps.at[reported].max() + steps.width / 2
        ax.axvspan(low, high, color=CONTEXT, alpha=0.14, linewidth=0, zorder=0)
        place = {"xycoords": ax.get_xaxis_transform(), "textcoords": "offset points", "va": "bottom"}
        name = words.text("chart.reported_period")
        ax.annotate(name, (max(low, ax.get_xlim()[0]), 1), (3, 3), color=INK, fontsize=9, **place)
    return reported


def hour_names(hours):
    return [format_value(hour, "hour") for hour in hours]


def weekday_names(numbers):
    """The short names of weekdays, Monday is 0.

    >>> weekday_names([0, 6])
    ['Mon', 'Sun']
    """
    return [words.weekday_name(day_of(4 + number)) for number in numbers]  # 1970-01-05 was a Monday


def time_label(key):
    """What the horizontal axis is called."""
    return words.text(f"chart.axis.{key}") if words.has(f"chart.axis.{key}") else heading(key)
