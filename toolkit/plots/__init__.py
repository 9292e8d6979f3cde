"""Charts: `plot(result)` draws what a metric returned, in the form of its shape, and computes nothing.

A point of a chart is a pixel of its page. Colours are those of `look.toml`'s light page; `svg` makes them the page's
own. Labels are data: they are never read as mathtext, and long ones end in "…".

>>> import pandas as pd
>>> from toolkit.result import Result
>>> volume = Result.of(pd.DataFrame({"queue": ["a", "b"], "n": [3, 90]}), "inbound_volume", {"n": "count"}, ["queue"])
>>> volume.attrs |= {"shape": "count", "value": "n"}
>>> ax = plot(volume)
>>> [text.get_text() for text in ax.texts if text.get_label() == "name"]
['B', 'A']
>>> svg(ax.figure)[:4]
'<svg'
>>> close(ax.figure)
"""

import numpy as np

from toolkit import words
from toolkit.errors import BadParameter
from toolkit.plots import axes, bars, canvas, curve, grid, pull, rows, split, trend
from toolkit.plots.canvas import close, style
from toolkit.plots.svg import svg
from toolkit.plots.tile import bullet, spark
from toolkit.plots.told import alternative_text, form_of, is_drawn
from toolkit.result import Result

__all__ = ["alternative_text", "bullet", "close", "form_of", "is_drawn", "plot", "spark", "style", "svg"]


def plot(result, ax=None, reference=None, period=None, highlight=None, before=None, parts=False, narrow=False,
         is_alarm=True):  # fmt: skip
    """Draw a result in the form of its shape; returns the axes.

    Parameters
    ----------
    result : Result of a metric; its shape is one of count, rate, wait, mean, score, shares, curve, grid, pull, tally,
        band
    ax : Axes, optional
        Its place is what the chart fills; of small multiples it holds the first.
    reference : float or Result without groups, optional
        The overall value, drawn dashed.
    period : Period, optional
        In lines the reported one is named above what lies before it.
    highlight : label of a row, optional
        What the finding names and what is distinguishable: drawn as a diamond. Nothing is highlighted by itself.
    is_alarm : bool
        Whether what is highlighted is for the worse; else it is no diamond and has no colour of its own, but is bold.
    before : Result of `metrics.compare.compared`, optional
        The period before: a hollow dot below each row, a tick in each bar.
    parts : bool
        Draw the parts that a result has beside its value, such as the scores behind a rate of high scores.
    narrow : bool
        For a phone: 300 instead of 800 pixels wide, names and values above their marks.

    Raises
    ------
    BadParameter
        There is no chart of what is given.
    """
    if not isinstance(result, Result):
        raise BadParameter(f"plot takes the result of a metric, not a {type(result).__name__}")
    form = form_of(result, parts)
    if form is None:
        raise BadParameter(
            f"plot has no chart of a {result.attrs.get('shape') or 'table'} ({result.attrs.get('metric')})"
        )
    with style():
        return _draw(result, ax, form, reference, period, highlight, before, narrow, is_alarm)


def _draw(result, ax, form, reference, period, highlight, before, narrow, is_alarm):
    result = axes.drawn(result)
    keys, attrs = axes.group_keys(result), result.attrs
    key = axes.time_key(result, keys)
    if key and result[key].isna().any():  # what has no time has no place along it
        kept = result[key].notna().to_numpy()
        partial = np.isin(np.arange(len(result)), attrs.get("partial", ()))[kept]
        result = result[kept]
        result.attrs = attrs | {"partial": np.flatnonzero(partial).tolist()}
    if not len(result) or not np.nansum(axes.counts(result)):
        return canvas.sentence(ax, narrow, words.text("chart.no_data"))
    if not result.enough().any():
        return canvas.sentence(ax, narrow, words.text("chart.too_few", n=attrs["minimum_count"]))
    if form == "curve":
        return curve.curve(result, ax, keys, narrow)
    if form == "grid":
        return grid.grid(result, ax, highlight, narrow, is_alarm)
    if form == "split":
        return split.split(result, ax, keys, narrow)
    keys = axes.group_keys(result, "rows")
    look = _form(result, keys, reference, highlight, period, before)._replace(is_alarm=is_alarm)
    if form == "pull":
        return pull.pull(result, ax, keys, look, narrow)
    if form == "trend":
        return trend.trend(result, ax, key, [one for one in keys if one != key], look, narrow)
    if form == "columns":
        return bars.columns(result, ax, key, look, narrow)
    return (bars.bars if form == "bars" else rows.rows)(result, ax, keys, look, narrow)


def _form(result, keys, reference, highlight, period, before):
    value = axes.value_of(result)
    if reference is None:
        reference = result.attrs.get("team")  # the figure of all, beside which members stand
    if hasattr(reference, "columns"):
        reference = reference[value].iloc[0] if len(reference) else np.nan
    # what belongs to nobody is never pointed at
    if highlight not in result.index or any(words.is_none(result.at[highlight, key]) for key in keys):
        highlight = None
    overall = np.nan if reference is None else float(reference)
    unit, limit = axes.unit_of(result, value), axes.limit_of(result, value)
    return axes.Form(value, unit, overall, highlight, period, before, limit=limit)
