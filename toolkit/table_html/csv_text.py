"""A small result as CSV: raw values under raw names, which no spreadsheet takes for a formula."""

import csv
import datetime
import io
import re

import numpy as np
import pandas as pd

from toolkit.guard import guarded

MOST_BYTES, MOST_ROWS = 8192, 1000


def csv_text(result, most_rows=MOST_ROWS, most_bytes=MOST_BYTES):
    """The result as CSV; "" where that is more than 8 KB, or as much as is said; None: however long it is.

    Rates are fractions, durations seconds, times ISO 8601. A text that a spreadsheet would take for a formula begins
    with an apostrophe (`toolkit.guard`).

    Examples
    --------
    >>> csv_text(pd.DataFrame({"topic": ["billing", "=1+1"], "n": [20, 30], "rate": [0.25, float("nan")]}))
    "topic,n,rate\\r\\nbilling,20,0.25\\r\\n'=1+1,30,\\r\\n"
    """
    if most_rows is not None and len(result) > most_rows:
        return ""
    columns = [name for name in result.columns if not str(name).startswith("_")]
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([guarded(str(name)) for name in columns])
    for row in pd.DataFrame(result)[columns].itertuples(index=False, name=None):
        writer.writerow([_raw(value) for value in row])
    made = buffer.getvalue().encode("utf-8", "replace")
    return made.decode() if most_bytes is None or len(made) <= most_bytes else ""


def file_name(result):
    """What the file is called: its metric and groups.

    >>> from toolkit.result import Result
    >>> file_name(Result.of(pd.DataFrame(), "csat", {}, ["topic", "../x"]))
    'csat_by_topic_x.csv'
    """
    metric, keys = str(result.attrs.get("metric", "table")), "_".join(map(str, result.attrs.get("by", ())))
    said = f"{metric}_by_{keys}" if keys and not metric.endswith(f"_by_{keys}") else metric
    return f"{re.sub('[^a-z0-9]+', '_', said.lower()).strip('_')[:60] or 'table'}.csv"


def _raw(value):
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        if not np.isfinite(value):
            return ""
        value = round(float(value), 6)
        return int(value) if value == int(value) else value
    if isinstance(value, (datetime.date, datetime.datetime)):
        is_day = isinstance(value, pd.Timestamp) and value.tzinfo is None and value == value.normalize()
        return value.date().isoformat() if is_day else value.isoformat()
    return value if isinstance(value, (int, np.integer)) else guarded(str(value))
