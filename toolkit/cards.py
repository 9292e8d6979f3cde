"""The words of a key figure: what it is, how sure, what changed, and how it stands against its target."""

import pandas as pd

from toolkit import words
from toolkit.result import format_value, heading

BEYOND = ("better", "worse")
NO_VALUE = ("no_data", "few")  # notes of a figure that is not shown


def card_texts(figure):
    """A key figure in words, for a card, the report's bundle and the overview.

    Parameters
    ----------
    figure : dict of raw values, as `metrics.compare.figures` gives them
        metric and column, or a `label` of its own; value with its `unit`, `low`, `high`; `n` rows of a `case`;
        `previous`, `change`, `change_low`, `change_high` (of a count a share of what was before); `verdict` (a code),
        `per_day` (a change of counts per day); `within_seconds` (the time of a share in time); `direction` (better, worse, none); `target` and `status` (off, near, on, few, none); `population` (a code);
        `note`: a code (no_data, few with its `minimum_count`, not_reached), or the key of a message and its values.

    Returns
    -------
    dict of texts, but for `n`; "" where there is nothing to say. `direction` is of a clear change only.

    Examples
    --------
    >>> said = card_texts({"metric": "csat", "column": "csat", "value": 0.7, "unit": "rate", "n": 90, "case": "answer",
    ...     "change": -0.1, "verdict": "clear", "direction": "worse", "target": 0.8, "status": "off"})
    >>> said["cases"], said["verdict"], said["standing"]
    ('90 answers', 'worse, clear change', 'off target (target 80.0\\xa0%)')
    """
    unit, n = figure["unit"], int(figure.get("n") or 0)
    said = {"label": figure.get("label") or label(figure["metric"], figure["column"]), "n": n}
    if _is_there(figure.get("within_seconds")):
        said["label"] = words.text(
            "pages.card.within", label=said["label"], time=words.duration(figure["within_seconds"])
        )
    said |= {"cases": words.text(f"case.{figure['case']}", n=n), "population": _population(figure)}
    said |= dict.fromkeys(("low", "high", "interval", "previous", "change", "change_low", "change_high"), "")
    said |= dict.fromkeys(("change_interval", "verdict", "standing"), "")
    said |= {"direction": "none", "status": figure.get("status") or "none", "note": _note(figure, said["cases"])}
    if figure.get("note") in NO_VALUE:
        return said | {"value": words.text(f"pages.card.{figure['note']}")}
    said["value"] = _value(figure, unit)
    said |= _interval(figure.get("low"), figure.get("high"), unit)
    said |= _change(figure, unit)
    if said["status"] != "none" and _is_there(figure.get("target")):
        target = format_value(figure["target"], unit)
        said["standing"] = words.text(f"pages.status.{said['status']}", target=target)
    return said


def label(metric, column):
    """What a figure is called: its metric, and the column where that isn't what the metric is told by.

    >>> label("csat", "csat"), label("first_response_time", "p90_seconds")
    ('CSAT', '90\\xa0% answered within')
    """
    from toolkit.metrics.registry import METRICS

    own = f"metric.{metric}.figures.{column}"
    if words.has(own):
        return words.text(own)
    for key in (f"metric.{metric}.label", f"metric.{metric}.title"):
        if metric in METRICS and column == METRICS[metric].value and words.has(key):
            return words.text(key)
    title = words.text(f"metric.{metric}.title") if words.has(f"metric.{metric}.title") else heading(metric)
    return words.text("pages.card.of", label=title, figure=heading(column))


def _is_there(value):
    return value is not None and not pd.isna(value)


def _population(figure):
    """Which channels the figure is of, where not all."""
    code = figure.get("population")
    return words.text(f"pages.population.{code}") if words.has(f"pages.population.{code}") else ""


def _note(figure, cases):
    note = figure.get("note")
    if isinstance(note, (tuple, list)):
        return words.text(note[0], **note[1])
    if note == "few":
        return words.text("pages.card.fewer", cases=cases, n=figure["minimum_count"])
    return words.text("pages.card.no_case") if note == "no_data" else ""


def _value(figure, unit):
    code = f"tables.when_null.{figure.get('note')}"
    if not _is_there(figure.get("value")) and words.has(code):
        return words.text(code)
    return format_value(figure.get("value"), unit)


def _interval(low, high, unit):
    if not _is_there(low):
        return {}
    low, end = format_value(low, unit), format_value(high, unit)
    if not _is_there(high):
        return {"low": low, "interval": words.text("pages.card.from", low=low)}
    return {"low": low, "high": end, "interval": words.text("pages.card.interval", low=low, high=end)}


def _change(figure, unit):
    verdict, previous = figure.get("verdict"), figure.get("previous")
    said = {"previous": format_value(previous, unit) if _is_there(previous) else ""}
    if not _is_there(figure.get("change")):
        return said | ({"verdict": words.verdict(verdict)} if verdict and previous is not None else {})
    change_unit = {"rate": "points", "count": "change in percent"}.get(unit, f"change in {unit}")
    ends = [figure.get("change_low"), figure.get("change_high")]
    said["change"] = format_value(figure["change"], change_unit)
    if figure.get("per_day"):  # more in a longer period may be fewer a day
        said["change"] = words.text("pages.card.per_day", change=said["change"])
    if all(map(_is_there, ends)):
        low, high = (format_value(end, change_unit) for end in ends)
        said |= {"change_low": low, "change_high": high}
        said["change_interval"] = words.text("pages.card.interval", low=low, high=high)
    if verdict:
        direction = figure.get("direction")
        is_told = verdict == "clear" and direction in BEYOND
        said["direction"] = direction if is_told else "none"
        told = words.verdict(verdict)
        said["verdict"] = words.text(f"pages.verdict.{direction}", verdict=told) if is_told else told
    return said
