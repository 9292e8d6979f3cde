"""The engines beneath Ibis: whose a table is, how two of DuckDB are told apart, how an expression becomes SQL."""

import contextlib
import uuid

from toolkit.tables import DIRECTIONS


def own_backend(con):
    """An Ibis backend over a DuckDB connection, with an identity of its own.

    Ibis tells connections apart by how they were made, and holds two to DuckDB in memory for one: a union of
    tables of two data sets would read the first one twice.
    """
    import ibis.expr.operations as ops
    from ibis.backends.duckdb import Backend

    rare = (ops.InMemoryTable, ops.ScalarUDF, ops.GeoSpatialUnOp, ops.GeoSpatialBinOp)

    class OwnBackend(Backend):
        db_identity = f"toolkit-{uuid.uuid4()}"

        def _run_pre_execute_hooks(self, expr):
            # each of its hooks looks at every node for a kind of its own; most queries have none of them
            if self._record_batch_readers_consumed or expr.op().find(rare):
                super()._run_pre_execute_hooks(expr)

    return OwnBackend.from_connection(con)


def backend_of(expression):
    """The backend that an expression runs on; None for one of frames alone.

    Ibis looks at every node; tables of two backends make no expression, so the first that is found tells.
    """
    import ibis.expr.operations as ops

    nodes, seen = [expression.op()], set()
    while nodes:
        node = nodes.pop()
        if isinstance(node, (ops.DatabaseTable, ops.SQLQueryResult)):
            return node.source
        if node not in seen:
            seen.add(node)
            nodes += node.__children__
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
