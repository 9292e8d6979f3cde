"""The headline of a report and of all of them: what is off target, what clearly changed, what goes together.

Pure functions of the raw key figures (`metrics.compare.figures`) and of the facts that sections and scans found. Off
target comes first, then what clearly changed: after Holm's correction over everything that was looked at. What points at
one group is named once, never with a because.
"""

import math
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist

from toolkit import words
from toolkit.cards import card_texts
from toolkit.intervals import LEVEL
from toolkit.verdicts import CLEAR, SMALLEST_P, holm

LONGEST = 110  # characters of a title
MOST = 3  # things that a bullet says
MOST_TO_LOOK_AT = 5
TARGETS = ("off", "near", "on")


@dataclass(frozen=True)
class Seen:
    """What there is to say: cards and facts that hold after the correction, the clearest first."""

    off: list  # cards off target
    held: list  # cards with a target that can be told
    changed: list  # cards that clearly changed
    steady: list  # cards that moved no more than chance could
    together: list
    changes: list  # facts of a change that goes together with no other
    standouts: list  # facts of groups that differ from the others all period long
    off_groups: list  # facts of groups off target
    is_tested: bool


def headline(cards, facts, tested):
    """The title and the bullets of a report.

    Parameters
    ----------
    cards : list of dict, as `metrics.compare.figures` gives them
    facts : list of dict, as `findings.tell` and `metrics.compare.scan` give them
    tested : list of float, the uncorrected p of all that was looked at for the facts

    Returns
    -------
    dict of `title`, a sentence without its full stop, and `bullets`: dicts of kind ("off", "changed", "steady"), text and
        block (the section that it is of, or "")

    Examples
    --------
    >>> card = {"metric": "csat", "column": "csat", "value": 0.7, "unit": "rate", "n": 90, "case": "answer", "p": 0.2,
    ...     "verdict": "chance", "change": -0.01, "previous": 0.71, "target": 0.8, "status": "off"}
    >>> said = headline([card], [], [])
    >>> said["title"].replace("\\xa0", " ")
    'CSAT is 70 %, target 80 %; nothing clearly changed'
    >>> [(bullet["kind"], bullet["text"].replace("\\xa0", " ")) for bullet in said["bullets"]]
    [('off', 'CSAT 70 % (target 80 %).'), ('steady', 'CSAT moved no more than chance could.')]
    """
    seen = _seen(cards, facts, tested)
    bullets = [{"kind": kind, "text": text, "block": block} for kind, text, block in _bullets(seen, "block")]
    said = [bullet for bullet in bullets if bullet["text"]]
    return {"title": _title(seen, cards), "bullets": said or _empty_bullets(seen, "block")}


def overview(reports):
    """The headline of all reports, and what to look at.

    Parameters
    ----------
    reports : list of dict: name, title, html (its page), cards, facts, tested; a figure or a fact that several have
        counts once

    Returns
    -------
    dict of title; bullets, always off, changed and steady: dicts of kind, text, href; look_at: at most five dicts of
        name, text, href, what goes together first, then what is off target and stands out; together: dicts of key, value,
        name, weeks, text, href, metrics
    """
    cards, facts = {}, {}
    for report in reports:
        for card in report.get("cards", ()):
            which = tuple(card.get(name) for name in ("metric", "column", "population", "case", "n", "value"))
            cards.setdefault(which, card | {"href": _href(report, card)})
        for fact in report.get("facts", ()):
            which = (fact["kind"], *(fact[name] for name in ("metric", "key", "value")), tuple(fact.get("weeks", ())))
            facts.setdefault(which, fact | {"href": _href(report, fact)})
    cards, facts = list(cards.values()), list(facts.values())
    seen = _seen(cards, facts, [p for report in reports for p in report.get("tested", ())])
    empty = {bullet["kind"]: bullet for bullet in _empty_bullets(seen, "href")}
    bullets = [
        {"kind": kind, "text": text, "href": href} if text else empty[kind]
        for kind, text, href in _bullets(seen, "href")
    ]
    together = [{name: one[name] for name in _TOGETHER} | {"href": one["facts"][0]["href"]} for one in seen.together]
    return {"title": _title(seen, cards), "bullets": bullets, "look_at": _look_at(seen), "together": together}


_TOGETHER = ("key", "value", "name", "weeks", "text", "metrics")


def _href(report, one):
    return report["html"] + (f"#{one['block']}" if one.get("block") else "")


# --- what holds -------------------------------------------------------------------------------------


def _seen(cards, facts, tested):
    clear = _clear(cards, facts, tested)
    with_target = [card for card in cards if card.get("status") in TARGETS]
    is_changed = [card.get("verdict") == CLEAR and clear(card) for card in cards]
    own = {card["metric"] for card in cards}
    told = sorted(facts, key=lambda fact: (-fact["score"], fact["metric"], fact["key"], fact["value"]))
    groups = [fact for fact in told if fact["key"] or fact["metric"] not in own]  # the whole has a card
    changes = [fact for fact in groups if (fact["kind"] == "change" or fact.get("weeks")) and clear(fact)]
    together = _together(_once(changes))
    named = {(fact["key"], fact["value"]) for one in together for fact in one["facts"]}
    return Seen(
        off=[card for card in with_target if card["status"] == "off"],
        held=with_target,
        changed=sorted(
            (card for card, is_so in zip(cards, is_changed, strict=True) if is_so), key=_score, reverse=True
        ),
        steady=[
            card
            for card, is_so in zip(cards, is_changed, strict=True)
            if not is_so and card.get("verdict") in (CLEAR, "chance")
        ],
        together=together,
        changes=[fact for fact in _once(changes) if (fact["key"], fact["value"]) not in named],
        standouts=[fact for fact in groups if fact["kind"] == "standout" and not fact.get("weeks") and clear(fact)],
        off_groups=[fact for fact in groups if fact["kind"] == "off"],
        is_tested=bool(tested) or any(_p(card) is not None for card in cards),
    )


def _p(one):
    p = one.get("p")
    return None if p is None or math.isnan(p) else max(float(p), SMALLEST_P)


def _clear(cards, facts, tested):
    """Whether the change of a card or a fact is clear beside all that was looked at."""
    looked_at = [max(float(p), SMALLEST_P) for p in tested if not math.isnan(p)]
    listed = set(looked_at)
    looked_at += [p for p in map(_p, cards) if p is not None]
    looked_at += [p for p in map(_p, facts) if p is not None and p not in listed]
    corrected = dict(zip(looked_at, holm(looked_at).tolist(), strict=True)) if looked_at else {}
    return lambda one: _p(one) is not None and corrected[_p(one)] <= 1 - LEVEL


def _score(one):
    """The size of a change over its uncertainty."""
    return one["score"] if "score" in one else NormalDist().inv_cdf(1 - _p(one) / 2)


def _once(facts):
    """One fact of a metric and a group: the one that knows its weeks, else the clearest."""
    found = {}
    for fact in sorted(facts, key=lambda fact: not fact.get("weeks")):  # stable: the clearest come first
        found.setdefault((fact["metric"], fact["key"], fact["value"]), fact)
    return sorted(found.values(), key=lambda fact: (-fact["score"], fact["metric"], fact["key"], fact["value"]))


def _together(facts):
    """What goes together: changes of two or more metrics on one group, in one week or in weeks that aren't known."""
    groups = {}
    for fact in facts:
        if fact["key"]:
            groups.setdefault((fact["key"], fact["value"]), []).append(fact)
    made = []
    for (key, value), found in groups.items():
        weeks = sorted({week for fact in found for week in fact.get("weeks", ())})
        # the week in which most of them meet, of several the first
        week = max(weeks, key=lambda week: sum(week in fact["weeks"] for fact in found), default=None)
        members = [fact for fact in found if not fact.get("weeks") or week in fact["weeks"]]
        if len({fact["metric"] for fact in members}) < 2:
            continue
        members.sort(key=lambda fact: not fact.get("weeks"))
        made.append(
            {
                "key": key,
                "value": value,
                "name": members[0]["name"],
                "weeks": [week] if week else [],
                "text": _told_together(members, week),
                "metrics": [fact["metric"] for fact in members],
                "score": max(fact["score"] for fact in members),
                "facts": members,
            }
        )
    return sorted(made, key=lambda one: (-len(one["metrics"]), -one["score"], one["key"], one["value"]))


def _told_together(members, week):
    """One sentence of what goes together: what fell into the week, then what changed in the same period."""
    dated = [fact for fact in members if week and fact.get("weeks")]
    others = [fact["clause"] for fact in members if fact not in dated][:MOST]
    if not dated:
        first, *rest = others
        return words.sentence_case(words.text("headlines.same_period", what=first, more=words.joined(rest)))
    first, *rest = [fact.get("what") or fact["clause"] for fact in dated[:1]] + [
        fact.get("more") or fact["clause"] for fact in dated[1:MOST]
    ]
    said = words.text("headlines.scan.clause", name=dated[0]["name"], week=_day(week), what=first)
    if rest:
        said = words.text("headlines.same_week", what=said, more=words.joined(rest))
    if others:
        said = words.text("headlines.same_period", what=said, more=words.joined(others))
    return said


def _day(week):
    return words.date_name(date.fromisoformat(week))


# --- the title --------------------------------------------------------------------------------------


def _title(seen, cards):
    """The title: how the targets are met, and the clearest change, as much of it as fits."""
    first, others = _of_targets(seen), _of_changes(seen)
    if not seen.held and not seen.off_groups and not seen.is_tested:
        return _without_verdict(cards)
    if not first:
        return words.sentence_case(next((text for text in others if len(text) <= LONGEST), others[-1]))
    for text in others:
        both = words.text("headlines.title.both", one=first, other=text)
        if len(both) <= LONGEST:
            return words.sentence_case(both)
    return words.sentence_case(first)


def _of_targets(seen):
    off, held = len(seen.off), len(seen.held)
    if off and off == held and off > 1:
        return words.text("headlines.title.both_off" if off == 2 else "headlines.title.all_off", n=off)
    if off == 1:
        said = card_texts(seen.off[0])
        return words.text("headlines.title.one_off", label=said["label"], value=said["value"], target=said["beside"])
    if off:
        labels = words.joined(_inner(card) for card in seen.off)
        named = words.text("headlines.title.some_off_named", n=off, total=held, labels=labels)
        return named if len(named) <= LONGEST else words.text("headlines.title.some_off", n=off, total=held)
    if seen.off_groups:
        fitting = [fact["clause"] for fact in seen.off_groups if len(fact["clause"]) <= LONGEST]
        return fitting[0] if fitting else words.text("headlines.title.group_off", name=seen.off_groups[0]["name"])
    if not held:
        return ""
    is_met = all(card["status"] == "on" for card in seen.held)
    return words.text("headlines.title.met", n=held) if is_met else words.text("headlines.title.not_off")


def _of_changes(seen):
    """What may be said of changes, what matters most first."""
    said = []
    if len(seen.off) == 1:  # where the one figure that is off target is worst
        worst = [
            one for one in seen.standouts if one["metric"] == seen.off[0]["metric"] and one["direction"] == "worse"
        ]
        said += [text for fact in worst[:1] for text in (fact["clause"], fact.get("short", "")) if text]
    for one in seen.together:
        form = "together_week" if one["weeks"] else "together"
        when = {"week": _day(one["weeks"][0])} if one["weeks"] else {}
        said.append(words.text(f"headlines.title.{form}", name=one["name"], **when))
    for card in seen.changed:
        value, change = card_texts(card)["value"], card.get("change")
        form = "moved" if not change else "rose" if change > 0 else "fell"
        said.append(words.text(f"headlines.title.{form}", label=_inner(card), value=value))
    said += [fact["clause"] for fact in seen.changes]
    if said:
        return said
    return [words.text("headlines.title.nothing")] if seen.is_tested else [words.text("headlines.title.no_earlier")]


def _without_verdict(cards):
    """The title where nothing has a target and nothing was compared: the first figure that can be told."""
    for card in cards:
        said = card_texts(card)
        if card.get("value") is not None:
            return words.text("headlines.figure", label=said["label"], value=said["value"])
    return words.text("headlines.title.few" if cards else "headlines.title.empty")


def _inner(card):
    return words.inner_case(card_texts(card)["label"])


# --- bullets ----------------------------------------------------------------------------------------


def _bullets(seen, link):
    """(kind, text or "", where it leads) of each kind."""
    off = [_off(card, place) for place, card in enumerate(seen.off)]
    off = [words.text("headlines.sentence", text="; ".join(off))] if off else [f["text"] for f in seen.off_groups[:1]]
    yield "off", " ".join(off), _first(seen.off or seen.off_groups, link)
    changed = [(_score(card), _changed(card), card) for card in seen.changed]
    changed += [(one["score"], one["text"], one["facts"][0]) for one in seen.together]
    changed = sorted(changed, key=lambda one: -one[0]) + [(0, fact["clause"], fact) for fact in seen.changes]
    said = [words.sentence_case(words.text("headlines.sentence", text=text)) for _, text, _ in changed[:MOST]]
    yield "changed", " ".join(said), _first([one for *_, one in changed[:MOST]], link)
    labels = words.joined(
        _inner(card) if place else card_texts(card)["label"] for place, card in enumerate(seen.steady)
    )
    yield "steady", words.text("headlines.steady", labels=labels) if labels else "", _first(seen.steady, link)


def _first(found, link):
    return next((one[link] for one in found if one.get(link)), "")


def _off(card, place):
    """A card off target; the first says what the second number is."""
    said = card_texts(card)
    target = said["beside"] if not place else words.value_text(card["target"], card["unit"])
    label = said["label"] if not place else _inner(card)
    return words.text("headlines.off", label=label, value=said["value"], target=target)


def _changed(card):
    said = card_texts(card)
    told = {"label": said["label"], "value": said["value"]}
    if card.get("per_day"):
        form = "per_day_more" if card["change"] > 0 else "per_day_fewer"
        return words.text(f"headlines.{form}", **told, change=words.value_text(abs(card["change"]), "rate"))
    if not card.get("change") or card.get("previous") is None:
        return words.text("headlines.moved", **told)
    form = "rose" if card["change"] > 0 else "fell"
    return words.text(f"headlines.{form}", **told, previous=words.value_text(card["previous"], card["unit"]))


def _empty_bullets(seen, link):
    """What is said where there is nothing of a kind."""
    off = "nothing_off" if seen.held else "no_target"
    changed = "nothing_changed" if seen.is_tested else "no_earlier"
    told = {"off": off, "changed": changed, "steady": "nothing_steady"}
    return [{"kind": kind, "text": words.text(f"headlines.{key}"), link: ""} for kind, key in told.items()]


# --- what to look at --------------------------------------------------------------------------------


def _look_at(seen):
    off = {card["metric"] for card in seen.off} | {fact["metric"] for fact in seen.off_groups}
    worse = [fact for fact in [*seen.standouts, *seen.changes] if fact["direction"] == "worse"]
    worse.sort(key=lambda fact: (fact["metric"] not in off, -fact["score"]))
    found = {}
    for one in seen.together:
        text = words.text("headlines.sentence", text=one["text"])
        found[one["key"], one["value"]] = {"name": one["name"], "text": text, "href": one["facts"][0]["href"]}
    for fact in worse:
        told = {"name": fact["name"], "text": fact["text"], "href": fact["href"]}
        found.setdefault((fact["key"], fact["value"]), told)
    return list(found.values())[:MOST_TO_LOOK_AT]
