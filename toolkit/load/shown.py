"""How data and its tables look in a notebook or a console: rows and columns, no query plan."""

import html

import ibis

from toolkit import engine

ROWS = 10


class Rows(ibis.Table):
    """An Ibis table that shows its first rows, and is filtered as people write it: `calls[calls["team"] == "Rome"]`."""

    __slots__ = ()

    def __getitem__(self, what):
        if isinstance(what, ibis.expr.types.BooleanValue):
            return self.filter(what)  # Ibis warns that it will stop taking conditions here
        return shown(super().__getitem__(what))

    def filter(self, *conditions):
        return shown(super().filter(*conditions))

    def select(self, *columns, **named):
        return shown(super().select(*columns, **named))

    def mutate(self, *columns, **named):
        return shown(super().mutate(*columns, **named))

    def order_by(self, *keys):
        return shown(super().order_by(*keys))

    def limit(self, n, /, *, offset=0):
        return shown(super().limit(n, offset=offset))

    def head(self, n=5, /):
        return self.limit(n)

    def _first(self):
        return engine.to_pandas(self.limit(ROWS)), int(engine.to_pandas(self.count()))

    def __repr__(self):
        frame, rows = self._first()
        return f"{frame.to_string(max_colwidth=40)}\n[{rows:,} rows, {len(self.columns)} columns]"

    def _repr_html_(self):
        frame, rows = self._first()
        # the text is a customer's: escaped
        return f"{frame.to_html(escape=True, index=False)}<p>{rows:,} rows, {len(self.columns)} columns</p>"

    def _repr_mimebundle_(self, *args, **kwargs):
        return {"text/plain": repr(self), "text/html": self._repr_html_()}


def shown(expression):
    """The table as one that shows its rows; a column as it is."""
    return Rows(expression.op()) if isinstance(expression, ibis.Table) else expression


def data_html(title, tables):
    """A table of tables: their name, rows and columns.

    Parameters
    ----------
    title : str
    tables : dict of name and Ibis table
    """
    lines = []
    for name, table in tables.items():
        rows = int(engine.to_pandas(table.count()))
        cells = (name, f"{rows:,}", ", ".join(table.columns))
        lines.append("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>")
    head = "<tr><th>table</th><th>rows in the period</th><th>columns</th></tr>"
    return f"<p>{html.escape(title)}</p><table><thead>{head}</thead><tbody>{''.join(lines)}</tbody></table>"
