"""Small multiples: a panel for each group on one scale, all groups in grey and its own in colour."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.transforms import Bbox

from toolkit import words
from toolkit.clock import day_of
from toolkit.look import LIGHT
from toolkit.plots import axes, canvas
from toolkit.plots.canvas import DOTTED, EDGE, LINE
from toolkit.plots.lines import last_of, line

MOST_PANELS = 9
MOST_BESIDE = {False: 3, True: 2}  # where the finding names one: a row of a wide and of a narrow drawing
GAP = 22  # between two panels
TALL = {False: 92, True: 84}
HEAD = 22  # of a panel: its name


def panels(
    names, ax, narrow, everything, draw, scales, values, key, left_out=0, ticks=None, left_out_words="chart.others_left_out"
):  # fmt: skip
    """A panel for each name; `draw(ax, place)` draws the group of a place into axes.

    Parameters
    ----------
    everything : (places along, values upwards) of the lines of all groups, with gaps between
    scales : (low and high along, the scale upwards, whether along is logarithmic)
    values : text beside each name
    key : [(mark, word)]
    left_out : number of groups that have no panel
    ticks : (places along, their labels)

    On axes that are given only the first panel is drawn.
    """
    (begin, end), scale, is_log = scales
    width, columns = canvas.width_of_canvas(ax, narrow), 2 if narrow else 3
    wide = (width - GAP * (columns - 1)) / columns
    # a name above its value where both don't fit in one line
    pairs = zip(names, values, strict=True)
    is_two = narrow or any(
        canvas.measure([n], narrow, True) + canvas.measure([v], narrow) + 12 > wide for n, v in pairs
    )
    up = LINE if is_two else 0
    placed, top = canvas.key_lines(key, width, narrow)
    tall, pitch, top = TALL[narrow], TALL[narrow] + HEAD + 36 + up, top + 8
    if ax is not None:
        drawn = canvas.make(ax, narrow, 0, 0, 0, top + HEAD + up, 26)
        canvas.draw_key(drawn, placed)
        _panel(drawn, names, values, everything, draw, 0, scales, ticks, is_two, True)
        return ax
    rows = math.ceil(len(names) / columns)
    height = top + rows * pitch - 4 + LINE * bool(left_out)
    bare = {"xticks": [], "yticks": [], "frame_on": False}  # its own layout of them costs more than all the drawing
    with plt.rc_context({"figure.autolayout": False}):
        figure = plt.figure()
    grid = []  # as seaborn.FacetGrid lays it out, which takes a second to import
    for place in range(len(names)):
        first = {"sharex": grid[0], "sharey": grid[0]} if grid else {}
        grid.append(figure.add_subplot(rows, columns, place + 1, **first, **bare))
    figure.set_dpi(72)
    figure.set_size_inches(width / 72, height / 72)
    whole = Bbox([[0, 0], [width / 72, height / 72]])
    px, cells = canvas.pixels(figure, whole), []
    for number, one in enumerate(grid):
        x, y = (number % columns) * (wide + GAP), top + (number // columns) * pitch
        one.set_xscale("log" if is_log else "linear")
        canvas.place(one, whole, x, y + HEAD + up, wide, tall)
        cells.append((one, x, y))
    drawn = canvas.Canvas(cells[0][0], width, height, narrow, px)
    canvas.draw_key(drawn, placed)
    for number, (one, x, y) in enumerate(cells):
        cell = canvas.Canvas(one, wide, pitch, narrow, canvas.Affine2D().translate(x, y) + px)
        _panel(cell, names, values, everything, draw, number, scales, ticks, is_two, number % columns == 0)
    if left_out:
        canvas.write(drawn, 0, height - 4, words.text(left_out_words, n=left_out), role="muted")
    return cells[0][0]


def _panel(cell, names, values, everything, draw, number, scales, ticks, is_two, is_first):
    (begin, end), scale, is_log = scales
    ax, narrow = cell.ax, cell.narrow
    ax.set(xscale="log" if is_log else "linear")
    ax.set(xlim=(begin, end), ylim=(scale.low, scale.high), xticks=[], yticks=[])
    ax.minorticks_off()
    room = cell.width if is_two else cell.width - canvas.measure([values[number]], narrow) - 10
    name = canvas.cut(names[number], room, narrow, True)
    canvas.write(cell, 0, 13, name, bold=True, full=names[number], name="name")
    place = (0, 13 + LINE, "left") if is_two else (cell.width, 13, "right")
    canvas.write(cell, place[0], place[1], values[number], anchor=place[2], name="value")
    lines = (
        scale.ticks if len(scale.ticks) < 4 else [scale.ticks[0], scale.ticks[len(scale.ticks) // 2], scale.ticks[-1]]
    )
    for tick in lines:
        canvas.rule(cell, [0, cell.width], [tick] * 2, cell.across, role="muted" if tick == scale.low else "line")
    if is_first:
        label = scale.labels[scale.ticks.index(lines[-1])]
        wide, y = canvas.measure([label], narrow) + 3, HEAD + LINE * is_two + 2
        canvas.area(cell, 0, y, wide, 14, facecolor=LIGHT["page"], zorder=2.6, label="pad")  # below the own line only
        canvas.write(cell, 0, lines[-1], label, cell.across, role="muted", shift=(0, 13)).set_zorder(2.7)
    ax.plot(*everything, color=LIGHT["faint"], linewidth=1, zorder=2, label="others")
    draw(ax, number)
    x = ax.transData.transform(np.column_stack([ticks[0], np.full(len(ticks[0]), scale.low)]))[:, 0]
    at = (x - cell.px.transform((0, 0))[0]) / ax.figure.dpi * 72
    y = (cell.px.transform((0, 0))[1] - ax.get_window_extent().y0) / ax.figure.dpi * 72 + 16
    canvas.labels_across(cell, at, ticks[1], y, (0, cell.width))


def of_trends(series, ax, steps, scale, unit, form, narrow):
    """A panel for each series along the time, its last value beside its name; a diamond at what the finding names."""
    nobody, standout = {words.text(f"name.{code}") for code in ("none", "unassigned")}, form.standout
    # what the finding names comes first, what has no name last
    series = sorted(series, key=lambda one: (standout not in one[1].index, one[0] in nobody))
    # beside the one that stands out the others say as much as lines in grey
    is_named = standout is not None and standout in series[0][1].index
    everyone, most = series, MOST_BESIDE[narrow] if is_named else MOST_PANELS
    left_out, series = len(series) - most, series[:most]
    unit_shown = "seconds" if unit == "log" else unit
    values = [_told(frame, standout, unit_shown) for _, frame in series]
    margin = steps.width * 0.5
    along = (steps.at.min() - margin, steps.at.max() + margin)
    target = axes.only(pd.concat([frame["target"] for _, frame in series]))

    def draw(one, number):
        name, frame = series[number]
        if np.isfinite(target):
            one.axhline(target, **DOTTED, zorder=2.5)
        line(one, frame, steps, scale, unit, name, False)
        if standout in frame.index and np.isfinite(frame.at[standout, "value"]):
            place = frame.at[standout, "at"], frame.at[standout, "value"]
            look = EDGE | {"markersize": 9, "zorder": 5, "label": "highlight", "clip_on": False}
            one.plot(*place, form.mark, color=form.named, **look)

    drawn = everyone if is_named else series
    everything = _with_gaps([frame.sort_values("at")[["at", "value"]].to_numpy(float) for _, frame in drawn])
    key = [("own", words.text("chart.key.own")), ("others", words.text("chart.key.others"))]
    if np.isfinite(target):
        key.append(("dotted", form.target_text(axes.shown(target, unit_shown))))
    names, every = [name for name, _ in series], max(1, math.ceil(len(steps.ticks) / (2 if narrow else 4)))
    ticks = list(steps.ticks)[::every], list(steps.labels)[::every]
    return panels(
        names, ax, narrow, everything, draw, (along, scale, False), values, key, max(left_out, 0), ticks=ticks,
        left_out_words="chart.others_in_grey" if is_named else "chart.others_left_out",
    )  # fmt: skip


def _told(frame, standout, unit):
    """The value beside the name of a panel: the last one, or the one that the finding names, with its day."""
    if standout not in frame.index or not np.isfinite(frame.at[standout, "value"]):
        return axes.shown(last_of(frame)["value"], unit)
    day = words.date_name(day_of(int(frame.at[standout, "at"])))
    return words.text("chart.value_on", value=axes.shown(frame.at[standout, "value"], unit), day=day)


def of_curves(parts, ax, scale, narrow, seconds, shares):
    """A panel for each curve of what ended by when; its own target dotted, with the share that ended by then.

    What has no target says its share by a time that is that of all: `shares` by `seconds`.
    """
    left_out, parts = len(parts) - MOST_PANELS, parts[:MOST_PANELS]
    targets = [float(part["target_seconds"].iloc[0]) if "target_seconds" in part else math.nan for _, part in parts]
    by_then, values = [], []
    for (_, part), target, share in zip(parts, targets, shares, strict=False):
        time = target if np.isfinite(target) else seconds
        by_then.append(share_at(part, target) if np.isfinite(target) else share)
        value = axes.shown(by_then[-1], "rate")
        values.append(words.text("chart.share_by", value=value, time=words.duration(time)))

    curves = [_stairs(part["seconds"].clip(lower=scale.low), part["share"]) for _, part in parts]

    def draw(one, number):
        target, said = targets[number], words.text("chart.mark_alone", name=parts[number][0], value=values[number])
        one.plot(*curves[number].T, color=LIGHT["data"], linewidth=2.25, zorder=3, label="line", gid=said)
        if np.isfinite(target) and scale.low <= target <= scale.high:
            one.plot([target] * 2, [0, 1], **DOTTED, zorder=2.5, label="target")
            one.plot(target, by_then[number], "o", color=LIGHT["data"], markersize=8, zorder=4, label="value", **EDGE)

    key = [("own", words.text("chart.key.own")), ("others", words.text("chart.key.others"))]
    if np.isfinite(targets).any():
        key.append(("dotted", words.text("chart.key.own_target_by_then")))
    upwards = axes.Scale(0, 1, [0, 0.5, 1], [words.percent(one) for one in (0, 0.5, 1)], False)
    scales = ((scale.low, scale.high), upwards, True)
    everything = _with_gaps(curves)
    return panels([name for name, _ in parts], ax, narrow, everything, draw, scales, values, key, max(left_out, 0),
                  ticks=(scale.ticks, scale.labels))  # fmt: skip


def _stairs(along, values):
    """The corners of a curve of steps."""
    return np.column_stack([np.repeat(along, 2)[1:], np.repeat(values, 2)[:-1]])


def _with_gaps(lines):
    """Several lines as one, with a gap between them: (places along, values)."""
    gap = np.full((1, 2), np.nan)
    return np.concatenate([part for line in lines for part in (line, gap)]).T


def share_at(part, seconds):
    """The share that a curve has reached by then."""
    reached = part["share"][part["seconds"] <= seconds]
    return float(reached.iloc[-1]) if len(reached) else 0.0
