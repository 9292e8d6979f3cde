"""The rows that are wrong on purpose: `dirty.toml` lists them, `plant` appends to the CSV files those that aren't made."""

import csv
import io
import tomllib
from pathlib import Path

from toolkit.tables import TABLES


def planted():
    """What is wrong on purpose, one dict per entry: table, column, key, kind, rows and whether `plant` appends them.

    `column` and `key` are what the row is found by: its key column, of call_stages the position, of
    site_visits the page. A kind that begins with "repaired", "kept" or "inert" belongs to a row that stays;
    every other row must be in the ledger (of a duplicate key, all rows but one).

    Examples
    --------
    >>> entry = planted()[0]
    >>> entry["table"], entry["column"], entry["key"], entry["kind"], entry["rows"]
    ('conversations', 'conversation_id', 'CV9000001', 'missing required value', 1)
    """
    return [
        {
            "table": entry["table"],
            "column": _key_column(entry["table"]),
            "key": entry["key"],
            "kind": entry["kind"],
            "rows": entry.get("repeat", 1),
            "is_appended": not entry.get("made", False),
        }
        for entry in _entries()
    ]


def plant(paths):
    """Append the wrong rows to the CSV files in `paths`, a dict of table name to path."""
    for table, path in paths.items():
        entries = [entry for entry in _entries() if entry["table"] == table and not entry.get("made")]
        lines = [line for entry in entries for line in _lines(entry, path)]
        with open(path, "a", encoding="utf-8", newline="") as file:
            file.writelines(lines)


def _lines(entry, path):
    """The CSV lines of one entry."""
    cells = _example(path, entry.get("like", {}))
    cells |= {_key_column(entry["table"]): entry["key"], **entry.get("set", {})}
    if entry.get("broken"):
        line = ",".join(cells.values()) + "\n"  # no quotes: the commas in the text make cells of their own
    else:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(cells.values())
        line = text.getvalue()
    return [line] * entry.get("repeat", 1)


def _example(path, like):
    """The first row of a CSV file whose cells are as `like` says; its first row if there is none."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        first = row = next(rows, dict.fromkeys(rows.fieldnames, ""))
        while row is not None and any(row[name] != value for name, value in like.items()):
            row = next(rows, None)
    return dict(row or first)


def _key_column(table):
    return TABLES[table].key[-1]


def _entries():
    return tomllib.loads((Path(__file__).parent / "dirty.toml").read_text(encoding="utf-8"))["row"]
