"""Delimited text, every column as text and nothing lost.

Lines that the reader can't parse go to the ledger; a file that isn't what it should be is an error that names it.
"""

import codecs
import csv
import glob
import io
from dataclasses import dataclass

from toolkit.errors import BadData
from toolkit.load.files.given import MOST_BROKEN
from toolkit.load.files.headers import find_header, merge_rows, name_columns, refuse_wide
from toolkit.load.files.kinds import DAMAGED
from toolkit.load.files.sheets import refuse_twice
from toolkit.load.files.texts import encoding_of
from toolkit.load.lines import CHUNK, as_utf8, open_file, scan, tidy
from toolkit.load.sandbox import bounded
from toolkit.load.sql import literal, quote

NO_FIELD = "\x1fno field\x1f"  # the text of no field: an empty one is '', only one that isn't there is null
LONGEST = 16 << 20  # bytes of a line that the reader takes
ERRORS = 5  # of a line, on average: one for each column that it lacks
DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class Layout:
    """What the first lines of a file say of the others.

    Attributes
    ----------
    delimiter : str
    columns : list of str
    twice : list of str
        Names that stand there more than once.
    cut : int
        Lines at the beginning that the reader isn't shown.
    above : int
        Of these, the lines above the names of the columns.
    skipped : int
        Records that the reader is shown, and that are no rows: 1 where the names are among them.
    """

    delimiter: str
    columns: list
    twice: list
    cut: int
    above: int
    skipped: int


def load(target, given):
    """The rows of a file of delimited text into the raw table."""
    con, spec = target.con, target.spec
    if given.path.stat().st_size == 0:
        raise BadData(f"{given.shown}: is empty, without even a header line; export it again, or take it away")
    readable, layout, lines, broken = _readable(target, given)
    columns, cut, skipped = layout.columns, layout.cut, layout.skipped
    if broken and broken[0][0] == 1 and skipped:
        raise BadData(f"{given.shown}: its first line, which names the columns, opens a quote that is not closed")
    target.reject(given, [(line + cut, text, "a quote is not closed") for line, text in broken])
    names = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    try:
        with bounded(con, given.shown):
            con.execute(
                f"CREATE OR REPLACE TEMP TABLE part AS SELECT * FROM read_csv({literal(glob.escape(str(readable)))}, "
                f"auto_detect = false, columns = {{{names}}}, delim = {literal(layout.delimiter)}, quote = {literal(spec.quote)}, "
                f"escape = {literal(spec.quote)}, header = {str(bool(skipped)).lower()}, "
                f"null_padding = {str(spec.short_lines != 'refused').lower()}, nullstr = {literal(NO_FIELD)}, "
                f"store_rejects = true, max_line_size = {LONGEST}, buffer_size = {2 * LONGEST}, parallel = false, "
                f"rejects_limit = {ERRORS * MOST_BROKEN + 1}"
                + (", compression = 'gzip'" if readable.suffix.lower() == ".gz" else "")
                + ")"
            )
    except BadData:
        raise
    except Exception as error:
        raise BadData(f"{given.shown}: can't be read as CSV: {str(error).splitlines()[0]}") from None
    refused = _note_rejects(target, given, lines, cut)
    rows = con.execute("SELECT count(*) FROM part").fetchone()[0]
    if rows + len(refused) != lines.records - skipped:
        raise BadData(
            f"{given.shown}: holds {lines.records - skipped:,} records, but {rows:,} were read and {len(refused):,} found "
            "unreadable; its quotes or line ends can't be told apart. Export it again as plain CSV"
        )
    _append(target, given, layout, lines, refused)
    if spec.short_lines == "padded":
        shown = " || ', ' || ".join(f"coalesce({quote(column)}, '')" for column in columns)
        con.execute(
            f"INSERT INTO bad_lines SELECT ?, 'short line', 'repaired', _file, _row, {shown}, "
            f"'the missing fields were taken as empty' FROM {target.place} "
            f"WHERE _file = ? AND {quote(columns[-1])} IS NULL",
            [target.table, given.shown],
        )
    con.execute("DROP TABLE part")


def _note_rejects(target, given, lines, cut):
    """Lines that couldn't be parsed, into bad_lines, each once; returns their numbers among the file's units."""
    con = target.con
    found = con.execute("SELECT DISTINCT line FROM reject_errors ORDER BY line").fetchnumpy()["line"].astype("int64")
    errors = con.execute("SELECT count(*) FROM reject_errors").fetchone()[0]
    if len(found) > MOST_BROKEN or errors > ERRORS * MOST_BROKEN:
        line, why = con.execute("SELECT line, lower(CAST(error_type AS VARCHAR)) FROM reject_errors LIMIT 1").fetchone()
        raise BadData(
            f"{given.shown}: holds more than {MOST_BROKEN:,} lines that can't be read, such as line {line + cut} ({why}); its "
            "delimiter, quotes or columns aren't those of its first line"
        )
    if len(found):
        import pandas as pd

        con.register("numbered", pd.DataFrame({"unit": found, "number": lines.of_units(found - 1) + cut}))
        con.execute(
            "INSERT INTO bad_lines SELECT ?, 'unreadable line', 'rejected', ?, number, any_value(ltrim(csv_line, chr(10))), "
            "min(lower(CAST(error_type AS VARCHAR)) || ': ' || error_message) "
            "FROM reject_errors JOIN numbered ON line = unit GROUP BY number",
            [target.table, given.shown],
        )
        con.unregister("numbered")
        con.execute("DELETE FROM reject_errors")
        con.execute("DELETE FROM reject_scans")
    return found - 1


def _append(target, given, layout, lines, refused):
    """The rows of `part` into their raw table, each with its file and the line on which it begins."""
    con, file = target.con, literal(given.shown)
    if lines.is_plain and not len(refused):
        numbered = f"SELECT *, {file} AS _file, rowid + {1 + layout.skipped + layout.cut} AS _row FROM part"
    else:
        import pandas as pd

        con.register("numbered", pd.DataFrame({"_row": lines.of_rows(refused, layout.skipped) + layout.cut}))
        numbered = f"SELECT part.*, {file} AS _file, numbered._row FROM part POSITIONAL JOIN numbered"
    target.append(numbered, layout.columns)
    con.execute("DROP VIEW IF EXISTS numbered")


def _readable(target, given):
    """(the file or a copy that the reader can take, Layout, Lines, [(line, text) given up])."""
    spec, scratch, readable = target.spec, target.scratch, given.path
    try:
        with open_file(given.path, "rb") as raw:
            start = raw.read(8)
        encoding = encoding_of(start)
        if encoding:
            target.note(("notes.encoding", {"file": given.name, "encoding": "utf-16"}))
            readable = as_utf8(given.path, scratch, encoding)
        layout = layout_of(_first_lines(readable), spec, given)
        _tell(target.note, given, layout)
        if layout.cut:
            readable = _without(readable, scratch, layout.cut)
        try:
            lines = scan(readable, layout.delimiter, spec.quote)
        except UnicodeDecodeError:
            # what spreadsheets on Windows write; a superset of Latin-1's letters
            target.note(("notes.encoding", {"file": given.name, "encoding": "cp1252"}))
            readable = as_utf8(readable, scratch, "cp1252")
            lines = scan(readable, layout.delimiter, spec.quote)
    except DAMAGED as error:
        raise BadData(f"{given.shown}: can't be read: {error}") from None
    if lines.is_tidy:
        return readable, layout, lines, []
    copy, lines, broken = tidy(readable, scratch, layout.delimiter, spec.quote)
    return copy, layout, lines, broken


def _first_lines(file):
    """The beginning of a file as text."""
    with open_file(file, "rb") as raw:
        content = raw.read(CHUNK)
    try:
        return codecs.getincrementaldecoder("utf-8-sig")().decode(content)
    except UnicodeDecodeError:
        return content.removeprefix(codecs.BOM_UTF8).decode("cp1252", "replace")


def _tell(note, given, layout):
    if layout.above:
        note(("notes.above", {"file": given.name, "n": layout.above}))
    if layout.twice:
        note(("notes.twice", {"file": given.name, "names": layout.twice}))


def layout_of(text, spec, given):
    """The Layout of a file that begins with a text."""
    if not spec.header:
        return Layout(spec.delimiter or ",", list(spec.columns), [], 0, 0, 0)
    if "\0" in text[:1000]:
        raise BadData(f"{given.shown}: holds null bytes; it isn't a text file. Export it as CSV in UTF-8")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    filled = [number for number, line in enumerate(lines) if line.strip()]
    if not filled:
        raise BadData(f"{given.shown}: its first line is blank; the first line must name the columns")
    first, delimiter = filled[0], spec.delimiter
    if lines[first].strip("\"' ").lower().startswith("sep=") and len(lines[first].strip("\"' ")) <= 5:
        # how Excel is told the delimiter
        delimiter = delimiter or lines[first].strip("\"' ")[4:] or "\t"
        first = next((number for number in filled[1:]), first)
    top = lines[first : first + 40]
    delimiter = delimiter or _delimiter(top)
    rows = _records(top, delimiter, spec, given, first)
    at = find_header([cells for _, cells in rows], spec.requires, spec.header_rows) if rows else 0
    above = rows[at - 1][0] if at else first
    names, ends = rows[at][1], rows[at][0]
    if spec.header_rows == 2 and at + 1 < len(rows):
        names, ends = merge_rows(names, rows[at + 1][1]), rows[at + 1][0]
    if not any(names):
        raise BadData(f"{given.shown}: its first line is blank; the first line must name the columns")
    refuse_wide(given, names)
    columns, twice = name_columns(names)
    refuse_twice(given, twice, spec.requires)
    told = sum(1 for line in lines[:above] if line.strip()) or above
    if spec.header_rows == 2 or ends - above > 1:  # a name may go over several lines: the reader isn't shown the names
        return Layout(delimiter, columns, twice, ends, told, 0)
    return Layout(delimiter, columns, twice, above, told, 1)


def _delimiter(lines):
    """The one that the first line has most of, but for a title's: one that no line below has, while all have another."""
    for number, line in enumerate(lines):
        found = max(DELIMITERS, key=line.count)
        below = [one for one in lines[number + 1 :] if one.strip()][:3]
        if not line.count(found):
            continue
        others = [mark for mark in DELIMITERS if len(below) > 1 and len({one.count(mark) for one in below}) == 1]
        others = [mark for mark in others if below[0].count(mark)]
        return others[0] if others and not any(one.count(found) for one in below) else found
    return ","


def _records(lines, delimiter, spec, given, first, is_strict=True):
    """[(number of the line on which it ends, cells)] of the records of some lines; a blank line has no cells."""
    quoting = {"quotechar": spec.quote} if spec.quote else {"quoting": csv.QUOTE_NONE}
    reader, rows = csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter, strict=is_strict, **quoting), []
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return rows
        except csv.Error as error:
            if rows:
                return rows
            if "end of data" in str(error):
                raise BadData(
                    f"{given.shown}: its first line, which names the columns, opens a quote that is not closed"
                ) from None
            raise BadData(f"{given.shown}: its first line can't be read as CSV: {error}") from None
        rows.append((first + reader.line_num, [cell.strip() for cell in cells]))


def _without(file, scratch, cut):
    """A copy of a file without its first lines."""
    copy = scratch / f"{len(list(scratch.iterdir()))}-cut.csv"
    with open_file(file, "rb") as read, open(copy, "wb") as write:
        chunk, left = read.read(CHUNK).removeprefix(codecs.BOM_UTF8), cut
        while chunk and left:
            ends = [end for end in (chunk.find(b"\n"), chunk.find(b"\r")) if end >= 0]
            if not ends:
                chunk = read.read(CHUNK)
                continue
            end = min(ends)
            if chunk[end : end + 1] == b"\r" and end + 1 == len(chunk):
                chunk += read.read(1)
            chunk, left = chunk[end + 1 + (chunk[end : end + 2] == b"\r\n") :], left - 1
            chunk = chunk or read.read(CHUNK)
        while chunk:
            write.write(chunk)
            chunk = read.read(CHUNK)
    return copy


def records_of(lines, delimiter, spec, given):
    """The cells of the records of some lines, as a first look at a file shows them."""
    return [cells for _, cells in _records(lines, delimiter, spec, given, 0, is_strict=False)]
