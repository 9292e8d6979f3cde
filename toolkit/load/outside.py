"""Figures from outside, in a file beside the data: its rows as they are written, each with its line."""

import csv
from pathlib import Path

import pandas as pd

from toolkit.errors import BadData
from toolkit.links import refuse_way_out
from toolkit.tables import LINE_OF_OUTSIDE as LINE
from toolkit.tables import OUTSIDE, outside_name

END = "\x03"  # which no text holds
ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")


def find_outside(path):
    """The file of figures from outside in a folder, or beside a file; None where there is none."""
    folder = path if path.is_dir() else path.parent
    found = next((file for file in sorted(folder.iterdir()) if file.name.lower() == OUTSIDE), None)
    if found:
        refuse_way_out(found, folder)
    return found


def read_outside(path):
    """The rows of a file of figures from outside, every cell a text, with a column `line_`: where each one ends.

    Separated by commas, semicolons or tabs; lines without a word are passed over, and columns without a heading and a
    word.

    Raises
    ------
    BadData
        It can't be read as text, has no heading or one twice, a quotation mark that isn't closed, or a word without a
        heading.
    """
    text = _decoded(Path(path).read_bytes())
    first = text.split("\n", 1)[0]
    (_, heading), *lines = list(_lines(path, text, max(",;\t", key=first.count))) or [(1, [])]
    names = [outside_name(name) for name in heading]
    if "metric" not in names:
        raise BadData(f"{path}: has no column 'metric' in its first line; it has: {', '.join(heading) or 'nothing'}")
    twice = next((name for name in names if name and [*names, LINE].count(name) > 1), None)
    if twice:
        raise BadData(f"{path}, line 1: has the column {twice!r} twice; name each column once")
    rows = []
    for line, row in lines:
        if not any(cell.strip() for cell in row):
            continue
        row = [*row, *[""] * len(names)][: len(names)]
        lost = next((cell for name, cell in zip(names, row, strict=True) if not name and cell.strip()), None)
        if lost is not None:
            raise BadData(f"{path}, line {line}: {lost!r} stands in a column without a name; the first line names each")
        rows.append({name: cell for name, cell in zip(names, row, strict=True) if name} | {LINE: line})
    return pd.DataFrame(rows, columns=[*filter(None, names), LINE])


def _lines(path, text, mark):
    """(the number of its last line, cells) of each row; BadData where a quotation mark isn't closed."""
    # after all of them one of its own, which a quotation mark that isn't closed takes in
    reader, begins, row = csv.reader([*text.splitlines(keepends=True), END], delimiter=mark), 1, None
    try:
        for row in reader:
            if row != [END]:
                if any(cell.endswith(END) for cell in row):
                    break
                yield reader.line_num, row
                begins = reader.line_num + 1
    except csv.Error:
        raise BadData(
            f"{path}, line {begins}: a cell has more than {csv.field_size_limit():,} characters, or its quotation mark "
            "isn't closed"
        ) from None
    if row != [END]:
        raise BadData(f"{path}, line {begins}: a quotation mark isn't closed")


def _decoded(content):
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return ""
