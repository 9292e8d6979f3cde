"""Raw files into DuckDB, every CSV column as text and nothing lost: schema `raw`.

Lines that the CSV reader can't parse go to the ledger; an empty file, a missing column or a file that
isn't what it should be is an error that names it, before any work is done.
"""

import codecs
import csv
import fnmatch
import glob
import re
from pathlib import Path

from toolkit.errors import BadData, suggestion
from toolkit.load.sql import literal, quote

CHUNK = 1 << 20
NO_FIELD = "\x1f"  # never in a file: an empty field is '', only one that isn't there is null
DATABASES = (".duckdb", ".db", ".ddb")


def read_raw(con, source, path, scratch, note):
    """Fill the schema `raw` of a DuckDB connection from what `path` holds.

    Parameters
    ----------
    con : DuckDBPyConnection
    source : Source
    path : Path
        A folder, one file, or a DuckDB database.
    scratch : Path
        Folder for files rewritten as UTF-8.
    note : callable(text)
        Takes what a person should know, such as the encoding of a file.

    Returns
    -------
    dict of raw name -> list of files read
    """
    path = Path(path)
    if not path.exists():
        raise BadData(f"{path}: there is no such file or folder")
    con.execute("CREATE SCHEMA raw")
    con.execute(
        'CREATE TABLE bad_lines("table" VARCHAR, rule VARCHAR, action VARCHAR, file VARCHAR, line BIGINT, '
        "value VARCHAR, reason VARCHAR)"
    )
    if path.is_file() and path.suffix.lower() in DATABASES:
        return _attach(con, source, path, note)
    found = _find_files(source, path, note)
    for name, files in found.items():
        spec = source.spec.files[name]
        parquet = [file for file in files if file.suffix.lower() == ".parquet"]
        if parquet and len(parquet) < len(files):
            raise BadData(f"{files[0]} and {parquet[0]} both hold {name}: keep one of CSV and Parquet")
        if parquet:
            _view_parquet(con, name, parquet)
        else:
            for file in files:
                _load_csv(con, name, spec, file, scratch, note)
        _check_columns(con, name, spec, files)
    return found


def _attach(con, source, path, note):
    """Views of a DuckDB file's tables; the loader detaches the file when it has read them."""
    try:
        con.execute(f"ATTACH {literal(path)} AS given (READ_ONLY)")
    except Exception as error:
        raise BadData(f"{path}: can't be opened as a DuckDB database: {str(error).splitlines()[0]}") from None
    tables = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'given' AND schema_name = 'main' UNION ALL "
        "SELECT view_name FROM duckdb_views() WHERE database_name = 'given' AND schema_name = 'main' AND NOT internal"
    ).fetchall()
    there = {name.lower(): name for (name,) in tables}
    names = {name: there[name.lower()] for name in source.spec.files if name.lower() in there}
    if not names:
        listed = ", ".join(sorted(there.values())) or "none"
        raise BadData(
            f"{path}: has none of the tables {', '.join(source.spec.files)} in its main schema; it has: {listed}"
        )
    for name, table in names.items():
        con.execute(
            f"CREATE VIEW raw.{quote(name)} AS SELECT {_renamed(con, f'given.main.{quote(table)}')}, "
            f"{literal(path)} AS _file, row_number() OVER () AS _row FROM given.main.{quote(table)}"
        )
    for name in names:
        _check_columns(con, name, source.spec.files[name], [path])
    unread = sorted(set(there.values()) - set(names.values()))
    if unread:
        note(f"Not read, being none of the source's tables: {', '.join(unread)}.")
    return {name: [path] for name in names}


def _renamed(con, relation, drop=()):
    """The select list of a relation, with the names that the loader needs for itself made free."""
    columns = [row[0] for row in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()]
    return ", ".join(f"{quote(column)} AS {quote(_free(column))}" for column in columns if column.lower() not in drop)


def _free(column):
    """A user's column that is called as one of ours gets another name."""
    return f"{column}_given" if column.lower() in ("_file", "_row") else column


def _find_files(source, path, note):
    """The files of each raw name; a single file may have any name when only one kind is expected."""
    if path.is_file():
        names = [name for name, spec in source.spec.files.items() if _matches(path.name, spec.patterns)]
        names = names or (list(source.spec.files) if len(source.spec.files) == 1 else [])
        if not names:
            raise BadData(f"{path}: source {source.name!r} reads {source.reads}; this file's name is none of them")
        return {names[0]: [path]}
    there = [file for file in sorted(path.iterdir()) if file.is_file()]
    there += [
        file
        for folder in sorted(path.iterdir())
        if folder.is_dir()
        for file in sorted(folder.iterdir())
        if file.is_file()
    ]
    found = {}
    for name, spec in source.spec.files.items():
        files = [file for file in there if _matches(file.relative_to(path).as_posix(), spec.patterns)]
        if files:
            found[name] = files
        elif not spec.optional:
            raise BadData(
                f"{path}: has no file like {' or '.join(spec.patterns)}; source {source.name!r} reads {source.reads}"
            )
    if not found:
        listed = ", ".join(file.name for file in sorted(path.iterdir())[:20]) or "nothing"
        raise BadData(
            f"{path}: has nothing that source {source.name!r} reads ({source.reads}). "
            f"It holds: {listed}. For an export of another system, name its source"
        )
    read = {file for files in found.values() for file in files}
    unread = [
        file.relative_to(path).as_posix()
        for file in sorted(path.iterdir())
        if file not in read
        and not any(one.is_relative_to(file) for one in read)
        and not file.name.startswith(".")
        and file.name.lower() not in ("service.toml", "readme.md")
    ]
    if unread:
        note(f"Not read, being none of the source's files: {', '.join(unread)}.")
    return found


def _matches(name, patterns):
    return any(
        fnmatch.fnmatch(name.lower(), pattern.lower()) and name.count("/") == pattern.count("/") for pattern in patterns
    )


def _view_parquet(con, name, files):
    listed = ", ".join(literal(glob.escape(str(file))) for file in files)
    read = f"read_parquet([{listed}], union_by_name = true, filename = '\x1ffile', file_row_number = true)"
    try:
        columns = _renamed(con, read, drop=("\x1ffile", "file_row_number"))
        con.execute(
            f"CREATE VIEW raw.{quote(name)} AS SELECT {columns}, {quote(chr(31) + 'file')} AS _file, "
            f"file_row_number + 1 AS _row FROM {read}"
        )
    except Exception as error:
        raise BadData(f"{files[0]}: can't be read as Parquet: {str(error).splitlines()[0]}") from None


def _load_csv(con, name, spec, file, scratch, note):
    if file.stat().st_size == 0:
        raise BadData(f"{file}: is empty, without even a header line; export it again, or take it away")
    table = spec.table or name
    readable = _as_utf8(file, scratch, note)
    delimiter, header = _header(readable, spec, file)
    columns = header if spec.header else spec.columns
    if spec.quote and _has_open_quote(readable, spec.quote):
        # The reader would take all that follows a quote that is never closed for one field, or for nothing.
        readable, broken = without_open_quotes(readable, scratch, delimiter, spec.quote)
        if broken:
            con.executemany(
                "INSERT INTO bad_lines VALUES (?, 'unreadable line', 'rejected', ?, ?, ?, 'a quote is not closed')",
                [[table, str(file), line, text] for line, text in broken],
            )
    names = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)

    def select(strict):
        return (
            f"SELECT *, {literal(file)} AS _file, row_number() OVER () AS _row FROM read_csv("
            f"{literal(glob.escape(str(readable)))}, auto_detect = false, columns = {{{names}}}, "
            f"delim = {literal(delimiter)}, quote = {literal(spec.quote)}, escape = {literal(spec.quote)}, "
            f"header = {str(spec.header).lower()}, null_padding = {str(spec.short_lines != 'refused').lower()}, "
            f"nullstr = {literal(NO_FIELD)}, store_rejects = true, max_line_size = 16777216, parallel = false, "
            f"rejects_limit = 0, strict_mode = {str(strict).lower()}"
            + (", compression = 'gzip'" if readable.suffix.lower() == ".gz" else "")
            + ")"
        )

    exists = con.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'raw' AND table_name = ?", [name]
    ).fetchone()[0]
    target = f"raw.{quote(name)}"
    try:
        con.execute(f"CREATE OR REPLACE TEMP TABLE part AS {select(True)}")
    except Exception:
        # Line ends of two kinds, or a quote inside a broken record, stop the strict reader altogether; the
        # lenient one goes on and still stores the record as unreadable.
        _forget_rejects(con)
        try:
            con.execute(f"CREATE OR REPLACE TEMP TABLE part AS {select(False)}")
        except Exception as error:
            raise BadData(f"{file}: can't be read as CSV: {str(error).splitlines()[0]}") from None
        note(f"{file.name} has line ends of two kinds, or a broken quote: it was read leniently.")
    _note_rejects(con, table, file)
    if exists:
        have = [row[0] for row in con.execute(f"DESCRIBE {target}").fetchall()]
        for column in columns:
            if column.lower() not in {other.lower() for other in have}:
                con.execute(f"ALTER TABLE {target} ADD COLUMN {quote(column)} VARCHAR")
        con.execute(f"INSERT INTO {target} BY NAME SELECT * FROM part")
    else:
        con.execute(f"CREATE TABLE {target} AS SELECT * FROM part")
    if spec.short_lines == "padded":
        shown = " || ', ' || ".join(f"coalesce({quote(column)}, '')" for column in columns)
        con.execute(
            f"INSERT INTO bad_lines SELECT ?, 'short line', 'repaired', _file, _row, {shown}, "
            f"'the missing fields were taken as empty' FROM part WHERE {quote(columns[-1])} IS NULL",
            [table],
        )
    con.execute("DROP TABLE part")


def _note_rejects(con, table, file):
    """Lines that couldn't be parsed, into bad_lines: one entry a line, though every missing column is told."""
    con.execute(
        "INSERT INTO bad_lines SELECT ?, 'unreadable line', 'rejected', ?, line, any_value(csv_line), "
        "min(lower(CAST(error_type AS VARCHAR)) || ': ' || error_message) FROM reject_errors "
        "WHERE line NOT IN (SELECT line FROM bad_lines WHERE file = ?) GROUP BY file_id, scan_id, line",
        [table, str(file), str(file)],
    )
    _forget_rejects(con)


def _forget_rejects(con):
    tables = {row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    for name in {"reject_errors", "reject_scans"} & tables:
        con.execute(f"DELETE FROM {name}")


def _has_open_quote(file, quote):
    with _open(file, "rb") as raw:
        return sum(chunk.count(quote.encode()) for chunk in iter(lambda: raw.read(CHUNK), b"")) % 2 == 1


def without_open_quotes(file, scratch, delimiter, quote):
    """A copy of a CSV file in which a line that opens a quote and never closes it rightly is blank.

    A record whose quote runs into something that can't follow a closing quote, or to the end of the file,
    is given up at the line where it begins; reading goes on with the next line.

    Returns
    -------
    (path of the copy, [(line number, text)] of the lines that were blanked)
    """
    with _open(file, "rt", encoding="utf-8-sig", newline="") as read:
        lines = re.split(r"(?<=\n)", read.read())
    broken, start, at, is_open = [], 0, 0, False
    while at < len(lines):
        state = _after(lines[at], delimiter, quote, is_open) if is_open or quote in lines[at] else False
        last = at == len(lines) - 1
        if state is None or (state and last):
            begin = start if is_open else at
            broken.append((begin + 1, lines[begin].rstrip("\r\n")))
            lines[begin] = "\n"
            at, is_open = begin + 1, False
            continue
        if state and not is_open:
            start = at
        is_open, at = bool(state), at + 1
    copy = scratch / f"{len(list(scratch.iterdir()))}-closed.csv"
    with open(copy, "w", encoding="utf-8", newline="") as write:
        write.writelines(lines)
    return copy, broken


def _after(line, delimiter, quote, is_open):
    """Whether a quoted field is open after the line; None when a quote closes where none may close."""
    text, at = line.rstrip("\r\n"), 0
    while True:
        if is_open:
            end = text.find(quote, at)
            if end < 0:
                return True
            if text[end + 1 : end + 2] == quote:  # doubled: a quote within the field
                at = end + 2
                continue
            at = end + 1
            if at < len(text) and not text.startswith(delimiter, at):
                return None
            is_open = False
            if at >= len(text):
                return False
            at += len(delimiter)
        if text.startswith(quote, at):
            is_open, at = True, at + 1
            continue
        following = text.find(delimiter, at)
        if following < 0:
            return False
        at = following + len(delimiter)


def _open(file, mode, **options):
    """The file opened, unpacked where it is gzip."""
    import gzip

    return (gzip.open if file.suffix.lower() == ".gz" else open)(file, mode, **options)


def _as_utf8(file, scratch, note):
    """The file itself when it is UTF-8, else a copy in UTF-8."""
    try:
        with _open(file, "rb") as raw:
            start = raw.read(4)
    except (OSError, EOFError) as error:
        raise BadData(f"{file}: can't be read: {error}") from None
    if start.startswith(b"PK\x03\x04"):
        raise BadData(f"{file}: is a zip archive; unpack it first")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    else:
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            with _open(file, "rb") as raw:
                has_null = False
                while chunk := raw.read(CHUNK):
                    has_null = has_null or b"\0" in chunk
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)
            if has_null:
                raise BadData(f"{file}: holds null bytes; it isn't a text file. Export it as CSV in UTF-8")
            return file
        except UnicodeDecodeError:
            encoding = "cp1252"  # what spreadsheets on Windows write; a superset of Latin-1's letters
        except (OSError, EOFError) as error:
            raise BadData(f"{file}: can't be read: {error}") from None
    note(f"{file.name} isn't UTF-8: read as {encoding}")
    copy = scratch / f"{len(list(scratch.iterdir()))}-{re.sub('[.]gz$', '', file.name, flags=re.IGNORECASE)}"
    with (
        _open(file, "rt", encoding=encoding, errors="replace", newline="") as read,
        open(copy, "w", encoding="utf-8", newline="") as write,
    ):
        while text := read.read(CHUNK):
            write.write(text)
    return copy


def _header(file, spec, named):
    """(delimiter, column names) from the first line."""
    with _open(file, "rt", encoding="utf-8-sig", newline="") as read:
        line = read.readline(CHUNK)
    if not spec.header:
        return spec.delimiter or ",", spec.columns
    delimiter = spec.delimiter or max(",;\t|", key=line.count)
    names = [name.strip() for name in next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])]
    if not any(names):
        raise BadData(f"{named}: its first line is blank; the first line must name the columns")
    names = [_free(name) or f"column{index}" for index, name in enumerate(names)]
    twice = {name for name in names if [other.lower() for other in names].count(name.lower()) > 1}
    if twice:
        raise BadData(f"{named}: names column {', '.join(sorted(twice))} twice in its first line; rename one")
    return delimiter, names


def _check_columns(con, name, spec, files):
    have = [row[0] for row in con.execute(f"DESCRIBE raw.{quote(name)}").fetchall()]
    have = [column for column in have if column not in ("_file", "_row")]
    missing = [column for column in spec.requires if column.lower() not in {other.lower() for other in have}]
    if missing:
        hints = ", ".join(f"{column!r}{suggestion(column, have)}" for column in missing)
        raise BadData(f"{files[0]}: has no column {hints}; its columns are: {', '.join(have)}")
