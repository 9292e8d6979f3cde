"""How satisfied customers say they are, and which topics pull it down."""

import numpy as np
import pandas as pd

from toolkit import engine
from toolkit.errors import BadData, BadParameter
from toolkit.intervals import mean_interval, rate_change
from toolkit.metrics._common import add_rate, finish

SCORES = (1, 2, 3, 4, 5)


def _csat_surveys(surveys, needs=()):
    table = engine.as_table(surveys, "surveys", ["score", *needs])
    if "kind" in table.columns:
        table = table.filter(table.kind == "csat")
    return table


def _score_counts(rows, keys):
    score = rows.score.cast("float64")
    frame = engine.to_pandas(
        engine.aggregate(
            rows,
            keys,
            sent_count=rows.count(),
            n=rows.score.count(),
            **{f"score_{value}": engine.count_if(rows, score == value) for value in SCORES},
        )
    )
    if (frame[[f"score_{value}" for value in SCORES]].sum(axis=1) != frame["n"]).any():
        raise BadData(
            "surveys: a csat score is no whole number from 1 to 5; "
            "toolkit.open_data sets such rows aside, or drop them first (nps scores need kind 'nps')"
        )
    return frame


def csat(surveys, by=None, satisfied=4, zone=None):
    """Customer satisfaction: the share of answers, from 1 to 5, that are 4 or 5.

    Parameters
    ----------
    surveys : DataFrame, ibis Table or path; one row per survey sent
        Uses `score` (null: not answered), `kind` where there is one (csat kept), and the columns in `by`.
    by : str or list of str, optional
        Group columns, such as "topic"; also day, week, month of sending, local.
    satisfied : int
        The lowest score that counts as satisfied.

    Returns
    -------
    Result, one row per group: `n` answers of `sent_count` surveys, `survey_response_rate`; `csat` in [0, 1]
        (best 1) with `low`, `high` (95 % Wilson); `mean` from 1 to 5 with `mean_low`, `mean_high`; the whole
        distribution as `score_1` to `score_5`.

    Source: DEFINITIONS.md#csat

    Examples
    --------
    >>> import pandas as pd
    >>> csat(pd.DataFrame({"score": [5, 4, 1, None]}))[["n", "sent_count", "csat"]].round(3).values.tolist()
    [[3.0, 4.0, 0.667]]
    """
    if satisfied not in SCORES:
        raise BadParameter(f"satisfied={satisfied!r} is not allowed; choose one of 1 to 5")
    table = _csat_surveys(surveys)
    keys = engine.group_keys(by)
    frame = _score_counts(engine.with_keys(table, "surveys", keys, zone, uses=["score"]), keys)
    frame["satisfied_count"] = frame[[f"score_{value}" for value in SCORES if value >= satisfied]].sum(axis=1)
    frame = add_rate(frame, "csat", "satisfied_count", "n")
    frame = add_rate(frame, "survey_response_rate", "n", "sent_count", prefix="survey_response_rate")
    counts = frame[[f"score_{value}" for value in SCORES]].to_numpy(float)
    values, n = np.array(SCORES, float), counts.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = counts @ values / n
        deviation = np.sqrt((counts * (values - mean[:, None]) ** 2).sum(axis=1) / (n - 1))
    frame["mean"] = mean
    frame["mean_low"], frame["mean_high"] = mean_interval(mean, deviation, n)
    columns = ["n", "satisfied_count", "csat", "low", "high", "sent_count"]
    columns += [
        "survey_response_rate",
        "survey_response_rate_low",
        "survey_response_rate_high",
        "mean",
        "mean_low",
        "mean_high",
        *[f"score_{value}" for value in SCORES],
    ]
    units = {"csat": "rate", "survey_response_rate": "rate", "mean": "score"}
    units |= dict.fromkeys(["n", "sent_count", "satisfied_count", *[f"score_{value}" for value in SCORES]], "count")
    choices = {"satisfied": f"scores from {satisfied} to 5"}
    result = finish(frame[[*keys, *columns]], "csat", table, keys, units, choices)
    result.attrs["counts"] = {"survey_response_rate": "sent_count"}
    return result


def csat_by_topic(surveys, by="topic", satisfied=4, zone=None):
    """Topics from the lowest CSAT to the highest, and how much each pulls the total away.

    The pull of a topic is the total CSAT less the CSAT of all the other topics together: what the total
    would gain (a negative pull) or lose (a positive one) without it.

    Parameters
    ----------
    surveys : DataFrame, ibis Table or path; one row per survey sent
        Uses `score`, `kind` where there is one, and the columns in `by`.
    by : str or list of str
        "topic", or ["topic", "subtopic"].
    satisfied : int
        The lowest score that counts as satisfied.

    Returns
    -------
    Result, one row per topic, lowest first: `n`, `csat` with `low`, `high`; `pull` in [-1, 1] (percentage
        points when shown) with `pull_low`, `pull_high` (95 %, Newcombe, scaled by the topic's share of
        answers); `mean`; `share_of_answers`. Topics without an answer come last.

    Source: DEFINITIONS.md#csat-by-topic

    Examples
    --------
    >>> import pandas as pd
    >>> surveys = pd.DataFrame({"topic": ["bills", "bills", "repair", "repair"], "score": [1, 5, 5, 4]})
    >>> csat_by_topic(surveys)[["topic", "csat", "pull"]].values.tolist()
    [['bills', 0.5, -0.25], ['repair', 1.0, 0.25]]
    """
    keys = engine.group_keys(by)
    if not keys:
        raise BadParameter("csat_by_topic needs at least one column to group by, such as by='topic'")
    groups = csat(surveys, keys, satisfied, zone)
    attrs = groups.attrs
    frame = pd.DataFrame(groups)
    total_n, total = int(frame["n"].sum()), int(frame["satisfied_count"].sum())
    pulls = []
    for row in frame.itertuples():
        share = row.n / total_n if total_n else np.nan
        change = rate_change(row.satisfied_count, row.n, total - row.satisfied_count, total_n - row.n)
        # total - others = share x (own - others), and its interval is that difference's, scaled
        pulls.append([share * bound for bound in change])
    frame[["pull", "pull_low", "pull_high"]] = np.array(pulls, float).reshape(-1, 3)
    frame["share_of_answers"] = frame["n"] / total_n if total_n else np.nan
    columns = ["n", "share_of_answers", "csat", "low", "high", "pull", "pull_low", "pull_high", "mean", "sent_count"]
    frame = frame[[*keys, *columns]].sort_values(
        ["csat", "n"], ascending=[True, False], na_position="last", kind="stable"
    )
    from toolkit.result import Result

    units = {name: unit for name, unit in attrs["units"].items() if name in columns}
    units |= {"pull": "points", "share_of_answers": "rate"}
    result = Result.of(
        frame.reset_index(drop=True), "csat_by_topic", units, keys, attrs["minimum_count"], attrs["choices"]
    )
    result.attrs["rows"] = keys
    return result


def low_scores(surveys, at_most=3, by=None, limit=None, zone=None):
    """The answers to follow up: scores of 3 or less, worst and newest first, with their comments.

    Parameters
    ----------
    surveys : DataFrame, ibis Table or path; one row per survey sent
        Uses `survey_id`, `score`, and of `answered_at`, `topic`, `agent`, `channel`, `conversation_id`,
        `customer_id`, `comment` what there is.
    at_most : int
        The highest score that counts as low.
    by : str or list of str, optional
        Count them per group instead of listing them.
    limit : int, optional
        How many rows to return at most.
    zone : str, optional
        IANA time zone, where `by` names a part of local time.

    Returns
    -------
    Result, one row per low answer; or with `by`, one row per group: `n` answers, `low_count`, `low_rate` in
        [0, 1] (best 0) with `low`, `high` (95 % Wilson).

    Source: DEFINITIONS.md#low-scores

    Examples
    --------
    >>> import pandas as pd
    >>> surveys = pd.DataFrame({"survey_id": ["a", "b", "c"], "score": [5, 2, 1], "comment": ["", "slow", "no reply"]})
    >>> low_scores(surveys)[["survey_id", "score", "comment"]].values.tolist()
    [['c', 1, 'no reply'], ['b', 2, 'slow']]
    """
    import ibis

    keys = engine.group_keys(by)
    if keys:
        table = _csat_surveys(surveys)
        rows = engine.with_keys(table, "surveys", keys, zone, uses=["score"])
        frame = engine.to_pandas(
            engine.aggregate(rows, keys, n=rows.score.count(), low_count=engine.count_if(rows, rows.score <= at_most))
        )
        frame = add_rate(frame, "low_rate", "low_count", "n")
        units = {"n": "count", "low_count": "count", "low_rate": "rate"}
        return finish(frame, "low_scores", table, keys, units, {"low": f"{at_most} or less"})
    table = _csat_surveys(surveys, ["survey_id"])
    wanted = [
        "score",
        "answered_at",
        "topic",
        "agent",
        "channel",
        "comment",
        "conversation_id",
        "customer_id",
        "survey_id",
    ]
    rows = table.filter(table.score <= at_most).select(*[name for name in wanted if name in table.columns])
    order = [rows.score.asc()]
    if "answered_at" in rows.columns:
        order.append(ibis.desc(rows.answered_at))
    rows = rows.order_by([*order, rows.survey_id.asc()])
    if limit is not None:
        rows = rows.limit(limit)
    frame = engine.to_pandas(rows)
    frame["score"] = frame["score"].astype("int64")
    if "answered_at" in frame.columns:
        frame["answered_at"] = pd.to_datetime(frame["answered_at"], utc=True)  # the same from every engine
    units = {"score": "count", "answered_at": "time"}
    return finish(
        frame, "low_scores", table, [], units, {"low": f"{at_most} or less"}, minimum_count=0, rows=["survey_id"]
    )
