"""The first rows of a file, as text: what the guess is made of."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from toolkit.errors import BadData
from toolkit.mapping.profile import parse_time

ROWS = 5000


@dataclass
class Sample:
    """The head of one file, sheet or table."""

    file: Path
    format: str
    part: str
    columns: list
    rows: list
    has_header: bool = True


def read_samples(path, rows=ROWS):
    """The Samples of a file: one, or one a sheet or table."""
    path = Path(path)
    if not path.exists():
        raise BadData(f"{path}: there is no such file or folder")
    files = (
        [path]
        if path.is_file()
        else sorted(one for one in path.iterdir() if one.is_file() and one.suffix.lower() in (".csv", ".txt", ".tsv"))
    )
    return [_read(file, rows) for file in files]


def _read(path, rows):
    if not path.stat().st_size:
        raise BadData(f"{path}: is empty, without even a header line; export it again")
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        first = file.readline()
        file.seek(0)
        delimiter = max(",;\t|", key=first.count)
        lines = [line for line, _ in zip(csv.reader(file, delimiter=delimiter), range(rows + 1), strict=False)]
    columns = [name.strip() or f"column{index}" for index, name in enumerate(lines[0])]
    if is_headless(lines[0], lines[1:]):
        names = [f"column{index + 1}" for index in range(max(map(len, lines)))]
        return Sample(path, "csv", "", names, lines, False)
    return Sample(path, "csv", "", columns, lines[1:])


def is_headless(first, rows):
    """Whether the first line of a file holds values, and no names.

    >>> is_headless(["1002", "2020/2/10 22:41", "ANSWERED"], [])
    True
    >>> is_headless(["id", "2024", "status"], [])
    False
    """
    cells = [str(cell).strip() for cell in first if cell and str(cell).strip()]
    times = sum(parse_time(cell) is not None for cell in cells)
    numbers = sum(bool(re.fullmatch(r"[+-]?\d+([.,]\d+)?|\d{1,2}:\d{2}(:\d{2})?", cell)) for cell in cells)
    known = {cell for row in rows[:200] for cell in row if cell}
    again = sum(cell in known for cell in cells)
    return times > 0 or numbers >= 3 or (numbers > 0 and again > len(cells) / 2)
