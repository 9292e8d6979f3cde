"""Which groups stand out, changed, or are the largest."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import pandas as pd

from toolkit.claims.against import FEWEST_OTHERS, against_the_rest, beyond_spread
from toolkit.claims.groups import estimates, is_named, is_side_by_side, place_keys
from toolkit.verdicts import CLEAR, SMALLEST_P, is_clear
from toolkit.words import is_none

FEWEST_OF_STOCK = 10
GROWN = 0.2  # a share of what there was


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


def standouts(result, only=None):
    """(what was tested, the groups that stand out): those in harm's direction first, and of these the most harm first.

    Parameters
    ----------
    result : Result of the shape rate, wait, mean, shares or curve, with groups
    only : per row whether it may stand out; by default all

    Examples
    --------
    >>> from toolkit.intervals import wilson
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
    """(place in the result, row of the comparison) of each group with a name that changed clearly, the largest change first.

    One that is told alone is then the one that changed most of them, and not merely the one with most cases.
    """
    if comparison is None or not len(comparison):
        return []
    keys = place_keys(comparison)
    places = {_key(row, keys): at for at, (_, row) in enumerate(result.iterrows())}
    rows = comparison[(comparison["verdict"] == CLEAR).to_numpy(bool) & is_named(comparison, keys)]
    rows = rows.assign(size_=-rows["change"].abs()).sort_values(["size_", "p"], kind="stable").drop(columns="size_")
    found = [(places.get(_key(row, keys)), row) for _, row in rows.iterrows()]
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


def has_grown(stock, before):
    """Whether a stock, counted at the end of each step, grew: in most of them, and in all by more than a fifth.

    Parameters
    ----------
    stock : Series, at the end of each step
    before : number, at the beginning of the first; of few, such as where the data begins, growth says nothing

    Examples
    --------
    >>> has_grown(pd.Series([52, 60, 58, 66, 70]), 50), has_grown(pd.Series([50, 50, 50, 49, 70]), 50)
    (True, False)
    >>> has_grown(pd.Series([52, 53, 54, 55, 58]), 50), has_grown(pd.Series([20, 30, 40, 50, 60]), 0)
    (False, False)
    """
    if before is None or before < FEWEST_OF_STOCK or len(stock) <= FEWEST_OTHERS:
        return False
    steps = stock.diff().fillna(stock.iloc[0] - before)
    return bool((steps > 0).sum() * 2 > len(steps) and stock.iloc[-1] - before > before * GROWN)


def largest(counts):
    """The group of the largest count, where it has a name and no other has as many; None otherwise.

    >>> largest(pd.Series({"a": 3, "b": 2})), largest(pd.Series({"a": 3, "(none)": 4}))
    ('a', None)
    """
    top = counts[counts == counts.max()]
    return top.index[0] if len(top) == 1 and not is_none(top.index[0]) else None


def is_most(count, total):
    """Whether a count is most of a total: more than half of it.

    >>> is_most(51, 100), is_most(1, 2)
    (True, False)
    """
    return 2 * float(count) > float(total)


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
    p = beyond_spread(known[top], others, float(others.mean())) * len(known)
    return top if is_clear(p) else None
