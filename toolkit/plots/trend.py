"""Figures along the time: one or two lines with their bands; more groups as small multiples."""

import numpy as np
import pandas as pd

from toolkit import words
from toolkit.look import LIGHT
from toolkit.plots import axes, canvas, multiples
from toolkit.plots.bars import grid_lines, label_steps
from toolkit.plots.canvas import BASE, DIAMOND, DOTTED, EDGE
from toolkit.plots.lines import last_of, line

LEAST_POINTS = 4
MOST_LINES = 2


def series_of(result, key, groups, form):
    """[(name, its estimates along the time: at, value, low, high, n, ...)], the largest group first."""
    attrs, steps = result.attrs, axes.steps_of(result[key], key)
    partial = np.isin(np.arange(len(result)), attrs.get("partial", ()))
    if attrs["shape"] == "shares" and not groups:  # the first and the last part of a whole
        names, parts = axes.part_names(attrs), attrs["parts"]
        made = [(names[one], axes.estimates(result, parts[one])) for one in (0, -1)]
        return [(name, frame.assign(at=steps.at, is_partial=partial)) for name, frame in made], steps
    frame = axes.estimates(result, form.value).assign(at=steps.at, is_partial=partial)
    if not groups:
        return [("", frame)], steps
    frame["name_"] = axes.row_names(result, groups)
    held = pd.DataFrame(result)[groups].set_axis(frame.index)
    number = held.groupby(groups, sort=False, dropna=False, observed=True).ngroup()  # two groups may be called alike
    made = sorted((part for _, part in frame.groupby(number, sort=False)), key=lambda part: -part["n"].sum())
    return [(part["name_"].iloc[0], part) for part in made if part["value"].notna().any()], steps


def trend(result, ax, key, groups, form, narrow):
    """A line with its band per series; a lone point keeps its whisker, what is missing is hatched."""
    series, steps = series_of(result, key, groups, form)
    unit = "rate" if result.attrs["shape"] == "shares" else form.unit
    every = pd.concat([frame for _, frame in series])
    is_band = result.attrs["shape"] == "band"
    reach = ("value", "target") if unit == "count" and not is_band else ("value", "low", "high", "target")
    scale = axes.scale("seconds" if unit == "log" else unit, *(every[name] for name in reach))
    if len(series) > MOST_LINES:
        return multiples.of_trends(series, ax, steps, scale, unit, form, narrow)
    width, target = canvas.width_of_canvas(ax, narrow), axes.only(every["target"])
    # the key says the names where there is no room beside the lines
    ends = [("" if narrow else name, _last(frame, unit)) for name, frame in series]
    left = canvas.measure(scale.labels, narrow) + 10
    right = min(canvas.room_for(ends, narrow) + 16, 0.34 * width)
    key_items = [
        pair for pair in zip(("own", "dashed"), (name for name, _ in series), strict=False) if narrow and pair[1]
    ]
    if is_band:
        key_items.append(({"facecolor": LIGHT["band"]}, words.text("chart.key.expected")))
    if every["is_partial"].any():
        key_items.append(("partial", words.text("chart.key.partial")))
    if np.isfinite(target):
        key_items.append(("dotted", form.target_text(axes.shown(target, unit))))
    gaps = missing(every["at"], steps) if unit != "count" else missing(every["at"][every["n"].notna()], steps)
    if gaps:
        key_items.append(({"hatch": True}, words.text("chart.no_data")))
    placed, top = canvas.key_lines(key_items, width, narrow)
    bracket = _bracket(form.period, steps)
    top += (24 if bracket else 10) + (14 if form.standout in series[0][1].index else 0)
    drawn = canvas.make(ax, narrow, top + (150 if narrow else 190) + 26, left, right, top, 26)
    margin = steps.width * 0.5 if len(np.unique(steps.at)) > 1 else steps.width
    begin, end = steps.at.min() - margin, steps.at.max() + margin
    drawn.ax.set(xlim=(begin, end), ylim=(scale.low, scale.high))
    canvas.draw_key(drawn, placed)
    grid_lines(drawn, scale, left, right)
    height = drawn.height - top - 26
    for low, high in gaps:
        canvas.area(drawn, low, top, high - low, height, drawn.upwards, hatch=True, label="gap")
    if np.isfinite(target):
        canvas.rule(
            drawn, [left, drawn.width - right], [target] * 2, drawn.across, zorder=2.5, **DOTTED
        )  # over the band
    for number, (name, frame) in reversed(list(enumerate(series))):
        line(drawn.ax, frame, steps, scale, unit, name, number > 0)
    _name_ends(drawn, series, ends, right)
    _named(drawn, series, form, unit)
    if bracket:
        low, high, text = bracket
        low, high = max(low, begin), min(high, end)
        y = top - (20 if form.standout in series[0][1].index else 6)
        canvas.rule(drawn, [low, high], [y] * 2, drawn.upwards, role="ink", linewidth=2)
        x = (drawn.ax.transData.transform((high, 0))[0] - drawn.px.transform((0, 0))[0]) / drawn.ax.figure.dpi * 72
        x = min(max(x, canvas.measure([text], narrow)), width)
        canvas.write(drawn, x, y - 6, text, anchor="right", name="period")
    label_steps(drawn, steps, drawn.height - 8)
    return drawn.ax


def missing(at, steps):
    """[(begin, end)] of the stretches without a step, half a step beside each."""
    at = np.unique(at)
    jumps = np.flatnonzero(np.diff(at) > 1.5 * steps.width) if steps.key not in ("hour", "weekday") else []
    half = steps.width / 2
    return [(at[jump] + half, at[jump + 1] - half) for jump in jumps]


def _last(frame, unit):
    return axes.shown(last_of(frame)["value"], unit) if frame["value"].notna().any() else ""


def _name_ends(drawn, series, ends, right):
    """The name and last value of each line where it ends, apart from each other."""
    at = [last_of(frame) if frame["value"].notna().any() else None for _, frame in series]
    shown = [one for one in range(len(series)) if at[one] is not None]
    box = drawn.ax.get_window_extent()
    y0 = drawn.px.transform((0, 0))[1]
    figure = drawn.ax.figure
    y = [(y0 - drawn.ax.transData.transform((0, at[one]["value"]))[1]) / figure.dpi * 72 for one in shown]
    low = (y0 - box.y1) / figure.dpi * 72
    x = drawn.width - right + 8
    for one, placed in zip(shown, canvas.spread(y, 16, low, low + box.height / figure.dpi * 72), strict=True):
        text = canvas.name_and_value(*ends[one], right - 8, drawn.narrow)
        role = "muted" if one else "ink"
        row = at[one]
        by, along, move = drawn.px, x, 0
        if len(shown) == 1:  # beside its point, which may lie before the end
            by, along, move = drawn.upwards, row["at"], 9
        look = {"role": role, "bold": not one, "full": ends[one][0] or text, "name": "end", "shift": (move, BASE)}
        canvas.write(drawn, along, placed, text, by, **look)
        if not one and not row["is_partial"]:
            drawn.ax.plot(
                row["at"], row["value"], "o", color=LIGHT["data"], markersize=8, zorder=5, label="last", **EDGE
            )


def _named(drawn, series, form, unit):
    """The step that the finding names: a diamond, or a larger dot where it isn't for the worse, with its value."""
    frame = series[0][1]
    if form.standout is None or form.standout not in frame.index or not np.isfinite(frame.at[form.standout, "value"]):
        return
    row, look = frame.loc[form.standout], {"color": form.named, "zorder": 5.5, "clip_on": False}
    if np.isfinite(row["low"]) and unit != "count" and "expected" not in frame:
        high = row["high"] if np.isfinite(row["high"]) else drawn.ax.get_ylim()[1]
        drawn.ax.plot([row["at"]] * 2, [row["low"], high], linewidth=2.5, alpha=0.5, label="whisker", **look)
    drawn.ax.plot(row["at"], row["value"], form.mark, markersize=DIAMOND, label="highlight", **look, **EDGE)
    beside = frame[(frame["at"] - row["at"]).abs() > 0].assign(far=lambda one: (one["at"] - row["at"]).abs())
    is_dip = row["value"] < beside.nsmallest(2, "far")["value"].mean()
    edge = np.nan if unit == "count" or "expected" in frame else row["low" if is_dip else "high"]
    edge = edge if np.isfinite(edge) else row["value"]
    shift = (0, 17 if is_dip else -8)
    text = axes.shown(row["value"], unit)
    canvas.write(drawn, row["at"], edge, text, drawn.ax.transData, "center", bold=True, shift=shift, name="highlight")


def _bracket(period, steps):
    """(begin, end, name) of the reported period above what was before it; None where it is all that is drawn."""
    from matplotlib.dates import date2num

    if period is None or period.first_day is None or steps.key in ("hour", "weekday"):
        return None
    begins = steps.at + max(axes.STEPS.get(steps.key, steps.width) - 1, 0) >= date2num(period.first_day)
    reported = begins & (steps.at <= date2num(period.last_day))
    if not reported.any() or reported.all():
        return None
    low, high = steps.at[reported].min() - steps.width / 2, steps.at[reported].max() + steps.width / 2
    return low, high, words.days_name(period.first_day, period.last_day)
