"""The figures of a run's reports as files that other programs read: CSV, Parquet, one workbook, figures.json.

All of it comes from what the executed notebooks display, and so says what the reports say, masked as they are. The same
notebooks make the same bytes. docs/figures.md describes the files, docs/figures.schema.json figures.json.
"""

import json
from pathlib import Path
from urllib.parse import quote

from toolkit.displays import KEY_FIGURES, REPORT
from toolkit.intervals import LEVEL
from toolkit.replaced import replace_file
from toolkit.report.figures_book import write_book
from toolkit.report.overview import place
from toolkit.report.page import FOLDER, read_page
from toolkit.table_html.csv_text import csv_of

FORMAT_VERSION = 1  # of figures.json; it changes when a key is renamed or removed
DATA, BOOK = "figures.json", "figures.xlsx"
CHANGE_UNITS = {"count": "rate"}  # of a count a change is a share of what was before
DIGITS = 9  # that count of a number: what follows differs with the order in which an engine adds


def write_figures(folder, manifest):
    """Write the figures of all reports of a folder; a report of an earlier run keeps the files that it came with.

    Parameters
    ----------
    folder : path
        Holds the executed notebooks; gets figures/NAME/*.csv and .parquet, figures.json and figures.xlsx.
    manifest : dict
        `reports`: {name: entry} as `toolkit.report.manifest.entry` makes them, with `made_in`; `run`: its id, or a dict
        with one.
    """
    folder, run, reports = Path(folder), _run_id(manifest), []
    for name, entry in sorted(manifest["reports"].items(), key=place):
        found = read_report(folder, name, entry) if entry.get("html") else None
        if found is None:
            continue
        is_earlier = entry.get("made_in") not in (None, run)
        found["is_earlier"] = is_earlier
        files = folder / FOLDER / name
        if not (is_earlier and files.is_dir()):
            _write_tables(files, found["tables"])
        reports.append(found)
    said = as_data(reports, run)
    replace_file(folder / DATA, (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode())
    replace_file(folder / BOOK, write_book(reports, said["figures"]))


def _run_id(manifest):
    run = manifest.get("run")
    return run.get("id") if isinstance(run, dict) else run


def read_report(folder, name, entry):
    """A report's head, key figures and tables, from its executed notebook; None where that can't be read."""
    import nbformat

    try:
        notebook = nbformat.read(Path(folder) / (entry.get("notebook") or f"notebooks/{name}.ipynb"), 4)
    except (OSError, ValueError):
        return None
    page, header, pairs = read_page(notebook, name), {}, []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            header |= data.get(REPORT, {})
            shown = data.get(KEY_FIGURES, {})
            pairs += zip(shown.get("figures", []), shown.get("raw", []), strict=False)
    told = {one["metric"]: one for one in page.measured.get("definitions") or [] if one.get("metric")}
    return {
        "name": name,
        "title": entry.get("title") or page.title,
        "html": entry["html"],
        "entry": entry,
        "header": header,
        "figures": pairs,
        "definitions": told,
        "tables": list(page.tables),
    }


# --- one file a table -----------------------------------------------------------------------------------


def _write_tables(folder, tables):
    for path in folder.glob("*") if folder.is_dir() else ():  # what a report doesn't show any more
        path.unlink()
    for table in tables:
        replace_file(folder / f"{table['base']}.csv", csv_of(table["data"]).encode())
        replace_file(folder / f"{table['base']}.parquet", parquet(table))


def parquet(table):
    """A table as Parquet: each column of its type, with its unit and its heading as the field's metadata.

    Examples
    --------
    >>> import io
    >>> import pyarrow.parquet as pq
    >>> column = {"name": "share", "unit": "rate", "type": "number", "heading": "Share", "values": [0.25, None]}
    >>> read = pq.read_table(io.BytesIO(parquet({"label": "x", "data": {"columns": [column]}})))
    >>> read.to_pydict(), read.schema.field("share").metadata[b"unit"]
    ({'share': [0.25, None]}, b'rate')
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {
        "text": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "time": pa.timestamp("us", "UTC"),
    }
    fields, arrays = [], []
    for column in table["data"]["columns"]:
        kind = types[column["type"]]
        about = {"unit": column["unit"], "heading": column["heading"]}
        fields.append(pa.field(column["name"], kind, metadata=about))
        arrays.append(pa.array(_read(column), kind))
    sink = pa.BufferOutputStream()
    schema = pa.schema(fields, metadata={"label": table["label"]})
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), sink)
    return sink.getvalue().to_pybytes()


def _read(column):
    from datetime import date, datetime

    read = {"date": date.fromisoformat, "time": datetime.fromisoformat, "text": _well_formed}.get(column["type"])
    return [read(value) if read and value is not None else value for value in column["values"]]


def _well_formed(text):
    return text.encode("utf-8", "replace").decode()


# --- figures.json ---------------------------------------------------------------------------------------


def as_data(reports, run=None):
    """What figures.json says, see docs/figures.schema.json; what differs from run to run stands under `run` and `made_in`."""
    figures = [_figure(report, texts, raw) for report in reports for texts, raw in report["figures"]]
    return {
        "format": FORMAT_VERSION,
        "run": run,
        "reports": [_report(report) for report in reports],
        "figures": figures,
        "tables": [_table(report, table) for report in reports for table in report["tables"]],
    }


def _scope(report):
    header, entry = report["header"], report["entry"]
    names = ("period", "previous_period", "time_zone", "as_of")
    return {name: header.get(name) or entry.get(name) or None for name in names} | {"made_in": entry.get("made_in")}


def _report(report):
    header, entry = report["header"], report["entry"]
    said = header.get("headline") or {}
    bullets = [{name: one.get(name) or "" for name in ("kind", "text")} for one in said.get("bullets") or []]
    return {
        "report": report["name"],
        "title": report["title"],
        "scope": header.get("scope") or "",
        "service": header.get("service") or "",
        "file": report["html"],
        "status": "kept" if report.get("is_earlier") and entry.get("status") == "ok" else entry.get("status"),
        "headline": {"title": said["title"], "bullets": bullets} if said.get("title") else None,
    } | _scope(report)


def _figure(report, texts, raw):
    unit, told = raw.get("unit") or "text", report["definitions"].get(raw.get("metric"), {})
    low, high = (_number(raw.get(end)) for end in ("low", "high"))
    number = _count if unit == "count" else _number
    link = f"#{texts['block']}" if texts.get("block") else ""
    past = raw.get("year_ago")
    return {
        "report": report["name"],
        "metric": raw.get("metric"),
        "column": raw.get("column"),
        "label": texts["label"],
        "population": texts.get("population")
        or (texts.get("interval") if low is None and high is None else "")
        or None,
        "value": number(raw.get("value")),
        "unit": unit,
        "n": _count(raw.get("n")),
        "case": raw.get("case"),
        "low": low,
        "high": high,
        "level": None if low is None and high is None else LEVEL,
        "definition": told.get("text") or None,
        "previous": number(raw.get("previous")),
        "previous_n": _count(raw.get("previous_n")),
        "change": _number(raw.get("change")),
        "change_unit": CHANGE_UNITS.get(unit, unit),
        "change_low": _number(raw.get("change_low")),
        "change_high": _number(raw.get("change_high")),
        "per_day": bool(raw.get("per_day")),
        "verdict": raw.get("verdict"),
        "direction": raw.get("direction") or "none",
        "target": _number(raw.get("target")),
        "within_seconds": _number(raw.get("within_seconds")),
        "status": raw.get("status") or "none",
        "year_ago": None
        if not past
        else {
            "value": number(past.get("value")),
            "n": _count(past.get("n")),
            "change": _number(past.get("change")),
            "verdict": past.get("verdict"),
        },
        "missing": raw["note"] if isinstance(raw.get("note"), str) else None,
        "note": texts.get("note") or None,
        "shown": {name: texts.get(name) or "" for name in ("value", "interval", "change", "beside")},
        "weeks": [
            {"week": one["week"], "value": number(one["value"]), "n": _count(one["n"]), "in_period": one["in_period"]}
            for one in raw.get("history") or []
        ],
        "file": report["html"] + link,
    } | _scope(report)


def _table(report, table):
    data = table["data"]
    path = f"{FOLDER}/{quote(report['name'])}/{quote(table['base'])}"
    told = report["definitions"].get(table["metric"], {})
    columns = [{name: column[name] for name in ("name", "heading", "unit", "type")} for column in data["columns"]]
    return {
        "report": report["name"],
        "label": table["label"],
        "metric": table["metric"] or None,
        "by": list(table["by"]),
        "definition": told.get("text") or None,
        "choices": [{"title": title, "text": text} for title, text in data.get("choices") or []],
        "rows": data["rows"],
        "left_out": data["left"],
        "columns": columns,
        "csv": f"{path}.csv",
        "parquet": f"{path}.parquet",
        "file": f"{report['html']}#{table['id']}",
    } | _scope(report)


def _number(value):
    return None if value is None else float(f"{value:.{DIGITS}g}")


def _count(value):
    """A number of cases; one that was weighted, or divided, is none, and stays as it is."""
    found = _number(value)
    return int(found) if found is not None and found == int(found) else found
