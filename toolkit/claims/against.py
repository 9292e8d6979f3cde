"""Each group against all the others together."""

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pandas as pd

from toolkit.claims.groups import estimates, is_named, place_keys, time_key
from toolkit.intervals import LEVEL, Incidence, difference, normal_quantile, wilson
from toolkit.verdicts import FEW, NO_HISTORY, NOT_COMPARABLE, Change, curves, decide, rates, waits

FEWEST_OTHERS = 4  # days, weeks or months, to tell how much these move


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
            p = beyond_spread(own["value"], others["value"]) if len(others) >= FEWEST_OTHERS else math.nan
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
        p = beyond_spread(np.log1p(max(groups.loc[at, "value"], 0)), np.log1p(others.clip(lower=0)))
        return replace(change, p=max(change.p, p))

    return against


def beyond_spread(value, others, least=0.0):
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
