"""Figures from outside, in a file beside the data: its rows as they are written, each with its line."""

import csv
from pathlib import Path

import pandas as pd

from toolkit.errors import BadData
from toolkit.tables import OUTSIDE

ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")


def find_outside(path):
    """The file of figures from outside in a folder, or beside a file; None where there is none."""
    folder = path if path.is_dir() else path.parent
    return next((file for file in sorted(folder.iterdir()) if file.name.lower() == OUTSIDE), None)


def read_outside(path):
    """The rows of a file of figures from outside, every cell a text, with a column `line`.

    Separated by commas, semicolons or tabs; lines without a word are passed over.

    Raises
    ------
    BadData
        It can't be read as text, or has no heading.
    """
    text = _decoded(Path(path).read_bytes())
    first = text.split("\n", 1)[0]
    mark = max(",;\t", key=first.count)
    lines = csv.reader(text.splitlines(keepends=True), delimiter=mark)
    heading = next(lines, None)
    if not heading or "metric" not in [name.strip().lower() for name in heading]:
        raise BadData(
            f"{path}: has no column 'metric' in its first line; it has: {', '.join(heading or []) or 'nothing'}"
        )
    rows = []
    for row in lines:
        if any(cell.strip() for cell in row):
            cells = dict(zip(heading, [*row, *[""] * len(heading)], strict=False))
            rows.append(cells | {"line": lines.line_num})
    return pd.DataFrame(rows, columns=[*heading, "line"])


def _decoded(content):
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return ""
