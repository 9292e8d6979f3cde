"""Workbooks that are made to take all memory: what their XML says of their size, before a reader holds it.

A reader holds a sheet as a block of rows by columns, and each cell with a text of its own: one cell in the last place of
a sheet is 17 billion, and a long text that many cells share is held as often.
"""

import re
import zipfile
from xml.etree import ElementTree

from toolkit.errors import BadData
from toolkit.load.files.kinds import DAMAGED

MOST_CELLS = 20_000_000  # rows by columns, the empty ones too
MOST_TEXT = 1 << 30  # characters of all cells together
WIDEST, LONGEST = 16_384, 1_048_576  # columns and rows of a sheet
CHUNK, TAG = 1 << 20, 512
CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
PLACE = re.compile(rb"""<(?:\w+:)?c\b[^<>]*?\sr\s*=\s*["']([A-Za-z]+)(\d+)["'][^<>]*?(?<!/)>""")
ROW = re.compile(rb"<(?:\w+:)?row\b")
SHARED = re.compile(rb"""<(?:\w+:)?c\b[^<>]*?\st\s*=\s*["']s["'][^<>]*>\s*<(?:\w+:)?v>\s*(\d{1,9})""")
OLE = b"\xd0\xcf\x11\xe0"  # macros, which lie beside the sheets
# Records of an xlsb: a row, a cell that isn't empty, a cell whose text is shared, a shared text.
BINARY_ROW, BINARY_CELLS, BINARY_SHARED, BINARY_TEXT = 0, range(2, 12), 7, 19
ODS_ROW, ODS_CELL = b"<table:table-row", re.compile(rb"<table:(?:covered-)?table-cell\b([^<>]*?)(/?)>")
ODS_TIMES = {name: re.compile(rb'number-%s-repeated\s*=\s*["\'](\d+)' % name) for name in (b"rows", b"columns")}


def refuse_trap(given):
    """An error for a workbook whose sheets are larger than any that people write, though the file is small.

    Parameters
    ----------
    given : Given
        A file that isn't packed as xlsx and ods are passes: its size is what it holds.

    Raises
    ------
    BadData
        It has a cell beyond what sheets have, more than 20 million cells in a block, or more than 1 GB of text.
    """
    if not zipfile.is_zipfile(given.path):
        return
    try:
        with zipfile.ZipFile(given.path) as archive:
            for kind, measure, refuse in (
                ("xml", _lengths, _refuse_sheet),
                ("bin", _binary_lengths, _refuse_binary_sheet),
            ):
                shared = f"xl/sharedstrings.{kind}"
                texts = next((name for name in archive.namelist() if name.lower().endswith(shared)), None)
                lengths = measure(archive, texts) if texts else []
                for name in _sheets(archive, kind):
                    refuse(given, archive, name, lengths)
            if "content.xml" in archive.namelist():
                _refuse_ods(given, archive)
    except (*DAMAGED, RuntimeError, NotImplementedError, LookupError, ValueError, ElementTree.ParseError) as error:
        raise BadData(f"{given.shown}: is a workbook that is damaged ({error}); save it again") from None


def _sheets(archive, kind):
    """The members that are sheets: those that lie where sheets do, and what the workbook says besides, wherever it lies."""
    names = set(archive.namelist())
    found = {name for name in names if re.fullmatch(rf"/?xl/worksheets/[^/]+\.{kind}", name, re.IGNORECASE)}
    book = "".join(name for name in names if name.lower().lstrip("/") == "xl/workbook.xml")
    # in an xlsb what is named and is no sheet has no record of a cell; in an xlsx a list of formulas has what looks like them
    used = _used(archive.read(book)) if kind == "xml" and book else None
    for relations in (name for name in names if name.lower().lstrip("/") == f"xl/_rels/workbook.{kind}.rels"):
        for one in ElementTree.fromstring(archive.read(relations)):
            target = one.get("Target", "").lstrip("/")
            if used is None or one.get("Id") in used:
                found |= {target, f"xl/{target}"} & names
    return sorted(found)


def _used(book):
    """The names by which a workbook's list of sheets refers to them."""
    return {
        value
        for one in ElementTree.fromstring(book).iter()
        if one.tag.rpartition("}")[2] == "sheet"
        for value in one.attrib.values()
    }


def _parts(archive, name):
    """The XML of a member in parts that each end before a tag; of a text longer than a part its first characters."""
    rest = b""
    with archive.open(name) as read:
        while chunk := read.read(CHUNK):
            text = rest + chunk
            cut = text.rfind(b"<")
            yield text[: max(cut, 0)], max(0, len(text) - cut - TAG)
            rest = text[cut:][:TAG]
    yield rest, 0


def _lengths(archive, name):
    """How many bytes the XML of each shared text has."""
    found, last = [], None
    for part, left in _parts(archive, name):
        first, *others = re.split(rb"<(?:\w+:)?si\b", part)
        if last is not None:
            last += len(first)
        for one in others:
            if last is not None:
                found.append(last)
            last = len(one)
        last = None if last is None else last + left
    return found if last is None else [*found, last]


def _refuse_sheet(given, archive, name, lengths):
    columns = rows = across = held = 0
    for part, _ in _parts(archive, name):
        places = PLACE.findall(part)
        columns = max(columns, max((_column(letters) for letters, _ in places), default=0))
        rows = max(rows, max((int(digits[:9]) for _, digits in places), default=0))
        first, *others = [len(CELL.findall(one)) for one in ROW.split(part)]
        columns = max(columns, across + first, *others) if others else max(columns, across + first)
        across = others[-1] if others else across + first
        if lengths:
            held += sum(lengths[at] for one in SHARED.findall(part) if (at := int(one)) < len(lengths))
        _refuse(given, rows, columns, held)


def _records(archive, name):
    """(kind, its first 12 bytes, its size) of each record of a part of an xlsb."""
    with archive.open(name) as read:
        held, place = read.read(CHUNK), 0
        if held.startswith(OLE):
            return
        while True:
            if len(held) - place < 32:
                held, place = held[place:] + read.read(CHUNK), 0
                if not held:
                    return
            kind, place = held[place], place + 1
            if kind & 0x80:
                kind, place = kind & 0x7F | (held[place] & 0x7F) << 7, place + 1
            size = shift = 0
            while shift < 28:
                byte, place = held[place], place + 1
                size |= (byte & 0x7F) << shift
                shift += 7
                if not byte & 0x80:
                    break
            yield kind, held[place : place + min(size, 12)], size
            place += size
            while place > len(held):
                place -= len(held)
                held = read.read(CHUNK)
                if not held:
                    return


def _binary_lengths(archive, name):
    return [size for kind, _, size in _records(archive, name) if kind == BINARY_TEXT]


def _refuse_binary_sheet(given, archive, name, lengths):
    columns = rows = held = 0
    for kind, start, size in _records(archive, name):
        if kind == BINARY_ROW and size >= 4:
            row = int.from_bytes(start[:4], "little") + 1
            if row < rows:  # the reader would leave out what lies after the last
                raise ValueError("its rows are out of order")
            rows = row
        elif kind in BINARY_CELLS and size >= 4:
            columns = max(columns, int.from_bytes(start[:4], "little") + 1)
            if kind == BINARY_SHARED and (at := int.from_bytes(start[8:12], "little")) < len(lengths):
                held += lengths[at]
        else:
            continue
        if rows > LONGEST or columns > WIDEST or rows * columns > MOST_CELLS or held > MOST_TEXT:
            break
    _refuse(given, rows, columns, held)


def _refuse_ods(given, archive):
    rows = columns = at = across = 0
    times = 1
    for part, _ in _parts(archive, "content.xml"):
        first, *others = part.split(ODS_ROW)
        for place, piece in enumerate((first, *others)):
            if place:
                times, across = _times(b"rows", piece.partition(b">")[0]), 0
                at += times
            filled = [_times(b"columns", tag) for tag, is_empty in ODS_CELL.findall(piece) if not is_empty]
            across += sum(filled)
            if filled:
                rows, columns = max(rows, at), max(columns, across)
        _refuse(given, rows, columns, 0)


def _times(name, tag):
    found = ODS_TIMES[name].search(tag)
    return int(found[1][:12]) if found else 1


def _column(letters):
    """The number of a column by its letters.

    >>> _column(b"A"), _column(b"xfd"), _column(b"ZZZZZZZZZ") > 10**9
    (1, 16384, True)
    """
    number = 0
    for letter in letters[:8].upper():
        number = number * 26 + letter - 64
    return number


def _refuse(given, rows, columns, held):
    if rows > LONGEST or columns > WIDEST:
        raise BadData(
            f"{given.shown}: has a cell beyond the last row or column that a sheet has; export it again as CSV"
        )
    if rows * columns > MOST_CELLS:
        raise BadData(
            f"{given.shown}: its cells lie so far apart that a sheet of {rows:,} rows and {columns:,} columns would be read, "
            f"of at most {MOST_CELLS:,} cells; delete what stands beyond the table, or export it as CSV"
        )
    if held > MOST_TEXT:
        raise BadData(f"{given.shown}: its cells hold more than {MOST_TEXT >> 30} GB of text; export it as CSV")
