"""One line along the time with its band, its points and their titles."""

import numpy as np
from matplotlib.dates import num2date

from toolkit import words
from toolkit.look import LIGHT
from toolkit.plots import axes
from toolkit.plots.rows import whisker

MOST_POINTS = 62  # more have no mark each


def line(ax, frame, steps, scale, unit, name, is_second):
    """A line and its band, broken where there is none; points between two gaps keep a mark and their whisker."""
    frame = frame.sort_values("at")
    frame = frame.set_index("at", drop=False)
    at = frame.index.to_numpy()
    breaks = at[:-1][np.diff(at) > 1.5 * steps.width] + steps.width / 2
    broken = frame.reindex(np.union1d(at, breaks))
    known = broken["value"].notna().to_numpy()
    lone = known & ~np.append(False, known[:-1]) & ~np.append(known[1:], False)
    colour = LIGHT["context" if is_second else "data"]
    look = {"linestyle": (0, (6, 3)), "linewidth": 1.5} if is_second else {"linewidth": 2.25}
    high = broken["high"].fillna(scale.high).where(broken["low"].notna())
    is_expected = "expected" in frame.columns  # the band is of what was expected, and has no point within it
    if unit != "count" or is_expected:
        band = {"color": LIGHT["soft" if is_second else "band"], "linewidth": 0, "zorder": 1, "label": "band"}
        ax.fill_between(broken.index, broken["low"], high.clip(upper=scale.high), **band)
    ax.plot(broken.index, broken["value"], color=colour, zorder=3, label="line", **look)
    is_marked = known.sum() <= MOST_POINTS
    for x, row in zip(broken.index[known], broken[known].itertuples(), strict=True):
        alone = bool(lone[broken.index.get_loc(x)])
        if alone and np.isfinite(row.low) and unit != "count" and not is_expected:
            whisker(ax, x, row.low, row.high, scale, colour, upright=True)
        is_partial = bool(row.is_partial)
        if alone or is_partial or (is_marked and not is_second):
            said = axes.told(_step_name(steps, x, name), row, "seconds" if unit == "log" else unit)
            face = LIGHT["page"] if is_partial else colour
            look = {"markersize": 7 if alone or is_partial else 4, "markerfacecolor": face, "markeredgecolor": colour}
            ax.plot(
                x, row.value, "o", markeredgewidth=1.5 if is_partial else 0, zorder=4, gid=said, label="point", **look
            )


def _step_name(steps, at, name):
    if steps.key == "hour":
        step = words.display_name(at, "hour")
    elif steps.key == "weekday":
        step = axes.weekday_names([int(at)])[0]
    else:
        step = words.display_name(num2date(at).date(), steps.key)
    return words.text("chart.name_and_time", name=name, time=step) if name else step


def last_of(frame):
    known = frame.sort_values("at").dropna(subset=["value"])
    return known.iloc[-1]
