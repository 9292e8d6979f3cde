"""A result as an HTML table: headings and codes in words, each figure with its interval, target and status.

Every text is escaped here: topics, names and messages are hostile input. What the catalogue of messages doesn't know,
such as a column of an analyst's own frame, is shown as the data names it.
"""

import html
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from toolkit import words
from toolkit.clock.timeline import PERIODS
from toolkit.result import format_value, heading, interval_columns, pretty

HIDDEN = {"p"}  # the verdict says what a p-value would


@dataclass
class Column:
    """One column of the table that is shown."""

    heading: str
    unit: str
    cell: Any  # function(position) -> text or (text, class)


def table_html(result, limit=200):
    """The result as an HTML table of at most `limit` rows, with what a reader must know of it below."""
    columns, enough = _columns(result), result.enough()
    head = "".join(_cell("th", one.heading, one.unit, scope="col") for one in columns)
    rows = []
    for position in range(min(len(result), limit)):
        cells = []
        for index, one in enumerate(columns):
            text, css = one.cell(position)
            cells.append(_cell("td" if index else "th", text, one.unit, css, None if index else "row"))
        rows.append(f"<tr>{''.join(cells)}</tr>")
    if not rows:
        rows.append(f'<tr><td colspan="{len(columns)}">{html.escape(words.text("tables.no_data"))}</td></tr>')
    said = notes(result, enough, limit)
    foot = f'<p class="note">{html.escape(said)}</p>' if said else ""
    label = html.escape(caption(result), quote=True)
    return (
        f'<div class="toolkit-table" role="region" aria-label="{label}" tabindex="0"><table>'
        f"<caption>{label}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>{foot}"
    )


def _cell(tag, text, unit, css="", scope=None):
    # The styles are JupyterLab's sake, whose own would centre texts and break "12.1 min"; reports have a style sheet.
    is_number = unit != "text"
    style = "white-space: nowrap" if is_number else "text-align: left"
    names = " ".join(filter(None, ["num" if is_number else "", css]))
    attributes = f' scope="{scope}"' if scope else ""
    attributes += f' class="{names}"' if names else ""
    return f'<{tag}{attributes} style="{style}">{html.escape(text)}</{tag}>'


def _message(key, **values):
    """The message of a key that may hold anything, or None."""
    return words.text(key, **values) if isinstance(words.entry(key), str) else None


# --- columns ------------------------------------------------------------------------------------------


def _columns(result):
    intervals = interval_columns(result.columns)
    hidden = HIDDEN | {name for pair in intervals.values() for name in pair}
    units = result.attrs.get("units", {})
    target = result.attrs.get("target") or {}
    made = []
    for name in result.columns:
        if name in hidden or str(name).startswith("_"):
            continue
        unit = "text" if name == "verdict" else units.get(name, "text")
        made.append(Column(heading(name, result.attrs.get("metric")), unit, _values(result, name, unit)))
        if name in intervals:
            made.append(Column(words.text("tables.interval"), unit, _spans(result, name, intervals[name], unit)))
        if name == target.get("of"):
            made += _against_target(result, unit)
    return made


def _values(result, name, unit):
    # a group's name and its counts are shown even where the figure is not
    is_figure = unit not in ("text", "count", "time") and name not in _row_keys(result)
    enough, values, counts = _enough(result, name), list(result[name]), _counts(result, name)
    when_null = result.attrs.get("when_null", {}).get(name)
    partial = set(result.attrs.get("partial", ())) if name in PERIODS and name in result.attrs.get("by", ()) else ()

    def cell(position):
        if is_figure and not enough[position]:
            return words.text("tables.few"), "few"
        value = values[position]
        if when_null and counts[position] > 0 and pd.isna(value):
            return _message(f"tables.when_null.{when_null}") or when_null, ""
        text = _text(result, name, value, unit)
        if position in partial:
            text = words.text("tables.partial", name=text, part=words.text(f"tables.partials.{name}"))
        return text, ""

    return cell


def _counts(result, name):
    """Per row the cases that a figure rests on; a figure may have a count of its own."""
    count = result.attrs.get("counts", {}).get(name, result.attrs.get("count", "n"))
    return list(result[count]) if count in result.columns else [np.nan] * len(result)


def _enough(result, name):
    if name in result.attrs.get("counts", {}):
        return np.array([count >= result.attrs.get("minimum_count", 1) for count in _counts(result, name)], bool)
    return result.enough().to_numpy()


def _spans(result, name, ends, unit):
    enough, lows, highs = _enough(result, name), *(list(result[end]) for end in ends)
    not_reached = words.text("tables.when_null.not_reached")

    def cell(position):
        low, high = lows[position], highs[position]
        if not enough[position]:
            return "", "interval"
        if pd.isna(low) and pd.isna(high):
            return "–", "interval"
        end = not_reached if pd.isna(high) else format_value(high, unit)
        return words.text("tables.span", low=format_value(low, unit), high=end), "interval"

    return cell


def _against_target(result, unit):
    """The target and the status of each row, where any has a target."""
    targets, statuses = result.targets(), result.statuses()
    if not any(target == target for target in targets):
        return []

    def status(code, target):
        # "no target" would contradict the target beside it: there is no figure to hold against it
        return "–" if code == "none" and target == target else words.text(f"tables.statuses.{code}")

    return [
        Column(words.text("tables.target"), unit, lambda position: (format_value(targets[position], unit), "")),
        Column(
            words.text("tables.status"),
            "text",
            lambda position: (status(statuses[position], targets[position]), f"status {statuses[position]}"),
        ),
    ]


# --- words for values ---------------------------------------------------------------------------------


def _row_keys(result):
    return list(dict.fromkeys([*result.attrs.get("by", ()), *result.attrs.get("rows", ())]))


def _text(result, name, value, unit):
    zone = result.attrs.get("zone")
    if unit == "time" and zone and getattr(value, "tzinfo", None) is not None:
        value = value.tz_convert(zone)  # as the report says: local times
    if name == "verdict":
        of = "difference" if result.attrs.get("shape") == "pull" else "change"
        return words.verdict(value, of) if isinstance(value, str) and value else "–"
    if name in result.attrs.get("by", ()):
        return words.display_name(value, name, with_year=True)
    if name == result.attrs.get("part"):
        return part_name(result, value)
    if unit != "text" or pd.isna(value):
        return format_value(value, unit)
    is_name = name in _row_keys(result) or name in words.entry("tables.keys")  # no free text, such as a comment
    return words.code_name(name, value) or (words.display_name(value, name) if is_name else format_value(value, unit))


def part_name(result, value):
    """A part of a whole in words, such as a span of time."""
    said = dict(zip(result.attrs.get("parts", ()), result.attrs.get("part_words", ()), strict=False))
    key, ends = said.get(value, (value, {}))
    return words.part_name(key, ends) if words.has(f"part.{key}") else words.display_name(value)


# --- what stands around it ----------------------------------------------------------------------------


def caption(result):
    """What the table is called: as given, else by its metric and groups."""
    attrs = result.attrs
    if attrs.get("caption"):
        return attrs["caption"]
    name = attrs.get("metric", "table")
    title = _message(f"tables.captions.{name}") or _message(f"metric.{name}.title") or heading(name)
    keys = [_message(f"tables.keys.{key}") or pretty(key) for key in attrs.get("by", ())]
    if keys and attrs.get("shape") != "grid":  # which is called by its keys
        title = words.text("tables.caption_by", title=title, keys=words.joined(keys))
    return words.text("tables.caption_before", title=title) if attrs.get("shape") == "comparison" else title


def notes(result, enough, limit=200):
    """What a reader must know of the table: rows that aren't shown, what "too few" means, what was chosen."""
    said = []
    if len(result) > limit:
        said.append(words.text("tables.notes.more", n=len(result) - limit))
    if not enough.all():
        said.append(words.text("tables.notes.few", n=result.attrs["minimum_count"]))
    chosen = [words.choice(key, value) for key, value in result.attrs.get("choices", {}).items()]
    if chosen:
        told = "; ".join(words.text("tables.notes.choice", title=title, value=value) for title, value in chosen)
        said.append(words.text("tables.notes.choices", choices=told))
    said += [words.text(key, **values) for key, values in result.attrs.get("notes", ())]
    return " ".join(said)
