"""Raw files into DuckDB, every CSV column as text and nothing lost: schema `raw`.

Lines that the CSV reader can't parse go to the ledger; an empty file, a missing column or a file that
isn't what it should be is an error that names it, before any work is done.
"""

import codecs
import csv
import fnmatch
import glob
from pathlib import Path

from toolkit.errors import BadData
from toolkit.load.lines import CHUNK, as_utf8, open_file, scan, tidy
from toolkit.load.sql import literal, quote
from toolkit.tables import OUTSIDE, likely_column

NO_FIELD = "\x1fno field\x1f"  # the text of no field: an empty one is '', only one that isn't there is null
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
    note : callable((key, values))
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
    missing = []
    for name, files in found.items():
        spec = source.spec.files[name]
        parquet = [file for file in files if file.suffix.lower() == ".parquet"]
        if parquet and len(parquet) < len(files):
            raise BadData(f"{files[0]} and {parquet[0]} both hold {name}: keep one of CSV and Parquet")
        if parquet:
            _view_parquet(con, name, parquet)
        else:
            for file in files:
                _load_csv(con, name, spec, file, scratch, note, source.owner(name))
        missing.append(_missing(con, name, spec, files))
    refuse(missing)
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
    refuse([_missing(con, name, source.spec.files[name], [path]) for name in names])
    unread = sorted(set(there.values()) - set(names.values()))
    if unread:
        note(("notes.unread_tables", {"names": unread}))
    return {name: [path] for name in names}


def _renamed(con, relation, drop=()):
    """The select list of a relation, with the names that the loader needs for itself made free."""
    columns = [row[0] for row in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()]
    return ", ".join(f"{quote(column)} AS {quote(_free(column))}" for column in columns if column.lower() not in drop)


def _free(column):
    """A user's column that is called as one of ours, or as a metric's steps end theirs, gets another name."""
    return f"{column}_given" if column.lower() in ("_file", "_row") or column.endswith("_") else column


def _find_files(source, path, note):
    """The files of each raw name; a single file may have any name when only one kind is expected."""
    if path.is_file():
        names = [name for name, spec in source.spec.files.items() if _matches(path.name, spec.patterns)]
        names = names or (list(source.spec.files) if len(source.spec.files) == 1 else [])
        if not names:
            raise BadData(f"{path}: source {source.name!r} reads {source.reads}; this file's name is none of them")
        return {names[0]: [path]}
    there = [file for file in sorted(path.iterdir()) if file.is_file() and file.name.lower() != OUTSIDE]
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
        and file.name.lower() not in ("service.toml", "readme.md", OUTSIDE)
    ]
    if unread:
        note(("notes.unread_files", {"names": unread}))
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


def _load_csv(con, name, spec, file, scratch, note, table):
    if file.stat().st_size == 0:
        raise BadData(f"{file}: is empty, without even a header line; export it again, or take it away")
    readable, delimiter, lines, broken = _readable(spec, file, scratch, note)
    columns = _header(readable, delimiter, spec, file)
    skipped = int(spec.header)
    if broken and broken[0][0] == 1 and spec.header:
        raise BadData(f"{file}: its first line, which names the columns, opens a quote that is not closed")
    if broken:
        con.executemany(
            "INSERT INTO bad_lines VALUES (?, 'unreadable line', 'rejected', ?, ?, ?, 'a quote is not closed')",
            [[table, str(file), line, text] for line, text in broken],
        )
    names = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    try:
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE part AS SELECT * FROM read_csv({literal(glob.escape(str(readable)))}, "
            f"auto_detect = false, columns = {{{names}}}, delim = {literal(delimiter)}, quote = {literal(spec.quote)}, "
            f"escape = {literal(spec.quote)}, header = {str(spec.header).lower()}, "
            f"null_padding = {str(spec.short_lines != 'refused').lower()}, nullstr = {literal(NO_FIELD)}, "
            f"store_rejects = true, max_line_size = 16777216, parallel = false, rejects_limit = 0"
            + (", compression = 'gzip'" if readable.suffix.lower() == ".gz" else "")
            + ")"
        )
    except Exception as error:
        raise BadData(f"{file}: can't be read as CSV: {str(error).splitlines()[0]}") from None
    refused = _note_rejects(con, table, file, lines)
    rows = con.execute("SELECT count(*) FROM part").fetchone()[0]
    if rows + len(refused) != lines.records - skipped:
        raise BadData(
            f"{file}: holds {lines.records - skipped:,} records, but {rows:,} were read and {len(refused):,} found "
            "unreadable; its quotes or line ends can't be told apart. Export it again as plain CSV"
        )
    _append(con, name, columns, file, lines, refused, skipped)
    if spec.short_lines == "padded":
        shown = " || ', ' || ".join(f"coalesce({quote(column)}, '')" for column in columns)
        con.execute(
            f"INSERT INTO bad_lines SELECT ?, 'short line', 'repaired', _file, _row, {shown}, "
            f"'the missing fields were taken as empty' FROM raw.{quote(name)} "
            f"WHERE _file = ? AND {quote(columns[-1])} IS NULL",
            [table, str(file)],
        )
    con.execute("DROP TABLE part")


def _note_rejects(con, table, file, lines):
    """Lines that couldn't be parsed, into bad_lines, each once; returns their numbers among the file's units."""
    found = con.execute("SELECT DISTINCT line FROM reject_errors ORDER BY line").fetchnumpy()["line"].astype("int64")
    if len(found):
        import pandas as pd

        con.register("numbered", pd.DataFrame({"unit": found, "number": lines.of_units(found - 1)}))
        con.execute(
            "INSERT INTO bad_lines SELECT ?, 'unreadable line', 'rejected', ?, number, any_value(ltrim(csv_line, chr(10))), "
            "min(lower(CAST(error_type AS VARCHAR)) || ': ' || error_message) "
            "FROM reject_errors JOIN numbered ON line = unit GROUP BY number",
            [table, str(file)],
        )
        con.unregister("numbered")
        con.execute("DELETE FROM reject_errors")
        con.execute("DELETE FROM reject_scans")
    return found - 1


def _append(con, name, columns, file, lines, refused, skipped):
    """The rows of `part` into their raw table, each with its file and the line on which it begins."""
    if lines.is_plain and not len(refused):
        numbered = f"SELECT *, {literal(file)} AS _file, rowid + {1 + skipped} AS _row FROM part"
    else:
        import pandas as pd

        con.register("numbered", pd.DataFrame({"_row": lines.of_rows(refused, skipped)}))
        numbered = f"SELECT part.*, {literal(file)} AS _file, numbered._row FROM part POSITIONAL JOIN numbered"
    target = f"raw.{quote(name)}"
    exists = con.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'raw' AND table_name = ?", [name]
    ).fetchone()[0]
    if exists:
        have = {row[0].lower() for row in con.execute(f"DESCRIBE {target}").fetchall()}
        for column in columns:
            if column.lower() not in have:
                con.execute(f"ALTER TABLE {target} ADD COLUMN {quote(column)} VARCHAR")
        con.execute(f"INSERT INTO {target} BY NAME {numbered}")
    else:
        con.execute(f"CREATE TABLE {target} AS {numbered}")
    con.execute("DROP VIEW IF EXISTS numbered")


def _readable(spec, file, scratch, note):
    """(the file or a copy that the reader can take, delimiter, Lines, [(line, text) given up])."""
    readable = file
    try:
        with open_file(file, "rb") as raw:
            start = raw.read(4)
        if start.startswith(b"PK\x03\x04"):
            raise BadData(f"{file}: is a zip archive; unpack it first")
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            note(("notes.encoding", {"file": file.name, "encoding": "utf-16"}))
            readable = as_utf8(file, scratch, "utf-16")
        delimiter = _delimiter(readable, spec)
        try:
            lines = scan(readable, delimiter, spec.quote)
        except UnicodeDecodeError:
            # what spreadsheets on Windows write; a superset of Latin-1's letters
            note(("notes.encoding", {"file": file.name, "encoding": "cp1252"}))
            readable = as_utf8(file, scratch, "cp1252")
            lines = scan(readable, delimiter, spec.quote)
    except (OSError, EOFError) as error:
        raise BadData(f"{file}: can't be read: {error}") from None
    if lines.is_tidy:
        return readable, delimiter, lines, []
    copy, lines, broken = tidy(readable, scratch, delimiter, spec.quote)
    return copy, delimiter, lines, broken


def _delimiter(file, spec):
    """The delimiter, told or found: the one that the first line has most of."""
    with open_file(file, "rt", encoding="utf-8-sig", errors="replace", newline="") as read:
        line = read.readline(CHUNK)
    return spec.delimiter or (max(",;\t|", key=line.count) if spec.header else ",")


def _header(file, delimiter, spec, named):
    """The column names: those of the first record, or the source's."""
    if not spec.header:
        return spec.columns
    quoting = {"quotechar": spec.quote} if spec.quote else {"quoting": csv.QUOTE_NONE}
    with open_file(file, "rt", encoding="utf-8-sig", newline="") as read:
        try:
            first = next(csv.reader(read, delimiter=delimiter, **quoting), [])
        except csv.Error as error:
            raise BadData(f"{named}: its first line can't be read as CSV: {error}") from None
    names = [name.strip() for name in first]
    if not any(names):
        raise BadData(f"{named}: its first line is blank; the first line must name the columns")
    names = [_free(name) or f"column{index}" for index, name in enumerate(names)]
    twice = {name for name in names if [other.lower() for other in names].count(name.lower()) > 1}
    if twice:
        raise BadData(f"{named}: names column {', '.join(sorted(twice))} twice in its first line; rename one")
    return names


def _missing(con, name, spec, files):
    """Words for the raw columns without which the selects can't run; "" when all are there."""
    have = [row[0] for row in con.execute(f"DESCRIBE raw.{quote(name)}").fetchall()]
    have = [column for column in have if column not in ("_file", "_row")]
    missing = [column for column in spec.requires if column.lower() not in {other.lower() for other in have}]
    return words_for_missing(files, missing, have) if missing else ""


def words_for_missing(files, missing, have, table=None):
    """Which columns files lack, each with the one that is likeliest to be it; of `table`, if they are its own."""
    free = [column for column in have if table is None or column not in table.names]
    likely = [(column, likely_column(column, free)) for column in missing]
    hints = ", ".join(repr(column) + (f" (did you mean {match!r}?)" if match else "") for column, match in likely)
    whose = f", which {table.name} can't do without" if table else ""
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"{files[0]}{more}: has no column {hints}{whose}; its columns are: {', '.join(have)}"


def refuse(missing):
    """One error for all that is missing in all files."""
    missing = [words for words in missing if words]
    if missing:
        raise BadData("\n".join(missing))
