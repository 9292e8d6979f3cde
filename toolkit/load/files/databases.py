"""DuckDB and SQLite files: the tables that a source names, and no others."""

import contextlib
import fnmatch
import shutil
import sqlite3
from pathlib import Path

from toolkit.errors import BadData
from toolkit.load.files.headers import name_columns, spelt
from toolkit.load.files.kinds import ending
from toolkit.load.files.parquet import select_list
from toolkit.load.sandbox import deadline, lock, too_long
from toolkit.load.sql import literal, quote
from toolkit.scratch import Scratch

MANY = 20_000  # rows that are held at a time
MOST_CELL = 16 << 20  # bytes of a value, as of a line of text
MOST_HELD = 64 << 20  # characters that are held at a time


def tables_for(source, have, columns_of):
    """{raw name: table} of the tables of a database that a source reads.

    A table is taken for a file that it is called as, capitals aside; else for one whose patterns it meets, without
    their endings, and whose `requires` it has.

    Parameters
    ----------
    source : Source
    have : list of str
        The names of its tables.
    columns_of : callable(name)
        The columns of one.
    """
    there = {name.lower(): name for name in reversed(have)}
    found = {name: there[name.lower()] for name in source.spec.files if name.lower() in there}
    for name, spec in source.spec.files.items():
        if name in found or not spec.requires:
            continue
        stems = {_stem(pattern) for pattern in spec.patterns if "/" not in pattern}
        wanted = set(map(spelt, spec.requires))
        fitting = [
            table
            for table in have
            if any(fnmatch.fnmatch(table.lower(), stem) for stem in stems)
            and wanted <= set(map(spelt, columns_of(table)))
        ]
        if fitting:
            found[name] = min(fitting, key=len)
    return found


def _stem(pattern):
    """A pattern without its ending.

    >>> _stem("Tickets*.json.gz"), _stem("queue_log*")
    ('tickets*', 'queue_log*')
    """
    from pathlib import PurePath

    name = pattern.lower().removesuffix(".gz")
    return name.removesuffix(ending(PurePath(name)))


def refuse_none(shown, source, have):
    """The error of a database that has nothing that a source reads."""
    listed = ", ".join(sorted(have)[:40]) or "none"
    return BadData(
        f"{shown}: has none of the tables {', '.join(source.spec.files)} in its main schema; it has: {listed}"
    )


# --- DuckDB -----------------------------------------------------------------------------------------


def attach(source, given, targets):
    """Views of a DuckDB file's tables; the loader detaches the file when it has read them.

    Returns
    -------
    (names of the raw tables, names of the tables that weren't read)
    """
    con = next(iter(targets.values())).con
    try:
        con.execute(f"ATTACH {literal(given.path)} AS given (READ_ONLY)")
    except Exception as error:
        raise BadData(f"{given.shown}: can't be opened as a DuckDB database: {str(error).splitlines()[0]}") from None
    have, views = _of_duckdb(con, "given")

    def columns_of(table):
        return [row[0] for row in con.execute(f"DESCRIBE SELECT * FROM given.main.{quote(table)}").fetchall()]

    names = tables_for(source, have, columns_of)
    if not names:
        raise _only_views(given, views) if views and not have else refuse_none(given.shown, source, have)
    if views:
        next(iter(targets.values())).note(("notes.unread_views", {"names": views}))
    for name, table in names.items():
        relation = f"given.main.{quote(table)}"
        con.execute(
            f"CREATE VIEW {targets[name].place} AS SELECT {select_list(targets[name], relation)}, "
            f"{literal(given.shown)} AS _file, row_number() OVER () AS _row FROM {relation}"
        )
    return list(names), sorted(set(have) - set(names.values()))


def _of_duckdb(con, database):
    """(names of the tables, names of the views) of a DuckDB file.

    Its views aren't read: one may read any file that this machine's user can.
    """
    return tuple(
        [
            name
            for (name,) in con.execute(
                f"SELECT {kind}_name FROM duckdb_{kind}s() WHERE database_name = ? AND schema_name = 'main' "
                "AND NOT internal ORDER BY 1",
                [database],
            ).fetchall()
        ]
        for kind in ("table", "view")
    )


def _only_views(given, views):
    return BadData(
        f"{given.shown}: holds views and no tables; views aren't read, as they may read other files. Make tables of them: "
        f"CREATE TABLE x AS SELECT * FROM {', '.join(views[:5])}"
    )


def first_rows(con, relation, rows):
    """(columns, first rows as text) of something in DuckDB."""
    found = con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    columns = [row[0] for row in found]
    listed = ", ".join(f"CAST({quote(column)} AS VARCHAR)" for column in columns)
    return columns, [list(row) for row in con.execute(f"SELECT {listed} FROM {relation} LIMIT {int(rows)}").fetchall()]


# --- SQLite -----------------------------------------------------------------------------------------


@contextlib.contextmanager
def opened(given):
    """A SQLite file, opened for reading only; a copy where rows still lie in the files beside it."""
    con = copies = None
    try:
        beside = [path for end in ("-wal", "-journal") if _holds(path := Path(f"{given.path}{end}"))]
        if beside:
            copies = Scratch("sqlite")
            for path in (*beside, given.path):
                shutil.copyfile(path, copies.path / path.name)
            con = sqlite3.connect(copies.path / given.path.name)
        else:
            con = sqlite3.connect(f"{given.path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        con.text_factory = lambda content: content.decode("utf-8", "replace")
        con.execute("PRAGMA trusted_schema = OFF")  # a view of the file's calls nothing that could do harm
        con.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_CELL)
        con.set_progress_handler(deadline(), 100_000)
        yield con
    except sqlite3.Error as error:
        if "interrupted" in str(error):
            raise BadData(f"{given.shown}: a table or view of it {too_long()}") from None
        if "too big" in str(error):
            raise BadData(f"{given.shown}: holds a value of more than {MOST_CELL >> 20} MB; no export does") from None
        if "malformed" in str(error) or "not a database" in str(error):
            raise BadData(f"{given.shown}: is a SQLite database that is damaged ({error}); copy it again") from None
        raise BadData(f"{given.shown}: can't be read as a SQLite database: {error}") from None
    except OSError as error:
        raise BadData(f"{given.shown}: can't be copied with the rows beside it: {error.strerror or error}") from None
    finally:
        if con is not None:
            con.close()
        if copies:
            copies.close()


def _holds(path):
    return path.is_file() and path.stat().st_size > 0


def _names(con):
    rows = con.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name").fetchall()
    return [name for (name,) in rows if not name.startswith("sqlite_")]


def _columns(con, table):
    return [row[1] for row in con.execute(f"PRAGMA table_info({quote(table)})").fetchall()]


def load_sqlite(source, given, targets):
    """The tables of a SQLite file into the raw tables; returns as `attach` does."""
    with opened(given) as con:
        have = _names(con)
        names = tables_for(source, have, lambda table: _columns(con, table))
        if not names:
            raise refuse_none(given.shown, source, have)
        for name, table in names.items():
            columns, _ = name_columns(_columns(con, table))
            targets[name].append_rows(given, columns, _batches(con, table))
        return list(names), sorted(set(have) - set(names.values()))


def _batches(con, table):
    held, size = [], 0
    for number, row in enumerate(con.execute(f"SELECT * FROM {quote(table)}"), 1):
        cells = [_as_text(cell) for cell in row]
        held.append((number, cells))
        size += sum(len(cell) for cell in cells if cell)
        if len(held) == MANY or size > MOST_HELD:
            yield held
            held, size = [], 0
    if held:
        yield held


def _as_text(cell):
    """A value of SQLite as text.

    >>> _as_text(5), _as_text(5.0), _as_text(b"a"), _as_text(None)
    ('5', '5.0', 'a', None)
    """
    if cell is None or isinstance(cell, str):
        return cell
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)


def peek(given, rows):
    """(table, columns, first rows) of the tables of a database."""
    from toolkit.load.files.kinds import kind_of

    if kind_of(given.path) == "sqlite":
        with opened(given) as con:
            for table in _names(con):
                found = con.execute(f"SELECT * FROM {quote(table)} LIMIT {int(rows)}").fetchall()
                yield table, _columns(con, table), [[_as_text(cell) for cell in row] for row in found]
        return
    import duckdb

    try:
        with duckdb.connect(str(given.path), read_only=True) as con:
            lock(con)
            have, views = _of_duckdb(con, con.execute("SELECT current_database()").fetchone()[0])
            if views and not have:
                raise _only_views(given, views)
            for table in have:
                yield table, *first_rows(con, quote(table), rows)
    except duckdb.Error as error:
        raise BadData(f"{given.shown}: can't be opened as a DuckDB database: {str(error).splitlines()[0]}") from None
