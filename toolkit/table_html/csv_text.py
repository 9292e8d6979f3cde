"""A small result as CSV: raw values under raw names, which no spreadsheet takes for a formula."""

import csv
import io
import re

from toolkit.guard import guarded
from toolkit.table_html.typed import table_data

MOST_BYTES = 8192  # of a table that a page carries as CSV besides showing it


def csv_text(result):
    """The result as CSV, however long it is.

    Rates are fractions, durations seconds, times ISO 8601 in UTC. A text that a spreadsheet would take for a formula
    begins with an apostrophe (`toolkit.guard`).

    Examples
    --------
    >>> import pandas as pd
    >>> csv_text(pd.DataFrame({"topic": ["billing", "=1+1"], "n": [20, 30], "rate": [0.25, float("nan")]}))
    "topic,n,rate\\r\\nbilling,20,0.25\\r\\n'=1+1,30,\\r\\n"
    """
    return csv_of(table_data(result, None))


def csv_of(data, most_bytes=None):
    """The data of a table (`typed.table_data`) as CSV under its raw names; "" where that is more than `most_bytes`.

    Examples
    --------
    >>> csv_of({"columns": [{"name": "is_open", "type": "boolean", "values": [True, None]}]})
    'is_open\\r\\ntrue\\r\\n""\\r\\n'
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([guarded(column["name"]) for column in data["columns"]])
    for row in zip(*([_cell(value) for value in column["values"]] for column in data["columns"]), strict=True):
        writer.writerow(row)
    made = buffer.getvalue().encode("utf-8", "replace")
    return made.decode() if most_bytes is None or len(made) <= most_bytes else ""


def file_name(result):
    """What the file is called: its metric and groups.

    >>> import pandas as pd
    >>> from toolkit.result import Result
    >>> file_name(Result.of(pd.DataFrame(), "csat", {}, ["topic", "../x"]))
    'csat_by_topic_x.csv'
    """
    metric, keys = str(result.attrs.get("metric", "table")), "_".join(map(str, result.attrs.get("by", ())))
    said = f"{metric}_by_{keys}" if keys and not metric.endswith(f"_by_{keys}") else metric
    return f"{re.sub('[^a-z0-9]+', '_', said.lower()).strip('_')[:60] or 'table'}.csv"


def _cell(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value == int(value):
        return int(value)
    return guarded(value)
