"""Parquet: a view of all files of one raw table."""

import glob

from toolkit.errors import BadData
from toolkit.load.files.given import free
from toolkit.load.sql import literal, quote

FILE = "\x1ffile"


def view(target, files):
    """A view of Parquet files, their columns united by name."""
    listed = ", ".join(literal(glob.escape(str(file.path))) for file in files)
    read = f"read_parquet([{listed}], union_by_name = true, filename = '{FILE}', file_row_number = true)"
    shown = "".join(
        f" WHEN {literal(file.path)} THEN {literal(file.shown)}" for file in files if str(file.path) != file.shown
    )
    name = f"CASE {quote(FILE)}{shown} ELSE {quote(FILE)} END" if shown else quote(FILE)
    try:
        columns = select_list(target, read, drop=(FILE, "file_row_number"))
        target.con.execute(
            f"CREATE VIEW {target.place} AS SELECT {columns}, {name} AS _file, file_row_number + 1 AS _row FROM {read}"
        )
    except Exception as error:
        raise BadData(f"{files[0].shown}: can't be read as Parquet: {str(error).splitlines()[0]}") from None


def select_list(target, relation, drop=()):
    """The select list of a relation, with the names that the loader needs for itself made free.

    Every column is text, what has parts is JSON; but a source whose select takes all columns as they are gets them as
    they are.
    """
    columns = target.con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    return ", ".join(
        f"{quote(column) if target.as_given else _as_text(column, sql_type)} AS {quote(free(column))}"
        for column, sql_type, *_ in columns
        if column.lower() not in drop
    )


def _as_text(column, sql_type):
    if sql_type.endswith("]") or sql_type.startswith(("STRUCT", "MAP", "UNION")):
        return f"CAST(to_json({quote(column)}) AS VARCHAR)"
    return f"CAST({quote(column)} AS VARCHAR)"
