"""Findings: `sentence(result)` says in one or two sentences what a result shows, by the result's shape.

What may be said is decided in `claims`, how it is said in the catalogue of words; here the two meet. Names of groups
are the customer's data and returned as plain text: whoever shows them escapes them.
"""

from toolkit.claims import group_keys
from toolkit.errors import BadParameter
from toolkit.findings import compared, shapes
from toolkit.findings.compared import find_quality
from toolkit.result import Result
from toolkit.words import display_name, short_name

__all__ = ["check_result", "find_quality", "group_keys", "sentence", "short_name", "value_name"]

value_name = display_name  # a key's value, as charts call it too

SAYS = {
    "count": shapes.count,
    "rate": shapes.rate,
    "wait": shapes.wait,
    "mean": shapes.mean,
    "curve": shapes.curve,
    "shares": shapes.shares,
    "grid": shapes.grid,
    "pull": shapes.pull,
    "listing": shapes.listing,
    "comparison": compared.comparison,
}


def check_result(name, result):
    """BadParameter naming the function unless it is given the result of a metric."""
    if not isinstance(result, Result) or result.attrs.get("shape") not in SAYS:
        raise BadParameter(f"{name} takes the result of a metric, not a {type(result).__name__}")


def sentence(result, overall=None, period=None, comparison=None):
    """What a result shows, in one or two sentences.

    Parameters
    ----------
    result : Result of any metric, or a comparison of two
    overall : Result without groups, optional
        The same figure in all, told beside that of a group.
    period : Period, optional
        Of changes from one day, week or month to the next only those within it are told.
    comparison : Result, optional
        The same result against the period before: its change is told, too.

    Raises
    ------
    BadParameter
        It isn't the result of a metric.

    Examples
    --------
    >>> import pandas as pd
    >>> from toolkit.metrics import csat
    >>> sentence(csat(pd.DataFrame({"score": [5] * 80 + [1] * 20}))).replace("\xa0", " ")
    '80 of 100 answers were satisfied: 80 % (71 to 87). Of 100 surveys 100 % (96 to 100) were answered.'
    """
    check_result("sentence", result)
    said = SAYS[result.attrs["shape"]](result, overall=overall, period=period)
    return f"{said} {compared.comparison(comparison, after=True)}" if comparison is not None else said
