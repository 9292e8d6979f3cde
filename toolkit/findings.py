"""Findings: `sentence(result)` says in one or two sentences what a result shows, by the result's shape.

What may be said is decided in `claims`, how it is said in the catalogue of words; here the two meet. Names of groups
are the customer's data and returned as plain text: whoever shows them escapes them.
"""

import math

import pandas as pd

from toolkit import claims, words
from toolkit.claims import PERIODS, group_keys, place_keys
from toolkit.errors import BadParameter
from toolkit.intervals import wilson
from toolkit.result import Result
from toolkit.verdicts import CHANCE, CLEAR
from toolkit.words import display_name, estimate, number, sentence_case, short_name, text, value_text

NEAR, FAR = claims.NEAR, 86_400  # of a curve are told the shares within an hour and a day
MOST_NAMED = 3  # groups whose changes are listed
PROSE_UNITS = ("count", "rate", "seconds", "score", "number", "points")
value_name = display_name  # a key's value, as charts call it too

__all__ = ["check_result", "find_quality", "group_keys", "sentence", "short_name", "value_name"]


def check_result(name, result):
    """BadParameter naming the function unless it is given the result of a metric."""
    if not isinstance(result, Result) or result.attrs.get("shape") not in SAYS:
        raise BadParameter(f"{name} takes the result of a metric, not a {type(result).__name__}")


def sentence(result, overall=None, period=None, comparison=None):
    """What a result shows, in one or two sentences.

    Parameters
    ----------
    result : Result of any metric, or a comparison of two
    overall : Result without groups, optional
        The same figure in all, told beside that of a group.
    period : Period, optional
        Of changes from one day, week or month to the next only those within it are told.
    comparison : Result, optional
        The same result against the period before: its change is told, too.

    Raises
    ------
    BadParameter
        It isn't the result of a metric.

    Examples
    --------
    >>> frame = pd.DataFrame({"n": [412], "abandoned_count": [58], "abandonment_rate": [0.1408], "low": [0.11], "high": [0.18]})
    >>> result = Result.of(frame, "abandonment_rate", {"abandonment_rate": "rate"})
    >>> result.attrs |= {"shape": "rate", "case": "call", "value": "abandonment_rate", "ends": ("low", "high")}
    >>> result.attrs |= {"roles": {"hits": "abandoned_count"}, "best": "low"}
    >>> sentence(result).replace(words.NO_BREAK, " ")
    '58 of 412 calls hung up before an agent answered: 14 % (11 to 18).'
    """
    check_result("sentence", result)
    said = SAYS[result.attrs["shape"]](result, overall=overall, period=period)
    return f"{said} {_comparison(comparison, after=True)}" if comparison is not None else said


# --- the parts of sentences ---------------------------------------------------------------------------


def _say(name, **values):
    return sentence_case(text(f"sentence.{name}", **values))


def _word(result, name, **values):
    """What the result's metric is called, by the words of `metric.<name>`; an event may name a choice."""
    chosen = {key: value for key, value in result.attrs["choices"].items() if key not in values}
    return text(f"metric.{result.attrs['metric']}.{name}", **(chosen | values))


def _event(result, n):
    return _word(result, "event", n=int(n))


def _cases(result, n):
    return text(f"case.{result.attrs['case']}", n=n)


def _unit(result):
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


def _place(result, row, keys=None):
    """Where a row stands; with the year where the result has days of several."""
    keys = place_keys(result) if keys is None else keys
    days = [pd.DatetimeIndex(result[key].dropna()) for key in keys if str(result[key].dtype).startswith("datetime64")]
    return words.place({key: row[key] for key in keys}, with_year=any(len(set(day.year)) > 1 for day in days))


def _estimate(result, row):
    low, high = result.attrs.get("ends", ("low", "high"))
    return estimate(row[result.attrs["value"]], row[low], row[high], _unit(result))


def _figure(result, row):
    """The estimate of a group (a row of `claims.estimates`) with what it is of."""
    shape, cases = result.attrs["shape"], _cases(result, int(row["n"]))
    if pd.isna(row["value"]):  # a median that isn't reached
        if pd.isna(row["low"]):
            return text("figure.wait_not_reached", cases=cases)
        return text("figure.wait_at_least", cases=cases, low=words.duration(row["low"]))
    form = shape if shape in ("wait", "mean") else "rate"
    return text(f"figure.{form}", value=estimate(row["value"], row["low"], row["high"], _unit(result)), cases=cases)


def _too_few(result):
    """The sentence for a result without a group that is large enough; None if there is one."""
    count, least = result.attrs.get("count", "n"), result.attrs.get("minimum_count", 1)
    if not len(result) or not result[count].sum():
        return _say("no_data")
    if result.enough().any():
        return None
    if len(result) == 1:
        return _say("too_few", cases=_cases(result, int(result[count].iloc[0])), minimum=number(least))
    return _say("too_few_groups", cases=_cases(result, least))


def _target(result):
    """What is said of the target: of one figure its status, of groups how many are off it."""
    target = result.attrs.get("target")
    if not target:
        return ""
    wanted = value_text(target["value"], "rate")
    told = [status for status in result.statuses() if status not in ("none", "few")]
    if len(result) > 1:
        off = told.count("off")
        return " " + _say("group.off_target", target=wanted, off=number(off), n=len(told)) if told else ""
    if not told:
        return ""
    row, about = result.iloc[0], {"target": wanted, "status": text(f"status.{told[0]}")}
    if target["of"] == result.attrs["value"]:
        return text("sentence.target", **about)
    value = estimate(*(row[target[name]] for name in ("of", "low", "high")), "rate")
    seconds = target.get("seconds", row.get("target_seconds"))
    if seconds is None or pd.isna(seconds):
        return " " + _say("target_own", value=value, **about)
    return " " + _say("target_within", seconds=words.duration(seconds), value=value, **about)


def _also(result, values):
    """The metric's further sentences: one for each column or fact that it has words for and that is no 0."""
    shown, units = {}, result.attrs["units"]
    known = {name: value for name, value in values.items() if pd.api.types.is_number(value) and pd.notna(value)}
    for name, value in known.items():
        unit = units.get(name, "seconds" if name.endswith(("_median", "_seconds")) else "count")
        ends = [values.get(f"{name}_{end}", math.nan) for end in ("low", "high")]
        shown[name] = estimate(value, *ends, unit if unit in PROSE_UNITS else "number")
    also = words.entry(f"metric.{result.attrs['metric']}.also")
    said = [_word(result, f"also.{name}", **(shown | {"n": float(known[name])})) for name in also if known.get(name)]
    return "".join(f" {sentence_case(one)}" for one in said)


def _groups(result, subject, overall=None):
    """The group that stands out, first in harm's direction, or that none does."""
    unit, keys, groups = _unit(result), place_keys(result), claims.estimates(result)
    told = groups[groups["is_told"].to_numpy(bool)]
    if len(told) == 1:
        row = told.iloc[0]
        said = _say("group.one", subject=subject, place=_place(result, row), figure=_figure(result, row))
        return _say("alone", sentence=said) if len(groups) > 1 else said
    if not len(told):
        return _say("too_few_groups", cases=_cases(result, result.attrs["minimum_count"]))
    is_harm_high = result.attrs.get("best") != "high"
    found = claims.standout(result, above=is_harm_high) or claims.standout(result, above=not is_harm_high)
    if found is None:
        return _flat(result, subject, told["value"], unit, keys)
    form = ["lower", "lowest", "higher", "highest"][2 * found.is_above + found.is_extreme]
    if unit == "seconds":
        form = {"lower": "shorter", "lowest": "shortest", "higher": "longer", "highest": "longest"}[form]
    low, high = found.rest
    rest = text("sentence.group.no_rest") if pd.isna(low) else value_text(low, unit)
    if high > low and value_text(high, unit) != rest:
        rest = text("sentence.group.range", low=rest, high=value_text(high, unit))
    about = {"place": _place(result, found.row), "figure": _figure(result, found.row), "rest": rest}
    said = _say(f"group.{form}", subject=subject, **about)
    if overall is not None and len(overall) == 1 and pd.notna(overall[result.attrs["value"]].iloc[0]):
        return _say("group.overall", sentence=said, value=value_text(overall[result.attrs["value"]].iloc[0], unit))
    return said


def _flat(result, subject, values, unit, keys):
    """No group stands out: from which to which figure they lie."""
    known = values.dropna()
    key = keys[0] if len(keys) == 1 and words.has(f"none_of.{keys[0]}") else "group"
    about = {"none_of": text(f"none_of.{key}"), "subject": subject}
    if not len(known):
        return _say("group.flat_unknown", **about)
    low, high = (value_text(value, unit) for value in (known.min(), known.max()))
    if len(known) < len(values):
        return _say("group.flat_open", low=low, **about)
    if known.min() == known.max():
        return _say("group.same", subject=subject, n=len(values), value=low)
    return _say("group.flat", low=low, high=high, **about)


# --- by shape -----------------------------------------------------------------------------------------


def _count(result, **context):
    facts, keys = result.attrs.get("facts", {}), group_keys(result)
    if not len(result) or not result["n"].sum():
        return _say("no_data")
    if "scored" in facts:
        return _scored(result, facts, keys[-1])
    total = int(result["n"].sum())
    said = _say("count.whole", cases=_cases(result, total), event=_event(result, total))
    # a part of a week says nothing of a week, and a day that is missing from the data isn't one without contacts
    whole = pd.DataFrame(result).reset_index(drop=True).drop(index=list(result.attrs.get("partial", ())))
    for key in keys:
        sums = whole.groupby(key, observed=True, dropna=False, sort=False)["n"].sum(min_count=1).dropna()
        if key in PERIODS and len(sums) > 1:
            about = {"mean": number(sums.mean(), 1), "period": text(f"period.{key}")}
            said = _say("count.per_period", cases=_cases(result, total), event=_event(result, total), **about)
    for key in keys:
        sums = whole.groupby(key, observed=True, dropna=False, sort=False)["n"].sum(min_count=1).dropna()
        named = sums[[not words.is_none(value) for value in sums.index]]
        if len(sums) < 2 or not len(named):
            continue
        top, form = named.idxmax(), "most"
        if key in claims.TIME_PARTS:
            top, form = claims.peak(named), "peak"
        elif (named == named.max()).sum() > 1:
            top = None
        if top is not None:
            about = {"number": number(named[top]), "share": value_text(named[top] / sums.sum(), "rate")}
            said += " " + _say(f"count.{form}", place=_place(result, {key: top}, [key]), **about)
    return said


def _scored(result, facts, key):
    """How many of the cases were scored, and by what, which is the last key."""
    scored, total = facts["scored"], facts["total"]
    if not scored:
        return _say("count.scored_none", cases=_cases(result, total))
    by = pd.DataFrame(result).groupby(key, observed=True, sort=False)["n"].sum().sort_values(ascending=False)
    named = [(display_name(name, key, in_sentence=True), n) for name, n in by.items() if not words.is_none(name)]
    parts = [text("sentence.count.scored_by", number=number(n), name=name) for name, n in named]
    about = {"cases": _cases(result, total), "share": value_text(scored / total, "rate"), "list": words.joined(parts)}
    said = _say("count.scored", scored=number(scored), **about)
    return f"{said} {_say('count.rest', n=total - scored)}" if total > scored else said


def _rate(result, overall=None, **context):
    said = _too_few(result)
    if said:
        return said
    keys, hits = place_keys(result), result.attrs["roles"]["hits"]
    is_parts = any(str(column).startswith("share_of_") for column in result.columns)
    if result.attrs.get("ordered") and not is_parts:  # the same cases counted in other ways: none is the highest
        enough = result[result.enough().to_numpy(bool)]
        names = [display_name(row[keys[-1]], keys[-1], in_sentence=True) for _, row in enough.iterrows()]
        values = [_estimate(result, row) for _, row in enough.iterrows()]
        items = [text("sentence.group.item", name=name, value=value) for name, value in zip(names, values, strict=True)]
        return _say("group.side_by_side", subject=_word(result, "subject"), list=words.joined(items))
    total = int(result[hits].sum())
    n = int(result["n"].max() if is_parts else result["n"].sum())
    if not total:
        return _say("none", cases=_cases(result, n), event=_event(result, 0))
    if keys and len(result) > 1:
        said = _groups(result, _word(result, "subject"), overall)
        most = claims.most(result) if result.attrs.get("best") == "low" else None
        if most is None:
            return said + _target(result)
        about = {"place": _place(result, most), "hits": number(most["hits"])}
        return _say("group.most", cases=_cases(result, total), event=_event(result, total), **about) + f" {said}"
    row = result.iloc[0]
    about = {"hits": number(row[hits]), "cases": _cases(result, n), "event": _event(result, row[hits])}
    about |= {"value": _estimate(result, row), "target": _target(result)}
    if keys:
        return _say("rate.whole_at", place=_place(result, row), **about)
    return _say("rate.whole", **about) + _also(result, dict(row) | result.attrs.get("facts", {}))


def _wait(result, overall=None, **context):
    said = _too_few(result)
    if said:
        return said
    if place_keys(result):
        said = _groups(result, _word(result, "subject"), overall)
        return f"{said} {_ends(result, ('open', 'otherwise'))}".rstrip() + _target(result)
    row = result.iloc[0]
    # what is over can't change any more
    ended = "" if row[result.attrs["roles"]["open"]] else "_ended"
    about = {"cases": _cases(result, int(row["n"])), "event": _event(result, row["n"])}
    if pd.isna(row[result.attrs["value"]]):
        said = _say(f"wait.less{ended}", **about)
    elif pd.isna(row["p90_seconds"]):
        said = _say(f"wait.half{ended}", value=_estimate(result, row), **about)
    else:
        said = _say("wait.whole", value=_estimate(result, row), p90=words.duration(row["p90_seconds"]), **about)
    return f"{said} {_ends(result, ('ended', 'open', 'otherwise'))}" + _target(result)


def _ends(result, told):
    """How many ended, are waiting, ended otherwise: three numbers, each where it isn't 0."""
    metric, roles = result.attrs["metric"], result.attrs["roles"]
    sums = {role: int(result[roles[role]].sum()) for role in ("ended", "open", "otherwise") if role in roles}
    if not sums["open"] and not sums.get("otherwise"):
        return _say("wait.all", ended=_word(result, "ended", n=sums["ended"])) if "ended" in told else ""
    parts = []
    for role in [role for role in told if sums.get(role)]:
        name = "still" if role == "open" else role
        key = f"metric.{metric}.{name}" if words.has(f"metric.{metric}.{name}") else f"sentence.wait.{name}"
        parts.append(text(key, n=sums[role]))
    return _say("wait.ends", list=words.joined(parts)) if parts else ""


def _mean(result, overall=None, **context):
    said = _too_few(result)
    if said:
        return said
    facts = result.attrs.get("facts", {})
    if place_keys(result):
        return _groups(result, _word(result, "subject"), overall) + _target(result) + _also(result, facts)
    row, form = result.iloc[0], "whole"
    about = {"cases": _cases(result, int(row["n"])), "value": _estimate(result, row)}
    if "p90_seconds" in row and pd.notna(row["p90_seconds"]):
        about |= {"median": words.duration(row["median_seconds"]), "p90": words.duration(row["p90_seconds"])}
        form = "p90" if result.attrs["value"] == "median_seconds" else "spread"
    said = _say(f"mean.{form}", subject=_word(result, "subject"), **about)
    return said + _target(result) + _also(result, dict(row) | facts)


def _curve(result, **context):
    if not len(result):
        return _say("no_data")
    keys, least = group_keys(result), result.attrs.get("facts", {}).get("minimum_count", 1)
    near, far = (claims.within(pd.DataFrame(result), keys, seconds) for seconds in (NEAR, FAR))
    if keys:
        about = {"event": _event(result, 2), "time": words.duration(NEAR)}
        return _groups(result, text("sentence.curve.subject", **about))
    cases, row, later = _cases(result, int(near["n"].iloc[0])), near.iloc[0], far.iloc[0]
    if row["n"] < least:
        return _say("too_few", cases=cases, minimum=number(least))
    about = {"near_time": words.duration(NEAR), "far_time": words.duration(FAR), "event": _event(result, row["n"])}
    values = [estimate(one["share"], one["low"], one["high"], "rate") for one in (row, later)]
    return _say("curve.whole", cases=cases, near=values[0], far=values[1], **about)


def _shares(result, period=None, **context):
    said, keys = _too_few(result), group_keys(result)
    if said:
        return said
    if "part" in result.attrs:
        whole = _parts(result, result.attrs["part_words"])
        subject = text("sentence.shares.subject", part=words.part_name(*result.attrs["part_words"][0]))
        return f"{_groups(result, subject)} {whole}" if keys else whole
    every = next((key for key in keys if key in PERIODS and not pd.api.types.is_string_dtype(result[key])), None)
    if every and "verdict" in result.columns:
        rows = result[claims.in_period(result[every], every, period)]
        return _changes(rows, every) if len(rows) and rows["n"].sum() else _say("no_data")
    if keys and len(result) > 1:
        return _groups(result, _word(result, "subject"))
    return _parts(result, [(part, {}) for part in result.attrs["parts"]])


def _parts(result, names):
    """The parts of all the groups together: of spans of time the first, and the states in full."""
    tidy, items = result.parts(), []
    tidy["part"] = tidy["part"].astype(str)
    total = int(tidy.loc[tidy["part"] == result.attrs["parts"][0], "total"].sum())
    for code, (name, ends) in zip(result.attrs["parts"], names, strict=True):
        part = tidy[tidy["part"] == code]
        if name in ("between", "after"):
            continue
        if len(part) == 1:  # as it stands there: the interval may carry more than n
            share, low, high = part.iloc[0][["share", "low", "high"]]
        else:
            (low,), (high,) = wilson([part["n"].sum()], [total])
            share = part["n"].sum() / total
        items.append(
            text("sentence.shares.item", value=estimate(share, low, high, "rate"), part=words.part_name(name, ends))
        )
    return _say("shares.list", cases=_cases(result, total), list=words.joined(items))


def _changes(result, every):
    """The largest clear change from one period to the next, or that none is clear."""
    attrs, subject, period = result.attrs, _word(result, "subject"), text(f"period.{every}")
    clear = result[(result["verdict"] == CLEAR).to_numpy(bool)]
    if not len(clear):
        whole = _parts(result, [(part, {}) for part in attrs["parts"]])
        if result["change"].isna().all():
            return f"{whole} {_say('shares.no_neighbour', period=period)}"
        return f"{_say('shares.steady', subject=subject, period=period)} {whole}"
    harm = -1 if attrs.get("best") == "high" else 1
    sign = harm if (harm * clear["change"]).max() > 0 else -harm
    top = clear.loc[(sign * clear["change"]).idxmax()]
    is_most = sign * top["change"] >= (sign * result["change"]).max()
    value = attrs["value"]
    about = {
        "place": _place(result, top),
        "points": words.points(top["change"]),
        "cases": _cases(result, int(top["n"])),
    }
    about["value"] = estimate(top[value], top[f"{value}_low"], top[f"{value}_high"], "rate")
    said = _say(f"shares.{'rose' if sign > 0 else 'fell'}{'' if is_most else '_clearly'}", subject=subject, **about)
    return f"{said} {_say('shares.others', n=len(clear) - 1)}" if len(clear) > 1 else said


def _grid(result, **context):
    if not len(result) or not result["n"].sum():
        return _say("no_data")
    found = result.attrs.get("facts", {}).get("standout")
    row = result.loc[result["mean"].idxmax() if found is None else found]
    about = {"place": _place(result, row, ["weekday", "hour"]), "mean": _cases(result, round(float(row["mean"]), 1))}
    if pd.isna(row["low"]):
        return _say("grid.few", **about)
    about |= {"low": number(row["low"], 1), "high": number(row["high"], 1)}
    return _say("grid.flat", **about) if found is None else _say("grid.peak", subject=_word(result, "subject"), **about)


def _pull(result, **context):
    said = _too_few(result)
    if said:
        return said
    rate, keys, subject = (
        list(result.columns)[list(result.columns).index("low") - 1],
        group_keys(result),
        _word(result, "subject"),
    )
    n = int(result["n"].sum())
    total = float((result[rate] * result["n"]).sum() / n)
    clear = result[(result["verdict"] == CLEAR).to_numpy(bool)]
    clear = clear[claims.is_named(clear, keys)]
    texts = []
    for form, sign in (("down", -1), ("up", 1)):
        rows = clear[sign * clear["pull"] > 0]
        if not len(rows):
            continue
        row = rows.loc[(sign * rows["pull"]).idxmax()]
        ends = sorted(sign * row[["pull_low", "pull_high"]].astype(float))
        about = {"name": words.joined(display_name(row[key], key) for key in keys), "subject": subject}
        about |= {"points": estimate(abs(row["pull"]), *ends, "points"), "cases": _cases(result, int(row["n"]))}
        about |= {"value": value_text(row[rate], "rate"), "event": _event(result, row["n"])}
        about |= {"without": value_text(total - row["pull"], "rate"), "total": value_text(total, "rate")}
        texts.append(_say(f"pull.{form}", **about))
    if texts:
        return " ".join(texts)
    key = keys[0] if len(keys) == 1 and words.has(f"none_of.{keys[0]}") else "group"
    about = {"none_of": text(f"none_of.{key}"), "cases": _cases(result, n), "total": value_text(total, "rate")}
    return _say("pull.flat", subject=subject, **about)


def _listing(result, **context):
    facts = result.attrs["facts"]  # of all the cases, of which the rows may be some
    total = facts["total"]
    if not total:
        return _say("listing.none")
    known = {name: number(facts[name]) for name in ("worst", "with_comment") if name in facts}
    form = "whole" if len(known) == 2 else "plain"
    said = _say(f"listing.{form}", cases=_cases(result, total), event=_event(result, total), **known)
    return f"{said} {_say('listing.shown', n=len(result))}" if len(result) < total else said


def _comparison(result, after=False, **context):
    """The change against the period before: of one figure, or of the groups whose change is clear."""
    if not len(result):
        return _say("no_data")
    prefix, subject = "after_" if after else "", _word(result, "subject")
    if len(result) == 1 and not place_keys(result):
        row = result.iloc[0]
        verdict = row["verdict"]
        form = verdict if verdict in (CLEAR, CHANCE) else "other" if pd.notna(row["change"]) else "missing"
        about = {"subject": subject, "value": _estimate(result, row), "change": _change(result, row)}
        about["verdict"] = _direction(result, row) if form == CLEAR else words.verdict(verdict)
        return _say(f"comparison.{prefix}{form}", **about)
    clear = result[(result["verdict"] == CLEAR).to_numpy(bool)]
    tested = int(result["verdict"].isin([CLEAR, CHANCE]).sum())
    if not len(clear):
        return (
            _say("comparison.groups_none", subject=subject, n=tested) if tested else _say("comparison.groups_untested")
        )
    clear = clear.reindex(clear["change"].abs().sort_values(ascending=False, kind="stable").index)
    items = []
    for _, row in clear.iloc[:MOST_NAMED].iterrows():
        name = words.joined(display_name(row[key], key) for key in result.attrs["rows"])
        about = {"change": _change(result, row), "value": value_text(row[result.attrs["value"]], _unit(result))}
        items.append(text("sentence.comparison.group", name=name, **about))
    said = _say("comparison.groups", subject=subject, list=words.joined(items))
    more = len(clear) - MOST_NAMED
    return f"{said} {_say('comparison.groups_others', n=more)}" if more > 0 else said


def _change(result, row):
    """ "up 2.8 points (0.9 to 4.7)"."""
    change, unit = row["change"], result.attrs["units"].get("change", "number").removeprefix("change in ")
    if pd.isna(change) or not change:
        return text("sentence.comparison.same") if change == 0 else ""
    sign = 1 if change > 0 else -1
    ends = sorted(sign * float(row[end]) for end in ("change_low", "change_high"))
    return text(f"sentence.comparison.{'up' if sign > 0 else 'down'}", size=estimate(abs(change), *ends, unit))


def _direction(result, row):
    best = result.attrs.get("best", "")
    form = "changed" if not best else "better" if (row["change"] > 0) == (best == "high") else "worse"
    return text(f"sentence.comparison.{form}")


def find_quality(counts):
    """How many rows were read, set aside and mended, and in which table most were set aside.

    >>> find_quality(pd.DataFrame({"table": ["calls"], "rows_in": [200], "rejected": [3], "repaired": [1]})).replace("\\xa0", " ")
    '200 rows were read; 3 (1.5 %) were set aside, and 1 value was mended.'
    """
    counts = pd.DataFrame(counts)
    if "derived" in counts.columns:  # made from other tables: not read
        counts = counts[~counts["derived"].astype(bool)]
    total = int(counts["rows_in"].sum()) if len(counts) else 0
    if not total:
        return _say("quality.none")
    out, mended = int(counts["rejected"].sum()), int(counts["repaired"].sum())
    read = text("sentence.quality.read", n=total)
    if len(counts) > 1:
        read = text("sentence.quality.read_tables", rows=read, tables=number(len(counts)))
    if not out and not mended:
        return _say("quality.clean", read=read)
    aside = text("sentence.quality.aside", n=out, share=value_text(out / total, "rate"))
    if len(counts) > 1 and out:
        worst = counts.loc[counts["rejected"].idxmax()]
        about = {"table": short_name(worst["table"]), "rejected": number(worst["rejected"])}
        aside = text("sentence.quality.most", aside=aside, rows=number(worst["rows_in"]), **about)
    return _say("quality.whole", read=read, aside=aside, mended=text("sentence.quality.mended", n=mended))


SAYS = {
    "count": _count,
    "rate": _rate,
    "wait": _wait,
    "mean": _mean,
    "curve": _curve,
    "shares": _shares,
    "grid": _grid,
    "pull": _pull,
    "listing": _listing,
    "comparison": _comparison,
}
