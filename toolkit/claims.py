"""Claims: what may be said of a result, before it is said. Sentences and highlights of charts read them here.

A group stands out where it differs from all the others together, beyond chance and after Holm's correction for all the
groups that were looked at. What has too few cases, no name ("(none)", unassigned) or a part of a period only never does.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from toolkit.intervals import LEVEL, difference, normal_quantile, wilson
from toolkit.verdicts import CLEAR, Change, decide, rates
from toolkit.words import is_none

PERIODS = ("day", "week", "month", "quarter", "year")
TIME_PARTS = ("hour", "weekday", *PERIODS)
NEAR = 3_600  # of a curve's groups what is told is the share within an hour


@dataclass(frozen=True)
class Standout:
    """A group that stands out: its row, whether above the others, and the figures of the others.

    `is_extreme`: no group has a higher (a lower) figure, so that a superlative is true. `rest` is (low, high): the others
    together, both ends alike, or from their lowest to their highest median where they can't be put together.
    """

    row: pd.Series
    is_above: bool
    is_extreme: bool
    rest: tuple


def group_keys(result):
    """The columns that tell the groups of a result apart."""
    return [key for key in result.attrs.get("by", ()) if key in result.columns]


def place_keys(result):
    """The keys, and of a result with ordered rows (stages, bases) what tells those apart."""
    if result.attrs.get("ordered"):
        return [key for key in result.attrs["rows"] if key in result.columns]
    return group_keys(result)


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
        frame = within(frame, keys, NEAR).assign(is_told=True)
        frame["is_told"] = frame["n"] >= attrs.get("facts", {}).get("minimum_count", 1)
    columns = {"value": frame[value], "low": frame[low], "high": frame[high], "n": frame[count]}
    made = frame[keys].assign(**{name: column.astype(float) for name, column in columns.items()})
    made["hits"] = frame[hits].astype(float) if hits else np.nan
    is_known = made["value"].notna() | (made["low"].notna() if shape == "wait" else False)
    made["is_told"] = frame["is_told"].to_numpy() & is_known.to_numpy()
    return made


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


def against_the_rest(result):
    """The groups that may stand out, each against all the others: `change` and `verdict` beside the estimates."""
    keys, groups = place_keys(result), estimates(result)
    tested = groups[groups["is_told"].to_numpy() & is_named(groups, keys)].copy()
    is_log = result.attrs["shape"] == "wait"  # waits spread by factors
    changes = [_against(groups, at, is_log) for at in tested.index]
    is_pair = len(groups) == len(tested) == 2  # one comparison, seen from both sides
    tested["verdict"] = decide(changes[:1]) * 2 if is_pair else decide(changes)
    tested["change"] = [change.change for change in changes]
    return tested


def _against(groups, at, is_log):
    own, others = groups.loc[at], groups.drop(index=at)
    if groups["hits"].notna().all() and _is_wilson(own):
        return rates(own["hits"], own["n"], others["hits"].sum(), others["n"].sum(), fewest=1, within=True)
    others = others[others["is_told"].astype(bool)]
    if not len(others):
        return Change(untested="few")
    one, rest = _estimate(own, is_log), _pooled([_estimate(row, is_log) for _, row in others.iterrows()], others["n"])
    if any(math.isnan(value) for value in (*one, *rest)):
        return Change(untested="not comparable")
    change, low, high = difference(one, rest)
    below, above = change - low, high - change
    side = below if change > 0 else above  # the end that could reach 0
    # the level at which the interval touches 0, where its ends move out as the normal quantile does
    p = 1.0 if not side or math.isinf(side) else math.erfc(abs(change) / side * normal_quantile(LEVEL) / math.sqrt(2))
    return Change(change, low, high, p)


def _is_wilson(row):
    """Whether the interval is the plain one of a share, not one that is wider for cases that are alike."""
    (low,), (high,) = wilson([row["hits"]], [row["n"]])
    return bool(np.isclose(low, row["low"], atol=1e-9) and np.isclose(high, row["high"], atol=1e-9))


def _estimate(row, is_log):
    """(value, low, high); of a median that isn't reached all that is known is where it could begin."""
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    value, high = (low if math.isnan(value) else value), (math.inf if math.isnan(high) else high)
    if is_log:
        return tuple(math.log(max(one, 0.5)) for one in (value, low, high))
    return value, low, high


def _pooled(parts, weights):
    """The weighted mean of estimates, with MOVER's interval of the sum."""
    values, lows, highs = np.array(parts, float).T
    weights = np.asarray(weights, float) / np.sum(weights)
    value = float(weights @ values)
    return value, value - float(np.hypot.reduce(weights * (values - lows))), value + float(
        np.hypot.reduce(weights * (highs - values))
    )  # fmt: skip


def standout(result, above=True):
    """The group that stands out most above (or below) the others; None where no group does.

    Parameters
    ----------
    result : Result of the shape rate, wait, mean, shares or curve, with groups
    above : bool
        The highest figure, or the lowest.

    Returns
    -------
    Standout or None; of several that stand out the one with the most extreme figure

    Examples
    --------
    >>> from toolkit.result import Result
    >>> frame = pd.DataFrame({"hour": [12, 13], "n": [200, 100], "lost_count": [20, 40], "lost": [0.1, 0.4]})
    >>> frame["low"], frame["high"] = wilson(frame["lost_count"], frame["n"])
    >>> result = Result.of(frame, "lost", {}, ["hour"])
    >>> result.attrs |= {"shape": "rate", "value": "lost", "ends": ("low", "high"), "roles": {"hits": "lost_count"}}
    >>> found = standout(result)
    >>> int(found.row["hour"]), found.is_extreme, found.rest
    (13, True, (0.1, 0.1))
    """
    tested = against_the_rest(result)
    sign = 1 if above else -1
    clear = tested[(tested["verdict"] == CLEAR) & (sign * tested["change"] > 0)]
    if not len(clear):
        return None
    # a median that isn't reached is longer than any that is
    rank = sign * clear["value"].fillna(math.inf)
    row = clear.loc[rank.idxmax()]
    every = sign * tested["value"].fillna(math.inf)
    groups = estimates(result)
    return Standout(row, above, bool(rank.max() >= every.max()), _rest(groups.drop(index=row.name), result))


def _rest(others, result):
    if others["hits"].notna().all() and others["n"].sum():
        share = others["hits"].sum() / others["n"].sum()
        return float(share), float(share)
    others = others[others["is_told"].to_numpy() & others["value"].notna().to_numpy()]
    if not len(others):
        return math.nan, math.nan
    if result.attrs["shape"] == "wait":
        return float(others["value"].min()), float(others["value"].max())
    mean = float((others["value"] * others["n"]).sum() / others["n"].sum())
    return mean, mean


def most(result):
    """The named group with most hits, where no other has as many; None otherwise. A count in full, so without a verdict."""
    keys, groups = place_keys(result), estimates(result)
    named = groups[is_named(groups, keys)]
    top = named[named["hits"] == named["hits"].max()]
    return top.iloc[0] if len(top) == 1 and top["hits"].iloc[0] > 0 else None


def peak(counts):
    """The place of a count that is clearly above the others', beyond how much these spread; None where there is none.

    Parameters
    ----------
    counts : Series, of parts of time; null where the data is missing

    Examples
    --------
    >>> peak(pd.Series([10, 12, 9, 11, 10, 40])), peak(pd.Series([10, 12, 9, 11, 10, 14]))
    (5, None)
    """
    from scipy.special import stdtr

    known = counts.dropna()
    if len(known) < 5:
        return None
    top = known.idxmax()
    others = known.drop(index=top)
    # no less than chance alone would spread them
    spread = math.sqrt(max(float(others.var(ddof=1)), float(others.mean())) * (1 + 1 / len(others)))
    if not spread:
        return None
    p = stdtr(len(others) - 1, -(known[top] - others.mean()) / spread) * 2 * len(known)
    return top if p <= 1 - LEVEL else None


def in_period(starts, every, period):
    """Which days, weeks or months, given by their first day, share a day with the reported period; all without one.

    >>> from datetime import date
    >>> class April: first_day, last_day = date(2024, 4, 3), date(2024, 4, 30)
    >>> in_period(pd.to_datetime(["2024-03-25", "2024-04-01", "2024-05-01"]), "week", April).tolist()
    [False, True, False]
    """
    starts = pd.DatetimeIndex(starts)
    if period is None or period.first_day is None:
        return np.ones(len(starts), bool)
    codes = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
    ends = starts.to_period(codes[every]).end_time
    return np.asarray((starts <= pd.Timestamp(period.last_day)) & (ends >= pd.Timestamp(period.first_day)))
