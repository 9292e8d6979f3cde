"""What a file holds, without reading it all: its columns and its first rows, as text."""

import itertools
import json
import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import SimpleNamespace

from toolkit.backend import connect
from toolkit.errors import BadData
from toolkit.load.files import databases, delimited, documents, mail, packed, postgres, sheets
from toolkit.load.files.given import Given
from toolkit.load.files.headers import name_columns
from toolkit.load.files.kinds import GZIP, OF_ENDING, ending, kind_of
from toolkit.load.files.places import as_url, is_url, refuse_device, refuse_url, shown_path
from toolkit.load.files.texts import numbered_lines, read_text
from toolkit.load.files.walk import files_below
from toolkit.load.sql import literal
from toolkit.scratch import scratch_folder

SIZE = 1 << 20  # bytes of a text that are looked at
MOST_PARTS = 8  # record paths of a JSON document
PLAIN = SimpleNamespace(
    delimiter=None, quote='"', header=True, header_rows=1, columns=[], requires=[], records=[], sheet=None
)


@dataclass(frozen=True)
class Peek:
    """A table as its file begins.

    Attributes
    ----------
    file : Path
        Of a file in an archive: the archive's path, a slash, and its name there; of a database's URL a str.
    format : str
        csv, sheet, parquet, json, mbox, lines, duckdb, sqlite or postgres.
    part : str
        The sheet, the table of a database, or the path of the records in JSON; "" where there is only one.
    columns : list of str
    rows : list of list
        Their cells as text, None where there is nothing.
    notes : list of (str, dict)
        What is odd, as keys and values of the words `notes`.
    """

    file: Path
    format: str
    part: str
    columns: list
    rows: list
    notes: list = field(default_factory=list)


def peek(path, rows=1000, spec=None):
    """The tables that a file, a folder, an archive or a database holds: their columns and first rows.

    Parameters
    ----------
    path : path, or URL of a Postgres database
        A folder is looked into with the folders in it.
    rows : int
        How many, at most.
    spec : FileSpec, optional
        How a source reads such a file; default: as it shows itself.

    Returns
    -------
    list of Peek
        Of a workbook every sheet that is shown and holds anything; of JSON every list of objects, the likeliest
        first; of a database every table.

    Raises
    ------
    BadData
        A file can't be read; of a folder such a file is passed over.

    Examples
    --------
    >>> [table] = peek("data/sample/surveys.csv", rows=1)
    >>> table.format, table.columns[:3], table.rows[0][:3]
    ('csv', ['survey_id', 'kind', 'occasion'], ['S0000001', 'csat', None])
    """
    if is_url(path):
        refuse_url(path)
        shown = shown_path(path)
        return [Peek(shown, "postgres", *table) for table in postgres.peek(as_url(path), rows)]
    path = Path(path)
    refuse_device(path)
    with scratch_folder("peek") as scratch:
        if not path.is_dir():
            return _peek_file(Given(path, str(path)), rows, spec, scratch)
        found = []
        for file in files_below(path):
            try:
                found += _peek_file(Given(file, str(file)), rows, spec, scratch)
            except BadData:
                continue
        return found


def peek_given(given, spec, scratch, rows=20):
    """The tables of one file that a source reads as `spec`; none where it can't be read."""
    try:
        return _peek_file(given, rows, spec, scratch)
    except BadData:
        return []


def _peek_file(given, rows, spec, scratch):
    kind = kind_of(given.path, getattr(spec, "format", None))
    if kind == "zip":
        names = packed.members(given.path)
        found = []
        for name, inner in zip(names, packed.inner_names(names), strict=True):
            most = 4 * SIZE if OF_ENDING.get(ending(PurePosixPath(inner))) in ("csv", "json") else None
            member = Given(packed.unpack_member(given.path, name, scratch, most), f"{given.shown}/{inner}")
            found += _peek_file(member, rows, spec, scratch)
        return found
    given = unpacked(given, kind, scratch)
    notes = []
    spec = spec or PLAIN
    found = {
        "csv": _peek_csv,
        "lines": _peek_lines,
        "sheet": _peek_sheets,
        "parquet": _peek_parquet,
        "json": _peek_json,
        "mbox": _peek_mail,
    }.get(kind, _peek_database)(given, rows, spec, notes, scratch)
    file = Path(given.shown)
    return [Peek(file, kind, part, columns, list(cells), list(notes)) for part, columns, cells in found]


def unpacked(given, kind, scratch):
    """The file itself where its reader takes it packed, else unpacked."""
    with open(given.path, "rb") as raw:
        is_packed = raw.read(2) == GZIP
    if not is_packed or kind in ("json", "mbox", "lines") or kind == "csv" and given.path.suffix.lower() == ".gz":
        return given
    return Given(packed.unpack_gzip(given.path, scratch), given.shown)


def _peek_csv(given, rows, spec, notes, scratch):
    text = read_text(given, notes.append, SIZE)
    if not text:
        raise BadData(f"{given.shown}: is empty, without even a header line; export it again, or take it away")
    layout = delimited.layout_of(text, spec, given)
    lines = re.split("\r\n|\n|\r", text)
    if len(text.encode()) >= SIZE // 2:
        lines = lines[:-1]  # it may be cut
    cells = delimited.records_of(lines[layout.cut + layout.skipped :], layout.delimiter, spec, given)
    width = len(layout.columns)
    filled = [[cell or None for cell in row[:width]] + [None] * (width - len(row)) for row in cells if any(row)]
    yield "", layout.columns, filled[:rows]


def _peek_lines(given, rows, spec, notes, scratch):
    found = ([text] for _, text in numbered_lines(given, notes.append) if text.strip())
    yield "", ["line"], list(itertools.islice(found, rows))


def _peek_sheets(given, rows, spec, notes, scratch):
    book = sheets.open_book(given)
    shown, hidden = sheets.sheets_of(book)
    names, is_empty = [spec.sheet] if spec.sheet in (*shown, *hidden) else shown, True
    for name in names:
        with sheets.damage_told(given):
            sheet = sheets.read_sheet(book, name, spec.header_rows, spec.requires, rows + 60, given)
        if sheet.columns:
            is_empty = False
            yield name, sheet.columns, [cells for _, cells in sheet.rows[:rows]]
    if is_empty:
        raise sheets.nothing_in(given, names)


def _peek_parquet(given, rows, spec, notes, scratch):
    import duckdb

    with connect(scratch / "spill") as con:
        try:
            yield "", *databases.first_rows(con, f"read_parquet({literal(given.path)})", rows)
        except duckdb.Error as error:
            raise BadData(f"{given.shown}: can't be read as Parquet: {str(error).splitlines()[0]}") from None


def _peek_database(given, rows, spec, notes, scratch):
    yield from databases.peek(given, rows)


def _peek_mail(given, rows, spec, notes, scratch):
    found = (cells for _, cells, _ in mail.messages(given) if cells)
    yield "", list(mail.COLUMNS), list(itertools.islice(found, rows))


def _peek_json(given, rows, spec, notes, scratch):
    text = read_text(given, notes.append, SIZE)
    documents.refuse_bare(text, given)
    if documents.is_object_a_line(text):
        lines = (documents.parsed(line) for _, line in numbered_lines(given, notes.append) if line.strip())
        found = list(itertools.islice((line for line in lines if isinstance(line, dict)), rows))
    else:
        found = documents.parsed(text)
        if found is None:
            is_cut = len(text.encode()) >= SIZE // 2
            pages = [documents.parsed(page) for _, page in documents.one_after_another(text, is_cut) or ()]
            found = [one for page in pages for one in (page if isinstance(page, list) else [page])] or documents.closed(
                text
            )
        if found is None:
            raise BadData(f"{given.shown}: {documents.where_wrong(text)}")
    whole = found[0] if isinstance(found, list) and found and documents.is_object_a_line(text) else found
    paths = documents.told_paths(spec) or documents.likely_paths(whole, spec.requires)[:MOST_PARTS]
    if isinstance(found, list) and "" not in paths:
        paths = [*paths, ""]
    is_empty = True
    for path in paths:
        pages = found if path and isinstance(found, list) else [found]
        records = [one for page in pages for one in _at(page, path)][:rows]
        objects = [one for one in records if isinstance(one, dict)]
        if objects:
            keys = list(dict.fromkeys(key for one in objects for key in one))
            columns, _ = name_columns(keys)
            is_empty = False
            yield path, columns, [[_cell(one.get(key)) for key in keys] for one in objects]
    if is_empty and len(text) < SIZE // 2 and documents.parsed(text) is None:
        raise BadData(f"{given.shown}: {documents.where_wrong(text)}")


def _at(document, path):
    """The records at a path of a parsed document."""
    for part in path.split(".") if path else ():
        document = document.get(part) if isinstance(document, dict) else None
    return document if isinstance(document, list) else [] if document is None else [document]


def _cell(value):
    """A value of JSON as its raw table has it."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
