"""The key figures of a report: each with its interval, its change and its last weeks."""

import numpy as np
import pandas as pd

from toolkit import verdicts, words
from toolkit.errors import MissingColumn, MissingTable
from toolkit.intervals import count_interval
from toolkit.metrics.periods import (
    against_year_ago,
    by_last_weeks,
    days_of,
    is_count,
    is_steady,
    of_year_ago,
    results_of,
    window_of,
)
from toolkit.metrics.previous import previous_period
from toolkit.metrics.registry import METRICS
from toolkit.metrics.shapes import planned
from toolkit.metrics.small import everything, told_of
from toolkit.movement import count_movement
from toolkit.result import interval_columns
from toolkit.tables import HISTORY_WEEK


@everything()  # weeks of too few cases are told apart from weeks without any
def figures(data, *asked):
    """The key figures of a report: metrics over the whole period, each against the period before.

    Parameters
    ----------
    data : Data
    asked : (metric, {choices}); one whose column the data or the result has not is left out. The choices are the
        metric's own, and of a card's: `value` (column), `table` (attribute of `data`), `best` ("low" or "high")

    Returns
    -------
    list of dict, one a figure: metric, column, unit, group ("volume", "speed", "experience"), case, n, value, low, high, previous, previous_n, change,
        change_low, change_high, p, verdict (Holm over the figures), direction ("better", "worse", "none"), status,
        target, population, note (of "no_data" with `why`: the key and the values of a message, or None), per_day (a count's change is that of a day, as the periods differ in length), year_ago:
        a dict of value, n, change, low, high, p, verdict (corrected as for ten figures, so that it is the same whatever
        stands beside) and direction, None where the data has none; history:
        of the last 13 weeks up to the period's end, each read at its own end, a dict of week (its Monday), value (null
        where it has too few cases, or the count of a part of a week), n (null where so few aren't told) and in_period; [] for fewer than four weeks

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
            held = getattr(data, table)
            with planned():
                function(held, **own)
        except (MissingColumn, MissingTable) as error:  # the others can be said all the same
            missing.append(error)
            continue
        tables.setdefault(table, []).append((place, function, value, best, own))
    if missing and not tables:
        raise missing[0]
    for table, cards in tables.items():
        # a metric that several cards tell of is computed once
        calls = {_call(card): (card[1], card[4], is_count(card[1], card[2])) for card in cards}
        listed = [*calls.values()]
        results = *results_of(data, table, listed), by_last_weeks(data, table, listed), of_year_ago(data, table, listed)
        found = dict(zip(calls, zip(*results, strict=True), strict=True))
        for card in cards:
            place, _, value, best, own = card
            now, before, history, weekly, past = found[_call(card)]
            if value is None or value in now.columns:
                made[place] = _card(data, table, now, before, value, best, history, own)
                made[place]["history"] = _history(data, made[place]["column"], weekly, window_of(card[1], own))
                made[place]["year_ago"] = _year_ago(data, table, now, past, made[place], best, history)
    cards = [made[place] for place in sorted(made)]
    return _decided(cards)


def _decided(cards):
    """The cards with their verdicts corrected for each other, as whoever looks at one looks at all of them."""
    for card, p in zip(
        cards, verdicts.holm([np.nan if card["p"] is None else card["p"] for card in cards]), strict=True
    ):
        if card["verdict"] == verdicts.CLEAR and not verdicts.is_clear(p):
            card |= {"verdict": verdicts.CHANCE, "direction": "none"}
    return cards


def _call(card):
    _, function, value, _, own = card
    return function.__name__, is_count(function, value), repr(sorted(own.items()))


def _card(data, table, now, before, value, best, history, choices):
    attrs = now.attrs
    value = value or attrs["value"]
    is_figure = attrs["units"].get(value) not in ("count", "text")
    best = attrs["best"] if best is None and is_figure else best
    days = days_of(data, data.previous) if before is not None else None
    steady = before is None or is_steady(data, table)
    against = previous_period(now, before, value, history, days, steady) if len(now) else None
    row = against.iloc[0] if len(now) else None
    counted = attrs.get("counts", {}).get(value, attrs["count"])
    n = 0 if row is None else int(row[counted])
    card = {
        "metric": attrs["metric"],
        "column": value,
        "unit": attrs["units"].get(value, "text"),
        "group": _group(now, value),
        "case": attrs.get("cases", {}).get(value, attrs["case"]),
        "n": n,
    }
    card |= dict.fromkeys(
        ("value", "low", "high", "previous", "previous_n", "change", "change_low", "change_high", "p")
    )
    card |= {"verdict": None, "direction": "none", "status": "none", "target": None, "note": None}
    card |= {
        "minimum_count": now.least(value),
        "population": choices.get(
            "channels", "every" if table == "conversations" and "channel" not in data.filters else "all"
        ),
    }
    card["per_day"] = against is not None and against.attrs["per_day"]
    if row is None or not n:
        return card | {"note": "no_data", "why": None if row is None else _why_none(now)}
    if n < now.least(value):
        return card | {"note": "few"}
    ends = interval_columns(now.columns).get(value)
    card |= {"value": _plain(row[value]), "verdict": row["verdict"] if before is not None else None}
    if ends:
        card |= {"low": _plain(now.iloc[0][ends[0]]), "high": _plain(now.iloc[0][ends[1]])}
    elif card["unit"] == "count" and history is not None and steady and not attrs.get("is_stock"):
        card |= dict(zip(("low", "high"), map(_plain, _count_interval(row[value], history, value)), strict=True))
    if card["value"] is None:
        card["note"] = attrs.get("when_null", {}).get(value)
        ended = attrs.get("roles", {}).get("ended")
        card["reached"] = _plain(now.iloc[0][ended]) if card["note"] == "not_reached" and ended in now else None
    for name in ("previous", "previous_n", "change", "change_low", "change_high", "p"):
        card[name] = _plain(row[name])
    if card["value"] is None and card["previous"] is None:  # of neither period there is a figure
        card |= {"p": None, "verdict": None}
    target = attrs.get("target")
    if target and target["of"] == value:
        card |= {"status": now.statuses()[0], "target": target["value"], "within_seconds": target.get("seconds")}
        best = target["best"]
    if card["verdict"] == verdicts.CLEAR:
        card["direction"] = verdicts.direction(card["change"], best)
    return card


def _why_none(now):
    """Why there is no case though the data has some, as the key and the values of a message: they are too young to judge, ..."""
    key = f"metric.{now.attrs['metric']}.also"
    for name in words.entry(key):
        n = float(now[name].sum()) if now.attrs["units"].get(name) == "count" and name in now.columns else 0.0
        if n > 0:
            return f"{key}.{name}", {"n": n, name: words.number(n)}
    return None


def _year_ago(data, table, now, past, card, best, history):
    """The figure of a year ago, and the change since; None where the card or the data has none."""
    if past is None or card["value"] is None or not len(past):
        return None
    row = against_year_ago(data, table, now, past, card["column"], history).iloc[0]
    names = {"value": "previous", "n": "previous_n", "low": "change_low", "high": "change_high"}
    made = {name: _plain(row[names.get(name, name)]) for name in ("value", "n", "change", "low", "high", "p")}
    is_few = card["unit"] != "count" and (made["n"] or 0) < max(now.least(card["column"]), 1)
    if made["value"] is None or is_few:
        return None
    best = best if best is not None or card["unit"] in ("count", "text") else now.attrs["best"]
    clear = row["verdict"] == verdicts.CLEAR
    way = verdicts.direction(made["change"], best or "") if clear and made["change"] is not None else "none"
    return made | {"verdict": row["verdict"], "direction": way}


def _group(result, value):
    """What a figure is of: how much came in, how fast it was answered, or how that was for the customer."""
    unit, target = result.attrs["units"].get(value), result.attrs.get("target") or {}
    if unit == "count":
        return "volume"
    is_timed = "target_seconds" in result.columns or (target.get("of") == value and "seconds" in target)
    return "speed" if unit == "seconds" or (unit == "rate" and is_timed) else "experience"


def _count_interval(n, history, value):
    return count_interval(n, count_movement(*history.of({}, [], value)))


def _plain(value):
    """A number that JSON can say: null for what isn't there."""
    return None if value is None or pd.isna(value) else float(value)


def _history(data, value, weekly, window):
    """The figure of each of the last weeks; that of one without a row is a count of 0, or no figure.

    A week whose cases haven't all had their window has no figure, as those that are judged first differ from the rest.
    """
    if weekly is None:
        return []
    weeks, attrs = data.last_weeks(numbered=True).read_later(window, data.as_of), weekly.attrs
    counted, is_count_ = attrs.get("counts", {}).get(value, attrs["count"]), attrs["units"].get(value) == "count"
    whole = {part.first_day: part.is_complete for part in weeks.parts("week")}
    gone, found = set(weeks.missing_days), weekly.set_index(weekly[HISTORY_WEEK].astype(int))
    small = ~told_of(weekly, data.service.privacy.smallest_group)[0]
    untold = set(weekly[HISTORY_WEEK].astype(int)[small & (weekly[counted] > 0).to_numpy(bool)])
    made = []
    for week in weeks.spans:
        row = found.loc[week.number] if week.number in found.index else None
        n = 0 if row is None else int(row[counted])
        if is_count_:
            is_cut = not whole[week.first_day] or any(week.first_day <= day <= week.last_day for day in gone)
            shown = None if is_cut else float(0 if row is None else row[value])
        else:
            is_told = row is not None and value in row and n >= max(weekly.least(value), 1)
            shown = _plain(row[value]) if is_told and weeks.is_due(week, window) else None
        is_within = data.period.start is None or week.last_day >= data.period.first_day
        if week.number in untold:
            shown = n = None
        made.append({"week": week.first_day.isoformat(), "value": shown, "n": n, "in_period": is_within})
    return made
