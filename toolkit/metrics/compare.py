"""A figure against the period before."""

import numpy as np
import pandas as pd

from toolkit.errors import BadParameter, MissingColumn
from toolkit.intervals import difference
from toolkit.result import Result, interval_columns


def previous_period(now, before, value):
    """A metric's result beside the same metric's result for the period before.

    Parameters
    ----------
    now, before : Result
        The same metric with the same `by`, over two periods; `before` may be None.
    value : str
        The column to compare.

    Returns
    -------
    Result, one row per row of `now` (group, stage, bucket, ...): its `n` (of a bucket, its
        group's `total`), the value with its interval, `previous_n`, `previous`, and `change` with `change_low`, `change_high` (95 %, MOVER) where both reach the minimum count;
        `is_distinguishable`: whether the interval leaves out no change.

    Raises
    ------
    MissingColumn, BadParameter
        There is no such value; the results are not of one metric with the same groups, or a row of theirs has a twin.

    Source: DEFINITIONS.md#previous-period

    Examples
    --------
    >>> from toolkit.metrics import csat
    >>> now = csat(pd.DataFrame({"score": [5] * 40 + [1] * 10}))
    >>> before = csat(pd.DataFrame({"score": [5] * 20 + [1] * 30}))
    >>> previous_period(now, before, "csat")[["csat", "previous", "is_distinguishable"]].values.tolist()
    [[0.8, 0.4, True]]
    """
    if value not in now.columns:
        raise MissingColumn(now.attrs.get("metric", "result"), value, now.columns)
    attrs, keys = now.attrs, _rows_of(now)
    counted = attrs.get("count", "n")
    if counted not in now.columns:
        raise BadParameter("previous_period takes figures with a count; group this result with by=")
    ends = interval_columns(now.columns).get(value, ())
    measures = list(dict.fromkeys([counted, value, *ends]))  # the value may be the count
    frame = pd.DataFrame(now)[[*keys, *measures]].copy()
    frame["_few"] = ~now.enough().to_numpy()
    if before is not None and (attrs["metric"], keys) != (before.attrs.get("metric"), _rows_of(before)):
        raise BadParameter("previous_period compares two results of one metric with the same by")
    for result in (now, before):
        if result is not None and (pd.DataFrame(result).duplicated(keys).any() if keys else len(result) > 1):
            raise BadParameter(
                f"previous_period: several rows of {attrs['metric']} have the same {', '.join(keys) or 'group: none'}"
            )
    if before is None:
        past = pd.DataFrame(columns=[*keys, "previous_n", "previous", "_few_past"])
    else:
        past = pd.DataFrame(before)[keys].copy()
        past["_few_past"] = ~before.enough().to_numpy()
        past = past.assign(
            previous_n=before[counted], previous=before[value], **{f"_past_{end}": before[end] for end in ends}
        )
    if keys:
        if not len(past):  # its keys have no type of their own
            past = past.astype(frame[keys].dtypes.to_dict())
        frame = frame.merge(past, on=keys, how="left", validate="one_to_one")
    else:
        frame = pd.concat([frame.reset_index(drop=True), past.reset_index(drop=True)], axis=1)
    changes = []
    for row in frame.to_dict("records"):
        counts = row.get("previous_n", 0) or 0
        if row["_few"] or not counts > 0 or row.get("_few_past") is not False:
            changes.append((np.nan,) * 3)
        elif ends:
            changes.append(
                difference(
                    [row[name] for name in (value, *ends)], [row["previous"], *[row[f"_past_{end}"] for end in ends]]
                )
            )
        else:
            changes.append((row[value] - row["previous"], np.nan, np.nan))
    frame[["change", "change_low", "change_high"]] = np.array(changes, float).reshape(-1, 3)
    frame["is_distinguishable"] = (frame["change_low"] > 0) | (frame["change_high"] < 0)
    unit = attrs["units"].get(value, "text")
    units = {name: attrs["units"].get(name, "text") for name in [*keys, value]} | {
        counted: "count",
        "previous_n": "count",
    }
    units |= {"previous": unit, "change": {"rate": "points"}.get(unit, f"change in {unit}")}
    columns = [*keys, *measures, "previous_n", "previous", "change", "change_low", "change_high", "is_distinguishable"]
    result = Result.of(frame[columns], attrs["metric"], units, keys, attrs["minimum_count"], attrs["choices"])
    result.attrs["count"] = counted
    return result


def _rows_of(result):
    """The columns that tell one row of a result from another."""
    return list(result.attrs.get("rows", result.attrs["by"]))
