"""A result that leaves a notebook, as CSV and as a workbook: what it shows, with units, and nothing that is computed."""

import datetime

import pandas as pd

from toolkit import words
from toolkit.errors import BadParameter
from toolkit.guard import guarded
from toolkit.metrics.definitions import definition
from toolkit.metrics.registry import METRICS
from toolkit.result import Result
from toolkit.table_html import caption, notes
from toolkit.table_html.typed import table_data
from toolkit.workbook import MOST_ROWS, Workbook

UNITS = {"rate": "fraction", "percent": "fraction", "points": "fraction", "net": "fraction", "seconds": "s"}


def export_frame(result):
    """The result as a plain frame: its headings with units, its texts guarded, without what is shown as too few.

    Times are in UTC, and without a zone, as pandas and workbooks have it; the heading says so.

    Examples
    --------
    >>> from toolkit.result import Result
    >>> frame = pd.DataFrame({"n": [20], "median_seconds": [90.0], "median_low": [60.0], "median_high": [100.0]})
    >>> list(export_frame(Result.of(frame, "x", {"n": "count", "median_seconds": "seconds"})))
    ['n', 'median_seconds', 'median_low (s)', 'median_high (s)']
    """
    made = []
    for column in table_data(result, None)["columns"]:
        values = [guarded(value) for value in column["values"]]
        if column["type"] == "integer":
            held = pd.Series(values, dtype="Int64")
        elif column["type"] == "number":
            held = pd.Series(values, dtype="float64")
        elif column["type"] == "time":
            held = pd.to_datetime(pd.Series(values, dtype=object), utc=True).dt.tz_localize(None)
        else:
            held = pd.Series(values, dtype=object)
        made.append(held.rename(guarded(_heading(column))))
    frame = pd.concat(made, axis=1) if made else pd.DataFrame(index=range(len(result)))
    frame.index = result.index.map(_label)
    return frame.rename_axis(result.index.names)


def _heading(column):
    unit = "UTC" if column["type"] == "time" else None
    if column["type"] in ("integer", "number"):
        of = column["unit"].removeprefix("change in ")
        unit = None if of == "seconds" and column["name"].endswith("_seconds") else UNITS.get(of)
    return f"{column['name']} ({unit})" if unit else column["name"]


def _label(value):
    return tuple(map(guarded, value)) if isinstance(value, tuple) else guarded(value)


def _has_names(index):
    """Whether an index says more than the number of a row."""
    return any(name is not None for name in index.names) or not pd.api.types.is_integer_dtype(index.dtype)


def _prepared(result, options):
    """(frame, options) for pandas; columns are chosen by the names that the result has them under."""
    if options.get("columns") is not None:
        result, options = result[list(options["columns"])], {k: v for k, v in options.items() if k != "columns"}
    return export_frame(result), {"index": _has_names(result.index)} | options


def write_csv(result, target, with_about, options):
    """Write a result as CSV, see `Result.to_csv`; the text where there is no target."""
    frame, options = _prepared(result, options)
    if not with_about:
        return frame.to_csv(target, **options)
    lines = pd.DataFrame([[guarded(part) for part in line] for line in [("", ""), *about(result)]])
    more = {name: value for name, value in options.items() if name in ("sep", "encoding", "lineterminator", "errors")}
    more |= {"header": False, "index": False}
    if target is None:
        return frame.to_csv(**options) + lines.to_csv(**more)
    frame.to_csv(target, **options)
    is_file = not hasattr(target, "write")
    return lines.to_csv(target, **more, **({"mode": "a"} if is_file else {}))


def write_excel(result, target, sheet_name, options):
    """Write a result as a workbook, see `Result.to_excel`."""
    if options or isinstance(target, pd.ExcelWriter):
        frame, options = _prepared(result, options)
        return frame.to_excel(target, **({"sheet_name": sheet_name} if sheet_name else {}), **options)
    made = result_workbook(result, sheet_name)
    if hasattr(target, "write"):
        target.write(made)
        return None
    with open(target, "wb") as file:
        file.write(made)
    return None


def result_workbook(result, sheet_name=None):
    """A result as a workbook of two sheets: its table, and what must be known of it.

    Parameters
    ----------
    result : Result
    sheet_name : str, optional
        Of the table's; default: "Table".

    Returns
    -------
    bytes

    Raises
    ------
    BadParameter
        It has more rows than a workbook.
    """
    if len(result) >= MOST_ROWS:
        raise BadParameter(
            f"a workbook holds {MOST_ROWS - 1:,} rows; this result has {len(result):,}: write it with to_csv"
        )
    read = result.attrs.get("read") or {}
    book = Workbook(datetime.datetime.fromisoformat(read["as_of"]) if read.get("as_of") else None)
    book.table(sheet_name or words.text("tables.about.table"), table_data(result, None), zone=result.attrs.get("zone"))
    book.lines(words.text("tables.about.about"), about(result))
    return book.bytes()


def about(result):
    """What must be known of a result wherever its table goes: [(title, text)].

    What its metric measures, where that is contested, the period, the zone, up to when there was data, what was chosen.

    Examples
    --------
    >>> from toolkit.result import Result
    >>> about(Result.of(pd.DataFrame(), "abandonment_rate", {}, choices={"clock": "business"}))[-1]
    ('Clock', 'opening hours only')
    """
    attrs, said = result.attrs, []
    if attrs.get("metric"):
        said.append((words.text("tables.about.table"), caption(result)))
    if attrs.get("metric") in METRICS:
        _, text, contested = definition(attrs["metric"])
        said.append((words.text("tables.about.definition"), text.replace("`", "")))
        if contested:
            said.append((words.text("tables.about.contested"), contested.replace("`", "")))
    read = attrs.get("read") or {}
    if read.get("first_day"):
        days = words.days_name(*(datetime.date.fromisoformat(read[end]) for end in ("first_day", "last_day")))
        said.append((words.text("tables.about.period"), days))
    if read.get("as_of"):
        said.append((words.text("tables.about.as_of"), read["as_of"]))
    if attrs.get("zone"):
        said.append((words.text("tables.about.zone"), attrs["zone"]))
    if attrs.get("minimum_count", 1) > 1:
        said.append((words.text("tables.about.few"), words.text("tables.notes.few", n=attrs["minimum_count"])))
    if attrs.get("notes"):
        plain = Result.of(pd.DataFrame(result), attrs["metric"], {})
        plain.attrs["notes"] = attrs["notes"]
        said.append((words.text("tables.about.notes"), notes(plain, len(plain))))
    return said + [words.choice(key, value) for key, value in attrs.get("choices", {}).items()]
