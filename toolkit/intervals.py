"""Intervals and survival curves: thin calls into statsmodels and scipy, on counts.

Everything takes arrays of counts, so that the engine aggregates and only small frames come here.
"""

import numpy as np

LEVEL = 0.95


def wilson(count, n):
    """95 % Wilson interval of count / n, as two arrays; null where n is 0.

    Examples
    --------
    >>> low, high = wilson([5, 0], [10, 0])
    >>> [round(float(bound), 3) for bound in (low[0], high[0])], bool(np.isnan(low[1]))
    ([0.237, 0.763], True)
    """
    from statsmodels.stats.proportion import proportion_confint

    count, n = np.asarray(count, float), np.asarray(n, float)
    low, high = np.full(n.shape, np.nan), np.full(n.shape, np.nan)
    some = n > 0
    if some.any():
        low[some], high[some] = proportion_confint(count[some], n[some], 1 - LEVEL, method="wilson")
        low[some] = np.where(count[some] == 0, 0.0, low[some])  # not 1e-17
        high[some] = np.where(count[some] == n[some], 1.0, high[some])
    return low, high


def rate_change(count, n, previous_count, previous_n):
    """(change, low, high) of a rate against an earlier one: Newcombe's interval from two Wilsons.

    Null when either has no count. The change is not distinguishable from none when low <= 0 <= high.

    Examples
    --------
    >>> [round(float(value), 3) for value in rate_change(30, 100, 20, 100)]
    [0.1, -0.02, 0.217]
    """
    if not n or not previous_n:
        return np.nan, np.nan, np.nan
    (low,), (high,) = wilson([count], [n])
    (past_low,), (past_high,) = wilson([previous_count], [previous_n])
    return difference((count / n, low, high), (previous_count / previous_n, past_low, past_high))


def difference(now, before):
    """(change, low, high) of two estimates, each (value, low, high): the MOVER interval.

    For two Wilson intervals it is Newcombe's; it takes any two independent estimates with intervals.

    Examples
    --------
    >>> [round(value, 3) for value in difference((0.3, 0.2, 0.4), (0.2, 0.1, 0.3))]
    [0.1, -0.041, 0.241]
    """
    (value, low, high), (past, past_low, past_high) = now, before
    change = value - past
    return (
        float(change),
        float(change - np.hypot(value - low, past_high - past)),
        float(change + np.hypot(high - value, past - past_low)),
    )


def silent_bound(length):
    """Upper end of the 95 % interval of a rate of which nothing was seen: exact Poisson, for zero events.

    Examples
    --------
    >>> round(float(silent_bound(1)), 3), round(float(silent_bound(4)), 3)
    (3.689, 0.922)
    """
    return -np.log((1 - LEVEL) / 2) / length


def mean_interval(mean, standard_deviation, n):
    """95 % Student interval of a mean, as two arrays; null below two values.

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
    half = stdtrit(n[some] - 1, (1 + LEVEL) / 2) * deviation[some] / np.sqrt(n[some])
    low[some], high[some] = mean[some] - half, mean[some] + half
    return low, high


class Survival:
    """Kaplan-Meier curve from counts per distinct duration.

    statsmodels' SurvfuncRight takes one entry per case and leaves frequency weights out of its
    standard errors, so that counts from the engine would get the interval of a handful of cases;
    the curve and Greenwood's variance on counts are these few lines, tested against it.

    Parameters
    ----------
    seconds : array of distinct durations
    events, censored : arrays of counts; answered at, and last seen still waiting at, that duration

    Examples
    --------
    >>> curve = Survival([60, 120, 180], [1, 1, 0], [0, 0, 1])
    >>> curve.quantile(0.5), curve.at(60)
    (120.0, 0.6666666666666667)
    >>> Survival([60], [0], [5]).quantile(0.5)  # nobody answered: no median
    nan
    """

    def __init__(self, seconds, events, censored):
        order = np.argsort(np.asarray(seconds, float))
        self.seconds = np.asarray(seconds, float)[order]
        events = np.asarray(events, float)[order]
        censored = np.asarray(censored, float)[order]
        gone = events + censored
        self.n = float(gone.sum())
        at_risk = self.n - np.concatenate([[0.0], np.cumsum(gone)[:-1]])
        self.at_risk, self.events, self.censored = at_risk, events, censored
        with np.errstate(divide="ignore", invalid="ignore"):
            self.surviving = np.cumprod(1 - events / at_risk)
            greenwood = np.cumsum(np.where(at_risk > events, events / (at_risk * (at_risk - events)), 0.0))
        self.error = self.surviving * np.sqrt(greenwood)
        with np.errstate(divide="ignore", invalid="ignore"):
            # Complementary log-log keeps the band within 0 and 1.
            width = 1.959963984540054 * np.sqrt(greenwood) / np.log(self.surviving)
            self.low = self.surviving ** np.exp(-width)
            self.high = self.surviving ** np.exp(width)
        edge = (self.surviving >= 1) | (self.surviving <= 0)
        self.low, self.high = np.where(edge, self.surviving, self.low), np.where(edge, self.surviving, self.high)
        # Where all are gone Greenwood's variance says nothing: the bound before it holds on. (Ends at 0 would make
        # every upper end of an interval look reached.)
        gone = self.surviving <= 0
        self.high[gone] = self.high[~gone][-1] if (~gone).any() else 1.0

    def at(self, seconds):
        """Share still waiting after `seconds`."""
        index = np.searchsorted(self.seconds, seconds, side="right") - 1
        return 1.0 if index < 0 else float(self.surviving[index])

    def quantile(self, probability):
        """The duration within which that share was answered; null when the curve doesn't reach it."""
        return self._reach(self.surviving, probability)

    def quantile_interval(self, probability):
        """95 % interval of `quantile`: where the band crosses; the upper end is null if it never does."""
        return self._reach(self.low, probability), self._reach(self.high, probability)

    def _reach(self, curve, probability):
        # At or below: with 4 answered of 4 the median is the 2nd, the inverse of the step function.
        # (1e-12: products of fractions may miss 0.5 by a rounding.)
        reached = np.flatnonzero((curve <= 1 - probability + 1e-12) & (self.at_risk > 0))
        return float(self.seconds[reached[0]]) if len(reached) else float("nan")
