"""A sentence on a change against the period before, and one on the rows that were read."""

import pandas as pd

from toolkit import words
from toolkit.claims import place_keys
from toolkit.findings.parts import estimate_of, say, unit_of, word
from toolkit.verdicts import CHANCE, CLEAR
from toolkit.words import display_name, estimate, number, short_name, text, value_text

MOST_NAMED = 3  # groups whose changes are listed


def comparison(result, after=False, **context):
    """The change against the period before: of one figure, or of the groups whose change is clear."""
    if not len(result):
        return say("no_data")
    prefix, subject = "after_" if after else "", word(result, "subject")
    if len(result) == 1 and not place_keys(result):
        row = result.iloc[0]
        verdict = row["verdict"]
        form = verdict if verdict in (CLEAR, CHANCE) else "other" if pd.notna(row["change"]) else "missing"
        about = {"subject": subject, "value": estimate_of(result, row), "change": _change(result, row)}
        about["verdict"] = _direction(result, row) if form == CLEAR else words.verdict(verdict)
        return say(f"comparison.{prefix}{form}", **about)
    clear = result[(result["verdict"] == CLEAR).to_numpy(bool)]
    tested = int(result["verdict"].isin([CLEAR, CHANCE]).sum())
    if not len(clear):
        return say("comparison.groups_none", subject=subject, n=tested) if tested else say("comparison.groups_untested")
    clear = clear.reindex(clear["change"].abs().sort_values(ascending=False, kind="stable").index)
    items = []
    for _, row in clear.iloc[:MOST_NAMED].iterrows():
        name = words.joined(display_name(row[key], key) for key in result.attrs["rows"])
        about = {"change": _change(result, row), "value": value_text(row[result.attrs["value"]], unit_of(result))}
        items.append(text("sentence.comparison.group", name=name, **about))
    said = say("comparison.groups", subject=subject, list=words.joined(items))
    more = len(clear) - MOST_NAMED
    return f"{said} {say('comparison.groups_others', n=more)}" if more > 0 else said


def _change(result, row):
    """ "up 2.8 points (0.9 to 4.7)"."""
    change, unit = (
        row["change"],
        result.attrs["units"].get("change", "number").removeprefix("change in ").replace("percent", "rate"),
    )
    if pd.isna(change) or not change:
        return text("sentence.comparison.same") if change == 0 else ""
    sign = 1 if change > 0 else -1
    ends = sorted(sign * float(row[end]) for end in ("change_low", "change_high"))
    size = estimate(abs(change), *ends, unit)
    if result.attrs.get("per_day"):
        size = text("sentence.comparison.per_day", size=size)
    return text(f"sentence.comparison.{'up' if sign > 0 else 'down'}", size=size)


def _direction(result, row):
    best = result.attrs.get("best", "")
    form = "changed" if not best else "better" if (row["change"] > 0) == (best == "high") else "worse"
    return text(f"sentence.comparison.{form}")


def find_quality(counts):
    """How many rows were read, set aside and mended, and in which table most were set aside.

    >>> find_quality(pd.DataFrame({"table": ["calls"], "rows_in": [200], "rejected": [3], "repaired": [1]})).replace("\\xa0", " ")
    '200 rows were read; 3 (1.5 %) were set aside, and 1 value was mended.'
    """
    counts = pd.DataFrame(counts)
    if "derived" in counts.columns:  # made from other tables: not read
        counts = counts[~counts["derived"].astype(bool)]
    total = int(counts["rows_in"].sum()) if len(counts) else 0
    if not total:
        return say("quality.none")
    out, mended = int(counts["rejected"].sum()), int(counts["repaired"].sum())
    read = text("sentence.quality.read", n=total)
    if len(counts) > 1:
        read = text("sentence.quality.read_tables", rows=read, tables=number(len(counts)))
    if not out and not mended:
        return say("quality.clean", read=read)
    aside = text("sentence.quality.aside", n=out, share=value_text(out / total, "rate"))
    if len(counts) > 1 and out:
        worst = counts.loc[counts["rejected"].idxmax()]
        about = {"table": short_name(worst["table"]), "rejected": number(worst["rejected"])}
        aside = text("sentence.quality.most", aside=aside, rows=number(worst["rows_in"]), **about)
    return say("quality.whole", read=read, aside=aside, mended=text("sentence.quality.mended", n=mended))
