"""What is in a source's SQL, or in a database that is data, runs on the data alone: no file, no network, no extension, no end of it that isn't told.

The engine is locked before any text of a source is run. What it would let a select do all the same, such as ask for a
file's name, is refused by the select's own words; what has no end, or takes all memory, is stopped.
"""

import contextlib
import glob
import json
import re
import threading
import time

from toolkit.errors import BadData, BadSettings
from toolkit.load.sql import literal

MOST_SECONDS = 900  # that one select, or one table of a database, may take
SPARE = 2 << 30  # bytes besides what the engine may use: Python's own, and what the engine doesn't count
# What a select may read besides the raw tables: it makes rows of values that it is given. All others read files, tell of
# the machine or of the engine, or run a text as SQL.
MAKES_ROWS = {"unnest", "range", "generate_series", "json_each", "json_tree", "repeat", "repeat_row"}
# Functions of values that tell of the machine or the engine, or write.
TELLS = {
    "getenv",
    "current_setting",
    "getvariable",
    "write_log",
    "nextval",
    "currval",
    "add_parquet_key",
    "set_bit_file",
    "version",
    "stats",
    "setseed",
    "sleep_ms",
    "current_query",
    "current_query_id",
    "current_connection_id",
    "current_transaction_id",
    "txid_current",
    "current_database",
    "current_catalog",
    "current_schema",
    "current_schemas",
    "current_role",
    "current_user",
    "session_user",
    "user",
    "in_search_path",
    "json_serialize_plan",
    "get_block_size",
}
ENGINES = re.compile(r"(duckdb|sqlite|pg|pragma|inet)_|has_\w+_privilege$")  # names of what tells of the engine
CHANGEABLE = [
    "disabled_optimizers",
    "TimeZone",
    "python_enable_replacements",
]  # the loader sets the first, Ibis the others


def lock(con, files=(), aside=None):
    """From now on the connection reads no file but these, no network, loads no extension and keeps its settings.

    Parameters
    ----------
    con : DuckDBPyConnection
        Tables that it holds, and databases that are attached, can be read further.
    files : iterable of path
        Files that views read.
    aside : Path, optional
        A new folder, the only one that the engine may write to.
    """
    # a view names its files as patterns
    allowed = [one for file in files for one in dict.fromkeys([str(file), glob.escape(str(file))])]
    con.execute(f"SET allowed_paths = [{', '.join(map(literal, allowed))}]")
    if aside is not None:
        aside.mkdir()
        con.execute(f"SET allowed_directories = [{literal(aside)}]")
    con.execute("SET python_enable_replacements = false")
    con.execute("SET enable_external_access = false")
    con.execute(f"SET allowed_configs = [{', '.join(map(literal, CHANGEABLE))}]")
    con.execute("SET lock_configuration = true")


def refuse_calls(con, path, text):
    """An error where a select calls or reads what isn't of its source: files, what tells of the machine, a text run as SQL.

    Parameters
    ----------
    con : DuckDBPyConnection
    path : Path
        Of the file that holds the select.
    text : str

    Raises
    ------
    BadSettings
        Names the file, and the function or table.

    Examples
    --------
    >>> import duckdb
    >>> refuse_calls(duckdb.connect(), "calls.sql", "SELECT * FROM raw.calls, unnest([1, 2])")
    >>> refuse_calls(duckdb.connect(), "calls.sql", "SELECT * FROM read_text('/etc/passwd')")
    Traceback (most recent call last):
    toolkit.errors.BadSettings: calls.sql: calls read_text; a select reads raw.<file> and what it names itself (WITH), and no file, setting or network
    """
    with bounded(con, path):
        said = json.loads(con.execute("SELECT json_serialize_sql(?::VARCHAR)", [text]).fetchone()[0])
    if said.get("error"):
        raise BadSettings(f"{path}: can't run: {said.get('error_message', 'it is no select')}")
    called, read, own = set(), [], set()
    for node in _nodes(said):
        name = str(node.get("function_name", "")).lower()
        if name in TELLS or ENGINES.match(name):
            called.add(name)
        kind = node.get("type")
        if kind == "TABLE_FUNCTION":
            called |= {str(node["function"].get("function_name", "")).lower()} - MAKES_ROWS
        elif kind == "BASE_TABLE":
            read.append(tuple(str(node.get(part) or "") for part in ("catalog_name", "schema_name", "table_name")))
        elif kind == "SHOW_REF":
            called.add("show")
        own |= {str(one.get("key", "")).lower() for one in (node.get("cte_map") or {}).get("map", ())}
    others = {".".join(filter(None, one)) for one in read if not _is_of_source(*one, own)}
    does = [f"calls {', '.join(sorted(called))}"] if called else []
    does += [f"reads {', '.join(sorted(others))}"] if others else []
    if does:
        raise BadSettings(
            f"{path}: {' and '.join(does)}; a select reads raw.<file> and what it names itself (WITH), and no file, "
            "setting or network"
        )


def _nodes(said):
    """All the objects of a select as the engine writes it down."""
    unread = [said]
    while unread:
        node = unread.pop()
        if isinstance(node, list):
            unread += node
        elif isinstance(node, dict):
            unread += node.values()
            yield node


def _is_of_source(catalog, schema, table, own):
    """Whether a table is a raw one, or one that the select makes itself; `own` are the names of these.

    A name of the engine's tables is never the select's own: elsewhere in the select it could mean the engine's.

    >>> _is_of_source("", "raw", "calls", ()), _is_of_source("", "", "told", {"told"})
    (True, True)
    >>> _is_of_source("", "main", "ledger", ()), _is_of_source("", "", "pg_settings", {"pg_settings"})
    (False, False)
    """
    if schema:
        return not catalog and schema.lower() == "raw"
    return table.lower() in own and not ENGINES.match(table.lower())


@contextlib.contextmanager
def bounded(con, what):
    """Queries of a text that isn't ours: stopped after `MOST_SECONDS`, and refused more memory than there is.

    Raises
    ------
    BadData
        Names `what`, and the limit that it met.
    """
    import duckdb

    is_late = threading.Event()

    def stop():
        is_late.set()
        con.interrupt()

    timer = threading.Timer(MOST_SECONDS, stop)
    timer.daemon = True
    timer.start()
    try:
        with _within_memory(con):
            yield
    except duckdb.InterruptException:
        if not is_late.is_set():
            raise
        raise BadData(f"{what}: {too_long()}") from None
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        raise BadData(f"{what}: {too_much(error)}") from None
    except duckdb.OutOfRangeException as error:
        if "vector" not in str(error):
            raise
        raise BadData(f"{what}: {too_much(error)}") from None
    finally:
        timer.cancel()


def too_long():
    """What is said of a query that was stopped."""
    return (
        f"didn't end in {MOST_SECONDS:,} s, and was stopped. A join without a condition, or a recursion without an end, does "
        "so; else give a smaller export"
    )


def too_much(error):
    """What is said of a query that met the limit of memory, or of the disk behind it."""
    where = "room on the disk for what doesn't fit in memory" if "offload" in str(error) else "memory"
    return (
        f"needs more {where} than this machine has for it, and was stopped. A join without a condition, or a recursion "
        "without an end, does so; else give a smaller export"
    )


@contextlib.contextmanager
def _within_memory(con):
    """The process gets no more memory than the engine's limit and some: an allocation fails, and the process lives on."""
    try:
        import resource
    except ImportError:  # Windows
        yield
        return
    most = con.execute("SELECT current_setting('memory_limit')").fetchone()[0]
    before = resource.getrlimit(resource.RLIMIT_DATA)
    limit = _held() + _bytes(most) + SPARE
    if before[0] != resource.RLIM_INFINITY:
        limit = min(limit, before[0])
    resource.setrlimit(resource.RLIMIT_DATA, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _held():
    """The bytes of data that this process holds already; 0 where the system doesn't tell."""
    with contextlib.suppress(OSError), open("/proc/self/status", encoding="ascii", errors="replace") as lines:
        for line in lines:
            if line.startswith("VmData:"):
                return int(line.split()[1]) << 10
    return 0


def _bytes(said):
    """A size as the engine says it.

    >>> _bytes("1.5 GiB"), _bytes("512 bytes")
    (1610612736, 512)
    """
    number, unit = said.split()
    return int(float(number) * {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}.get(unit, 1))


def deadline():
    """A callable that says whether `MOST_SECONDS` have passed since; SQLite asks it, and stops where they have."""
    end = time.monotonic() + MOST_SECONDS
    return lambda: time.monotonic() > end
