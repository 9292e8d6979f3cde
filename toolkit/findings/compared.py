"""What changed against the period before, and a sentence on the rows that were read."""

import pandas as pd

from toolkit import claims, words
from toolkit.findings.parts import estimate_of, place_of, say, unit_of, word
from toolkit.findings.told import Told
from toolkit.load.quality import told_apart
from toolkit.metrics.registry import METRICS
from toolkit.verdicts import CHANCE, CLEAR, direction
from toolkit.words import estimate, number, sentence_case, short_name, text, value_text

MOST_BESIDE = 3  # figures from outside that a note tells


def whole_change(result, after=False):
    """The change of one figure against the period before, as a clause; `after` the figure was said."""
    row = result.iloc[0]
    verdict = row["verdict"]
    form = verdict if verdict in (CLEAR, CHANCE) else "other" if pd.notna(row["change"]) else "missing"
    if form in (CLEAR, CHANCE) and pd.isna(row["change"]):  # a median that one of the periods doesn't reach
        form = "missing"
    about = {"subject": word(result, "subject"), "value": estimate_of(result, row), "change": change_of(result, row)}
    about["verdict"] = _direction(result, row) if form == CLEAR else words.verdict(verdict)
    if after and form == CHANCE and not row["change"]:  # that nothing changed needs no verdict
        form = "told"
    return say(f"comparison.{'after_' if after else ''}{form}", **about, before=before_of(result))


def change_said(comparison):
    """The size of the change of one figure, whose verdict was said; "" where it has none."""
    change = change_of(comparison, comparison.iloc[0])
    return say("comparison.after_told", change=change, before=before_of(comparison)) if change else ""


def before_of(comparison):
    """What a result is compared with: the period before, or a year ago."""
    return say(f"before.{comparison.attrs.get('against') or 'previous'}")


def moved(comparison, row, what, end=""):
    """ "the median rose clearly, from 3 h to 4 h", of a row that changed clearly.

    `what`: what the figure is of; `end`: "_to" or "_from" where only that end is told.
    """
    said = _moved(comparison, row, what, end)
    if not said:
        return say("changed.changed", what=what, before=before_of(comparison))
    return say("changed.against", what=said) if comparison.attrs.get("against") else said


def _moved(comparison, row, what, end):
    value, previous, change = (row[name] for name in (comparison.attrs["value"], "previous", "change"))
    form = "rose" if change > 0 else "fell"
    if comparison.attrs["units"].get("change") == "change in percent" and change:
        return say(f"changed.{form}_by", what=what, size=_size(comparison, row))
    unit = unit_of(comparison)
    shown = [value_text(one, unit) for one in (previous, value)] if pd.notna(value) and pd.notna(previous) else ["", ""]
    if not change or pd.isna(change) or shown[0] == shown[1]:
        return ""
    return say(f"changed.{form}{end}", what=what, previous=shown[0], value=shown[1])


def change_of(result, row):
    """ "up 2.8 points (0.9 to 4.7)"."""
    change = row["change"]
    if pd.isna(change) or not change:
        return text("sentence.comparison.same") if change == 0 else ""
    return text(f"sentence.comparison.{'up' if change > 0 else 'down'}", size=_size(result, row))


def _size(result, row):
    unit = result.attrs["units"].get("change", "number").removeprefix("change in ").replace("percent", "rate")
    sign = 1 if row["change"] > 0 else -1
    ends = sorted(sign * float(row[end]) for end in ("change_low", "change_high"))
    size = estimate(abs(row["change"]), *ends, unit)
    return text("sentence.comparison.per_day", size=size) if result.attrs.get("per_day") else size


def _direction(result, row):
    way = direction(row["change"], result.attrs.get("best"))
    return text(f"sentence.comparison.{'changed' if way == 'none' else way}")


def against_outside(result):
    """A figure beside those from outside: the clear differences, the worst first; else how far the others lie."""
    keys, best = [key for key in result.attrs["rows"] if key != "name"], result.attrs.get("best")
    clear = result[(result["verdict"] == CLEAR).to_numpy(bool)]
    ways = [direction(change, best) for change in clear["change"]]
    order = sorted(range(len(clear)), key=lambda at: (ways[at] != "worse", clear["p"].iloc[at]))
    said = [_beside(result, clear.iloc[at], keys) for at in order]
    if not said:
        said = [_beside(result, row, keys) for _, row in result[result["change"].notna()].iterrows()]
    if len(result) > 1 and not len(clear):
        said = [say("outside.none", subject=figure_word(result)), *said[:MOST_BESIDE]]
    if not said:
        said = [say("outside.untold", subject=figure_word(result))]
    notes = [text("sentence.told_alone", heading=sentence_case(one)) for one in said[1 : MOST_BESIDE + 1]]
    if result["is_exact"].any():
        notes.append(text("sentence.told_alone", heading=sentence_case(say("outside.exact"))))
    return Told(sentence_case(said[0]), " ".join(notes), shows=len(result) > 1)


def _beside(result, row, keys):
    form = "same" if not row["change"] else "above" if row["change"] > 0 else "below"
    form = "beside" if pd.isna(row["p"]) else form
    told = words.verdict(row["verdict"], "difference")
    subject = figure_word(result)
    if keys:
        place = place_of(result, row, keys)
        subject = text("sentence.what.subject_at", subject=subject, place=place)
    about = {"subject": subject, "value": estimate_of(result, row), "name": row["name"] or say("outside.unnamed")}
    about |= {"outside": value_text(row["previous"], unit_of(result)), "verdict": told}
    return say(f"outside.{form}", **about)


def figure_word(result):
    """What is compared, within a sentence: the metric, or the column where it isn't told by that."""
    metric, of = result.attrs["metric"], result.attrs["value"]
    if result.attrs.get("of"):  # of what was added to a change, what changed
        of = result.attrs["of"]
    if of == METRICS[metric].value:
        return (
            word(result, "subject")
            if words.has(f"metric.{metric}.subject")
            else words.inner_case(word(result, "title"))
        )
    own, figure = f"metric.{metric}.subjects.{of}", f"metric.{metric}.figures.{of}"
    return (
        text(own)
        if words.has(own)
        else words.inner_case(text(figure))
        if words.has(figure)
        else word(result, "subject")
    )


def find_quality(counts):
    """How many rows were read, set aside and mended, and in which table most were set aside; on purpose, told apart.

    >>> find_quality(pd.DataFrame({"table": ["calls"], "rows_in": [200], "rejected": [3], "repaired": [1]})).replace("\\xa0", " ")
    '200 rows were read; 3 (1.5 %) were set aside, and 1 value was mended.'
    """
    return Told(sentence_case(_quality(pd.DataFrame(counts)))).sentence


def _quality(counts):
    if "derived" in counts.columns:  # made from other tables: not read
        counts = counts[~counts["derived"].astype(bool)]
    total, out, meant = told_apart(counts) if len(counts) else (0, 0, 0)
    if not total:
        return say("quality.none")
    mended = int(counts["repaired"].sum())
    read = text("sentence.quality.read", n=total)
    if len(counts) > 1:
        read = text("sentence.quality.read_tables", rows=read, tables=number(len(counts)))
    if meant:
        left = text("sentence.quality.on_purpose", n=meant, share=value_text(meant / total, "rate"))
        read = text("sentence.quality.left", read=read, left=left)
    if not out and not mended:
        return text(f"sentence.quality.clean{'_others' if meant else ''}", read=read)
    aside = text("sentence.quality.aside", n=out, share=value_text(out / total, "rate"))
    wrong = counts["rejected"] - (counts["on_purpose"] if meant else 0)
    worst = counts[wrong == wrong.max()]
    if len(counts) > 1 and out and len(worst) == 1:
        worst, most = worst.iloc[0], wrong.max()
        about = {"table": short_name(worst["table"]), "rejected": number(most)}
        form = "most" if claims.is_most(most, out) else "largest"
        aside = text(f"sentence.quality.{form}", aside=aside, rows=number(worst["rows_in"]), **about)
    return say("quality.whole", read=read, aside=aside, mended=text("sentence.quality.mended", n=mended))
