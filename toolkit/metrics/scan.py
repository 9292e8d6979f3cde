"""Where, and in which week, a figure stands out: each week of each group against its other weeks."""

from dataclasses import dataclass, replace
from datetime import date
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from toolkit import words
from toolkit.errors import MissingColumn, MissingTable
from toolkit.intervals import Incidence
from toolkit.metrics.periods import is_steady, window_of
from toolkit.metrics.previous import scores_of
from toolkit.metrics.registry import METRICS
from toolkit.metrics.shapes import planned, together
from toolkit.metrics.small import everything, told_of
from toolkit.metrics.waits import ENDS
from toolkit.movement import count_movement, curve_movement, score_movement, wait_movement
from toolkit.tables import HISTORY_WEEK
from toolkit.verdicts import Change, counts, curves, direction, holm, is_clear, rates, scores, waits

TOLD = "told_"
OF_CHANNELS = ("written_conversation", "call")  # cases that are of some channels only, as they are called


@dataclass(frozen=True)
class Week:
    """A week of a group: its figure, that of its other weeks together, and how far they lie apart."""

    result: Any
    column: str
    best: str
    key: str
    group: Any
    monday: date
    n: int
    value: float
    other: float
    change: Change


def scan(data, *asked, by=("topic", "channel")):
    """The weeks of the period in which a group of a metric clearly stands out from its other weeks.

    Each whole week of the period is held against all the others of the last thirteen, each read at its own end (of a
    metric that needs a window after a case, so much later; a week that isn't so old is left out); what is
    told is clear after Holm's correction over everything that was looked at. What moved all period long is no week's:
    `compared` tells it. A case may be in several groups, as a customer of two channels is: no group is held against
    another, and the correction holds however much they have in common.

    Parameters
    ----------
    data : Data
    asked : (metric, {choices}), as `figures` takes them; one whose table or column the data has not is left out
    by : columns; of each metric those that its table has

    Returns
    -------
    (facts, tested): facts are dicts of kind ("standout"), metric, column, key, value (of the group), name, text, clause
        (the text within a sentence), what and more (the same without the name, in full and in short), direction
        ("worse", "better", "none"), p, score, n (of the week) and weeks (ISO Mondays), the clearest first; of several
        weeks of a group the clearest is told. tested is the uncorrected p of everything that was looked at.

    Examples
    --------
    >>> import toolkit
    >>> data = toolkit.open_data("data/sample", period="2024-04")
    >>> facts, tested = scan(data, (toolkit.metrics.inbound_volume, {}))
    >>> [(fact["value"], fact["weeks"]) for fact in facts], len(tested) > 30
    ([('internet_fault', ['2024-04-15'])], True)
    """
    view = data.last_weeks(numbered=True)
    if view is None:
        return [], []
    with everything():  # a week is held against all the others, those that aren't told, too
        tables = _by_table(data, view, asked, by)
        weeks = [week for held, calls in tables.items() for week in _weeks(data, *held, calls)]
    weeks = [week for week in weeks if not np.isnan(week.change.p)]
    clear = {}
    for week, p in zip(weeks, holm([week.change.p for week in weeks]), strict=True):
        if is_clear(p):
            clear.setdefault((week.result.attrs["metric"], week.column, week.key, week.group), []).append(week)
    facts = [_fact(sorted(found, key=lambda week: (week.change.p, week.monday))) for found in clear.values()]
    return sorted(facts, key=lambda fact: -fact["score"]), [float(week.change.p) for week in weeks]


def _by_table(data, last, asked, by):
    """{(view, table, window): [(key, column, best, plan of the metric by key and week)]} of what the data can tell."""
    tables = {}
    for function, given in asked:
        own = dict(given)
        best, value = own.pop("best", None), own.pop("value", None)
        name = own.pop("table", METRICS[function.__name__].table)
        window = window_of(function, own)
        view = last.read_later(window, data.as_of)
        try:
            held = getattr(view, name)
            for key in [key for key in by if key in held.columns]:
                with planned():
                    plan = function(held, **own | {"by": [key, HISTORY_WEEK]})
                tables.setdefault((view, name, window), []).append((key, value, best, plan))
        except (MissingColumn, MissingTable):
            continue
    return tables


def _weeks(data, view, table, window, calls):
    """The weeks of the period that can be held against others, of every group of some results of a table."""
    whole = {part.first_day for part in view.parts("week") if part.is_complete}
    gone = view.missing_days
    spans = [
        week
        for week in view.spans
        if week.first_day in whole
        and not any(week.first_day <= day <= week.last_day for day in gone)
        and view.is_due(week, window)
    ]
    own = [week for week in spans if data.period.start is None or week.last_day >= data.period.first_day]
    results = together([lambda plan=plan: plan for *_, plan in calls])
    for (key, value, best, _), result in zip(calls, results, strict=True):
        column = value or result.attrs["value"]
        result.attrs["filters"] = [*data.filters]
        is_count = result.attrs["units"].get(column) == "count"
        if column not in result.columns or (is_count and not is_steady(data, table)):
            continue
        best = (best or "") if is_count or best is not None else result.attrs["best"]
        counted = result.attrs.get("counts", {}).get(column, result.attrs["count"])
        result[TOLD] = told_of(result, data.service.privacy.smallest_group)[0]
        for group, frame in result.groupby(key, sort=True):
            rows = {int(row[HISTORY_WEEK]): row for _, row in frame.iterrows()}
            for week in [] if words.is_none(group) else own:
                row, others = rows.get(week.number), [rows.get(one.number) for one in spans if one is not week]
                told = row is not None and row[TOLD] and _against_others(result, row, others, column, counted)
                if told:
                    yield Week(result, column, best, key, group, week.first_day, int(row[counted]), *told)


def _against_others(weekly, own, others, value, counted):
    """(value, that of the other weeks together, Change) of a week; None where it can't be told."""
    attrs, unit, least = weekly.attrs, weekly.attrs["units"].get(value), max(weekly.least(value), 1)
    if unit == "count":
        held = np.array([0 if row is None else row[value] for row in others], float)
        if own[value] < least and held.mean() < least:
            return None
        change = counts(own[value], held.sum(), count_movement(held), 7, 7 * len(held))
        return float(own[value]), float(held.mean()), change
    others = [row for row in others if row is not None]
    total = sum(row[counted] for row in others)
    if own[counted] < least or total < least or pd.isna(own[value]):
        return None
    if unit == "rate":
        hits = attrs.get("roles", {}).get("hits") if value == attrs["value"] else None
        n = np.array([row[counted] for row in others], float)
        y = np.array([row[hits] if hits else np.nan_to_num(row[value]) * row[counted] for row in others], float)
        own_hits = own[hits] if hits else own[value] * own[counted]
        return float(own[value]), float(y.sum() / total), rates(own_hits, own[counted], y.sum(), total, (y, n), least)
    if value == attrs.get("scores", {}).get("of"):
        return _scores(attrs, own, others, value, least)
    return _waits(weekly, own, others, value, least)


def _scores(attrs, own, others, value, least):
    about, sums = attrs["scores"], [scores_of(row, attrs) for row in (own, *others)]
    n, total, squares = (np.array(column) for column in zip(*sums[1:], strict=True))
    if not n.sum():
        return None
    movement = score_movement(n, total, squares)
    rest = [n.sum(), total.sum(), squares.sum()]
    change = scores(sums[0], rest, *about["ends"], fewest=max(least, about["fewest"]), movement=movement)
    if movement is None:
        change = replace(change, p=np.nan)
    return float(own[value]), float(total.sum() / n.sum()), change


def _waits(weekly, own, others, value, least):
    cells = [weekly.cells(row) for row in (own, *others)]
    if value not in ("median_seconds", "mean_seconds") or any(cell is None for cell in cells):
        return None
    weeks = [tuple(cell[name].to_numpy(float) for name in ("cell_", *ENDS)) for cell in cells[1:]]
    total = pd.concat(cells).groupby("cell_")[list(ENDS)].sum()
    now = cells[0].groupby("cell_")[list(ENDS)].sum().reindex(total.index, fill_value=0)
    seconds, sides = total.index.to_numpy(float), [one.to_numpy(float).T for one in (now, total - now)]
    if value == "mean_seconds":
        known = [row for row in others if not pd.isna(row[value])]
        rest = sum(row[value] * row["n"] for row in known) / max(sum(row["n"] for row in known), 1)
        movement = wait_movement([week[:2] for week in weeks])
        change = waits(seconds, sides[0][0], seconds, sides[1][0], fewest=least, movement=movement)
    else:
        rest, movement = Incidence(seconds, *sides[1]).quantile(0.5), curve_movement(weeks)
        change = curves((seconds, *sides[0]), (seconds, *sides[1]), fewest=least, movement=movement)
    if movement is None:
        change = replace(change, p=np.nan)
    return None if np.isnan(rest) else (float(own[value]), float(rest), change)


# --- facts ------------------------------------------------------------------------------------------


def _fact(weeks):
    """The fact of a group, of which the first of these weeks is the clearest."""
    week, attrs = weeks[0], weeks[0].result.attrs
    said, unit = named_of(week.result, week.column), attrs["units"][week.column]
    other = round(week.other) if unit == "count" else week.other
    told = {"subject": said, "value": words.value_text(week.value, unit), "other": words.value_text(other, unit)}
    what = words.text(f"headlines.scan.{'counted' if unit == 'count' else 'what'}", **told)
    name = words.display_name(week.group, week.key, in_sentence=True)
    clause = words.text("headlines.scan.clause", name=name, week=words.date_name(week.monday), what=what)
    return {
        "kind": "standout",
        "metric": attrs["metric"],
        "column": week.column,
        "key": week.key,
        "value": str(week.group),
        "name": words.display_name(week.group, week.key),
        "text": words.sentence_case(words.text("headlines.sentence", text=clause)),
        "clause": clause,
        "what": what,
        "more": words.text("headlines.scan.more", **told),
        "direction": direction(week.value - week.other, week.best),
        "way": "rose" if week.value > week.other else "fell",
        "p": float(week.change.p),
        "score": NormalDist().inv_cdf(1 - week.change.p / 2),
        "n": week.n,
        "weeks": sorted(one.monday.isoformat() for one in weeks),
    }


def named_of(result, column):
    """The same with which channels it is of, where that was chosen: a tile beside it may be of others."""
    said, channels = subject_of(result, column), result.attrs["choices"].get("channels")
    form = f"headlines.channels.{channels}"
    is_counted = column == "n" and result.attrs["case"] in OF_CHANNELS  # then its cases say it
    is_said = (
        words.has(form) and not is_counted and "channel" not in [*result.attrs["by"], *result.attrs.get("filters", ())]
    )
    return words.text(form, subject=said) if is_said else said


def subject_of(result, column):
    """What a column of a metric's result is called within a sentence, such as "the number of conversations"."""
    metric, case = (result.attrs[name] for name in ("metric", "case"))
    if column == "n" and words.has(f"metric.{metric}.counted.{case}"):
        return words.text(f"metric.{metric}.counted.{case}")
    own = f"metric.{metric}.figures.{column}"
    return words.text(f"metric.{metric}.subject" if column == METRICS[metric].value or not words.has(own) else own)
