"""Rank tests of waits, from counts per distinct wait: two sets of them, and how far several lie apart."""

import numpy as np


def aligned(*sides):
    """(the distinct values of all sides in order, each side's columns of counts at them).

    >>> values, (now, before) = aligned(([5, 9], [1, 2]), ([2, 5], [3, 4]))
    >>> values.tolist(), now[0].tolist(), before[0].tolist()
    ([2.0, 5.0, 9.0], [0.0, 1.0, 2.0], [3.0, 4.0, 0.0])
    """
    values = np.unique(np.concatenate([np.asarray(side[0], float) for side in sides]))
    counted = []
    for times, *columns in sides:
        at = np.searchsorted(values, np.asarray(times, float))
        counted.append([np.bincount(at, np.asarray(column, float), minlength=len(values)) for column in columns])
    return values, counted


def rank_score(counts, counts_before):
    """Mann-Whitney's z of two samples, given as counts per distinct value in ascending order; null if all are tied.

    Examples
    --------
    >>> round(float(rank_score(np.array([0, 1, 1]), np.array([1, 1, 0]))), 3)
    1.225
    """
    n, n_before = counts.sum(), counts_before.sum()
    both = counts + counts_before
    total = n + n_before
    if not n or not n_before or total < 2:
        return np.nan
    ranks = np.cumsum(both) - (both - 1) / 2  # of tied values their mean
    excess = (counts * ranks).sum() - n * (total + 1) / 2
    variance = n * n_before / 12 * (total + 1 - (both**3 - both).sum() / (total * (total - 1)))
    return excess / np.sqrt(variance) if variance > 1e-9 else np.nan


def zeros_score(zeros, n, zeros_before, n_before):
    share = (zeros + zeros_before) / (n + n_before)
    error = np.sqrt(share * (1 - share) * (1 / n + 1 / n_before))
    return (zeros / n - zeros_before / n_before) / error if error > 0 else np.nan


def log_rank(now, before):
    """(U, V) of the log-rank test: answers more than expected in `now`, and their variance; U² / V is χ² of 1 degree.

    `now` and `before` are (ended, otherwise, censored), counts at the same durations in ascending order.

    Examples
    --------
    >>> excess, variance = log_rank(([2, 0], [0, 0], [0, 0]), ([0, 2], [0, 0], [0, 0]))
    >>> round(float(excess), 3), round(float(variance), 3)
    (1.0, 0.333)
    """
    at_risk = []
    for side in (now, before):
        gone = sum(np.asarray(column, float) for column in side)
        at_risk.append(gone.sum() - (np.cumsum(gone) - gone))
    ended = np.asarray(now[0], float) + np.asarray(before[0], float)
    waiting = sum(at_risk)
    share = at_risk[0] / np.maximum(waiting, 1)
    excess = (np.asarray(now[0], float) - ended * share).sum()
    variance = (ended * share * (1 - share) * (waiting - ended) / np.maximum(waiting - 1, 1)).sum()
    return excess, variance


def spread_of_ranks(counts):
    """Kruskal and Wallis' H of several samples, one row each of counts per distinct value in ascending order.

    By chance alone it is on average one less than the samples; 0 if all are tied.

    >>> round(float(spread_of_ranks(np.array([[0, 1, 1], [1, 1, 0]]))), 3), round(1.225**2, 3)
    (1.5, 1.501)
    """
    sizes, tied = counts.sum(axis=1), counts.sum(axis=0)
    total = tied.sum()
    ranks = np.cumsum(tied) - (tied - 1) / 2
    away = ranks - (total + 1) / 2
    spread = (tied * away**2).sum()
    if spread <= 1e-9:
        return 0.0
    return (total - 1) * ((counts @ away) ** 2 / sizes).sum() / spread


def spread_of_curves(sides):
    """The log-rank statistic of several samples, each (ended, otherwise, censored) as `log_rank` takes them.

    By chance alone it is on average one less than the samples.

    >>> now, before = ([2, 0], [0, 0], [0, 0]), ([0, 2], [0, 0], [0, 0])
    >>> round(float(spread_of_curves([now, before])), 6)
    3.0
    """
    ended = np.array([side[0] for side in sides], float)
    gone = np.array([np.sum([np.asarray(column, float) for column in side], axis=0) for side in sides])
    at_risk = gone.sum(axis=1, keepdims=True) - (np.cumsum(gone, axis=1) - gone)
    waiting, hits = at_risk.sum(axis=0), ended.sum(axis=0)
    share = at_risk / np.maximum(waiting, 1)
    excess = (ended - hits * share).sum(axis=1)
    weight = hits * (waiting - hits) / np.maximum(waiting - 1, 1)
    variance = np.diag((weight * share).sum(axis=1)) - (weight * share) @ share.T
    return float(excess @ np.linalg.pinv(variance, hermitian=True) @ excess)
