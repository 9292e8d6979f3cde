"""The raw tables as a source's selects expect them: what an export lacks is there, and null; what they share is a view."""

from collections import Counter

from toolkit.errors import BadData, BadSettings
from toolkit.load.sandbox import bounded, refuse_calls
from toolkit.load.sql import quote
from toolkit.sources import raw_names

WIDE = 150  # columns of a file
# What the selects may call besides the engine's own functions.
MACROS = (
    # a time without an offset that is known to be UTC, whatever the zone of the service is
    r"utc(said) AS CASE WHEN regexp_matches(said, '^\d{4}-.*\d:\d{2}(:\d{2}([.]\d+)?)?$') THEN said || 'Z' ELSE said END",
)


def complete(con, source, files, note):
    """Add to the schema `raw` what the selects read and the export has not.

    An optional file that isn't there becomes an empty table, a column that a file may lack one of nulls, and the
    source's views and `MACROS` are made. Where a select reads more than a whole file, its columns are all text.

    Parameters
    ----------
    con : DuckDBPyConnection
    source : Source
    files : dict of raw name -> list of files, as `read_raw` gives it
    note : callable((key, values))
        Told what the absence of a file means.

    Returns
    -------
    set of str, the raw files that there are, and their columns as "file.column", in lower case
    """
    _check_selects(con, source)
    for macro in MACROS:
        con.execute(f"CREATE TEMP MACRO {macro}")
    there = {name.lower() for name in files}
    read = {name for table in source.selects if not source.passes_all(table) for name in source.raw_names(table)}
    for name, spec in source.spec.files.items():
        if name not in files:
            if spec.without:
                note(("notes.without", {"file": spec.patterns[0], "what": spec.without}))
            if name in read:
                _make_empty(con, name, spec)
        else:
            columns = con.execute(f"DESCRIBE raw.{quote(name)}").fetchall()
            there |= {f"{name}.{row[0]}".lower() for row in columns}
            if name in read:
                _make_whole(con, name, spec, source.spec.blanks_are_null)
    for view in source.spec.views:
        try:
            select = source.view(view)
        except FileNotFoundError:
            raise BadSettings(
                f"{source.folder / 'source.toml'}: views names {view!r}, and there is no {view}.view.sql"
            ) from None
        try:
            # what is read more than once is computed once
            kind = "VIEW" if source.readers(view) < 2 else "TABLE"
            with bounded(con, source.folder / f"{view}.view.sql"):
                con.execute(f"CREATE {kind} raw.{quote(view)} AS {select}")
        except BadData:
            raise
        except Exception as error:
            unknown = [name for name in raw_names(select) if not _is_relation(con, name)]
            order = ", ".join(source.spec.views)
            told = (
                f" It reads raw.{', raw.'.join(unknown)}, which is none of its files, nor a view before it (views: {order})"
                if unknown
                else ""
            )
            raise BadData(f"{source.folder / f'{view}.view.sql'}: can't run: {said(error)}.{told}") from None
    return there


def _is_relation(con, name):
    return con.execute(
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'raw' AND lower(table_name) = ?", [name]
    ).fetchone()[0]


def _check_selects(con, source):
    """An error where a file of SQL holds anything but one select: another statement would be run as well.

    Raises
    ------
    BadSettings
    """
    texts = {f"{name}.sql": source.sql(name) for name in source.selects}
    if (source.folder / "unused.sql").is_file():
        texts["unused.sql"] = source.sql("unused")
    for view in source.spec.views:
        if (source.folder / f"{view}.view.sql").is_file():
            texts[f"{view}.view.sql"] = source.view(view)
    for name, text in texts.items():
        try:
            statements = con.extract_statements(text)
        except Exception as error:
            raise BadSettings(f"{source.folder / name}: can't run: {said(error)}") from None
        kinds = [statement.type.name for statement in statements]
        if not kinds:
            raise BadSettings(f"{source.folder / name}: is empty; write a select into it, or take it away")
        if kinds != ["SELECT"]:
            held = f"{len(kinds)} statements ({', '.join(kinds)})" if len(kinds) > 1 else f"the statement {kinds[0]}"
            raise BadSettings(f"{source.folder / name}: holds {held}; it may hold one SELECT, and nothing else")
        refuse_calls(con, source.folder / name, text)


def unused_optimizers(there=()):
    """What the engine shall not look for: of a wide file, what several columns share, which takes it the square of their number.

    >>> unused_optimizers({"tickets"} | {f"tickets.c{n}" for n in range(300)})
    'in_clause,common_subexpressions'
    """
    widths = Counter(one.split(".", 1)[0] for one in there)
    return "in_clause,common_subexpressions" if max(widths.values(), default=0) > WIDE else "in_clause"


def said(error):
    """What the engine says of a query, without the query."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    kept = [line for line in lines if not line.startswith(("LINE ", "^"))]
    return " ".join(kept[:2])


def _make_empty(con, name, spec):
    columns = ", ".join(f"{quote(column)} VARCHAR" for column in spec.columns_read)
    con.execute(f"CREATE TABLE raw.{quote(name)}({columns}{', ' if columns else ''}_file VARCHAR, _row BIGINT)")


def _make_whole(con, name, spec, blanks_are_null):
    """The raw table with every column that the selects read, all of them text."""
    have = {row[0]: row[1] for row in con.execute(f"DESCRIBE raw.{quote(name)}").fetchall()}
    folded = {column.lower() for column in have}
    lacking = [column for column in spec.columns_read if column.lower() not in folded]
    typed = [column for column, kind in have.items() if kind != "VARCHAR" and column != "_row"]
    if not lacking and not typed and not blanks_are_null:
        return
    given = quote(f"\x1fgiven {name}")
    kind = con.execute(
        "SELECT count(*) FROM duckdb_views() WHERE schema_name = 'raw' AND view_name = ?", [name]
    ).fetchone()[0]
    con.execute(f"ALTER {'VIEW' if kind else 'TABLE'} raw.{quote(name)} RENAME TO {given}")

    def seen(column):
        text = f"CAST({quote(column)} AS VARCHAR)" if column in typed else quote(column)
        if blanks_are_null and column not in ("_file", "_row"):
            text = f"nullif({text}, '')"
        return text if text == quote(column) else f"{text} AS {quote(column)}"

    added = [f"NULL::VARCHAR AS {quote(column)}" for column in lacking]
    con.execute(f"CREATE VIEW raw.{quote(name)} AS SELECT {', '.join([*map(seen, have), *added])} FROM raw.{given}")
