"""Raw files into DuckDB, every CSV column as text and nothing lost: schema `raw`.

Lines that the CSV reader can't parse go to the ledger; an empty file, a missing column or a file that
isn't what it should be is an error that names it, before any work is done.
"""

import codecs
import csv
import fnmatch
from pathlib import Path

from toolkit.errors import BadData, suggestion

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
        return _attach(con, source, path)
    found = _find_files(source, path)
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


def _attach(con, source, path):
    literal = str(path).replace("'", "''")
    try:
        con.execute(f"ATTACH '{literal}' AS given (READ_ONLY)")
    except Exception as error:
        raise BadData(f"{path}: can't be opened as a DuckDB database: {str(error).splitlines()[0]}") from None
    there = {
        row[0] for row in con.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'given'").fetchall()
    }
    there |= {
        row[0] for row in con.execute("SELECT view_name FROM duckdb_views() WHERE database_name = 'given'").fetchall()
    }
    names = [name for name in source.spec.files if name in there]
    if not names:
        raise BadData(
            f"{path}: has none of the tables {', '.join(source.spec.files)}; it has: {', '.join(sorted(there))}"
        )
    for name in names:
        con.execute(
            f"CREATE VIEW raw.{_quote(name)} AS SELECT *, '{literal}' AS _file, "
            f"row_number() OVER () AS _row FROM given.{_quote(name)}"
        )
        _check_columns(con, name, source.spec.files[name], [path])
    return {name: [path] for name in names}


def _find_files(source, path):
    """The files of each raw name; a single file may have any name when only one kind is expected."""
    if path.is_file():
        names = [
            name
            for name, spec in source.spec.files.items()
            if any(fnmatch.fnmatch(path.name.lower(), pattern.lower()) for pattern in spec.patterns)
        ] or (list(source.spec.files) if len(source.spec.files) == 1 else [])
        if not names:
            raise BadData(f"{path}: source {source.name!r} reads {source.reads}; this file's name is none of them")
        return {names[0]: [path]}
    found = {}
    for name, spec in source.spec.files.items():
        for pattern in spec.patterns:
            files = sorted(file for file in path.glob(pattern) if file.is_file())
            if files:
                found.setdefault(name, []).extend(file for file in files if file not in found.get(name, []))
                if "*" not in pattern:
                    break  # an exact name is the file that is meant
        if name not in found and not spec.optional:
            raise BadData(
                f"{path}: has no file like {' or '.join(spec.patterns)}; source {source.name!r} reads {source.reads}"
            )
    if not found:
        there = sorted(file.name for file in path.iterdir())[:20]
        raise BadData(
            f"{path}: has nothing that source {source.name!r} reads ({source.reads}). "
            f"It holds: {', '.join(there) or 'nothing'}. For an export of another system, name its source"
        )
    return found


def _view_parquet(con, name, files):
    listed = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    try:
        con.execute(
            f"CREATE VIEW raw.{_quote(name)} AS SELECT * EXCLUDE (filename, file_row_number), filename AS _file, "
            f"file_row_number + 1 AS _row FROM read_parquet([{listed}], union_by_name = true, filename = true, "
            "file_row_number = true)"
        )
    except Exception as error:
        raise BadData(f"{files[0]}: can't be read as Parquet: {str(error).splitlines()[0]}") from None


def _load_csv(con, name, spec, file, scratch, note):
    if file.stat().st_size == 0:
        raise BadData(f"{file}: is empty, without even a header line; export it again, or take it away")
    readable = _as_utf8(file, scratch, note)
    delimiter, header = _header(readable, spec, file)
    columns = header if spec.header else spec.columns
    names = ", ".join(f"{_literal(column)}: 'VARCHAR'" for column in columns)

    def select(strict):
        return (
            f"SELECT *, {_literal(str(file))} AS _file, row_number() OVER () AS _row FROM read_csv("
            f"{_literal(str(readable))}, auto_detect = false, columns = {{{names}}}, delim = {_literal(delimiter)}, "
            f"quote = {_literal(spec.quote)}, escape = {_literal(spec.quote)}, header = {str(spec.header).lower()}, "
            f"null_padding = {str(spec.short_lines != 'refused').lower()}, nullstr = {_literal(NO_FIELD)}, store_rejects = true, max_line_size = 16777216, "
            f"parallel = false, rejects_limit = 0, strict_mode = {str(strict).lower()}"
            + (", compression = 'gzip'" if readable.suffix == ".gz" else "")
            + ")"
        )

    exists = con.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'raw' AND table_name = ?", [name]
    ).fetchone()[0]
    target = f"raw.{_quote(name)}"
    try:
        con.execute(f"CREATE OR REPLACE TEMP TABLE part AS {select(True)}")
        _note_rejects(con, spec.table or name, file)
        if spec.quote and _has_open_quote(readable, spec.quote):
            # The strict reader drops a record whose quote is never closed without a word;
            # the lenient one stores it as unreadable.
            con.execute(f"CREATE OR REPLACE TEMP TABLE again AS {select(False)}")
            _note_rejects(con, spec.table or name, file)
            con.execute("DROP TABLE again")
    except BadData:
        raise
    except Exception:
        # A quote inside a broken record stops the strict reader altogether; the lenient one
        # goes on and still stores the record as unreadable.
        _forget_rejects(con)
        try:
            con.execute(f"CREATE OR REPLACE TEMP TABLE part AS {select(False)}")
        except Exception as error:
            raise BadData(f"{file}: can't be read as CSV: {str(error).splitlines()[0]}") from None
        note(f"{file.name} has a broken quote: read leniently, what follows a closing quote within a field is cut")
        _note_rejects(con, spec.table or name, file)
    if exists:
        have = [row[0] for row in con.execute(f"DESCRIBE {target}").fetchall()]
        for column in columns:
            if column.lower() not in {other.lower() for other in have}:
                con.execute(f"ALTER TABLE {target} ADD COLUMN {_quote(column)} VARCHAR")
        con.execute(f"INSERT INTO {target} BY NAME SELECT * FROM part")
    else:
        con.execute(f"CREATE TABLE {target} AS SELECT * FROM part")
    if spec.short_lines == "padded":
        shown = " || ', ' || ".join(f"coalesce({_quote(column)}, '')" for column in columns)
        con.execute(
            f"INSERT INTO bad_lines SELECT ?, 'short line', 'repaired', _file, _row, {shown}, "
            f"'the missing fields were taken as empty' FROM part WHERE {_quote(columns[-1])} IS NULL",
            [spec.table or name],
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
    import gzip

    opener = gzip.open if file.suffix.lower() == ".gz" else open
    with opener(file, "rb") as raw:
        return sum(chunk.count(quote.encode()) for chunk in iter(lambda: raw.read(CHUNK), b"")) % 2 == 1


def _as_utf8(file, scratch, note):
    """The file itself when it is UTF-8, else a copy in UTF-8."""
    import gzip

    opener = gzip.open if file.suffix.lower() == ".gz" else open
    try:
        with opener(file, "rb") as raw:
            start = raw.read(4)
    except (OSError, EOFError) as error:
        raise BadData(f"{file}: can't be read: {error}") from None
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    else:
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            with opener(file, "rb") as raw:
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
    copy = scratch / f"{len(list(scratch.iterdir()))}-{file.name.removesuffix('.gz')}"
    with (
        opener(file, "rt", encoding=encoding, errors="replace", newline="") as read,
        open(copy, "w", encoding="utf-8", newline="") as write,
    ):
        while text := read.read(CHUNK):
            write.write(text)
    return copy


def _header(file, spec, named):
    """(delimiter, column names) from the first line."""
    import gzip

    opener = gzip.open if file.suffix.lower() == ".gz" else open
    with opener(file, "rt", encoding="utf-8-sig", newline="") as read:
        line = read.readline(CHUNK)
    if not spec.header:
        return spec.delimiter or ",", spec.columns
    delimiter = spec.delimiter or max(",;\t|", key=line.count)
    names = [name.strip() for name in next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])]
    if not any(names):
        raise BadData(f"{named}: its first line is blank; the first line must name the columns")
    names = [name or f"column{index}" for index, name in enumerate(names)]
    twice = {name for name in names if [other.lower() for other in names].count(name.lower()) > 1}
    if twice:
        raise BadData(f"{named}: names column {', '.join(sorted(twice))} twice in its first line; rename one")
    return delimiter, names


def _check_columns(con, name, spec, files):
    have = [row[0] for row in con.execute(f"DESCRIBE raw.{_quote(name)}").fetchall()]
    have = [column for column in have if column not in ("_file", "_row")]
    missing = [column for column in spec.requires if column.lower() not in {other.lower() for other in have}]
    if missing:
        hints = ", ".join(f"{column!r}{suggestion(column, have)}" for column in missing)
        raise BadData(f"{files[0]}: has no column {hints}; its columns are: {', '.join(have)}")


def _literal(text):
    return "'" + str(text).replace("'", "''") + "'"


def _quote(name):
    return '"' + str(name).replace('"', '""') + '"'
