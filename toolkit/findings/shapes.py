"""What is told of a result, by its shape: each function takes a result of its shape and returns `Told`."""

import pandas as pd

from toolkit import claims, words
from toolkit.claims import group_keys, place_keys
from toolkit.clock import PARTS
from toolkit.clock.timeline import PERIODS
from toolkit.findings import targets
from toolkit.findings.compared import against_outside, before_of, change_said, moved, whole_change
from toolkit.findings.groups import change_clauses, fact, groups_told, off_facts, ps, what_of
from toolkit.findings.own_times import own_times_told
from toolkit.findings.parts import (
    also,
    cases,
    estimate_of,
    event,
    money,
    noun,
    place_of,
    say,
    so_far,
    too_few,
    unit_of,
    word,
)
from toolkit.findings.told import Clause, Told, composed, note_of, worst
from toolkit.verdicts import CLEAR, direction
from toolkit.words import display_name, estimate, number, sentence_case, text, value_text

ENDS = ("ended", "open", "otherwise")


def nothing(clause):
    """What is told where there is no figure."""
    return Told(sentence_case(clause), shows=False)


def figure(result, clauses, notes, comparison=None):
    """What is told of one figure: itself, where it stands against its target, and its clear change."""
    statuses = result.statuses()
    row, is_changed = result.iloc[0], False
    facts, tested, score = off_facts(result, statuses), [], 0.0
    if comparison is not None and len(comparison) == 1:
        change = comparison.iloc[0]
        is_changed, tested = change["verdict"] == CLEAR, ps(comparison)
        if is_changed:
            said = moved(comparison, change, word(comparison, "subject"))
            way = direction(change["change"], comparison.attrs.get("best"))
            facts.insert(0, fact(result, "change", row, said, way, change["p"], change[comparison.attrs["count"]]))
            clauses.append(Clause(moved(comparison, change, what_of(comparison), "_from"), fact=facts[0]))
            score = facts[0]["score"]
    heading, told = composed([one for one in clauses if one.full])
    left = [] if heading.startswith(sentence_case(clauses[0].full)) else [clauses[0].detail]
    left += [one.full for one in clauses if one not in told and not one.fact]
    if comparison is not None and len(comparison) == 1:
        is_told = any(one.fact for one in told)
        left.append(change_said(comparison) if is_told else whole_change(comparison, after=True))
    return Told(
        heading,
        note_of([*left, *notes]),
        shows=True,
        status=worst(statuses),
        is_changed=is_changed,
        score=score,
        facts=facts,
        tested=tested,
    )


# --- counts -----------------------------------------------------------------------------------------


def count(result, comparison=None, **context):
    facts, keys = result.attrs.get("facts", {}), group_keys(result)
    if not len(result) or not result["n"].sum():
        return nothing(say("no_data"))
    total = int(result["n"].sum())
    if "scored" in facts:
        return _scored(result, facts, keys[-1])
    if "cost" in result.columns:
        return _cost(result, total)
    whole = Clause(say("count.whole", cases=cases(result, total), event=event(result, total)))
    if not keys:
        return figure(result, [whole], also(result, dict(result.iloc[0])), comparison)
    # a part of a week says nothing of a week, and a day that is missing from the data isn't one without contacts
    full = pd.DataFrame(result).reset_index(drop=True).drop(index=list(result.attrs.get("partial", ())))
    sums = {
        key: full.groupby(key, observed=True, dropna=False, sort=False)["n"].sum(min_count=1).dropna() for key in keys
    }
    sums = {key: of for key, of in sums.items() if len(of) > 1}
    for key in [key for key in keys if key in PERIODS and key in sums]:
        mean = sums[key].mean()
        about = {"mean": number(mean, 1 if mean < 100 else 0), "period": text(f"period.{key}")}
        whole = Clause(say("count.per_period", cases=cases(result, total), event=event(result, total), **about))
    tops, place, is_clear = [], None, False
    for key, of in sums.items():
        top, form = (claims.peak(of), "peak") if key in PARTS else (claims.largest(of), "largest")
        if top is None:
            continue
        if form == "largest" and claims.is_most(of[top], of.sum()):
            form = "most"
        about = {"number": number(of[top]), "share": value_text(of[top] / of.sum(), "rate")}
        tops.append(Clause(say(f"count.{form}", place=place_of(result, {key: top}, [key]), **about)))
        if len(keys) == 1 and form == "peak":
            place, is_clear = int(full.index[full[key] == top][0]), True
    changes = change_clauses(result, comparison)
    heading, told = composed([whole, *tops, *changes])
    changed = next((one for one in changes if one in told), None)
    place = changed.place if changed else place if tops and tops[0] in told else None
    return Told(
        heading,
        note_of([one.full for one in [*tops, *changes[:1]] if one not in told]),
        highlight=None if place is None else result.index[place],
        shows=bool(tops or changes),
        is_changed=bool(changes) or is_clear,
        score=max([one.fact["score"] for one in changes], default=0.0),
        facts=[one.fact for one in changes],
        tested=ps(comparison),
        is_alarm=changed is not None and changed.fact["direction"] == "worse",
    )


def _cost(result, total):
    """What the cases cost in all, the group that costs most, and for how many nothing is known."""
    known = result[result["cost"].notna().to_numpy(bool)]
    n = int(known["n"].sum())
    if not n:
        told = nothing(say("count.cost_unknown", cases=cases(result, total)))
        return Told(told.heading, note_of([say("count.cost_none")]), shows=False)
    clauses = [
        Clause(say("count.cost", cases=cases(result, n), cost=money(result, value_text(known["cost"].sum(), "money"))))
    ]
    if len(known) > 1 and known["cost"].nlargest(2).nunique() == 2:
        top = known.loc[known["cost"].idxmax()]
        share = value_text(top["cost"] / known["cost"].sum(), "rate")
        if claims.is_named(pd.DataFrame([top]), place_keys(result))[0]:
            clauses.append(
                Clause(
                    say(
                        "count.cost_most",
                        place=place_of(result, top),
                        cost=money(result, value_text(top["cost"], "money")),
                        share=share,
                    )
                )
            )
    heading, told = composed(clauses)
    source = say("count.cost_assumed" if result.attrs.get("facts", {}).get("is_assumed") else "count.cost_own")
    rest = [say("count.cost_rest", n=total - n)] if total > n else []
    return Told(heading, note_of([*[one.full for one in clauses if one not in told], source, *rest]))


def _scored(result, facts, key):
    """How many of the cases were scored, and by what, which is the last key."""
    scored, total = facts["scored"], facts["total"]
    if not scored:
        return nothing(say("count.scored_none", cases=cases(result, total)))
    by = pd.DataFrame(result).groupby(key, observed=True, sort=False)["n"].sum().sort_values(ascending=False)
    named = [(display_name(name, key, in_sentence=True), n) for name, n in by.items() if not words.is_none(name)]
    parts = [text("sentence.count.scored_by", number=number(n), name=name) for name, n in named]
    about = {"cases": cases(result, total), "share": value_text(scored / total, "rate")}
    note = [say("count.scored_list", list=words.joined(parts))]
    note += [say("count.rest", n=total - scored)] if total > scored else []
    if scored == total > 1:
        return Told(sentence_case(say("count.scored_all", cases=about["cases"])), note_of(note))
    return Told(sentence_case(say("count.scored", scored=number(scored), **about)), note_of(note))


# --- rates, waits, means ----------------------------------------------------------------------------


def rate(result, comparison=None, **context):
    few = too_few(result)
    if few:
        return nothing(few)
    keys, hits = place_keys(result), result.attrs["roles"]["hits"]
    if claims.is_side_by_side(result):
        return _side_by_side(result, keys)
    is_parts = any(str(column).startswith("share_of_") for column in result.columns)
    total, n = int(result[hits].sum()), int(result["n"].max() if is_parts else result["n"].sum())
    row = result.iloc[0]
    if keys and len(result) > 1:
        if total or result.attrs.get("overlaps"):
            notes = also(result, result.attrs.get("facts", {}))
            return groups_told(result, comparison=comparison, notes=notes, **context)
        none = Clause(say("none", cases=cases(result, n), event=event(result, 0)))
        return Told(composed([none])[0], shows=False, status=worst(targets.statuses(result)))
    if keys:
        about = {"hits": number(row[hits]), "cases": cases(result, n), "event": event(result, row[hits])}
        said = Clause(say("rate.whole_at", place=place_of(result, row), value=estimate_of(result, row), **about))
        return figure(result, [said], [], comparison)
    standing = targets.standing(result)
    more = also(result, dict(row) | result.attrs.get("facts", {}))
    if not total:
        said = Clause(say("none", cases=cases(result, n), event=event(result, 0)))
        return figure(result, [said, Clause(standing[0]), standing[1]], more, comparison)
    about = {"hits": number(row[hits]), "cases": cases(result, n), "event": event(result, row[hits])}
    about["value"] = estimate_of(result, row)
    about |= {"noun": noun(result), "standing": standing[0]}
    end = "_target" if standing[0] else ""
    said = Clause(say(f"rate.whole{end}", **about), (say(f"rate.short{end}", **about),), say("rate.counted", **about))
    return figure(result, [said, standing[1]], more, comparison)


def _side_by_side(result, keys):
    """The same cases counted in other ways, of which none is the highest."""
    items, subject = [], word(result, "subject")
    rows = result[
        (result.enough() & result[result.attrs["value"]].notna()).to_numpy(bool)
    ]  # a formula may have no value
    if not len(rows):
        return nothing(say("no_data"))
    for _, row in rows.iterrows():
        about = {"value": estimate_of(result, row), "place": place_of(result, row, keys[-1:])}
        items.append(text("sentence.group.item", **about))
    low, high = (value_text(end, unit_of(result)) for end in (rows[result.attrs["value"]].agg(["min", "max"])))
    is_all, facts = len(rows) == len(result), also(result, result.attrs.get("facts", {}))
    if len(rows) == 1:
        what = text("sentence.what.subject_at", subject=subject, place=place_of(result, rows.iloc[0], keys[-1:]))
        said, note = say("group.single", what=what, figure=estimate_of(result, rows.iloc[0])), [say("group.few_others")]
        return Told(
            sentence_case(said), note_of([*([] if is_all else note), *facts]), status=worst(targets.statuses(result))
        )
    form = ("same" if is_all else "same_enough") if low == high else "side_by_side"
    about = {"subject": subject, "low": low} | ({"high": high, "apart": word(result, "apart")} if low != high else {})
    status = worst(targets.statuses(result))
    return Told(
        sentence_case(say(f"group.{form}", **about)),
        note_of([say("group.list", list=words.joined(items)), *facts]),
        status=status,
    )


def wait(result, comparison=None, **context):
    few = too_few(result)
    if few:
        return nothing(few)
    if place_keys(result):
        notes = [] if result.attrs.get("read_each") else _ends(result, ("open", "otherwise"))
        return groups_told(result, comparison=comparison, notes=notes, **context)
    row = result.iloc[0]
    # what is over can't change any more
    is_over = not row[result.attrs["roles"]["open"]]
    about = {"cases": cases(result, int(row["n"])), "event": event(result, row["n"]), "so_far": so_far(result)}
    if pd.isna(row[result.attrs["value"]]):
        said, more = Clause(say("wait.less_ended" if is_over else "wait.less", **about)), []
    else:
        about["value"] = estimate_of(result, row)
        said = Clause(say("wait.half", **about), (say("wait.half_short", **about),))
        more = [say("wait.p90", p90=words.duration(row["p90_seconds"]))] if pd.notna(row["p90_seconds"]) else []
        more = more or [say("wait.p90_never" if is_over else "wait.p90_open", so_far=so_far(result))]
    clauses = [said, targets.standing(result)[1]]
    return figure(result, clauses, more + _ends(result, ENDS), comparison)


def _ends(result, told):
    """How many ended, are waiting, ended otherwise, of all groups together: three numbers, each where it isn't 0."""
    metric, roles = result.attrs["metric"], result.attrs["roles"]
    sums = {role: int(result[roles[role]].sum()) for role in ENDS if role in roles}
    if not sums["open"] and not sums.get("otherwise"):
        return [say("wait.all", ended=word(result, "ended", n=sums["ended"]))] if "ended" in told else []
    parts = []
    for role in [role for role in told if sums.get(role)]:
        name = "still" if role == "open" else role
        key = f"metric.{metric}.{name}" if words.has(f"metric.{metric}.{name}") else f"sentence.wait.{name}"
        parts.append(text(key, n=sums[role]))
    # a note on groups begins with one of them: these are of all
    form = "in_all" if len(result) > 1 else "list"
    return [say(f"group.{form}", list=words.joined(parts))] if parts else []


def mean(result, comparison=None, **context):
    few = too_few(result)
    if few:
        return nothing(few)
    facts, row = result.attrs.get("facts", {}), result.iloc[0]
    if claims.is_side_by_side(result):
        return _side_by_side(result, place_keys(result))
    if place_keys(result):
        return groups_told(result, comparison=comparison, notes=also(result, facts), **context)
    about = {"cases": cases(result, int(row["n"])), "value": estimate_of(result, row)}
    about["subject"], more = word(result, "subject"), []
    said = Clause(say("mean.whole", **about), (say("mean.short", **about),))
    if "p90_seconds" in row and pd.notna(row["p90_seconds"]):
        spread = {"median": words.duration(row["median_seconds"]), "p90": words.duration(row["p90_seconds"])}
        form = "p90" if result.attrs["value"] == "median_seconds" else "spread"
        more = [say(f"mean.{form}", cases=about["cases"], **spread)]
    standing = targets.standing(result)
    clauses = [said, Clause(standing[0]), standing[1]]
    return figure(result, clauses, more + also(result, dict(row) | facts), comparison)


def score(result, comparison=None, **context):
    """A mean on a scale, such as that of promoters less detractors; or why nothing is said of it."""
    reason = result.attrs.get("facts", {}).get("refused")
    if reason:
        return nothing(word(result, f"refused.{reason}", **_shown(result)))
    return mean(result, comparison, **context)


def _shown(result):
    """The facts that are figures, as prose says them."""
    units = result.attrs.get("fact_units", {})
    return {
        name: words.value_text(value, units[name]) for name, value in result.attrs["facts"].items() if name in units
    }


def number_with_interval(result, comparison=None, **context):
    """A figure that is neither a share nor a time, such as money or a ratio; of one that may be negative the size is told."""
    few = too_few(result)
    if few:
        return nothing(few)
    facts, row, value = result.attrs.get("facts", {}), result.iloc[0], result.attrs["value"]
    numbers = {name: one for name, one in facts.items() if not isinstance(one, bool)}
    chosen = [word(result, f"told.{name}") for name in facts if facts[name] and words.has(_told(result, name))]
    if result[value].isna().all():
        return nothing(word(result, "unknown"))
    if place_keys(result):
        return groups_told(result, comparison=comparison, notes=[*also(result, numbers), *chosen], **context)
    about, notes = {"cases": cases(result, int(row["n"])), "subject": word(result, "subject")}, []
    ends = [row[end] for end in result.attrs["ends"]]
    if words.has(_told(result, "less")):
        sign = -1 if row[value] < 0 else 1
        size = money(result, estimate(abs(row[value]), *sorted(sign * end for end in ends), unit_of(result)))
        full = word(result, f"told.{'less' if sign < 0 else 'more'}", value=size, cases=about["cases"])
        said = Clause(full)
        notes = [say("held.chance")] if ends[0] <= 0 <= ends[1] else []
    else:
        about["value"] = estimate_of(result, row)
        said = Clause(say("mean.whole", **about), (say("mean.short", **about),))
    return figure(result, [said], [*notes, *also(result, dict(row) | numbers), *chosen], comparison)


def _told(result, name):
    return f"metric.{result.attrs['metric']}.told.{name}"


def curve(result, **context):
    if not len(result):
        return nothing(say("no_data"))
    frame, keys = pd.DataFrame(result), group_keys(result)
    if keys:
        return own_times_told(result) or groups_told(result, is_shown=True)
    times = claims.told_times(result)
    near, far = (claims.within(frame, keys, seconds).iloc[0] for seconds in (times[0], times[-1]))
    of, least = cases(result, int(near["n"])), result.attrs.get("facts", {}).get("minimum_count", 1)
    if near["n"] < least:
        return nothing(say("too_few", cases=of, minimum=number(least)))
    values = [estimate(one["share"], one["low"], one["high"], "rate") for one in (near, far)]
    about = {"near_time": words.duration(times[0]), "far_time": words.duration(times[-1])}
    said = say(
        "curve.whole" if len(times) > 1 else "curve.once",
        cases=of,
        near=values[0],
        far=values[1],
        event=event(result, near["n"]),
        **about,
    )
    return Told(sentence_case(said))


def listing(result, **context):
    facts = result.attrs["facts"]  # of all the cases, of which the rows may be some
    total = facts["total"]
    if not total:
        return nothing(say("listing.none"))
    form = "whole" if "worst" in facts else "open" if facts.get("still_open") else "plain"
    about = {"n": facts["still_open"]} if form == "open" else {}
    about |= {"worst": number(facts["worst"]), "lowest": number(facts.get("lowest", 1))} if "worst" in facts else {}
    groups = pd.DataFrame(result).drop_duplicates(group_keys(result)) if group_keys(result) else result.iloc[:0]
    where = words.joined(place_of(result, row, group_keys(result)) for _, row in groups.iterrows())
    about |= {"cases": cases(result, total), "event": word(result, "event", n=int(total), where=where)}
    of = result.attrs["choices"].get("of")  # where it is another thing by what is promised
    own = f"open.{of}" if form == "open" else f"plain.{of}"
    is_own = words.has(f"metric.{result.attrs['metric']}.{own}")
    said = word(result, own, **about) if is_own else say(f"listing.{form}", **about)
    notes = [say("listing.comments", n=facts["with_comment"])] if "with_comment" in facts else []
    notes += also(result, {name: one for name, one in facts.items() if not isinstance(one, bool)})
    form = "listing.sample" if facts.get("is_sample") else "listing.shown"
    notes += [say(form, n=len(result))] if len(result) < total else []
    return Told(sentence_case(said), note_of(notes))


def comparison(result, **context):
    """The change against the period before: of one figure, or of the groups whose change is clear."""
    if not len(result):
        return nothing(say("no_data"))
    if result.attrs.get("against") == "outside":
        return against_outside(result)
    if len(result) == 1 and not place_keys(result):
        row, is_clear = result.iloc[0], result.iloc[0]["verdict"] == CLEAR
        way = direction(row["change"], result.attrs.get("best"))
        facts = (
            [fact(result, "change", row, whole_change(result), way, row["p"], row[result.attrs["count"]])]
            if is_clear
            else []
        )
        score = facts[0]["score"] if facts else 0.0
        return Told(
            sentence_case(whole_change(result)),
            shows=False,
            is_changed=is_clear,
            score=score,
            facts=facts,
            tested=ps(result),
        )
    clauses, tested = change_clauses(result, result), ps(result)
    if not clauses:
        before = before_of(result)
        said = say("comparison.groups_none", subject=word(result, "subject"), n=len(tested), before=before)
        said = said if tested else say("comparison.groups_untested", before=before)
        return Told(sentence_case(said), shows=False, tested=tested)
    heading, told = composed(clauses[:1])
    notes = [clauses[0].detail, *[one.full for one in clauses[1:2]]]
    notes += [say("changed.more", n=len(clauses) - 2)] if len(clauses) > 2 else []
    facts = [one.fact for one in clauses]
    score = max(one["score"] for one in facts)
    is_alarm, place = facts[0]["direction"] == "worse", result.index[clauses[0].place]
    return Told(heading, note_of(notes), place, True, "none", True, score, facts, tested, is_alarm)
