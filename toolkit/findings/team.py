"""What is told of the members of a team beside each other: who clearly differs at an equal mix, and nobody's rank."""

from toolkit import claims, words
from toolkit.findings.groups import fact, ps
from toolkit.findings.parts import cases, name_of, none_of, say, too_few, word
from toolkit.findings.shapes import nothing
from toolkit.findings.told import Clause, Told, composed, note_of
from toolkit.verdicts import CLEAR, direction
from toolkit.words import display_name, estimate, text, value_text

MOST_NAMED = 3


def team(result, **context):
    """Members in the order of their names: those who clearly differ from the others are named, no one is the best."""
    few = too_few(result)
    if few:
        return nothing(few)
    keys, attrs = claims.group_keys(result), result.attrs
    (key,), subject = keys, word(result, "subject")
    if attrs["at"] is not None:
        subject = say("team.within", subject=word(result, "event", n=2), time=words.duration(attrs["at"]))
    unit, tested = attrs["units"]["adjusted"], ps(result)
    named = result[claims.is_named(result, keys)]
    clear = named[(named["verdict"] == CLEAR).to_numpy(bool)]
    mix = words.joined(_column(one) for one in attrs["mix"])
    at_mix = say("team.mix", mix=mix) if mix else ""
    clauses = [_differs(result, label, row, key, subject, unit, at_mix) for label, row in clear.iterrows()]
    notes = _notes(result)
    if len(named) == 1 and not tested:
        only = say("team.only", name=display_name(named.iloc[0][key], key))
        return Told(words.sentence_case(only), note_of(notes))
    if not tested:
        return Told(words.sentence_case(say("team.untested", none_of=none_of(result, keys))), note_of(notes))
    if not clauses:
        about = {"none_of": none_of(result, keys), "subject": subject, "at_mix": at_mix}
        said = say("team.none" if at_mix else "team.none_unmixed", **about)
        chance = say("team.chance", n=len(tested))
        return Told(words.sentence_case(said), note_of([chance, *notes]), shows=False, tested=tested)
    heading, told = composed(clauses[:1])
    if len(clauses) > 1:
        names = words.joined(display_name(row[key], key) for _, row in clear.iterrows())
        many = say(
            "team.some", n=len(clauses), names=names, subject=subject, many=text(name_of("many", keys), n=len(named))
        )
        heading, told = composed(
            [
                Clause(
                    many,
                    (
                        say(
                            "team.some_short",
                            n=len(clauses),
                            subject=subject,
                            many=text(name_of("many", keys), n=len(named)),
                        ),
                    ),
                )
            ]
        )
        details = [one.full for one in clauses[:MOST_NAMED]]
    else:
        details = []
    details += [one.detail for one in clauses[:MOST_NAMED] if one in told]
    facts = [one.fact for one in clauses]
    highlight = clear.index[0] if len(clear) == 1 else None
    score = max(one["score"] for one in facts)
    is_alarm = facts[0]["direction"] == "worse"
    note = note_of([*details, *notes])
    return Told(heading, note, highlight, True, "none", True, score, facts, tested, is_alarm)


def _differs(result, label, row, key, subject, unit, at_mix):
    """That a member's figure clearly lies above or below that of the others."""
    above = row["difference"] > 0
    size = words.points(row["difference"]) if unit == "rate" else words.duration(abs(row["difference"]))
    name = display_name(row[key], key)
    form = ("above" if above else "below") + ("" if at_mix else "_unmixed")
    said = say(f"team.{form}", name=name, subject=subject, size=size, at_mix=at_mix)
    values = {end: value_text(row[end], unit) for end in ("others", "unadjusted")}
    values |= {"value": estimate(row["adjusted"], row["adjusted_low"], row["adjusted_high"], unit)}
    detail = say("team.figures", name=name, cases=cases(result, int(row["n"])), **values)
    way = direction(row["difference"], result.attrs.get("best"))
    one = fact(result, "standout", row, said, way, row["p"], row["n"])
    return Clause(said, detail=detail, place=result.index.get_loc(label), fact=one)


def _notes(result):
    """What can't be known of members: cases that belong to nobody, and waits before anyone was given them."""
    facts, said = result.attrs["facts"], []
    waiting, whole = facts.get("unassigned_open", 0), facts.get("open", 0)
    if waiting:
        about = {} if waiting == whole else {"all": words.number(whole)}
        said.append(say("team.waiting" if about else "team.waiting_all", n=waiting, **about))
    if facts["unassigned"] > waiting:
        said.append(say("team.unassigned", n=facts["unassigned"] - waiting))
    apart = int(
        (result["verdict"] == "not comparable").to_numpy(bool)[~result[result.attrs["by"][0]].map(words.is_none)].sum()
    )
    if apart:
        said.append(say("team.apart", n=apart))
    return said


def _column(name):
    return text(f"tables.keys.{name}") if words.has(f"tables.keys.{name}") else name
