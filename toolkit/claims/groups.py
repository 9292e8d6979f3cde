"""What is told of a result: its keys, and one row per group with its figure."""

import numpy as np
import pandas as pd

from toolkit.clock.timeline import PERIODS
from toolkit.words import is_none

NEAR, FAR = 3_600, 86_400  # of a curve the shares within an hour and a day are told
MOSTLY = 0.99  # where nearly all of every group have ended within a day, groups are compared by a shorter time


def group_keys(result):
    """The columns that tell the groups of a result apart."""
    return [key for key in result.attrs.get("by", ()) if key in result.columns]


def place_keys(result):
    """The keys, and of a result with ordered rows (stages, bases) what tells those apart."""
    if result.attrs.get("ordered"):
        return [key for key in result.attrs["rows"] if key in result.columns]
    return group_keys(result)


def time_key(result):
    """The column of days, weeks, months, ... of which each row is one; None where rows are told apart by anything else."""
    keys = place_keys(result)
    is_time = len(keys) == 1 and keys[0] in PERIODS and str(result[keys[0]].dtype).startswith("datetime64")
    return keys[0] if is_time else None


def is_side_by_side(result):
    """Whether its rows are the same cases counted in other ways (bases, expectations), of which none is the highest."""
    return bool(result.attrs.get("ordered")) and not any(str(name).startswith("share_of_") for name in result.columns)


def estimates(result):
    """One row per group: its keys, `value`, `low`, `high`, `n`, `hits` (null where it is no share) and `is_told`.

    `is_told` where the group has enough cases and isn't a part of a period; the index is the row's place in the result.

    Examples
    --------
    >>> from toolkit.result import Result
    >>> frame = pd.DataFrame({"queue": ["a", "b"], "n": [20, 2], "lost_count": [5, 1], "lost": [0.25, 0.5]})
    >>> result = Result.of(frame.assign(low=0.1, high=0.9), "lost", {}, ["queue"], 10)
    >>> result.attrs |= {"shape": "rate", "value": "lost", "ends": ("low", "high"), "roles": {"hits": "lost_count"}}
    >>> estimates(result)[["queue", "value", "hits", "is_told"]].values.tolist()
    [['a', 0.25, 5.0, True], ['b', 0.5, 1.0, False]]
    """
    attrs, keys, frame = result.attrs, place_keys(result), pd.DataFrame(result).reset_index(drop=True)
    is_told = result.enough().to_numpy(bool).copy()
    is_told[list(attrs.get("partial", ()))] = False
    frame["is_told"] = is_told
    shape, value = attrs["shape"], attrs["value"]
    low, high = attrs.get("ends", ("low", "high"))
    count, hits = attrs.get("count", "n"), attrs.get("roles", {}).get("hits")
    if "part" in attrs:  # the first span of each group
        frame, value, hits = frame[(frame[attrs["part"]].astype(str) == attrs["parts"][0])], "share", "n"
    elif shape == "shares":
        low, high, hits = f"{value}_low", f"{value}_high", f"{value}_count"
    elif shape == "curve":
        frame = within(frame, keys, told_time(result, keys)).assign(is_told=True)
        frame["is_told"] = frame["n"] >= attrs.get("facts", {}).get("minimum_count", 1)
    columns = {"value": frame[value], "low": frame[low], "high": frame[high], "n": frame[count]}
    made = frame[keys].assign(**{name: column.astype(float) for name, column in columns.items()})
    made["hits"] = frame[hits].astype(float) if hits else np.nan
    is_known = made["value"].notna() | (shape == "wait")  # a median that isn't reached says something, too
    made["is_told"] = frame["is_told"].to_numpy() & is_known.to_numpy()
    return made


def told_times(curve):
    """The times within which the shares of a curve are told: an hour and a day, unless its metric knows better."""
    return curve.attrs.get("facts", {}).get("times") or (NEAR, FAR)


def told_time(curve, keys):
    """The time within which the groups of a curve are compared: the last told, or less where nearly all have ended by then."""
    frame, times = pd.DataFrame(curve), told_times(curve)
    for seconds in times[::-1]:
        if len(frame) and within(frame, keys, seconds)["share"].min() < MOSTLY:
            return seconds
    return min(60, times[0])


def within(curve, keys, seconds):
    """The share within so many seconds of each group's curve, with the group's n."""
    rows = []
    for _, part in curve.groupby(keys, sort=False, observed=True, dropna=False) if keys else [((), curve)]:
        part = part.sort_values("seconds", kind="stable")
        reached = part[part["seconds"] <= seconds]
        row = (reached if len(reached) else part).iloc[-1 if len(reached) else 0].copy()
        if not len(reached):
            row[["share", "low", "high"]] = 0.0
        row["n"] = part["n"].max()
        rows.append(row)
    return pd.DataFrame(rows, columns=curve.columns)


def is_named(groups, keys):
    """Per row: whether none of its keys is null, "(none)" or unassigned."""
    return np.array([not any(is_none(row[key]) for key in keys) for _, row in groups.iterrows()], bool)
