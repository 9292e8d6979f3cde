"""What a group contributes to a total or to the change of one, and a part to a sum, each with its interval."""

from dataclasses import dataclass

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


# --- mix and level ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """What is added to a change, by its group or in all, with its standard error."""

    value: np.ndarray
    error: np.ndarray


@dataclass(frozen=True)
class Split:
    """A change of a total in parts (Kitagawa): per group `level`, `mix` and `both` together, and `totals` of the three.

    `level` is the group's own change at its mean share of the cases; `mix` that of its share, times how far its figure
    lies from the total's. The groups' parts sum exactly to the totals, and level and mix to the change.
    """

    level: Part
    mix: Part
    both: Part
    totals: dict


def split_change(now, before, share_factor=1.0, level_factor=1.0):
    """The change of a total rate or mean between two periods, split into mix and level by group.

    Parameters
    ----------
    now, before : (n, total, squares), arrays by group: the cases, the sum of what they have, and that of its squares;
        of a rate the hits twice. A group that is absent in one period takes the figure of the other there.
    share_factor, level_factor : how much more shares and figures move than chance alone moves them, per group and,
        the last of one more, in all; a number for all alike

    Returns
    -------
    Split, its standard errors by the delta method

    Examples
    --------
    >>> split = split_change(([40, 60], [37, 37], [37, 37]), ([70, 30], [63, 18], [63, 18]))
    >>> [round(float(split.totals[name].value), 5) for name in ("mix", "level", "both")]
    [-0.09125, 0.02125, -0.07]
    >>> [round(float(split.totals[name].error), 6) for name in ("mix", "level")]
    [0.027566, 0.058501]
    """
    sides = [tuple(np.asarray(column, float) for column in side) for side in (now, before)]
    n = np.array([side[0] for side in sides])
    means = np.array(
        [np.divide(side[1], side[0], out=np.full(n.shape[1], np.nan), where=side[0] > 0) for side in sides]
    )
    means = np.nan_to_num(np.where(np.isnan(means), means[::-1], means))
    shares = n / n.sum(axis=1, keepdims=True)
    whole = (shares * means).sum(axis=1).mean()
    (moved, risen), mean, share = [one[0] - one[1] for one in (shares, means)], means.mean(axis=0), shares.mean(axis=0)
    values = {"level": share * risen, "mix": moved * (mean - whole)}
    values["both"] = values["level"] + values["mix"]
    # How each group's part (rows) answers to every group's share, and figure (columns), of either period.
    one, sign = np.eye(len(moved)), np.array([1, -1])[:, None, None]
    to_share = {"level": np.broadcast_to(np.diag(risen / 2), (2, *one.shape))}
    to_share["mix"] = sign * np.diag(mean - whole) - moved[:, None] * means[:, None] / 2
    to_mean = {"level": sign * np.diag(share)}
    to_mean["mix"] = moved[:, None] * (one - shares[:, None]) / 2
    for slopes in (to_share, to_mean):
        slopes["both"] = slopes["level"] + slopes["mix"]
    spread = np.array([_spread(*side) for side in sides])
    factors = [np.broadcast_to(np.asarray(one, float), len(moved) + 1) for one in (share_factor, level_factor)]

    def error(name, is_total):
        by_share, absent = to_share[name], np.where(n[:, None] > 0, 0.0, to_mean[name])
        by_mean = np.where(n[:, None] > 0, to_mean[name] + absent[::-1], 0.0)  # what is absent answers with the other
        if is_total:
            by_share, by_mean = (slopes.sum(axis=1, keepdims=True) for slopes in (by_share, by_mean))
        of_shares = (shares[:, None] * by_share**2).sum(axis=2) - (shares[:, None] * by_share).sum(axis=2) ** 2
        per_case = np.divide(spread, n, out=np.zeros_like(n), where=n > 0)
        own = slice(-1, None) if is_total else slice(-1)
        moves = factors[1][-1] if is_total else factors[1][:-1]
        variance = (of_shares / n.sum(axis=1, keepdims=True)).sum(axis=0) * factors[0][own]
        return np.sqrt(np.maximum(variance + (by_mean**2 * (per_case * moves)[:, None]).sum(axis=(0, 2)), 0))

    parts = {name: Part(value, error(name, False)) for name, value in values.items()}
    return Split(**parts, totals={name: Part(value.sum(), error(name, True)[0]) for name, value in values.items()})


def _spread(n, total, squares):
    """The variance of what the cases of a group have; of a rate that of (hits + ½) / (n + 1), never 0."""
    if np.array_equal(total, squares):
        rate = (total + 0.5) / (n + 1)
        return rate * (1 - rate)
    spread = squares - np.divide(total**2, n, out=np.zeros_like(n), where=n > 0)
    return np.divide(np.maximum(spread, 0), n - 1, out=np.zeros_like(n), where=n > 1)
