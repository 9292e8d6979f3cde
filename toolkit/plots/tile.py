"""The small drawings of a tile: its value against target and period before, and its last weeks."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from toolkit.look import LIGHT, WIDTH
from toolkit.plots import canvas
from toolkit.plots.canvas import DOTTED, EDGE, HOLLOW
from toolkit.plots.svg import svg

BULLET, SPARK = (200, 18), (WIDTH["spark"], 36)
LEAST_WEEKS = 4


def _axes(size):
    figure = plt.figure(figsize=np.array(size) / 72, dpi=72)
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, size[0]), ylim=(size[1], 0))
    ax.set_axis_off()
    return ax


def _number(value):
    return np.nan if value is None else float(value)


def _drawn(ax):
    made = svg(ax.figure)
    canvas.close(ax.figure)
    return made


def bullet(card):
    """A key figure on a line: interval and dot (a diamond off target), target as a tick, what was before hollow.

    Parameters
    ----------
    card : dict, as `metrics.compare.figures` gives it

    Returns
    -------
    str : an SVG element; "" where there is no value, or a count that nothing stands beside

    Examples
    --------
    >>> bullet({"value": None, "unit": "rate"})
    ''
    """
    value, low, high, target, before = (
        _number(card.get(name)) for name in ("value", "low", "high", "target", "previous")
    )
    unit = card.get("unit")
    if not np.isfinite(value) or unit not in ("rate", "seconds", "score", "net", "count", "number"):
        return ""
    if unit == "count" and not (np.isfinite(before) or np.isfinite(target)):
        return ""  # a bar beside nothing has no scale
    is_open = np.isfinite(low) and not np.isfinite(high) and unit != "count"
    known = np.array([value, target, before, *([] if unit == "count" else [high])])
    top = _top(unit, np.nanmax(known, initial=0), is_open)
    with canvas.style():
        ax = _axes(BULLET)
        least = -1.0 if unit == "net" else 0.0  # where the line begins
        at = lambda number: 6 + (BULLET[0] - 12) * (min(max(number, least), top) - least) / (top - least)  # noqa: E731
        ax.plot([0, BULLET[0]], [9, 9], color=LIGHT["line"], linewidth=2)
        if unit == "count":
            ax.add_artist(Rectangle((0, 5), at(value), 8, facecolor=LIGHT["data"], linewidth=0, zorder=2.5))
            if np.isfinite(before):
                ax.plot([at(before)] * 2, [2, 16], color=LIGHT["ink"], linewidth=1.5, zorder=3)
            return _drawn(ax)
        if np.isfinite(before):
            ax.plot(at(before), 14.5, **HOLLOW | {"markersize": 5.5})
        colour = LIGHT["attention" if card.get("status") == "off" else "data"]
        if np.isfinite(low):
            end = at(top) if is_open else at(high)
            ax.plot([at(low), end], [9, 9], color=colour, linewidth=6, alpha=0.35, zorder=2.5)
            if is_open:
                ax.plot(BULLET[0] - 5, 9, ">", color=colour, markersize=9, markeredgewidth=0, zorder=2.6)
        look = {"marker": "D", "markersize": 8.5} if card.get("status") == "off" else {"marker": "o", "markersize": 10}
        ax.plot(at(value), 9, color=colour, zorder=3, **look, **EDGE)
        if np.isfinite(target):
            ax.plot([at(target)] * 2, [0, 18], color=LIGHT["ink"], linewidth=2, zorder=4)
        return _drawn(ax)


def _top(unit, most, is_open):
    """Where the line of a bullet ends: 100 % for shares of a half and more, else a little beyond what is drawn."""
    if unit == "net" or (unit == "rate" and most > 0.5):
        return 1.0
    if unit == "score":
        return max(5.0, most)
    return (most or 1) * (1.3 if is_open else 1.12)


def spark(card):
    """The last weeks of a key figure as a line: the period's in colour on a shade, the target dotted.

    Parameters
    ----------
    card : dict, as `metrics.compare.figures` gives it, with its `history`

    Returns
    -------
    str : an SVG element; "" where fewer than 4 weeks have a value

    Examples
    --------
    >>> spark({"history": [{"week": "2024-04-01", "value": 0.5, "n": 20, "in_period": True}]})
    ''
    """
    history = card.get("history") or []
    values = np.array([_number(one["value"]) for one in history], float)
    if np.isfinite(values).sum() < LEAST_WEEKS:
        return ""
    target, own = _number(card.get("target")), np.array([bool(one["in_period"]) for one in history])
    ends = np.append(values, target)
    low, high = np.nanmin(ends), np.nanmax(ends)
    # what never moves lies in the middle
    y = 31 - 26 * ((values - low) / (high - low) if high > low else np.where(np.isnan(values), np.nan, 0.5))
    x = 4 + 112 * np.arange(len(values)) / (len(values) - 1)
    with canvas.style():
        ax = _axes(SPARK)
        if own.any():
            begin, end = x[own][0] - 3, min(x[own][-1] + 4, SPARK[0])
            ax.add_artist(Rectangle((begin, 0), end - begin, SPARK[1], facecolor=LIGHT["soft"], linewidth=0, zorder=1))
        if np.isfinite(target):
            height = 31 - 26 * ((target - low) / (high - low) if high > low else 0.5)
            ax.plot([0, SPARK[0]], [height] * 2, **DOTTED, zorder=2)
        ax.plot(x, y, color=LIGHT["context"], linewidth=1.5, zorder=3)
        ax.plot(x, np.where(own | np.append(own[1:], False), y, np.nan), color=LIGHT["data"], linewidth=2.25, zorder=4)
        before, after = np.append(np.nan, y[:-1]), np.append(y[1:], np.nan)
        lone = np.isfinite(y) & np.isnan(before) & np.isnan(after)  # a week between two gaps
        last = np.arange(len(y)) == np.flatnonzero(np.isfinite(y))[-1]
        for place in np.flatnonzero(lone | last):
            look = {"color": LIGHT["data" if own[place] else "context"], "markersize": 6 if last[place] else 3}
            ax.plot(x[place], y[place], "o", markeredgewidth=0, zorder=5, **look)
        return _drawn(ax)
