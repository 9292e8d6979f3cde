"""What those who rated nothing would have said: a model that must first show that it knows."""

import importlib.util
import math
from typing import NamedTuple

import numpy as np
import pandas as pd

from toolkit import engine
from toolkit.errors import MissingPackage
from toolkit.intervals import LEVEL, normal_quantile, wilson
from toolkit.metrics import shapes
from toolkit.metrics.registry import metric
from toolkit.metrics.satisfaction import chosen_score, scale_of
from toolkit.metrics.scores import surveys_of
from toolkit.result import Result

NAMES = ("channel", "topic", "team", "priority")  # of a conversation, as far as they are there
NUMBERS = ("first_wait", "resolution", "reopen_count", "contact_count", "negative", "positive", "messages")
LATER = 0.3  # of the answers, the last ones, on which the model is tested
FEWEST_LEARNED, FEWEST_TESTED = 100, 50
NEEDED = {
    "least": max(math.ceil(FEWEST_TESTED / LATER), math.ceil(FEWEST_LEARNED / (1 - LATER))),
    "least_learned": FEWEST_LEARNED,
    "least_tested": FEWEST_TESTED,
}
# why nothing is said where all the answers, those to learn from, or those to test on are 0 or 1
ALIKE = (
    ("all_unsatisfied", "all_satisfied"),
    ("earlier_unsatisfied", "earlier_satisfied"),
    ("later_unsatisfied", "later_satisfied"),
)
MOST_LEARNED = 50_000  # the newest answers
PRIOR = 10  # answers of the average, by which that of a topic is drawn to it
TAKEN = ["n", "expected_csat", "low", "high", "rated_count", "satisfied_count", "csat"]


class Tested(NamedTuple):
    """How the model did on the later answers: p and outcome of each, the baseline's p, and the day from which they are."""

    p: np.ndarray
    was: np.ndarray
    plain: np.ndarray
    since: pd.Timestamp


# Not a query: it takes a data set, as it learns from all that was rated before, and joins three of its tables.
@metric("score", table="", case="unrated_conversation", value="expected_csat", best="high")
def predicted_csat(data, by=None, satisfied=None, scale=None):
    """The share of satisfied customers to be expected of the closed conversations of a period that nobody rated.

    A logistic regression on what is known when a conversation is closed: channel, topic, team, priority, the waits, how
    often it was reopened, how its customer sounded. It learns from the earlier answers of the data set and is tested on
    the later ones; where it doesn't beat the average (of all, or of the topic, whichever is better) by more than chance,
    it says nothing. Needs scikit-learn, the extra `predict`.

    Parameters
    ----------
    data : Data
        Its `surveys` with `conversation_id`, its `conversations`, and its `messages` where there are any.
    by : str or list of str, optional
        Columns of the conversations, such as "channel", "topic" or "agent".
    satisfied, scale : as `csat` takes them

    Returns
    -------
    Result, one row per group: `n` conversations that nobody rated; `expected_csat` in [0, 1] (best 1) with `low`, `high`
        (95 %: the chance in so many conversations, and how far the model was off on the later answers); of those that
        were rated `rated_count`, `csat`. `attrs["facts"]`: `learned`, `tested` answers, `since` when, `brier` and
        `plain_brier` (mean squared errors of the model and of the average), `auc`, `gap` (expected less seen, of all
        that were tested); `refused` and why, and then there is no row. `attrs["calibration"]`: by fifth of what was
        expected n, the mean expected and the share seen with its interval.

    Raises
    ------
    MissingPackage
        scikit-learn isn't installed.

    Source: DEFINITIONS.md#predicted-csat

    Examples
    --------
    >>> import toolkit
    >>> predicted = predicted_csat(toolkit.open_data("data/sample", period="2024-04"))
    >>> facts = predicted.attrs["facts"]
    >>> facts["learned"] > facts["tested"] > 50, len(predicted) == ("refused" not in facts)
    (True, True)
    """
    _package()
    keys = engine.group_keys(by)
    scale = scale_of(data.surveys, scale)
    satisfied = chosen_score("satisfied", satisfied, scale)
    engine.check_keys(data.conversations, "conversations", keys, taken=TAKEN)
    answers = _answers(data, satisfied)
    if shapes.is_planning():
        return _features(data, keys)  # what it needs is there
    rated = _rated(data.during("all"), answers)
    facts, tested = _tried(rated)
    frame = pd.DataFrame(columns=[*keys, *TAKEN]).astype(dict.fromkeys(TAKEN, float))
    if "refused" not in facts:
        frame = _expected(_closed(data, answers, keys), _fitted(rated), tested, keys)
    units = {"n": "count", "rated_count": "count", "satisfied_count": "count", "expected_csat": "rate", "csat": "rate"}
    least = data.service.minimum_count
    result = Result.of(frame, predicted_csat.__name__, units, keys, least, {"satisfied": satisfied})
    result.attrs |= {"shape": "score", "case": "unrated_conversation", "value": "expected_csat", "best": "high"}
    result.attrs |= {"count": "n", "zone": data.zone, "rows": keys, "ends": ("low", "high"), "partial": []}
    result.attrs |= {
        "counts": {"csat": "rated_count"},
        "sizes": ["rated_count"],  # of other conversations than n
        "is_state": True,
        "is_prediction": True,
        "facts": facts,
        "target": None,
    }
    result.attrs["units"] |= {"auc": "rate", "gap": "points", "brier": "number", "plain_brier": "number"}
    result.attrs["fact_units"] = dict.fromkeys(("learned", "tested", "rated", "earlier", *NEEDED), "count")
    result.attrs["calibration"] = [] if tested is None else _calibration(tested)
    return result


def _package():
    """scikit-learn, which is optional, or an error that says how to get it."""
    try:
        if not shapes.is_planning() or importlib.util.find_spec("sklearn") is None:  # to import it takes a second
            import sklearn  # noqa: F401
    except ImportError:
        raise MissingPackage("scikit-learn", "predict", "predicted_csat") from None


# --- what is known --------------------------------------------------------------------------------


def _answers(data, satisfied):
    """The answers given until the period's end, the last of each conversation: conversation_id, asked, is_satisfied."""
    import ibis

    table = surveys_of(data.during("all").surveys, "csat", ["survey_id", "conversation_id", "sent_at"])
    table = table.filter(table.score.notnull() & table.conversation_id.notnull())
    if data.period.end is not None:
        table = table.filter(table.sent_at < data.period.end)
    table = table.select(
        rated_id=engine.as_text(table.conversation_id),
        asked=engine.epoch(table.sent_at),
        order=engine.as_text(table.survey_id),
        is_satisfied=ibis.ifelse(table.score >= satisfied, 1, 0),
    )
    last = ibis.row_number().over(group_by="rated_id", order_by=[table.asked.desc(), table.order.desc()])
    table = table.mutate(number=last)
    return table.filter(table.number == 0).drop("number", "order")


def _features(data, keys=()):
    """The closed conversations of a data set: the columns in `keys`, and as `x_...` what is known at their close."""
    table = engine.as_table(data.conversations, "conversations", ["conversation_id", "created_at", "closed_at"])
    table = engine.with_keys(table.filter(table.closed_at.notnull()), "conversations", keys, data.zone, taken=TAKEN)
    start, closed = engine.epoch(table.created_at), engine.epoch(table.closed_at)
    made = {"conversation_id": engine.as_text(table.conversation_id), "closed_": closed, "x_resolution": closed - start}
    made |= {f"x_{name}": engine.as_text(table[name]).nullif("") for name in NAMES if name in table.columns}
    made |= {f"x_{name}": table[name] for name in ("reopen_count", "contact_count") if name in table.columns}
    if "first_response_at" in table.columns:
        replied = engine.epoch(table.first_response_at)
        made["x_first_wait"] = (replied <= closed).ifelse(replied - start, None)
    table = table.select(*[key for key in keys if key not in made], **made)
    if not data.can("messages", "text") and not data.can("messages", "sentiment"):
        return table
    messages = data.scored_messages
    messages = messages.filter(messages.sender == "customer")
    said = messages.select(
        said_id=engine.as_text(messages.conversation_id),
        at=engine.epoch(messages.sent_at),
        sentiment=messages.sentiment,
    )
    said = said.inner_join(table.select("conversation_id", "closed_"), said.said_id == table.conversation_id)
    said = said.filter(said["at"] <= said.closed_)  # what came later wasn't known
    sums = said.group_by("said_id").aggregate(
        x_messages=said.count(),
        x_negative=engine.count_if(said, said.sentiment == "negative"),
        x_positive=engine.count_if(said, said.sentiment == "positive"),
    )
    return table.left_join(sums, table.conversation_id == sums.said_id).drop("said_id")


def _rated(data, answers):
    """The rated conversations that are closed, in the order in which they were asked; of very many the newest."""
    known = _features(data)
    rows = known.inner_join(answers, known.conversation_id == answers.rated_id)
    rows = rows.order_by(rows.asked.desc(), rows.conversation_id.desc()).limit(MOST_LEARNED)
    return engine.to_pandas(rows).sort_values(["asked", "conversation_id"], kind="stable").reset_index(drop=True)


def _closed(data, answers, keys):
    """The closed conversations of the period, rated (`is_satisfied` 0 or 1) or not (null)."""
    known = _features(data, keys)
    frame = engine.to_pandas(known.left_join(answers, known.conversation_id == answers.rated_id))
    frame = engine.label_keys(frame, keys)
    return frame.sort_values("conversation_id", kind="stable").reset_index(drop=True)


# --- the model ------------------------------------------------------------------------------------


def _inputs(frame):
    """What the model takes, of the rows of `_features`: names as text, numbers on a scale that suits them."""
    names = {name: frame[f"x_{name}"].fillna("").astype(str) for name in NAMES if f"x_{name}" in frame}
    numbers = {name: frame[f"x_{name}"].astype(float) for name in NUMBERS if f"x_{name}" in frame}
    for name in ("first_wait", "resolution"):
        if name in numbers:
            numbers[name] = np.log1p(numbers[name].clip(lower=0))  # a second minute matters more than a hundredth
    if "messages" in numbers:
        n = numbers["messages"].fillna(0)
        for name in ("negative", "positive"):
            numbers[name] = (numbers[name].fillna(0) / n.where(n > 0)).fillna(0)
        numbers["messages"] = np.log1p(n)
    return pd.DataFrame(names, index=frame.index), pd.DataFrame(numbers, index=frame.index)


def _fitted(frame):
    """The model that has learned from rated conversations: function(frame) -> chance of a satisfied answer of each."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    names, numbers = _inputs(frame)
    known = [name for name in numbers if numbers[name].notna().any()]
    turned = make_column_transformer(
        (OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=PRIOR), list(names)),
        (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), known),
    )
    model = make_pipeline(turned, LogisticRegression(C=0.1, max_iter=2_000))
    model.fit(pd.concat([names, numbers[known]], axis=1), frame["is_satisfied"])

    def chance(rows):
        names, numbers = _inputs(rows)
        return model.predict_proba(pd.concat([names, numbers[known]], axis=1))[:, 1]

    return chance


def _average(frame):
    """What one would say without a model: functions of the average of all, and of the topic's, drawn to that of all."""
    whole = frame["is_satisfied"].mean()
    made = [lambda rows: np.full(len(rows), whole)]
    if "x_topic" in frame:
        groups = frame.groupby(frame["x_topic"].fillna(""))["is_satisfied"].agg(["sum", "count"])
        known = (groups["sum"] + PRIOR * whole) / (groups["count"] + PRIOR)
        made.append(lambda rows: rows["x_topic"].fillna("").map(known).fillna(whole).to_numpy(float))
    return made


def _tried(rated):
    """(facts, Tested or None): how the model that learned from the earlier answers did on the later ones."""
    later = int(len(rated) * LATER)
    # answers of one moment are on one side
    since = rated["asked"].iloc[-later] if later else np.inf
    learned, tested = rated[rated["asked"] < since], rated[rated["asked"] >= since]
    facts = {"learned": len(rated), "tested": len(tested)}
    refused = _refused(rated, learned, tested)
    if refused:
        return facts | {"rated": len(rated), "earlier": len(learned)} | NEEDED | {"refused": refused}, None
    was = tested["is_satisfied"].to_numpy(float)
    p = _fitted(learned)(tested)
    plain = min((of(tested) for of in _average(learned)), key=lambda one: ((one - was) ** 2).mean())
    gain = (plain - was) ** 2 - (p - was) ** 2
    error = gain.std(ddof=1) / np.sqrt(len(gain))
    facts |= {"brier": float(((p - was) ** 2).mean()), "plain_brier": float(((plain - was) ** 2).mean())}
    facts |= {"auc": auc(p, was), "gap": float((p - was).mean())}
    made = Tested(p, was, plain, pd.Timestamp(int(since), unit="s", tz="UTC"))
    facts["since"] = made.since.isoformat()
    if not gain.mean() > normal_quantile(LEVEL) * error:
        facts["refused"] = "no_better"
    return facts, made


def _refused(rated, learned, tested):
    """Why the model can't be tried; None where it can."""
    is_small = len(learned) < FEWEST_LEARNED or len(tested) < FEWEST_TESTED
    if is_small:  # although there are enough where many are of one moment
        return "too_few" if len(rated) < NEEDED["least"] else "not_parted"
    for part, reasons in ((rated, ALIKE[0]), (learned, ALIKE[1]), (tested, ALIKE[2])):
        if part["is_satisfied"].nunique() < 2:
            return reasons[int(part["is_satisfied"].iloc[0])]
    return None


def auc(p, was):
    """The chance that of a satisfied and an unsatisfied answer the satisfied one was held to be the likelier.

    >>> auc(np.array([0.9, 0.4, 0.4]), np.array([1, 1, 0]))
    0.75
    """
    from scipy.stats import rankdata

    good = was == 1
    ranks = rankdata(p)[good].sum() - good.sum() * (good.sum() + 1) / 2
    return float(ranks / (good.sum() * (~good).sum()))


def _expected(closed, chance, tested, keys):
    """One row per group: who is to be expected satisfied of those who rated nothing, and who was of the others."""
    closed = closed.assign(p_=chance(closed) if len(closed) else 0.0)
    off = float((tested.p - tested.was).mean())
    # how far the model was off in all, and how far that is known
    model = np.hypot(off, np.sqrt((tested.p * (1 - tested.p)).mean() / len(tested.p)))
    rows = []
    for key, group in shapes.groups_of(closed, keys):
        rated, open_ = group[group["is_satisfied"].notna()], group[group["is_satisfied"].isna()]
        p, n = open_["p_"].to_numpy(float), len(open_)
        row = dict(zip(keys, key, strict=True)) | dict.fromkeys(("expected_csat", "low", "high", "csat"), np.nan)
        row |= {"n": n, "rated_count": len(rated), "satisfied_count": int(rated["is_satisfied"].sum())}
        if n:
            half = normal_quantile(LEVEL) * np.hypot(np.sqrt((p * (1 - p)).sum()) / n, model)
            row |= {"expected_csat": p.mean(), "low": max(p.mean() - half, 0.0), "high": min(p.mean() + half, 1.0)}
        if len(rated):
            row["csat"] = rated["is_satisfied"].mean()
        rows.append(row)
    return pd.DataFrame(rows, columns=[*keys, *TAKEN])


def _calibration(tested):
    """By fifth of what was expected: n, the mean expected, the share seen and its interval."""
    order, made = np.argsort(tested.p, kind="stable"), []
    for places in np.array_split(order, 5):
        hits, n = tested.was[places].sum(), len(places)
        (low,), (high,) = wilson([hits], [n])
        row = {"n": n, "expected": float(tested.p[places].mean()), "seen": float(hits / n)}
        made.append(row | {"low": float(low), "high": float(high)})
    return made
