"""What to look at of all that was found: the groups and places that are worst, and what piles up."""

from toolkit import words
from toolkit.headline.gathered import day_of, rank

MOST_TO_LOOK_AT = 5


def look_at(seen, first=()):
    """What is looked at: what goes together, the worst place of each figure, what piles up; the metrics given come first."""
    off = {card["metric"] for card in seen.off} | {fact["metric"] for fact in seen.off_groups}

    def matters(fact):
        return fact["metric"] not in first, fact["metric"] not in off

    worse = [fact for fact in [*seen.standouts, *seen.changes] if fact["direction"] == "worse"]
    worse.sort(key=lambda fact: (*matters(fact), rank(fact)))
    found, told = {}, set()
    for one in [*seen.together, *sorted(seen.alike, key=lambda one: min(map(matters, one["facts"])))]:
        # of a group that is worst by several figures what is off target is enough, else the clearest: the section
        # tells the others
        is_counted = one in seen.together
        fact = one["facts"][0] if is_counted else min(one["facts"], key=matters)
        text = _counted(one) if is_counted else fact.get("counted") or fact["clause"]
        text = words.sentence_case(words.text("headlines.sentence", text=text))
        found[one["key"], one["value"]] = {"name": one["name"], "text": text, "href": fact["href"]}
        told |= {(fact["metric"], fact["key"]) for fact in one["facts"]}
    for fact in worse:  # of each metric and column the worst place
        if (fact["metric"], fact["key"]) not in told and (fact["key"], fact["value"]) not in found:
            text = words.text("headlines.sentence", text=words.sentence_case(fact.get("counted") or fact["clause"]))
            name = words.sentence_case(fact["name"])
            found[fact["key"], fact["value"]] = {"name": name, "text": text, "href": fact["href"]}
        told.add((fact["metric"], fact["key"]))
    found = dict(list(found.items())[:MOST_TO_LOOK_AT])
    for fact in seen.stocks[:1]:
        said = fact.get("grown") or fact["clause"]  # the number itself stands in a tile
        text = words.text("headlines.sentence", text=words.sentence_case(said))
        found.setdefault((fact["metric"], ""), {name: fact[name] for name in ("name", "href")} | {"text": text})
    return list(found.values())


def _counted(one):
    """How many figures of a group moved, and when; which ones the headline and the section tell."""
    if not one["weeks"]:
        return one["text"]
    n = len(set(one["metrics"]))
    return words.text("headlines.look_at_group", name=one["name"], week=day_of(one["weeks"][0]), n=n)
