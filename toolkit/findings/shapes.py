"""A sentence by shape: each function takes a result of its shape and says what it shows."""

import math

import numpy as np
import pandas as pd

from toolkit import claims, words
from toolkit.claims import group_keys, place_keys
from toolkit.clock import PARTS
from toolkit.clock.timeline import PERIODS
from toolkit.findings.parts import (
    also,
    cases,
    estimate_of,
    event,
    groups_of,
    place_of,
    say,
    target_of,
    too_few,
    word,
)
from toolkit.intervals import wilson
from toolkit.verdicts import CHANCE, CLEAR
from toolkit.words import display_name, estimate, number, text, value_text

NEAR, FAR = claims.NEAR, 86_400  # of a curve are told the shares within an hour and a day


def count(result, **context):
    facts, keys = result.attrs.get("facts", {}), group_keys(result)
    if not len(result) or not result["n"].sum():
        return say("no_data")
    if "scored" in facts:
        return _scored(result, facts, keys[-1])
    total = int(result["n"].sum())
    if "cost" in result.columns:
        return _cost(result, total)
    said = say("count.whole", cases=cases(result, total), event=event(result, total))
    # a part of a week says nothing of a week, and a day that is missing from the data isn't one without contacts
    whole = pd.DataFrame(result).reset_index(drop=True).drop(index=list(result.attrs.get("partial", ())))
    for key in keys:
        sums = whole.groupby(key, observed=True, dropna=False, sort=False)["n"].sum(min_count=1).dropna()
        if key in PERIODS and len(sums) > 1:
            about = {"mean": number(sums.mean(), 1 if sums.mean() < 100 else 0), "period": text(f"period.{key}")}
            said = say("count.per_period", cases=cases(result, total), event=event(result, total), **about)
    for key in keys:
        sums = whole.groupby(key, observed=True, dropna=False, sort=False)["n"].sum(min_count=1).dropna()
        if len(sums) < 2:
            continue
        top, form = (claims.peak(sums), "peak") if key in PARTS else (claims.largest(sums), "most")
        if top is not None:
            about = {"number": number(sums[top]), "share": value_text(sums[top] / sums.sum(), "rate")}
            said += " " + say(f"count.{form}", place=place_of(result, {key: top}, [key]), **about)
    return said


def _cost(result, total):
    """What the cases cost in all, the group that costs most, and for how many nothing is known."""
    known = result[result["cost"].notna().to_numpy(bool)]
    n = int(known["n"].sum())
    if not n:
        return say("count.cost_unknown", cases=cases(result, total))
    form = "cost_assumed" if result.attrs.get("facts", {}).get("is_assumed") else "cost"
    said = say(f"count.{form}", cases=cases(result, n), cost=number(known["cost"].sum()))
    if len(known) > 1 and known["cost"].nlargest(2).nunique() == 2:
        top = known.loc[known["cost"].idxmax()]
        share = value_text(top["cost"] / known["cost"].sum(), "rate")
        said += " " + say("count.cost_most", place=place_of(result, top), cost=number(top["cost"]), share=share)
    return f"{said} {say('count.cost_rest', n=total - n)}" if total > n else said


def _scored(result, facts, key):
    """How many of the cases were scored, and by what, which is the last key."""
    scored, total = facts["scored"], facts["total"]
    if not scored:
        return say("count.scored_none", cases=cases(result, total))
    by = pd.DataFrame(result).groupby(key, observed=True, sort=False)["n"].sum().sort_values(ascending=False)
    named = [(display_name(name, key, in_sentence=True), n) for name, n in by.items() if not words.is_none(name)]
    parts = [text("sentence.count.scored_by", number=number(n), name=name) for name, n in named]
    about = {"cases": cases(result, total), "share": value_text(scored / total, "rate"), "list": words.joined(parts)}
    said = say("count.scored", scored=number(scored), **about)
    return f"{said} {say('count.rest', n=total - scored)}" if total > scored else said


def rate(result, overall=None, **context):
    said = too_few(result)
    if said:
        return said
    keys, hits = place_keys(result), result.attrs["roles"]["hits"]
    is_parts = any(str(column).startswith("share_of_") for column in result.columns)
    if claims.is_side_by_side(result):
        items = []
        for _, row in result[result.enough().to_numpy(bool)].iterrows():
            about = {"value": estimate_of(result, row), "place": place_of(result, row, keys[-1:])}
            items.append(text("sentence.group.item", **about))
        return say("group.side_by_side", subject=word(result, "subject"), list=words.joined(items))
    total = int(result[hits].sum())
    n = int(result["n"].max() if is_parts else result["n"].sum())
    if not total:
        target = target_of(result) if len(result) == 1 else ""
        return say("none", cases=cases(result, n), event=event(result, 0), target=target)
    if keys and len(result) > 1:
        said = groups_of(result, word(result, "subject"), overall)
        most = claims.most(result) if result.attrs.get("best") == "low" else None
        if most is None:
            return said + target_of(result)
        about = {"place": place_of(result, most), "hits": number(most["hits"])}
        return say("group.most", cases=cases(result, total), event=event(result, total), **about) + f" {said}"
    row = result.iloc[0]
    about = {"hits": number(row[hits]), "cases": cases(result, n), "event": event(result, row[hits])}
    about |= {"value": estimate_of(result, row), "target": target_of(result)}
    if keys:
        return say("rate.whole_at", place=place_of(result, row), **about)
    return say("rate.whole", **about) + also(result, dict(row) | result.attrs.get("facts", {}))


def wait(result, overall=None, **context):
    said = too_few(result)
    if said:
        return said
    if place_keys(result):
        said = groups_of(result, word(result, "subject"), overall)
        return f"{said} {_ends(result, ('open', 'otherwise'))}".rstrip() + target_of(result)
    row = result.iloc[0]
    # what is over can't change any more
    ended = "" if row[result.attrs["roles"]["open"]] else "_ended"
    about = {"cases": cases(result, int(row["n"])), "event": event(result, row["n"])}
    if pd.isna(row[result.attrs["value"]]):
        said = say(f"wait.less{ended}", **about)
    elif pd.isna(row["p90_seconds"]):
        said = say(f"wait.half{ended}", value=estimate_of(result, row), **about)
    else:
        said = say("wait.whole", value=estimate_of(result, row), p90=words.duration(row["p90_seconds"]), **about)
    return f"{said} {_ends(result, ('ended', 'open', 'otherwise'))}" + target_of(result)


def _ends(result, told):
    """How many ended, are waiting, ended otherwise: three numbers, each where it isn't 0."""
    metric, roles = result.attrs["metric"], result.attrs["roles"]
    sums = {role: int(result[roles[role]].sum()) for role in ("ended", "open", "otherwise") if role in roles}
    if not sums["open"] and not sums.get("otherwise"):
        return say("wait.all", ended=word(result, "ended", n=sums["ended"])) if "ended" in told else ""
    parts = []
    for role in [role for role in told if sums.get(role)]:
        name = "still" if role == "open" else role
        key = f"metric.{metric}.{name}" if words.has(f"metric.{metric}.{name}") else f"sentence.wait.{name}"
        parts.append(text(key, n=sums[role]))
    return say("wait.ends", list=words.joined(parts)) if parts else ""


def mean(result, overall=None, **context):
    said = too_few(result)
    if said:
        return said
    facts = result.attrs.get("facts", {})
    if place_keys(result):
        return groups_of(result, word(result, "subject"), overall) + target_of(result) + also(result, facts)
    row, form = result.iloc[0], "whole"
    about = {"cases": cases(result, int(row["n"])), "value": estimate_of(result, row)}
    if "p90_seconds" in row and pd.notna(row["p90_seconds"]):
        about |= {"median": words.duration(row["median_seconds"]), "p90": words.duration(row["p90_seconds"])}
        form = "p90" if result.attrs["value"] == "median_seconds" else "spread"
    said = say(f"mean.{form}", subject=word(result, "subject"), **about)
    return said + target_of(result) + also(result, dict(row) | facts)


def curve(result, **context):
    if not len(result):
        return say("no_data")
    keys, least = group_keys(result), result.attrs.get("facts", {}).get("minimum_count", 1)
    near, far = (claims.within(pd.DataFrame(result), keys, seconds) for seconds in (NEAR, FAR))
    if keys:
        about = {"event": event(result, 2), "time": words.duration(NEAR)}
        return groups_of(result, text("sentence.curve.subject", **about))
    of, row, later = cases(result, int(near["n"].iloc[0])), near.iloc[0], far.iloc[0]
    if row["n"] < least:
        return say("too_few", cases=of, minimum=number(least))
    about = {"near_time": words.duration(NEAR), "far_time": words.duration(FAR), "event": event(result, row["n"])}
    values = [estimate(one["share"], one["low"], one["high"], "rate") for one in (row, later)]
    return say("curve.whole", cases=of, near=values[0], far=values[1], **about)


def shares(result, period=None, **context):
    said, keys = too_few(result), group_keys(result)
    if said:
        return said
    if "part" in result.attrs:
        whole = _parts(result, result.attrs["part_words"])
        subject = text("sentence.shares.subject", part=words.part_name(*result.attrs["part_words"][0]))
        return f"{groups_of(result, subject)} {whole}" if keys and len(result[keys].drop_duplicates()) > 1 else whole
    every = next((key for key in keys if key in PERIODS and not pd.api.types.is_string_dtype(result[key])), None)
    if every and "verdict" in result.columns:
        rows = result[claims.in_period(result[every], every, period)]
        if not len(rows) or not rows["n"].sum():
            return say("no_data")
        return _changes(rows, every, claims.is_whole(rows[every], every, period))
    if keys and len(result) > 1:
        return groups_of(result, word(result, "subject"))
    return _parts(result, [(part, {}) for part in result.attrs["parts"]])


def _parts(result, names):
    """The parts of all the groups together: of spans of time the first, and the states in full."""
    tidy, items = result.parts(), []
    tidy["part"] = tidy["part"].astype(str)
    total = int(tidy.loc[tidy["part"] == result.attrs["parts"][0], "total"].sum())
    for code, (name, ends) in zip(result.attrs["parts"], names, strict=True):
        part = tidy[tidy["part"] == code]
        is_state = "part" in result.attrs and name != "within"
        if name in ("between", "after") or (is_state and not part["n"].sum()):
            continue
        if len(part) == 1:  # as it stands there: the interval may carry more than n
            share, low, high = part.iloc[0][["share", "low", "high"]]
        else:
            share = part["n"].sum() / total
            (low,), (high,) = wilson([part["n"].sum()], [total])
            if not _is_plain(part):  # cases that are alike: that of the total is wider, too
                low = high = math.nan
        items.append(
            text("sentence.shares.item", value=estimate(share, low, high, "rate"), part=words.part_name(name, ends))
        )
    return say("shares.list", cases=cases(result, total), list=words.joined(items))


def _is_plain(part):
    """Whether the intervals of all these shares are those of cases that have nothing to do with each other."""
    known = part.dropna(subset=["low", "high"])
    ends = wilson(known["n"], known["total"])
    return bool(np.allclose(ends, (known["low"], known["high"]), atol=1e-9))


def _changes(result, every, is_whole=True):
    """The largest clear change from one period to the next, or that none is clear."""
    attrs, subject, period = result.attrs, word(result, "subject"), text(f"period.{every}")
    clear = result[(result["verdict"] == CLEAR).to_numpy(bool)]
    if not len(clear):
        whole = f" {_parts(result, [(part, {}) for part in attrs['parts']])}" if is_whole else ""
        if result["change"].isna().all():
            return f"{whole} {say('shares.no_neighbour', period=period)}".strip()
        form = "steady" if (result["verdict"] == CHANCE).any() else "untested"
        return say(f"shares.{form}", subject=subject, period=period) + whole
    harm = -1 if attrs.get("best") == "high" else 1
    sign = harm if (harm * clear["change"]).max() > 0 else -harm
    top = clear.loc[(sign * clear["change"]).idxmax()]
    is_most = sign * top["change"] >= (sign * result["change"]).max()
    value = attrs["value"]
    about = {
        "place": place_of(result, top),
        "points": words.points(top["change"]),
        "cases": cases(result, int(top["n"])),
    }
    about["value"] = estimate(top[value], top[f"{value}_low"], top[f"{value}_high"], "rate")
    said = say(f"shares.{'rose' if sign > 0 else 'fell'}{'' if is_most else '_clearly'}", subject=subject, **about)
    return f"{said} {say('shares.others', n=len(clear) - 1)}" if len(clear) > 1 else said


def grid(result, **context):
    if not len(result) or not result["n"].sum():
        return say("no_data")
    found = result.attrs.get("facts", {}).get("standout")
    row = result.loc[result["mean"].idxmax() if found is None else found]
    digits = 0 if row["mean"] >= 10 else 1
    about = {"place": place_of(result, row, ["weekday", "hour"]), "mean": cases(result, round(row["mean"], digits))}
    as_many = int((result["mean"] == row["mean"]).sum())
    if as_many > 1:
        return say("grid.several", mean=about["mean"], n=as_many)
    if pd.isna(row["low"]):
        return say("grid.few", **about)
    about |= {end: number(row[end], 0 if digits == 0 or row[end] % 1 == 0 else 1) for end in ("low", "high")}
    return say("grid.flat", **about) if found is None else say("grid.peak", subject=word(result, "subject"), **about)


def pull(result, **context):
    said = too_few(result)
    if said:
        return said
    rate, keys, subject = (
        list(result.columns)[list(result.columns).index("low") - 1],
        group_keys(result),
        word(result, "subject"),
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
        about |= {"points": estimate(abs(row["pull"]), *ends, "points"), "cases": cases(result, int(row["n"]))}
        about |= {"value": value_text(row[rate], "rate"), "event": event(result, row["n"])}
        about |= {"without": value_text(total - row["pull"], "rate"), "total": value_text(total, "rate")}
        texts.append(say(f"pull.{form}", **about))
    if texts:
        return " ".join(texts)
    key = keys[0] if len(keys) == 1 and words.has(f"none_of.{keys[0]}") else "group"
    about = {"none_of": text(f"none_of.{key}"), "cases": cases(result, n), "total": value_text(total, "rate")}
    return say("pull.flat", subject=subject, **about)


def listing(result, **context):
    facts = result.attrs["facts"]  # of all the cases, of which the rows may be some
    total = facts["total"]
    if not total:
        return say("listing.none")
    known = {name: number(facts[name]) for name in ("worst", "with_comment") if name in facts}
    form = "whole" if len(known) == 2 else "plain"
    said = say(f"listing.{form}", cases=cases(result, total), event=event(result, total), **known)
    return f"{said} {say('listing.shown', n=len(result))}" if len(result) < total else said
