"""What a table shows beside what its CSV file says; for the tests of whole reports and of their files."""

import csv
import json
import re
from datetime import date
from html import unescape

import pandas as pd

from toolkit import words
from toolkit.cards import IN_PROSE
from toolkit.displays import SECTION
from toolkit.result import format_value

HIDDEN = ("p", "is_total")  # columns of the files that no table shows
HALF = 5e-7  # of the last decimal


def tables_of(path):
    """(block, table) of an executed notebook, whose tables have files, the tabs of a section one after the other."""
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            section = output.get("data", {}).get(SECTION)
            for block in [tab["block"] for tab in section.get("tabs") or ()] or [section] if section else ():
                for table in block["tables"]:
                    if table["data"]:
                        yield block, table


def cells_of(html):
    """Rows of texts of an HTML table, its headings first, without what stands beside a value."""
    html = re.sub(r'<span class="iv">.*?</span>', "", html)
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", html, re.DOTALL)
    found = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in row] for row in found]


def said_of(column, value, place, zone, shown):
    """What a table shows of a value of a file, which has six decimals."""
    if value == "":
        return column["said"].get(str(place)) or "–"
    if column["type"] == "integer":
        return format_value(int(value), column["unit"])
    if column["type"] == "number":
        near = [format_value(float(value) + more, column["unit"]) for more in (0, HALF, -HALF)]
        return shown if shown in near else near[0]
    if column["type"] == "boolean":
        return words.text("tables.yes" if value == "true" else "tables.no")
    if column["type"] == "date":
        return words.display_name(pd.Timestamp(date.fromisoformat(value)), column["name"], with_year=True)
    if column["type"] == "time":
        return format_value(pd.Timestamp(value).tz_convert(zone), "time")
    return column["names"].get(value, value)


def compare(table, rows, zone):
    """(cells that agree, [what differs]) of a table that has a column for each of its file, and that file's rows."""
    heads, *shown = cells_of(table["all"] or table["html"])
    if any(column["unit"] == "hour" for column in table["data"]["columns"]) and "00:00" in heads:
        return compare_week(heads, shown, table, rows)
    columns, agreed, differ = table["data"]["columns"], 0, []
    assert rows[0] == [column["name"] for column in columns]
    named = {column["name"]: number for number, column in enumerate(columns)}
    for number, column in enumerate(columns):
        if column["name"] in HIDDEN or heads.count(column["heading"]) != 1:
            continue
        at = heads.index(column["heading"])
        ends = [named.get(column["name"].removesuffix("_seconds") + end) for end in ("_low", "_high")]
        has_interval = None not in ends and heads[at + 1 : at + 2] == [words.text("tables.interval")]
        for place, (cells, row) in enumerate(zip(shown, rows[1:], strict=False)):
            if "is_total" in named and row[named["is_total"]] == "true" and number == 0:
                continue
            is_empty = row[number] == "" and cells[at] in (
                "",
                "–",
                words.text("name.none"),
                words.text("name.unassigned"),
            )
            expected = said_of(column, row[number], place, zone, cells[at])
            is_part = expected and cells[at].startswith(f"{expected} ")  # such as (part of the week)
            pairs = [(cells[at], cells[at] if is_empty or is_part else expected)]
            if has_interval and row[ends[0]] and row[ends[1]]:
                between = cells[at + 1].split(words.text("tables.span", low="", high=""))
                pairs += [
                    (shown_end, said_of(columns[end], row[end], place, zone, shown_end))
                    for shown_end, end in zip(between, ends, strict=True)
                ]
            agreed += sum(one == other for one, other in pairs)
            differ += [(column["name"], place, *pair) for pair in pairs if pair[0] != pair[1]]
    return agreed, differ


def compare_week(heads, shown, table, rows):
    """The same of the hours of a week, which stand across."""
    value = next(column for column in table["data"]["columns"] if column["type"] == "number")
    day, hour, at = (rows[0].index(name) for name in ("weekday", "hour", value["name"]))
    said = {(row[day], format_value(int(row[hour]), "hour")): row[at] for row in rows[1:]}
    agreed, differ = 0, []
    for cells in shown:
        for head, cell in zip(heads[1:], cells[1:], strict=True):
            expected = said_of(value, said.get((cells[0], head), ""), "", None, cell)
            agreed, differ = (
                agreed + (cell == expected),
                differ + ([] if cell == expected else [(head, cells[0], cell, expected)]),
            )
    return agreed, differ


def compare_run(folder, name):
    """{file: (agreed, differ)} of a report of a run's folder."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    zone, found = manifest["reports"][name]["time_zone"], {}
    for block, table in tables_of(folder / "notebooks" / f"{name}.ipynb"):
        path = folder / "figures" / name / f"{block['id']}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            found[path.name] = compare(table, list(csv.reader(file)), zone)
    return found


def tile_text(value, unit):
    """A key figure as its tile says it."""
    return words.value_text(value, unit) if unit in IN_PROSE else format_value(value, unit)
