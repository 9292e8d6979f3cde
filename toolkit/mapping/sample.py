"""The first rows of a file, as text: what the guess is made of."""

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from toolkit.errors import BadData
from toolkit.load.files import peek
from toolkit.load.lines import open_file
from toolkit.mapping.profile import parse_time
from toolkit.sources import FileSpec

ROWS = 5000
MOST_KEYS = 40  # of the objects of one column


@dataclass
class Sample:
    """The head of one file, sheet or table."""

    file: Path
    format: str
    part: str  # the sheet, the table, the path of the records; "" where there is only one
    columns: list
    rows: list
    has_header: bool = True
    delimiter: str = ""  # of a file without a header, which shows none
    header_rows: int = 1
    inner: dict = field(default_factory=dict)  # column of an object's key -> (column that holds the object, key)


def read_samples(path, rows=ROWS):
    """The Samples of a file: one, or one a sheet or table.

    Raises
    ------
    BadData
        It isn't there, or can't be read.
    """
    path = Path(path)
    if not path.exists():
        raise BadData(f"{path}: there is no such file or folder")
    found, seen = [], set()
    for one in peek(path, rows):
        if one.format == "json" and one.file in seen:
            continue  # of a document the list that is likeliest
        seen.add(one.file)
        found.append(_sample(one, rows))
    return [one for one in found if one.columns]


def _sample(one, rows):
    if one.format == "csv" and one.file.is_file() and is_headless(one.columns, one.rows):
        width = max(map(len, (one.columns, *one.rows[:100])))
        names = [f"column{index + 1}" for index in range(width)]
        with open_file(one.file, "rt", encoding="utf-8-sig", errors="replace") as text:
            line = text.readline(100_000)
        delimiter = max(",;\t|", key=line.count)
        spec = FileSpec(
            patterns=[one.file.name], header=False, columns=names, short_lines="normal", delimiter=delimiter
        )
        return Sample(one.file, one.format, "", names, peek(one.file, rows, spec)[0].rows, False, delimiter)
    made = Sample(one.file, one.format, one.part, list(one.columns), one.rows)
    if one.format == "json":
        return _opened(made)
    return with_header_rows(made, 2, rows) if has_two_headers(one.columns, one.rows) else made


def _opened(sample):
    """The same Sample with a column for each key of the objects that its columns hold, one level deep."""
    taken = {name.lower() for name in sample.columns}
    columns, rows, inner = list(sample.columns), [list(row) for row in sample.rows], {}
    for place, column in enumerate(sample.columns):
        objects = [_object(row[place]) for row in sample.rows]
        keys = list(
            dict.fromkeys(key for one in objects for key, value in one.items() if not isinstance(value, list | dict))
        )
        for key in keys[:MOST_KEYS]:
            name = f"{column}.{key}"
            if name.lower() in taken or not key:
                continue
            taken.add(name.lower())
            columns.append(name)
            inner[name] = (column, key)
            for row, one in zip(rows, objects, strict=True):
                row.append(_text(one.get(key)))
    return replace(sample, columns=columns, rows=rows, inner=inner)


def _object(cell):
    if not cell or not cell.startswith("{"):
        return {}
    try:
        found = json.loads(cell)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _text(value):
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def with_header_rows(sample, header_rows, rows=ROWS):
    """The same Sample, read with its names in one row or in two; as it is, where its file has no such thing."""
    is_text = sample.format == "csv" and sample.has_header
    if sample.header_rows == header_rows or not (is_text or sample.format == "sheet") or not sample.file.is_file():
        return sample
    spec = FileSpec(patterns=[sample.file.name], header_rows=header_rows, sheet=sample.part or None)
    found = next((one for one in peek(sample.file, rows, spec) if one.part == sample.part), None)
    if found is None or not found.columns:
        return sample
    return replace(sample, columns=list(found.columns), rows=found.rows, header_rows=header_rows)


def has_two_headers(columns, rows):
    """Whether the names of the columns go on in the first row below them: groups above, as merged cells are read.

    >>> below = [["Number", "Opened", "Closed"], ["7", "2026-03-01", "2026-03-02"], ["8", "2026-03-02", None]]
    >>> has_two_headers(["Ticket", "Times", "column3"], below), has_two_headers(["Ticket", "Opened", "Closed"], below)
    (True, False)
    """
    if len(rows) < 2 or not any(re.fullmatch(r"column\d+|.*_\d+", name) for name in columns):
        return False
    cells = [(index, cell.strip()) for index, cell in enumerate(rows[0]) if cell and cell.strip()]
    if len(cells) < max(2, len(columns) / 2) or any(_is_value(cell) for _, cell in cells):
        return False
    below = {
        index: [row[index].strip() for row in rows[1:200] if index < len(row) and row[index]] for index, _ in cells
    }
    if any(cell in below[index] for index, cell in cells):
        return False
    return any(found and sum(map(_is_value, found)) > 0.8 * len(found) for found in below.values())


def _is_value(cell):
    return parse_time(cell) is not None or bool(re.fullmatch(r"[+-]?\d+([.,]\d+)?|\d{1,2}:\d{2}(:\d{2})?", cell))


def is_headless(first, rows):
    """Whether the first line of a file holds values, and no names.

    >>> is_headless(["1002", "2020/2/10 22:41", "ANSWERED"], [])
    True
    >>> is_headless(["id", "2024", "status"], [])
    False
    """
    cells = [str(cell).strip() for cell in first if cell and str(cell).strip()]
    times = sum(parse_time(cell) is not None or bool(re.fullmatch(r"1\d{9}(\d{3})?", cell)) for cell in cells)
    numbers = sum(bool(re.fullmatch(r"[+-]?\d+([.,]\d+)?|\d{1,2}:\d{2}(:\d{2})?", cell)) for cell in cells)
    known = {cell for row in rows[:200] for cell in row if cell}
    again = sum(cell in known for cell in cells)
    return times > 0 or numbers >= 3 or (numbers > 0 and again > len(cells) / 2)
