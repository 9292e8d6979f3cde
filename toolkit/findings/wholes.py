"""What is told of parts of a whole, of the hours of a week, and of what groups add to a total."""

import math

import numpy as np
import pandas as pd

from toolkit import claims, words
from toolkit.claims import group_keys
from toolkit.findings import targets
from toolkit.findings.compared import figure_word
from toolkit.findings.groups import change_clauses, fact, groups_told, ps
from toolkit.findings.parts import cases, estimate_of, event, none_of, place_of, say, too_few, word
from toolkit.findings.shapes import figure, nothing
from toolkit.findings.told import Clause, Told, composed, note_of, worst
from toolkit.intervals import wilson
from toolkit.result import signed
from toolkit.verdicts import CHANCE, CLEAR, direction
from toolkit.words import display_name, estimate, number, sentence_case, text, value_text

MOST_LISTED = 8  # groups of which each is told

# --- parts of a whole -------------------------------------------------------------------------------


def shares(result, period=None, comparison=None, **context):
    few, keys = too_few(result), group_keys(result)
    if few:
        return nothing(few)
    if "part" in result.attrs:
        return _spans(result, keys)
    every = claims.time_key(result)
    if every and "verdict" in result.columns:
        return _trend(result, every, period, comparison)
    if keys and len(result) > 1:
        return groups_told(result, period=period, comparison=comparison)
    about = {"value": estimate_of(result, result.iloc[0]), "cases": cases(result, int(result["n"].iloc[0]))}
    said = say("shares.whole", event=event(result), **about)
    return figure(result, [Clause(said)], [_parts(result)], comparison)


def _spans(result, keys):
    """Of spans of time how many never ended, and of groups the one that stands out in the first span."""
    tidy = result.parts()
    tidy["part"], codes = (
        tidy["part"].astype(str),
        dict(zip(result.attrs["parts"], result.attrs["part_words"], strict=True)),
    )
    sums = {name: int(tidy.loc[tidy["part"] == code, "n"].sum()) for code, (name, _) in codes.items()}
    total = int(tidy.loc[tidy["part"] == result.attrs["parts"][0], "total"].sum())
    closed, is_of_closes = sums.get("closed_unanswered", 0), "open" in sums
    none, of = closed + sums.get("waiting", 0) + sums.get("open", 0), cases(result, total)
    if is_of_closes:
        head = say("shares.open", n=none, cases=of) if none else say("shares.closed", cases=of)
    else:
        head = say("shares.none", n=none, cases=of) if none else say("shares.all", cases=of)
    if closed:
        head = say("shares.none_both" if none == 1 else "shares.none_closed", none=head, n=closed)
    spans = _parts(result)
    if not keys or len(result[keys].drop_duplicates()) < 2:
        return Told(sentence_case(head), note_of([spans]))
    return groups_told(result, first=head, notes=[spans], is_shown=True)


def _parts(result):
    """The parts of all the groups together: of spans of time the first, and the states in full."""
    tidy, items = result.parts(), []
    tidy["part"] = tidy["part"].astype(str)
    names = result.attrs["part_words"] if "part" in result.attrs else [(part, {}) for part in result.attrs["parts"]]
    total = int(tidy.loc[tidy["part"] == result.attrs["parts"][0], "total"].sum())
    for code, (name, ends) in zip(result.attrs["parts"], names, strict=True):
        part = tidy[tidy["part"] == code]
        is_state = "part" in result.attrs and name not in ("within", "under")
        if name in ("between", "after", "from") or (is_state and not part["n"].sum()):
            continue
        if len(part) == 1:  # as it stands there: the interval may carry more than n
            share, low, high = part.iloc[0][["share", "low", "high"]]
        else:
            share = part["n"].sum() / total
            (low,), (high,) = wilson([part["n"].sum()], [total])
            if not _is_plain(part):  # cases that are alike: that of the total is wider, too
                low = high = math.nan
        about = {"value": estimate(share, low, high, "rate"), "part": words.part_name(name, ends)}
        items.append(text("sentence.shares.item", **about))
    return say("shares.list", cases=cases(result, total), list=words.joined(items))


def _is_plain(part):
    """Whether the intervals of all these shares are those of cases that have nothing to do with each other."""
    known = part.dropna(subset=["low", "high"])
    ends = wilson(known["n"], known["total"])
    return bool(np.allclose(ends, (known["low"], known["high"]), atol=1e-9))


def _trend(result, every, period, comparison):
    """The day or week that stands out; else the largest clear change from one to the next, or that none is clear."""
    told = groups_told(result, period=period, comparison=comparison)
    rows = result[claims.in_period(result[every], every, period)]
    if not len(rows) or not rows["n"].sum():
        return nothing(say("no_data"))
    about = {"subject": word(result, "subject"), "period": text(f"period.{every}")}
    clear, value = rows[(rows["verdict"] == CLEAR).to_numpy(bool)], result.attrs["value"]
    if told.is_changed:
        return told
    whole = [_parts(rows)] if claims.is_whole(rows[every], every, period) else []
    if not len(clear):
        if rows["change"].isna().all():
            heading, *note = [*whole, say("shares.no_neighbour", **about)]
        else:
            form = "steady" if (rows["verdict"] == CHANCE).any() else "untested"
            heading, *note = [say(f"shares.{form}", **about), *whole]
        return Told(
            sentence_case(heading), note_of(note), shows=False, status=told.status, tested=told.tested + ps(rows)
        )
    harm = -1 if result.attrs.get("best") == "high" else 1
    sign = harm if (harm * clear["change"]).max() > 0 else -harm
    top = clear.loc[(sign * clear["change"]).idxmax()]
    said = {"place": place_of(result, top), "points": words.points(top["change"]), "subject": about["subject"]}
    said = say(f"shares.{'rose' if sign > 0 else 'fell'}", value=value_text(top[value], "rate"), **said)
    more = say("shares.others", n=len(clear) - 1, period=about["period"]) if len(clear) > 1 else ""
    one = fact(
        result, "standout", top, said, direction(top["change"], result.attrs.get("best")), top.get("p"), top["n"]
    )
    return Told(
        sentence_case(said),
        note_of([more]),
        top.name,
        True,
        told.status,
        True,
        one["score"],
        [one],
        told.tested + ps(rows),
        one["direction"] == "worse",
    )


# --- what is no figure of a group -------------------------------------------------------------------


def grid(result, **context):
    if not len(result) or not result["n"].sum():
        return nothing(say("no_data"))
    facts, note, n = result.attrs.get("facts", {}), [], int(result["n"].sum())
    if n < facts.get("least", 1):
        return nothing(say("too_few", cases=cases(result, n), minimum=number(facts["least"])))
    found, outside, clauses = facts.get("standout"), facts.get("outside"), []
    if outside and outside["n"]:
        (low,), (high,) = wilson([outside["hits"]], [outside["n"]])
        about = {"cases": cases(result, outside["n"]), "event": event(result, outside["hits"])}
        value = value_text(outside["hits"] / outside["n"], "rate")
        clauses.append(Clause(say("grid.outside", value=value, **about)))
    else:
        clauses.append(Clause(_span_of_half(result)))
    if found is not None:
        row = result.loc[found]
        digits = 0 if row["mean"] >= 10 else 1
        about = {"place": place_of(result, row, ["weekday", "hour"]), "event": event(result)}
        about["mean"] = cases(result, round(row["mean"], digits))
        about |= {end: number(row[end], 0 if digits == 0 or row[end] % 1 == 0 else 1) for end in ("low", "high")}
        clauses.insert(0, Clause(say("grid.peak", **about)))
    else:
        clauses.append(Clause(say("grid.few" if result["low"].isna().all() else "grid.flat")))
    heading, told = composed(clauses)
    note += [one.full for one in clauses if one not in told]
    is_found = found is not None
    return Told(heading, note_of(note), found, is_changed=is_found)


def _span_of_half(result):
    """In which hours of the day at least half came in, the fewest that follow each other."""
    counts = pd.DataFrame(result).groupby("hour")["n"].sum().reindex(range(24), fill_value=0).to_numpy()
    total = counts.sum()
    spans = [
        (last - first, -counts[first:last].sum(), first, last) for first in range(24) for last in range(first + 1, 25)
    ]
    _, most, first, last = min(span for span in spans if -span[1] * 2 >= total)
    about = {"cases": cases(result, int(total)), "event": event(result), "value": value_text(-most / total, "rate")}
    ends = {"first": display_name(first, "hour"), "last": display_name(last, "hour")}
    return say("grid.span", **about, **ends)


def pull(result, comparison=None, **context):
    few = too_few(result)
    if few:
        return nothing(few)
    rate, keys, subject = result.attrs["of"], group_keys(result), word(result, "subject")
    n = int(result["n"].sum())
    total = float((result[rate] * result["n"]).sum() / n)
    clear = result[(result["verdict"] == CLEAR).to_numpy(bool)]
    clear = clear[claims.is_named(clear, keys)]
    clauses = []
    for form, sign in (("down", -1), ("up", 1)):
        rows = clear[sign * clear["pull"] > 0]
        if not len(rows):
            continue
        row = rows.loc[(sign * rows["pull"]).idxmax()]
        ends = sorted(sign * row[["pull_low", "pull_high"]].astype(float))
        about = {"name": _name(row, keys), "subject": subject, "points": estimate(abs(row["pull"]), *ends, "points")}
        figures = {
            "value": value_text(row[rate], "rate"),
            "cases": cases(result, int(row["n"])),
            "event": event(result),
        }
        figures |= {"without": value_text(total - row["pull"], "rate"), "total": value_text(total, "rate")}
        way = direction(sign, result.attrs.get("best") or "high")
        said, at = say(f"pull.{form}", **about), result.index.get_loc(row.name)
        one = fact(
            result,
            "standout",
            row,
            said,
            way,
            row.get("p"),
            row["n"],
            _size_over_error(row["pull"], *ends) or claims.score(0.05),
        )
        clauses.append(Clause(said, detail=say("pull.without", subject=subject, **figures), place=at, fact=one))
    changes = change_clauses(result, comparison)
    if not clauses:
        flat = Clause(say("pull.flat", none_of=none_of(result, keys), subject=subject))
        whole = say("pull.total", cases=cases(result, n), value=value_text(total, "rate"), event=event(result))
        heading, told = composed([flat, *changes[:1]])
        named = changes[0] if changes and changes[0] in told else None
        clauses, notes = changes[:1], [whole, *([changes[0].full] if changes and not named else [])]
    else:
        heading, named = composed(clauses[:1])[0], clauses[0]
        notes = [clauses[0].detail, *[one.full for one in [*clauses[1:], *changes[:1]]]]
    return Told(
        heading,
        note_of(notes),
        None if named is None else result.index[named.place],
        shows=bool(clauses),
        status=worst(targets.statuses(result)),
        is_changed=bool(clauses),
        score=max([one.fact["score"] for one in clauses], default=0.0),
        facts=[one.fact for one in [*clauses, *changes]],
        tested=ps(result) + ps(comparison),
    )


def _name(row, keys):
    return words.joined(display_name(row[key], key) for key in keys)


def _size_over_error(size, low, high):
    """How many standard errors a size is, by its interval; 0.0 where there is none."""
    half = (high - low) / 2
    return abs(size) / half * 1.96 if half > 0 else 0.0


def contribution(result, comparison=None, **context):
    """What each group added to a change between two periods."""
    keys, subject = group_keys(result), figure_word(result)
    unit = result.attrs["units"]["contribution"].removeprefix("change in ")
    is_total = result["is_total"].to_numpy(bool)
    groups, total = (
        result[~is_total],
        float(result.loc[is_total, "contribution"].iloc[0]) if is_total.any() else math.nan,
    )
    if not len(groups):
        return nothing(say("no_data"))
    clear = groups[(groups["verdict"] == CLEAR).to_numpy(bool)]
    clear, sign = clear[claims.is_named(clear, keys)], -1 if result.attrs.get("best") == "high" else 1
    order = pd.DataFrame({"is_better": sign * clear["contribution"] < 0, "size": -clear["contribution"].abs()})
    clear = clear.loc[order.sort_values(["is_better", "size"], kind="stable").index]
    clauses = []
    for label, row in clear.iterrows():
        size, ends = row["contribution"], row[["contribution_low", "contribution_high"]].astype(float)
        form = "added" if size > 0 else "took"
        said = say(f"pull.{form}", name=_name(row, keys), points=value_text(abs(size), unit), subject=subject)
        detail = estimate(abs(size), *sorted((1 if size > 0 else -1) * ends), unit)
        way = direction(size, result.attrs.get("best"))
        one = fact(result, "change", row, said, way, row.get("p"), row["n"], _size_over_error(size, *ends))
        detail = say("pull.contributed", name=_name(row, keys), points=detail)
        clauses.append(Clause(said, detail=detail, place=result.index.get_loc(label), fact=one))
    whole = []
    if not math.isnan(total):
        way = "rose" if total > 0 else "fell"
        size = number(abs(total) * 100, 1) if unit == "points" else value_text(abs(total), unit)
        same = not any(char in "123456789" for char in size)
        whole = [Clause(say("pull.in_all_same") if same else say(f"pull.in_all_{way}", size=size))]
    if not clauses:
        heading, _ = composed([Clause(say("pull.no_part", none_of=none_of(result, keys), subject=subject)), *whole])
        return Told(heading, shows=False, tested=ps(result))
    heading, told = composed([clauses[0], *whole])
    parts = parts_of(result, result.iloc[clauses[0].place], total, keys, unit)
    notes = [clauses[0].detail, parts, *[one.full for one in clauses[1:2]]]
    notes += [one.full for one in whole if one not in told]
    facts = [one.fact for one in clauses]
    score = max(one["score"] for one in facts)
    return Told(heading, note_of(notes), result.index[clauses[0].place], True, "none", True, score, facts, ps(result))


def parts_of(result, row, total, keys, unit):
    """How much of what a group added is its own rise or fall, and how much more or fewer of the cases being its own."""
    now, before = (row[name] / result[name].iloc[-1] for name in ("n", "previous_n"))
    sign = -1 if row["contribution"] < 0 else 1
    sizes = [sign * float(row[name]) for name in ("level", "mix")]
    shown = [_part_size(size, unit) for size in sizes]
    key = f"tables.own.{keys[0]}"
    own = text(key if len(keys) == 1 and words.has(key) else "tables.own.other")
    rose, more = row[result.attrs["of"]] > row["previous"], now > before
    said = [
        say(f"pull.level_{'rise' if rose else 'fall'}", size=shown[0], name=_name(row, keys)),
        say(
            f"pull.mix_{'more' if more else 'fewer'}",
            size=shown[1],
            cases=text(f"cases.{result.attrs['case']}"),
            own=own,
        ),
    ]
    said = [one for one, size in zip(said, shown, strict=True) if any(char in "123456789" for char in size)]
    if not said:
        return ""
    is_part = total * row["contribution"] > 0 and abs(row["contribution"]) <= abs(total)
    whole = value_text(abs(total if is_part else row["contribution"]), unit)
    form = "of_all" if is_part else "of_own"
    return say(f"pull.{form}", whole=whole, name=_name(row, keys), parts=words.joined(said))


def _part_size(size, unit):
    shown = number(abs(size) * 100, 1) if unit == "points" else value_text(abs(size), unit)
    return signed(shown, size) if size < 0 else shown
