"""What stands in the cells of a table: names, figures with their interval, status and change, in words and escaped."""

import html
from typing import NamedTuple

import numpy as np
import pandas as pd

from toolkit import words
from toolkit.clock.timeline import PERIODS
from toolkit.guard import on_page
from toolkit.result import format_value, row_keys, signed
from toolkit.verdicts import direction
from toolkit.words.prose import duration_parts

LONGEST_NAME = 40
TOTAL = "is_total"  # the row of all groups
CHIPS = {"better": "good", "worse": "bad"}
EARLIER = {"previous": "previous_n", "year_ago": "year_ago_n"}  # figures of other cases than the row's, and their count


class Column(NamedTuple):
    """One column of a table: its heading and, per row, the HTML of a cell.

    `css`: "num" for figures, "name" for what stays on one line, "text" for what may wrap. `of`: the columns of the
    result that it shows, and whether it shows them whole, with their interval.
    """

    heading: str
    css: str
    cells: list
    of: tuple = ()
    is_whole: bool = True


def escaped(text):
    return html.escape(on_page(text))


def muted(text):
    """What stands beside a value in a cell, such as its interval.

    >>> muted("1 to 2"), muted("")
    ('<span class="iv">1 to 2</span>', '')
    """
    return f'<span class="iv">{escaped(text)}</span>' if text else ""


def beside(*parts):
    """Parts of a cell side by side, without those that are empty."""
    return " ".join(filter(None, parts))


def message(key, **values):
    """The message of a key that may hold anything, or None."""
    return words.text(key, **values) if isinstance(words.entry(key), str) else None


# --- names --------------------------------------------------------------------------------------------


def value_name(result, name, value, unit, limit=words.LONGEST_NAME):
    """A value of a column in words: a group's name, a code, a verdict, or a figure with its unit."""
    zone = result.attrs.get("zone")
    if unit == "time" and zone and getattr(value, "tzinfo", None) is not None:
        value = value.tz_convert(zone)  # as the report says: local times
    if unit == "verdict" or name == "verdict":
        of = "difference" if is_difference(result) and name == "verdict" else "change"
        return words.verdict(value, of) if isinstance(value, str) and value else "–"
    if name in result.attrs.get("by", ()):
        return words.display_name(value, name, limit, with_year=True)
    if name == result.attrs.get("part"):
        return part_name(result, value)
    if unit != "text" or pd.isna(value):
        return format_value(value, unit)
    is_name = name in row_keys(result) or name in words.entry("tables.keys")  # no free text, such as a comment
    said = words.label(value, name) or words.code_name(name, value)
    return said or (words.display_name(value, name, limit) if is_name else format_value(value, unit))


def is_difference(result):
    """Whether its verdicts are of a difference between groups; else they are of a change between periods."""
    return result.attrs.get("shape") in ("pull", "team") or result.attrs.get("against") == "outside"


def part_name(result, value):
    """A part of a whole in words, such as a span of time."""
    said = dict(zip(result.attrs.get("parts", ()), result.attrs.get("part_words", ()), strict=False))
    key, ends = said.get(value, (value, {}))
    return words.part_name(key, ends) if words.has(f"part.{key}") else words.display_name(value)


def names(result, name, limit=LONGEST_NAME):
    """The names of a key, per row; what is a part of a week or month only says so."""
    unit = result.attrs.get("units", {}).get(name, "text")
    said = [value_name(result, name, value, unit, limit) for value in result[name]]
    if TOTAL in result.columns:
        said = [words.text("tables.all") if is_all else one for one, is_all in zip(said, result[TOTAL], strict=True)]
    if name == result.attrs.get("part"):
        said = list(map(words.sentence_case, said))
    if name in PERIODS and name in result.attrs.get("by", ()):
        part = words.text(f"tables.partials.{name}")
        for place in result.attrs.get("partial", ()):
            said[place] = words.text("tables.partial", name=said[place], part=part)
    return said


# --- figures ------------------------------------------------------------------------------------------


def counts(result, name):
    """Per row the cases that a figure rests on; a figure may have a count of its own."""
    count = result.attrs.get("counts", {}).get(name, result.attrs.get("count", "n"))
    return list(result[count]) if count in result.columns else [np.nan] * len(result)


def enough(result, name):
    """Per row whether a figure rests on cases enough: its own, those of the period before, or those of a year ago."""
    then, compared = EARLIER.get(name), result.attrs.get("compared", {})
    least = result.least(compared.get("value", name) if then else name)
    if then in result.columns:
        is_count = result.attrs.get("units", {}).get(name) == "count"
        return is_count | ~(result[then].to_numpy(float) < least)
    if name in result.attrs.get("counts", {}):
        return np.array([count >= least for count in counts(result, name)], bool)
    return result.enough().to_numpy(bool)


def figures(result, name):
    """A figure per row as text: "too few" where it has few cases, what null means where that is known."""
    unit, when_null = result.attrs.get("units", {}).get(name, "text"), result.attrs.get("when_null", {}).get(name)
    said = []
    for value, count, is_enough in zip(result[name], counts(result, name), enough(result, name), strict=True):
        if not is_enough:
            said.append(words.text("tables.few"))
        elif when_null and count > 0 and pd.isna(value):
            said.append(message(f"tables.when_null.{when_null}") or when_null)
        else:
            said.append(value_name(result, name, value, unit))
    return said


def intervals(result, name, ends):
    """The interval of a figure per row, the unit once; "" where there is none."""
    unit, said = result.attrs.get("units", {}).get(name, "text"), []
    rows = zip(result[name], *(result[end] for end in ends), enough(result, name), strict=True)
    for value, low, high, is_enough in rows:
        said.append(interval(value, low, high, unit) if is_enough and np.isfinite(low) else "")
    return said


def interval(value, low, high, unit):
    """An interval beside its value, which has the unit already.

    >>> interval(0.1408, 0.11, 0.178, "rate"), interval(30, 24, 95, "seconds"), interval(20, 9, float("nan"), "seconds")
    ('11.0 to 17.8', '24\\xa0s to 1.6\\xa0min', 'at least 9\\xa0s')
    """
    if not np.isfinite(high):
        return words.text("tables.from", low=format_value(low, unit))
    if unit == "rate":
        low, high = (words.number(end * 100, 1) for end in (low, high))
    elif unit == "net":
        low, high = words.net(low, 1), words.net(high, 1)
    elif unit == "points":
        low, high = (signed(words.number(abs(end) * 100, 1), end) for end in (low, high))
    elif unit == "seconds" and np.isfinite(value) and len({duration_parts(one)[1] for one in (value, low, high)}) == 1:
        low, high = (duration_parts(end)[0] for end in (low, high))
    else:
        low, high = (format_value(end, unit) for end in (low, high))
    return words.text("tables.span", low=low, high=high)


def statuses(result):
    """How each row stands against its target, as HTML; a dash where there is no figure to hold against it."""
    said = []
    for code, target in zip(result.statuses(), result.targets(), strict=True):
        is_told = code in ("off", "near", "on") and target == target
        said.append(status(code) if is_told else "–")
    return said


def status(code):
    """The word for a status; its shape is the page's.

    >>> status("off")
    '<span class="status off">off target</span>'
    """
    return f'<span class="status {code}">{escaped(words.text(f"tables.statuses.{code}"))}</span>'


def chip(code, direction="none", of="change"):
    """A verdict in words, with the direction where it is clear; "" where nothing was tested.

    >>> chip("clear", "worse"), chip("chance"), chip("clear", of="difference"), chip(None)
    ('<span class="chip bad">worse, clear change</span>', '<span class="chip">could be chance</span>', \
'<span class="chip">clear difference</span>', '')
    """
    if not isinstance(code, str) or code in ("", "untested"):
        return ""
    told = words.verdict(code, of)
    if code == "few":  # nothing was found, so that nothing is marked
        return muted(told)
    if code == "clear" and direction in CHIPS:
        return f'<span class="chip {CHIPS[direction]}">{escaped(words.text(f"pages.verdict.{direction}", verdict=told))}</span>'
    return f'<span class="chip">{escaped(told)}</span>'


def changes(result, name, verdict, best=None, per_day=False):
    """A change and its verdict, per row as HTML; `best`: which way is better, "low", "high" or neither."""
    unit, said = result.attrs["units"].get(name, "points"), []
    of = "difference" if is_difference(result) and verdict == "verdict" else "change"
    for value, code in zip(result[name], result[verdict], strict=True):
        is_there = not pd.isna(value)
        text = format_value(value, unit) if is_there else ""
        if per_day and text:
            text = words.text("pages.card.per_day", change=text)
        said.append(beside(escaped(text), chip(code, direction(value, best), of)) or "–")
    return said
