"""How satisfied customers say they are, and which topics pull it down."""

import numpy as np
import pandas as pd

from toolkit import engine
from toolkit.contributions import pull_interval
from toolkit.errors import BadParameter
from toolkit.intervals import mean_of_scores
from toolkit.mask import masked
from toolkit.metrics import shapes
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import target_of
from toolkit.metrics.scores import (
    OUTSIDE,
    SURVEYED,
    is_outside,
    of_surveys,
    refuse_outside,
    surveys_of,
    with_response,
)
from toolkit.verdicts import decide, rates

MEAN = ["mean", "mean_low", "mean_high"]
PULL = ["share_of_answers", "pull", "pull_low", "pull_high", "verdict"]
TWO = ("bad", "good")  # the answers of a scale of two points
MOST_PARTS = 5  # that a chart tells apart


def points_of(scale):
    """The column that counts each point of a scale: {column: score}.

    >>> points_of((0, 1)), list(points_of((1, 5)))[:2], list(points_of((1, 3)))[:2]
    ({'bad': 0, 'good': 1}, ['score_1', 'score_2'], ['point_1', 'point_2'])
    """
    low, high = scale
    if high == low + 1:
        return dict(zip(TWO, scale, strict=True))
    is_usual = (low, high) == (1, 5)
    return {f"score_{value}" if is_usual else f"point_{value}": value for value in range(low, high + 1)}


def scale_of(table, scale):
    """(lowest, highest) score of a survey: as asked, else as the service says, else 1 to 5."""
    low, high = scale or shapes.settings_of(table).csat_scale
    if not (0 <= low < high <= 10):
        raise BadParameter(
            f"scale={scale!r} is not allowed; give the lowest and the highest score, such as (1, 5) or (0, 1)"
        )
    return low, high


def chosen_score(name, value, scale):
    """A score that a caller chose; by default, of five points, 4 is satisfied and 3 is low."""
    low, high = scale
    if value is None:
        return high - (high - low >= 4) if name == "satisfied" else low + (high - low) // 2
    if value not in range(low, high + 1):
        raise BadParameter(f"{name}={value!r} is not allowed; choose one of {low} to {high}")
    return value


@metric("rate", table="surveys", case="answer", value="csat", best="high")
def csat(surveys, by=None, satisfied=None, zone=None, scale=None):
    """Customer satisfaction: the share of answers, from 1 to 5, that are 4 or 5.

    Parameters
    ----------
    surveys : DataFrame, ibis Table or path; one row per survey sent
        Uses `score` (null: not answered), `kind` where there is one (csat kept), and the columns in `by`.
    by : str or list of str, optional
        Group columns, such as "topic"; also day, week, month of sending, local.
    satisfied : int, optional
        The lowest score that counts as satisfied; by default 4 of 1 to 5, of a scale of two points the better one.
    scale : (lowest, highest), optional
        Such as (0, 1) for good or bad; by default `csat_scale` of service.toml, else 1 to 5.

    Returns
    -------
    Result, one row per group: `n` answers of `sent_count` surveys, `survey_response_rate`; `csat` in [0, 1]
        (best 1) with `low`, `high` (95 % Wilson); `mean` on the scale with `mean_low`, `mean_high`; the whole
        distribution as `score_1` to `score_5` (`bad` and `good` of two points, `point_1` and on of others).

    Raises
    ------
    BadData
        A score is no whole number of the scale.

    Source: DEFINITIONS.md#csat

    Examples
    --------
    >>> import pandas as pd
    >>> csat(pd.DataFrame({"score": [5, 4, 1, None]}))[["n", "sent_count", "csat"]].round(3).values.tolist()
    [[3.0, 4.0, 0.667]]
    >>> csat(pd.DataFrame({"score": [1, 0, 1]}), scale=(0, 1))[["bad", "good", "csat"]].round(3).values.tolist()
    [[1.0, 2.0, 0.667]]
    """
    table, keys = surveys_of(surveys, "csat"), engine.group_keys(by)
    scale = scale_of(table, scale)
    satisfied, points = chosen_score("satisfied", satisfied, scale), points_of(scale)
    taken = ["n", "satisfied_count", "csat", "low", "high", "sent_count", *SURVEYED, *MEAN, *points]
    rows = engine.with_keys(table, "surveys", keys, zone, uses=["score"], taken=taken)
    score = rows.score.cast("float64")
    counts = {name: engine.count_if(rows, score == value) for name, value in points.items()}
    counts[OUTSIDE] = engine.count_if(rows, is_outside(rows.score, *scale))
    query = engine.aggregate(rows, keys, sent_count=rows.count(), n=rows.score.count(), **counts)

    def made(frame):
        frame = refuse_outside(frame, "csat", *scale)
        good = [name for name, value in points.items() if value >= satisfied]
        frame["satisfied_count"] = frame[good].sum(axis=1)
        frame = with_response(shapes.add_rate(frame, "csat", "satisfied_count", "n"), table, "csat")
        counted, values = frame[[*points]].to_numpy(float), np.array([*points.values()], float)
        n, total = counted.sum(axis=1), counted @ values
        frame["mean"] = np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0)
        frame["mean_low"], frame["mean_high"] = mean_of_scores(n, total, counted @ values**2, *scale)
        units = {"csat": "rate", "survey_response_rate": "rate", "mean": "score"}
        units |= dict.fromkeys(["n", "sent_count", "satisfied_count", *points], "count")
        about = of_surveys(table, "csat") | {"roles": {"hits": "satisfied_count"}, "ends": ("low", "high")}
        about["scores"] = {"of": "mean", "ends": scale, "fewest": 5, "counts": points}
        wanted = target_of(table, "csat")
        about |= {"parts": [*points]} if len(points) <= MOST_PARTS else {}
        about["target"] = wanted and {"of": "csat", "low": "low", "high": "high", "value": wanted, "best": "high"}
        return shapes.finish(frame[[*keys, *taken]], "csat", table, keys, units, {"satisfied": satisfied}, **about)

    return shapes.run(query, made)


@metric("pull", table="surveys", case="answer", value="pull", best="high")
def csat_by_topic(surveys, by="topic", satisfied=None, zone=None, scale=None):
    """How much each topic pulls the total CSAT away, those that pull it down first.

    The pull of a topic is the total CSAT less the CSAT of all the other topics together: what the total
    would gain (a negative pull) or lose (a positive one) without it.

    Parameters
    ----------
    surveys : DataFrame, ibis Table or path; one row per survey sent
        Uses `score`, `kind` where there is one, and the columns in `by`.
    by : str or list of str
        "topic", or ["topic", "subtopic"].
    satisfied, scale : as `csat` takes them

    Returns
    -------
    Result, one row per topic, what pulls down most first: `n`, `csat` with `low`, `high`; `pull` in [-1, 1] (percentage
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
    engine.check_keys(surveys_of(surveys, "csat"), "surveys", keys, taken=PULL)
    return shapes.then(csat(surveys, keys, satisfied, zone, scale), lambda groups: _pulled(groups, keys))


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
        ["pull", "csat", "n"], ascending=[True, True, False], na_position="last", kind="stable"
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
def low_scores(surveys, at_most=None, limit=None, scale=None):
    """The answers to follow up: scores of 3 or less, worst and newest first, with their comments.

    Parameters
    ----------
    surveys : DataFrame, ibis Table or path; one row per survey sent
        Uses `survey_id`, `score`, and of `answered_at`, `topic`, `agent`, `channel`, `conversation_id`,
        `customer_id`, `comment` what there is.
    at_most : int, optional
        The highest score that counts as low; by default 3 of 1 to 5, of a scale of two points the worse one.
    limit : int, optional
        How many rows to return at most; the facts count all of them.
    scale : as `csat` takes it

    Returns
    -------
    Result, one row per low answer, personal data in its comment masked; `attrs["facts"]`: `total` low answers before
        the cut, `worst` of them with the lowest score, `with_comment` that came with a comment.

    Source: DEFINITIONS.md#low-scores

    Examples
    --------
    >>> surveys = pd.DataFrame({"survey_id": ["a", "b", "c"], "score": [5, 2, 1], "comment": ["", "slow", "no reply"]})
    >>> low_scores(surveys)[["survey_id", "score", "comment"]].values.tolist()
    [['c', 1, 'no reply'], ['b', 2, 'slow']]
    """
    import ibis

    table = surveys_of(surveys, "csat", ["survey_id"])
    scale = scale_of(table, scale)
    at_most = chosen_score("at_most", at_most, scale)
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
    counts = {"total": rows.count(), "worst": engine.count_if(rows, rows.score == scale[0])}
    counts["with_comment"] = engine.count_if(rows, comment)
    facts = {name: int(value) for name, value in engine.to_pandas(rows.aggregate(**counts)).iloc[0].items()}
    order = [
        rows.score.asc(),
        *([ibis.desc(rows.answered_at)] if "answered_at" in rows.columns else []),
        rows.survey_id.asc(),
    ]
    rows = rows.order_by(order)
    frame = engine.to_pandas(rows if limit is None else rows.limit(limit)).astype({"score": "int64"})
    if "comment" in frame.columns:
        frame["comment"] = frame["comment"].map(masked, na_action="ignore")
    if "answered_at" in frame.columns:
        frame["answered_at"] = pd.to_datetime(frame["answered_at"], utc=True)  # the same from every engine
    units = {"score": "count", "answered_at": "time"}
    about = {"rows": ["survey_id"], "facts": facts | {"has_comments": "comment" in frame.columns, "lowest": scale[0]}}
    return shapes.finish(frame, "low_scores", table, [], units, {"low": at_most}, 0, **about)


@metric("rate", table="surveys", case="answer", value="low_score_rate", best="low", view_of="csat")
def low_score_rate(surveys, by=None, at_most=None, zone=None, scale=None):
    """The share of answers, on a scale from 1 to 5, that are 3 or less.

    Parameters
    ----------
    surveys : DataFrame, ibis Table or path; one row per survey sent
        Uses `score` (null: not answered), `kind` where there is one (csat kept), and the columns in `by`.
    by : str or list of str, optional
        Group columns, such as "topic"; also day, week, month of sending, local.
    at_most : int, optional
        The highest score that counts as low; by default 3 of 1 to 5, of a scale of two points the worse one.
    scale : as `csat` takes it

    Returns
    -------
    Result, one row per group: `n` answers of `sent_count` surveys, `survey_response_rate`; `low_count`, `low_score_rate` in [0, 1] (best 0) with `low`, `high`
        (95 % Wilson).

    Source: DEFINITIONS.md#low-score-rate

    Examples
    --------
    >>> low_score_rate(pd.DataFrame({"score": [5, 2, 1, None]}))[["n", "low_count"]].values.tolist()
    [[3, 2]]
    """
    table = surveys_of(surveys, "csat")
    scale = scale_of(table, scale)
    at_most = chosen_score("at_most", at_most, scale)
    rows = table.mutate(is_answered_=table.score.notnull(), is_low_=table.score <= at_most)

    def more(keyed):
        return {"sent_count": keyed.count(), OUTSIDE: engine.count_if(keyed, is_outside(keyed.score, *scale))}

    def made(frame):
        return with_response(refuse_outside(frame, "csat", *scale), table, "csat")

    units = {"sent_count": "count", "survey_response_rate": "rate"}
    about = {"choices": {"low": at_most}, "uses": ["score"], "units": units, "taken": ["sent_count", *SURVEYED]}
    about |= {"extra": (more, made), "among": "answered", "more": of_surveys(table, "csat")}
    return shapes.rate(low_score_rate, rows, "low", by, zone, **about)
