"""What a group contributes to a total rate, and its shares and rates to a change, with intervals."""

from typing import NamedTuple

import numpy as np

from toolkit.intervals import differences, normal_quantile, wilson


def pull_interval(hits, n, other_hits, other_n, fewest=20):
    """(pull, low, high) of a group on the total rate, as arrays: the total's rate less that of all the others.

    It is the group's share of the cases times the difference of its rate from the others'; MOVER of the product.
    The interval is null where the group or the others have fewer than `fewest`, the pull where either has none.
    Whether a group pulls at all is said by the difference alone (`verdicts.rates(..., within=True)`).

    Examples
    --------
    >>> [round(float(value), 4) for value in pull_interval(36, 115, 425, 521)]
    [-0.0909, -0.1129, -0.0685]
    """
    hits, n, other_hits, other_n = (np.asarray(column, float) for column in (hits, n, other_hits, other_n))
    with np.errstate(divide="ignore", invalid="ignore"):
        own, others = ((part / whole, *wilson(part, whole)) for part, whole in ((hits, n), (other_hits, other_n)))
        change, change_low, change_high = differences(own, others)
        share, (share_low, share_high) = n / (n + other_n), wilson(n, n + other_n)
        # A larger share takes the pull further from 0: downwards if the group lies below the others.
        down = np.where(change < 0, share_high - share, share - share_low)
        up = np.where(change > 0, share_high - share, share - share_low)
        low = share * change - np.hypot(share * (change - change_low), change * down)
        high = share * change + np.hypot(share * (change_high - change), change * up)
    enough = (n >= fewest) & (other_n >= fewest)
    return share * change, np.where(enough, low, np.nan), np.where(enough, high, np.nan)


class Part(NamedTuple):
    """A part of a change, in points, with its standard error and its 95 % interval."""

    value: float
    error: float
    low: float
    high: float


def kitagawa(n_before, hits_before, n_now, hits_now, fewest=20):
    """(mix, level): how much of a total rate's change comes from the groups' shares, and how much from their rates.

    The arguments are arrays with one entry per group; the two Parts sum to the change exactly. A group that is
    absent from one period has the other period's rate there, so that it counts as mix. Errors and intervals are null
    below `fewest` cases in a period, all is null where a period has none.

    Examples
    --------
    >>> mix, level = kitagawa([70, 30], [63, 18], [40, 60], [37, 37])
    >>> round(mix.value, 5), round(level.value, 5)
    (-0.09125, 0.02125)
    """
    columns = (n_before, hits_before, n_now, hits_now)
    n_before, hits_before, n_now, hits_now = (np.asarray(column, float) for column in columns)
    if not n_before.sum() or not n_now.sum():
        return Part(*[np.nan] * 4), Part(*[np.nan] * 4)
    periods = ((n_before, hits_before), (n_now, hits_now))
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = [np.where(n > 0, hits / n, 0.0) for n, hits in periods]
    rates = [np.where(n > 0, rate, other) for (n, _), rate, other in zip(periods, rates, rates[::-1], strict=True)]
    shares = [n / n.sum() for n, _ in periods]
    mean_rate, mean_share = sum(rates) / 2, sum(shares) / 2
    rate_change, share_change = rates[1] - rates[0], shares[1] - shares[0]
    both = (n_before > 0) & (n_now > 0)
    mix_variance = level_variance = 0.0
    for (n, hits), share in zip(periods, shares, strict=True):
        some = n > 0
        smoothed = (hits + 0.5) / (n + 1)  # a rate of 0 or 1 has an error, too
        of_rate = np.where(some, smoothed * (1 - smoothed) / np.where(some, share, 1), 0.0)
        weight = np.where(both, 0.5, 1.0)  # both periods of an absent group have the one rate
        mix_variance += (_spread(share, mean_rate) + ((weight * share_change) ** 2 * of_rate).sum()) / n.sum()
        level_variance += (_spread(share, rate_change) / 4 + (both * mean_share**2 * of_rate).sum()) / n.sum()
    enough = min(n_before.sum(), n_now.sum()) >= fewest
    parts = []
    for value, variance in (
        ((share_change * mean_rate).sum(), mix_variance),
        ((mean_share * rate_change).sum(), level_variance),
    ):
        error = float(np.sqrt(variance)) if enough else np.nan
        half = normal_quantile() * error
        parts.append(Part(float(value), error, float(value - half), float(value + half)))
    return tuple(parts)


def _spread(share, values):
    """The variance of values that are taken with these shares."""
    return max((share * values**2).sum() - (share * values).sum() ** 2, 0.0)
