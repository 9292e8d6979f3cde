"""What goes together: groups of which several figures stand out in one week, or changed in one period, told in one sentence."""

from datetime import date

from toolkit import words
from toolkit.clock.timeline import PERIODS

MOST = 3  # figures that are told of a group


def rank(fact):
    # beyond the smallest p all are as clear: what concerns most cases comes first
    return -round(fact["score"], 6), -fact["n"], fact["metric"], fact["key"], fact["value"], fact["clause"]


def once(facts):
    """One fact of a metric and a group: the one that knows its weeks, else that of a change, else the clearest."""
    found = {}
    for fact in sorted(facts, key=lambda fact: (not fact.get("weeks"), fact["kind"] != "change", rank(fact))):
        found.setdefault((fact["metric"], fact["key"], fact["value"]), fact)
    return sorted(found.values(), key=rank)


def gathered(facts):
    """What goes together: facts of two or more metrics on one group, in one week or in weeks that aren't known."""
    groups = {}
    for fact in facts:
        if fact["key"] and fact["key"] not in PERIODS:  # a week of a series is no group
            groups.setdefault((fact["key"], fact["value"]), []).append(fact)
    made = []
    for (key, value), found in groups.items():
        weeks = sorted({week for fact in found for week in fact.get("weeks", ())})
        # the week in which most of them meet, of several the first
        week = max(weeks, key=lambda week: sum(week in fact.get("weeks", ()) for fact in found), default=None)
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
    if week and all(fact.get("over") for fact in members[:MOST]):
        return _told_over(members[:MOST], week)
    dated = [fact for fact in members if week and fact.get("weeks")]
    others = [fact.get("more") or fact["clause"] for fact in members if fact not in dated][:MOST]
    if not dated:
        first, *rest = others
        return words.sentence_case(words.text("headlines.same_period", what=first, more=words.joined(rest)))
    first, *rest = [fact.get("what") or fact["clause"] for fact in dated[:1]] + [
        fact.get("more") or fact["clause"] for fact in dated[1:MOST]
    ]
    said = words.text("headlines.scan.clause", name=dated[0]["name"], week=day_of(week), what=first)
    if rest:
        said = words.text("headlines.same_week", what=said, more=words.joined(rest))
    if others:
        said = words.text("headlines.same_period", what=said, more=words.joined(others))
    return said


def _told_over(members, week):
    """The same where each figure moved over the whole period as it did in that week: from what to what.

    What is clear is the week; of the period it is said from what to what the figures went, and not that they clearly did.
    """
    first, *rest = [fact["over"] for fact in members]
    more = [words.text("headlines.over.more", **one) for one in rest]
    what = words.joined([words.text("headlines.over.went", **first), *more])
    said = words.text("headlines.over.in_week", name=members[0]["name"], week=day_of(week), what=what)
    for one in [fact["unsure"] for fact in members if fact.get("unsure")][:1]:
        moved = words.sentence_case(words.text("headlines.over.went", **one))
        said = words.text("headlines.over.unsure", said=said, what=moved)
    return said


def day_of(week):
    return words.date_name(date.fromisoformat(week))
