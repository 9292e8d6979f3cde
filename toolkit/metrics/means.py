"""The shape of waits that are over: n, their mean with an interval, median and p90.

They reach pandas as counts on a grid of seconds, as those that may be open do (`waits.py`).
"""

import numpy as np

from toolkit import engine
from toolkit.intervals import mean_of_waits, order_interval, wilson
from toolkit.metrics.registry import METRICS
from toolkit.metrics.shapes import finish, groups_of, run
from toolkit.metrics.waits import MEDIAN, WITHIN, framed, on_grid


def mean(of, rows, by, zone, choices=None, uses=(), within=None, facts=None, counts=None):
    """The mean of `seconds_` with Hall's interval, for skewed waits; median and p90, plain: nothing is open.

    Rows whose seconds are null are left out, and counted as the fact `unknown`.

    Parameters
    ----------
    within : (seconds, wanted share), optional
        The share of the rows that took no longer.
    facts : what else a sentence says of the result
    counts : {name: flag column} of rows that are counted beside
    """
    name, keys = of.__name__, engine.group_keys(by)
    counts = counts or {}
    ends = {"mean_seconds": ("mean_low", "mean_high"), "median_seconds": ("median_low", "median_high")}
    value = METRICS[name].value
    columns = ["n", "mean_seconds", *ends["mean_seconds"], *MEDIAN, "p90_seconds", *(WITHIN if within else []), *counts]
    keyed = engine.with_keys(rows, METRICS[name].contract, keys, zone, uses=uses, taken=columns)
    cells = keyed.select(*keys, *counts.values(), cell_=on_grid(keyed.seconds_), s_=keyed.seconds_.cast("float64"))
    query = cells.group_by([*keys, "cell_"]).aggregate(
        ended_=cells.count(), s1_=cells.s_.sum(), s2_=(cells.s_ * cells.s_).sum(), s3_=(cells.s_ * cells.s_ * cells.s_).sum(),
        **{f"{count}_": engine.count_if(cells, cells[flag]) for count, flag in counts.items()},
    )  # fmt: skip

    def measured(group):
        group = group.sort_values("cell_")
        values, sizes = group["cell_"].to_numpy(float), group["ended_"].to_numpy(float)
        n, *sums = (float(group[column].sum()) for column in ("ended_", "s1_", "s2_", "s3_"))
        low, high = (float(np.ravel(end)[0]) for end in mean_of_waits(n, *sums))
        median = [plain_quantile(values, sizes, 0.5), *order_interval(values, sizes, 0.5)]
        row = [int(n), sums[0] / n if n else np.nan, low, high, *median, plain_quantile(values, sizes, 0.9)]
        if within:
            hits = float(sizes[values <= within[0]].sum())
            row += [hits / n if n else np.nan, *(float(end[0]) for end in wilson([hits], [n]))]
        return dict(zip(columns, [*row, *(int(group[f"{count}_"].sum()) for count in counts)], strict=True))

    def made(cells):
        unknown = cells[cells["cell_"].isna()]
        cells = cells.drop(unknown.index)
        known = (facts or {}) | {"unknown": int(unknown["ended_"].sum())}
        groups = groups_of(cells, keys) if len(cells) or not keys else []
        frame = framed(keys, [(key, measured(group)) for key, group in groups], columns).astype({"n": "int64"})
        units = {"n": "count"} | dict.fromkeys(["mean_seconds", "median_seconds", "p90_seconds"], "seconds")
        units |= dict.fromkeys(counts, "count") | {"within_target": "rate"}
        about = {"ends": ends[value], "facts": known}
        if within:
            about["target"] = dict(zip(("of", "low", "high"), WITHIN, strict=True)) | {
                "value": within[1],
                "best": "high",
            }
            about["target"]["seconds"] = within[0]
        kept = cells.assign(otherwise_=0, open_=0)
        return finish(frame, name, rows, keys, units, choices, **about).with_cells(kept, keys)

    return run(query, made)


def plain_quantile(values, counts, probability):
    """The quantile of counted values, interpolated between neighbours as numpy's default is.

    >>> plain_quantile(np.array([1.0, 2.0, 9.0]), np.array([1, 1, 2]), 0.5)
    5.5
    """
    n = counts.sum()
    if not n:
        return np.nan
    order = np.argsort(values)
    place, ends = (n - 1) * probability, np.cumsum(counts[order])
    low, high = (values[order][np.searchsorted(ends, at, side="right")] for at in (np.floor(place), np.ceil(place)))
    return float(low + (high - low) * (place - np.floor(place)))
