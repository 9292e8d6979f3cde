"""What an export of a source would support, told by its selects alone: the columns that they give, and no real row.

>>> from toolkit.sources import find_source
>>> data = declared(find_source("asterisk"))
>>> list(data.tables), "queue" in data.calls.columns
(['calls', 'call_stages'], True)
"""

import datetime

from toolkit.backend import connect
from toolkit.load.data import Data
from toolkit.load.link import link
from toolkit.load.sql import literal, quote
from toolkit.report.notebooks import reports_there
from toolkit.report.rehearsal import rehearse
from toolkit.service import Service
from toolkit.sources.fields import columns_of
from toolkit.tables import KINDS, TABLES

SQL = {
    "time": "TIMESTAMPTZ '2024-03-04 10:00:00+00'",
    "day": "DATE '2024-03-04'",
    "seconds": "1.0::DOUBLE",
    "integer": "1::BIGINT",
    "number": "1.0::DOUBLE",
    "flag": "false",
    "text": "'1'",
}
AS_OF = datetime.datetime(2024, 3, 5, tzinfo=datetime.UTC)


def foreseen(source, notebooks=None):
    """What would become of each report of a whole export of a source.

    Parameters
    ----------
    source : Source
    notebooks : {name: path}, optional

    Returns
    -------
    list of Foreseen; what service.toml has to say for a section isn't missing
    """
    notebooks = reports_there() if notebooks is None else notebooks
    made = rehearse(declared(source), notebooks, is_declared=True)
    for one in made:
        one.left_out = [entry for entry in one.left_out if entry["want"].kind not in ("setting", "other", "package")]
    return made


def declared(source):
    """A data set of a row or two that holds every column which a source's selects give, and what the loader makes of them."""
    con = connect()
    con.execute('CREATE TABLE ledger("table" VARCHAR, rule VARCHAR, action VARCHAR)')
    tables = []
    for name in source.selects:
        columns = dict.fromkeys(TABLES[name].required, ()) | columns_of(source, name)
        rows = " UNION ALL ".join(f"SELECT {_values(name, columns, row)}" for row in _rows(name, columns))
        con.execute(f"CREATE TABLE main.{name} AS {rows}")
        tables.append(name)
    settings = link(con, source, tables, [], Service())
    tables = [name for name in TABLES if name in tables]
    data = Data(con, settings, AS_OF, tables, source.name, [], _counts(tables), [])
    data.source_folder, data.zone_is_known = source.folder, True
    return data


def _rows(name, columns):
    """What is told of each row: every kind of survey that the select may give; a customer's message, and an agent's answer."""
    if name == "surveys":
        said = {str(field).strip("'") for field in columns.get("kind", ())}
        return [{"kind": kind, "survey_id": kind} for kind in (said & set(KINDS) or KINDS)]
    if name == "messages":
        return [{"sender": "customer", "message_id": "1"}, {"sender": "agent", "message_id": "2"}]
    return [{"field": "status", "to_value": "closed"}] if name == "status_changes" else [{}]


def _values(name, columns, told):
    table = TABLES[name]
    dtypes = {column.name: column.dtype for column in table.columns}
    allowed = {column.name: column.allowed for column in table.columns if column.allowed}
    made = []
    for column in columns:
        value = told.get(column) or next(iter(allowed.get(column, ())), None)
        made.append(f"{literal(value) if value else SQL[dtypes.get(column, 'text')]} AS {quote(column)}")
    return ", ".join(made)


def _counts(tables):
    import pandas as pd

    frame = pd.DataFrame({"table": tables, "rows_in": 1, "rows_used": 1, "rejected": 0, "repaired": 0})
    return frame.assign(derived=False)
