"""The headline of a report and of all of them: what is off target, what clearly changed, what goes together.

Pure functions of the raw key figures (`metrics.compare.figures`) and of the facts that sections and scans found. Off
target comes first, then what clearly changed, corrected by Holm: the key figures, which were chosen before anybody looked,
for each other, as their tiles are; whatever a search found for everything that was looked at. What points at one group is
named once, never with a because.
"""

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

from toolkit import words
from toolkit.cards import card_texts, label
from toolkit.clock.timeline import PERIODS
from toolkit.headline.gathered import day_of, gathered, once, rank
from toolkit.headline.places import look_at
from toolkit.metrics.registry import METRICS
from toolkit.verdicts import CHANCE, CLEAR, COUNTED, NOT_COMPARABLE, SMALLEST_P, holm, is_clear

LONGEST = 110  # characters of a title
MOST = 3  # things that a bullet says
MOST_OFF = 6  # figures off target that a bullet names
MOST_NAMES = 6  # of figures that are steady
TARGETS = ("off", "near", "on")


@dataclass(frozen=True)
class Seen:
    """What there is to say: cards and facts that hold after the correction, the clearest first."""

    off: list  # cards off target
    held: list  # cards with a target that can be told
    changed: list  # cards that clearly changed
    unsure: list  # cards that moved by more than is usual, but not clearly beside the others
    steady: list  # the other cards whose change isn't clear
    together: list  # changes of one group
    alike: list  # what is worse of one group all period long
    changes: list  # facts of a change that goes together with no other
    standouts: list  # facts of groups that differ from the others all period long
    off_groups: list  # facts of groups off target
    stocks: list  # facts of what piles up, counted in full
    is_compared: bool  # with anything earlier
    is_comparable: bool  # all of it
    whose: str = "own"  # the figures with a target: "own" of one report, "all" of several; "" where there is but one


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
    '70 % of answers were satisfied (target 80 %); nothing clearly changed'
    >>> [(bullet["kind"], bullet["text"].replace("\\xa0", " ")) for bullet in said["bullets"]]
    [('off', 'CSAT 70 % (target 80 %).'), ('steady', 'No clear change in CSAT.')]
    """
    seen = _seen(cards, facts, tested)
    bullets = [{"kind": kind, "text": text, "block": block} for kind, text, block in _bullets(seen, "block")]
    said = [bullet for bullet in bullets if bullet["text"]]
    return {"title": _title(seen, cards), "bullets": said or _empty_bullets(seen, "block")}


def overview(reports, first=(), others=()):
    """The headline of all reports, and what to look at.

    Parameters
    ----------
    reports : list of dict: name, title, html (its page), cards, facts, tested; a figure or a fact that several have
        counts once
    first : metrics whose causes are looked at before those of the others that are off target
    others : reports, as above, of which only the figures with a target are told, after those of `reports`

    Returns
    -------
    dict of title; bullets, of off, changed and steady those of which there is something to say: dicts of kind, text,
        href; look_at: dicts of name, text, href: what goes together first, then the worst places of what is off target,
        at most five, and what piles up
    """
    cards, facts = {}, {}
    for report in reports:
        for card in report.get("cards", ()):
            which = tuple(card.get(name) for name in ("metric", "column", "population", "case", "n", "value"))
            cards.setdefault(which, card | {"href": _href(report, card)})
        found = [fact | {"href": _href(report, fact)} for fact in report.get("facts", ())]
        for fact in found:
            which = (fact["kind"], *(fact[name] for name in ("metric", "key", "value")), tuple(fact.get("weeks", ())))
            # of several reports the one that tells it of the most cases, and of what goes together with it
            group = fact["key"], fact["value"], fact.get("weeks")
            beside = [(one["key"], one["value"], one.get("weeks")) for one in found].count(group)
            known = facts.get(which)
            if known is None or (fact["n"], beside) > (known["n"], known["beside"]):
                facts[which] = fact | {"beside": beside}
    cards, facts = list(cards.values()), list(facts.values())
    seen = _seen(cards, facts, [p for report in reports for p in report.get("tested", ())])
    more = _with_target(cards, others)
    off = seen.off + [card for card in more if card["status"] == "off"]
    whose = "all" if len({report["name"] for report in [*reports, *others]}) > 1 else ""
    seen = replace(seen, off=off, held=seen.held + more, whose=whose)
    empty = {bullet["kind"]: bullet for bullet in _empty_bullets(seen, "href")}
    told = _bullets(seen, "href", is_looked_at=True)
    bullets = [{"kind": kind, "text": text, "href": href} if text else empty.get(kind) for kind, text, href in told]
    return {"title": _title(seen, cards), "bullets": [*filter(None, bullets)], "look_at": look_at(seen, first)}


def _with_target(known, reports):
    """The figures with a target of further reports, each once, that aren't known already; whatever was chosen for them."""
    found, names = {}, ("metric", "column", "population", "case")
    told = {tuple(card.get(name) for name in names) for card in known}
    for report in reports:
        for card in report.get("cards", ()):
            which = tuple(card.get(name) for name in names)
            if card.get("status") in TARGETS and which not in told:
                found.setdefault(which, card | {"href": _href(report, card)})
    return list(found.values())


def _href(report, one):
    if one.get("href"):
        return one["href"]
    return report["html"] + (f"#{one['block']}" if one.get("block") else "")


def together(facts):
    """What goes together: groups of which two or more metrics stand out in one week, or changed, the clearest first.

    Parameters
    ----------
    facts : list of dict, as `metrics.compare.scan` gives them

    Returns
    -------
    list of dict: key, value, name, weeks, text, metrics, score and the facts that are meant
    """
    return gathered(once(facts))


# --- what holds -------------------------------------------------------------------------------------


def _seen(cards, facts, tested):
    holds = _clear(cards, facts, tested)
    with_target = [card for card in cards if card.get("status") in TARGETS]
    changed = [card for card in cards if card.get("verdict") == CLEAR and holds(card)]
    own = {card["metric"] for card in cards}
    groups = [
        fact for fact in sorted(facts, key=rank) if fact["key"] or fact["metric"] not in own
    ]  # the whole has a card
    clear = [fact for fact in groups if holds(fact)]
    changes = [fact for fact in clear if fact["kind"] == "change" or fact.get("weeks")]
    standouts = [fact for fact in clear if fact["kind"] == "standout" and not fact.get("weeks")]
    together = gathered(once(changes))
    named = {(one["key"], one["value"]) for one in together}
    alike = gathered(once([fact for fact in standouts if fact["direction"] == "worse"]))
    # what is clear by itself, and not beside the others, is neither shown to have changed nor steady
    compared = [card for card in cards if card.get("verdict") in (CLEAR, CHANCE) and card.get("change") is not None]
    unsure = [card for card in compared if card not in changed and _p(card) is not None and is_clear(_p(card))]
    return Seen(
        off=[card for card in with_target if card["status"] == "off"],
        held=with_target,
        changed=sorted(changed, key=_score, reverse=True),
        unsure=unsure,
        steady=[card for card in compared if card.get("verdict") == CHANCE and card not in unsure],
        together=together,
        alike=[one for one in alike if (one["key"], one["value"]) not in named],
        changes=[fact for fact in once(changes) if (fact["key"], fact["value"]) not in named],
        standouts=standouts,
        off_groups=[fact for fact in groups if fact["kind"] == "off"],
        stocks=[fact for fact in groups if fact["kind"] == "stock"],
        is_compared=bool(changes) or any(card.get("verdict") not in (None, "", COUNTED) for card in cards),
        is_comparable=not any(card.get("verdict") == NOT_COMPARABLE for card in cards),
    )


def _p(one):
    p = one.get("p")
    return None if p is None or math.isnan(p) else max(float(p), SMALLEST_P)


def _clear(cards, facts, tested):
    """Whether the change of a card is clear beside the other cards', that of a fact beside all that was looked at."""
    figures = [p for p in map(_p, cards) if p is not None]
    every = figures + [max(float(p), SMALLEST_P) for p in tested if not math.isnan(p)]
    found = [_p(fact) for fact in facts if not fact.get("is_given")]
    every += [p for p in found if p is not None and p not in set(every)]
    corrected = [dict(zip(ps, holm(ps).tolist(), strict=True)) for ps in (figures, every)]

    def holds(one):
        # what was asked of a group that others had named is clear as it stands
        return one.get("is_given") or (_p(one) is not None and is_clear(corrected["kind" in one][_p(one)]))

    return holds


def _score(one):
    """The size of a change over its uncertainty."""
    return one["score"] if "score" in one else NormalDist().inv_cdf(1 - _p(one) / 2)


# --- the title --------------------------------------------------------------------------------------


def _title(seen, cards):
    """The title: how the targets are met, and the clearest change, as much of it as fits."""
    firsts, others = _of_targets(seen) or [_moved(card) for card in seen.changed[:1]], _of_changes(seen)
    firsts = firsts or _first_figure([card for card in cards if card["unit"] != "count"])
    if not firsts and not others:
        firsts = _first_figure(cards) or [words.text("headlines.title.few" if cards else "headlines.title.empty")]
    others = [other for other in others if other not in firsts]
    for other in others:
        for first in firsts or [""]:
            both = words.text("headlines.title.both", one=first, other=other) if first else other
            if len(both) <= LONGEST:
                return words.sentence_case(both)
    alone = firsts or others
    return words.sentence_case(next((one for one in alone if len(one) <= LONGEST), alone[-1]))


def _of_targets(seen):
    """What may be said of the targets, the longest first; [] where there are none."""
    off, held = len(seen.off), len(seen.held)
    which = words.text(f"headlines.title.with_target{seen.whose and f'_{seen.whose}'}")
    if off == 1:
        return _one_off(seen.off[0])
    if off and off == held:
        return [words.text("headlines.title.both_off" if off == 2 else "headlines.title.all_off", n=off, which=which)]
    if off:
        labels = words.joined(map(_inner, seen.off))
        named = words.text("headlines.title.some_off_named", n=off, total=held, labels=labels)
        return [named, words.text("headlines.title.some_off", n=off, total=held, which=which)]
    if seen.off_groups:
        worst = seen.off_groups[0]
        return [worst["clause"], words.text("headlines.title.group_off", name=worst["name"])]
    if not held:
        return []
    form = "met" if held == 1 else "both_met" if held == 2 else "all_met"
    return _near(seen) or [words.text(f"headlines.title.{form}", n=held, which=which)]


def _near(seen):
    """That it can't be told whether a target is met, where the interval holds it; [] where it can be told of all."""
    near = [card for card in seen.held if card["status"] == "near"]
    if len(near) == 1:
        said, cases = card_texts(near[0]), words.text(f"cases.{near[0]['case']}")
        about = {"label": _inner(near[0]), "value": said["value"], "target": said["beside"], "cases": cases}
        return [words.text("headlines.title.one_near", **about)]
    return [words.text("headlines.title.some_near", n=len(near), total=len(seen.held))] if near else []


def _one_off(card):
    said, event = card_texts(card), f"metric.{card['metric']}.event"
    told = {"value": said["value"], "target": said["beside"]}
    forms = [words.text("headlines.title.one_off_figure", label=_inner(card), **told)]
    if card["unit"] == "rate" and card["column"] == METRICS[card["metric"]].value and words.has(event):
        cases = words.text(f"cases.{card['case']}")
        forms.insert(0, words.text("headlines.title.one_off", cases=cases, event=words.text(event, n=2), **told))
    return forms


def _of_changes(seen):
    """What may be said of changes, what matters most first; and where a figure that is off target is worst."""
    off = {card["metric"] for card in seen.off}
    worse = [fact for fact in seen.standouts if fact["direction"] == "worse"]
    worst = [fact["clause"] for fact in worse if fact["metric"] in off][:1]
    said = worst if len(off) == 1 else []
    for one in seen.together:
        said.append(_stands_out(one) if one["weeks"] else words.text("headlines.title.together", name=one["name"]))
    said += [_moved(card) for card in seen.changed] + worst
    for fact in seen.changes:
        said += [fact["clause"], *([_stands_out(fact)] if fact.get("weeks") else [])]
    if not said and not seen.held:
        said += [fact["clause"] for fact in worse]
    said += [fact["clause"] for fact in seen.stocks[:1]]
    if said or not seen.is_compared:  # that there is nothing earlier is no news
        return said
    form = "nothing" if seen.is_comparable else "nothing_comparable"
    return [words.text(f"headlines.title.{form}")]


def _moved(card):
    value, change = card_texts(card)["value"], card.get("change")
    form = "moved" if not change else "rose" if change > 0 else "fell"
    return words.text(f"headlines.title.{form}", label=_inner(card), value=value)


def _stands_out(one):
    if one["key"] in PERIODS:
        return words.text("headlines.title.week_stands_out", name=one["name"])
    return words.text("headlines.title.stands_out", name=one["name"], week=day_of(one["weeks"][0]))


def _first_figure(cards):
    """[The first figure that can be told]."""
    known = [card for card in cards if card.get("value") is not None]
    return [words.text("headlines.figure", label=_inner(card), value=card_texts(card)["value"]) for card in known[:1]]


def _label(card):
    case = card.get("case") if card["column"] == "n" else None
    return card.get("label") or label(card["metric"], card["column"], card.get("within_seconds"), case)


def _inner(card):
    return card.get("label") or words.inner_case(_label(card))


# --- bullets ----------------------------------------------------------------------------------------


def _bullets(seen, link, is_looked_at=False):
    """(kind, text or "", where it leads) of each kind; `is_looked_at`: what piles up stands beside, and isn't told here."""
    most = len(seen.off) if len(seen.off) <= MOST_OFF + 1 else MOST_OFF  # one more is named as shortly
    off = [_off(card, place) for place, card in enumerate(seen.off[:most])]
    off += [words.text("headlines.other_figures", n=len(seen.off) - most)] if len(seen.off) > most else []
    off = [words.text("headlines.sentence", text="; ".join(off))] if off else [f["text"] for f in seen.off_groups[:1]]
    yield "off", " ".join(off), _first(seen.off or seen.off_groups, link)
    changed = [(_score(card), _changed(card), card) for card in seen.changed]
    changed += [(one["score"], one["text"], one["facts"][0]) for one in seen.together[:1]]
    changed += [(one["score"], _shortly(one), one["facts"][0]) for one in seen.together[1:]]
    changed = sorted(changed, key=lambda one: -one[0]) + [(0, fact["clause"], fact) for fact in _news(seen)]
    stocks = [] if is_looked_at else seen.stocks[:1]
    stocks = [(0, fact["clause"], fact) for fact in stocks]  # has no verdict, and is told all the same
    changed = changed[: MOST - len(stocks)] + stocks
    said = [words.sentence_case(words.text("headlines.sentence", text=text)) for _, text, _ in changed]
    said += _unsure(seen, MOST - len(said))
    yield "changed", " ".join(said), _first([*(one for *_, one in changed), *seen.unsure], link)
    yield "steady", _steady(seen.steady), _first(seen.steady, link)


def _unsure(seen, room):
    """[That some figures may have changed], as far as there is room; before it that nothing did, where no more is said."""
    if not seen.unsure or not room:
        return []
    listed = [_changed(card, _inner(card)) for card in seen.unsure]
    if len(listed) > room:
        listed = [*listed[:room], words.text("headlines.other_figures", n=len(listed) - room)]
    said = words.sentence_case(words.text("headlines.unsure", what="; ".join(listed)))
    return [_nothing(seen), said] if room == MOST else [said]


def _nothing(seen):
    """That nothing clearly changed; where something piled up, nothing besides it."""
    name = next((fact["inner"] for fact in seen.stocks if fact.get("inner")), "")
    if name:
        return words.text("headlines.nothing_besides", name=name)
    return words.text(f"headlines.{'nothing_changed' if seen.is_comparable else 'nothing_comparable'}")


def _shortly(one):
    """What goes together in a group, in a few words; the group that is clearest is told in full."""
    return _stands_out(one) if one["weeks"] else one["text"]


def _news(seen):
    """The changes of groups that no other tells already: one of a metric and a column, and of a metric in some weeks."""
    told = {(fact["metric"], *fact.get("weeks", ())) for one in seen.together for fact in one["facts"]}
    for fact in seen.changes:
        which = {(fact["metric"], fact["key"]), (fact["metric"], *fact.get("weeks", ()))}
        if not told & which:
            yield fact
        told |= which


def _steady(cards):
    labels = list(dict.fromkeys(_inner(card) for card in cards))
    if not labels:
        return ""
    if len(labels) > MOST_NAMES + 1:  # one more is named as shortly
        labels = [*labels[:MOST_NAMES], words.text("headlines.other_figures", n=len(labels) - MOST_NAMES)]
    return words.sentence_case(words.text("headlines.steady", labels=words.joined(labels)))


def _first(found, link):
    return next((one[link] for one in found if one.get(link)), "")


def _off(card, place):
    """A card off target; the first says what the second number is."""
    said = card_texts(card)
    target = said["beside"] if not place else words.value_text(card["target"], card["unit"])
    return words.text(
        "headlines.off", label=_inner(card) if place else _label(card), value=said["value"], target=target
    )


def _changed(card, own=""):
    """What a card was before; `own`: its label within the sentence of what may have changed."""
    said = card_texts(card)
    told = {"label": own or _label(card), "value": said["value"]}
    if card.get("per_day"):
        form = "per_day_more" if card["change"] > 0 else "per_day_fewer"
        return words.text(f"headlines.{form}", **told, change=words.value_text(abs(card["change"]), "rate"))
    if not card.get("change") or card.get("previous") is None:
        return words.text("headlines.another" if own else "headlines.moved", **told)
    form = "rose" if card["change"] > 0 else "fell"
    return words.text(f"headlines.{form}", **told, previous=words.value_text(card["previous"], card["unit"]))


def _empty_bullets(seen, link):
    """What is said where there is nothing of a kind; nothing of what wasn't compared."""
    near = [words.sentence_case(words.text("headlines.sentence", text=text)) for text in _near(seen)]
    off = near[0] if near else words.text("headlines.nothing_off" if seen.held else "headlines.no_target")
    said = {"off": off}
    if seen.is_compared:
        said["changed"] = _nothing(seen)
    said |= {"steady": words.text("headlines.none_steady")} if seen.unsure else {}
    made = [{"kind": kind, "text": text, link: ""} for kind, text in said.items()]
    return [one | ({"is_calm": True} if one["kind"] == "off" else {}) for one in made]  # no figure is off its target
