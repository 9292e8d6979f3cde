"""Findings: `tell(result)` says what a result shows, by the result's shape: a heading, a note, what may be highlighted.

What may be said is decided in `claims`, how it is said in the catalogue of words; here the two meet. Names of groups
are the customer's data and returned as plain text: whoever shows them escapes them.
"""

from dataclasses import replace

from toolkit.claims import group_keys
from toolkit.clock import PARTS
from toolkit.engine import OPENING
from toolkit.errors import BadParameter
from toolkit.findings import shapes, tallies, wholes
from toolkit.findings.compared import find_quality
from toolkit.findings.need import need
from toolkit.findings.parts import say, too_few
from toolkit.findings.sums import sums
from toolkit.findings.targets import as_rate
from toolkit.findings.team import team
from toolkit.findings.told import Told, note_of
from toolkit.metrics.registry import METRICS
from toolkit.result import Result
from toolkit.words import display_name, has, is_none, short_name, text
from toolkit.words.names import OTHERS

__all__ = [
    "Told",
    "check_result",
    "find_quality",
    "group_keys",
    "only_group",
    "sentence",
    "short_name",
    "tell",
    "value_name",
]

# Shapes of which a result by a column can be told without it.
BY_ONE = ("count", "rate", "wait", "mean", "score", "figure", "curve", "shares")
value_name = display_name  # a key's value, as charts call it too

TELLS = {
    "count": shapes.count,
    "rate": shapes.rate,
    "wait": shapes.wait,
    "mean": shapes.mean,
    "score": shapes.score,
    "figure": shapes.number_with_interval,
    "curve": shapes.curve,
    "shares": wholes.shares,
    "grid": wholes.grid,
    "need": need,
    "pull": wholes.pull,
    "contribution": wholes.contribution,
    "sums": sums,
    "listing": shapes.listing,
    "team": team,
    "tally": tallies.tally,
    "band": tallies.band,
    "comparison": shapes.comparison,
}


def check_result(name, result):
    """BadParameter naming the function unless it is given the result of a metric."""
    if not isinstance(result, Result) or result.attrs.get("shape") not in TELLS:
        raise BadParameter(f"{name} takes the result of a metric, not a {type(result).__name__}")


def tell(result, overall=None, period=None, comparison=None):
    """What a result shows: the finding as a heading, what else must be known, and what may be highlighted.

    Parameters
    ----------
    result : Result of any metric, or a comparison of two
    overall : Result without groups, optional
        The same figure in all, told beside that of a group.
    period : Period, optional
        Of days, weeks or months only those within it may stand out; the others are what they are held against.
    comparison : Result, optional
        The same result against the period before: what clearly changed is told first.

    Returns
    -------
    Told

    Raises
    ------
    BadParameter
        It isn't the result of a metric.

    Examples
    --------
    >>> import pandas as pd
    >>> from toolkit.metrics import csat
    >>> told = tell(csat(pd.DataFrame({"score": [5] * 80 + [1] * 20})))
    >>> told.heading.replace("\\xa0", " "), told.highlight, told.status
    ('80 of 100 answers were satisfied: 80 % (71 to 87)', None, 'none')
    """
    check_result("tell", result)
    shown, result = result, as_rate(result.whole())
    column, value = only_group(result)
    is_unnamed = bool(column) and is_none(value)
    if is_unnamed:  # the figure of a group that is everything, and has no name, is that of everything
        result, comparison = (
            _without(result, column),
            comparison if comparison is None else _without(comparison, column),
        )
    told = TELLS[result.attrs["shape"]](result, overall=overall, period=period, comparison=comparison)
    if is_unnamed and len(result) and not too_few(result):
        told = replace(told, note=" ".join(filter(None, [told.note, only_said(column, value)])))
    if _may_change(result):
        told = replace(
            told, note=" ".join(filter(None, [told.note, note_of([say(f"read_each.{result.attrs['read_each']}")])]))
        )
    if shown.attrs.get("smallest_group"):
        told = _without_small(told, shown, result)
    # curves and spans of time are other views of a wait, whose own finding is told of it: no second candidate
    is_view = result.attrs["shape"] == "curve" or "part" in result.attrs
    return replace(told, facts=[], tested=[]) if is_view else told


def only_group(result):
    """(column, value) where a result is by one column that has the same value in every row, or none; else (None, None).

    Examples
    --------
    >>> import pandas as pd
    >>> from toolkit.metrics import csat
    >>> only_group(csat(pd.DataFrame({"score": [5] * 9, "channel": "email"}), by="channel"))
    ('channel', 'email')
    """
    keys = group_keys(result)
    attrs = result.attrs
    if len(keys) != 1 or keys[0] in (*PARTS, OPENING) or attrs["shape"] not in BY_ONE:
        return None, None
    if attrs.get("ordered") or attrs.get("untold"):
        return None, None
    values = result[keys[0]].astype(object).where(result[keys[0]].notna(), None).unique().tolist()
    return (keys[0], values[0]) if len(values) == 1 and values[0] != OTHERS else (None, None)


def _without(result, column):
    """A result by a column as one that is by none; a comparison that has other groups, too, is none of it."""
    if result.attrs.get("shape") == "comparison" and len(result) != 1:
        return None
    made = result.drop(columns=column)
    made.attrs |= {name: [key for key in result.attrs.get(name, ()) if key != column] for name in ("by", "rows")}
    return made


def only_said(column, value):
    """That all cases are of one group, or that the data says of none which it is of, as a sentence."""
    key = f"tables.keys.{column}"
    name = text(key) if has(key) else short_name(column)
    if is_none(value):
        return note_of([say("only.unknown", column=name)])
    return note_of([say("only.alike", column=name, name=display_name(value, column))])


def _without_small(told, shown, whole):
    """What is told of a result of which small groups are left out: with how many these are, and its place among the rows shown."""
    places = [place for place in range(len(whole)) if place not in whole.attrs.get("untold", ())]
    left_out = [text(key, **values) for key, values in shown.attrs.get("notes", ()) if key == "tables.notes.small"]
    if "untold" in whole.attrs and told.highlight is not None:
        told = replace(told, highlight=places.index(told.highlight) if told.highlight in places else None)
    return replace(told, note=" ".join(filter(None, [told.note, *left_out])))


def _may_change(result):
    """Whether its weeks or months are read each at its own end and another figure may come of it later: no count's, no call's."""
    attrs = result.attrs
    is_over = attrs["shape"] == "count" or METRICS[attrs["metric"]].table == "calls"
    return bool(attrs.get("read_each")) and not is_over and not too_few(result)


def sentence(result, overall=None, period=None, comparison=None):
    """What a result shows, in some sentences: the heading and the note of `tell`.

    Examples
    --------
    >>> import pandas as pd
    >>> from toolkit.metrics import csat
    >>> sentence(csat(pd.DataFrame({"score": [5] * 80 + [1] * 20}))).replace("\\xa0", " ")
    '80 of 100 answers were satisfied: 80 % (71 to 87). Of 100 surveys 100 % (96 to 100) were answered.'
    """
    check_result("sentence", result)
    return tell(result, overall, period, comparison).sentence
