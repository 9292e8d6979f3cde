"""A figure against the period before, read at the same age, and with what the weeks before say of its movement."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from toolkit import engine, verdicts
from toolkit.errors import BadParameter, MissingColumn
from toolkit.intervals import count_interval, difference
from toolkit.metrics.registry import METRICS, metric
from toolkit.metrics.shapes import planned, together
from toolkit.movement import count_movement, rate_movement
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
        frame = pd.DataFrame(self.result)
        for key in keys:
            frame = frame[frame[key] == row[key]]
        values = frame.set_index(frame[HISTORY_WEEK].astype(int))[column] if len(frame) else pd.Series(dtype=float)
        return [values.reindex(stretch, fill_value=0).to_numpy(float) for stretch in self.stretches or (self.weeks,)]


@metric("comparison", table="", case="case", value="change")
def previous_period(now, before, value=None, history=None, days=None, is_comparable=True):
    """A metric's result beside the same metric's result for the period before.

    Parameters
    ----------
    now, before : Result
        The same metric with the same `by`, over two periods; `before` may be None. Like is compared with like only
        where the earlier period is read at the same age: `data.previous` is.
    value : str, optional
        The column to compare; by default what the metric is told by.
    history : History, optional
        The same metric by week, before both: without it a rate and a count have a change and no verdict.
    days : (days now, days before), optional
        For counts, where the periods differ in length.
    is_comparable : bool
        Whether counts may be compared: not where the volume of the data jumps between the periods.

    Returns
    -------
    Result, one row per row of `now` (group, stage, bucket, ...): its count, the value with its interval, `previous_n`,
        `previous`, `change` with `change_low`, `change_high` (95 %; of counts as a ratio less 1), `p` and `verdict`:
        "clear" (after Holm's correction over the rows that were tested), "chance", "few" (fewer cases than the
        minimum count), "no history" (not compared with week-to-week movement) or "not comparable". Waits are compared
        by how fast those who wait are answered (log-rank), and their change has no interval.

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
    frame["p"], frame["verdict"] = [change.p for change in changes], verdicts.decide(changes)
    unit = attrs["units"].get(value, "text")
    units = {name: attrs["units"].get(name, "text") for name in [*keys, value]}
    units |= {counted: "count", "previous_n": "count", "previous": unit, "p": "number", "verdict": "verdict"}
    units["change"] = {"rate": "points", "count": "change in percent"}.get(unit, f"change in {unit}")
    result = Result.of(frame, attrs["metric"], units, attrs["by"], attrs["minimum_count"], attrs["choices"])
    kept = ("when_null", "zone", "case", "best", "rows", "ordered", "part", "parts", "part_words", "target", "roles")
    result.attrs |= {name: attrs[name] for name in kept if name in attrs}
    target = result.attrs.get("target")
    if target and target["of"] not in frame.columns:
        result.attrs["target"] = None
    result.attrs |= {"shape": "comparison", "value": value, "count": counted, "ends": tuple(ends)}
    result.attrs["per_day"] = unit == "count" and days is not None and days[0] != days[1]
    return result


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
    least = attrs["minimum_count"]
    sizes = [0 if one is None or pd.isna(one[counted]) else one[counted] for one in (row, past)]
    if past is None or min(sizes) < max(least, 1):
        return verdicts.Change(untested=verdicts.FEW)
    if pd.isna(row[value]) and pd.isna(past[value]) and not attrs.get("when_null"):
        return verdicts.Change(untested=verdicts.FEW)
    if attrs.get("is_state"):  # the earlier period has had longer to come to it
        return verdicts.Change(untested=verdicts.NOT_COMPARABLE)
    if unit == "count":
        lengths = {} if days is None else {"days": days[0], "days_before": days[1]}
        weekly = None if history is None else count_movement(*history.of(row, keys, value))
        return verdicts.counts(row[value], past[value], weekly, **lengths)
    if unit == "rate":
        return _rate_change(attrs, row, past, value, counted, keys, history, least)
    plain = verdicts.Change(float(row[value] - past[value]), untested=verdicts.NOT_COMPARABLE)
    cells = [one.cells(line) for one, line in ((now, row), (before, past))]
    if unit == "seconds" and all(cell is not None for cell in cells):
        tested = _waits_change(cells, attrs["shape"], least)
        # the change is that of the figure; how sure it is, the test of all the waits
        kept = replace(plain, p=tested.p, untested=tested.untested, method=tested.method)
        if ends and attrs["shape"] == "mean" and value == "mean_seconds":
            both = [tuple(float(one[name]) for name in (value, *ends)) for one in (row, past)]
            kept = replace(kept, **dict(zip(("low", "high"), difference(*both)[1:], strict=True)))
        return kept
    if unit == "score" and "score_1" in row.index:
        return verdicts.scores(_sums(row), _sums(past), 1, 5, fewest=max(least, 5))
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


def _waits_change(cells, shape, least):
    columns = ("cell_", "ended_", "otherwise_", "open_")
    now, before = ([cell[name].to_numpy(float) for name in columns] for cell in cells)
    if shape == "mean":
        return verdicts.waits(now[0], now[1], before[0], before[1], fewest=least)
    return verdicts.curves(now, before, fewest=least)


def _sums(row):
    counts = {score: float(row[f"score_{score}"]) for score in range(1, 6)}
    return [sum(counts.values()), *(sum(score**power * n for score, n in counts.items()) for power in (1, 2))]


# --- with a data set: this period, the one before and the weeks before them ------------------------------


def compared(data, function, by=None, value=None, table=None, **choices):
    """A metric of a data set against its period before, with the movement of the weeks before; None without one.

    Parameters
    ----------
    data : Data
    function : a metric
    by, choices : as the metric takes them
    value : the column to compare
    table : attribute of `data`; by default the metric's own

    Examples
    --------
    >>> import toolkit
    >>> data = toolkit.open_data("data/sample", period="2024-03")
    >>> compared(data, toolkit.metrics.csat)["previous_n"].tolist() == toolkit.metrics.csat(data.previous.surveys)["n"].tolist()
    True
    """
    if data.previous is None:
        return None
    asked = [(function, {"by": by} | choices if by else choices, _is_count(function, value))]
    table = table or METRICS[function.__name__].table
    (now,), (before,), (history,) = _results(data, table, asked)
    return previous_period(now, before, value, history, _days(data), _is_steady(data, table))


def _is_count(function, value):
    return (value or METRICS[function.__name__].value) == "n"


def _results(data, table, asked):
    """(results now, before, histories) of metrics of one table: each table is read once a period.

    Parameters
    ----------
    asked : list of (metric, choices, whether what is compared is a count)
    """

    def of(view, of_counts=None, more=()):
        held = getattr(view, table)
        chosen = [(f, c) for f, c, is_count in asked if of_counts in (None, is_count)]
        return together([lambda f=f, c=c: f(held, **c | _by(c, more)) for f, c in chosen])

    def by_week(weeks, stretches, of_counts):
        return iter([History(result, tuple(weeks.weeks), stretches) for result in of(weeks, of_counts, [HISTORY_WEEK])])

    before, within = data.weeks_before, data.weeks_within
    stretches = ()
    if within:
        names = within.week_periods
        stretches = tuple(tuple(w for w in within.weeks if names[w] == name) for name in dict.fromkeys(names.values()))
    # A count of a long period moves as the weeks within both periods do, a rate as the weeks before them.
    found = {}
    for is_count in {is_count for *_, is_count in asked}:
        choices = [(before, ()), (within, stretches)]
        weeks, parts = next((one for one in (choices[::-1] if is_count else choices) if one[0]), (None, ()))
        found[is_count] = by_week(weeks, parts, is_count) if weeks else None
    histories = [next(found[is_count]) if found[is_count] else None for *_, is_count in asked]
    return of(data), of(data.previous) if data.previous is not None else [None] * len(asked), histories


def _is_steady(data, table):
    """Whether the volume of a table doesn't jump in the period or the one before: a count then says nothing."""
    return all(jump["table"] != table.removeprefix("scored_") for jump in data.volume_warnings())


def _days(data):
    """(days so far of the period, of the one before), for what is counted; a day missing from the data counts nothing."""
    before = data.previous
    days = data.days_so_far, before.period.days_begun(before.as_of)
    return tuple(max(1, n - len(view.missing_days)) for n, view in zip(days, (data, before), strict=True))


def _by(choices, more):
    keys = [*engine.group_keys(choices.get("by")), *more]
    return {"by": keys} if keys else {}


def figures(data, *asked):
    """The key figures of a report: metrics over the whole period, each against the period before.

    Parameters
    ----------
    data : Data
    asked : (metric, {choices}); one whose column the data or the result has not is left out. The choices are the metric's own, and of a card's: `value` (column), `table`
        (attribute of `data`), `best` ("low" or "high")

    Returns
    -------
    list of dict, one a figure: metric, column, unit, case, n, value, low, high, previous, previous_n, change,
        change_low, change_high, verdict, direction ("better", "worse", "none"), status, target, population, note,
        per_day (a count's change is that of a day, as the periods differ in length)

    Examples
    --------
    >>> import toolkit
    >>> data = toolkit.open_data("data/sample", period="2024-03")
    >>> (card,) = figures(data, (toolkit.metrics.abandonment_rate, {}))
    >>> card["n"] == int(toolkit.metrics.abandonment_rate(data.calls)["n"].iloc[0]), card["status"]
    (True, 'off')
    """
    tables, made, missing = {}, {}, []
    for place, (function, given) in enumerate(asked):
        own = dict(given)
        best = own.pop("best", None)
        table, value = own.pop("table", METRICS[function.__name__].table), own.pop("value", None)
        try:
            with planned():
                function(getattr(data, table), **own)
        except MissingColumn as error:  # the others can be said all the same
            missing.append(error)
            continue
        tables.setdefault(table, []).append((place, function, value, best, own))
    if missing and not tables:
        raise missing[0]
    for table, cards in tables.items():
        calls = [(function, own, _is_count(function, value)) for _, function, value, _, own in cards]
        results = zip(cards, *_results(data, table, calls), strict=True)
        for (place, _, value, best, own), now, before, history in results:
            if value is None or value in now.columns:
                made[place] = _card(data, table, now, before, value, best, history, own)
    return [made[place] for place in sorted(made)]


def _card(data, table, now, before, value, best, history, choices):
    attrs = now.attrs
    value = value or attrs["value"]
    is_figure = attrs["units"].get(value) not in ("count", "text")
    best = attrs["best"] if best is None and is_figure else best
    days = _days(data) if before is not None else None
    is_steady = before is None or _is_steady(data, table)
    against = previous_period(now, before, value, history, days, is_steady) if len(now) else None
    row = against.iloc[0] if len(now) else None
    counted = attrs.get("counts", {}).get(value, attrs["count"])
    n = 0 if row is None else int(row[counted])
    card = {
        "metric": attrs["metric"],
        "column": value,
        "unit": attrs["units"].get(value, "text"),
        "case": attrs.get("cases", {}).get(value, attrs["case"]),
        "n": n,
    }
    card |= dict.fromkeys(("value", "low", "high", "previous", "previous_n", "change", "change_low", "change_high"))
    card |= {"verdict": None, "direction": "none", "status": "none", "target": None, "note": None}
    card |= {
        "minimum_count": attrs["minimum_count"],
        "population": choices.get("channels", "every" if table == "conversations" else "all"),
    }
    card["per_day"] = against is not None and against.attrs["per_day"]
    if row is None or not n:
        return card | {"note": "no_data"}
    if n < attrs["minimum_count"]:
        return card | {"note": "few"}
    ends = interval_columns(now.columns).get(value)
    card |= {"value": _plain(row[value]), "verdict": row["verdict"] if before is not None else None}
    if ends:
        card |= {"low": _plain(now.iloc[0][ends[0]]), "high": _plain(now.iloc[0][ends[1]])}
    elif card["unit"] == "count" and history is not None and is_steady:
        card |= dict(zip(("low", "high"), map(_plain, _count_interval(row[value], history, value)), strict=True))
    if card["value"] is None:
        card["note"] = attrs.get("when_null", {}).get(value)
    for name in ("previous", "previous_n", "change", "change_low", "change_high"):
        card[name] = _plain(row[name])
    target = attrs.get("target")
    if target and target["of"] == value:
        card |= {"status": now.statuses()[0], "target": target["value"], "within_seconds": target.get("seconds")}
        best = target["best"]
    if card["verdict"] == verdicts.CLEAR and best and card["change"]:
        card["direction"] = "better" if (card["change"] > 0) == (best == "high") else "worse"
    return card


def _count_interval(n, history, value):
    return count_interval(n, count_movement(*history.of({}, [], value)))


def _plain(value):
    """A number that JSON can say: null for what isn't there."""
    return None if value is None or pd.isna(value) else float(value)
