"""What a group contributes to a total rate, and a part to a sum, each with its interval."""

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


def share_of_sum(part, squares, products, total, total_squares, n, fewest=20):
    """The share of a sum that one part of it makes, over n cases that each add to the sum: (share, low, high).

    The interval is that of a ratio of two sums (Taylor's linearization over the cases), on the logit's scale; null
    below `fewest` cases, and where the part is nothing or all.

    Parameters
    ----------
    part, squares, products : sums over the cases of what they add to the part, its square, and its product with what
        they add to the total
    total, total_squares : the same of what they add to the total

    Examples
    --------
    >>> share_of_sum(30, 90, 100, 100, 400, 40)[0], share_of_sum(30, 90, 100, 100, 400, 4)[1]
    (0.3, nan)
    """
    if not total:
        return (np.nan,) * 3
    share = part / total
    variance = max(squares - 2 * share * products + share**2 * total_squares, 0.0) / total**2
    if n < fewest or not 0 < share < 1 or variance <= 0:
        return share, np.nan, np.nan
    reach = normal_quantile() * np.sqrt(variance * n / (n - 1)) / (share * (1 - share))
    low, high = (1 / (1 + (1 - share) / share * np.exp(-side)) for side in (-reach, reach))
    return share, float(low), float(high)
