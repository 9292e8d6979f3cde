"""Claims: what may be said of a result, before it is said. Sentences and highlights of charts read them here.

A group stands out where it differs from all the others together, beyond chance and after Holm's correction for all the
groups that were looked at; a day, week or month differs beyond what the others move, too. What has too few cases, no name
("(none)", unassigned) or a part of a period only never does. Of several that stand out the one that does most harm is named:
the hour that loses hundreds of calls, not the one that loses 11 of 11.
"""

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
import pandas as pd

from toolkit.clock import days_since_epoch
from toolkit.clock.timeline import PERIODS, ends_of
from toolkit.intervals import LEVEL, Incidence, difference, normal_quantile, wilson
from toolkit.verdicts import (
    CLEAR,
    FEW,
    NO_HISTORY,
    NOT_COMPARABLE,
    SMALLEST_P,
    Change,
    curves,
    decide,
    is_clear,
    rates,
    waits,
)
from toolkit.words import is_none

NEAR, FAR = 3_600, 86_400  # of a curve the shares within an hour and a day are told
FEWEST_OTHERS = 4  # days, weeks or months, to tell how much these move
MOSTLY = 0.99  # where nearly all of every group have ended within a day, groups are compared by a shorter time


@dataclass(frozen=True)
class Standout:
    """A group that stands out: its row, with `rest`, the figure of the others together, `p`, and whether it is above them.

    `is_extreme`: no group has a higher (a lower) figure, so that a superlative is true. `harm`: how many cases, or how
    much time in all, it has more (less) than if it were as the others are.
    """

    row: pd.Series
    is_above: bool
    is_extreme: bool
    harm: float


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


def against_the_rest(result, only=None):
    """The groups that may stand out, each against all the others: `rest`, their figure together, `change`, `p`, `verdict`.

    `only`: per row whether it is looked at; the others are what it is held against.
    """
    keys, groups, every = place_keys(result), estimates(result), time_key(result)
    is_tested = groups["is_told"].to_numpy(bool) & is_named(groups, keys)
    if only is not None:
        is_tested &= np.asarray(only, bool)[groups.index]
    tested, is_cells = groups[is_tested].copy(), result.attrs["shape"] in ("wait", "mean")
    against = _against_cells(result, groups, every) if is_cells else _against_shares(groups, every)
    compared = [against(at) for at in tested.index]
    changes = [change for _, change in compared]
    is_pair = len(groups) == len(tested) == 2  # one comparison, seen from both sides
    tested["verdict"] = decide(changes[:1]) * 2 if is_pair else decide(changes)
    tested["p"] = [change.p for change in changes]
    tested["rest"] = [rest for rest, _ in compared]
    reached = tested[["value", "rest"]].fillna(math.inf)  # a median that isn't reached is longer than any that is
    tested["change"] = [own - rest if own != rest else 0.0 for own, rest in reached.itertuples(index=False)]
    return tested


def _against_shares(groups, every):
    """Function of a group's place: (share of the others together, change)."""
    told = groups["is_told"].astype(bool)

    def against(at):
        own, others = groups.loc[at], groups.drop(index=at)
        if groups["hits"].notna().all():
            rest = float(others["hits"].sum() / others["n"].sum()) if others["n"].sum() else math.nan
            if every:
                weeks = tuple(others.loc[told[others.index], name].to_numpy(float) for name in ("hits", "n"))
                return rest, rates(own["hits"], own["n"], others["hits"].sum(), others["n"].sum(), weeks, fewest=1)
            if _is_wilson(own):
                return rest, rates(
                    own["hits"], own["n"], others["hits"].sum(), others["n"].sum(), fewest=1, within=True
                )
        others = others[others["is_told"].astype(bool)]
        if not len(others):
            return math.nan, Change(untested=FEW)
        weights = (others["n"] / others["n"].sum()).to_numpy(float)
        pooled = _pooled(others[["value", "low", "high"]].to_numpy(float), weights)
        change = _mover(own[["value", "low", "high"]].astype(float), pooled)
        if every and not math.isnan(change.p):  # a mean score by week: beyond what the weeks differ, too
            p = _beyond(own["value"], others["value"]) if len(others) >= FEWEST_OTHERS else math.nan
            change = replace(change, p=max(change.p, p)) if p == p else replace(change, p=p, untested=NO_HISTORY)
        return pooled[0], change

    return against


def _is_wilson(row):
    """Whether the interval is the plain one of a share, not one that is wider for cases that are alike."""
    (low,), (high,) = wilson([row["hits"]], [row["n"]])
    return bool(np.isclose(low, row["low"], atol=1e-9) and np.isclose(high, row["high"], atol=1e-9))


def _pooled(estimates, weights):
    """The weighted mean of estimates, with MOVER's interval of the sum."""
    values, lows, highs = estimates.T
    value = float(weights @ values)
    below, above = (float(np.hypot.reduce(weights * side)) for side in (values - lows, highs - values))
    return value, value - below, value + above


def _mover(one, rest):
    """The change of an estimate against another; p where the interval, its ends moved out alike, touches 0."""
    change, low, high = difference(tuple(one), rest)
    side = change - low if change > 0 else high - change  # the end that could reach 0
    if math.isnan(side):
        return Change(change, untested=NOT_COMPARABLE)
    p = math.erfc(abs(change) / side * normal_quantile(LEVEL) / math.sqrt(2)) if side else float(change == 0)
    return Change(change, low, high, p)


def _against_cells(result, groups, every):
    """Function of a group's place: (mean or median of the others together, change), from the waits themselves."""
    ends, is_wait = ["ended_", "otherwise_", "open_"], result.attrs["shape"] == "wait"
    cells = {at: result.cells(row) for at, row in groups.iterrows()}
    if any(cell is None for cell in cells.values()):
        return lambda at: (math.nan, Change(untested=NOT_COMPARABLE))
    cells = {at: cell.groupby("cell_")[ends].sum() for at, cell in cells.items()}
    total = sum_of(cells.values())

    def against(at):
        own = cells[at].reindex(total.index, fill_value=0)
        seconds, others = total.index.to_numpy(float), total - own
        now, before = ([side[end].to_numpy(float) for end in ends] for side in (own, others))
        if not before[0].sum():
            return math.nan, Change(untested=FEW)
        if is_wait:
            rest = Incidence(seconds, *before)
            change = _either(curves((seconds, *now), (seconds, *before), fewest=1), now, rest)
            return rest.quantile(0.5), beyond(change, at)
        known = groups.drop(index=at).dropna(subset=["value"])
        rest = float((known["value"] * known["n"]).sum() / known["n"].sum()) if len(known) else math.nan
        return rest, beyond(waits(seconds, now[0], seconds, before[0], fewest=1), at)

    def beyond(change, at):
        """Of a day or week the change with the p of how far the others spread, where that is larger."""
        others = groups.loc[groups["is_told"].to_numpy(bool), "value"].drop(index=at, errors="ignore").dropna()
        if not every or pd.isna(groups.loc[at, "value"]):
            return change
        if len(others) < FEWEST_OTHERS:
            return replace(change, p=math.nan, untested=NO_HISTORY)
        p = _beyond(np.log1p(max(groups.loc[at, "value"], 0)), np.log1p(others.clip(lower=0)))
        return replace(change, p=max(change.p, p))

    return against


def _beyond(value, others, least=0.0):
    """p of how far a value lies from others, beyond how much these spread; `least`: their variance by chance alone."""
    from scipy.special import stdtr

    spread = math.sqrt(max(float(others.var(ddof=1)), least) * (1 + 1 / len(others)))
    if not spread:
        return float(value == others.mean())
    return float(2 * stdtr(len(others) - 1, -abs(value - others.mean()) / spread))


def _either(change, now, rest):
    """The change with the smaller p of two tests, doubled: of how fast the waiting are answered, and of the share answered.

    The first overlooks what catches up: those who write in the evening wait until the morning, and are answered as
    surely as the others. The second is of the share answered by the median of both together.
    """
    own = Incidence(rest.seconds, *now)
    at = np.searchsorted(rest.seconds, change.at, side="right") - 1 if change.at is not None else -1
    error = math.hypot(own.error[at], rest.error[at]) if at >= 0 else 0.0
    if not error > 0 or math.isnan(change.p):
        return change
    p = 2 * NormalDist().cdf(-abs(own.share[at] - rest.share[at]) / error)
    return replace(change, p=min(1.0, 2 * min(p, change.p)))


def sum_of(cells):
    """The counts of several groups, per duration, in one."""
    return pd.concat(list(cells)).groupby(level=0).sum()


def standouts(result, only=None):
    """(what was tested, the groups that stand out): those in harm's direction first, and of these the most harm first.

    Parameters
    ----------
    result : Result of the shape rate, wait, mean, shares or curve, with groups
    only : per row whether it may stand out; by default all

    Examples
    --------
    >>> from toolkit.result import Result
    >>> frame = pd.DataFrame({"hour": [12, 13], "n": [200, 100], "lost_count": [20, 40], "lost": [0.1, 0.4]})
    >>> frame["low"], frame["high"] = wilson(frame["lost_count"], frame["n"])
    >>> result = Result.of(frame, "lost", {}, ["hour"])
    >>> result.attrs |= {"shape": "rate", "value": "lost", "ends": ("low", "high"), "roles": {"hits": "lost_count"}}
    >>> first = standouts(result)[1][0]
    >>> int(first.row["hour"]), first.is_extreme, float(first.row["rest"]), round(float(first.harm), 6)
    (13, True, 0.1, 30.0)
    """
    is_apart = not (is_side_by_side(result) or result.attrs.get("overlaps"))  # else the others have its cases, too
    if not (place_keys(result) and is_apart) or estimates(result)["is_told"].sum() < 2:
        return None, []
    tested = against_the_rest(result, only)
    # of spans of time the share of the first is told, which is better high
    is_harm_high = result.attrs.get("best") != "high" and "part" not in result.attrs
    found = [Standout(row, *_extent(row, tested)) for _, row in tested[tested["verdict"] == CLEAR].iterrows()]
    if len(found) == len(tested) == len(estimates(result)) == 2:
        found = sorted(found, key=lambda one: one.is_above != is_harm_high)[:1]  # one difference, seen from both sides
    found = [one for one in found if one.row["change"]]  # tests of times may be clear where the medians are alike
    return tested, sorted(found, key=lambda one: (one.is_above != is_harm_high, -one.harm, -one.row["n"]))


def _extent(row, tested):
    """(is_above, is_extreme, harm) of a row of what was tested."""
    is_above, values = row["change"] > 0, tested["value"].fillna(math.inf)
    own = math.inf if pd.isna(row["value"]) else row["value"]
    return bool(is_above), bool(own >= values.max() if is_above else own <= values.min()), row["n"] * abs(row["change"])


def changed(result, comparison):
    """(place in the result, row of the comparison) of each group with a name that changed clearly, surest first."""
    if comparison is None or not len(comparison):
        return []
    keys = place_keys(comparison)
    places = {_key(row, keys): at for at, (_, row) in enumerate(result.iterrows())}
    rows = comparison[(comparison["verdict"] == CLEAR).to_numpy(bool) & is_named(comparison, keys)]
    found = [(places.get(_key(row, keys)), row) for _, row in rows.sort_values("p", kind="stable").iterrows()]
    return [(place, row) for place, row in found if place is not None]


def _key(row, keys):
    return tuple(None if is_none(row[key]) else row[key] for key in keys)


def score(p):
    """How sure a change or difference is, as a normal score: its size over its uncertainty.

    >>> round(score(0.05), 2), score(float("nan"))
    (1.96, 0.0)
    """
    return 0.0 if p is None or pd.isna(p) else -NormalDist().inv_cdf(max(p, SMALLEST_P) / 2)


def most(result):
    """The group with most hits, where it has a name and no other has as many; a count in full, so without a verdict."""
    groups = estimates(result)
    top = groups[groups["hits"] == groups["hits"].max()]
    return top.iloc[0] if len(top) == 1 and top["hits"].iloc[0] > 0 and is_named(top, place_keys(result))[0] else None


def largest(counts):
    """The group of the largest count, where it has a name and no other has as many; None otherwise.

    >>> largest(pd.Series({"a": 3, "b": 2})), largest(pd.Series({"a": 3, "(none)": 4}))
    ('a', None)
    """
    top = counts[counts == counts.max()]
    return top.index[0] if len(top) == 1 and not is_none(top.index[0]) else None


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
    known = counts.dropna()
    if len(known) <= FEWEST_OTHERS:
        return None
    top = known.idxmax()
    if is_none(top):
        return None
    others = known.drop(index=top)
    # no less than chance alone would spread them
    p = _beyond(known[top], others, float(others.mean())) * len(known)
    return top if is_clear(p) else None


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
    first, last = days_since_epoch(period.first_day), days_since_epoch(period.last_day)
    is_within = [start <= last and end >= first for start, end in _days_of(starts, every)]
    return np.asarray(is_within, bool) & ~starts.isna()


def is_whole(starts, every, period):
    """Whether these days, weeks or months hold no day outside the reported period, so that their sum is its figure.

    >>> from datetime import date
    >>> class March: first_day, last_day = date(2024, 3, 1), date(2024, 3, 31)
    >>> is_whole(["2024-02-26", "2024-03-04"], "week", March), is_whole(["2024-03-04", "2024-03-25"], "week", March)
    (False, True)
    """
    if period is None or period.first_day is None:
        return True
    first, last = days_since_epoch(period.first_day), days_since_epoch(period.last_day)
    return all(first <= start and end <= last for start, end in _days_of(pd.DatetimeIndex(starts), every))


def _days_of(starts, every):
    """(first, last) day since 1970-01-01 of each day, week, month, ... that begins there."""
    days = starts.to_numpy().astype("datetime64[D]").astype("int64")
    return [(day, ends_of(every, day)[1]) for day in days]
