"""What is told of curves of groups of which each has a target of its own: each by its own, not all by one time."""

import pandas as pd

from toolkit import claims, words
from toolkit.claims import place_keys
from toolkit.findings.groups import event_at, least_of
from toolkit.findings.parts import name_of, place_of, say
from toolkit.findings.told import Clause, Told, composed, note_of
from toolkit.words import estimate, text, value_text

MOST_LISTED = 8  # groups of which each is told


def own_times_told(result):
    """From the group that keeps its own target least to the one that does most; None where they haven't such targets."""
    keys = place_keys(result)
    if not keys or "target_seconds" not in result.columns:
        return None
    rows = []
    for _, part in pd.DataFrame(result).groupby(keys, sort=False, observed=True, dropna=False):
        seconds = part["target_seconds"].iloc[0]
        if pd.notna(seconds):
            rows.append(claims.within(part, keys, seconds).iloc[0])
    groups = pd.DataFrame(rows)
    if len(groups):
        groups = groups[(groups["n"] >= least_of(result)).to_numpy(bool) & claims.is_named(groups, keys)]
    if len(groups) < 2 or groups["target_seconds"].nunique() < 2:
        return None
    groups = groups.sort_values("share", kind="stable")
    ends = [groups.iloc[0], groups.iloc[-1]]
    low, high = (value_text(row["share"], "rate") for row in ends)
    if low == high:
        many = text(name_of("many", keys), n=len(groups))
        said = say("curve.own_same", value=low, event=event_at(result), groups=many)
    else:
        places = dict(zip(("place", "high_place"), (place_of(result, row, keys) for row in ends), strict=True))
        said = say("curve.own", low=low, high=high, event=event_at(result), **places)
    items = [
        say("curve.own_item", value=estimate(row["share"], row["low"], row["high"], "rate"),
            place=place_of(result, row, keys), time=words.duration(row["target_seconds"]))
        for _, row in groups.iterrows()
    ]  # fmt: skip
    note = [say("group.list", list=words.joined(items))] if len(items) <= MOST_LISTED else []
    return Told(composed([Clause(said)])[0], note_of(note))
