"""Claims: what may be said of a result, before it is said. Sentences and highlights of charts read them here.

A group stands out where it differs from all the others together, beyond chance and after Holm's correction for all the
groups that were looked at; a day, week or month differs beyond what the others move, too. What has too few cases, no name
("(none)", unassigned) or a part of a period only never does. Of several that stand out the one that does most harm is named:
the hour that loses hundreds of calls, not the one that loses 11 of 11.
"""

from toolkit.claims.against import against_the_rest
from toolkit.claims.clear import Standout, changed, has_grown, is_most, largest, most, peak, score, standouts
from toolkit.claims.groups import (
    estimates,
    group_keys,
    is_named,
    is_side_by_side,
    place_keys,
    time_key,
    told_time,
    told_times,
    within,
)
from toolkit.claims.periods import in_period, is_whole

__all__ = [
    "Standout",
    "against_the_rest",
    "changed",
    "estimates",
    "group_keys",
    "has_grown",
    "in_period",
    "is_most",
    "is_named",
    "is_side_by_side",
    "is_whole",
    "largest",
    "most",
    "peak",
    "place_keys",
    "score",
    "standouts",
    "time_key",
    "told_time",
    "told_times",
    "within",
]
