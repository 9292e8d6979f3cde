"""Would customers recommend the service?"""

from toolkit.metrics import scores
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import target_of

SCALE = (0, 10)
PARTS = {"detractor": -1, "passive": 0, "promoter": 1}  # from the bad end to the good one


@metric("score", table="surveys", case="answer", value="nps", best="high")
def nps(surveys, by=None, zone=None):
    """Net promoter score: of answers from 0 to 10, the share of 9 and 10 less the share of 0 to 6.

    Parameters
    ----------
    surveys : DataFrame, ibis Table or path; one row per survey sent
        Uses `score` (null: not answered), `kind` where there is one (nps kept), and the columns in `by`.
    by : str or list of str, optional
        Group columns, such as "occasion" or "channel"; also day, week, month of sending, local.

    Returns
    -------
    Result, one row per group: `n` answers of `sent_count` surveys, `survey_response_rate`; `nps` in [-1, 1] (best 1),
        shown as -100 to 100, with `low`, `high` (95 %, of a mean of -1, 0 and 1 that stays within them; null below ten
        answers); `promoter`, `passive`, `detractor`: their shares in [0, 1], each with `_low`, `_high` (Wilson).

    Raises
    ------
    BadData
        A score is no whole number from 0 to 10.
    MissingTable
        A data set has no survey of this kind.

    Source: DEFINITIONS.md#nps

    Examples
    --------
    >>> import pandas as pd
    >>> nps(pd.DataFrame({"score": [10, 9, 8, 3, None]}))[["n", "sent_count", "nps"]].values.tolist()
    [[4.0, 5.0, 0.25]]
    """
    table = scores.surveys_of(surveys, "nps")
    rows = table.mutate(
        is_detractor_=table.score <= 6, is_passive_=table.score.between(7, 8), is_promoter_=table.score >= 9
    )
    return scores.score(nps, rows, PARTS, "nps", SCALE, by, zone, target_of(table, "nps"))
