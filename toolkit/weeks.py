"""Which weeks of a rate are unusual."""

from typing import NamedTuple

import numpy as np

from toolkit.intervals import student_quantile


class Limits(NamedTuple):
    """Where a weekly rate is expected to lie; `sigma` is its movement as a multiple of chance's, at least 1."""

    centre: float
    low: object
    high: object
    sigma: float


def unusual(hits, n, fewest=8):
    """Limits for the last week's rate, from the weeks before it (95 %); outside them it is unusual.

    Null below `fewest` weeks that have cases, the last one included, or where the last has none.

    Examples
    --------
    >>> limits = unusual([12, 15, 9, 14, 11, 13, 10, 16, 12, 24], [100] * 10)
    >>> [round(float(value), 3) for value in limits]
    [0.124, 0.044, 0.205, 1.0]
    """
    hits, n = np.asarray(hits, float), np.asarray(n, float)
    if not len(n) or not n[-1] > 0 or (n > 0).sum() < max(fewest, 3):
        return Limits(*[np.nan] * 4)
    last, hits, n = n[-1], hits[:-1][n[:-1] > 0], n[:-1][n[:-1] > 0]
    centre, chance = hits.sum() / n.sum(), _chance(hits, n)
    degrees = len(n) - 1
    sigma = max(1.0, np.sqrt(((hits - centre * n) ** 2 / n).sum() / chance / degrees))
    half = student_quantile(degrees) * sigma * np.sqrt(chance * (1 / last + 1 / n.sum()))
    return Limits(float(centre), float(max(centre - half, 0)), float(min(centre + half, 1)), float(sigma))


def laney(hits, n, fewest=12, cases=50):
    """Limits of each week's rate over a stretch of weeks: Laney's p' chart, three sigma, within 0 and 1.

    Its sigma is the mean step from week to week; a plain p chart would call nearly every stretch of real weeks
    unusual. Null below `fewest` weeks, or where a week has fewer than `cases`.

    Returns
    -------
    Limits, with an array of `low` and of `high`

    Examples
    --------
    >>> limits = laney([12, 15, 9, 14, 11, 13, 10, 16, 12, 14, 9, 13], [100] * 12)
    >>> round(float(limits.low[0]), 3), round(float(limits.high[0]), 3)
    (0.019, 0.227)
    """
    hits, n = np.asarray(hits, float), np.asarray(n, float)
    if len(n) < max(fewest, 2) or n.min() < max(cases, 1):
        return Limits(np.nan, np.full(n.shape, np.nan), np.full(n.shape, np.nan), np.nan)
    centre, sigma = hits.sum() / n.sum(), max(1.0, moving_sigma(hits, n))
    half = 3 * sigma * np.sqrt(_chance(hits, n) / n)
    return Limits(float(centre), np.maximum(centre - half, 0), np.minimum(centre + half, 1), float(sigma))


def moving_sigma(hits, n):
    """How far a rate steps from week to week, as a multiple of what chance would do."""
    scores = (hits / n - hits.sum() / n.sum()) / np.sqrt(_chance(hits, n) / n)
    return np.abs(np.diff(scores)).mean() / 1.128  # the mean range of two normal values


def _chance(hits, n):
    """The variance of one case; not 0 where none or all were hits."""
    rate = (hits.sum() + 0.5) / (n.sum() + 1)
    return rate * (1 - rate)
