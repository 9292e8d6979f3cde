"""Groups of too few cases to be told of at all, as `[privacy] smallest_group` of service.toml says.

Everything is computed of all groups, so that shares, totals and what is held against the rest are true; rows are left out
last, of what a metric or a comparison hands out. No result goes past it: `@metric` puts it around every metric.
"""

import contextlib
import functools
import itertools
from contextvars import ContextVar

import numpy as np
import pandas as pd

from toolkit.metrics.plans import Plan
from toolkit.result import Result, is_ordered

NOTE = "tables.notes.small"
EARLIER = ("previous_n", "year_ago_n")  # the cases of an earlier period
WITHIN = ("listing",)  # shapes of single cases, which are no groups

_depth = ContextVar("depth", default=0)  # of metrics that are made of others: only the outermost leaves out


# --- which groups are told ----------------------------------------------------------------------------


def told_rows(frame, keys, smallest, counts=None):
    """Which rows are told, and how many groups aren't.

    A group of fewer cases than `smallest` isn't. Those that aren't could be computed together from the total, of all or
    of those of one value of a key: where they are one group, or of fewer cases together, the next in size isn't told
    either. A group without a case hides no other.

    Parameters
    ----------
    frame : DataFrame
        A row a group, `n` its cases; with parts of a whole several, `total` the cases of the group. A row of all groups
        (`is_total`) is told if it has cases enough.
    keys : list of str
    smallest : int
        0 and 1: every group is told.
    counts : list of str, optional
        The columns of cases, where there are several, such as those of the period before. The first one says how many
        cases a group has; where another is 0 or null, there is nothing to tell.

    Returns
    -------
    (array of bool, int)

    Examples
    --------
    >>> frame = pd.DataFrame({"topic": ["a", "b", "c", "d"], "n": [50, 3, 9, 20]})
    >>> told, hidden = told_rows(frame, ["topic"], 5)
    >>> told.tolist(), hidden
    ([True, False, False, True], 2)
    >>> told_rows(frame.assign(n=[50, 1, 2, 20]), ["topic"], 5)[0].tolist()  # 3 together
    [True, False, False, False]
    """
    counts = counts or [name for name in ("total", "n") if name in frame.columns][:1]
    keys = [key for key in keys if key in frame.columns]
    if smallest < 2 or not keys or not counts or not len(frame):
        return np.ones(len(frame), bool), 0
    is_total = frame["is_total"].to_numpy(bool) if "is_total" in frame.columns else np.zeros(len(frame), bool)
    # rows of one group, such as the parts of a whole, go together
    number = frame.groupby([*keys, is_total], dropna=False, sort=False, observed=True).ngroup().to_numpy()
    first = np.unique(number, return_index=True)[1]
    sizes = pd.DataFrame(frame[counts].to_numpy(float)).fillna(0).groupby(number).max().to_numpy().T
    hidden = (sizes[0] < smallest) | ((sizes[1:] > 0) & (sizes[1:] < smallest)).any(axis=0)
    groups = ~is_total[first]
    margins = [
        frame.groupby(list(some), dropna=False, observed=True).ngroup().to_numpy()[first]
        if some
        else np.zeros(len(first), int)
        for few in range(len(keys))
        for some in itertools.combinations(keys, few)
    ]
    pairs = list(itertools.product(sizes, margins))
    while sum(_hide_more(hidden, groups, size, margin, smallest) for size, margin in pairs):
        pass
    return ~hidden[number], int((hidden & groups).sum())


def _hide_more(hidden, groups, size, margin, smallest):
    """Hide the next in size wherever what is hidden could be computed; whether any was."""
    n, gone = margin.max() + 1, hidden & groups & (size > 0)
    cases = np.bincount(margin, np.where(gone, size, 0), n)
    several = np.bincount(margin, gone, n) > 1
    is_open = ((cases > 0) & ((cases < smallest) | ~several))[margin] & groups & ~hidden & (size > 0)
    places = np.flatnonzero(is_open)
    places = places[np.argsort(size[places], kind="stable")]
    hidden[places[np.unique(margin[places], return_index=True)[1]]] = True
    return bool(len(places))


# --- what is handed out -------------------------------------------------------------------------------


def hiding(function):
    """The function, of whose results (one, or a list or tuple of them) small groups are left out last.

    Metrics that are called within are whole: what is made of them is computed of everything.
    """

    @functools.wraps(function)
    def called(*given, **named):
        smallest = max(map(_smallest_of, [*given, *named.values()]), default=0)
        return _handed_out(lambda: function(*given, **named), smallest)

    return called


@contextlib.contextmanager
def everything():
    """Metrics called within give every group: for what is made of them, and leaves out small ones itself."""
    token = _depth.set(_depth.get() + 1)
    try:
        yield
    finally:
        _depth.reset(token)


def _handed_out(make, smallest):
    with everything():
        made = make()
    if isinstance(made, Plan):
        return Plan(made.query, lambda frame: _handed_out(lambda: made.finish(frame), smallest))
    if _depth.get() or smallest < 2:
        return made
    return type(made)(hide(one, smallest) for one in made) if type(made) in (list, tuple) else hide(made, smallest)


def _smallest_of(given):
    """What the settings say that an argument carries: a data set, a table of one, a result."""
    import ibis

    from toolkit.engine import context_of

    if isinstance(given, Result):
        return given.attrs.get("smallest_group", 0)
    carrier = context_of(given) if isinstance(given, ibis.Table) else given  # else a data set carries them itself
    privacy = getattr(getattr(carrier, "service", None), "privacy", None)
    return getattr(privacy, "smallest_group", 0)


def told_of(result, smallest):
    """Which rows of a result are told, and how many of its groups aren't.

    `attrs["groups"]` are the columns that tell its groups apart, where these aren't `by`; `attrs["sizes"]` further columns
    of cases that make a group small.
    """
    attrs = result.attrs
    if attrs.get("shape") in WITHIN:
        return np.ones(len(result), bool), 0
    count = attrs.get("count", "n")
    counts = [
        "total" if "total" in result.columns else count if count in result.columns else "n",
        *attrs.get("sizes", ()),
    ]
    if attrs.get("against") != "outside":
        counts += EARLIER
    counts = [name for name in counts if name in result.columns]
    return told_rows(pd.DataFrame(result), attrs.get("groups", attrs.get("by", ())), smallest, counts)


def hide(result, smallest):
    """A result without its small groups, and with a note of how many they are; anything else as it is."""
    if smallest < 2 or not isinstance(result, Result):
        return result
    result = _without_rests(result, smallest)
    told, hidden = told_of(result, smallest)
    places = {place: new for new, place in enumerate(np.flatnonzero(told).tolist())}
    if not told.all():
        whole = _without_names(result, told)
        result = result[told].reset_index(drop=True)
        for name in [name for name in ("partial", "drawn") if name in result.attrs]:
            result.attrs[name] = [places[place] for place in result.attrs[name] if place in places]
        result._whole = whole
    result.attrs["smallest_group"] = smallest
    if hidden:
        others = [note for note in result.attrs.get("notes", ()) if note[0] != NOTE]
        result.attrs["notes"] = [*others, (NOTE, {"n": hidden, "least": smallest})]
    return result


def _without_rests(result, smallest):
    """A result without the figures of a part of the cases where a group's other cases are too few to be told of.

    `attrs["subsets"]` names them: {count of the part: its columns}. Of those who need a reply or don't, the one tells the other.
    """
    for part, columns in result.attrs.get("subsets", {}).items():
        rest = (
            result[result.attrs.get("count", "n")] - result[part] if part in result.columns else pd.Series(dtype=float)
        )
        if rest.between(1, smallest - 1).any():
            result = result.drop(columns=[name for name in columns if name in result.columns])
    return result


def _without_names(result, told):
    """The whole result, in which the groups that aren't told have no name; None where they are days, hours or the like."""
    keys = [key for key in result.attrs.get("groups", result.attrs.get("by", ())) if key in result.columns]
    if any(is_ordered(result[key]) for key in keys):
        return None
    whole, frame = result.reset_index(drop=True), pd.DataFrame(result)
    whole.attrs["untold"] = {int(at): tuple(frame[key].iloc[at] for key in keys) for at in np.flatnonzero(~told)}
    for key in keys:
        whole[key] = frame[key].reset_index(drop=True).astype(object).where(told, None)
    return whole
