"""Intervals and survival curves on counts and sums, so that the engine aggregates and only small frames come here.

Each interval is the one that held its level in simulations of the shapes that service data has
(tests/test_coverage.py). Below the fewest cases for which it does, it is null.
"""

import numpy as np

from toolkit.movement import Movement, count_movement

LEVEL = 0.95


def normal_quantile(level=LEVEL):
    """The normal quantile of a two-sided interval: 1.96 at 95 %.

    Examples
    --------
    >>> round(float(normal_quantile()), 6)
    1.959964
    """
    from scipy.special import ndtri  # scipy.stats takes seconds to import

    return -ndtri((1 - level) / 2)


def student_quantile(degrees, level=LEVEL):
    """Student's quantile of a two-sided interval, with `degrees` of freedom; null where they are not positive.

    Examples
    --------
    >>> round(float(student_quantile(7)), 6)
    2.364624
    """
    from scipy.special import stdtrit

    degrees = np.asarray(degrees, float)
    return -stdtrit(np.where(degrees > 0, degrees, np.nan), (1 - level) / 2)


def wilson(count, n, level=LEVEL, quantile=None):
    """Wilson interval of count / n, as two arrays, within 0 and 1; null where n is 0.

    Another `quantile` (of Student, say) takes the place of the normal one. An n divided by how much more the count
    moves than chance (with the count divided likewise) need not be whole.

    Examples
    --------
    >>> low, high = wilson([5, 0], [10, 0])
    >>> [round(float(bound), 3) for bound in (low[0], high[0])], bool(np.isnan(low[1]))
    ([0.237, 0.763], True)
    """
    count, n = np.asarray(count, float), np.asarray(n, float)
    z = normal_quantile(level) if quantile is None else quantile
    with np.errstate(divide="ignore", invalid="ignore"):
        n = np.where(n > 0, n, np.nan)
        rate, shrink = count / n, 1 + z**2 / n
        middle = (rate + z**2 / (2 * n)) / shrink
        half = z * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2)) / shrink
    return np.where(count == 0, 0 * n, middle - half), np.where(count == n, 1.0, middle + half)  # not 1e-17


def clustered_effect(clusters, n, hits, n_squares, hits_squares, products):
    """How many messages that come in conversations say as much as one on its own, as an array; at least 1.

    Parameters
    ----------
    as of `clustered_rate`

    Examples
    --------
    >>> n, hits = np.array([2, 2, 2, 2]), np.array([2, 0, 2, 0])
    >>> round(float(clustered_effect(4, n.sum(), hits.sum(), n @ n, hits @ hits, n @ hits)), 2)
    2.67
    """
    columns = (clusters, n, hits, n_squares, hits_squares, products)
    clusters, n, hits, n_squares, hits_squares, products = (np.asarray(column, float) for column in columns)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = hits / n
        squares = hits_squares - 2 * rate * products + rate**2 * n_squares
        variance = clusters / (clusters - 1) * np.maximum(squares, 0) / n**2
        # Where all or none count, nothing shows how alike they are: each conversation is taken as one message.
        edge = (hits == 0) | (hits == n) | (clusters < 2)
        return np.maximum(np.where(edge, n_squares / n, variance * n / (rate * (1 - rate))), 1)


def clustered_rate(clusters, n, hits, n_squares, hits_squares, products, fewest=10):
    """95 % interval of a rate of messages that come in conversations, as two arrays; within 0 and 1.

    Messages of one conversation are alike, so that they say less than as many on their own: Wilson's interval with
    n / max(deff, 1) and Student's quantile.

    Parameters
    ----------
    clusters : number of conversations; null below `fewest`
    n, hits : messages, and messages that count, over all conversations
    n_squares, hits_squares, products : sums over the conversations of n², hits² and n · hits

    Examples
    --------
    >>> n, hits = np.array([1, 2, 3, 4, 2, 3, 1, 2, 3, 2]), np.array([1, 2, 0, 4, 0, 0, 0, 1, 3, 0])
    >>> low, high = clustered_rate(10, n.sum(), hits.sum(), n @ n, hits @ hits, n @ hits)
    >>> round(float(low), 3), round(float(high), 3)
    (0.178, 0.795)
    """
    columns = (clusters, n, hits, n_squares, hits_squares, products)
    clusters, n, hits, n_squares, hits_squares, products = (np.asarray(column, float) for column in columns)
    with np.errstate(divide="ignore", invalid="ignore"):
        clusters = np.where(clusters >= max(fewest, 2), clusters, np.nan)
        n = np.where(np.isnan(clusters), np.nan, n)  # neither end, also where none or all count
        effect = clustered_effect(clusters, n, hits, n_squares, hits_squares, products)
        return wilson(hits / effect, n / effect, quantile=student_quantile(clusters - 1))


def mean_of_waits(n, total, squares, cubes, level=LEVEL, fewest=20):
    """Interval of a mean of skewed waits, from Σx, Σx², Σx³ in seconds, as two arrays; never below 0.

    Hall's transformation, with Student's quantiles. Null below `fewest` waits, where a mean of waits says little
    (show the median), and where all waits are equal.

    Examples
    --------
    >>> waits = np.array([0] * 5 + [3, 8, 15, 20, 48, 60, 111], float)
    >>> low, high = mean_of_waits(12, waits.sum(), (waits**2).sum(), (waits**3).sum(), fewest=12)
    >>> round(float(low), 2), round(float(high), 2)
    (5.65, 112.41)
    """
    n, total, squares, cubes = (np.asarray(column, float) for column in (n, total, squares, cubes))
    with np.errstate(divide="ignore", invalid="ignore"):
        n = np.where(n >= max(fewest, 2), n, np.nan)
        mean = total / n
        variance = squares / n - mean**2
        variance = np.where(variance > 1e-12 * squares / n, variance, np.nan)  # all equal, but for rounding
        skew = (cubes / n - 3 * mean * squares / n + 2 * mean**3) / variance**1.5
        deviation = np.sqrt(variance * n / (n - 1))
        quantile = student_quantile(n - 1, level)
        low, high = (mean - deviation * _hall(end, skew, n) for end in (quantile, -quantile))
    return np.maximum(low, 0), np.maximum(high, 0)


def _hall(quantile, skew, n):
    """Hall's inverse transformation; without skew it is quantile / √n."""
    shift = quantile / np.sqrt(n) - skew / (6 * n)
    curved = np.where(np.abs(skew) > 1e-6, skew, 1.0)
    return np.where(np.abs(skew) > 1e-6, 3 / curved * (np.cbrt(1 + curved * shift) - 1), shift)


def mean_of_scores(n, total, squares, lowest, highest, level=LEVEL, fewest=5, quantile=None):
    """Interval of a mean score on a scale from `lowest` to `highest`, from Σx and Σx², as two arrays.

    It never leaves the scale, and has a width where all scores are the same. On a scale of two points it is
    Wilson's. NPS is a mean score on -1, 0, 1 (fewest 10). Null below `fewest` scores. `quantile`: another one than the
    normal distribution's.

    Examples
    --------
    >>> low, high = mean_of_scores(10, 50, 250, 1, 5)
    >>> round(float(low), 3), round(float(high), 3)
    (3.89, 5.0)
    """
    n, total, squares = (np.asarray(column, float) for column in (n, total, squares))
    with np.errstate(divide="ignore", invalid="ignore"):
        n = np.where(n >= max(fewest, 1), n, np.nan)
        width = highest - lowest
        mean = (total / n - lowest) / width
        square = (squares / n - 2 * lowest * total / n + lowest**2) / width**2
        # How wide the scores lie, as a part of the widest that their mean allows; half an answer at either end
        # keeps it above 0.
        middle = (n * mean + 0.5) / (n + 1)
        spread = np.clip(((n * square + 0.5) / (n + 1) - middle**2) / (middle * (1 - middle)), 0, 1)
        share = (normal_quantile(level) if quantile is None else quantile) ** 2 * spread / n
        half = np.sqrt(share * np.maximum(mean * (1 - mean), 0) + share**2 / 4)
        low, high = (mean + share / 2 - half) / (1 + share), (mean + share / 2 + half) / (1 + share)
    return lowest + width * np.clip(low, 0, 1), lowest + width * np.clip(high, 0, 1)


def order_interval(values, counts, probability):
    """95 % interval of a quantile: two of the values, chosen by their ranks; null where there are too few.

    Its lower and upper end each miss at most 2.5 % of the time; near the ends of the data one may miss more and the
    other less, so that it takes 6 values for a median, 29 for a p90 and 59 for a p95.

    Parameters
    ----------
    values, counts : the distinct values in ascending order, and how often each occurs

    Examples
    --------
    >>> order_interval([10, 20, 30], [4, 4, 4], 0.5)
    (10.0, 30.0)
    """
    upto = np.cumsum(np.asarray(counts, float))
    ranks = order_ranks(int(upto[-1]) if len(upto) else 0, probability)
    if ranks is None:
        return np.nan, np.nan
    low, high = np.asarray(values, float)[np.searchsorted(upto, ranks)]
    return float(low), float(high)


def order_ranks(n, probability):
    """The ranks (from 1) of the ends of `order_interval`, or None where there are too few values.

    Examples
    --------
    >>> order_ranks(12, 0.5), order_ranks(5, 0.5)
    ((3, 10), None)
    """
    from scipy.special import bdtr

    missed = 1 - LEVEL
    below_first, above_last = (1 - probability) ** n, probability**n
    if below_first + above_last > missed:
        return None
    half = missed / 2
    # What the first or the last value misses beyond its half is taken from the other end.
    below, above = max(missed - max(half, above_last), below_first), missed - max(half, below_first)
    reach = 8 * np.sqrt(n * probability * (1 - probability)) + 2
    ranks = np.arange(max(0, int(n * probability - reach)), min(n, int(n * probability + reach)) + 1)
    chance = bdtr(ranks, n, probability)  # that at most so many values lie below the quantile
    low = ranks[chance <= below + 1e-12]
    high = ranks[(chance >= 1 - above - 1e-12) & (ranks < n)]
    return int(low[-1]) + 1, int(high[0]) + 1 if len(high) else n


def count_interval(n, weekly, level=LEVEL):
    """(low, high) of a count, as it moves from week to week; null below four whole weeks.

    `weekly` are the counts of the whole weeks before, or their Movement.

    Examples
    --------
    >>> [round(bound, 1) for bound in count_interval(260, [180, 230, 205, 170, 220, 240, 190, 210])]
    [202.6, 333.7]
    """
    from scipy.special import ndtr

    movement = weekly if isinstance(weekly, Movement) or weekly is None else count_movement(weekly)
    if movement is None:
        return np.nan, np.nan
    quantile = student_quantile(movement.degrees, level)
    if n == 0:  # Poisson's exact bound at none, widened likewise: the logarithm says nothing there
        return 0.0, float(-np.log(ndtr(-quantile)) * movement.factor)
    ratio = np.exp(quantile * np.sqrt(movement.factor / n))
    return float(n / ratio), float(n * ratio)


def difference(now, before):
    """(change, low, high) of two estimates, each (value, low, high): the MOVER interval.

    For two Wilson intervals it is Newcombe's; it takes any two independent estimates with intervals.

    Examples
    --------
    >>> [round(value, 3) for value in difference((0.3, 0.2, 0.4), (0.2, 0.1, 0.3))]
    [0.1, -0.041, 0.241]
    """
    change, low, high = differences(now, before)
    return float(change), float(low), float(high)


def differences(now, before):
    """`difference` of arrays: two triples of arrays in, one out."""
    (value, low, high), (past, past_low, past_high) = now, before
    change = value - past
    return change, change - np.hypot(value - low, past_high - past), change + np.hypot(high - value, past - past_low)


def silent_bound(length):
    """Upper end of the 95 % interval of a rate of which nothing was seen: exact Poisson, for zero events.

    Examples
    --------
    >>> round(float(silent_bound(1)), 3), round(float(silent_bound(4)), 3)
    (3.689, 0.922)
    """
    return -np.log((1 - LEVEL) / 2) / length


def counts_per_time(count, length, factor=1.0, level=LEVEL):
    """Interval of events per unit of time, of which `count` were seen in `length`, as two arrays; null where length is 0.

    Poisson's exact one; with a `factor` above 1, of how much more counts vary than by chance, that of count / factor.

    Examples
    --------
    >>> low, high = counts_per_time([8, 0], [4, 4])
    >>> [round(float(one), 3) for one in (low[0], high[0], low[1], high[1])]
    [0.863, 3.941, 0.0, 0.922]
    """
    from scipy.special import gammaincinv

    count, length = np.asarray(count, float) / factor, np.asarray(length, float)
    tail = (1 - level) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        time = np.where(length > 0, length, np.nan) / factor
        low = np.where(count > 0, gammaincinv(np.where(count > 0, count, 1), tail), 0.0)
        return low / time, gammaincinv(count + 1, 1 - tail) / time


def mean_interval(mean, standard_deviation, n, level=LEVEL):
    """Student interval of a mean, by default of 95 %, as two arrays; null below two values.

    Examples
    --------
    >>> low, high = mean_interval([10.0], [2.0], [4])
    >>> round(float(low[0]), 2), round(float(high[0]), 2)
    (6.82, 13.18)
    """
    from scipy.special import stdtrit  # scipy.stats takes seconds to import

    mean, n = np.asarray(mean, float), np.asarray(n, float)
    deviation = np.asarray(standard_deviation, float)
    low, high = np.full(n.shape, np.nan), np.full(n.shape, np.nan)
    some = n > 1
    half = stdtrit(n[some] - 1, (1 + level) / 2) * deviation[some] / np.sqrt(n[some])
    low[some], high[some] = mean[some] - half, mean[some] + half
    return low, high


class Incidence:
    """The share ended within a time, from counts per distinct duration: Aalen and Johansen's cumulative incidence.

    A case that ended otherwise (closed without a reply) will never be answered: the curve levels off at the share
    that ever is. A censored case (still waiting when the data was read) may yet be. Without other ends this is one
    minus Kaplan and Meier's curve.

    Parameters
    ----------
    seconds : array of distinct durations
    ended, otherwise, censored : arrays of counts; answered at, ended another way at, and last seen still waiting at,
        that duration

    Attributes
    ----------
    seconds, at_risk : the durations in order, and how many were still waiting just before
    share, error, low, high : the share answered by then, its standard error, and its band (log-log; 95 %)
    n, ended, otherwise, open : totals

    Examples
    --------
    >>> curve = Incidence([60, 120, 180], [2, 1, 0], [0, 1, 0], [0, 0, 1])
    >>> curve.quantile(0.5), [round(value, 3) for value in curve.at(60)]
    (120.0, [0.4, 0.118, 0.874])
    >>> Incidence([60], [0], [5], [0]).quantile(0.5)  # nobody was answered: no median
    nan
    """

    def __init__(self, seconds, ended, otherwise, censored, level=LEVEL):
        order = np.argsort(np.asarray(seconds, float))
        columns = (seconds, ended, otherwise, censored)
        self.seconds, ended, otherwise, censored = (np.asarray(column, float)[order] for column in columns)
        self.ended, self.otherwise, self.open = (float(counts.sum()) for counts in (ended, otherwise, censored))
        gone = ended + otherwise + censored
        self.n = float(gone.sum())
        self.at_risk = self.n - (np.cumsum(gone) - gone)
        with np.errstate(divide="ignore", invalid="ignore"):
            # `free`: not answered within the time; `relative`: its standard error as a part of it
            if self.otherwise:
                free, relative = _aalen_johansen(self.at_risk, ended, otherwise)
            else:
                free, relative = _kaplan_meier(self.at_risk, ended)
            width = normal_quantile(level) * relative / np.log(free)  # log-log keeps the band within 0 and 1
            low, high = free ** np.exp(-width), free ** np.exp(width)
            self.error = np.where(free > 0, free * relative, 0.0)
        edge = (free >= 1) | (free <= 0)
        low, high = np.where(edge, free, low), np.where(edge, free, high)
        # Where all were answered the error says nothing: the bound before it holds on. (Ends at 0 would make every
        # upper end of an interval look reached.)
        none_left = free <= 0
        high[none_left] = high[~none_left][-1] if (~none_left).any() else 1.0
        self._free, self._free_low, self._free_high = free, low, high
        self.share, self.low, self.high = 1 - free, 1 - high, 1 - low

    def at(self, seconds):
        """(share, low, high) answered within `seconds`; 0 before the first duration."""
        index = np.searchsorted(self.seconds, seconds, side="right") - 1
        if index < 0:
            return 0.0, 0.0, 0.0
        return float(self.share[index]), float(self.low[index]), float(self.high[index])

    def quantile(self, probability):
        """The duration within which that share was answered; null when the curve doesn't reach it."""
        return self._reach(self._free, probability)

    def quantile_interval(self, probability):
        """Interval of `quantile`: where the band crosses; the upper end is null if it never does."""
        return self._reach(self._free_low, probability), self._reach(self._free_high, probability)

    def _reach(self, curve, probability):
        # At or below: with 4 answered of 4 the median is the 2nd, the inverse of the step function.
        # (1e-12: products of fractions may miss 0.5 by a rounding.)
        reached = np.flatnonzero((curve <= 1 - probability + 1e-12) & (self.at_risk > 0))
        return float(self.seconds[reached[0]]) if len(reached) else float("nan")


def _kaplan_meier(at_risk, ended):
    """The share not yet ended, and its relative error (Greenwood)."""
    greenwood = np.cumsum(np.where(at_risk > ended, ended / (at_risk * (at_risk - ended)), 0.0))
    return np.cumprod(np.where(at_risk > 0, 1 - ended / at_risk, 1.0)), np.sqrt(greenwood)


def _aalen_johansen(at_risk, ended, otherwise):
    """The share that did not end so, and its relative error (delta method), by running sums.

    Var F(t) = Σ (F(t) - Fⱼ)² gⱼ + Σ S²ⱼ₋₁ eⱼ (Yⱼ - eⱼ) / Yⱼ³ - 2 Σ (F(t) - Fⱼ) hⱼ, with g = d / (Y (Y - d)) and
    h = Sⱼ₋₁ e / Y²; multiplied out, so that no pair of times is visited. Last times at which all go add nothing to
    the first sum, as F(t) = Fⱼ from there on.
    """
    some = at_risk > 0
    y, gone = np.where(some, at_risk, 1.0), ended + otherwise
    waiting = np.concatenate([[1.0], np.cumprod(1 - gone / y)[:-1]])  # just before each time
    share = np.cumsum(waiting * ended / y)
    hazard = np.where(y > gone, gone / (y * (y - gone)), 0.0)
    mixed = waiting * ended / y**2
    variance = share**2 * np.cumsum(hazard) - 2 * share * np.cumsum(share * hazard) + np.cumsum(share**2 * hazard)
    variance += np.cumsum(waiting**2 * ended * (y - ended) / y**3)
    variance -= 2 * (share * np.cumsum(mixed) - np.cumsum(share * mixed))
    free = np.maximum(1 - share, 0.0)
    return free, np.sqrt(np.maximum(variance, 0.0)) / free
