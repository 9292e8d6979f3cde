"""What is told of several figures side by side, and of what was expected: nothing is ranked."""

import pandas as pd

from toolkit import claims, words
from toolkit.claims import group_keys, place_keys
from toolkit.clock import PARTS, day_of, days_since_epoch
from toolkit.clock.timeline import ends_of
from toolkit.findings.groups import change_clauses, fact, ps
from toolkit.findings.parts import cases, event, place_of, say, unit_of, word
from toolkit.findings.shapes import nothing
from toolkit.findings.told import Clause, Told, composed, note_of
from toolkit.metrics.registry import METRICS
from toolkit.unusual import BY_CHANCE, EXPECTED, GOES_ON, OUT, UNKNOWN
from toolkit.verdicts import direction
from toolkit.words import display_name, estimate, sentence_case, text, value_text

MOST_NAMED = 3  # of what stands out besides the clearest


def tally(result, comparison=None, **context):
    """What the metric says of all its rows together; which row has the most isn't said."""
    said = [
        word(result, f"told.{key}", **{name: _shown(value) for name, value in values.items()})
        for key, values in result.attrs.get("told", ())
    ]
    if not said:
        return nothing(say("no_data"))
    changes = change_clauses(result, comparison) if group_keys(result) else []
    clauses = [*map(Clause, said), *changes]
    heading, told = composed(clauses)
    grown = _grown(result)
    return Told(
        heading,
        note_of([one.full for one in clauses if one not in told]),
        shows=True,
        is_changed=bool(changes),
        score=max([one.fact["score"] for one in changes], default=0.0),
        facts=[one.fact for one in changes] + grown,
        tested=ps(comparison),
    )


def _grown(result):
    """[The fact that a stock, such as what is open, grew over a series]: counted in full, so without a verdict."""
    every, before = claims.time_key(result), result.attrs.get("stock_before")
    if not every or not claims.has_grown(result[result.attrs["value"]], before):
        return []
    row = result.iloc[-1]
    left = int(row[result.attrs["value"]])
    about = {"left": value_text(left, "count"), "by": value_text(left - before, "count")}
    about |= {
        "steps": text(f"step.{every}", n=len(result)),
        "when": word(result, f"told.at_{result.attrs['stock_at']}"),
    }
    said = word(result, "told.stock", **about)
    more = {"grown": word(result, "told.grown", **about), "inner": word(result, "told.stock_inner")}
    made = fact(result, "stock", row, said, "worse" if result.attrs.get("best") != "high" else "better", n=left)
    return [made | {"key": "", "value": "", "weeks": [], "name": word(result, "told.stock_name")} | more]


def _shown(value):
    """A value of `told` as prose: a number that chooses the form as it is, (value, unit) or (value, unit, low, high)."""
    if not isinstance(value, tuple):
        return value
    return estimate(value[0], value[2], value[3], value[1]) if len(value) > 2 else value_text(*value)


def band(result, **context):
    """What stands out from what was expected, the clearest first; or that nothing does."""
    attrs, keys = result.attrs, place_keys(result)
    times = [key for key in keys if key in PARTS]
    if not len(result):
        some = attrs["facts"].get("contacts")
        return nothing(say("band.no_whole", period=text(f"period.{times[-1]}")) if some else say("no_data"))
    looked = result[(result["state"] != UNKNOWN).to_numpy(bool)]
    is_silent = looked["expected"].sum() < 1 and (looked["state"] == EXPECTED).all()
    if not len(looked) or (
        is_silent and unit_of(result) == "count"
    ):  # where next to nothing ever came, that nothing stands out says nothing
        return nothing(say("band.unknown"))
    step = text(f"step.{times[-1]}", n=len(pd.DataFrame(looked)[times].drop_duplicates()))
    groups = pd.DataFrame(looked)[[key for key in keys if key not in times]].drop_duplicates()
    each = len(groups) if len(groups.columns) else 1
    tested = [float(p) for p in looked.loc[(looked["state"] != GOES_ON).to_numpy(bool), "p"]]
    holidays = attrs["facts"].get("holidays", 0)
    way = attrs.get("choices", {}).get("holidays")
    rest = [say(f"band.{way}", n=holidays)] if holidays and way else []
    out = pd.DataFrame(looked[(looked["state"] == OUT).to_numpy(bool)]).sort_values("p", kind="stable")
    goes_on = int((looked["state"] == GOES_ON).sum())
    chance = int((looked["state"] == BY_CHANCE).sum())
    rest = [*([say("band.chance", n=chance)] if chance else []), *rest]
    if not len(out):
        none = say("band.none_each" if each > 1 else "band.none", steps=step, n=each)
        # what lies outside all the same is told with it: one thought
        heading, _ = composed([Clause(none), *([Clause(say("band.all_chance", n=chance))] if chance else [])])
        is_told = chance and len(heading) > len(none)
        going = [say("band.older", n=goes_on)] if goes_on else []
        return Told(heading, note_of([*going, *rest[is_told:]]), shows=False, tested=tested)
    facts, clauses = [], []
    for _, row in out.iterrows():
        said = _outside(result, row)
        facts.append(_fact(result, row, said, [key for key in keys if key not in times]))
        clauses.append(Clause(said))
    heading, _ = composed(clauses[:1])
    form = "some_each" if each > 1 else "some"
    note = [say(f"band.{form}", n=len(out), steps=step, groups=each)] if len(out) > 1 else []
    note += [one.full for one in clauses[1 : 1 + MOST_NAMED]]
    note += [say("band.goes_on", n=goes_on)] if goes_on else []
    note += [say("band.how"), *rest]
    highlight, score = out.index[0], max(claims.score(p) for p in out["p"])
    is_alarm = facts[0]["direction"] == "worse"
    return Told(
        heading,
        note_of(note),
        highlight,
        is_changed=True,
        score=score,
        facts=facts,
        tested=tested,
        is_alarm=is_alarm,
    )


def _fact(result, row, said, groups):
    """The candidate for a headline: of a group in a week, as `metrics.compare.scan` has it, so that one is told once."""
    attrs = result.attrs
    value = float(row[attrs["value"]])
    way = direction(value - float(row["expected"]), attrs.get("best"))
    made = fact(result, "standout", row, said, way, row["p"], row["n"])
    step = next((key for key in ("week", "day") if key in row), None)
    first, _ = ends_of("week", days_since_epoch(pd.Timestamp(row[step]).date()))
    made["weeks"] = [day_of(first).isoformat()]
    made["what"] = made["more"] = _outside(result, row, bare=True)
    made["key"], made["value"] = ",".join(groups), ",".join(str(row[key]) for key in groups)
    if groups:
        made["metric"] = METRICS[attrs["metric"]].view_of or attrs["metric"]
        made["name"] = words.joined([display_name(row[key], key) for key in groups])
    else:
        made["name"] = sentence_case(word(result, "subject"))
    return made


def _outside(result, row, bare=False):
    """One step outside: what came, where, and between what it was expected."""
    attrs, unit = result.attrs, unit_of(result)
    value, place = float(row[attrs["value"]]), "" if bare else place_of(result, row)
    low, high = (value_text(float(row[end]), unit) for end in attrs["ends"])
    about = {"place": place, "low": low, "high": high}
    form = "range" if row[attrs["ends"][0]] != row[attrs["ends"][1]] else "exactly"
    if bare:
        said = (
            cases(result, int(row["n"]))
            if unit == "count"
            else say("band.is", subject=word(result, "subject"), value=value_text(value, unit))
        )
    elif unit == "count":
        said = say("band.came", cases=cases(result, int(row["n"])), event=event(result, row["n"]), place=place)
    else:
        said = say("band.was", subject=word(result, "subject"), value=value_text(value, unit), place=place)
    return say(f"band.{form}", said=said, **about)
