"""The columns that tables of every form have: names, counts, figures with their interval, how they stand."""

import pandas as pd

from toolkit import words
from toolkit.result import format_value, heading, interval_columns
from toolkit.table_html import cells
from toolkit.table_html.cells import Column, beside, escaped, muted

MOST = 6  # columns of a table that is read
HIDDEN = {"p", cells.TOTAL}  # the verdict says what a p-value would, and the name that a row is of all groups


def visible(result):
    """The columns that a reader may see: neither ends of intervals nor what is hidden."""
    ends = {end for pair in interval_columns(result.columns).values() for end in pair}
    return [name for name in result.columns if name not in HIDDEN | ends and not str(name).startswith("_")]


def title_of(result, name):
    """The heading of a column; that of the earlier figure by what it is."""
    own = f"tables.against.{result.attrs.get('against')}.{name}"
    return words.text(own) if words.has(own) else heading(name, result.attrs.get("metric"))


def name_column(result, keys):
    parts = [cells.names(result, key, max(12, cells.LONGEST_NAME // len(keys))) for key in keys]
    said = [escaped(" · ".join(row)) for row in zip(*parts, strict=True)]
    return Column(" · ".join(heading(key, result.attrs.get("metric")) for key in keys), "name", said, tuple(keys))


def with_own_target(column, result):
    """The names with the time that is each group's own target, where groups have one."""
    is_of_parts = result.attrs.get("part") in column.of  # spans of time, of which none has a target
    if is_of_parts or "target_seconds" not in result.columns or result["target_seconds"].isna().all():
        return column
    times = ["" if pd.isna(seconds) else words.duration(seconds) for seconds in result["target_seconds"]]
    shown = [beside(name, muted(time)) for name, time in zip(column.cells, times, strict=True)]
    title = words.text("tables.with_own_target", name=column.heading)
    return column._replace(heading=title, cells=shown, of=(*column.of, "target_seconds"))


def count_column(result, name):
    metric = result.attrs.get("metric")
    said = heading(name, metric) if words.has(f"metric.{metric}.columns.{name}") else words.text("tables.n")
    return Column(said, "num", [escaped(format_value(value, "count")) for value in result[name]], (name,))


def figure_column(result, name, with_interval=True, said=None):
    texts, ends = cells.figures(result, name), interval_columns(result.columns).get(name)
    between = cells.intervals(result, name, ends) if ends and with_interval else [""] * len(result)
    shown = [beside(escaped(text), muted(around)) for text, around in zip(texts, between, strict=True)]
    title = said or heading(name, result.attrs.get("metric"))
    return Column(title, "num", shown, (name,), is_whole=with_interval or not ends)


def status_column(result, value):
    """How each row stands against its target; None where there is no target."""
    target, targets = result.attrs.get("target") or {}, result.targets()
    known = [one for one in targets if one == one]
    if not known or target.get("of") not in result.columns:
        return None
    unit = result.attrs["units"].get(target["of"], "rate")
    said = dict.fromkeys(words.value_text(one, unit) for one in known)
    told = cells.statuses(result)
    if len(said) > 1:  # groups have targets of their own
        told = [
            beside(escaped(words.value_text(t, unit)) if t == t else "", s) for t, s in zip(targets, told, strict=True)
        ]
    title = words.text("tables.target_of", target=next(iter(said))) if len(said) == 1 else words.text("tables.target")
    if target["of"] == value:
        return Column(title, "name", told, (value,))
    held = figure_column(result, target["of"], with_interval=False)
    name = held.heading if target.get("seconds") is None else words.part_name("within", {"high": target["seconds"]})
    shown = [beside(text, "" if s == "–" else s) for text, s in zip(held.cells, told, strict=True)]
    name = words.sentence_case(name)
    title = words.text("tables.with_target", name=name, target=next(iter(said))) if len(said) == 1 else name
    return held._replace(heading=title, cells=shown)
