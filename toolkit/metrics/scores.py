"""The shape of a mean on a scale, and what surveys of all kinds have: their rows, how many were answered.

score   n, the mean with an interval that stays within the scale, and the shares of those who lie where on it
"""

import numpy as np

from toolkit import engine
from toolkit.errors import BadData, MissingTable
from toolkit.intervals import mean_of_scores
from toolkit.metrics import shapes
from toolkit.metrics.dataset import data_of
from toolkit.metrics.registry import METRICS

SURVEYED = ["survey_response_rate", "survey_response_rate_low", "survey_response_rate_high"]
OUTSIDE = "outside_"  # scores that lie outside their scale


def surveys_of(surveys, kind, needs=()):
    """The surveys of a kind; all of them where the table doesn't tell kinds apart.

    MissingTable where a data set has no survey of the kind at all, in no period and whatever it is restricted to.
    """
    table = engine.as_table(surveys, "surveys", ["score", *needs])
    data = data_of(table)
    if data is not None and kind not in data.survey_counts:
        raise MissingTable(f"this data has no survey of kind {kind!r}", "surveys", kind)
    return table.filter(table.kind == kind) if "kind" in table.columns else table


def is_outside(score, lowest, highest):
    """Whether a score is there, and no whole number of its scale."""
    score = score.cast("float64")
    return score.notnull() & ((score < lowest) | (score > highest) | (score != score.round()))


def refuse_outside(frame, kind, lowest, highest):
    """The frame without the count of scores that lie outside their scale; BadData where there are any."""
    if (frame[OUTSIDE] > 0).any():
        raise BadData(
            f"surveys: a {kind} score is no whole number from {lowest} to {highest}; toolkit.open_data sets such rows "
            "aside, or drop them first; scores of another scale or kind need their own `scale` or `kind`"
        )
    return frame.drop(columns=OUTSIDE)


def with_response(frame, table, kind):
    """The frame with the share of the surveys sent that were answered; null where the data holds no unanswered one."""
    frame = shapes.add_rate(frame, "survey_response_rate", "n", "sent_count", prefix="survey_response_rate")
    return frame.assign(**dict.fromkeys(SURVEYED, float("nan"))) if _answered_only(table, kind) else frame


def of_surveys(table, kind):
    """What a result knows of the response rate beside its figure."""
    about = {"counts": {"survey_response_rate": "sent_count"}, "cases": {"survey_response_rate": "survey"}}
    if not _answered_only(table, kind):
        return about
    return about | {"when_null": {"survey_response_rate": "answered_only"}, "facts": {"answered_only": 1}}


def _answered_only(table, kind):
    """Whether a data set holds answered surveys of a kind only, as of a source that doesn't tell the others."""
    data = data_of(table)
    sent, answered = (0, 0) if data is None else data.survey_counts.get(kind, (0, 0))
    return 0 < sent == answered


def score(of, rows, parts, kind, scale, by, zone, target=None, fewest=10):
    """The mean of the values of some parts of the answers, with an interval that stays within the scale.

    Parameters
    ----------
    rows : surveys, with a flag `is_<part>_` of each part
    parts : {part: what an answer in it counts}, from the bad end to the good one
    kind, scale : of the scores, for what is said of one outside
    target : the mean that is wanted, where the service says one
    fewest : answers, below which there is no interval
    """
    name, keys = of.__name__, engine.group_keys(by)
    value, counted = METRICS[name].value, [f"{part}_count" for part in parts]
    shares = [f"{part}{end}" for part in parts for end in ("", "_low", "_high")]
    taken = ["n", value, "low", "high", "sent_count", *SURVEYED, *shares, *counted]
    keyed = engine.with_keys(rows, "surveys", keys, zone, uses=["score"], taken=taken)
    counts = {f"{part}_count": engine.count_if(keyed, keyed[f"is_{part}_"]) for part in parts}
    counts[OUTSIDE] = engine.count_if(keyed, is_outside(keyed.score, *scale))
    query = engine.aggregate(keyed, keys, sent_count=keyed.count(), n=keyed.score.count(), **counts)

    def made(frame):
        frame = refuse_outside(frame, kind, *scale)
        n, held, values = frame["n"].to_numpy(float), frame[counted].to_numpy(float), np.array([*parts.values()], float)
        total = held @ values
        frame[value] = np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0)
        ends = min(parts.values()), max(parts.values())
        frame["low"], frame["high"] = mean_of_scores(n, total, held @ values**2, *ends, fewest=fewest)
        frame = with_response(frame, rows, kind)
        for part in parts:
            frame = shapes.add_rate(frame, part, f"{part}_count", "n", prefix=part)
        units = dict.fromkeys(["survey_response_rate", *parts], "rate") | {value: "net"}
        units |= dict.fromkeys(["n", "sent_count", *counted], "count")
        about = of_surveys(rows, kind) | {"ends": ("low", "high"), "parts": list(parts), "target": None}
        about["scores"] = {
            "of": value,
            "ends": ends,
            "fewest": fewest,
            "counts": dict(zip(counted, values, strict=True)),
        }
        if target is not None:
            about["target"] = {"of": value, "low": "low", "high": "high", "value": target, "best": METRICS[name].best}
        return shapes.finish(frame[[*keys, *taken]], name, rows, keys, units, **about)

    return shapes.run(query, made)
