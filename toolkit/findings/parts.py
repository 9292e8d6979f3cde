"""What sentences of all shapes are made of: cases, estimates, places, targets, and a group that stands out."""

import math

import pandas as pd

from toolkit import claims, words
from toolkit.claims import place_keys
from toolkit.words import estimate, number, sentence_case, text, value_text

PROSE_UNITS = ("count", "rate", "seconds", "score", "number", "points")


def say(name, /, **values):
    return sentence_case(text(f"sentence.{name}", **values))


def word(result, name, /, **values):
    """What the result's metric is called, by the words of `metric.<name>`; an event may name a choice."""
    chosen = {key: value for key, value in result.attrs["choices"].items() if key not in values}
    return text(f"metric.{result.attrs['metric']}.{name}", **(chosen | values))


def event(result, n):
    return word(result, "event", n=int(n))


def cases(result, n):
    return text(f"case.{result.attrs['case']}", n=n)


def unit_of(result):
    """The unit of the figure that is told of a group."""
    defaults = {
        "count": "count",
        "grid": "number",
        "wait": "seconds",
        "mean": "seconds",
        "shares": "rate",
        "curve": "rate",
    }
    shape = result.attrs["shape"]
    return defaults[shape] if shape in ("shares", "curve") else result.attrs["units"].get(
        result.attrs["value"], defaults.get(shape, "rate")
    )  # fmt: skip


def place_of(result, row, keys=None):
    """Where a row stands; with the year where the result has days of several."""
    keys = place_keys(result) if keys is None else keys
    days = [pd.DatetimeIndex(result[key].dropna()) for key in keys if str(result[key].dtype).startswith("datetime64")]
    return words.place({key: row[key] for key in keys}, with_year=any(len(set(day.year)) > 1 for day in days))


def estimate_of(result, row):
    ends = [row[end] for end in result.attrs.get("ends", ())] or [math.nan, math.nan]
    return estimate(row[result.attrs["value"]], *ends, unit_of(result))


def figure_of(result, row):
    """The estimate of a group (a row of `claims.estimates`) with what it is of."""
    shape, of = result.attrs["shape"], cases(result, int(row["n"]))
    if pd.isna(row["value"]):  # a median that isn't reached
        if pd.isna(row["low"]):
            return text("figure.wait_not_reached", cases=of)
        return text("figure.wait_at_least", cases=of, low=words.duration(row["low"]))
    form = shape if shape in ("wait", "mean") else "rate"
    return text(f"figure.{form}", value=estimate(row["value"], row["low"], row["high"], unit_of(result)), cases=of)


def too_few(result):
    """The sentence for a result without a group that is large enough; None if there is one."""
    count, least = result.attrs.get("count", "n"), result.attrs.get("minimum_count", 1)
    if not len(result) or not result[count].sum():
        return say("no_data")
    if result.enough().any():
        return None
    if len(result) == 1:
        return say("too_few", cases=cases(result, int(result[count].iloc[0])), minimum=number(least))
    return say("too_few_groups", cases=cases(result, least))


def target_of(result):
    """What is said of the target: of one figure its status, of groups how many are off it."""
    target = result.attrs.get("target")
    if not target:
        return ""
    wanted = value_text(target["value"], "rate")
    told = [status for status in result.statuses() if status not in ("none", "few")]
    if len(result) > 1:
        off = told.count("off")
        form = "off_target" if target["of"] == result.attrs["value"] else "off_target_within"
        key, *more = place_keys(result) or ["group"]
        groups = text(f"many.{key}" if not more and words.has(f"many.{key}") else "many.group", n=len(told))
        return " " + say(f"group.{form}", target=wanted, off=number(off), groups=groups) if off else ""
    if not told:
        return ""
    row, about = result.iloc[0], {"target": wanted, "status": text(f"status.{told[0]}")}
    if target["of"] == result.attrs["value"]:
        return text("sentence.target", **about)
    value = estimate(*(row[target[name]] for name in ("of", "low", "high")), "rate")
    seconds = target.get("seconds", row.get("target_seconds"))
    if seconds is None or pd.isna(seconds):
        return " " + say("target_own", value=value, **about)
    return " " + say("target_within", seconds=words.duration(seconds), value=value, **about)


def also(result, values):
    """The metric's further sentences: one for each column or fact that it has words for and that is no 0."""
    shown, units = {}, result.attrs["units"]
    known = {name: value for name, value in values.items() if pd.api.types.is_number(value) and pd.notna(value)}
    for name, value in known.items():
        unit = units.get(name, "seconds" if name.endswith(("_median", "_seconds")) else "count")
        ends = [values.get(f"{name}_{end}", math.nan) for end in ("low", "high")]
        shown[name] = estimate(value, *ends, unit if unit in PROSE_UNITS else "number")
    also = words.entry(f"metric.{result.attrs['metric']}.also")
    said = [word(result, f"also.{name}", **(shown | {"n": float(known[name])})) for name in also if known.get(name)]
    return "".join(f" {sentence_case(one)}" for one in said)


def groups_of(result, subject, overall=None):
    """The group that stands out, first in harm's direction, or that none does."""
    unit, keys, groups = unit_of(result), place_keys(result), claims.estimates(result)
    told = groups[groups["is_told"].to_numpy(bool)]
    if len(told) == 1:
        row = told.iloc[0]
        said = say("group.single", subject=subject, place=place_of(result, row), figure=figure_of(result, row))
        return say("alone", sentence=said) if len(groups) > 1 else said
    if not len(told):
        return say("too_few_groups", cases=cases(result, result.attrs["minimum_count"]))
    found = claims.finding(result)
    if found is None:
        named = told[claims.is_named(told, keys)]
        return flat(subject, (named if len(named) else told)["value"], unit, keys)
    form = ["lower", "lowest", "higher", "highest"][2 * found.is_above + found.is_extreme]
    if unit == "seconds":
        form = {"lower": "shorter", "lowest": "shortest", "higher": "longer", "highest": "longest"}[form]
    rest = found.row["rest"]
    rest = text("sentence.group.not_reached") if pd.isna(rest) else value_text(rest, unit)
    about = {"place": place_of(result, found.row), "figure": figure_of(result, found.row), "rest": rest}
    said = say(f"group.{form}", subject=subject, **about)
    if overall is not None and len(overall) == 1 and pd.notna(overall[result.attrs["value"]].iloc[0]):
        return say("group.overall", sentence=said, value=value_text(overall[result.attrs["value"]].iloc[0], unit))
    return said


def flat(subject, values, unit, keys):
    """No group stands out: from which to which figure they lie."""
    known = values.dropna()
    key = keys[0] if len(keys) == 1 and words.has(f"none_of.{keys[0]}") else "group"
    about = {"none_of": text(f"none_of.{key}"), "subject": subject}
    if not len(known):
        return say("group.flat_unknown", **about)
    low, high = (value_text(value, unit) for value in (known.min(), known.max()))
    if len(known) < len(values):
        return say("group.flat_open", low=low, **about)
    if known.min() == known.max():
        return say("group.same", subject=subject, n=len(values), value=low)
    return say("group.flat", low=low, high=high, **about)
