"""Whether a chart says more than a sentence does, and a chart in words for those who don't see it."""

import numpy as np

from toolkit import words
from toolkit.cards import label
from toolkit.metrics.registry import METRICS
from toolkit.plots import axes, curve
from toolkit.plots.trend import LEAST_POINTS

UNDRAWN = ("listing",)
CALENDAR = ("day", "week", "month", "quarter", "year")


def form_of(result, parts=False):
    """The form in which a result is drawn.

    One of "rows", "bars", "columns", "trend", "split", "curve", "grid", "pull"; None where there is none.
    """
    shape, keys = result.attrs.get("shape"), axes.group_keys(result)
    if shape is None or shape in UNDRAWN:
        return None
    if shape == "comparison":  # beside figures from outside; against the period before it stands with its result
        is_count = axes.unit_of(result, axes.value_of(result)) == "count"
        return "rows" if result.attrs.get("against") == "outside" and not is_count else None
    if shape in ("curve", "grid", "pull"):
        return shape
    if shape == "contribution":
        return "pull"
    if shape == "need" and keys == ["weekday", "hour"]:
        return "grid"
    key = axes.time_key(result, keys)
    if shape == "band" and "hour" in keys:
        return None  # hundreds of hours are no line
    if (parts and result.attrs.get("parts")) or (shape == "shares" and (keys if "part" in result.attrs else not key)):
        return "split"
    keys = axes.group_keys(result, "rows")
    if shape == "sums":
        return "rows" if len(keys) == 1 else None  # of several groups' parts the table says more
    if key and (len(keys) > 1 or shape == "shares"):
        return "trend"
    if key == "hour":
        return "columns"
    if key and key != "weekday" and len(result) >= LEAST_POINTS:
        return "trend"
    is_count = shape in ("count", "shares") or axes.unit_of(result, axes.value_of(result)) == "count"
    return "bars" if is_count else "rows"


def is_drawn(result, parts=False):
    """Whether a chart says more than a sentence; `parts`: whether the parts behind the value are asked for.

    Not where fewer than two groups have enough cases, fewer than 4 steps of time, or nothing came at all.

    Examples
    --------
    >>> import pandas as pd
    >>> from toolkit.metrics import csat
    >>> [is_drawn(csat(pd.DataFrame({"score": [5] * 40, "topic": ["a", b] * 20}), by="topic")) for b in "ab"]
    [False, True]
    """
    form, result = form_of(result, parts), axes.drawn(result)
    if form is None or not len(result) or not np.nansum(axes.counts(result)) or not result.enough().any():
        return False
    if form == "curve":
        return bool(curve.parts_of(result, axes.group_keys(result))[0])
    if form in ("grid", "split"):
        return True
    value = axes.value_of(result)
    known = axes.estimates(result, value)
    keys = axes.group_keys(result)
    key = axes.time_key(result, keys)
    if key in CALENDAR:
        return result[key][known["value"].notna().to_numpy()].nunique() >= LEAST_POINTS
    return int((known["value"].notna() | known["low"].notna()).sum()) > 1


def alternative_text(result, heading, highlight=None, parts=False):
    """A chart in words: its form, what stands on which axis, how far the values reach, what is marked.

    Parameters
    ----------
    heading : str, the finding, which stands beside the chart; it is said here only where nothing else is
    highlight : label of the row that is marked, optional
    parts : whether the parts behind the value are drawn

    Examples
    --------
    >>> import pandas as pd
    >>> from toolkit.metrics import csat
    >>> scores = csat(pd.DataFrame({"score": [5, 1] * 20, "topic": ["billing"] * 20 + ["app"] * 20}), by="topic")
    >>> alternative_text(scores, "CSAT is 50 %").replace("\\xa0", " ")
    'Dots with whiskers: CSAT by topic, 2 rows, all 50 %.'
    """
    form, result = form_of(result, parts), axes.drawn(result)
    if form is None:
        return heading
    keys = axes.group_keys(result) if form in ("split", "curve", "grid") else axes.group_keys(result, "rows")
    by = words.joined(_key(key) for key in keys) or words.text("chart.alt.all")
    said = words.text("chart.alt.chart", form=words.text(f"chart.alt.{form}"), label=_label(result), by=by)
    said += _reach(result, form, keys)
    is_shown = form not in ("split", "curve") and highlight is not None and highlight in result.index
    if is_shown and np.isfinite(axes.estimates(result, axes.value_of(result)).at[highlight, "value"]):
        name = axes.row_names(result.loc[[highlight]], keys)[0]
        said += words.text("chart.alt.marked", name=name)
    return said + "."


def _label(result):
    """What the values are called, also where they aren't of the column that the metric is told by, as in a team."""
    attrs, value = result.attrs, axes.value_of(result)
    if attrs.get("shape") == "team" and attrs.get("at") is not None:  # waits are told by the share that ended in time
        chosen = {key: words.unbroken(said) for key, said in attrs["choices"].items() if key != "n"}
        event = words.text(f"metric.{attrs['metric']}.event", **chosen | {"n": 2})
        return words.text("chart.alt.within", event=event, time=words.duration(attrs["at"]))
    own = METRICS[attrs["metric"]].value if attrs["metric"] in METRICS else value
    if own not in result.columns or axes.unit_of(result, own) == axes.unit_of(result, value):
        return axes.label_of(attrs)
    target = attrs.get("target") or {}
    return label(attrs["metric"], value, target.get("seconds") if target.get("of") == value else None)


def _key(key):
    return words.text(f"tables.keys.{key}") if words.has(f"tables.keys.{key}") else key.replace("_", " ")


def _reach(result, form, keys):
    """How many rows there are, and between which the values lie."""
    if form in ("split", "curve"):
        n = len(result[keys].drop_duplicates()) if keys else 1
        return words.text("chart.alt.groups", n=n)
    value = axes.value_of(result)
    unit = axes.unit_of(result, value)
    groups = result[~result["is_total"].astype(bool)] if "is_total" in result else result
    known = axes.estimates(groups, value)["value"].dropna()
    said = words.text("chart.alt.count", n=len(groups))
    if not len(known):
        return said
    low, high = (axes.shown(end, unit) for end in (known.min(), known.max()))
    if low == high:
        return said + words.text("chart.alt.level", value=low)
    names = axes.row_names(result.loc[[known.idxmin(), known.idxmax()]], keys)
    return said + words.text("chart.alt.reach", low=low, high=high, lowest=names[0], highest=names[1])
