"""The first rows of a file, as text: what the guess is made of."""

import re
from dataclasses import dataclass
from pathlib import Path

from toolkit.errors import BadData
from toolkit.load.files import peek
from toolkit.load.lines import open_file
from toolkit.mapping.profile import parse_time
from toolkit.sources import FileSpec

ROWS = 5000


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
    return Sample(one.file, one.format, one.part, list(one.columns), one.rows)


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
