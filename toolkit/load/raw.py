"""Raw files into DuckDB, nothing lost: schema `raw`. Each kind of file has its module in `toolkit.load.files`.

Lines that can't be read go to the ledger; an empty file, a missing column or a file that isn't what it should be is
an error that names it, before any work is done.
"""

from pathlib import Path

from toolkit.errors import BadData
from toolkit.load.files import databases, delimited, documents, lines, mail, parquet, postgres, sheets
from toolkit.load.files.find import find_files
from toolkit.load.files.given import OURS, Given, Target
from toolkit.load.files.headers import spelt
from toolkit.load.files.kinds import DATABASES, SAID, kind_of
from toolkit.load.files.peek import unpacked
from toolkit.load.files.places import is_url, shown_path
from toolkit.load.sql import quote
from toolkit.tables import TABLES
from toolkit.vocabulary import likely_column

READERS = {"csv": delimited, "json": documents, "lines": lines, "mbox": mail, "sheet": sheets}


def read_raw(con, source, path, scratch, note):
    """Fill the schema `raw` of a DuckDB connection from what `path` holds.

    Parameters
    ----------
    con : DuckDBPyConnection
    source : Source
    path : Path or str
        A folder, one file, an archive, or a database; a str is the URL of one.
    scratch : Path
        Folder for files unpacked, or rewritten as UTF-8.
    note : callable((key, values))
        Takes what a person should know, such as the encoding of a file.

    Returns
    -------
    dict of raw name -> list of files read, as they are shown; and the files that are read only when a query asks
    """
    if not is_url(path) and not Path(path).exists():
        raise BadData(f"{path}: there is no such file or folder")
    con.execute("CREATE SCHEMA raw")
    con.execute(
        'CREATE TABLE bad_lines("table" VARCHAR, rule VARCHAR, action VARCHAR, file VARCHAR, line BIGINT, '
        "value VARCHAR, reason VARCHAR)"
    )
    targets = {name: _target(con, source, name, scratch, note) for name in source.spec.files}
    if is_url(path):
        return _told(source, con, shown_path(path), postgres.load(source, path, targets), note), []
    path = Path(path)
    kind = kind_of(path) if path.is_file() else None
    if kind in DATABASES:
        given = unpacked(Given(path, str(path)), kind, scratch)
        read = databases.attach if kind == "duckdb" else databases.load_sqlite
        return _told(source, con, given.shown, read(source, given, targets), note), []
    found = find_files(source, path, scratch, note)
    missing, viewed = [], []
    for name, files in found.items():
        target, kinds = targets[name], _kinds(name, files, source.spec.files[name])
        given = [unpacked(file, kind, scratch) for file, kind in zip(files, kinds, strict=True)]
        if kinds[0] == "parquet":
            parquet.view(target, given)
            viewed += [file.path for file in given]
        else:
            for file in given:
                READERS[kinds[0]].load(target, file)
        missing.append(_missing(con, source, name, [file.shown for file in files]))
    refuse(missing)
    return {name: [file.shown for file in files] for name, files in found.items()}, viewed


def _target(con, source, name, scratch, note):
    as_given = any(source.passes_all(table) for table in source.selects if source.reads_raw(table, name))
    return Target(con, name, source.spec.files[name], source.owner(name), scratch, note, as_given)


def _kinds(name, files, spec):
    """The kind of each file of one raw table: the same, as else it would hold the same rows twice."""
    kinds = [kind_of(file.path, spec.format) for file in files]
    for file, kind in zip(files, kinds, strict=True):
        if kind != kinds[0]:
            both = " and ".join(sorted({SAID[kinds[0]], SAID[kind]}))
            raise BadData(f"{files[0].shown} and {file.shown} both hold {name}: keep one of {both}")
        if kind == "zip":
            raise BadData(f"{file.shown}: isn't the zip archive that it is called; download it again")
        if kind not in (*READERS, "parquet"):
            raise BadData(f"{file.shown}: is {SAID[kind]} among other files; give its path alone")
    return kinds


def _told(source, con, shown, read, note):
    """{raw name: [the database]} of what was read of one; what else it holds is told."""
    names, unread = read
    refuse([_missing(con, source, name, [shown]) for name in names])
    if unread:
        note(("notes.unread_tables", {"names": unread}))
    return {name: [shown] for name in names}


def _missing(con, source, name, files):
    """Words for the raw columns without which the selects can't run; "" when all are there.

    A column whose name differs by capitals or blanks alone gets the name that the selects call it by.
    """
    spec = source.spec.files[name]
    have = [row[0] for row in con.execute(f"DESCRIBE raw.{quote(name)}").fetchall()]
    have = [column for column in have if column not in OURS]
    table = TABLES.get(name) if any(source.passes_all(one) for one in source.selects if one == name) else None
    if table is None:
        have = _respelt(con, name, spec, have)
        missing = [column for column in spec.requires if column.lower() not in {other.lower() for other in have}]
    else:  # its columns are spelt as the contract's only when they are typed
        missing = [column for column in spec.requires if spelt(column) not in set(map(spelt, have))]
    return words_for_missing(files, missing, have, table) if missing else ""


def _respelt(con, name, spec, have):
    """The columns of a raw table, after those that the selects read were given the names that these call them by."""
    wanted = {spelt(column): column for column in spec.columns_read}
    folded = {column.lower() for column in have}
    made = []
    for column in have:
        new = wanted.get(spelt(column), column)
        if new.lower() != column.lower() and new.lower() not in folded:
            kind = con.execute(
                "SELECT count(*) FROM duckdb_views() WHERE schema_name = 'raw' AND view_name = ?", [name]
            ).fetchone()[0]
            if kind:
                made.append(column)
                continue
            con.execute(f"ALTER TABLE raw.{quote(name)} RENAME {quote(column)} TO {quote(new)}")
            column = new
        made.append(column)
    return made


def words_for_missing(files, missing, have, table=None):
    """Which columns files lack, each with the one that is likeliest to be it; of `table`, if they are its own."""
    free = [column for column in have if table is None or column not in table.names]
    likely = [(column, likely_column(column, free)) for column in missing]
    hints = ", ".join(repr(column) + (f" (did you mean {match!r}?)" if match else "") for column, match in likely)
    whose = f", which {table.name} can't do without" if table else ""
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    said = f"{files[0]}{more}: has no column {hints}{whose}; its columns are: {', '.join(have)}"
    return f"{said}. If it is an export of another system: toolkit map {files[0]}" if table else said


def refuse(missing):
    """One error for all that is missing in all files."""
    missing = [words for words in missing if words]
    if missing:
        raise BadData("\n".join(missing))
