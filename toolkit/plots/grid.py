"""Week grid: a figure per weekday and local hour in five steps of one colour."""

import numpy as np
import pandas as pd
from matplotlib.colors import BoundaryNorm, ListedColormap

from toolkit import words
from toolkit.look import LIGHT
from toolkit.plots import axes, canvas
from toolkit.plots.canvas import BASE, LINE

STEPS = [LIGHT[f"grid{step}"] for step in range(1, 6)]
TALL = {False: 24, True: 20}


def grid(result, ax, standout, narrow, is_alarm=True):
    """A cell an hour; no such hour is hatched, none while open an empty box, none while closed a point."""
    import seaborn

    frame = pd.DataFrame(result)
    value = axes.value_of(result)
    is_known = (frame["days"] > 0) | (result.attrs["shape"] != "grid")  # of other shapes what isn't known is null
    frame[value] = frame[value].astype(float).where(is_known)
    table = frame.pivot(index="weekday", columns="hour", values=value)
    is_open = (
        frame.pivot(index="weekday", columns="hour", values="is_open").to_numpy(bool) if "is_open" in frame else None
    )
    means, top = table.to_numpy(), float(np.nanmax(table))
    names, left = axes.weekday_names(table.index.codes), 0
    left = canvas.measure(names, narrow) + 8
    width, tall = canvas.width_of_canvas(ax, narrow), TALL[narrow]
    items = _legend(is_open, means)
    placed, more = canvas.key_lines(items, width, narrow)
    is_below = width - canvas.measure([axes.label_of(result.attrs)], narrow) < 5 * 37 + 12
    height = 4 + tall * len(table) + 26 + 40 + LINE * is_below + more
    drawn = canvas.make(ax, narrow, height, left, 0, 4, height - 4 - tall * len(table))
    cuts = top * np.arange(6) / 5
    look = {"cmap": ListedColormap(STEPS), "norm": BoundaryNorm(cuts, 5), "cbar": False}
    hidden = ~(means > 0)
    seaborn.heatmap(table, mask=hidden, ax=drawn.ax, linewidths=1, linecolor=LIGHT["page"], **look)
    drawn.ax.set(xticks=[], yticks=[], xlabel="", ylabel="")
    label = axes.label_of(result.attrs)
    days = [words.display_name(day, "weekday") for day in table.index]
    drawn.ax.collections[0].set_gid("\n".join(_titles(days, table.columns, means, frame)))
    for row, name in enumerate(names):
        role = "muted" if is_open is not None and not is_open[row].any() else "ink"
        canvas.write(drawn, 0, row + 0.5, name, drawn.across, role=role, shift=(0, BASE), name="name")
    _empty(drawn, means, is_open)
    if is_open is not None:
        _frame(drawn, is_open)
    if standout in frame.index and np.isfinite(frame.at[standout, value]):
        row, column = (axis.get_loc(frame.at[standout, axis.name]) for axis in table.axes)
        look = {
            "edgecolor": LIGHT["attention" if is_alarm else "ink"],
            "linewidth": 2.5,
            "zorder": 5,
            "label": "highlight",
        }
        canvas.area(drawn, column, row, 1, 1, drawn.ax.transData, **look)
    y, every = 4 + tall * len(table), 6 if narrow else 3
    cell = (width - left) / table.shape[1]
    hours = [hour for hour in table.columns if hour % every == 0]
    at = [left + cell * table.columns.get_loc(hour) for hour in hours]
    at = [x + canvas.measure([text], narrow) / 2 for x, text in zip(at, axes.hour_names(hours), strict=True)]
    canvas.labels_across(drawn, at, axes.hour_names(hours), y + 16)
    _steps(drawn, label, cuts, y + 46, is_below)
    canvas.draw_key(drawn, placed, (0, y + 64 + LINE * is_below))
    return drawn.ax


def _titles(days, hours, means, frame):
    """A title for each cell, day by day."""
    for day, row in zip(days, means, strict=True):
        for hour, mean in zip(hours, row, strict=True):
            when = words.text("chart.day_and_hour", day=day, hour=axes.hour_names([hour])[0])
            value = axes.shown(mean, "number") or words.text("chart.no_data")
            yield words.text("chart.mark_alone", name=when, value=value)


def _legend(is_open, means):
    items = []
    zero, missing = (means == 0), np.isnan(means)
    if is_open is not None:
        items.append(({"edgecolor": LIGHT["ink"], "linewidth": 1.25}, words.text("chart.key.open_hours")))
        if (zero & is_open).any():
            items.append(({"edgecolor": LIGHT["line"], "linewidth": 1}, words.text("chart.key.none_open")))
        if (zero & ~is_open).any():
            items.append(("closed", words.text("chart.key.none_closed")))
    elif zero.any():
        items.append(("closed", words.text("chart.key.none")))
    if missing.any():
        items.append(({"hatch": True}, words.text("chart.no_data")))
    return items


def _empty(drawn, means, is_open):
    """What stands where nothing came: hatch, empty box or point."""
    for row, column in np.argwhere(np.isnan(means)):
        canvas.area(drawn, column + 0.03, row + 0.05, 0.94, 0.9, drawn.ax.transData, hatch=True, label="missing")
    zero = means == 0
    boxes = zero & is_open if is_open is not None else np.zeros_like(zero)
    for row, column in np.argwhere(boxes):
        look = {"edgecolor": LIGHT["line"], "linewidth": 1, "label": "none open"}
        canvas.area(drawn, column + 0.06, row + 0.08, 0.88, 0.84, drawn.ax.transData, **look)
    rows, columns = np.nonzero(zero & ~boxes)
    if len(rows):
        look = {"color": LIGHT["context"], "markersize": 2.6, "markeredgewidth": 0, "label": "none"}
        drawn.ax.plot(columns + 0.5, rows + 0.5, "o", **look)


def _frame(drawn, is_open):
    """The outline of the opening hours: a line wherever an open hour meets a closed one."""
    padded = np.pad(is_open, 1)
    x, y = [], []
    for row, column in np.argwhere(padded[1:, 1:-1] != padded[:-1, 1:-1]):
        x, y = _joined(x, y, (column, column + 1), (row, row))
    for column, row in np.argwhere((padded[1:-1, 1:] != padded[1:-1, :-1]).T):
        x, y = _joined(x, y, (column, column), (row, row + 1))
    drawn.ax.plot(x, y, color=LIGHT["ink"], linewidth=1.25, clip_on=False, zorder=4, label="open hours")


def _joined(x, y, xs, ys):
    """The line with one stretch more, which goes on where the last one ended."""
    if x and (x[-1], y[-1]) == (xs[0], ys[0]) and (x[-2] == xs[1] or y[-2] == ys[1]):
        return [*x[:-1], xs[1]], [*y[:-1], ys[1]]
    gap = [np.nan] if x else []
    return [*x, *gap, *xs], [*y, *gap, *ys]


def _steps(drawn, label, cuts, y, is_below):
    """The five colours and where they are cut, beside or below what is counted."""
    canvas.write(drawn, 0, y, canvas.cut(label, drawn.width, drawn.narrow), role="muted", full=label)
    x, y = (0, y + LINE) if is_below else (canvas.measure([label], drawn.narrow) + 12, y)
    for step, colour in enumerate(STEPS):
        canvas.area(drawn, x + 37 * step, y - 10, 36, 12, facecolor=colour)
        if step < 4:
            cut = axes.shown(_cut(cuts[step + 1]), "number")
            canvas.write(drawn, x + 37 * (step + 1) - 0.5, y + LINE - 3, cut, anchor="center", role="muted")


def _cut(value):
    """The end of a step with two digits that count."""
    return float(f"{value:.2g}")
