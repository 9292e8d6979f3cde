"""A Postgres database: the tables that a source names are copied, and no others."""

import contextlib

from toolkit.errors import BadData, MissingPackage
from toolkit.load.files.databases import refuse_none, tables_for
from toolkit.load.files.headers import name_columns
from toolkit.load.files.places import is_unescaped, secrets_of, shown_path
from toolkit.load.sql import literal, quote

TIMEOUT = 10  # seconds until a server that doesn't answer is given up
RELATIONS = """
SELECT n.nspname, c.relname, array_position(current_schemas(false), n.nspname) IS NOT NULL
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND NOT c.relispartition
AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
ORDER BY array_position(current_schemas(false), n.nspname) NULLS LAST, n.nspname, c.relname
"""
COLUMNS = """
SELECT a.attname, t.typcategory = 'A' FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""


@contextlib.contextmanager
def connected(url):
    """A connection that reads one state of the database, and changes nothing."""
    try:
        import psycopg
    except ImportError:
        raise MissingPackage("psycopg", "postgres", "reading a Postgres database") from None
    shown = shown_path(url)
    more = {} if "connect_timeout" in url else {"connect_timeout": TIMEOUT}
    try:
        con = psycopg.connect(url, autocommit=False, **more)
    except psycopg.OperationalError as error:
        raise BadData(
            f"{shown}: can't connect: {_said(error, url)}. Check the host, the port, the database, the user and the password"
        ) from None
    except (psycopg.Error, ValueError, UnicodeError):  # what it says may hold the password
        raise BadData(
            f"{shown}: isn't a URL that Postgres understands; write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with "
            "@, :, / and % in the password as %40, %3A, %2F and %25"
        ) from None
    with contextlib.closing(con):
        con.read_only = True
        con.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        try:
            for setting in ("TimeZone = 'UTC'", "DateStyle = 'ISO'", "client_encoding = 'UTF8'"):
                con.execute(f"SET {setting}")
            yield con
        except psycopg.Error as error:
            raise BadData(f"{shown}: can't be read: {_said(error, url)}") from None


def _said(error, url):
    """What the server says, in one line and without what is secret."""
    if is_unescaped(url):  # what it quotes may be a piece of the password
        return "the user or password of the URL holds signs that have to be escaped, @, :, / and % as %40, %3A, %2F and %25"
    text = " ".join(str(error).split()) or type(error).__name__
    for secret in secrets_of(url):
        text = text.replace(secret, "***")
    return text[:300].rstrip(".")


def _relations(con):
    """({table: schema}, {table: schemas} of those of which it can't be told which is meant)."""
    found, unclear = {}, {}
    for schema, name, is_on_path in con.execute(RELATIONS).fetchall():
        if name not in found:
            found[name] = (schema, is_on_path)
        elif not found[name][1]:
            unclear.setdefault(name, [found[name][0]]).append(schema)
    return {name: schema for name, (schema, _) in found.items()}, unclear


def _place(schema, table):
    return f"{quote(schema)}.{quote(table)}"


def _columns(con, place):
    """[(column, whether it is a list)] of a table."""
    return con.execute(COLUMNS, [place]).fetchall()


def _select(columns, place):
    """SQL: a table with every column as text, a list as JSON."""
    # a fraction as the server writes it, true and false in full
    texts = [f"to_json({quote(name)})::text" if is_list else f"{quote(name)}::text" for name, is_list in columns]
    return f"SELECT {', '.join(texts)} FROM {place}"


def load(source, url, targets):
    """The tables of a database into the raw tables, through files in the scratch folder.

    Returns
    -------
    (names of the raw tables, names of the tables that weren't read)
    """
    shown = shown_path(url)
    with connected(url) as con:
        schemas, unclear = _relations(con)
        names = tables_for(
            source, list(schemas), lambda table: [name for name, _ in _columns(con, _place(schemas[table], table))]
        )
        if not names:
            raise refuse_none(shown, source, list(schemas))
        twice = sorted(set(names.values()) & set(unclear))
        if twice:
            raise BadData(
                f"{shown}: has the table {twice[0]} in the schemas {', '.join(unclear[twice[0]])}: say which one at the end "
                f"of the URL, ?options=-csearch_path%3D{unclear[twice[0]][0]}"
            )
        for name, table in names.items():
            _copy(con, targets[name], shown, _place(schemas[table], table))
        return list(names), sorted(set(schemas) - set(names.values()))


def _copy(con, target, shown, place):
    columns = _columns(con, place)
    file = target.scratch / f"{len(list(target.scratch.iterdir()))}-copy.csv"
    with (
        open(file, "wb") as write,
        con.cursor().copy(f"COPY ({_select(columns, place)}) TO STDOUT (FORMAT csv)") as rows,
    ):
        for part in rows:
            write.write(part)
    names, _ = name_columns([name for name, _ in columns])
    typed = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    try:
        target.con.execute(
            f"CREATE OR REPLACE TEMP TABLE part AS SELECT * FROM read_csv({literal(file)}, auto_detect = false, "
            f"columns = {{{typed}}}, delim = ',', quote = '\"', escape = '\"', header = false, nullstr = '', "
            "allow_quoted_nulls = false, max_line_size = 16777216, buffer_size = 33554432, parallel = false)"
        )
    except Exception as error:
        raise BadData(f"{shown}: {place} can't be read: {str(error).splitlines()[0]}") from None
    file.unlink()
    target.append(f"SELECT *, {literal(shown)} AS _file, rowid + 1 AS _row FROM part", names)
    target.con.execute("DROP TABLE part")


def peek(url, rows):
    """(table, columns, first rows) of the tables of a database."""
    with connected(url) as con:
        schemas, _ = _relations(con)
        for table, schema in schemas.items():
            columns = _columns(con, _place(schema, table))
            found = con.execute(f"{_select(columns, _place(schema, table))} LIMIT {int(rows)}").fetchall()
            yield table, [name for name, _ in columns], [list(row) for row in found]
