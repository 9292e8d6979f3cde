"""A member beside the others at an equal mix of work, and estimates that are drawn towards the middle by their noise.

Direct standardisation: the figure of each cell (a topic on a channel, say) is weighted by the share of the cell in the
work of all, so that whoever has the hard cases is not held against whoever has the easy ones.
"""

import numpy as np

from toolkit.intervals import normal_quantile, student_quantile, wilson

LEAST_COVERED = 0.5  # of the mix: below it there is too little in common


def cell_rates(hits, n):
    """(rate, 1 / n) of each cell: by how many cases it is carried, whatever came of them.

    The rate's own variance would be too sure of cells in which nothing happened.

    >>> rate, inverse = cell_rates([1, 3], [2, 4])
    >>> rate.tolist(), inverse.tolist()
    ([0.5, 0.75], [0.5, 0.25])
    """
    hits, n = np.asarray(hits, float), np.asarray(n, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return hits / n, 1 / n


def cell_means(n, total, squares):
    """(mean, variance of it) of each cell, the spread within cells taken as one for all.

    >>> mean, variance = cell_means([2, 2], [10.0, 30.0], [52.0, 452.0])
    >>> mean.tolist(), variance.tolist()
    ([5.0, 15.0], [1.0, 1.0])
    """
    n, total, squares = (np.asarray(column, float) for column in (n, total, squares))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / n
        within = np.nansum(squares - total * mean)
        degrees = n.sum() - (n > 0).sum()
        spread = max(within, 0.0) / degrees if degrees > 0 else np.nan
        return mean, spread / n


def at_equal_mix(own, rest, weights):
    """Two sides' figures over the cells that both have, weighted alike.

    Parameters
    ----------
    own, rest : (n, value, variance), arrays per cell; n is 0 where a side has no case; of rates 1 / n for the variance
    weights : the share of each cell in the work of all

    Returns
    -------
    (own, its variance, rest, its variance, covered): covered is the part of the weights that lies in shared cells; the
        figures are null below `LEAST_COVERED`

    Examples
    --------
    One who has mostly the hard topic looks worse, and is as good as the others in each:

    >>> hard, easy = cell_rates([30, 9], [60, 10]), cell_rates([5, 81], [10, 90])
    >>> own, _, rest, _, covered = at_equal_mix(([60, 10], *hard), ([10, 90], *easy), [0.4, 0.6])
    >>> round(39 / 70, 2), round(own, 2), round(rest, 2), covered
    (0.56, 0.74, 0.74, 1.0)
    """
    own_n, rest_n, weights = (np.asarray(column, float) for column in (own[0], rest[0], weights))
    shared = (own_n > 0) & (rest_n > 0) & (weights > 0)
    covered = float(weights[shared].sum() / weights.sum()) if weights.sum() else 0.0
    if covered < LEAST_COVERED:
        return np.nan, np.nan, np.nan, np.nan, covered
    share = weights[shared] / weights[shared].sum()

    def weighted(side):
        value, variance = (np.asarray(column, float)[shared] for column in side[1:])
        return float(share @ value), float(share**2 @ variance)

    return *weighted(own), *weighted(rest), covered


def rate_bounds(value, inverse, n, level=0.95):
    """Wilson's interval of a weighted rate, with the number of cases that it is worth (Kish), at most n.

    >>> [round(float(end), 3) for end in rate_bounds(0.5, 0.01, 200)]  # worth 100 cases
    [0.404, 0.596]
    """
    if not np.isfinite(value) or not inverse > 0:
        return np.nan, np.nan
    worth = min(float(n), 1 / inverse)
    low, high = wilson([value * worth], [worth], quantile=normal_quantile(level))
    return float(low[0]), float(high[0])


def exact_p(own, rest):
    """Fisher's p of two weighted rates, each (rate, 1 / cases that it is worth, cases), in whole cases.

    >>> round(exact_p((0.2, 0.1, 10), (0.1, 0.05, 20)), 3)  # 2 of 10 beside 2 of 20
    0.584
    """
    from scipy.stats import fisher_exact

    table = []
    for rate, inverse, n in (own, rest):
        worth = max(round(min(float(n), 1 / inverse)), 1)
        hits = min(round(rate * worth), worth)
        table.append([hits, worth - hits])
    return float(fisher_exact(table)[1])


def mean_bounds(value, variance, n, level=0.95):
    """Student's interval of a weighted mean that is not below 0.

    >>> [round(end, 2) for end in mean_bounds(10.0, 1.0, 20)]
    [7.91, 12.09]
    """
    if not np.isfinite(value) or not np.isfinite(variance):
        return np.nan, np.nan
    half = student_quantile(max(n - 1, 1), level) * np.sqrt(variance)
    return float(max(value - half, 0.0)), float(value + half)


def shrunk(values, variances):
    """Each value drawn towards the middle of all, the more the less certain it is (Morris 1983; empirical Bayes).

    With equal variances it is James and Stein's estimate about the mean. Null values stay null; fewer than four
    values say nothing of how far members differ, and stay as they are.

    Examples
    --------
    Eighteen batters after 45 at bats (Efron and Morris 1977): the best, at .400, is estimated at .294.

    >>> hits = np.array([18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7])
    >>> mean = hits.mean() / 45
    >>> round(float(shrunk(hits / 45, np.full(18, mean * (1 - mean) / 45))[0]), 3)
    0.294
    """
    values, variances = np.asarray(values, float), np.asarray(variances, float)
    known = np.isfinite(values) & np.isfinite(variances) & (variances > 0)
    k, made = int(known.sum()), values.copy()
    if k < 4:
        return made
    x, v = values[known], variances[known]
    between = max(float(np.var(x, ddof=1) - v.mean()), 0.0)
    for _ in range(200):
        weights = 1 / (v + between)
        middle = float(weights @ x / weights.sum())
        now = max(float(weights @ (k / (k - 1) * (x - middle) ** 2 - v) / weights.sum()), 0.0)
        done = abs(now - between) <= 1e-12 * max(now, 1e-12)
        between = now
        if done:
            break
    weights = 1 / (v + between)
    middle = float(weights @ x / weights.sum())
    kept = 1 - (k - 3) / (k - 1) * v / (v + between)
    made[known] = middle + kept * (x - middle)
    return made
