"""Charts: `plot(result)` draws what a metric returned, in the form of its shape, and computes nothing.

The background is transparent and every text and axis has the colour `INK`, a placeholder that the display
layer replaces by the reader's own text colour; all other colours keep a contrast of 3:1 and more on white and
on #111. Labels are data: they are never read as mathtext, and long ones end in "…".

>>> import pandas as pd
>>> from toolkit.result import Result
>>> volume = Result.of(pd.DataFrame({"queue": ["a", "b"], "n": [3, 90]}), "inbound_volume", {"n": "count"}, ["queue"])
>>> volume.attrs |= {"shape": "count", "value": "n"}
>>> ax = plot(volume)
>>> [label.get_text() for label in ax.get_yticklabels()]
['B', 'A']
>>> close(ax.figure)
"""

import numpy as np
from matplotlib.text import Text

from toolkit import words
from toolkit.errors import BadParameter
from toolkit.plots import axes, draw
from toolkit.plots.axes import INK, close, style
from toolkit.result import Result, interval_columns

__all__ = ["INK", "close", "plot", "style"]
SHAPES = ("count", "rate", "wait", "mean", "shares", "curve", "grid", "pull")


def plot(result, ax=None, reference=None, period=None, highlight=None, parts=False):
    """Draw a result in the form of its shape; returns the axes.

    Parameters
    ----------
    result : Result of a metric; its shape is one of count, rate, wait, mean, shares, curve, grid, pull
    ax : Axes, optional
        On axes that are given a pull draws its first panel only; `ax.figure.axes` has both otherwise.
    reference : float or Result without groups, optional
        The overall value, drawn dashed.
    period : Period, optional
        In lines the reported one is shaded; what lies before it is context, and fainter.
    highlight : label of a row, optional
        What the finding names. Else `facts["standout"]`; where there is neither, nothing is highlighted.
    parts : bool
        Draw the parts that a result has beside its value, such as the scores behind a rate of high scores.

    Raises
    ------
    BadParameter
        There is no chart of what is given.
    """
    if not isinstance(result, Result):
        raise BadParameter(f"plot takes the result of a metric, not a {type(result).__name__}")
    shape = result.attrs.get("shape")
    if shape not in SHAPES:
        raise BadParameter(f"plot has no chart of a {shape or 'table'} ({result.attrs.get('metric')})")
    with axes.style():
        drawn = _draw(result, ax, shape, reference, period, highlight, parts)
        for one in [ax] if ax else drawn.figure.axes:
            axes.dress(one)
        for text in drawn.figure.findobj(Text):
            text.set_parse_math(False)
    return drawn


def _draw(result, ax, shape, reference, period, highlight, parts):
    keys, attrs = axes.group_keys(result), result.attrs
    key = axes.time_key(result, keys)
    result = result[result[key].notna()] if key else result  # what has no time has no place along it
    if not len(result) or not np.nansum(draw.counts(result)):
        return axes.say(ax, words.text("chart.no_data"))
    if not result.enough().any():
        return axes.say(ax, words.text("chart.too_few", n=attrs["minimum_count"]))
    standout = attrs.get("facts", {}).get("standout") if highlight is None else highlight
    if shape == "curve":
        return draw.curve(result, ax, keys)
    if shape == "grid":
        return draw.grid(result, ax, standout)
    if parts or (shape == "shares" and (keys if "part" in attrs else not key)):
        return draw.split(result, ax, keys)
    keys = axes.group_keys(result, "rows")
    form = _form(result, shape, keys, reference, standout)
    if shape == "pull":
        return draw.pull(result, ax, keys, form)
    if not key:
        return draw.rows(result, ax, keys, form)
    if shape != "shares" and len(keys) == 1 and len(result) <= draw.MOST_BARS:
        return draw.along(result, ax, key, form)
    return draw.lines(result, ax, key, [one for one in keys if one != key], form, period)


def _form(result, shape, keys, reference, standout):
    attrs = result.attrs
    value = "share" if "part" in attrs else attrs["value"]
    unit = "log" if shape == "wait" else "rate" if shape == "shares" else attrs["units"].get(value, "number")
    if shape == "pull":  # beside the pull stands what is pulled
        value = next(name for name, ends in interval_columns(result.columns).items() if ends == ("low", "high"))
        unit = "rate"
    label = axes.label_of(attrs, value if shape == "pull" else None)
    if unit == "log":
        label = words.text("chart.axis.log", label=label)
    elif shape == "shares" and value in attrs["parts"]:
        part = axes.part_names(attrs)[attrs["parts"].index(value)]
        label = words.text("chart.axis.part", label=label, part=part)
    # what should be low grows from nothing; what should be high is a place on the way to 100 %
    is_bar = shape in ("count", "mean") or "part" in attrs or attrs.get("best") == "low"
    if hasattr(reference, "columns"):
        reference = reference[value].iloc[0] if len(reference) else np.nan
    # what belongs to nobody is never pointed at
    if standout not in result.index or any(words.is_none(result.at[standout, key]) for key in keys):
        standout = None
    overall = np.nan if reference is None else float(reference)
    return draw.Form(value, unit, label, is_bar and unit != "log" and shape != "pull", overall, standout)
