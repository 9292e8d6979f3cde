"""What is told of groups: the target first, then what clearly changed or stands out, or that nothing does."""

import math

import numpy as np
import pandas as pd

from toolkit import claims, words
from toolkit.claims import place_keys
from toolkit.findings import parts, targets
from toolkit.findings.compared import before_of, change_of, moved
from toolkit.findings.parts import cases, event, figure_of, name_of, noun, place_of, say, so_far, unit_of, word
from toolkit.findings.told import Clause, Told, composed, note_of, worst
from toolkit.verdicts import CHANCE, CLEAR, decide, direction, rates
from toolkit.words import display_name, estimate, sentence_case, text, value_text

MOST_FACTS = 20
MOST_NOTES = 3


def groups_told(result, period=None, overall=None, comparison=None, notes=(), first=None, is_shown=False):
    """What is told of a result with groups.

    Parameters
    ----------
    notes : clauses that the note ends with
    first : clause that the heading is, which is of none of the groups
    is_shown : whether the chart shows what the first clause says
    """
    groups = claims.estimates(result)
    told = groups[groups["is_told"].to_numpy(bool)]
    of_all = targets.statuses(result)
    every = claims.time_key(result)
    only = claims.in_period(result[every], every, period) if every else None
    # what a longer series says of other weeks than those reported is no news of the period
    status, off = worst(of_all), off_facts(result, of_all, only)
    if len(told) == 1 and first is None:
        return _alone(result, told.iloc[0], groups, status, off, notes)
    if not len(told) and first is None:
        return Told(sentence_case(say("too_few_groups", cases=cases(result, least_of(result)))), shows=False)
    tested, found = claims.standouts(result, only)
    # a group that was promised a time of its own doesn't stand out by taking longer than those promised less
    found = [] if _has_own_times(result) else found
    changes, outs = change_clauses(result, comparison), [_standout(result, one, every) for one in found]
    best = _ranked(changes, outs, of_all)
    is_better = bool(best) and best[0].fact["direction"] == "better"
    head = first or targets.clause(result, is_named=not best or is_better or _is_fine(best[0], of_all))
    clauses = [Clause(head)] if head else []
    # what is better than the others is no finding beside what misses its target
    is_told = bool(best) and first is None and not (head and status == "off" and is_better)
    # when it was is told first, and in full; and so is a figure that isn't the one which the target is of
    is_led = is_told and bool(every or not targets.is_own(result))
    if is_led:
        clauses = best[:1]
    elif is_told:
        clauses.append(best[0])
    # what the chart shows comes before the target of another figure, such as a share in time
    span = _span(result, told) if head and first is None and not best and not targets.is_own(result) else None
    if span:
        clauses = [span, Clause(head, (targets.clause(result, is_named=False),))]
    # beside groups that miss their target "none stands out" reads as if those didn't
    elif not best and first is None and not (head and status == "off"):
        reach = _reach(result, told) if result.attrs.get("overlaps") else []
        is_shown |= len(reach) > 1
        clauses += reach or [_flat(result, told, tested, is_bare=bool(clauses))]
    heading, said = composed(clauses)
    named = best[0] if best and best[0] in said else None
    note = [named.detail] if named else [one.full for one in best[:1]]
    note += _also_changed(best, named)
    note += [head] if is_led or (span and len(said) == 1) else []
    note += [_most(result, named)] + [one.full for one in best[1:] if named and one.fact["kind"] != named.fact["kind"]][
        :1
    ]
    if named and named.fact["kind"] == "standout":
        note.append(_extreme(result, next(one for one in found if one.row.name == named.place), tested))
    note += [_overall(result, overall)]
    note += [say("overlap.each", cases=noun(result))] if result.attrs.get("overlaps") else []
    return Told(
        heading,
        note_of([one for one in note if one][:MOST_NOTES] + list(notes)),
        highlight=None if named is None else result.index[named.place],
        shows=bool(best) or status == "off" or is_shown,
        status=status,
        is_changed=bool(best),
        score=max([one.fact["score"] for one in best], default=0.0),
        facts=[one.fact for one in best[:MOST_FACTS]] + off,
        tested=ps(tested) + ps(comparison),
        is_alarm=named is not None and named.fact["direction"] == "worse",
    )


def _also_changed(best, named):
    """[How many other groups changed clearly], where the heading names one that did."""
    if named is None or named.fact["kind"] != "change":
        return []
    more = sum(one.fact["kind"] == "change" for one in best) - 1
    return [say("changed.more", n=more)] if more else []


def _ranked(changes, outs, statuses):
    """What is for the worse first, and of that what misses its target; of changes and standouts whichever is clearer.

    Within either their order stays: the largest change, the standout of the most harm.
    """

    def kind(one):
        return one.fact["direction"] == "better", _is_fine(one, statuses), one.fact["kind"]

    clauses, first = [*changes, *outs], {}
    for one in clauses:
        # of standouts that of the first, of changes that of the surest
        known = first.setdefault(kind(one), one.fact["score"])
        first[kind(one)] = max(known, one.fact["score"]) if one.fact["kind"] == "change" else known
    return sorted(clauses, key=lambda one: (*kind(one)[:2], -first[kind(one)]))


def _is_fine(one, statuses):
    """Whether a group isn't off its target while others are."""
    return "off" in statuses and statuses[one.place] != "off"


def ps(tested):
    """The p of what was tested."""
    if tested is None or "p" not in tested.columns:
        return []
    return [float(p) for p, verdict in zip(tested["p"], tested["verdict"], strict=True) if verdict in (CLEAR, CHANCE)]


def _alone(result, row, groups, status, off, notes):
    """The only group with enough cases."""
    what = text("sentence.what.subject_at", subject=word(result, "subject"), place=place_of(result, row))
    heading = say("group.single", what=what, figure=figure_of(result, row))
    part = part_of(result)
    if part or "in_time" in result.attrs:  # a share within a time, which its subject doesn't name
        about = {"cases": cases(result, int(row["n"])), "place": place_of(result, row)}
        about["event"] = say("target.event", event=event(result), time=part) if part else event(result)
        heading = say("group.alone_part", value=estimate(*row[["value", "low", "high"]], unit_of(result)), **about)
    others = groups.drop(index=row.name)
    counted = others[others["n"] >= least_of(result)]  # cases there are; else none to which it could happen
    is_cut = len(counted) and counted.index.isin(result.attrs.get("partial", ())).all()  # the data holds a part
    said = "alone_partial" if is_cut else "alone_unknown" if len(counted) else "alone"
    note = note_of([say(said, n=len(counted)) if len(others) else "", *notes])
    return Told(sentence_case(heading), note, shows=False, status=status, facts=off)


def _standout(result, found, every):
    """A group that stands out, as a clause."""
    row, attrs, unit = found.row, result.attrs, unit_of(result)
    place, is_open, rest_open = place_of(result, row), pd.isna(row["value"]), pd.isna(row["rest"])
    shown = {name: "" if pd.isna(row[name]) else value_text(row[name], unit) for name in ("value", "rest")}
    about = shown | {"noun": noun(result), "place": place, "event": event_at(result), "so_far": so_far(result)}
    what = what_of(result, place)
    if every:
        year = {"with_year": result[every].dt.year.nunique() > 1}
        about["span"] = text(f"span.{every}", name=display_name(row[every], every, in_sentence=True, **year))
        about |= {"others": text(f"others.{every}"), "what": what_of(result)}
    is_wait, is_rate = attrs["shape"] == "wait", unit == "rate" and attrs["shape"] not in ("mean", "score")
    form = "wait" if is_wait else "rate" if is_rate else "mean"
    if every and not is_open and not rest_open:
        full = say(f"standout.span_{form}", **about | {"event": event(result)})
    elif is_rate:
        part = part_of(result)
        form = "part" if part else "ordered" if attrs.get("ordered") else "rate"
        full = say(f"standout.{form}", **about, **({"part": part} if part else {}))
    elif is_wait:
        full = say(f"standout.wait{'_open' if is_open else '_rest' if rest_open else ''}", **about)
    else:
        subject = text("sentence.what.subject_at", subject=word(result, "subject"), place=place)
        full = say("standout.mean", **about | {"what": subject})
    end = "_open" if is_open else "_rest" if rest_open else "_share" if unit == "rate" else ""
    short = say(f"standout.mean{end}", **about | {"what": what})
    best = attrs.get("best") or ("high" if "part" in attrs else "")
    made = fact(result, "standout", row, full, direction(1 if found.is_above else -1, best), row["p"], row["n"])
    if is_rate and not every and not part_of(result) and pd.notna(row["hits"]):
        # beside the group's name: how many of how many
        counts = {"hits": words.number(row["hits"]), "cases": cases(result, int(row["n"]))}
        did = event_at(result) if attrs.get("ordered") else event(result, row["hits"])
        made["counted"] = say("standout.counted", **counts, event=did, rest=shown["rest"])
    bare = "" if is_open else say("standout.bare", **about | {"what": what})
    return Clause(
        full,
        (short, bare),
        say("standout.detail", place=place, figure=figure_of(result, row)),
        int(row.name),
        made,
    )


def least_of(result):
    """How many cases a group needs to be told."""
    return max(result.attrs["minimum_count"], result.attrs.get("facts", {}).get("minimum_count", 1), 1)


def _has_own_times(result):
    """Whether each group is promised something within a time of its own: then one time isn't held against all."""
    own = set(result["target_seconds"].dropna()) if "target_seconds" in result.columns else ()
    return (result.attrs["shape"] in ("wait", "mean", "curve") or "part" in result.attrs) and len(own) > 1


def event_at(result):
    """What the cases of a group did, which is named before."""
    own = f"metric.{result.attrs['metric']}.event_at"
    return word(result, "event_at") if words.has(own) else event(result)


def part_of(result):
    """Of spans of time, and of curves, the time within which the share is told; "" of other shares."""
    if "part" in result.attrs:
        return words.part_name(*result.attrs["part_words"][0])
    if result.attrs["shape"] == "curve":
        seconds = claims.told_time(result, place_keys(result))
        return words.part_name("within", {"high": seconds})
    return ""


def what_of(result, place=""):
    """What a figure is called after the target was said: it, the median, the mean; of a group with its place."""
    value = result.attrs["value"]
    name = next((name for name in ("median", "mean") if value.startswith(f"{name}_")), "it")
    return text(f"sentence.what.{name}_at", place=place) if place else text(f"sentence.what.{name}")


def change_clauses(result, comparison):
    """The groups that clearly changed against the period before, as clauses, the largest change first."""
    made = []
    for place, row in claims.changed(result, comparison):
        where = place_of(result, row)
        subject = text("sentence.what.subject_at", subject=word(result, "subject"), place=where)
        full = moved(comparison, row, subject)
        way = direction(row["change"], comparison.attrs.get("best"))
        made.append(
            Clause(
                full,
                tuple(moved(comparison, row, what_of(comparison, where), end) for end in ("", "_to")),
                _detail(comparison, row, where) if row["change"] else "",
                place,
                fact(result, "change", row, full, way, row["p"], row[comparison.attrs["count"]]),
            )
        )
    return made


def _detail(comparison, row, where):
    return say("changed.detail", place=where, change=change_of(comparison, row), before=before_of(comparison))


def _most(result, named):
    """Where most of what should be few happened; a count in full, so without a verdict."""
    if result.attrs["shape"] != "rate" or result.attrs.get("best") != "low" or result.attrs.get("overlaps"):
        return ""
    top, hits = claims.most(result), result.attrs["roles"]["hits"]
    if top is None or not top["is_told"]:  # of a group whose share is too few to tell the number tells nothing either
        return ""
    about = {"hits": words.number(top["hits"]), "total": words.number(result[hits].sum())}
    if named is not None and named.place == top.name and named.fact["kind"] == "standout":
        return say("standout.most_there", **about)
    return say("standout.most", event=event(result, result[hits].sum()), place=place_of(result, top), **about)


def _extreme(result, found, tested):
    """The group with the most extreme figure, where it is another one than that which is named, and how sure that is."""
    if found.is_extreme:
        return ""
    sign = 1 if found.is_above else -1
    top = tested.loc[(sign * tested["value"].fillna(math.inf)).idxmax()]
    if sign * top["change"] <= 0:
        return ""
    form = ("longer", "shorter") if unit_of(result) == "seconds" else ("higher", "lower")
    said = say(f"standout.{form[sign < 0]}", place=place_of(result, top), figure=figure_of(result, top))
    if top["verdict"] == CLEAR:
        return said
    if top["n"] < found.row["n"]:
        return say("standout.untold_few", said=said)
    return say("standout.untold_chance", said=said) if top["verdict"] == CHANCE else ""


def _overall(result, overall):
    whole = result.attrs.get("in_all", math.nan)
    if overall is not None and len(overall) == 1:
        whole = overall[result.attrs["value"]].iloc[0]
    if pd.isna(whole):
        return ""
    own, value = f"metric.{result.attrs['metric']}.told.overall", value_text(whole, unit_of(result))
    is_own = result.attrs.get("overlaps") and words.has(own)  # why it is more than any group's
    return word(result, "told.overall", value=value) if is_own else say("overall", value=value)


def _reach(result, told):
    """Of groups that share cases, such as customers of several channels: the highest and the lowest where they are clear.

    They are held against each group, as the others together would hold their own cases; that some are of both makes
    two groups no more apart than the test takes them to be.
    """
    unit, about = unit_of(result), {"subject": word(result, "subject")}
    named = told[claims.is_named(told, place_keys(result))]
    named = named if len(named) else told
    ends = [named.loc[named["value"].idxmax()], named.loc[named["value"].idxmin()]]
    high, low = (value_text(row["value"], unit) for row in ends)
    if high == low:
        return [Clause(say("overlap.same", value=low, **about))]
    pairs = {(end, at): _apart(row, named.loc[at]) for end, row in enumerate(ends) for at in named.index.drop(row.name)}
    clear = dict(zip(pairs, decide(list(pairs.values())), strict=True))
    is_clear = [all(verdict == CLEAR for (one, _), verdict in clear.items() if one == end) for end in (0, 1)]
    if not any(is_clear):
        return [Clause(say("overlap.between", low=low, high=high, **about))]
    made = []
    for name, row, value, own in zip(("highest", "lowest"), ends, (high, low), is_clear, strict=True):
        place = {"place": place_of(result, row), "value": value}
        full = say(f"overlap.{name}", **place, **about) if own else say(f"overlap.the_{name}", value=value)
        made.append(Clause(full, (say(f"overlap.{name}_short", **place),) if own and made else ()))
    return made if is_clear[0] else made[::-1]


def _apart(one, other):
    return rates(one["hits"], one["n"], other["hits"], other["n"], fewest=1, within=True)


def _span(result, told):
    """From which to which figure the groups lie, as a clause; None where none is known."""
    named = told[claims.is_named(told, place_keys(result))]
    values = (named if len(named) else told)["value"]
    low, high = (value_text(end, unit_of(result)) for end in (values.min(), values.max()))
    if values.isna().all():
        return None
    form = "flat.from" if values.isna().any() else "overlap.same" if low == high else "overlap.between"
    about = (
        {"value": low}
        if form == "overlap.same"
        else {"low": low}
        if form == "flat.from"
        else {"low": low, "high": high}
    )
    full, short = (say(form, subject=one, **about) for one in (word(result, "subject"), what_of(result)))
    return Clause(full, (short,))


def _flat(result, told, tested, is_bare=False):
    """No group stands out: from which to which figure they lie."""
    keys, unit = place_keys(result), unit_of(result)
    named = told[claims.is_named(told, keys)]
    values = (named if len(named) else told)["value"]
    known, no_group = values.dropna(), parts.none_of(result, keys, len(named))
    bare, is_tested = parts.none_at_all(result, keys, len(named)), bool(ps(tested))
    if is_bare and is_tested:
        return Clause(bare)
    if not len(known):
        return Clause(say("flat.unknown", none_of=no_group, so_far=so_far(result)))
    low, high = (value_text(value, unit) for value in (known.min(), known.max()))
    if len(known) < len(values):
        return Clause(say("flat.open", none_of=no_group, low=low), (bare,))
    if not is_tested:
        groups = text(name_of("many", keys), n=len(values))
        return Clause(say("flat.few", groups=groups, low=low, high=high))
    if low == high:
        return Clause(say("flat.same", none_of=no_group, value=low), (bare,))
    about = {"none_of": no_group, "low": low, "high": high}
    return Clause(
        say("flat.between", subject=word(result, "subject"), **about), (say("flat.between_short", **about), bare)
    )


# --- facts ------------------------------------------------------------------------------------------


def fact(result, kind, row, said, direction="none", p=None, n=0, score=None):
    """A candidate for a report's headline: of a group, or of the whole (without keys)."""
    keys = place_keys(result)
    names = [display_name(row[key], key) for key in keys] or [word(result, "title")]
    if claims.time_key(result):  # a date alone is no subject of a sentence
        names = [text(f"span.{keys[0]}", name=names[0])]
    return {
        "kind": kind,
        "metric": result.attrs["metric"],
        "key": ",".join(keys),
        "value": ",".join(str(row[key]) for key in keys),
        "name": words.joined(names),
        "text": text("sentence.told_alone", heading=sentence_case(said)),
        "clause": said,
        "direction": direction,
        "p": None if p is None or pd.isna(p) else float(p),
        "score": claims.score(p) if score is None else float(score),
        "n": int(n),
        "weeks": _weeks(row, keys),
    }


def _weeks(row, keys):
    """The Monday of the week of a row, where it is of one."""
    if keys != ["week"] or pd.isna(row["week"]) or isinstance(row["week"], str):
        return []
    return [str(np.datetime64(pd.Timestamp(row["week"]), "D"))]


def off_facts(result, statuses, only=None):
    """A fact for each group off its target, the farthest beyond it, as multiples of its uncertainty, first.

    `only`: per row whether it is of the reported period.
    """
    target, made = result.attrs.get("target"), []
    if not target or "off" not in statuses:
        return made
    keys, attrs, said = place_keys(result), result.attrs, say("target.off", target=targets.wanted(result))
    for at, status in enumerate(statuses):
        if status != "off" or (only is not None and not only[at]):
            continue
        row = pd.DataFrame(result).reset_index(drop=True).loc[at]
        value, low, high = (float(row[target[name]]) for name in ("of", "low", "high"))
        gap, half = abs(value - target["value"]), (high - low) / 2
        shown = value_text(value, attrs["units"].get(target["of"], "rate"))
        event = event_at(result) if attrs["shape"] != "score" else ""
        about = {"value": shown, "standing": said, "noun": noun(result), "event": event}
        if keys:
            about["place"] = place_of(result, row)
        is_score = attrs["shape"] == "score"  # no share of the cases
        about |= {"subject": word(result, "subject")} if is_score else {}
        is_own = target["of"] == attrs["value"]
        form = ("fact_share" if not is_own else "fact_score" if is_score else "fact") + ("_at" if keys else "")
        if not is_own and words.has(f"metric.{attrs['metric']}.event"):  # what was done in time, and what is wanted
            plain_ = value_text(target["value"], attrs["units"].get(target["of"], "rate"))
            about |= {"event": targets.in_time(result, row, event), "standing": say("target.off", target=plain_)}
            form = form.replace("fact_share", "fact")
        clause = say(f"target.{form}", **about)
        score = gap / half * 1.96 if half > 0 else 0.0
        made.append(fact(result, "off", row, clause, "worse", n=row[attrs["count"]], score=score))
    return sorted(made, key=lambda one: -one["score"])[:MOST_FACTS]
