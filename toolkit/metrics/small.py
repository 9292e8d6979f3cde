"""Groups of too few cases to be told of at all, as `[privacy] smallest_group` of service.toml says."""

import numpy as np
import pandas as pd


def without_small(frame, keys, smallest):
    """The rows of groups that are told, and how many aren't.

    A group of fewer cases than `smallest` isn't. Where it would be the only one that isn't, of all or of those of one
    value of a key, it could be computed from the total: then the next in size isn't told either.

    Parameters
    ----------
    frame : DataFrame
        A row a group, `n` its cases; with parts of a whole several, `total` the cases of the group. A row of all groups
        (`is_total`) is told if it has cases enough.
    keys : list of str
    smallest : int
        0 and 1: every group is told.

    Returns
    -------
    (DataFrame, int)

    Examples
    --------
    >>> frame = pd.DataFrame({"topic": ["a", "b", "c", "d"], "n": [50, 3, 9, 20]})
    >>> told, hidden = without_small(frame, ["topic"], 5)
    >>> told["topic"].tolist(), hidden
    (['a', 'd'], 2)
    """
    count = next((name for name in ("total", "n") if name in frame.columns), None)
    keys = [key for key in keys if key in frame.columns]
    if smallest < 2 or not keys or count is None or not len(frame):
        return frame, 0
    sizes = frame[count].to_numpy(float)
    is_total = frame["is_total"].to_numpy(bool) if "is_total" in frame.columns else np.zeros(len(frame), bool)
    # rows of one group, such as the parts of a whole, go together
    groups = frame.groupby(keys, dropna=False, sort=False, observed=True).ngroup().to_numpy()
    size = pd.Series(sizes).groupby(groups).transform("max").to_numpy()
    hidden = size < smallest
    margins = [np.zeros(len(frame), int)]
    if len(keys) > 1:
        margins += [frame.groupby(key, dropna=False, observed=True).ngroup().to_numpy() for key in keys]
    while (more := _next_to_hide(hidden, is_total, size, groups, margins)) is not None:
        hidden |= groups == more
    kept = frame[~hidden].reset_index(drop=True)
    return kept, len(set(groups[hidden & ~is_total]))


def _next_to_hide(hidden, is_total, size, groups, margins):
    """The group that has to go, too, as one alone is hidden beside it; None where there is none."""
    for margin in margins:
        for value in np.unique(margin[hidden & ~is_total]):
            own = (margin == value) & ~is_total
            there = own & ~hidden
            if len(set(groups[own & hidden])) == 1 and there.any():
                return groups[there][np.argmin(size[there])]
    return None
