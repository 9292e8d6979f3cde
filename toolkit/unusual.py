"""Which counts and rates of a series are unusual, held against what came before: numbers only, no tables.

`count_band` and `rate_band` say what was to be expected of one more step; `walk` goes along a series, tells what lies
outside, and marks a change once, where it began. How strict it is follows from all that is looked at (`marked`).

What a count may be is that of a Poisson count whose mean is known from the steps before only, with as much more
variance as these show (negative binomial; Student's quantile for the few steps that the variance rests on).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from toolkit.intervals import LEVEL, student_quantile

OUT, GOES_ON, EXPECTED, UNKNOWN = "stands_out", "goes_on", "expected", "unknown"
BY_CHANCE = "could_be_chance"  # outside alone, and not beside all that was looked at
MOST_ROUNDS = 20
# Before what is told only what is far outside is no part of what is to be expected: steps that are left out for being
# moderately so would make the others look steadier than they are, and every twelfth quiet month raise an alert.
FAR = 0.001


class Band(NamedTuple):
    """What was to be expected, from `low` to `high` at 95 %, and the p of what came."""

    expected: float
    low: float
    high: float
    p: float


class Spread(NamedTuple):
    """How much more than chance steps vary: the part of the variance that grows with the mean's square, and its degrees."""

    extra: float
    degrees: float

    def factor(self, mean):
        """The variance of a count with this mean as a multiple of Poisson's; at least 1."""
        return 1.0 + self.extra * mean


def spread_of(groups):
    """The Spread of counts in groups, each around its own mean; None below 3 degrees of freedom.

    Of one group its factor is the variance over the mean, as `movement.count_movement` has it.

    >>> spread = spread_of([[180, 230, 205, 170, 220, 240, 190, 210]])
    >>> round(spread.factor(1645 / 8), 3), spread.degrees
    (2.898, 7)
    """
    over, squares, degrees = 0.0, 0.0, 0
    for values in groups:
        k = len(values)
        if k < 2:
            continue
        mean = sum(values) / k
        over += sum((value - mean) ** 2 for value in values) - (k - 1) * mean
        squares += (k - 1) * mean**2
        degrees += k - 1
    if degrees < 3:
        return None
    return Spread(max(0.0, over / squares) if squares else 0.0, degrees)


def count_band(n, total, steps, spread, level=LEVEL, has_ends=True):
    """The Band of a count after `steps` like it that had `total` together; its ends take time, and may be left out.

    Nothing seen in eight steps doesn't say that nothing comes:

    >>> [round(float(one), 2) for one in count_band(0, 0, 8, Spread(0.0, 100))]
    [0.0, 0.0, 1.0, 1.0]
    >>> band = count_band(30, 80, 8, Spread(0.0, 100))
    >>> float(band.expected), float(band.low), float(band.high), bool(band.p < 0.001)
    (10.0, 4.0, 17.0, True)
    """
    from scipy.special import betainc, ndtr, ndtri, stdtr

    mean = total / steps
    factor = spread.factor(mean)
    shape, share = total / factor + 0.5, 1 / (steps + 1)
    # at least n, and at most n: a tail of the negative binomial is an incomplete beta function
    above = float(betainc(n / factor, shape, share)) if n > 0 else 1.0
    below = 1.0 - float(betainc((n + 1) / factor, shape, share))
    tail = min(max(min(above, below), 1e-300), 1.0)
    p = min(1.0, 2 * float(stdtr(spread.degrees, ndtri(tail)))) if tail < 0.5 else 1.0
    p = max(p, 1e-12)
    if not has_ends:
        return Band(mean, np.nan, np.nan, p)
    edge = float(ndtr(-student_quantile(spread.degrees, level)))
    high = np.ceil(_place(edge, shape, share) * factor - 1e-9) - 1
    low = np.floor(_place(1 - edge, shape, share) * factor - 1 + 1e-9) + 1
    return Band(mean, max(0.0, low), max(0.0, high), p)


def _place(tail, shape, share):
    """Where the chance of as many or more is `tail`."""
    from scipy.special import betainc

    low, high = 1e-12, 1.0
    while betainc(high, shape, share) > tail and high < 1e12:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if betainc(middle, shape, share) > tail else (low, middle)
    return (low + high) / 2


def rate_band(hits, n, hits_before, n_before, sigma=None, level=LEVEL):
    """The Band of a rate after some steps before it (arrays by step); Student with the steps less one.

    `sigma` is how much more the rate moves than chance; by default as those before show it (Pearson's). At least 1.

    >>> band = rate_band(24, 100, [12, 15, 9, 14, 11, 13, 10, 16, 12], [100] * 9)
    >>> [round(one, 6) for one in band[:3]], band.p < 0.05
    ([0.124444, 0.044093, 0.204795], True)
    """
    from scipy.special import stdtr

    hits_before, n_before = np.asarray(hits_before, float), np.asarray(n_before, float)
    total, degrees = n_before.sum(), len(n_before) - 1
    mean = float(hits_before.sum() / total)
    sigma = max(1.0, pearson_sigma(hits_before, n_before) if sigma is None else sigma)
    chance = (hits_before.sum() + 0.5) / (total + 1)  # not 0 where nothing was a hit
    error = sigma * np.sqrt(chance * (1 - chance) * (1 / n + 1 / total))
    half = student_quantile(degrees, level) * error
    p = 2 * stdtr(degrees, -abs(hits / n - mean) / error)
    return Band(mean, float(max(0.0, mean - half)), float(min(1.0, mean + half)), float(np.clip(p, 1e-12, 1.0)))


def pearson_sigma(hits, n):
    """How much more a rate moves from step to step than chance: 1 is chance alone.

    >>> round(pearson_sigma([12, 15, 9, 14, 11, 13, 10, 16, 12], [100] * 9), 3)
    0.695
    """
    hits, n = np.asarray(hits, float), np.asarray(n, float)
    rate, chance = hits.sum() / n.sum(), (hits.sum() + 0.5) / (n.sum() + 1)
    return float(np.sqrt(((hits - rate * n) ** 2 / n).sum() / (chance * (1 - chance)) / (len(n) - 1)))


def moving_sigma(values, errors):
    """Laney's σ_z: from one step to the next, how far do figures move against what chance alone would do?

    Of whole series rather than of what came before: one change of level is one large step among many.

    >>> chance = 112.5 / 901
    >>> round(moving_sigma(np.array([12, 15, 9, 14, 11, 13, 10, 16, 12]) / 100, np.sqrt(chance * (1 - chance) / 100)), 6)
    1.07275
    """
    z = np.asarray(values, float) / np.asarray(errors, float)
    return float(np.abs(np.diff(z)).mean() / 1.128) if len(z) > 1 else 1.0  # 1.128: the mean range of two


def told_states(values, bands, states):
    """The states, with those told apart that lie outside of their band and may well do so by chance.

    >>> told_states([5, 9], [Band(4, 2, 7, 0.6), Band(4, 2, 7, 0.03)], [EXPECTED, EXPECTED])
    ['expected', 'could_be_chance']
    """
    return [
        BY_CHANCE if state == EXPECTED and not band.low <= value <= band.high else state
        for value, band, state in zip(values, bands, states, strict=True)
    ]


# --- along a series -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rules:
    """How a series is walked.

    `history` steps of a kind are held in mind at most, and `fewest` at least. A change is over after `calm` without a
    step outside; after `lasting` it is the new level, which later steps are held against. Both in the unit of `at`.
    """

    history: int = 8
    fewest: int = 4
    calm: float = 7
    lasting: float = 14


DAYS, WEEKS, HOURS = Rules(), Rules(12, 7, 14, 28), Rules(8, 4, 1, 14)


@dataclass
class Change:
    """A change that is going on: since which step, upwards or downwards, its steps, and the last one outside."""

    start: int
    way: int
    steps: list
    outside: list


def walk(values, kinds, at, threshold, rules=DAYS, is_told=None, has_ends=True):
    """Go along a series of counts: (bands, states) by step.

    A step is held against earlier ones of its kind (its weekday, its hour) at the same level. One outside begins a
    change and stands out; while the change lasts, further ones on the same side go on and are no news. What belongs to
    a change is no part of what is to be expected, until it has lasted long enough to be the new level.

    Parameters
    ----------
    values : counts; kinds : what is like what; at : when, in order
    threshold : p from which on a step is outside
    is_told : of each step, whether it is looked at; of the others only what is far outside is

    Examples
    --------
    >>> values = [20, 22, 19, 21, 20, 18, 23, 21, 60, 20, 61, 62, 60, 63, 20]
    >>> states = walk(values, [0] * 15, np.arange(15) * 7, 0.001, WEEKS)[1]
    >>> [place for place, state in enumerate(states) if state == OUT], states[10]
    ([8], 'goes_on')
    """
    held, bands, states, change, spread = {}, [], [], None, None
    level, seen = 0, None  # a change of level begins a new one; the spread is that of all levels so far
    for place, (value, kind, when) in enumerate(zip(values, kinds, at, strict=True)):
        past = held.get((level, kind), [])[-rules.history :]
        if when // 1 != seen:
            fresh = spread_of([own[-rules.history :] for (of, _), own in held.items() if of >= level - 1])
            spread, seen = fresh or spread, when // 1
        if len(past) < (rules.fewest if level == 0 else 2) or spread is None:
            bands.append(Band(np.nan, np.nan, np.nan, np.nan))
            states.append(UNKNOWN)
            if change is None:
                held.setdefault((level, kind), []).append(value)
            else:
                change.steps.append(place)
            continue
        band = count_band(value, sum(past), len(past), spread, has_ends=has_ends)
        bands.append(band)
        limit = threshold if is_told is None or is_told[place] else min(threshold, FAR)
        is_out, way = band.p <= limit, 1 if value > band.expected else -1
        if change is not None and is_out and way != change.way:
            _settle(held, level, change, values, kinds)
            change = None
        if is_out:
            states.append(OUT if change is None else GOES_ON)
            change = change or Change(place, way, [], [])
            change.steps.append(place)
            change.outside.append(place)
        elif change is not None:
            states.append(EXPECTED)
            change.steps.append(place)
            if when - at[change.outside[-1]] >= rules.calm:
                _settle(held, level, change, values, kinds)
                change = None
        else:
            states.append(EXPECTED)
            held.setdefault((level, kind), []).append(value)
        if change is not None and when - at[change.start] >= rules.lasting:
            if 2 * len(change.outside) >= len(change.steps):
                level += 1
                for one in change.steps:
                    held.setdefault((level, kinds[one]), []).append(values[one])
            else:
                _settle(held, level, change, values, kinds)
            change = None
    return bands, states


def _settle(held, level, change, values, kinds):
    """A change is over: its steps that weren't outside are of the level that was before."""
    for one in change.steps:
        if one not in change.outside:
            held.setdefault((level, kinds[one]), []).append(values[one])


def walk_rates(hits, n, threshold, sigma, fewest=7, least=1):
    """The same for rates by step, with one σ for all of it (Laney's); steps with fewer than `least` cases are left out.

    A change is the new level from its fourth step on, and is over after two steps within.

    >>> hits = [10, 12, 9, 11, 10, 13, 8, 10, 30, 31, 29, 30, 32, 31, 30]
    >>> states = walk_rates(hits, [100] * 15, 0.001, 1.0)[1]
    >>> [place for place, state in enumerate(states) if state == OUT]
    [8]
    """
    held, bands, states, change, calm, level = [], [], [], None, 0, 0
    for place, (own, cases) in enumerate(zip(hits, n, strict=True)):
        if not cases or cases < least:
            bands.append(Band(np.nan, np.nan, np.nan, np.nan))
            states.append(UNKNOWN)
            continue
        if len(held) < (fewest if level == 0 else 3):
            bands.append(Band(np.nan, np.nan, np.nan, np.nan))
            states.append(UNKNOWN)
            held.append(place)
            continue
        band = rate_band(own, cases, [hits[one] for one in held], [n[one] for one in held], sigma)
        bands.append(band)
        is_out, way = band.p <= threshold, 1 if own / cases > band.expected else -1
        if is_out and change is not None and way != change.way:
            held += [one for one in change.steps if one not in change.outside]
            change = None
        if is_out:
            states.append(OUT if change is None else GOES_ON)
            change, calm = change or Change(place, way, [], []), 0
            change.steps.append(place)
            change.outside.append(place)
            if len(change.outside) >= 4 and 2 * len(change.outside) >= len(change.steps):
                held, change, level = change.steps, None, level + 1
            continue
        states.append(EXPECTED)
        if change is None:
            held.append(place)
            continue
        change.steps.append(place)
        calm += 1
        if calm >= 2:
            held += [one for one in change.steps if one not in change.outside]
            change = None
    return bands, states


def marked(walks, is_told, level=LEVEL):
    """(walks as they are at the threshold that fits all of them together, the threshold).

    Of what is said to stand out at most 1 in 20 does so by chance, on average (Benjamini and Hochberg's rule); what
    goes on isn't tested again.

    Parameters
    ----------
    walks : functions of a threshold, and of whether the bands have their ends, each the walk of a series
    is_told : of each series, which of its steps are looked at

    Examples
    --------
    >>> at = np.arange(16) * 7
    >>> values = [20, 22, 19, 21, 20, 18, 23, 21, 60, 20, 21, 22, 20, 23, 20, 21]
    >>> (walked,), threshold = marked([lambda p, ends: walk(values, [0] * 16, at, p, WEEKS)], [[True] * 16])
    >>> walked[1].count(OUT), round(threshold, 4)
    (1, 0.0056)
    """
    threshold = 0.0
    for _ in range(MOST_ROUNDS):
        walked = [one(threshold, False) for one in walks]
        ps = np.sort(
            [
                band.p
                for (bands, states), told in zip(walked, is_told, strict=True)
                for band, state, own in zip(bands, states, told, strict=True)
                if own and state not in (UNKNOWN, GOES_ON)
            ]
        )
        if not len(ps):
            break
        steps = (1 - level) * np.arange(1, len(ps) + 1) / len(ps)
        under = np.flatnonzero(ps <= steps + 1e-12)
        found = float(steps[under[-1]]) if len(under) else float(steps[0])
        if found <= threshold + 1e-15:
            break
        threshold = found
    return [one(threshold, True) for one in walks], threshold
