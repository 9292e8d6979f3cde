"""The engines beneath Ibis: whose a table is, how two of DuckDB are told apart, how an expression becomes SQL."""

import contextlib
import os
import shutil
import uuid
import weakref
from pathlib import Path

from toolkit.tables import DIRECTIONS

MEMORY, DISK = 0.6, 0.5  # shares of the machine's memory, and of what is free on the disk, that one engine may use
LIMIT = "TOOLKIT_MEMORY"  # in the environment: the bytes that a notebook may take, beyond which it is ended
CGROUP = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
OWN_GROUPS = "/proc/self/cgroup"


def connect(spill=None):
    """An embedded engine with limits: of memory, and of the disk for what doesn't fit in it; it fetches no extension.

    Parameters
    ----------
    spill : path, optional
        Folder for what doesn't fit in memory; default: a folder of the engine's own choice.

    Returns
    -------
    DuckDBPyConnection
    """
    import duckdb

    config = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    con = duckdb.connect(config=config | {"memory_limit": f"{int(machine_memory() * MEMORY) >> 20}MiB"})
    con.execute("SET TimeZone = 'UTC'")  # zoned times are cast through the session's zone
    if spill is not None:
        con.execute(f"SET temp_directory = '{str(spill).replace(chr(39), chr(39) * 2)}'")
        with contextlib.suppress(OSError):
            free = shutil.disk_usage(Path(spill).parent).free
            con.execute(f"SET max_temp_directory_size = '{int(free * DISK) >> 20}MiB'")
    return con


def limit_files():
    """The files that hold a limit of memory for this process: of its control group, as a service has one, and of those around it.

    Returns
    -------
    list of Path
    """
    found = list(map(Path, CGROUP))
    with contextlib.suppress(OSError, IndexError, ValueError):
        for line in Path(OWN_GROUPS).read_text("utf-8").splitlines():
            number, kinds, group = line.split(":", 2)
            if number == "0" or "memory" in kinds.split(","):
                top = Path(CGROUP[number != "0"])
                inner = top.parent / group.strip("/")
                found += [one / top.name for one in (inner, *inner.parents) if one.is_relative_to(top.parent)]
    return found


def machine_memory():
    """The bytes of memory that this process may use: the machine's, or less where a container or a limit says so.

    >>> machine_memory() > 1 << 26
    True
    """
    found = [8 << 30]  # where the system doesn't tell
    with contextlib.suppress(AttributeError, ValueError, OSError):
        found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for place in limit_files():
        with contextlib.suppress(OSError, ValueError):
            found.append(int(Path(place).read_text("ascii")))
    with contextlib.suppress(KeyError, ValueError):  # an engine that would take more goes to disk before it is ended
        found.append(int(os.environ[LIMIT]))
    with contextlib.suppress(ImportError):
        import resource

        limits = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
        found += [limit for limit in limits if limit != resource.RLIM_INFINITY]
    return max(min(found), 1 << 27)


def own_backend(con):
    """An Ibis backend over a DuckDB connection, with an identity of its own.

    Ibis tells connections apart by how they were made, and holds two to DuckDB in memory for one: a union of
    tables of two data sets would read the first one twice.
    """
    import ibis.expr.operations as ops
    from ibis.backends import BaseBackend
    from ibis.backends.duckdb import Backend

    rare = (ops.InMemoryTable, ops.ScalarUDF, ops.GeoSpatialUnOp, ops.GeoSpatialBinOp)

    class OwnBackend(Backend):
        db_identity = f"toolkit-{uuid.uuid4()}"

        def _run_pre_execute_hooks(self, expr):
            # each of its hooks looks at every node for a kind of its own; most queries have none of them, or frames alone
            found = expr.op().find(rare)
            if self._record_batch_readers_consumed or not all(isinstance(one, ops.InMemoryTable) for one in found):
                super()._run_pre_execute_hooks(expr)
            elif found:
                self._register_in_memory_tables(expr)

        # the engine of a data set writes no file, as it has run a source's SQL: these go by way of Arrow
        to_parquet, to_csv = BaseBackend.to_parquet, BaseBackend.to_csv

    return OwnBackend.from_connection(con)


# Nodes below which no table of a backend was found: what is built on them is asked for its backend again and again.
_of_frames = weakref.WeakSet()


def backend_of(expression):
    """The backend that an expression runs on; None for one of frames alone.

    Ibis looks at every node; tables of two backends make no expression, so the first that is found tells.

    Examples
    --------
    >>> import ibis
    >>> frame = ibis.memtable({"a": [1]})
    >>> there = ibis.duckdb.connect().create_table("there", {"b": [2]})
    >>> backend_of(frame), backend_of(frame.cross_join(there)) is there.get_backend()
    (None, True)
    """
    import ibis.expr.operations as ops

    nodes, seen = [expression.op()], set()
    while nodes:
        node = nodes.pop()
        if isinstance(node, (ops.DatabaseTable, ops.SQLQueryResult)):
            return node.source
        if node not in seen and node not in _of_frames:
            seen.add(node)
            nodes += node.__children__
    _of_frames.update(seen)
    return None


def as_view(table):
    """The same rows as a temporary view of the table's own DuckDB: queries on it are short, and run as they did."""
    backend, name = backend_of(table), f"toolkit_view_{uuid.uuid4().hex}"
    with quick_words():
        backend._run_pre_execute_hooks(table)
        backend.con.execute(f"CREATE TEMP VIEW {name} AS {backend.compile(table)}")
    return table_of(backend, name, table.schema(), catalog="temp", database="main")


def table_of(backend, name, schema, **place):
    """A table of a backend whose schema is known: DuckDB isn't asked for it, which takes longer than a short query."""
    import ibis.expr.operations as ops

    return ops.DatabaseTable(name, schema=schema, source=backend, namespace=ops.Namespace(**place)).to_expr()


@contextlib.contextmanager
def quick_words():
    """Ibis writes nested selects as they are: to fuse them takes a third of the time that the SQL is written in."""
    import ibis

    before = ibis.options.sql.fuse_selects
    ibis.options.sql.fuse_selects = False
    try:
        yield
    finally:
        ibis.options.sql.fuse_selects = before


def contacts_only(table, name):
    """The rows of conversations or calls with which a customer came: not those that the service began.

    Examples
    --------
    >>> import ibis
    >>> calls = ibis.memtable({"call_id": ["a", "b", "c"], "direction": ["inbound", "outbound", None]})
    >>> contacts_only(calls, "calls").order_by("call_id").call_id.to_list()
    ['a', 'c']
    """
    import ibis

    if name in DIRECTIONS and "direction" in table.columns:
        began = table.direction.fill_null("").lower()
        table = table.filter(began != DIRECTIONS[name][1])
    if name == "calls" and "is_callback" in table.columns:
        table = table.filter(~table.is_callback.fill_null(ibis.literal(False)))
    return table
