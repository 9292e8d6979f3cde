"""What moved a total between two periods: how much of it each group's own change did, and how much the mix of cases."""

import numpy as np
import pandas as pd

from toolkit import engine, verdicts
from toolkit.contributions import split_change
from toolkit.errors import BadParameter, MissingColumn, MissingTable
from toolkit.intervals import student_quantile
from toolkit.metrics.periods import results_of
from toolkit.metrics.previous import scores_of
from toolkit.metrics.registry import METRICS
from toolkit.metrics.shapes import is_planning, planned
from toolkit.metrics.small import hiding
from toolkit.movement import pooled, rate_movement, score_movement
from toolkit.result import Result
from toolkit.tables import HISTORY_WEEK

FEWEST = 20  # cases of a period
PARTS = {"contribution": "both", "level": "level", "mix": "mix"}  # columns, and the parts that they are
COUNTS, BEFORE = ["n_", "total_", "squares_"], ["n_before_", "total_before_", "squares_before_"]


@hiding
def what_moved(data, function, by, value=None, table=None, **choices):
    """What moved a total rate or mean since the period before, by group; None without one.

    A group adds to a change in two ways (Kitagawa): by `level`, its own change at its mean share of the cases; and by
    `mix`, more (or fewer) of the cases being its own, times how far its figure lies from the total's. The two are its
    `contribution`, and those of all groups sum exactly to the total's change.

    Parameters
    ----------
    data : Data
    function : a metric that is a share of its cases or a mean of them: csat, `sentiment_trend` with `every=None`, ...
    by : str or list of str
    value : the column, by default what the metric is told by: "mean" of csat, "mean_seconds" of a mean of times
    table : attribute of `data`; by default the metric's own
    choices : as the metric takes them

    Returns
    -------
    Result of the shape "contribution", one row per group that had a case in either period, what did most harm first: `n`
        cases, the hits of a rate, the metric's own figure and `previous_n`, `previous`; `contribution`, `level` and `mix`
        in points (-1 to 1), or in the mean's unit, each with `_low`, `_high` (95 %, by the delta method, and by how
        much the group's share and figure move from week to week); `p` and `verdict` of the contribution, Holm over
        the groups; "few" where neither period has the minimum count of the group's cases, or one fewer than 20 in
        all. The last row, `is_total`, is the change of them all.

    Raises
    ------
    BadParameter
        The metric is no share and no mean of its cases, has rows of its own within a group, or counts a case in several
        groups (a customer who wrote on two channels).

    Examples
    --------
    >>> import toolkit
    >>> data = toolkit.open_data("data/sample", period="2024-04")
    >>> by_topic = what_moved(data, toolkit.metrics.csat, "topic")
    >>> groups, total = by_topic[~by_topic["is_total"]], by_topic.iloc[-1]
    >>> bool(abs((groups["level"] + groups["mix"]).sum() - total["contribution"]) < 1e-12)
    True
    """
    keys, name = engine.group_keys(by), function.__name__
    if data.previous is None or is_planning():
        with planned():  # what the data hasn't is told even so
            function(getattr(data, table or METRICS[name].table), by=keys, **choices)
        return None
    asked = [(function, {"by": keys} | choices, False)]
    (now,), (before,), (history,) = results_of(data, table or METRICS[name].table, asked)
    attrs, value = now.attrs, value or now.attrs["value"]
    if not keys or attrs["rows"] != keys:
        raise BadParameter(f"what_moved takes a metric by group, with one row each; {name} has others")
    if attrs.get("overlaps"):
        raise BadParameter(
            f"what_moved: a case of {name} is in several groups, so that groups don't add up to the whole"
        )
    frame = _beside(*(_sums(one, value, keys, name) for one in (now, before)), keys)
    unit, least, hits = attrs["units"][value], attrs["minimum_count"], _hits(now, value)
    sides = [[frame[column].to_numpy(float) for column in columns] for columns in (COUNTS, BEFORE)]
    movements = None if history is None else _movements(history, value, frame, keys, unit, name)
    factors = (1.0, 1.0) if movements is None else [[one.factor for one in ones] for ones in movements]
    enough = min(sides[0][0].sum(), sides[1][0].sum()) >= max(FEWEST, least)
    split = split_change(*sides, *factors) if len(frame) and enough else None
    frame = pd.concat([frame, frame[[*COUNTS, *BEFORE]].sum().to_frame().T], ignore_index=True)
    frame["is_total"] = np.arange(len(frame)) == len(frame) - 1
    degrees = movements[0][-1].degrees if movements is not None else np.nan
    for column, part in PARTS.items():
        frame = frame.assign(**_estimates(split, part, column, len(frame), degrees))
    is_few = (frame[["n_", "n_before_"]].max(axis=1) < least) | (split is None)
    frame["p"] = _ps(split, len(frame), degrees).where(~is_few)
    whole = _whole_change(now, sides, history, value, keys, name)
    if whole is not None:  # the same figure as it is told elsewhere
        for column, told in (("", "change"), ("_low", "low"), ("_high", "high")):
            frame.loc[frame.index[-1], f"contribution{column}"] = getattr(whole, told)
        frame.loc[frame.index[-1], "p"] = whole.p
    frame["verdict"] = _verdicts(frame, is_few)
    frame[value], frame["previous"] = frame["total_"] / frame["n_"], frame["total_before_"] / frame["n_before_"]
    frame = frame.rename(columns={"n_": "n", "n_before_": "previous_n"} | ({"total_": hits} if hits else {}))
    counts = ["n", "previous_n", *([hits] if hits else [])]
    frame = frame.astype(dict.fromkeys(counts, "int64"))
    harm = frame["contribution"] * (-1 if attrs["best"] == "high" else 1)
    frame = frame.assign(harm_=harm).sort_values(["is_total", "harm_"], ascending=[True, False], kind="stable")
    ends = {column: (f"{column}_low", f"{column}_high") for column in PARTS}
    columns = [*keys, "n", *([hits] if hits else []), value, "previous_n", "previous"]
    columns += [name for column in PARTS for name in (column, *ends[column])] + ["p", "verdict", "is_total"]
    units = dict.fromkeys(counts, "count") | {value: unit, "previous": unit, "p": "number", "verdict": "verdict"}
    units |= dict.fromkeys(PARTS, "points" if unit == "rate" else f"change in {unit}")
    result = Result.of(frame[columns].reset_index(drop=True), attrs["metric"], units, keys, least, attrs["choices"])
    result.attrs |= {name: attrs[name] for name in ("case", "best", "zone")}
    about = {"roles": {"hits": hits} if hits else {}, "of": value, "value": "contribution", "count": "n", "rows": keys}
    result.attrs |= about | {"shape": "contribution", "ends": ends["contribution"]}
    return result


def _hits(result, value):
    """The column of the hits that a rate is made of; None of any other figure."""
    hits = result.attrs.get("roles", {}).get("hits")
    return hits if value == result.attrs["value"] and hits in result.columns else None


def _sums(result, value, keys, name):
    """Per row the keys, and of the cases that a figure rests on their number, sum, and sum of squares."""
    attrs, frame = result.attrs, pd.DataFrame(result)
    if value not in frame.columns:
        raise BadParameter(f"what_moved: {name} has no column {value!r}; it has {', '.join(map(str, frame.columns))}")
    n = frame[attrs.get("counts", {}).get(value, attrs["count"])].to_numpy(float)
    unit, hits = attrs["units"].get(value), _hits(result, value)
    rows = [] if unit == "rate" else [row for _, row in result.iterrows()]
    if unit == "rate":
        total = frame[hits].to_numpy(float) if hits else np.nan_to_num(frame[value].to_numpy(float)) * n
        sums = [n, total, total]
    elif value == (attrs.get("scores") or {}).get("of"):
        sums = np.array([scores_of(row, attrs) for row in rows], float).reshape(-1, 3).T
    elif unit == "seconds" and attrs["shape"] == "mean" and value == "mean_seconds":
        sums = np.array([_of_cells(result.cells(row)) for row in rows], float).reshape(-1, 3).T
    else:
        raise BadParameter(f"what_moved takes a share or a mean of cases; {value} of {name} is none")
    made = frame[keys].copy()
    made[COUNTS] = np.array(sums, float).reshape(3, -1).T
    return made


def _of_cells(cells):
    seconds, n = (cells[name].to_numpy(float) for name in ("cell_", "ended_"))
    return n.sum(), (n * seconds).sum(), (n * seconds**2).sum()


def _beside(now, before, keys):
    """One row per group of either period: its sums now, and before."""
    frame = now.merge(before.rename(columns=dict(zip(COUNTS, BEFORE, strict=True))), how="outer", on=keys, sort=True)
    frame[[*COUNTS, *BEFORE]] = frame[[*COUNTS, *BEFORE]].astype(float).fillna(0.0)
    return frame[(frame["n_"] > 0) | (frame["n_before_"] > 0)].reset_index(drop=True)


def _movements(history, value, frame, keys, unit, name):
    """How the share of each group in the cases moves from week to week, and its figure; last that of all together.

    A group of which the weeks say nothing moves as all together do. None below four weeks.
    """
    weekly = _sums(history.result, value, [*keys, HISTORY_WEEK], name)
    own = [_by_week(weekly, row, keys, history.weeks) for _, row in frame.iterrows()]
    total = weekly.groupby(weekly[HISTORY_WEEK].astype(int))["n_"].sum().reindex(history.weeks, fill_value=0)
    shares = [rate_movement((week["n_"], total)) for week in own]
    if unit == "rate":
        figures = [rate_movement((week["total_"], week["n_"])) for week in own]
    else:
        figures = [score_movement(*(week[column] for column in COUNTS)) for week in own]
    made = []
    for movements in (shares, figures):
        every = pooled(movements)
        if every is None:
            return None
        made.append([*(one or every for one in movements), every])
    return made


def _by_week(weekly, row, keys, weeks):
    is_own = np.ones(len(weekly), bool)
    for key in keys:
        is_own &= (weekly[key] == row[key]).to_numpy(bool)
    own = weekly[is_own]
    return own.set_index(own[HISTORY_WEEK].astype(int))[COUNTS].reindex(weeks, fill_value=0.0)


def _estimates(split, part, column, rows, degrees):
    """The columns of a part: its value and its interval, by group and in all; without a past no interval."""
    names = (column, f"{column}_low", f"{column}_high")
    if split is None:
        return dict.fromkeys(names, np.full(rows, np.nan))
    value, error = (np.append(*ends) for ends in _ends(split, part))
    half = error * (np.nan if np.isnan(degrees) else student_quantile(degrees))
    return dict(zip(names, (value, value - half, value + half), strict=True))


def _ends(split, part):
    own, whole = getattr(split, part), split.totals[part]
    return (own.value, whole.value), (own.error, whole.error)


def _ps(split, rows, degrees):
    from scipy.special import stdtr

    if split is None or np.isnan(degrees):
        return pd.Series(np.full(rows, np.nan))
    value, error = (np.append(*ends) for ends in _ends(split, "both"))
    size = np.divide(np.abs(value), error, out=np.where(value == 0, 0.0, np.inf), where=error > 0)
    return pd.Series(np.clip(2 * stdtr(degrees, -size), verdicts.SMALLEST_P, 1.0))


def _whole_change(now, sides, history, value, keys, name):
    """The change of the total, as a comparison of the two periods tells it; None of a mean of times."""
    (n, total, squares), (n_before, total_before, squares_before) = ([one.sum() for one in side] for side in sides)
    least, scores, weeks = now.attrs["minimum_count"], now.attrs.get("scores") or {}, None
    if history is not None:
        weekly = _sums(history.result, value, [*keys, HISTORY_WEEK], name)
        weeks = weekly.groupby(weekly[HISTORY_WEEK].astype(int))[COUNTS].sum().reindex(history.weeks, fill_value=0)
    if now.attrs["units"][value] == "rate":
        movement = None if weeks is None else rate_movement((weeks["total_"], weeks["n_"]))
        return verdicts.rates(total, n, total_before, n_before, movement, least)
    if value == scores.get("of"):
        ends, fewest = scores["ends"], max(least, scores["fewest"])
        movement = None if weeks is None else score_movement(*(weeks[column] for column in COUNTS))
        sums = (n, total, squares), (n_before, total_before, squares_before)
        change = verdicts.scores(*sums, *ends, fewest=fewest, movement=movement)
        if movement is None and not change.untested:
            return verdicts.Change(change.change, untested=verdicts.NO_HISTORY)
        return change
    return None


def _verdicts(frame, is_few):
    """Whether each contribution is clear beside the others', and the total's change by itself."""
    untested = np.where(is_few, verdicts.FEW, verdicts.NO_HISTORY)
    rows = zip(frame["contribution"], frame["p"], untested, strict=True)
    changes = [verdicts.Change(value, p=p, untested=code) for value, p, code in rows]
    return [*verdicts.decide(changes[:-1]), *verdicts.decide(changes[-1:])]


@hiding
def moved_together(data, asked, by):
    """What moved several figures, by several columns, as it is looked at together: verdicts by Holm over all the groups.

    Parameters
    ----------
    data : Data
    asked : list of (metric, {choices}), as `what_moved` takes them
    by : columns; of each metric those that its table has

    Returns
    -------
    list of Result of `what_moved`, those without a clear contribution, too; one that the data can't tell is left out
    """
    made = []
    for function, given in asked:
        for key in by:
            try:
                result = what_moved(data, function, key, **given)
            except (MissingColumn, MissingTable):
                continue
            made += [result] if result is not None and len(result) > 1 else []
    groups = [~result["is_total"].to_numpy(bool) for result in made]
    tested = [result["p"].to_numpy(float)[own] for result, own in zip(made, groups, strict=True)]
    adjusted = (
        np.split(verdicts.holm(np.concatenate(tested)), np.cumsum([len(ps) for ps in tested])[:-1]) if made else []
    )
    for result, own, ps in zip(made, groups, adjusted, strict=True):
        told = result["verdict"].to_numpy(object).copy()
        told[own] = [
            code if np.isnan(p) else verdicts.CLEAR if verdicts.is_clear(p) else verdicts.CHANCE
            for p, code in zip(ps, told[own], strict=True)
        ]
        result["verdict"] = told
    return made
