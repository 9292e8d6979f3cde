"""What sentences of all shapes are made of: cases, estimates, places, and what more a metric says."""

import math

import pandas as pd

from toolkit import claims, words
from toolkit.claims import place_keys
from toolkit.words import estimate, number, text
from toolkit.words.names import OTHERS

PROSE_UNITS = ("count", "rate", "seconds", "score", "net", "number", "points")


def say(name, /, **values):
    """A message of `sentence`, as a clause."""
    return text(f"sentence.{name}", **values)


def word(result, name, /, **values):
    """What the result's metric is called, by the words of `metric.<name>`; an event may name a choice."""
    chosen = {key: words.unbroken(value) for key, value in result.attrs["choices"].items() if key not in values}
    return text(f"metric.{result.attrs['metric']}.{name}", **(chosen | values))


def event(result, n=2):
    """What the cases did; by default of several."""
    said = word(result, "event", n=int(n))
    return say("target.event", event=said, time=result.attrs["in_time"]) if "in_time" in result.attrs else said


def noun(result):
    """What the cases are called, without their number."""
    return text(f"cases.{result.attrs['case']}")


def name_of(table, keys):
    """The word for a column in a table of `names`, where it has one; that of any group otherwise, and of several keys."""
    return f"{table}.{keys[0] if len(keys) == 1 and words.has(f'{table}.{keys[0]}') else 'group'}"


def none_of(result, keys, n=None):
    """The subject of what holds of no group: no topic, or none of those that are shown, where others aren't.

    Small groups that are left out, and the rarest that are told together, have no name and are never named, whatever they say.

    Parameters
    ----------
    n : int, optional
        How many are shown; by default all of the result that have a name.
    """
    is_folded = any((result[key].astype(str) == OTHERS).any() for key in keys)
    if not is_folded and not result.attrs.get("untold"):
        return text(name_of("none_of", keys))
    named = pd.DataFrame(result)[claims.is_named(result, keys)]
    n = len(named.drop_duplicates(keys)) if n is None else n
    return say("flat.of_shown", groups=text(name_of("many", keys), n=n), n=n)


def none_at_all(result, keys, n=None):
    """That none stands out, in as few words as that can be said."""
    return (
        say("flat.bare")
        if none_of(result, keys) == text(name_of("none_of", keys))
        else say("flat.bare_shown", none_of=none_of(result, keys, n))
    )


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


def money(result, amount):
    """An amount with the currency of the costs, where service.toml names one."""
    currency = result.attrs["choices"].get("currency")
    return text("sentence.money", value=amount, currency=currency) if currency else amount


def place_of(result, row, keys=None):
    """Where a row stands; with the year where the result has days of several."""
    keys = place_keys(result) if keys is None else keys
    days = [pd.DatetimeIndex(result[key].dropna()) for key in keys if str(result[key].dtype).startswith("datetime64")]
    return words.place({key: row[key] for key in keys}, with_year=any(len(set(day.year)) > 1 for day in days))


def so_far(result):
    """Up to when it is known that something hasn't ended: the reading; of waits cut short otherwise, in the metric's words."""
    own = f"metric.{result.attrs['metric']}.so_far"
    return text(own if words.has(own) else "sentence.wait.so_far")


def estimate_of(result, row):
    ends = [row[end] for end in result.attrs.get("ends", ())] or [math.nan, math.nan]
    return estimate(row[result.attrs["value"]], *ends, unit_of(result))


def figure_of(result, row):
    """The estimate of a group (a row of `claims.estimates`) with what it is of."""
    shape, of = result.attrs["shape"], cases(result, int(row["n"]))
    if pd.isna(row["value"]):  # a median that isn't reached
        if pd.isna(row["low"]):
            return text("figure.wait_not_reached", cases=of, so_far=so_far(result))
        return text("figure.wait_at_least", cases=of, so_far=so_far(result), low=words.duration(row["low"]))
    form = {"wait": "wait", "mean": "mean", "score": "mean", "figure": "mean"}.get(shape, "rate")
    value = estimate(row["value"], row["low"], row["high"], unit_of(result))
    if form == "rate" and pd.notna(row["hits"]):
        return text("figure.counted", hits=number(row["hits"]), value=value, cases=of)
    return text(f"figure.{form}", value=value, cases=of)


def too_few(result):
    """The clause for a result without a group that is large enough; None if there is one."""
    count, least = result.attrs.get("count", "n"), result.attrs.get("minimum_count", 1)
    if not len(result) or not result[count].sum():
        return why_none(result)
    if result.enough().any():
        return None
    if len(result) == 1:
        return say("too_few", cases=cases(result, int(result[count].iloc[0])), minimum=number(least))
    return say("too_few_groups", cases=cases(result, least))


def why_none(result):
    """The clause for a result without a case: what there is besides, such as cases too young to judge."""
    if words.has(f"metric.{result.attrs['metric']}.nothing"):
        return word(result, "nothing")
    counts = [name for name, unit in result.attrs["units"].items() if unit == "count" and name in result.columns]
    clauses = also(result, {name: float(result[name].sum()) for name in counts})
    return say("none_counted", why=words.joined(clauses)) if clauses else say("no_data")


def also(result, values):
    """The metric's further clauses: one for each column or fact that it has words for and that is no 0."""
    shown, units = {}, result.attrs["units"]
    known = {
        name: value
        for name, value in values.items()
        if pd.api.types.is_number(value) and not isinstance(value, bool) and pd.notna(value)
    }
    for name, value in known.items():
        unit = units.get(name, "seconds" if name.endswith(("_median", "_seconds")) else "count")
        ends = [values.get(f"{name}_{end}", math.nan) for end in ("low", "high")]
        shown[name] = estimate(value, *ends, unit if unit in PROSE_UNITS else "number")
    also = words.entry(f"metric.{result.attrs['metric']}.also")
    return [word(result, f"also.{name}", **(shown | {"n": float(known[name])})) for name in also if known.get(name)]
