"""The words of a key figure: what it is, how sure, what changed, and how it stands against its target."""

import pandas as pd

from toolkit import words
from toolkit.result import format_value, signed

BEYOND = ("better", "worse")


def card_texts(figure):
    """A key figure in words, for a card, the report's bundle and the overview.

    Parameters
    ----------
    figure : dict of raw values; what isn't there is nothing
        label, value with its `unit`, `low`, `high`; `n` rows of a `case`, too few below `minimum`; `previous`,
        `change`, `change_low`, `change_high`, in `change_unit` where that isn't the unit's own ("relative": a share
        of what was before); `verdict` (a code), `direction` (better, worse, none); `target` and `status` (off, near,
        on, few, none); `population` and `note`, each a text, or the key of a message and its values as a pair.

    Returns
    -------
    dict of texts, but for `n`; "" where there is nothing to say. `direction` is of a clear change only.

    Examples
    --------
    >>> said = card_texts({"label": "CSAT", "value": 0.7, "unit": "rate", "n": 90, "case": "answer", "change": -0.1,
    ...     "verdict": "clear", "direction": "worse", "target": 0.8, "status": "off"})
    >>> said["cases"], said["verdict"], said["standing"]
    ('90 answers', 'worse, clear change', 'off target (target 80.0\\xa0%)')
    """
    unit, n = figure.get("unit", "number"), int(figure.get("n") or 0)
    said = {"label": figure["label"], "n": n, "cases": _cases(figure, n), "population": _said(figure.get("population"))}
    said |= {"note": _said(figure.get("note")), "status": figure.get("status") or "none", "direction": "none"}
    said |= dict.fromkeys(("low", "high", "interval", "previous", "change", "change_low", "change_high"), "")
    said |= dict.fromkeys(("change_interval", "verdict", "standing"), "")
    if not n and unit != "count":
        return said | {
            "value": words.text("pages.card.no_data"),
            "note": said["note"] or words.text("pages.card.no_case"),
        }
    if n < (figure.get("minimum") or 0):
        fewer = words.text("pages.card.fewer", cases=said["cases"], n=figure["minimum"])
        return said | {"value": words.text("pages.card.few"), "note": said["note"] or fewer}
    said["value"] = _value(figure.get("value"), unit)
    said |= _interval(figure.get("low"), figure.get("high"), unit)
    said |= _change(figure, unit)
    if said["status"] != "none" and _is_there(figure.get("target")):
        target = format_value(figure["target"], figure.get("target_unit", unit))
        said["standing"] = words.text(f"pages.status.{said['status']}", target=target)
    return said


def _is_there(value):
    return value is not None and not pd.isna(value)


def _cases(figure, n):
    return words.text(f"case.{figure['case']}", n=n) if figure.get("case") else ""


def _said(told):
    """A text, or the message of (key, values)."""
    if isinstance(told, (tuple, list)):
        return words.text(told[0], **told[1])
    return told or ""


def _value(value, unit):
    # a time that has no value is one that hasn't come yet
    return (
        words.text("tables.when_null.not_reached")
        if unit == "seconds" and not _is_there(value)
        else format_value(value, unit)
    )


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
    change_unit = figure.get("change_unit") or ("points" if unit == "rate" else f"change in {unit}")
    ends = [figure.get("change_low"), figure.get("change_high")]
    said["change"] = _signed(figure["change"], change_unit)
    if all(map(_is_there, ends)):
        low, high = (_signed(end, change_unit) for end in ends)
        said |= {"change_low": low, "change_high": high}
        said["change_interval"] = words.text("pages.card.interval", low=low, high=high)
    if verdict:
        direction = figure.get("direction")
        is_told = verdict == "clear" and direction in BEYOND
        said["direction"] = direction if is_told else "none"
        told = words.verdict(verdict)
        said["verdict"] = words.text(f"pages.verdict.{direction}", verdict=told) if is_told else told
    return said


def _signed(value, unit):
    return signed(words.percent(abs(value), 1), value) if unit == "relative" else format_value(value, unit)
