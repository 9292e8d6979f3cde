"""A figure against the period before, read at the same age, and with what the weeks before say of its movement."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from toolkit import verdicts
from toolkit.errors import BadParameter, MissingColumn
from toolkit.intervals import difference, normal_quantile, student_quantile
from toolkit.metrics.registry import metric
from toolkit.metrics.waits import ENDS
from toolkit.movement import count_movement, curve_movement, rate_movement, score_movement, wait_movement
from toolkit.result import Result, interval_columns
from toolkit.tables import HISTORY_WEEK


@dataclass(frozen=True)
class History:
    """A metric's result by earlier week: how much the figure moves when nothing changes.

    `result` has one row per group and week; `weeks` are the weeks that the data covers, silent ones too. Weeks of two
    stretches (`stretch` of a week, where they differ) move around a level each.
    """

    result: Result
    weeks: tuple
    stretches: tuple = ()

    def of(self, row, keys, column):
        """The column of a row's group by week, an array for each stretch; 0 in a week without the group."""
        own = self._own(row, keys)
        values = dict(zip(own[HISTORY_WEEK].astype(int), own[column].astype(float), strict=True))
        return [np.array([values.get(week, 0.0) for week in s], float) for s in self.stretches or (self.weeks,)]

    def waits_of(self, row, keys):
        """The waits of a row's group by week, a list of (seconds, ended, otherwise, open) for each stretch."""
        cells = {int(one[HISTORY_WEEK]): self.result.cells(one) for _, one in self._own(row, keys).iterrows()}
        waits = {week: tuple(one[name].to_numpy(float) for name in ("cell_", *ENDS)) for week, one in cells.items()}
        return [[waits[week] for week in s if week in waits] for s in self.stretches or (self.weeks,)]

    def _own(self, row, keys):
        frame = pd.DataFrame(self.result)
        is_own = np.ones(len(frame), bool)
        for key in keys:
            is_own &= (frame[key] == row[key]).to_numpy(bool, na_value=False)
        return frame[is_own]


@metric("comparison", table="", case="case", value="change")
def previous_period(now, before, value=None, history=None, days=None, is_comparable=True, looked_at=0):
    """A metric's result beside the same metric's result for the period before.

    Parameters
    ----------
    now, before : Result
        The same metric with the same `by`, over two periods; `before` may be None. Like is compared with like only
        where the earlier period is read at the same age: `data.previous` is.
    value : str, optional
        The column to compare; by default what the metric is told by.
    history : History, optional
        The same metric by week, before both: without it a figure has a change and no verdict.
    days : (days now, days before), optional
        For counts, where the periods differ in length.
    is_comparable : bool
        Whether counts may be compared: not where the volume of the data jumps between the periods.
    looked_at : int
        How many comparisons are looked at together, where they are more than the rows: verdicts are corrected for those.

    Returns
    -------
    Result, one row per row of `now` (group, stage, bucket, ...): its count, the value with its interval, `previous_n`,
        `previous`, `change` with `change_low`, `change_high` (95 %; of counts as a ratio less 1), `p` and `verdict`:
        "clear" (after Holm's correction over the rows that were tested), "chance", "few" (fewer cases than the
        minimum count), "no history" (not compared with week-to-week movement) or "not comparable". Waits are compared
        by how fast those who wait are answered (log-rank), beside how much the weeks before lie apart by the same
        test, and their change has no interval.

    Raises
    ------
    MissingColumn, BadParameter
        There is no such value; the results are not of one metric with the same groups, or a row of theirs has a twin.

    Source: DEFINITIONS.md#previous-period

    Examples
    --------
    >>> from toolkit.metrics import csat
    >>> now = csat(pd.DataFrame({"score": [5] * 40 + [1] * 10}))
    >>> before = csat(pd.DataFrame({"score": [5] * 20 + [1] * 30}))
    >>> previous_period(now, before)[["csat", "previous", "verdict"]].values.tolist()
    [[0.8, 0.4, 'no history']]
    """
    attrs, keys = now.attrs, _rows_of(now)
    value = value or attrs.get("value")
    if value not in now.columns:
        raise MissingColumn(attrs.get("metric", "result"), value, now.columns)
    counted = attrs.get("counts", {}).get(value, attrs.get("count", "n"))
    if counted not in now.columns:
        raise BadParameter("previous_period takes figures with a count; group this result with by=")
    _check_pair(now, before, keys)
    if before is not None and value not in before.columns:
        before = None  # no case of the period before had a target, say: there is nothing to compare with
    ends = list(interval_columns(now.columns).get(value, ()))
    frame = pd.DataFrame(now)[list(dict.fromkeys([*keys, counted, value, *ends]))].copy()
    pairs = [(row, _partner(row, before, keys)) for _, row in now.iterrows()]
    frame["previous_n"] = [np.nan if past is None else past[counted] for _, past in pairs]
    frame["previous"] = [np.nan if past is None else past[value] for _, past in pairs]
    frame["previous"] = frame["previous"].astype(float)
    changes = [_change(now, before, row, past, value, counted, ends, keys, history, days) for row, past in pairs]
    if not is_comparable and attrs["units"].get(value) == "count":
        changes = [verdicts.Change(untested=verdicts.NOT_COMPARABLE) for _ in changes]
    for column, name in (("change", "change"), ("change_low", "low"), ("change_high", "high")):
        frame[column] = [getattr(change, name) for change in changes]
    frame["p"], frame["verdict"] = [change.p for change in changes], verdicts.decide(changes, least=looked_at)
    unit = attrs["units"].get(value, "text")
    units = {name: attrs["units"].get(name, "text") for name in [*keys, value]}
    units |= {counted: "count", "previous_n": "count", "previous": unit, "p": "number", "verdict": "verdict"}
    units["change"] = {"rate": "points", "net": "points", "count": "change in percent"}.get(unit, f"change in {unit}")
    result = Result.of(frame, attrs["metric"], units, attrs["by"], now.least(value), attrs["choices"])
    kept = (
        "when_null",
        "zone",
        "case",
        "best",
        "rows",
        "ordered",
        "part",
        "parts",
        "part_words",
        "target",
        "roles",
        "scores",
        "groups",
        "sizes",
    )
    result.attrs |= {name: attrs[name] for name in kept if name in attrs}
    target = result.attrs.get("target")
    if target and target["of"] not in frame.columns:
        result.attrs["target"] = None
    result.attrs |= {"shape": "comparison", "value": value, "count": counted, "ends": tuple(ends)}
    result.attrs["per_day"] = unit == "count" and days is not None and days[0] != days[1] and not attrs.get("is_stock")
    return result


YEAR_AGO = {
    "previous_n": "year_ago_n",
    "previous": "year_ago",
    "change": "year_ago_change",
    "change_low": "year_ago_change_low",
    "change_high": "year_ago_change_high",
    "verdict": "year_ago_verdict",
}


def with_year_ago(comparison, past):
    """A comparison with the period before, with the columns of one with a year ago of the same rows beside it.

    Examples
    --------
    >>> from toolkit.metrics import csat
    >>> now, before, past = (csat(pd.DataFrame({"score": [5] * n + [1] * 10})) for n in (40, 30, 90))
    >>> both = with_year_ago(previous_period(now, before), previous_period(now, past))
    >>> both[["csat", "previous", "year_ago", "year_ago_change"]].round(2).values.tolist()
    [[0.8, 0.75, 0.9, -0.1]]
    """
    made, units = comparison.copy(), past.attrs["units"]
    for name, to in YEAR_AGO.items():
        made[to] = past[name].to_numpy()
        if name in units:
            made.attrs["units"][to] = units[name]
    return made


def _rows_of(result):
    """The columns that tell one row of a result from another."""
    return list(result.attrs.get("rows", result.attrs["by"]))


def _check_pair(now, before, keys):
    if before is not None and (now.attrs["metric"], keys) != (before.attrs.get("metric"), _rows_of(before)):
        raise BadParameter("previous_period compares two results of one metric with the same by")
    for result in (now, before):
        if result is not None and (pd.DataFrame(result).duplicated(keys).any() if keys else len(result) > 1):
            raise BadParameter(
                f"previous_period: several rows of {now.attrs['metric']} have the same {', '.join(keys) or 'group: none'}"
            )


def _partner(row, before, keys):
    """The row of the same group before; None where there was none."""
    if before is None:
        return None
    frame = pd.DataFrame(before)
    for key in keys:
        frame = frame[frame[key] == row[key]]
    return frame.iloc[0] if len(frame) else None


def _change(now, before, row, past, value, counted, ends, keys, history, days):
    """The change of one row, by what kind of figure the value is."""
    attrs, unit = now.attrs, now.attrs["units"].get(value)
    least = now.least(value)
    sizes = [0 if one is None or pd.isna(one[counted]) else one[counted] for one in (row, past)]
    if past is None or min(sizes) < max(least, 1):
        return verdicts.Change(untested=verdicts.FEW)
    if pd.isna(row[value]) and pd.isna(past[value]) and value not in attrs.get("when_null", {}):
        return verdicts.Change(untested=verdicts.FEW)
    if unit == "rate" and (
        pd.isna(row[value]) or pd.isna(past[value])
    ):  # cases there are, but none to which it could happen
        return verdicts.Change(untested=verdicts.FEW)
    if attrs.get("is_state"):  # the earlier period has had longer to come to it
        return verdicts.Change(untested=verdicts.NOT_COMPARABLE)
    if (
        attrs.get("is_stock") and unit == "count"
    ):  # counted in full at an instant: it has a change, and nothing of a week's movement
        ratio = row[value] / past[value] - 1 if past[value] else np.nan
        return verdicts.Change(float(ratio), untested=verdicts.COUNTED)
    if unit == "count":
        lengths = {} if days is None else {"days": days[0], "days_before": days[1]}
        weekly = None if history is None else count_movement(*history.of(row, keys, value))
        return verdicts.counts(row[value], past[value], weekly, **lengths)
    if unit == "rate":
        return _rate_change(attrs, row, past, value, counted, keys, history, least)
    plain = verdicts.Change(float(row[value] - past[value]), untested=verdicts.NOT_COMPARABLE)
    cells = [one.cells(line) for one, line in ((now, row), (before, past))]
    if unit == "seconds" and all(cell is not None for cell in cells):
        weeks = None if history is None else history.waits_of(row, keys)
        both = [tuple(float(one[name]) for name in (value, *ends)) for one in (row, past)] if ends else []
        return _waits_change(cells, attrs["shape"], least, weeks, plain, both if value == "mean_seconds" else [])
    if attrs.get("scores") and value == attrs["scores"]["of"]:
        return _score_change(attrs, row, past, keys, history, least) or plain
    return plain


def _rate_change(attrs, row, past, value, counted, keys, history, least):
    hits = attrs.get("roles", {}).get("hits") if value == attrs.get("value") else None

    def counts(one):
        return (one[hits] if hits in one.index else one[value] * one[counted]), one[counted]

    movement = None
    if history is not None:
        weekly = pd.DataFrame(history.result)
        n = history.of(row, keys, counted)
        y = (
            history.of(row, keys, hits)
            if hits in weekly.columns
            else [v * m for v, m in zip(history.of(row, keys, value), n, strict=True)]
        )
        movement = rate_movement(*zip(y, n, strict=True))
    return verdicts.rates(*counts(row), *counts(past), movement, fewest=least)


def _waits_change(cells, shape, least, weeks, plain, means):
    """The change of the figure, and how sure it is by a test of all the waits, beside their movement by week."""
    columns = ("cell_", *ENDS)
    now, before = ([cell[name].to_numpy(float) for name in columns] for cell in cells)
    is_mean, movement = shape == "mean", None
    if weeks is not None and is_mean:
        movement = wait_movement(*([week[:2] for week in stretch] for stretch in weeks))
    elif weeks is not None:
        movement = curve_movement(*weeks)
    if is_mean:
        tested = verdicts.waits(now[0], now[1], before[0], before[1], fewest=least, movement=movement)
    else:
        tested = verdicts.curves(now, before, fewest=least, movement=movement)
    if movement is None:
        return replace(plain, untested=tested.untested or verdicts.NO_HISTORY, method=tested.method)
    kept = replace(plain, p=tested.p, untested=tested.untested, method=tested.method, factor=tested.factor)
    moves = _mean_movement(weeks) if is_mean and means else None
    if moves is None:
        return kept
    change, *bounds = difference(*means)
    wider = np.sqrt(moves.factor) * student_quantile(moves.degrees) / normal_quantile()
    return replace(kept, **dict(zip(("low", "high"), [change + wider * (end - change) for end in bounds], strict=True)))


def _mean_movement(weeks):
    """How much a mean of waits moves from week to week, from the waits of each."""
    sums = [[(ended * seconds**power).sum() for power in (0, 1, 2)] for one in weeks for seconds, ended, *_ in one]
    return score_movement(*np.array(sums, float).reshape(-1, 3).T)


def _score_change(attrs, row, past, keys, history, least):
    """The change of a mean score, beside how much it moves from week to week; None where nobody gave a score."""
    sums = [scores_of(one, attrs) for one in (row, past)]
    if not all(one[0] for one in sums):
        return None
    about = attrs["scores"]
    change = verdicts.scores(*sums, *about["ends"], fewest=max(least, about["fewest"]))
    unknown = verdicts.Change(change.change, method="scores", untested=verdicts.NO_HISTORY)
    if history is None or change.untested:
        return change if change.untested else unknown
    weekly = [np.concatenate(history.of(row, keys, column)) for column in about["counts"]]
    values = np.array(list(about["counts"].values()), float)
    by_week = [sum(count * value**power for count, value in zip(weekly, values, strict=True)) for power in (0, 1, 2)]
    movement = score_movement(*by_week)
    if movement is None:
        return unknown
    return verdicts.scores(*sums, *about["ends"], fewest=max(least, about["fewest"]), movement=movement)


def scores_of(row, attrs):
    """(n, Σx, Σx²) of the scores of a row, from how many gave each, as `attrs["scores"]` says.

    >>> scores_of(pd.Series({"no": 1, "yes": 2}), {"scores": {"counts": {"no": 0, "yes": 1}}})
    [3.0, 2.0, 2.0]
    """
    counts = [(float(row[column]), value) for column, value in attrs["scores"]["counts"].items()]
    return [float(sum(n * value**power for n, value in counts)) for power in (0, 1, 2)]
