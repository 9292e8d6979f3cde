"""How satisfied customers say they are, and which topics pull it down."""

import numpy as np
import pandas as pd

from toolkit import engine
from toolkit.contributions import pull_interval
from toolkit.errors import BadData, BadParameter
from toolkit.intervals import mean_of_scores
from toolkit.metrics import shapes
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import target_of
from toolkit.verdicts import decide, rates

SCORES = (1, 2, 3, 4, 5)
DISTRIBUTION = [f"score_{value}" for value in SCORES]
SURVEYED = ["survey_response_rate", "survey_response_rate_low", "survey_response_rate_high"]
MEAN = ["mean", "mean_low", "mean_high"]
PULL = ["share_of_answers", "pull", "pull_low", "pull_high", "verdict"]


def csat_surveys(surveys, needs=()):
    """The surveys that ask for satisfaction, on a scale from 1 to 5."""
    table = engine.as_table(surveys, "surveys", ["score", *needs])
    return table.filter(table.kind == "csat") if "kind" in table.columns else table


@metric("rate", table="surveys", case="answer", value="csat", best="high")
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
    table, keys = csat_surveys(surveys), engine.group_keys(by)
    taken = ["n", "satisfied_count", "csat", "low", "high", "sent_count", *SURVEYED, *MEAN, *DISTRIBUTION]
    rows = engine.with_keys(table, "surveys", keys, zone, uses=["score"], taken=taken)
    counts = {
        name: engine.count_if(rows, rows.score.cast("float64") == value)
        for name, value in zip(DISTRIBUTION, SCORES, strict=True)
    }
    query = engine.aggregate(rows, keys, sent_count=rows.count(), n=rows.score.count(), **counts)

    def made(frame):
        if (frame[DISTRIBUTION].sum(axis=1) != frame["n"]).any():
            raise BadData(
                "surveys: a csat score is no whole number from 1 to 5; "
                "toolkit.open_data sets such rows aside, or drop them first (nps scores need kind 'nps')"
            )
        frame["satisfied_count"] = frame[[f"score_{value}" for value in SCORES if value >= satisfied]].sum(axis=1)
        frame = shapes.add_rate(frame, "csat", "satisfied_count", "n")
        frame = shapes.add_rate(frame, "survey_response_rate", "n", "sent_count", prefix="survey_response_rate")
        counted, values = frame[DISTRIBUTION].to_numpy(float), np.array(SCORES, float)
        n, total = counted.sum(axis=1), counted @ values
        frame["mean"] = np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0)
        frame["mean_low"], frame["mean_high"] = mean_of_scores(n, total, counted @ values**2, SCORES[0], SCORES[-1])
        units = {"csat": "rate", "survey_response_rate": "rate", "mean": "score"}
        units |= dict.fromkeys(["n", "sent_count", "satisfied_count", *DISTRIBUTION], "count")
        about = {
            "roles": {"hits": "satisfied_count"},
            "ends": ("low", "high"),
            "counts": {"survey_response_rate": "sent_count"},
            "cases": {"survey_response_rate": "survey"},
        }
        wanted = target_of(table, "csat")
        about["parts"] = DISTRIBUTION
        about["target"] = wanted and {"of": "csat", "low": "low", "high": "high", "value": wanted, "best": "high"}
        return shapes.finish(frame[[*keys, *taken]], "csat", table, keys, units, {"satisfied": satisfied}, **about)

    return shapes.run(query, made)


@metric("pull", table="surveys", case="answer", value="pull", best="high")
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
        points when shown) with `pull_low`, `pull_high` (95 %, MOVER of the topic's share of answers and its
        difference from the others) and `verdict`, whether that difference is clear (Newcombe, Holm over the
        topics); `mean`; `share_of_answers`. Topics without an answer come last.

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
    engine.check_keys(csat_surveys(surveys), "surveys", keys, taken=PULL)
    return shapes.then(csat(surveys, keys, satisfied, zone), lambda groups: _pulled(groups, keys))


def _pulled(groups, keys):
    from toolkit.result import Result

    attrs, frame = groups.attrs, pd.DataFrame(groups)
    n, hits = frame["n"].to_numpy(float), frame["satisfied_count"].to_numpy(float)
    pulls = [
        pull_interval(own_hits, own, hits.sum() - own_hits, n.sum() - own)
        for own_hits, own in zip(hits, n, strict=True)
    ]
    frame[["pull", "pull_low", "pull_high"]] = np.array(pulls, float).reshape(-1, 3)
    least = attrs["minimum_count"]
    changes = [
        rates(y, m, hits.sum() - y, n.sum() - m, fewest=least, within=True) for y, m in zip(hits, n, strict=True)
    ]
    frame["verdict"] = decide(changes)
    frame["share_of_answers"] = frame["n"] / n.sum() if n.sum() else np.nan
    columns = [
        "n",
        "satisfied_count",
        "share_of_answers",
        "csat",
        "low",
        "high",
        "pull",
        "pull_low",
        "pull_high",
        "verdict",
    ]
    frame = frame[[*keys, *columns, "mean", "sent_count"]].sort_values(
        ["csat", "n"], ascending=[True, False], na_position="last", kind="stable"
    )
    units = {name: unit for name, unit in attrs["units"].items() if name in frame.columns}
    units |= {"pull": "points", "share_of_answers": "rate", "verdict": "verdict"}
    result = Result.of(frame.reset_index(drop=True), "csat_by_topic", units, keys, least, attrs["choices"])
    kept = {name: attrs[name] for name in ("case", "count", "zone", "roles", "target")}
    result.attrs |= kept | {
        "shape": "pull",
        "value": "pull",
        "of": "csat",  # what is pulled
        "best": "high",
        "ends": ("pull_low", "pull_high"),
        "rows": keys,
    }
    return result


@metric("listing", table="surveys", case="answer", value="score")
def low_scores(surveys, at_most=3, limit=None):
    """The answers to follow up: scores of 3 or less, worst and newest first, with their comments.

    Parameters
    ----------
    surveys : DataFrame, ibis Table or path; one row per survey sent
        Uses `survey_id`, `score`, and of `answered_at`, `topic`, `agent`, `channel`, `conversation_id`,
        `customer_id`, `comment` what there is.
    at_most : int
        The highest score that counts as low.
    limit : int, optional
        How many rows to return at most; the facts count all of them.

    Returns
    -------
    Result, one row per low answer; `attrs["facts"]`: `total` low answers before the cut, `worst` of them with the
        lowest score, 1, `with_comment` that came with a comment.

    Source: DEFINITIONS.md#low-scores

    Examples
    --------
    >>> surveys = pd.DataFrame({"survey_id": ["a", "b", "c"], "score": [5, 2, 1], "comment": ["", "slow", "no reply"]})
    >>> low_scores(surveys)[["survey_id", "score", "comment"]].values.tolist()
    [['c', 1, 'no reply'], ['b', 2, 'slow']]
    """
    import ibis

    table = csat_surveys(surveys, ["survey_id"])
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
    comment = rows.comment.fill_null("").strip() != "" if "comment" in rows.columns else ibis.literal(False)
    counts = {"total": rows.count(), "worst": engine.count_if(rows, rows.score == 1)}
    counts["with_comment"] = engine.count_if(rows, comment)
    facts = {name: int(value) for name, value in engine.to_pandas(rows.aggregate(**counts)).iloc[0].items()}
    order = [
        rows.score.asc(),
        *([ibis.desc(rows.answered_at)] if "answered_at" in rows.columns else []),
        rows.survey_id.asc(),
    ]
    rows = rows.order_by(order)
    frame = engine.to_pandas(rows if limit is None else rows.limit(limit)).astype({"score": "int64"})
    if "answered_at" in frame.columns:
        frame["answered_at"] = pd.to_datetime(frame["answered_at"], utc=True)  # the same from every engine
    units = {"score": "count", "answered_at": "time"}
    about = {"rows": ["survey_id"], "facts": facts | {"has_comments": "comment" in frame.columns}}
    return shapes.finish(frame, "low_scores", table, [], units, {"low": at_most}, 0, **about)


@metric("rate", table="surveys", case="answer", value="low_score_rate", best="low", view_of="csat")
def low_score_rate(surveys, by=None, at_most=3, zone=None):
    """The share of answers, on a scale from 1 to 5, that are 3 or less.

    Parameters
    ----------
    surveys : DataFrame, ibis Table or path; one row per survey sent
        Uses `score` (null: not answered), `kind` where there is one (csat kept), and the columns in `by`.
    by : str or list of str, optional
        Group columns, such as "topic"; also day, week, month of sending, local.
    at_most : int
        The highest score that counts as low.

    Returns
    -------
    Result, one row per group: `n` answers, `low_count`, `low_score_rate` in [0, 1] (best 0) with `low`, `high`
        (95 % Wilson).

    Source: DEFINITIONS.md#low-score-rate

    Examples
    --------
    >>> low_score_rate(pd.DataFrame({"score": [5, 2, 1, None]}))[["n", "low_count"]].values.tolist()
    [[3, 2]]
    """
    table = csat_surveys(surveys)
    rows = table.filter(table.score.notnull()).mutate(is_low_=table.score <= at_most)
    return shapes.rate(low_score_rate, rows, "low", by, zone, choices={"low": at_most}, uses=["score"])
