"""The words of a tile: what a figure is, how sure it is, how it stands against its target, and what changed."""

import pandas as pd

from toolkit import words
from toolkit.result import format_value, heading, signed

BEYOND = ("better", "worse")
NO_VALUE = ("no_data", "few")  # notes of a figure that is not shown
IN_PROSE = ("rate", "seconds", "count", "score", "net")  # units that prose has a shorter form of than tables


def card_texts(figure):
    """A key figure in the words of its tile.

    Parameters
    ----------
    figure : dict of raw values, as `metrics.compare.figures` gives them
        metric and column, or a `label` of its own; value with its `unit`, `low`, `high`; `n` rows of a `case`;
        `previous`, `change` (of a count a share of what was before), `verdict` (a code), `per_day` (a change of counts
        per day); `direction` (better, worse, none); `target` and `status` (off, near, on, few, none); `within_seconds`
        (the time of a share in time); `population` (a code); `year_ago`: None, or a dict of `value`, `change`, `verdict`
        and `direction`; `note`: a code (no_data, few with its `minimum_count`,
        not_reached, answered_only), or the key of a message and its values.

    Returns
    -------
    dict of texts, "" where there is nothing to say: `label`, `value`, `interval` (or what the figure is of), `status`
        and `standing` (its code and its word), `beside` (the target, else the figure before), `before`, `arrow`,
        `change`, `verdict`, `direction` (of a clear change only), `year_ago` (the figure then and the change since, in
        one line), `note`, `cases` (unless they are the value); `name` and `population`, where the label is of both

    Examples
    --------
    >>> said = card_texts({"metric": "csat", "column": "csat", "value": 0.7, "unit": "rate", "n": 90, "case": "answer",
    ...     "low": 0.6, "high": 0.79, "change": -0.1, "verdict": "clear", "direction": "worse", "previous": 0.8,
    ...     "target": 0.8, "status": "off"})
    >>> said["interval"], said["standing"], said["beside"], said["arrow"], said["change"], said["verdict"]
    ('60 to 79', 'off target', 'target 80\\xa0%', '▼', '10\\xa0points', 'worse, clear change')
    """
    unit, n, note = figure["unit"], int(figure.get("n") or 0), figure.get("note")
    cases, population = words.text(f"case.{figure['case']}", n=n), _population(figure)
    case = figure["case"] if figure["column"] == "n" else None
    made = label(figure["metric"], figure["column"], figure.get("within_seconds"), case)
    said = {"label": figure.get("label") or made}
    names = ("value", "interval", "standing", "beside", "before", "arrow", "change", "verdict", "year_ago")
    said |= dict.fromkeys(names, "")
    said |= {"status": "few" if note == "few" else figure.get("status") or "none", "direction": "none"}
    said |= {"note": _note(figure, cases), "cases": "" if unit == "count" and figure.get("value") == n else cases}
    interval = "" if note in NO_VALUE else _interval(figure, unit)
    said["interval"] = interval or population
    said |= {"name": said["label"], "population": population if interval else ""}
    if interval and population:
        said["label"] = words.text("pages.card.of_some", label=said["label"], population=population)
    if note in NO_VALUE:
        return said | {"value": "–" if figure.get("why") else words.text(f"pages.card.{note}"), "interval": ""}
    said |= {"value": _value(figure, unit), "standing": words.text(f"pages.status.{said['status']}")}
    n_before = figure.get("previous_n")
    is_few = unit != "count" and _is_there(n_before) and n_before < (figure.get("minimum_count") or 1)
    if _is_there(figure.get("previous")) and not is_few:
        said["before"] = words.text("pages.card.before", figure=_text(figure["previous"], unit))
    has_target = said["status"] != "none" and _is_there(figure.get("target"))
    target = words.text("pages.card.target", target=_text(figure["target"], unit)) if has_target else ""
    return said | {"beside": target or said["before"], "year_ago": _year_ago(figure, unit)} | _change(figure, unit)


def label(metric, column, seconds=None, case=None):
    """What a figure is called: its metric, and the column where that isn't what the metric is told by.

    Parameters
    ----------
    seconds : number, optional
        The time of a share in time.
    case : str, optional
        What a count counts.

    >>> label("csat", "csat"), label("average_speed_of_answer", "within_target", 20)
    ('CSAT', 'Answered within 20\\xa0s')
    """
    from toolkit.metrics.registry import METRICS

    if _is_there(seconds):
        time = words.duration(seconds)
        if words.has(f"metric.{metric}.figures.within_seconds"):
            return words.text(f"metric.{metric}.figures.within_seconds", time=time)
        return words.text("pages.card.of", label=label(metric, column), figure=time)
    for own in (f"metric.{metric}.figures.{case}", f"metric.{metric}.figures.{column}"):
        if words.has(own):
            return words.text(own)
    for key in (f"metric.{metric}.label", f"metric.{metric}.title"):
        if metric in METRICS and column == METRICS[metric].value and words.has(key):
            return words.text(key)
    title = words.text(f"metric.{metric}.title") if words.has(f"metric.{metric}.title") else heading(metric)
    return words.text("pages.card.of", label=title, figure=heading(column))


def _is_there(value):
    return value is not None and not pd.isna(value)


def _text(value, unit):
    """A value as prose says it: whole percents from 10 % up."""
    return words.value_text(value, unit) if unit in IN_PROSE else format_value(value, unit)


def _population(figure):
    """Which channels the figure is of, where that must be said."""
    code = figure.get("population")
    return words.text(f"pages.population.{code}") if words.has(f"pages.population.{code}") else ""


def _note(figure, cases):
    note = figure.get("note")
    if isinstance(note, (tuple, list)):
        return words.text(note[0], **note[1])
    if note == "not_reached":
        return _reached(figure)
    if note == "answered_only":
        return words.text("pages.card.answered_only")
    if note == "few":
        return words.text("pages.card.fewer", cases=cases, n=figure["minimum_count"])
    if note == "no_data" and figure.get("why"):
        key, values = figure["why"]
        return words.text(key, **values)
    return words.text("pages.card.no_case") if note == "no_data" else ""


def _reached(figure):
    """What is known where a median or another quantile isn't reached: how many have been so far.

    >>> _reached({"reached": 485, "n": 571}).replace("\xa0", " "), _reached({})
    ('85 % so far: 485 of 571', 'fewer have been so far')
    """
    hits, n = figure.get("reached"), figure.get("n")
    if not _is_there(hits) or not n:
        return words.text("pages.card.not_reached")
    about = {"share": words.value_text(hits / n, "rate"), "hits": words.number(hits), "total": words.number(n)}
    return words.text("pages.card.reached", **about)


def _value(figure, unit):
    code = f"tables.when_null.{figure.get('note')}"
    if not _is_there(figure.get("value")):
        return words.text(code) if words.has(code) else "–"
    return _text(figure["value"], unit)


def _interval(figure, unit):
    value, low, high = (figure.get(name) for name in ("value", "low", "high"))
    if not _is_there(low) or low == high:
        return ""
    if not _is_there(high) or not _is_there(value):
        return words.text("pages.card.from", low=_text(low, unit))
    ends = words.ends(value, low, high, unit) if unit in IN_PROSE else [format_value(end, unit) for end in (low, high)]
    return words.text("pages.card.interval", low=ends[0], high=ends[1])


def _change(figure, unit):
    change, verdict, direction = (figure.get(name) for name in ("change", "verdict", "direction"))
    told = words.verdict(verdict) if verdict else ""
    if not _is_there(change):
        return {"verdict": told if _is_there(figure.get("previous")) else ""}
    size = words.points(change) if unit in ("rate", "net") else _text(abs(change), "rate" if unit == "count" else unit)
    said = {"arrow": {"+": "▲", "−": "▼"}.get(signed(size, change)[0], ""), "change": size}
    if figure.get("per_day"):  # more in a longer period may be fewer a day
        key = "pages.card.per_day_more" if said["arrow"] == "▲" else "pages.card.per_day_fewer"
        said["change"] = words.text(key, change=size)
    if not said["arrow"]:  # that nothing changed needs no verdict
        return said | {"change": words.text("pages.card.same"), "verdict": told if verdict == "few" else ""}
    if verdict == "clear" and direction in BEYOND:
        return said | {"direction": direction, "verdict": words.text(f"pages.verdict.{direction}", verdict=told)}
    return said | {"verdict": told}


def change_text(value, before, figure):
    """How far a figure moved since it was `before`, without a word on how sure that is.

    Parameters
    ----------
    value, before : number, or None
    figure : dict of raw values
        Its `unit`, see `card_texts`.

    Returns
    -------
    dict of `arrow` and `change`, "" where there is nothing to compare

    >>> change_text(120, 100, {"unit": "count"}), change_text(None, 100, {"unit": "count"})
    ({'arrow': '▲', 'change': '20\\xa0%'}, {'arrow': '', 'change': ''})
    >>> change_text(300.0, 300.0, {"unit": "seconds"})
    {'arrow': '', 'change': 'unchanged'}
    """
    unit = figure.get("unit")
    if not _is_there(value) or not _is_there(before) or (unit == "count" and not before):
        return {"arrow": "", "change": ""}
    change = value / before - 1 if unit == "count" else value - before
    said = _change({"change": change}, unit)
    return {"arrow": said.get("arrow", ""), "change": said["change"]}


def _year_ago(figure, unit):
    """The figure of a year ago with the change since and how sure that is, in one line; "" where there is none."""
    past = figure.get("year_ago")
    if not past:
        return ""
    told = _change(past | {"per_day": figure.get("per_day"), "previous": past["value"]}, unit)
    moved = " ".join(filter(None, [told.get("arrow"), told.get("change")]))
    said = words.text("pages.card.year_ago", figure=_text(past["value"], unit))
    return ", ".join(filter(None, [said, moved, told["verdict"]]))
