"""How much weekly counts and rates move beyond chance: what a comparison of periods has to allow for."""

from typing import NamedTuple

import numpy as np

from toolkit.ranks import aligned, spread_of_curves, spread_of_ranks


class Movement(NamedTuple):
    """How much more a figure moves from week to week than chance alone moves it.

    `factor` is the variance as a multiple of chance's, at least 1; `degrees` are the weeks it rests on, less one.
    """

    factor: float
    degrees: float


def count_movement(*stretches, fewest=4):
    """The Movement of weekly counts; None below `fewest` whole weeks.

    Several stretches (the weeks of a long period and of the one before) are each held against their own mean.

    Examples
    --------
    >>> factor, degrees = count_movement([180, 230, 205, 170, 220, 240, 190, 210])
    >>> round(factor, 3), degrees
    (2.898, 7)
    """
    stretches = [np.asarray(weeks, float) for weeks in stretches]
    squares = sum(((weeks - weeks.mean()) ** 2).sum() / weeks.mean() for weeks in stretches if weeks.any())
    return _movement(squares, [len(weeks) for weeks in stretches], fewest)


def rate_movement(*stretches, fewest=4):
    """The Movement of weekly rates, each stretch (hits, n) by week; None below `fewest` weeks that have cases.

    Examples
    --------
    >>> factor, degrees = rate_movement(([40, 60, 50, 50], [100, 100, 100, 100]))
    >>> round(factor, 3), degrees
    (2.667, 3)
    """
    squares, weeks = 0.0, []
    for hits, n in stretches:
        hits, n = np.asarray(hits, float), np.asarray(n, float)
        hits, n = hits[n > 0], n[n > 0]
        if len(n):
            rate, chance = hits.sum() / n.sum(), (hits.sum() + 1) / (n.sum() + 2)  # not 0 where nothing was a hit
            squares += ((hits - rate * n) ** 2 / n).sum() / (chance * (1 - chance))
        weeks.append(len(n))
    return _movement(squares, weeks, fewest)


def score_movement(n, total, squares, fewest=4):
    """The Movement of weekly mean scores, from n, Σx and Σx² by week; None below `fewest` weeks that have scores.

    Examples
    --------
    >>> factor, degrees = score_movement([100] * 4, [0, 40, 20, 20], [50, 50, 50, 50])
    >>> round(factor, 3), degrees
    (5.797, 3)
    """
    n, total, squares = (np.asarray(column, float) for column in (n, total, squares))
    n, total, squares = n[n > 0], total[n > 0], squares[n > 0]
    if not len(n):
        return None
    mean = total.sum() / n.sum()
    spread = squares.sum() / n.sum() - mean**2
    beyond = ((total - mean * n) ** 2 / n).sum() / spread if spread > 1e-12 else 0.0
    return _movement(beyond, [len(n)], fewest)


def wait_movement(*stretches, fewest=4):
    """The Movement of weekly waits of which none is open, each stretch a list of (values, counts) by week.

    By Kruskal and Wallis' spread of their ranks, one less than the weeks by chance alone.

    Examples
    --------
    >>> week, slow = ([10, 20, 30], [9, 9, 9]), ([40, 50, 60], [9, 9, 9])
    >>> factor, degrees = wait_movement([week, slow, week, slow])
    >>> round(factor, 1), degrees, wait_movement([week] * 4)
    (27.5, 3, Movement(factor=1.0, degrees=3))
    """
    squares, weeks = 0.0, []
    for stretch in stretches:
        _, sides = aligned(*stretch) if stretch else (None, [])
        counts = np.array([side[0] for side in sides if side[0].sum() > 0])
        squares += spread_of_ranks(counts) if len(counts) else 0.0
        weeks.append(len(counts))
    return _movement(squares, weeks, fewest)


def curve_movement(*stretches, fewest=4):
    """The Movement of weekly waits of which some are open, each stretch a list of (seconds, ended, otherwise, censored).

    By the log-rank statistic of the weeks, one less than the weeks by chance alone.

    Examples
    --------
    >>> week, slow = ([60, 120], [9, 9], [0, 0], [0, 3]), ([60, 120], [1, 9], [0, 0], [0, 11])
    >>> factor, degrees = curve_movement([week, slow, week, slow])
    >>> round(factor, 2), degrees
    (6.85, 3)
    """
    squares, weeks = 0.0, []
    for stretch in stretches:
        _, sides = aligned(*stretch) if stretch else (None, [])
        sides = [side for side in sides if sum(column.sum() for column in side) > 0]
        squares += spread_of_curves(sides) if len(sides) > 1 else 0.0
        weeks.append(len(sides))
    return _movement(squares, weeks, fewest)


def pooled(movements):
    """The Movement of several groups together: each beyond chance by its factor, as far as its weeks say; None of none.

    >>> pooled([Movement(1.0, 7), Movement(4.0, 7), None])
    Movement(factor=2.5, degrees=7)
    """
    known = [one for one in movements if one is not None]
    if not known:
        return None
    degrees = sum(one.degrees for one in known)
    return Movement(sum(one.factor * one.degrees for one in known) / degrees, max(one.degrees for one in known))


def _movement(squares, weeks, fewest):
    degrees = sum(max(number - 1, 0) for number in weeks)
    return Movement(max(1.0, float(squares) / degrees), degrees) if degrees >= fewest - 1 else None
