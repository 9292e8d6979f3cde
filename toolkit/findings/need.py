"""What is told of the agents that calls need: where clearly fewer were seen, else where most are needed."""

import numpy as np
import pandas as pd

from toolkit import claims
from toolkit.claims import place_keys
from toolkit.findings.parts import cases, place_of, say, too_few
from toolkit.findings.told import Clause, Told, composed, note_of
from toolkit.intervals import wilson
from toolkit.words import duration, estimate, number, sentence_case, text, value_text


def need(result, **context):
    """The heading names an hour that is short of agents only where that is clear; an hour with few calls is never named."""
    few = too_few(result)
    if few:
        return Told(sentence_case(few), note_of([_aim(result)]), shows=False)
    facts, frame = result.attrs.get("facts", {}), pd.DataFrame(result)
    named = frame[result.enough().to_numpy(bool) & claims.is_named(frame, place_keys(result))].dropna(
        subset=["agents_needed"]
    )
    if not len(named):
        return Told(sentence_case(say("need.unknown")), shows=False)
    found, note = facts.get("standout"), [_aim(result), _measured(result)]
    if found is not None and found in named.index:
        row = named.loc[found]
        about = {"needed": _agents(row), "place": place_of(result, row), "seen": number(row["agents_seen"], 1)}
        heading, _ = composed([Clause(say("need.short", **about), (say("need.short_alone", **about),))])
        note.insert(0, say("need.short_others", n=facts["short"] - 1) if facts["short"] > 1 else "")
        return Told(heading, note_of(note), highlight=found, is_changed=True, is_alarm=True)
    low, high = named["agents_needed"].min(), named["agents_needed"].max()
    top = named[named["agents_needed"] == high]
    most = np.nanmax([high, named["high"].max()])  # if calls come as often as their number allows
    if low == high:
        form, about = ("same", {}) if most == high else ("same_at_most", {"most": number(most)})
        clause = say(f"need.{form}", needed=text("case.agent", n=int(low)), n=int(low), **about)
    elif len(top) == 1 and top["low"].iloc[0] >= named.drop(index=top.index)["agents_needed"].max():
        row = top.iloc[0]  # even with fewer calls no other hour needs more
        clause = say("need.most", needed=_agents(row), place=place_of(result, row))
    else:
        form, about = ("between", {}) if most == high else ("between_at_most", {"most": number(most)})
        clause = say(f"need.{form}", low=number(low), needed=text("case.agent", n=int(high)), **about)
    note.append(say("need.none_short" if facts.get("is_seen") else "need.unseen"))
    return Told(sentence_case(clause), note_of(note), shows=low != high)


def _agents(row):
    """How many agents a row needs, with the interval that the number of its calls gives."""
    said = text("case.agent", n=int(row["agents_needed"]))
    if not np.isfinite(row["low"]) or row["low"] == row["high"]:
        return said
    return text("estimate.both", value=said, low=number(row["low"]), high=number(row["high"]))


def _measured(result):
    """How many were in fact answered in time, as the formula only says how many would be."""
    facts = result.attrs.get("facts", {})
    if not facts.get("timed"):
        return ""
    (low,), (high,) = wilson([facts["met"]], [facts["timed"]])
    value = estimate(facts["met"] / facts["timed"], low, high, "rate")
    about = {"cases": cases(result, facts["timed"]), "seconds": duration(facts["seconds"])}
    return say("need.measured", value=value, **about)


def _aim(result):
    """What the agents are needed for, and on what the number rests."""
    facts = result.attrs.get("facts", {})
    if "target" not in facts:
        return ""
    about = {"target": value_text(facts["target"], "rate"), "seconds": duration(facts["seconds"])}
    handle, stays = (facts.get(name, np.nan) for name in ("handle_seconds", "patience_seconds"))
    if not np.isfinite(handle):
        return say("need.aim", **about)
    about["handle"] = duration(round(handle))
    if not np.isfinite(stays):
        return say("need.aim_handle", **about)
    return say("need.aim_both", stays=duration(round(stays)), **about)
