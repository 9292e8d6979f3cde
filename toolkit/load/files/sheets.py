"""Workbooks: xlsx, xlsb, xls and ods, by calamine; every cell as text, dates as ISO."""

import contextlib
import datetime
import re
import zipfile
from dataclasses import dataclass, field
from xml.etree import ElementTree

from toolkit.errors import BadData
from toolkit.load.files.headers import find_header, merge_rows, name_columns, refuse_wide
from toolkit.load.files.kinds import DAMAGED, head
from toolkit.load.files.packed import refuse_bomb
from toolkit.load.files.texts import batched
from toolkit.load.files.traps import refuse_trap

WHOLE = 1e15  # up to here every whole number is one of a workbook's
MOST_TOLD = 5  # cells that a note names


@dataclass
class Sheet:
    """A sheet as it was read.

    Attributes
    ----------
    name : str
    rows : list of (number of the row, from 1, list of cells as text or None)
        Those that hold anything, the names of the columns and what stands above them left out.
    columns : list of str
    twice : list of str
        Names that stood there more than once.
    above, blank : int
        Rows above the names, and blank ones further below, that were passed over.
    """

    name: str
    rows: list
    columns: list
    twice: list = field(default_factory=list)
    above: int = 0
    blank: int = 0


def load(target, given):
    """The rows of a workbook's sheet into the raw table; which sheet, and what of it isn't a row, is told."""
    spec = target.spec
    book = open_book(given)
    visible, hidden = sheets_of(book)
    if spec.sheet and spec.sheet.lower() not in map(str.lower, book.sheet_names):
        raise BadData(f"{given.shown}: has no sheet {spec.sheet!r}; its sheets are: {', '.join(book.sheet_names)}")
    wanted = [name for name in book.sheet_names if name.lower() == spec.sheet.lower()] if spec.sheet else visible
    with damage_told(given):
        sheets = (read_sheet(book, name, spec.header_rows, spec.requires, given=given) for name in wanted)
        sheet = next((one for one in sheets if one.columns), None)
    if sheet is None:
        raise nothing_in(given, wanted)
    unread = [name for name in (*visible, *hidden) if name != sheet.name]
    if unread:
        target.note(("notes.sheet", {"file": given.name, "sheet": sheet.name, "names": unread}))
    _tell(target.note, given, sheet)
    refuse_twice(given, sheet.twice, spec.requires)
    odd_cells(target.note, given, sheet)
    target.append_rows(given, sheet.columns, batched(sheet.rows))


def nothing_in(given, names):
    """The error of a workbook whose sheets are empty."""
    told = f"its sheet {names[0]!r} is empty" if len(names) == 1 else "its sheets are empty"
    return BadData(f"{given.shown}: {told}; export it again, or take it away")


def refuse_twice(given, twice, requires):
    """An error where a column that can't be done without is named twice: which of the two isn't known."""
    both = [name for name in twice if name.lower() in map(str.lower, requires)]
    if both:
        raise BadData(f"{given.shown}: names column {', '.join(both)} twice; rename one")


def _tell(note, given, sheet):
    if sheet.above:
        note(("notes.above", {"file": given.name, "n": sheet.above}))
    if sheet.blank:
        note(("notes.blank_rows", {"file": given.name, "n": sheet.blank}))
    if sheet.twice:
        note(("notes.twice", {"file": given.name, "names": sheet.twice}))


def open_book(given):
    """A workbook, opened by calamine."""
    import python_calamine as calamine

    start = head(given.path, 512).lstrip()
    if start[:1] == b"<":
        raise BadData(
            f"{given.shown}: is a web page or XML that is called a workbook; open it in Excel and save it as xlsx or CSV"
        )
    refuse_bomb(given)
    refuse_trap(given)
    try:
        return calamine.CalamineWorkbook.from_path(given.path)
    except calamine.PasswordError:
        raise BadData(f"{given.shown}: is protected by a password; save it without one") from None
    except (calamine.CalamineError, OSError, ValueError) as error:
        if _is_encrypted(given.path):
            raise BadData(f"{given.shown}: is protected by a password; save it without one") from None
        raise BadData(f"{given.shown}: can't be read as a workbook: {error}") from None


@contextlib.contextmanager
def damage_told(given):
    """An error that names the workbook, in place of its reader's, where one of its sheets is damaged."""
    import python_calamine as calamine

    try:
        yield
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise BadData(f"{given.shown}: is a workbook that is damaged ({error}); save it again") from None
    except BaseException as error:  # the reader's own, of a file that it didn't foresee
        if type(error).__name__ != "PanicException":
            raise
        raise BadData(f"{given.shown}: is a workbook that is damaged; save it again, or export it as CSV") from None


def _is_encrypted(path):
    """Whether it is an encrypted package, as Excel writes a workbook with a password."""
    return "EncryptedPackage".encode("utf-16-le") in path.read_bytes()


def sheets_of(book):
    """(names of the sheets with cells that are shown, names of those that are hidden)."""
    import python_calamine as calamine

    cells = [one for one in book.sheets_metadata if one.typ == calamine.SheetTypeEnum.WorkSheet]
    shown = [one.name for one in cells if one.visible == calamine.SheetVisibleEnum.Visible]
    return shown, [one.name for one in cells if one.name not in shown]


def read_sheet(book, name, header_rows=1, requires=(), most=None, given=None):
    """One sheet, or its first `most` rows; one of the file `given` that is too wide is refused."""
    sheet = book.get_sheet_by_name(name)
    rows, merged = sheet.to_python(skip_empty_area=False, nrows=most), sheet.merged_cell_ranges or []
    first = 0
    while first < len(rows) and not any(cell != "" for cell in rows[first]):
        first += 1
    if first == len(rows):
        return Sheet(name, [], [])
    top = [[as_text(cell) for cell in row] for row in rows[first : first + 40]]
    at = first + find_header(top, requires, header_rows)
    names = [as_text(cell) or "" for cell in rows[at]]
    if header_rows == 2 and at + 1 < len(rows):
        below = [as_text(cell) or "" for cell in rows[at + 1]]
        names = merge_rows(_spread(names, merged, at), below, goes_on=not merged)
    begins = at + header_rows
    # columns without a name, and without a cell, are the sheet's edges
    used = [bool(cell) or any(row[column] != "" for row in rows[begins:]) for column, cell in enumerate(names)]
    last = max((column for column, is_used in enumerate(used) if is_used), default=-1) + 1
    begin = next((column for column, is_used in enumerate(used) if is_used), 0)
    if given is not None:
        refuse_wide(given, names[begin:last])
    columns, twice = name_columns(names[begin:last])
    kept, blank = [], 0
    for number, row in enumerate(rows[begins:], begins + 1):
        if any(cell != "" for cell in row):
            kept.append((number, [as_text(cell) for cell in row[begin:last]]))
        else:
            blank += 1
    return Sheet(name, kept, columns, twice, sum(any(cell != "" for cell in row) for row in rows[:at]), blank)


def _spread(names, ranges, row):
    """The names of a row with those of merged cells in all that they cover."""
    spread = list(names)
    for (top, left), (bottom, right) in ranges:
        if top <= row <= bottom:
            spread[left : right + 1] = [names[left]] * len(spread[left : right + 1])
    return spread


def as_text(cell):
    """A cell as text; None where it is empty.

    Examples
    --------
    >>> as_text(30.0), as_text(0.5), as_text(datetime.datetime(2024, 3, 1, 9, 30)), as_text(True), as_text("")
    ('30', '0.5', '2024-03-01 09:30:00', 'true', None)
    >>> as_text(datetime.timedelta(hours=26, seconds=5))
    '26:00:05'
    """
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < WHOLE else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.replace(microsecond=0).isoformat(" ") if cell.microsecond == 0 else _to_millis(cell)
    if isinstance(cell, datetime.timedelta):
        seconds = round(cell.total_seconds())
        sign = "-" if seconds < 0 else ""
        return f"{sign}{abs(seconds) // 3600:02}:{abs(seconds) // 60 % 60:02}:{abs(seconds) % 60:02}"
    return str(cell)


def _to_millis(time):
    """A time to the millisecond: a workbook's number of days holds no more."""
    rounded = time.replace(microsecond=0) + datetime.timedelta(milliseconds=round(time.microsecond / 1000))
    return rounded.isoformat(" ", "milliseconds" if rounded.microsecond else "seconds")


# --- what calamine doesn't tell ---------------------------------------------------------------------

CELL = re.compile(rb"<c\b([^>]*?)(?:/>|>(.*?)</c>)", re.DOTALL)


def odd_cells(note, given, sheet):
    """Tell of cells with an error such as #REF!, and of formulas that were never computed: both are read as empty."""
    if not zipfile.is_zipfile(given.path):
        return
    errors, formulas = [], []
    try:
        with zipfile.ZipFile(given.path) as archive:
            member = _member(archive, sheet.name)
            if member is None:
                return
            with archive.open(member) as read:
                for attributes, content in _cells(read):
                    place = re.search(rb'\br="([A-Z]+\d+)"', attributes)
                    if b't="e"' in attributes:
                        errors.append(place)
                    elif b"<f" in content and b"<v" not in content and b"<is" not in content:
                        formulas.append(place)
    except (*DAMAGED, ElementTree.ParseError, RuntimeError, ValueError):  # what can be read of it has been
        return
    for key, places in (("notes.error_cells", errors), ("notes.formulas", formulas)):
        if places:
            cells = [place[1].decode() for place in places[:MOST_TOLD] if place]
            note((key, {"file": given.name, "n": len(places), "cells": cells}))


def _cells(read):
    """(attributes, content) of the cells of a sheet's XML that may be odd."""
    rest = b""
    while chunk := read.read(1 << 20):
        text = rest + chunk
        end = text.rfind(b"</c>") + 4
        if end < 4:
            rest = text
            continue
        part, rest = text[:end], text[end:]
        if b't="e"' in part or b"<f" in part:
            yield from ((match[1], match[2] or b"") for match in CELL.finditer(part))


def _member(archive, name):
    """The name in the archive of a sheet of xlsx; None in other kinds of workbook."""
    if "xl/workbook.xml" not in archive.namelist():
        return None
    relation = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
    targets = {
        one.get("Id"): one.get("Target", "")
        for one in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    }
    for one in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():
        if one.tag.endswith("}sheet") and one.get("name") == name:
            path = targets.get(one.get(relation), "").removeprefix("/")
            path = path if path.startswith("xl/") else f"xl/{path}"
            return path if path in archive.namelist() else None
    return None
