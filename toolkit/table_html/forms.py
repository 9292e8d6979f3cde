"""The six columns of a table that is read, by the shape of its result; every other column stands in the whole table."""

import numpy as np
import pandas as pd

from toolkit import claims, words
from toolkit.result import format_value, heading, interval_columns, is_ordered, row_keys
from toolkit.table_html import cells, columns, wholes
from toolkit.table_html.cells import Column, beside, escaped, muted
from toolkit.verdicts import direction

FIGURES = ("rate", "seconds", "score", "net", "number", "points", "money")


def columns_of(result):
    """The columns of the table that is read, at most six.

    Parameters
    ----------
    result : Result
        In the order of its rows; `attrs["compared"]` where it has the columns of a comparison.
    """
    attrs, shape = result.attrs, result.attrs.get("shape")
    if shape == "grid":
        return wholes.parts_of_day(result)
    if shape == "need":
        return wholes.needs(result)
    if shape == "curve":
        return wholes.reached(result)
    if shape == "tally" and "compared" not in attrs:
        return wholes.tallied(result)
    if shape == "band":
        return wholes.expected(result)
    if shape == "listing":
        return wholes.listed(result)
    if shape == "shares" and "part" in attrs and claims.group_keys(result):
        return wholes.spans(result)
    if shape is None:
        return plain(result)[: columns.MOST]
    crossed = None if "compared" in attrs else cross(result)
    return crossed or grouped(result)


# --- groups -------------------------------------------------------------------------------------------


def grouped(result):
    """A row a group: its name, n, value with its interval; status, the period before, or what else is known."""
    attrs, compared, keys = result.attrs, result.attrs.get("compared"), row_keys(result)
    count, value, metric = attrs.get("count", "n"), value_of(result), attrs.get("metric")
    counted = attrs.get("counts", {}).get(value, count)
    hits = attrs.get("roles", {}).get("hits")
    made = [columns.with_own_target(columns.name_column(result, keys), result)] if keys else []
    if "part" in attrs and attrs["shape"] == "shares":  # the spans of all cases, a row each
        return [*made, columns.count_column(result, "n"), columns.figure_column(result, "share")]
    if counted in result.columns:
        made.append(columns.count_column(result, counted))
    if attrs["shape"] == "rate" and not compared and hits in result.columns:  # harm beside the rate
        texts = [escaped(format_value(number, "count")) for number in result[hits]]
        made.append(Column(heading(hits, metric), "num", texts, (hits,)))
    if attrs["shape"] == "shares":
        made += part_columns(result, value, bool(compared))
    elif value != counted:
        made.append(columns.figure_column(result, value))
    against = columns.status_column(result, value)
    if against and not (compared and attrs["shape"] == "pull"):
        made.append(against)
    if attrs["shape"] in ("pull", "contribution"):
        made += pull_columns(result, with_interval=not compared)
    elif attrs["shape"] == "team":
        made += [columns.figure_column(result, name, False) for name in ("unadjusted", "others")]
        moved = cells.changes(result, "difference", "verdict", attrs.get("best"))
        made.append(Column(heading("difference", metric), "num", moved, ("difference", "verdict")))
    elif not compared and {"change", "verdict"} <= set(result.columns):  # from one step of time to the next
        moved = cells.changes(result, "change", "verdict", attrs.get("best"))
        made.append(Column(heading("change", metric), "num", moved, ("change", "verdict")))
    before = before_columns(result, compared) if compared else []
    room = columns.MOST - len(made) - len(before)
    if len(keys) < 2 and (not compared or attrs["shape"] == "count"):
        made += more_columns(result, {name for column in made for name in column.of}, room)
    return [*made, *before][: columns.MOST]


def value_of(result):
    """The column that the table is about: what is compared, or what the metric is told by."""
    attrs = result.attrs
    if "compared" in attrs:
        return attrs["compared"]["value"]
    return attrs.get("of", attrs["value"])  # of a pull, and of what was added to a change, what is pulled or changed


def part_columns(result, value, is_compared):
    """The shares of the parts, of which the value's has its interval; two where room is needed."""
    parts = list(result.attrs.get("parts", ())) or [value]
    if len(parts) > wholes.MOST_PARTS or is_compared:
        parts = list(dict.fromkeys([value, parts[-1]]))
    return [
        columns.figure_column(result, part, part == value) for part in sorted(parts, key=lambda part: part != value)
    ]


def pull_columns(result, with_interval):
    """What each group adds to a total; where that is to the change of one, after the figure of the period before."""
    attrs, name = result.attrs, result.attrs["value"]
    is_change, best, unit = attrs["shape"] == "contribution", attrs.get("best"), attrs["units"].get(name, "points")
    few, ends = words.text("tables.few"), interval_columns(result.columns).get(name)
    between = cells.intervals(result, name, ends) if ends and with_interval else [""] * len(result)
    shown = []
    for value, around, code in zip(result[name], between, result["verdict"], strict=True):
        if code == "few" or pd.isna(value):
            shown.append(escaped(few if code == "few" else "–"))
            continue
        way = direction(value, best) if is_change else "none"
        chip = cells.chip(code, way, "change" if is_change else "difference")
        shown.append(beside(escaped(format_value(value, unit)), muted(around), chip))
    pulled = Column(heading(name, attrs.get("metric")), "num", shown, (name, "verdict"), with_interval)
    return [previous_column(result), pulled] if is_change else [pulled]


def previous_column(result):
    shown = [escaped(text) for text in cells.figures(result, "previous")]
    return Column(columns.title_of(result, "previous"), "num", shown, ("previous",))


def before_columns(result, compared):
    moved = cells.changes(result, "change", compared["verdict"], compared["best"], compared["per_day"])
    title, of = columns.title_of(result, "change"), ("change", compared["verdict"])
    return [previous_column(result), Column(title, "num", moved, of)]


def more_columns(result, shown, room):
    """Other figures of the result, as many as there is room for."""
    units = result.attrs.get("units", {})
    left = [name for name in columns.visible(result) if name not in shown and units.get(name) in FIGURES]
    left = [name for name in left if result[name].notna().any()]
    return [columns.figure_column(result, name) for name in left[: max(0, room)]]


def plain(result):
    """The columns as they are: of a frame that is no metric's, such as the ledger's summary."""
    units, made = result.attrs.get("units", {}), []
    for name in columns.visible(result):
        unit = units.get(name, "text")
        said = [cells.value_name(result, name, value, unit) for value in result[name]]
        cut = [words.short_name(text, wholes.LONGEST_TEXT) if text else "" for text in said]
        css = "text" if unit == "text" else "num"
        shown = [escaped(text) for text in cut]
        made.append(Column(heading(name, result.attrs.get("metric")), css, shown, (name,), cut == said))
    return made


# --- two keys -----------------------------------------------------------------------------------------


def cross(result):
    """Rows by columns of the second key (or the first, where that has fewer); None where there are too many or few."""
    keys = row_keys(result)
    frame, count = pd.DataFrame(result), result.attrs.get("count", "n")
    if len(keys) < 2 or count not in frame or frame.duplicated(keys).any():
        return None
    across = next((key for key in keys[::-1] if 2 <= frame[key].nunique(dropna=False) < columns.MOST), None)
    if across is None:
        return None
    down = [key for key in keys if key != across]
    lines, heads = (groups_in_order(result, one, count) for one in (down, [across]))
    if 2 * len(result) < len(lines) * len(heads):  # mostly empty, as where one key tells the other
        return None
    value = value_of(result)
    if value == count:
        shown = [escaped(format_value(n, "count")) for n in frame[count]]
    else:
        numbers = [words.text("tables.of_n", n=format_value(n, "count")) for n in frame[count]]
        texts = zip(cells.figures(result, value), numbers, strict=True)
        shown = [beside(escaped(text), muted(number)) for text, number in texts]
    of_line = {place: line for line, places in enumerate(lines) for place in places}
    names, titles = columns.name_column(result, down), cells.names(result, across)
    made = [names._replace(cells=[names.cells[places[0]] for places in lines], of=())]
    for places in heads:
        held = {of_line[place]: shown[place] for place in places}
        made.append(Column(titles[places[0]], "num", [held.get(line, "–") for line in range(len(lines))]))
    return made


def groups_in_order(result, keys, count):
    """The places of each group's rows: ordered keys in their order, others by size, what has no name last."""
    frame = pd.DataFrame(result).reset_index(drop=True)
    groups = frame.groupby(keys, dropna=False, sort=any(is_ordered(frame[key]) for key in keys), observed=True)
    places = [list(rows.index) for _, rows in groups]

    def rank(rows):
        unnamed = any(words.is_none(frame.at[rows[0], key]) for key in keys)
        return unnamed, 0 if any(is_ordered(frame[key]) for key in keys) else -np.nansum(frame.loc[rows, count])

    return sorted(places, key=rank)
