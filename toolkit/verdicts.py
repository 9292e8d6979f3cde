"""Is a difference clear, or could it be chance? The one place where that is decided.

A function here compares two figures and returns a `Change`; `decide` turns the changes that are looked at together (a
table's rows) into verdicts, corrected for how many were tested. Sentences, tables and charts read the verdict.
"""

from dataclasses import dataclass

import numpy as np

from toolkit.intervals import (
    LEVEL,
    Incidence,
    difference,
    mean_of_scores,
    mean_of_waits,
    normal_quantile,
    student_quantile,
    wilson,
)
from toolkit.movement import Movement, count_movement, rate_movement
from toolkit.ranks import aligned, log_rank, rank_score, zeros_score

CLEAR = "clear"
CHANCE = "chance"
FEW = "few"
NO_HISTORY = "no history"  # not compared with week-to-week movement
NOT_COMPARABLE = "not comparable"
COUNTED = "counted in full"  # what is there at an instant: it changed, and nothing is to be tested
SMALLEST_P = 1e-12


@dataclass(frozen=True)
class Change:
    """How far two figures lie apart.

    `change` with `low`, `high`; `p`, null where nothing was tested, and then `untested` is the verdict ("few", "no
    history", "not comparable"). `factor` is how much more the figure moves from week to week than chance does (1: no
    more). `at` is the time in seconds within which the shares of two sets of waits were compared.
    """

    change: float = np.nan
    low: float = np.nan
    high: float = np.nan
    p: float = np.nan
    method: str = ""
    factor: float | None = None
    at: float | None = None
    untested: str | None = None


def rates(hits, n, hits_before, n_before, history=None, fewest=10, within=False, level=LEVEL):
    """The change of a rate against the period before, or (`within`) against another group of the same period.

    Two groups of a period: Newcombe's interval. Two periods: the same with n divided by how much more the rate moves
    from week to week than chance (at least 1), and Student's quantile of the weeks.

    Parameters
    ----------
    history : (hits, n), arrays by earlier week, or a Movement; without four weeks the change has no verdict
    fewest : smallest n of either

    Returns
    -------
    Change, in points (-1 to 1)

    Examples
    --------
    >>> change = rates(56, 70, 48, 80, within=True)
    >>> round(change.change, 3), round(change.low, 3), round(change.high, 3), round(change.p, 4)
    (0.2, 0.052, 0.334, 0.0081)
    >>> rates(56, 70, 48, 80).untested
    'no history'
    """
    if not (min(n, n_before) >= max(fewest, 1)):
        return Change(method="rates", untested=FEW)
    change = float(hits / n - hits_before / n_before)
    movement, quantile = Movement(1.0, np.inf), normal_quantile
    if not within:
        movement = _movement_of(history, lambda weeks: rate_movement(weeks))
        if movement is None:
            return Change(change, method="rates", untested=NO_HISTORY)

        def quantile(level):
            return student_quantile(movement.degrees, level)

    counts = np.array([hits, hits_before], float) / movement.factor
    numbers = np.array([n, n_before], float) / movement.factor

    def bounds(level):
        low, high = wilson(counts, numbers, quantile=quantile(level))
        return difference(*zip(counts / numbers, low, high, strict=True))[1:]

    method = "Newcombe" if within else "rates by week"
    return Change(change, *bounds(level), p_value(bounds), method, None if within else movement.factor)


def counts(n, n_before, history=None, days=None, days_before=None, level=LEVEL):
    """The change of a count against the period before, as a ratio less 1: 0.3 is 30 % more.

    Parameters
    ----------
    history : counts of the whole weeks before, or a Movement; without four weeks the change has no verdict. For
        periods of two weeks and more it is the Movement of the weeks within both: `count_movement(now, before)`.
    days, days_before : days with data of either period, where they differ: the counts are compared per day

    Returns
    -------
    Change; without interval where either count is 0, as the ratio says nothing then ("few")

    Examples
    --------
    >>> change = counts(260, 200, [180, 230, 205, 170, 220, 240, 190, 210])
    >>> [round(value, 3) for value in (change.change, change.low, change.high)]
    [0.3, -0.11, 0.898]
    """
    if (days is None) != (days_before is None):
        raise ValueError("counts: both days and days_before, or neither")
    exposure = 1.0 if days is None else days / days_before
    change = float(n / n_before / exposure - 1) if n_before else np.nan
    if not n or not n_before:
        return Change(change, method="counts", untested=FEW)
    movement = _movement_of(history, count_movement)
    if movement is None:
        return Change(change, method="counts", untested=NO_HISTORY)
    from scipy.special import stdtr

    error = np.sqrt(movement.factor * (1 / n + 1 / n_before))
    half = student_quantile(movement.degrees, level) * error
    middle = np.log1p(change)
    p = 2 * stdtr(movement.degrees, -abs(middle) / error)
    low, high = np.expm1(middle - half), np.expm1(middle + half)
    return Change(change, float(low), float(high), _limited(p), "counts by week", movement.factor)


def _movement_of(history, measure):
    if history is None or isinstance(history, Movement):
        return history
    return measure(history)


def waits(values, counts, values_before, counts_before, fewest=10, level=LEVEL, movement=None):
    """Two sets of waits of which none is open: are they longer or shorter?

    Where some waits are 0: the share of zeros and the ranks of the others together; else the ranks (Mann-Whitney,
    corrected for ties). For a sentence the change is that of the share done within `at`, the median of both
    together: above 0 the waits are shorter.

    Parameters
    ----------
    values, counts : the distinct waits in seconds, and how often each occurs
    fewest : smallest number of waits of either
    movement : how much more the waits move from week to week than chance (`wait_movement`), where two periods are
        compared; then the ranks of all are tested, those of 0 s tied

    Examples
    --------
    >>> change = waits([0, 5, 9, 30, 40, 60, 80, 90], [3, 1, 1, 1, 1, 1, 1, 1], [0, 3, 5, 8, 20], [6, 1, 1, 1, 1])
    >>> round(change.p, 4), change.at, round(change.change, 3)
    (0.0558, 3.0, -0.4)
    """
    values, ((now,), (before,)) = aligned((values, counts), (values_before, counts_before))
    if not (min(now.sum(), before.sum()) >= fewest):
        return Change(method="waits", untested=FEW)
    middle = int(np.searchsorted(np.cumsum(now + before), (now.sum() + before.sum()) / 2))
    sums = [side[: middle + 1].sum() for side in (now, before)]
    share = rates(sums[0], now.sum(), sums[1], before.sum(), fewest=0, within=True, level=level)
    zero, positive = values <= 0, values > 0
    if movement is not None:
        positive, zero = np.ones(len(values), bool), np.zeros(len(values), bool)
    squares = [rank_score(now[positive], before[positive]) ** 2]
    method = "Mann-Whitney"
    if zero.any():
        score = zeros_score(now[zero].sum(), now.sum(), before[zero].sum(), before.sum())
        squares.append(score**2)
        method = "zeros and Mann-Whitney"
    squares = [one for one in squares if not np.isnan(one)]  # no test where all are alike
    p = _p_of_squares(squares, movement) if squares else 1.0
    told = _beyond((share.change, share.low, share.high), movement, level)
    return Change(*told, p, method, movement and movement.factor, float(values[middle]))


def curves(now, before, fewest=10, level=LEVEL, movement=None):
    """Two sets of waits of which some are open or ended otherwise: is the answer quicker or slower?

    The log-rank test of how fast those who wait are answered. For a sentence the change is that of the share
    answered within `at` seconds, the median of both together (half-way to the share ever answered, where that is
    below a half): above 0 they are answered sooner. Test and sentence are of different things, and may disagree.

    Parameters
    ----------
    now, before : (seconds, ended, otherwise, censored), counts per distinct duration
    fewest : smallest number of cases of either
    movement : as for `waits` (`curve_movement`)

    Examples
    --------
    >>> now = ([60, 120, 180, 240], [3, 4, 2, 1], [1, 1, 0, 1], [0, 1, 1, 1])
    >>> before = ([60, 120, 180, 240], [1, 3, 4, 2], [1, 0, 1, 1], [0, 1, 0, 1])
    >>> change = curves(now, before)
    >>> round(change.p, 4), change.at, round(change.change, 4)
    (0.6403, 180.0, 0.0204)
    """
    seconds, ((ended, *others), (ended_before, *others_before)) = aligned(now, before)
    sides = [(ended, *others), (ended_before, *others_before)]
    if not (min(sum(column.sum() for column in side) for side in sides) >= fewest):
        return Change(method="log-rank", untested=FEW)
    pooled = Incidence(seconds, *[column + other for column, other in zip(*sides, strict=True)])
    if not pooled.ended:
        return Change(0.0, method="log-rank", untested=FEW)
    # Where one side's waits were followed for a shorter time, both are read there.
    median = pooled.quantile(0.5 if pooled.share[-1] >= 0.5 else pooled.share[-1] / 2)
    at = min(median, *(_followed_until(seconds, *side) for side in sides))
    points = [Incidence(seconds, *side, level=level).at(at) for side in sides]
    excess, variance = log_rank(*sides)
    p = _p_of_squares([excess**2 / variance], movement) if variance > 0 else 1.0
    told = _beyond(difference(*points), movement, level)
    return Change(*told, p, "log-rank", movement and movement.factor, at)


def _followed_until(seconds, ended, otherwise, censored):
    last = np.flatnonzero(ended + otherwise + censored)[-1]
    return float(seconds[last]) if censored[last] else np.inf


def means(now, before, fewest=20, level=LEVEL):
    """The change of a mean of waits, in seconds; each side is (n, Σx, Σx², Σx³). MOVER of Hall's intervals.

    Examples
    --------
    >>> waits = np.arange(30.0)
    >>> sums = [30, waits.sum(), (waits**2).sum(), (waits**3).sum()]
    >>> means(sums, sums).change, means([5, 0, 0, 0], sums).untested
    (0.0, 'few')
    """

    def bounds(side, level):
        return mean_of_waits(*side, level=level, fewest=fewest)

    return _means(now, before, bounds, "means", fewest, level)


def scores(now, before, lowest, highest, fewest=5, level=LEVEL, movement=None):
    """The change of a mean score (NPS: -1 to 1, fewest 10), on its scale; each side is (n, Σx, Σx²). MOVER.

    `movement`: how much more the mean moves from week to week than chance, where two periods are compared.

    Examples
    --------
    >>> change = scores([40, 180, 820], [40, 140, 540], 1, 5)
    >>> round(change.change, 2), round(change.low, 2), round(change.high, 2)
    (1.0, 0.6, 1.4)
    """

    factor, degrees = movement or Movement(1.0, np.inf)

    def bounds(side, level):
        quantile = normal_quantile(level) if movement is None else student_quantile(degrees, level)
        worth = np.asarray(side, float) / factor
        return mean_of_scores(*worth, lowest, highest, level=level, fewest=0, quantile=quantile)

    return _means(now, before, bounds, "scores", fewest, level)


def _means(now, before, bounds_of, method, fewest, level):
    if not (min(now[0], before[0]) >= max(fewest, 1)):
        return Change(method=method, untested=FEW)
    values = [side[1] / side[0] for side in (now, before)]

    def bounds(level):
        return difference(
            *((value, *bounds_of(side, level)) for value, side in zip(values, (now, before), strict=True))
        )[1:]

    low, high = bounds(level)
    if np.isnan(low) or np.isnan(high):
        return Change(float(values[0] - values[1]), method=method, untested=NOT_COMPARABLE)  # all waits are equal
    return Change(float(values[0] - values[1]), low, high, p_value(bounds), method)


# --- many at once ---------------------------------------------------------------------------------


def p_value(bounds):
    """The p of an interval: the chance of error at which it just touches 0. `bounds(level)` gives its two ends.

    Examples
    --------
    >>> round(p_value(lambda level: (1 - normal_quantile(level), 1 + normal_quantile(level))), 4)
    0.3173
    """

    def touches(p):
        low, high = bounds(1 - p)
        return low <= 0 <= high

    if touches(1.0):
        return 1.0
    if not touches(SMALLEST_P):
        return SMALLEST_P
    small, large = np.log(SMALLEST_P), 0.0
    for _ in range(35):
        middle = (small + large) / 2
        small, large = (middle, large) if touches(np.exp(middle)) else (small, middle)
    return float(np.exp(small))


def holm(ps, least=0):
    """Holm's adjusted p of each, null where there is none: at most .05 is clear beside all the others tested.

    `least`: as if so many had been tested, where there are fewer; what is clear then doesn't depend on how many they are.

    Examples
    --------
    >>> holm([0.01, float("nan"), 0.04]).tolist(), holm([0.004], least=10).tolist()
    ([0.02, nan, 0.04], [0.04])
    """
    ps = np.asarray(ps, float)
    adjusted, tested = np.full(ps.shape, np.nan), np.flatnonzero(~np.isnan(ps))
    order = tested[np.argsort(ps[tested], kind="stable")]
    others = max(len(order), least) - np.arange(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(ps[order] * others), 1.0)
    return adjusted


def decide(changes, level=LEVEL, least=0):
    """The verdicts of changes that are looked at together: Holm over those that were tested (`least`: as `holm`).

    Examples
    --------
    >>> decide([Change(0.1, p=0.001), Change(0.1, p=0.04), Change(untested="few"), Change(0.1, p=0.03)])
    ['clear', 'chance', 'few', 'chance']
    """
    adjusted = holm([change.p for change in changes], least)
    verdicts = []
    for change, p in zip(changes, adjusted, strict=True):
        if np.isnan(p):
            verdicts.append(change.untested or NOT_COMPARABLE)
        else:
            verdicts.append(CLEAR if is_clear(p, level) else CHANCE)
    return verdicts


def is_clear(p, level=LEVEL):
    """Whether a corrected p is small enough, at the edge too, whatever its last digit; a null one isn't.

    >>> is_clear(0.05), is_clear(0.1 - 0.05 + 1e-15), is_clear(0.051), is_clear(float("nan"))
    (True, True, False, False)
    """
    return bool(p <= 1 - level + 1e-12)


def direction(change, best):
    """Whether a change is for the better or the worse; "none" where neither is better, or nothing changed.

    >>> direction(0.1, "high"), direction(0.1, "low"), direction(0.0, "low"), direction(0.1, "")
    ('better', 'worse', 'none', 'none')
    """
    if not best or not change or np.isnan(change):
        return "none"
    return "better" if (change > 0) == (best == "high") else "worse"


def _p_of_squares(squares, movement=None):
    """p of squared scores together, each a square of a normal one; of a single one beside its movement from week to week."""
    from scipy.special import chdtrc, stdtr

    if movement is None:
        return _limited(chdtrc(len(squares), sum(squares)))
    (square,) = squares
    return _limited(2 * stdtr(movement.degrees, -np.sqrt(square / movement.factor)))


def _beyond(told, movement, level):
    """A difference of shares, whose interval is chance's alone, with the interval that its movement gives it."""
    if movement is None:
        return told
    change, *ends = told
    wider = np.sqrt(movement.factor) * student_quantile(movement.degrees, level) / normal_quantile(level)
    return change, *(float(np.clip(change + wider * (end - change), -1, 1)) for end in ends)


def _limited(p):
    return float(min(max(p, SMALLEST_P), 1.0))
