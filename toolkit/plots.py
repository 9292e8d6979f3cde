"""Charts: plot_*(result, ax=None) -> ax, one per metric. They draw what a metric returned and compute none.

The background is transparent and every text and axis has the colour `INK`, a placeholder that the display
layer replaces by the reader's own text colour; all other colours keep a contrast of 3:1 and more on white and
on #111. Labels are data: they are never read as mathtext, and long ones end in "…".

>>> import pandas as pd
>>> from toolkit.result import Result
>>> rates = {"queue": ["a", "b"], "n": [90, 3], "csat": [0.8, 0.3], "low": [0.7, 0.1], "high": [0.9, 0.7]}
>>> ax = plot_csat(Result.of(pd.DataFrame(rates), "csat", {}, by=["queue"], minimum_count=10))
>>> [label.get_text() for label in ax.get_yticklabels()]
['a', 'b']
>>> close(ax.figure)
"""

import functools
import math
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.dates import date2num, num2date
from matplotlib.legend_handler import HandlerTuple
from matplotlib.patches import Patch, Rectangle
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator
from matplotlib.transforms import ScaledTranslation

from toolkit.errors import BadParameter
from toolkit.findings import check_result, group_keys, value_name
from toolkit.result import format_value, heading

INK = "#123457"
BLUE, RED, GREEN, PURPLE, BROWN, GREY = "#2a78c8", "#d55e00", "#0f8a6d", "#b8609a", "#a67c00", "#7c8591"
SERIES = (BLUE, RED, GREEN, PURPLE, BROWN, GREY)
DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)), (0, (3, 1)), (0, (8, 2)))

WIDTH = 7.5  # inches
MOST_ROWS, MOST_LINES, MOST_BARS = 15, len(SERIES), 62
MOST_STEPS = 31  # rows of a table in time
MOST_BANDS = 4  # more bands than that hide each other
LONGEST_LABEL = 26
FILL = 0.45  # strength of the areas, whose outline is full
DAY = 86_400
# widths in days of the steps of time that metrics group by
STEPS = {"day": 1, "week": 7, "month": 30.4, "quarter": 91.3, "year": 365.2}
TIME_TICKS = {
    1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min", 3600: "1 h", 6 * 3600: "6 h", DAY: "1 d", 7 * DAY: "7 d",
    30 * DAY: "30 d", 365 * DAY: "365 d",
}  # fmt: skip

# Emoji and other scripts in labels: the SVG keeps text as text, and the reader's browser has the glyphs.
warnings.filterwarnings("ignore", message=r"Glyph \d+ .*missing from")


def style():
    """A context in which matplotlib draws as the reports do; the settings outside stay as they are."""
    return plt.rc_context(
        {
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "savefig.facecolor": "none",
            "font.family": "sans-serif",
            "font.size": 9.5,
            "text.color": INK,
            "text.parse_math": False,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "axes.labelsize": 9.5,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.linewidth": 0.8,
            "axes.axisbelow": True,
            "axes.unicode_minus": True,
            "axes.titlesize": 9.5,
            "xtick.color": INK,
            "ytick.color": INK,
            "grid.color": INK,
            "grid.alpha": 0.16,
            "grid.linewidth": 0.7,
            "lines.linewidth": 1.8,
            "lines.solid_capstyle": "round",
            "legend.frameon": False,
            "legend.fontsize": 9.5,
            "hatch.linewidth": 0.8,
        }
    )


def close(figure):
    """Forget a figure that has been shown, so that it is neither shown twice nor kept."""
    plt.close(figure)


def _chart(function):
    """Draw in `style()`, on new axes if none are given; no text is mathtext; only of the metric of that name."""
    metric = function.__name__.removeprefix("plot_").removesuffix("_distribution")

    @functools.wraps(function)
    def drawn(result, ax=None, *arguments, **options):
        check_result(function.__name__, metric, result)
        with style():
            ax = function(result, ax, *arguments, **options)
            _dress(ax)
            for text in ax.figure.findobj(Text):
                text.set_parse_math(False)
        return ax

    return drawn


def _new(ax, height=3.2):
    # pyplot's figures are the ones that Jupyter shows by itself; `close` takes them off its list
    return plt.subplots(figsize=(WIDTH, height), layout="constrained")[1] if ax is None else ax


def _dress(ax):
    """Ink and spines, also on axes that were made outside of `style()`."""
    ax.set_facecolor("none")
    ax.spines[["top", "right"]].set_visible(False)
    for spine in ax.spines.values():
        spine.set_color(INK)
    ax.tick_params(which="both", color=INK, labelcolor=INK, labelsize=9.5, width=0.8)
    for label in (ax.xaxis.label, ax.yaxis.label):
        label.set_color(INK)


def _say(ax, text):
    """Axes that hold a sentence instead of a chart."""
    ax = _new(ax, 1.2)
    ax.set_axis_off()
    ax.text(0.5, 0.5, text, ha="center", va="center", color=INK, fontsize=11, transform=ax.transAxes)
    return ax


# --- labels ---------------------------------------------------------------------------------------


def _labels(result, keys):
    """One label per row: its keys' values, with a dot between."""
    if not keys:
        return ["all"] * len(result)
    limit = LONGEST_LABEL if len(keys) == 1 else max(12, LONGEST_LABEL // len(keys) + 3)
    columns = [[value_name(value, key, limit) for value in result[key]] for key in keys]
    return [" · ".join(parts) for parts in zip(*columns, strict=True)]


def _time_key(result, keys):
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


def _count(result):
    name = result.attrs.get("count", "n")
    return result[name].to_numpy(float) if name in result.columns else np.full(len(result), np.nan)


def _few(result):
    minimum = result.attrs.get("minimum_count", 1)
    return f"○ too few to show: fewer than {minimum} cases"


def _show(value, unit):
    return format_value(float(value), unit)


def _others(number, what="groups with fewer cases"):
    """A note on what is left out; nothing when nothing is.

    >>> _others(1), _others(0)
    ('1 group with fewer cases not shown', '')
    """
    if number < 1:
        return ""
    return f"{number:,} {what.replace('groups', 'group', 1) if number == 1 else what} not shown"


def _column_texts(ax, at, *columns):
    """Right-aligned columns of text beside the rows, in the right margin."""
    place = 6.0  # points from the axes
    for texts in columns:
        place += 8 + 5.9 * max(map(len, texts), default=0)
        for y, text in zip(at, texts, strict=True):
            ax.annotate(
                text, (1, y), (place, 0), xycoords=ax.get_yaxis_transform(), textcoords="offset points",
                ha="right", va="center", color=INK, annotation_clip=False,
            )  # fmt: skip


def _notes(ax, label, notes):
    """The label of the horizontal axis, and below it what the reader must know."""
    lines = [text for text in (label, *notes) if text]
    ax.set_xlabel("\n".join(lines), color=INK, linespacing=1.5)


# --- axes -----------------------------------------------------------------------------------------


def _percent(axis, top):
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
    axis.set_ticks(ticks, [_show(tick, "seconds") if tick else "0" for tick in ticks])
    axis.axes.set(**{f"{axis.axis_name}lim": (0, top)})


def _log_time(axis, low, high):
    """A logarithmic time axis with ticks at a minute, an hour, a day."""
    low, high = max(low, 0.5), max(high, 1)
    ticks = list(TIME_TICKS)
    # it begins and ends at a tick or between two, so that at least two are seen
    start = max([tick for tick in ticks if tick <= low], default=ticks[0] / 2)
    end = min([tick for tick in ticks if tick >= high], default=high * 1.3)
    low, high = max(start, low / 2.2) * 0.95, min(end, high * 2.2) * 1.05
    if sum(low <= tick <= high for tick in ticks) < 2:
        low, high = start * 0.95, end * 1.05
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.axes.set(**{f"{axis.axis_name}lim": (low, high)})
    shown = [tick for tick in ticks if low <= tick <= high]
    axis.set_ticks(shown, [TIME_TICKS[tick] for tick in shown])
    axis.set_minor_locator(NullLocator())


def _scale(axis, unit, lows, values, highs):
    """Set the axis up for values of a unit: "rate", "seconds", "log" or "count"."""
    known = np.concatenate([np.asarray(part, float) for part in (lows, values, highs)])
    known = known[np.isfinite(known)]
    top, positive = (known.max(), known[known > 0]) if len(known) else (0.0, known)
    if unit == "rate":
        _percent(axis, top)
    elif unit == "seconds":
        _seconds(axis, top)
    elif unit == "log":
        _log_time(axis, positive.min() if len(positive) else 60, top if top > 0 else 3600)
    else:
        axis.axes.set(**{f"{axis.axis_name}lim": (0, max(top * 1.1, 1))})
        axis.set_major_locator(MaxNLocator(5, integer=True))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def _positions(values, key):
    """(positions, width of one, ticks, tick labels, axis label) along the horizontal axis."""
    if key == "hour":
        at = pd.Series(values).to_numpy(float)
        ticks = np.arange(0, 24, 3)
        return at, 1.0, ticks, [f"{tick:02d}:00" for tick in ticks], "Local hour of the day"
    if key == "weekday":
        at = pd.Series(values).cat.codes.to_numpy(float)
        at[at < 0] = np.nan
        names = [str(name)[:3] for name in pd.Series(values).cat.categories]
        return at, 1.0, np.arange(len(names)), names, "Weekday"
    stamps = pd.Series(pd.to_datetime(values))
    at = np.full(len(stamps), np.nan)
    at[stamps.notna().to_numpy()] = date2num(stamps.dropna().to_numpy())
    unique = np.unique(at[np.isfinite(at)])
    gap = float(np.median(np.diff(unique))) if len(unique) > 1 else 1.0
    ticks = unique
    if key == "day" and len(unique) and np.ptp(unique) >= 14:  # a week begins with a Monday
        every_day = np.arange(unique[0], unique[-1] + 1)
        ticks = every_day[(every_day + 3) % 7 == 0]
    ticks = ticks[:: max(1, math.ceil(len(ticks) / 7))]
    labels, year = [], None
    for tick in ticks:
        date = num2date(tick)
        if key == "year":
            labels.append(f"{date:%Y}")
            continue
        text = {"month": f"{date:%b}", "quarter": f"Q{(date.month + 2) // 3}"}.get(key, f"{date.day} {date:%b}")
        labels.append(f"{text}\n{date:%Y}" if date.year != year else text)
        year = date.year
    name = {"week": "Week, by its Monday"}.get(key, heading(key))
    return at, STEPS.get(key, gap), ticks, labels, name


def _spread(wanted, gap):
    """Positions in [0, 1] near the wanted ones, at least `gap` apart.

    >>> [round(float(y), 2) for y in _spread([0.5, 0.52, 0.99, 1.0], 0.1)]
    [0.41, 0.51, 0.89, 0.99]
    """
    order = np.argsort(wanted, kind="stable")
    placed = np.array(wanted, float)[order]
    for _ in range(200):
        moved = False
        for i in range(len(placed) - 1):
            lack = gap - (placed[i + 1] - placed[i])
            if lack > 1e-9:
                placed[i] -= lack / 2
                placed[i + 1] += lack / 2
                moved = True
        if len(placed) and placed[-1] > 1:
            placed -= placed[-1] - 0.99
            moved = True
        if not moved:
            break
    result = np.empty(len(placed))
    result[order] = placed
    return result


def _label_ends(ax, ends, x=1.0):
    """Name lines where they end, in the right margin; `ends` are (text, y in data, colour)."""
    if not ends:
        return
    height = ax.get_position().height * ax.figure.get_figheight()
    project = ax.transScale + ax.transLimits
    at = [float(np.clip(project.transform((ax.get_xlim()[1], y))[1], 0, 1)) for _, y, _ in ends]
    for (text, _, colour), y, placed in zip(ends, at, _spread(at, 0.175 / max(height, 1)), strict=True):
        ax.plot([x, x + 0.022], [y, placed], transform=ax.transAxes, clip_on=False, color=colour, linewidth=1.2)
        ax.text(x + 0.03, placed, text, transform=ax.transAxes, ha="left", va="center", color=INK)


# --- the three shapes: rows, along an axis, lines ---------------------------------------------------


def _whisker(ax, at, low, high, colour, upright, limit, width=1.6):
    """An interval; an end that isn't known is an arrow to the end of the axis."""
    if not np.isfinite(low):
        return
    is_open = not np.isfinite(high)
    end = limit if is_open else high
    points = ([at, at], [low, end]) if upright else ([low, end], [at, at])
    ax.plot(*points, color=colour, linewidth=width, solid_capstyle="butt", zorder=3)
    if is_open:
        marker, place = ("^", ([at], [end])) if upright else (">", ([end], [at]))
        ax.plot(*place, marker=marker, color=colour, markersize=5.5, clip_on=False, zorder=4, linestyle="none")


def _most(result, limit=MOST_ROWS, counts=None):
    """(the rows to draw, a note on the others): the groups with the most cases, or the latest, in their order."""
    counts = _count(result) if counts is None else counts
    if _time_key(result, group_keys(result)):
        limit = max(limit, MOST_STEPS)
        return result.iloc[-limit:], _others(len(result) - limit, "earlier groups")
    if len(result) <= limit:
        return result, ""
    kept = np.sort(np.argsort(-np.nan_to_num(counts), kind="stable")[:limit])
    return result.iloc[kept], _others(len(result) - limit)


def _rows(
    result,
    ax,
    value,
    ends,
    unit,
    label,
    text_unit=None,
    bars=False,
    keep_order=False,
    colours=None,
    counts_text=None,
    values_text=True,
):
    """One row per group: a point (or bar) with its interval; the figure and its count at the right."""
    keys = group_keys(result)
    result, note = _most(result)
    ordered = keep_order or any(isinstance(result[key].dtype, pd.CategoricalDtype) for key in keys)
    enough = result.enough().to_numpy(bool)
    if not ordered and len(result):
        rank = np.where(enough, result[value].to_numpy(float), -np.inf)
        result = result.iloc[np.argsort(-np.nan_to_num(rank, nan=np.inf), kind="stable")]
        enough = result.enough().to_numpy(bool)
    values, counts = result[value].to_numpy(float), _count(result)
    lows, highs = (result[end].to_numpy(float) for end in ends)
    ax = _new(ax, 0.85 + 0.3 * max(len(result), 2) + 0.2 * bool(note))
    at = np.arange(len(result))[::-1]
    _scale(ax.xaxis, unit, lows[enough], values[enough], highs[enough])
    ax.set_ylim(-0.6, len(result) - 0.4)
    ax.set_yticks(at, _labels(result, keys) if keys else [""] * len(result))
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x")
    limit = ax.get_xlim()[1]
    inside = ax.get_yaxis_transform() + ScaledTranslation(7 / 72, 0, ax.figure.dpi_scale_trans)
    shown = []
    for i, y in enumerate(at):
        colour = colours[i] if colours else BLUE
        if not enough[i]:
            ax.plot(0, y, "o", color=GREY, markerfacecolor="none", markersize=5.5, transform=inside)
            shown.append("too few")
            continue
        if bars and values[i] > 0:
            ax.barh(y, values[i], 0.62, color=to_rgba(colour, FILL), edgecolor=colour, linewidth=0.8)
        elif bars and values[i] == 0:  # a figure of 0 isn't a missing one
            ax.plot([0, 0], [y - 0.31, y + 0.31], color=colour, linewidth=2.5, solid_capstyle="butt", clip_on=False)
        elif not bars and np.isfinite(values[i]):
            ax.plot(values[i], y, "o", color=colour, markersize=6.5, zorder=4, clip_on=False)
        _whisker(ax, y, lows[i], highs[i], colour, False, limit)
        missing = "not reached" if unit == "log" else "–"
        shown.append(_show(values[i], text_unit or unit) if np.isfinite(values[i]) else missing)
    if counts_text is None:
        counts_text = [f"n = {n:,.0f}" if np.isfinite(n) else "" for n in counts]
    if values_text:
        _column_texts(ax, at, shown, counts_text)
    else:
        for y in at[~enough]:
            ax.annotate("too few", (0, y), (9, 0), xycoords=inside, textcoords="offset points", va="center", color=INK)
        _column_texts(ax, at, counts_text)
    _notes(ax, label, [note])
    return ax


def _along(result, ax, key, value, ends, unit, label, bars, highlight=None, reference=None, height=3.0):
    """One point or bar per hour, weekday, day, ...; `highlight` is "max" or None."""
    ax = _new(ax, height)
    at, width, ticks, names, name = _positions(result[key], key)
    known = np.isfinite(at)
    result, at = result[known], at[known]
    enough = result.enough().to_numpy(bool)
    values = np.where(enough, result[value].to_numpy(float), np.nan)
    lows, highs = (np.where(enough, result[end].to_numpy(float), np.nan) for end in ends) if ends else (values, values)
    extra = [] if reference is None else [reference]
    _scale(ax.yaxis, unit, lows, np.append(values, extra), highs)
    ax.set_xlim(*_limits(at, width, key))
    ax.set_xticks(ticks, names)
    ax.grid(axis="y")
    peak = int(np.nanargmax(values)) if highlight and np.isfinite(values).sum() > 1 else None
    limit = ax.get_ylim()[1]
    few = ~enough
    if len(at) > MOST_BARS:  # a line reads better than hundreds of bars
        ax.plot(at, values, color=BLUE, linewidth=1.5)
        if ends:
            ax.fill_between(at, lows, np.where(np.isfinite(highs), highs, limit), color=BLUE, alpha=0.2, linewidth=0)
    else:
        for i, x in enumerate(at):
            colour = RED if i == peak else BLUE
            if bars and values[i] > 0:
                ax.bar(x, values[i], width * 0.74, color=to_rgba(colour, FILL), edgecolor=colour, linewidth=0.8)
            elif bars and values[i] == 0:  # a figure of 0 isn't a missing one
                half = width * 0.37
                ax.plot([x - half, x + half], [0, 0], color=colour, linewidth=2.5, solid_capstyle="butt", clip_on=False)
            elif not bars and np.isfinite(values[i]):
                ax.plot(x, values[i], "o", color=colour, markersize=5.5, zorder=4, clip_on=False)
            if ends:
                _whisker(ax, x, lows[i], highs[i], colour, True, limit)
        floor = ax.get_ylim()[0]
        if few.any():
            ax.plot(
                at[few],
                np.full(few.sum(), floor),
                "o",
                color=GREY,
                markerfacecolor="none",
                markersize=5,
                clip_on=False,
                zorder=5,
            )
    if peak is not None:
        top = highs[peak] if ends and np.isfinite(highs[peak]) else values[peak]
        shown = _show(values[peak], "seconds" if unit == "log" else unit)
        ax.annotate(
            shown, (at[peak], top), (0, 4), textcoords="offset points", ha="center", color=INK, fontweight="bold"
        )
    if reference is not None:
        ax.axhline(reference, color=GREY, linewidth=1.3, linestyle=(0, (5, 3)), zorder=2)
        shown = _show(reference, "seconds" if unit == "log" else unit)
        _label_ends(ax, [(f"overall\n{shown}", reference, GREY)])
    ax.set_ylabel(label)
    _notes(ax, name, [_few(result) if few.any() else ""])
    return ax


def _limits(at, width, key):
    if key == "hour":
        return -0.6, 23.6
    if key == "weekday":
        return -0.6, 6.6
    low, high = (at.min(), at.max()) if len(at) else (0, 1)
    return low - width * 0.6, high + width * 0.6


def _lines(result, ax, key, groups, value, ends, unit, label, height=3.4):
    """One line with its band per group, named where it ends."""
    ax = _new(ax, height)
    at, width, ticks, names, name = _positions(result[key], key)
    frame = pd.DataFrame({"group": _labels(result, groups), "at": at, "n": _count(result)})
    frame["enough"] = result.enough().to_numpy(bool)
    for column, source in zip(("value", "low", "high"), (value, *ends), strict=False):
        frame[column] = np.where(frame["enough"], result[source].to_numpy(float), np.nan)
    frame = frame[np.isfinite(frame["at"])]
    sizes = frame.groupby("group", sort=False)["n"].sum().sort_values(ascending=False, kind="stable")
    shown = list(sizes.index[:MOST_LINES])
    note = _others(len(sizes) - len(shown))
    ends = ends if len(shown) <= MOST_BANDS else ()
    drawn = frame[frame["group"].isin(shown)]
    spans = [drawn[column] for column in (("low", "value", "high") if ends else ("value",))]
    _scale(ax.yaxis, unit, spans[0], drawn["value"], spans[-1])
    low, high = _limits(at[np.isfinite(at)], width, key)
    ax.set_xlim(low + width * 0.3, high - width * 0.3)
    ax.set_xticks(ticks, names)
    ax.grid(axis="y")
    named = []
    for place, group in enumerate(shown):
        part = drawn[drawn["group"] == group].sort_values("at")
        colour = SERIES[place]
        marker = "o" if len(part) <= 20 else None
        ax.plot(
            part["at"],
            part["value"],
            color=colour,
            linestyle=DASHES[place],
            marker=marker,
            markersize=3.8,
            linewidth=1.6,
        )
        if ends:
            ax.fill_between(
                part["at"], part["low"], part["high"].fillna(ax.get_ylim()[1]), color=colour, alpha=0.15, linewidth=0
            )
        last = part["value"].dropna()
        if len(last):
            named.append((group, last.iloc[-1], colour))
    _label_ends(ax, named)
    ax.set_ylabel(label)
    few = len(drawn) and not drawn["enough"].all()
    _notes(ax, name, [note, f"gaps: fewer than {result.attrs.get('minimum_count', 1)} cases" if few else ""])
    return ax


def _estimates(result, ax, value, ends, unit, label, bars=False, highlight=None, reference=None, text_unit=None):
    """The shape that the groups ask for: rows of groups, points along the time, or a line per group."""
    if not len(result):
        return _say(ax, "no data")
    if not result.enough().any():
        return _say(ax, f"too few: fewer than {result.attrs.get('minimum_count', 1)} cases")
    keys = group_keys(result)
    key = _time_key(result, keys)
    if key and len(keys) == 1:
        return _along(result, ax, key, value, ends, unit, label, bars, highlight, reference)
    if key:
        return _lines(result, ax, key, [one for one in keys if one != key], value, ends, unit, label)
    return _rows(result, ax, value, ends, unit, label, text_unit, bars)


def _stacked(labels, shares, counts, names, fills, ax, label, notes=(), enough=None):
    """One bar of 100 % per row; `fills` are (colour, strength, hatch) per part."""
    ax = _new(ax, 1.35 + 0.36 * max(len(labels), 1) + 0.2 * len([note for note in notes if note]))
    at = np.arange(len(labels))[::-1]
    left = np.zeros(len(labels))
    inches = ax.figure.get_figwidth() - 1.1 - 0.085 * max(map(len, labels), default=0)  # of 100 %, roughly
    enough, handles = np.ones(len(labels), bool) if enough is None else enough, []
    for part, (colour, strength, hatch) in enumerate(fills):
        width = np.where(enough, np.nan_to_num(shares[:, part]), 0)
        fill = to_rgba(colour, strength)
        some = width > 0  # a part of no width would still show its outline
        # an SVG's pattern has one opacity, in which a hatch would be lost: it is a layer of its own
        layers = [{"facecolor": fill}, *([{"facecolor": "none", "hatch": hatch}] if hatch else [])]
        for layer in layers:
            ax.barh(at[some], width[some], 0.66, left=left[some], edgecolor=colour, linewidth=0.8, **layer)
        handles.append(tuple(Patch(edgecolor=colour, linewidth=0.8, **layer) for layer in layers))
        for row in np.flatnonzero(width * inches >= 0.3):  # where the figure has room
            shown = f"{width[row] * 100:.0f} %" if width[row] * inches >= 0.44 else f"{width[row] * 100:.0f}"
            ax.text(left[row] + width[row] / 2, at[row], shown, ha="center", va="center", color=INK, fontsize=9)
        left += width
    few = [] if enough.all() else [["" if is_enough else "too few" for is_enough in enough]]
    _column_texts(ax, at, *few, [f"n = {n:,.0f}" for n in counts])
    ax.set_ylim(-0.6, len(labels) - 0.4)
    ax.set_yticks(at, labels)
    ax.tick_params(axis="y", length=0)
    _percent(ax.xaxis, 1)
    ax.spines["left"].set_visible(False)
    columns = len(names)
    if sum(map(len, names)) + 5 * len(names) > 85:  # two lines; a legend is filled by columns, read by lines
        columns = math.ceil(len(names) / 2)
        order = [place for i in range(columns) for place in range(i, len(names), columns)]
        handles, names = [handles[place] for place in order], [names[place] for place in order]
    ax.legend(
        handles, names, handler_map={tuple: HandlerTuple(1, 0)}, loc="lower left", bbox_to_anchor=(0, 1),
        ncols=columns, handlelength=1, handleheight=0.9, handletextpad=0.5, columnspacing=1.1, borderaxespad=0.2,
        labelcolor=INK,
    )  # fmt: skip
    _notes(ax, label, notes)
    return ax


# --- volume ---------------------------------------------------------------------------------------


@_chart
def plot_inbound_volume(result, ax=None):
    """Contacts per day, week, hour, ... as bars, per group as rows, or per both as lines; returns the axes."""
    if not len(result) or not result["n"].sum():
        return _say(ax, "no data")
    keys = group_keys(result)
    key = _time_key(result, keys)
    if key and len(keys) == 1:
        return _along(result, ax, key, "n", (), "count", "Contacts", bars=True)
    if key:
        return _lines(result, ax, key, [one for one in keys if one != key], "n", (), "count", "Contacts")
    shown = result.sort_values("n", ascending=False, kind="stable").iloc[:MOST_ROWS]
    return _bars(shown, ax, keys, len(result) - len(shown))


def _bars(result, ax, keys, others):
    """Plain bars of counts, largest first."""
    ax = _new(ax, 0.85 + 0.3 * max(len(result), 2))
    at, counts = np.arange(len(result))[::-1], result["n"].to_numpy(float)
    _scale(ax.xaxis, "count", counts, counts, counts)
    ax.barh(at, counts, 0.62, color=to_rgba(BLUE, 0.36), edgecolor=BLUE, linewidth=0.8)
    _column_texts(ax, at, [f"{n:,.0f}" for n in counts], [_show(share, "rate") for share in result["share"]])
    ax.set_ylim(-0.6, len(result) - 0.4)
    ax.set_yticks(at, _labels(result, keys) if keys else [""] * len(result))
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x")
    _notes(ax, "Contacts", [_others(others, "groups with fewer contacts")])
    return ax


@_chart
def plot_volume_heatmap(result, ax=None):
    """Mean contacts per weekday and local hour; the busiest hour is framed. Returns the axes."""
    if not len(result) or not result["n"].sum():
        return _say(ax, "no data")
    import seaborn

    ax = _new(ax, 3.1)
    table = pd.DataFrame(result).pivot(index="weekday", columns="hour", values="mean").astype(float)
    # From nothing to blue: what is faint on white is faint on black too. Few steps can be read off the bar.
    top = float(np.nanmax(table.to_numpy()))
    fade = LinearSegmentedColormap.from_list("fade", [to_rgba(BLUE, 0.04), to_rgba(BLUE, 1.0)], N=8)
    seaborn.heatmap(
        table, ax=ax, cmap=fade, vmin=0, vmax=top, linewidths=0, square=False,
        cbar_kws={"label": "Contacts per hour, mean", "pad": 0.015, "aspect": 14, "shrink": 0.95},
    )  # fmt: skip
    bar = ax.collections[0].colorbar
    bar.solids.set_edgecolor("none")
    bar.outline.set_visible(False)
    bar.ax.tick_params(color=INK, labelcolor=INK, labelsize=9.5, length=0)
    bar.ax.yaxis.label.set_color(INK)
    bar.ax.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    row, column = np.unravel_index(np.nanargmax(table.to_numpy()), table.shape)
    ax.add_patch(Rectangle((column, row), 1, 1, fill=False, edgecolor=RED, linewidth=2, clip_on=False, zorder=5))
    hours = [place for place, hour in enumerate(table.columns) if hour % 3 == 0]
    ax.set_xticks([place + 0.5 for place in hours], [f"{table.columns[place]:02d}:00" for place in hours], rotation=0)
    ax.set_yticks(np.arange(len(table)) + 0.5, [str(name)[:3] for name in table.index], rotation=0)
    ax.tick_params(length=0)
    ax.set_ylabel("")
    _notes(ax, "Local hour of the day", [])
    return ax


# --- responses ------------------------------------------------------------------------------------


@_chart
def plot_first_response_time(result, ax=None):
    """Median first response time with its 95 % interval, on a logarithmic axis; returns the axes.

    An upper end that isn't reached, as too many are still waiting, is an arrow.
    """
    label = "Median first response time (log scale)"
    ends = ("median_low", "median_high")
    return _estimates(result, ax, "median_seconds", ends, "log", label, text_unit="seconds")


@_chart
def plot_response_curve(result, ax=None):
    """The share answered within any span of time, with its 95 % band, a line per group; returns the axes."""
    if not len(result):
        return _say(ax, "no data")
    keys = group_keys(result)
    frame = pd.DataFrame(result)
    frame = frame.assign(group_=_labels(result, keys))[["group_", "seconds", "n", "share", "low", "high"]]
    parts = {name: part.sort_values("seconds") for name, part in frame.groupby("group_", sort=False)}
    sizes = {name: int(part["n"].max()) for name, part in parts.items()}
    shown = sorted(parts, key=lambda name: -sizes[name])[:MOST_LINES]
    minimum = result.attrs.get("minimum_count", 1)
    few = [name for name in shown if sizes[name] < minimum]
    shown = [name for name in shown if name not in few]
    if not shown:
        return _say(ax, f"too few: fewer than {minimum} cases")
    ax = _new(ax, 3.5)
    drawn = pd.concat([parts[name] for name in shown])
    grown = drawn[drawn["share"] > 0]
    first = grown["seconds"].clip(lower=1).min() if len(grown) else 60
    # nothing changes after the last answer, however long the others have been waiting
    # (and a tail of single late answers isn't worth half of the axis)
    changes = [part["seconds"][part["share"] >= 0.995 * part["share"].max()].min() for part in map(parts.get, shown)]
    last = np.nanmax([*changes, first * 10]) if len(grown) else drawn["seconds"].max()
    _log_time(ax.xaxis, first, last)
    _percent(ax.yaxis, 1)
    left, right = ax.get_xlim()
    ax.grid(axis="both")
    named = []
    for place, name in enumerate(shown):
        part, colour = parts[name], SERIES[place]
        before = part[part["seconds"] <= left].tail(1)
        part = part[(part["seconds"] > left) & (part["seconds"] <= right)]
        begin = (
            before.assign(seconds=left) if len(before) else part.head(1).assign(seconds=left, share=0, low=0, high=0)
        )
        part = (
            pd.concat([begin, part, part.tail(1).assign(seconds=right)])
            if len(part)
            else pd.concat([begin, begin.assign(seconds=right)])
        )
        dash = DASHES[place] if len(shown) > 1 else "-"
        ax.plot(part["seconds"], part["share"], color=colour, linestyle=dash, drawstyle="steps-post")
        if len(shown) <= MOST_BANDS:
            ax.fill_between(
                part["seconds"], part["low"], part["high"].fillna(1), step="post", color=colour, alpha=0.17, linewidth=0
            )
        if keys:
            named.append((f"{name} (n = {sizes[name]:,})", part["share"].iloc[-1], colour))
    _label_ends(ax, named)
    ax.set_ylabel("Answered")
    notes = [_others(len(parts) - len(shown), "groups with fewer conversations")]
    _notes(ax, "Time since the customer wrote (log scale)", notes)
    return ax


@_chart
def plot_response_time_buckets(result, ax=None):
    """The share answered within each span of time; per group stacked bars of 100 %. Returns the axes."""
    if not len(result) or not result["total"].sum():
        return _say(ax, "no data")
    if not result.enough().any():
        return _say(ax, f"too few: fewer than {result.attrs.get('minimum_count', 1)} cases")
    keys = group_keys(result)
    names = [str(name) for name in pd.unique(result["bucket"].astype(str))]
    fills = _bucket_fills(names)
    if not keys:
        shown = result.copy()
        shown.attrs = result.attrs | {"by": ["bucket"]}
        counted = [f"{row.n:,} of {row.total:,}" for row in shown.itertuples()]
        colours = [fill[0] for fill in fills]
        label = "Share of conversations"
        return _rows(shown, ax, "share", ("low", "high"), "rate", label, None, True, True, colours, counted)
    frame = pd.DataFrame(result).assign(group_=_labels(result, keys), enough_=result.enough().to_numpy(bool))
    # two long names may be shortened to the same label: the group is told by its keys
    frame["place_"] = frame.groupby(keys, dropna=False, sort=False, observed=True).ngroup()
    wide = frame.pivot(index="place_", columns="bucket", values="share").reindex(columns=names)
    first = frame.drop_duplicates("place_").set_index("place_").loc[wide.index]
    groups = result.iloc[np.flatnonzero(~frame["place_"].duplicated().to_numpy())].set_axis(first.index, axis=0)
    shown, note = _most(groups)
    shown = list(shown.index)
    if not _time_key(result, keys):  # the quickest first: by the share within the first span
        shown.sort(key=lambda place: (not first.at[place, "enough_"], -wide.at[place, names[0]]))
    wide, first = wide.loc[shown], first.loc[shown]
    totals, enough = first["total"].to_numpy(), first["enough_"].to_numpy(bool)
    label = "Share of conversations"
    return _stacked(list(first["group_"]), wide.to_numpy(float), totals, names, fills, ax, label, [note], enough)


def _bucket_fills(names):
    """Fading blues from the quickest to the slowest; what isn't answered is another colour, and hatched."""
    spans = [name for name in names if name != "not answered"]
    strengths = np.linspace(0.85, 0.1, max(len(spans), 1))
    fills = [(BLUE, float(strength), None) for strength in strengths[: len(spans)]]
    return [*fills, (RED, 0.4, "////")][: len(names)]


@_chart
def plot_response_rate(result, ax=None):
    """The share of conversations that got an answer, with its 95 % interval; returns the axes."""
    return _estimates(result, ax, "response_rate", ("low", "high"), "rate", "Response rate")


# --- calls ----------------------------------------------------------------------------------------


@_chart
def plot_abandonment_rate(result, ax=None, reference=None):
    """The share of callers who hung up, with its 95 % interval; along the time the peak is highlighted.

    Parameters
    ----------
    result : Result of `abandonment_rate`
    reference : float or Result without groups, optional
        The overall rate, drawn as a line.

    Returns
    -------
    Axes
    """
    overall = _reference(reference, "abandonment_rate")
    ax = _estimates(
        result,
        ax,
        "abandonment_rate",
        ("low", "high"),
        "rate",
        "Abandonment rate",
        bars=True,
        highlight="max",
        reference=overall,
    )
    keys = group_keys(result)
    if overall is not None and ax.has_data() and not _time_key(result, keys):
        ax.axvline(overall, color=GREY, linewidth=1.3, linestyle=(0, (5, 3)), zorder=2)
        _notes(ax, ax.get_xlabel(), [f"dashed: overall {_show(overall, 'rate')}"])
    return ax


def _reference(reference, column):
    if reference is None or isinstance(reference, int | float):
        return reference
    if hasattr(reference, "columns"):
        reference = reference[column].iloc[0] if len(reference) else float("nan")
    return float(reference) if reference == reference else None


@_chart
def plot_abandonment_by_stage(result, ax=None):
    """The share of those who entered a stage and hung up there, in the order of the call; returns the axes."""
    if not len(result):
        return _say(ax, "no data")
    if not result.enough().any():
        return _say(ax, f"too few: fewer than {result.attrs.get('minimum_count', 1)} cases")
    keys = [*group_keys(result), "stage"]
    shown, _ = _most(result)
    hazard = shown["hazard"].where(shown.enough())
    peak = hazard.idxmax() if hazard.notna().any() and hazard.max() > 0 else None
    colours = [RED if index == peak else BLUE for index in shown.index]
    counted = [f"{row.abandoned_count:,} of {row.n:,}" for row in shown.itertuples()]
    keyed = result.copy()
    keyed.attrs = result.attrs | {"by": keys}
    label = "Hung up, of the calls that entered the stage (in the order of the call)"
    return _rows(keyed, ax, "hazard", ("low", "high"), "rate", label, None, True, True, colours, counted)


@_chart
def plot_average_speed_of_answer(result, ax=None):
    """How long answered calls waited on average, with the 95 % interval; returns the axes."""
    ends = ("mean_low", "mean_high")
    return _estimates(result, ax, "mean_seconds", ends, "seconds", "Average speed of answer", bars=True)


# --- satisfaction ---------------------------------------------------------------------------------


@_chart
def plot_csat(result, ax=None):
    """CSAT with its 95 % interval; returns the axes."""
    return _estimates(result, ax, "csat", ("low", "high"), "rate", "CSAT: answers of 4 or 5")


@_chart
def plot_csat_distribution(result, ax=None):
    """The shares of the scores from 1 to 5, as stacked bars of 100 %; takes the result of `csat`. Returns the axes."""
    if not len(result) or not result["n"].sum():
        return _say(ax, "no data")
    if not result.enough().any():
        return _say(ax, f"too few: fewer than {result.attrs.get('minimum_count', 1)} cases")
    keys = group_keys(result)
    shown, note = _most(result)
    enough = shown.enough().to_numpy(bool)
    if not _time_key(shown, keys):
        order = np.argsort(np.where(enough, shown["csat"].to_numpy(float), np.inf), kind="stable")
        shown, enough = shown.iloc[order], enough[order]
    counts = shown[[f"score_{score}" for score in range(1, 6)]].to_numpy(float)
    n = shown["n"].to_numpy(float)
    shares = counts / np.where(n > 0, n, np.nan)[:, None]
    fills = [(RED, 0.75, None), (RED, 0.38, None), (GREY, 0.25, None), (BLUE, 0.38, None), (BLUE, 0.8, None)]
    names = ["1, very unsatisfied", "2", "3", "4", "5, very satisfied"]
    return _stacked(
        _labels(shown, keys) if keys else [""], shares, n, names, fills, ax, "Share of answers", [note], enough
    )


@_chart
def plot_csat_by_topic(result, ax=None):
    """CSAT per topic, lowest first, and beside it how much each topic pulls the total.

    Returns the axes of the CSAT; on axes that are given only that is drawn. `ax.figure.axes` has both.
    """
    if not len(result):
        return _say(ax, "no data")
    if not result.enough().any():
        return _say(ax, f"too few: fewer than {result.attrs.get('minimum_count', 1)} cases")
    label = "CSAT: answers of 4 or 5"
    shown, note = _most(result)
    enough = shown.enough().to_numpy(bool)
    shown = shown.iloc[np.argsort(~enough, kind="stable")]  # lowest first; too few at the end
    if ax is not None:
        return _rows(shown, ax, "csat", ("low", "high"), "rate", label, keep_order=True)
    height = 0.95 + 0.3 * max(len(shown), 2) + 0.2 * bool(note)
    figure, (ax, beside) = plt.subplots(1, 2, figsize=(WIDTH, height), layout="constrained", sharey=True)
    _rows(shown, ax, "csat", ("low", "high"), "rate", label, keep_order=True, values_text=False)
    _pull(shown, beside)
    _dress(beside)
    ax.xaxis.set_major_locator(MaxNLocator(2, steps=[1, 2, 5, 10]))
    if note:
        _notes(ax, label, [note])
    return ax


def _pull(result, ax):
    """The pull of each topic on the total, in points."""
    enough = result.enough().to_numpy(bool)
    at = np.arange(len(result))[::-1]
    reach = np.nanmax(np.abs(result[["pull", "pull_low", "pull_high"]].to_numpy(float)[enough]), initial=0.01) * 1.12
    ax.set_xlim(-reach, reach)
    ax.xaxis.set_major_locator(MaxNLocator(4, symmetric=True))
    ax.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{round(value * 100, 6):+g}".replace("-", "−").replace("+0", "0"))
    )
    ax.axvline(0, color=INK, linewidth=0.8)
    ax.grid(axis="x")
    texts = dict.fromkeys(at, "")
    for y, row, is_enough in zip(at, result.itertuples(), enough, strict=True):
        if not is_enough or not np.isfinite(row.pull):
            continue
        # a colour only where the interval leaves 0 out
        colour = RED if row.pull_high < 0 else GREEN if row.pull_low > 0 else GREY
        ax.plot(row.pull, y, "o", color=colour, markersize=6.5, zorder=4)
        _whisker(ax, y, row.pull_low, row.pull_high, colour, False, reach)
        texts[y] = _show(row.pull, "points")
    _column_texts(ax, at, list(texts.values()))
    ax.tick_params(axis="y", length=0, labelleft=False)
    ax.spines["left"].set_visible(False)
    _notes(ax, "Pull on the total (points)", [])


@_chart
def plot_low_scores(result, ax=None):
    """The share of low answers per group, with its 95 % interval; takes `low_scores(..., by=...)`. Returns the axes."""
    if len(result) and "low_rate" not in result.columns:
        raise BadParameter("plot_low_scores draws groups; make the result with low_scores(surveys, by=...)")
    if not len(result):
        return _say(ax, "no data")
    low = result.attrs.get("choices", {}).get("low", "low")
    return _estimates(result, ax, "low_rate", ("low", "high"), "rate", f"Answers of {low}", bars=True)


# --- sentiment ------------------------------------------------------------------------------------


@_chart
def plot_sentiment_trend(result, ax=None, period=None):
    """The shares of negative and positive messages over time, with 95 % bands; returns the axes.

    Parameters
    ----------
    result : Result of `sentiment_trend`
        With groups, the negative share only: a line per group. Rings mark changes of the negative share
        that are distinguishable from chance.
    period : Period, optional
        The reported one is shaded; what lies before it is context, and fainter.
    """
    if not len(result) or not result["n"].sum():
        return _say(ax, "no data")
    if not result.enough().any():
        return _say(ax, f"too few: fewer than {result.attrs.get('minimum_count', 1)} cases")
    keys = group_keys(result)
    key = _time_key(result, keys)
    if key is None:
        shown, note = _most(result)
        enough, labels = shown.enough().to_numpy(bool), _labels(shown, keys) if keys else [""]
        shares = shown[["negative", "neutral", "positive"]].to_numpy(float)
        fills = [(RED, 0.7, None), (GREY, 0.22, None), (BLUE, 0.7, None)]
        names = ["negative", "neutral", "positive"]
        return _stacked(labels, shares, _count(shown), names, fills, ax, "Share of messages", [note], enough)
    if len(keys) > 1:
        groups = [one for one in keys if one != key]
        return _lines(
            result, ax, key, groups, "negative", ("negative_low", "negative_high"), "rate", "Negative messages"
        )
    return _trend(result, ax, key, period)


def _trend(result, ax, key, period):
    ax = _new(ax, 3.3)
    at, width, ticks, names, name = _positions(result[key], key)
    enough = result.enough().to_numpy(bool)
    columns = [f"{tone}{end}" for tone in ("negative", "positive") for end in ("", "_low", "_high")]
    shares = {column: np.where(enough, result[column].to_numpy(float), np.nan) for column in columns}
    _scale(ax.yaxis, "rate", [0], np.concatenate([*shares.values()]), [0.3])
    ax.set_ylim(0, min(1, ax.get_ylim()[1] * 1.06))
    low, high = _limits(at, width, key)
    ax.set_xlim(low + width * 0.2, high - width * 0.2)
    ax.set_xticks(ticks, names)
    ax.grid(axis="y")
    reported = _reported(at, width, key, period)
    if reported.any() and not reported.all():
        edges = at[reported].min() - width / 2, at[reported].max() + width / 2
        ax.axvspan(*edges, color=GREY, alpha=0.14, linewidth=0, zorder=0)
        ax.annotate(
            "reported period", (max(edges[0], ax.get_xlim()[0]), 1), (3, 3), xycoords=ax.get_xaxis_transform(),
            textcoords="offset points", va="bottom", color=INK, fontsize=9,
        )  # fmt: skip
    named = []
    for tone, colour, dash in (("negative", RED, "-"), ("positive", BLUE, (0, (5, 1.5)))):
        values = shares[tone]
        for part, strength in ((reported, 1.0), (~reported, 0.45)):
            if not part.any():
                continue
            joined = part.copy()
            if strength < 1 and reported.any():
                joined[np.argmax(reported)] = True  # the line up to the period belongs to the context
            shown = np.where(joined, values, np.nan)
            lows, highs = (np.where(joined, shares[f"{tone}_{end}"], np.nan) for end in ("low", "high"))
            ax.fill_between(at, lows, highs, color=colour, alpha=0.2 * strength, linewidth=0)
            ax.plot(
                at,
                shown,
                color=colour,
                alpha=strength,
                linestyle=dash,
                marker="o" if len(at) <= 40 else None,
                markersize=4.5,
            )
        last = values[np.isfinite(values)]
        if len(last):
            named.append((tone, last[-1], colour))
    marks = (
        np.flatnonzero(result["is_significant"].to_numpy(bool) & enough) if "is_significant" in result.columns else []
    )
    for mark in marks:
        ax.plot(
            at[mark],
            shares["negative"][mark],
            "o",
            color=RED,
            markerfacecolor="none",
            markersize=11,
            markeredgewidth=1.5,
        )
        if len(marks) <= 6 and result["change"].iloc[mark] > 0:  # below a fall there is the other line
            ax.annotate(
                _show(result["change"].iloc[mark], "points"), (at[mark], shares["negative_high"][mark]), (0, 4),
                textcoords="offset points", ha="center", va="bottom", color=INK, fontweight="bold", fontsize=9,
            )  # fmt: skip
    few = ~enough
    if few.any():
        ax.plot(at[few], np.zeros(few.sum()), "o", color=GREY, markerfacecolor="none", markersize=5, clip_on=False)
    _label_ends(ax, named)
    ax.set_ylabel("Share of messages")
    ringed = "ring: the change from the one before is distinguishable from chance" if len(marks) else ""
    _notes(ax, name, [ringed, _few(result) if few.any() else ""])
    return ax


def _reported(at, width, key, period):
    """Which points lie in the reported period; all, where none is told."""
    start, end = (None, None) if period is None else (period.first_day, period.last_day)
    if start is None:
        return np.ones(len(at), bool)
    first, last = date2num(start), date2num(end)
    return (at <= last) & (at + max(STEPS.get(key, width) - 1, 0) >= first)
