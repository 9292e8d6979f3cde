"""What is told of the parts of a sum of time: which takes most of it, and whether that is more than its cases would."""

import math

import numpy as np
import pandas as pd

from toolkit import claims, words
from toolkit.findings.parts import also, cases, estimate_of, event, name_of, noun, place_of, say, too_few
from toolkit.findings.shapes import nothing
from toolkit.findings.told import Clause, Told, composed, note_of
from toolkit.intervals import normal_quantile
from toolkit.verdicts import CLEAR, Change, decide
from toolkit.words import display_name, text, value_text

MOST_LISTED = 8  # groups of which each is told


def sums(result, **context):
    """How much time all of the cases took together, and the part that takes most of it.

    Where each case is in one of the parts, a part's share of the time is held against its share of the cases: it stands
    out only where it is clearly more. Of parts that all cases pass, the one that takes clearly the most does, as no harm.
    """
    few, facts = too_few(result), result.attrs["facts"]
    if few:
        return nothing(few)
    about = {"cases": cases(result, facts["n"]), "event": event(result, facts["n"])}
    if not facts["seconds"]:
        return nothing(say("sums.none", **about))
    clauses, keys = (
        [Clause(say("sums.whole", total=words.duration(facts["seconds"]), **about))],
        claims.place_keys(result),
    )
    groups = claims.estimates(result)
    groups = groups[groups["is_told"].to_numpy(bool) & ~groups[keys[-1]].isin(facts.get("outer", ()))]
    top = groups[groups["value"] == groups["value"].max()] if len(keys) == 1 else groups.iloc[:0]
    is_of_cases, beyond = facts.get("is_each_in_one") and len(keys) == 1, []
    if is_of_cases:
        beyond = _beyond_cases(groups[claims.is_named(groups, keys)], facts["n"])
        top = groups.loc[beyond[:1]] if beyond else top
    is_named = len(groups) > 1 and len(top) == 1 and claims.is_named(top, keys)[0]
    most = []
    if is_named and is_of_cases:
        most = _with_cases(result, result.iloc[top.index[0]], bool(beyond))
        clauses.append(most[0])
    elif is_named:
        row = result.iloc[top.index[0]]
        clauses.append(Clause(say("sums.most", value=estimate_of(result, row), place=place_of(result, row))))
    rest = _longest_parts(result, groups, keys) if len(keys) > 1 else []
    clauses = [*(Clause(one) for one in rest[:1]), *clauses]
    heading, told = composed(clauses)
    rest = [*[one.full for one in clauses if one not in told], *rest[1:]]
    if is_of_cases:
        is_clear = is_named and bool(beyond)
    else:
        is_clear = is_named and len(told) > 1 and top["low"].iloc[0] > groups["high"].drop(top.index).max()
    highlight = result.index[top.index[0]] if is_clear else None
    note, is_alarm = note_of([*rest, *most[1:], *also(result, facts)]), bool(beyond) and is_clear
    is_changed = highlight is not None
    return Told(heading, note, highlight, shows=len(groups) > 1, is_changed=is_changed, is_alarm=is_alarm)


def _beyond_cases(groups, n):
    """The parts whose share of the time is clearly more than their share of n cases, the largest first.

    The share of the time has its interval on the logit's scale, where the share of the cases is held against it.
    """
    known = groups[groups["low"].notna() & groups["high"].notna() & (groups["n"] < n)]
    logits = {name: np.log(known[name] / (1 - known[name])) for name in ("value", "low", "high")}
    cases_ = known["n"] / n
    far = (logits["value"] - np.log(cases_ / (1 - cases_))) / ((logits["high"] - logits["low"]) / 2)
    changes = [Change(one, p=math.erfc(abs(one) * normal_quantile() / math.sqrt(2))) for one in far]
    is_beyond = [one == CLEAR and far_ > 0 for one, far_ in zip(decide(changes), far, strict=True)]
    return known[np.array(is_beyond, bool)].sort_values("value", ascending=False, kind="stable").index.tolist()


def _with_cases(result, row, is_clear):
    """[a part's share of the time beside that of the cases as a Clause, whether they differ, where that can be told]."""
    about = {"noun": noun(result), "share": value_text(row["n"] / result.attrs["facts"]["n"], "rate")}
    value, place = estimate_of(result, row), place_of(result, row)
    short = [say("sums.most_with_short", value=one, place=place, share=about["share"])
             for one in (value, value_text(row[result.attrs["value"]], "rate"))]  # fmt: skip
    made = [Clause(say("sums.most_with", value=value, place=place, **about), tuple(short))]
    if pd.notna(row["low"]):
        made.append(say("sums.clear" if is_clear else "sums.chance", value=value, **about))
    return made


def _longest_parts(result, groups, keys):
    """In how many groups which part takes most time, and which it is in each of those with a name."""
    *by, part = keys
    named = groups[claims.is_named(groups, keys)]
    tops = [one.loc[one["value"].idxmax()] for _, one in named.groupby(by, sort=False, observed=True)]
    if len(tops) < 2:
        return []
    names = pd.Series([top[part] for top in tops]).value_counts()
    if len(names) > 1 and names.iloc[0] == names.iloc[1]:
        return []
    many = text(name_of("many", by), n=len(tops))
    name, is_all = display_name(names.index[0], part, in_sentence=True), len(names) == 1
    said = [say("sums.longest_all" if is_all else "sums.longest", n=int(names.iloc[0]), groups=many, name=name)]
    items = [
        text("sentence.group.item" if is_all else "sentence.sums.item", place=place_of(result, top, by),
             value=value_text(top["value"], "rate"), name=display_name(top[part], part, in_sentence=True))
        for top in tops[:MOST_LISTED]
    ]  # fmt: skip
    listed = say("sums.shares" if is_all else "sums.list", list=words.joined(items))
    return [*said, *([listed] if len(tops) <= MOST_LISTED else [])]
