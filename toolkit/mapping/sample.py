"""The first rows of a file, as text: what the guess is made of."""

import csv
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Sample:
    """The head of one file, sheet or table."""

    file: Path
    columns: list
    rows: list
    format: str = "csv"
    part: str = ""
    notes: list = field(default_factory=list)


def read_sample(path, rows=2000):
    path = Path(path)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        first = file.readline()
        file.seek(0)
        delimiter = max(",;\t|", key=first.count)
        reader = csv.reader(file, delimiter=delimiter)
        lines = [line for line, _ in zip(reader, range(rows + 1), strict=False)]
    return Sample(path, lines[0], [[cell for cell in line] for line in lines[1:]])
