"""One metric without a notebook: which of them a data set supports, its result, and the result as JSON, CSV and text.

The JSON has a schema, `docs/metric.schema.json`.

>>> import toolkit
>>> data = toolkit.open_data("data/sample", period="2024-03")
>>> said = as_json(one_metric(data, "csat", by=["channel"]), data)
>>> said["metric"], said["unit"], said["target"]["value"], sorted(said["rows"][0]["keys"])
('csat', 'rate', 0.8, ['channel'])
"""

import ast
import datetime
import inspect

import numpy as np
import pandas as pd

import toolkit
from toolkit import words
from toolkit.errors import BadParameter, ToolkitError, suggestion
from toolkit.intervals import LEVEL
from toolkit.metrics import QUESTIONS
from toolkit.metrics.definitions import definition
from toolkit.metrics.registry import METRICS
from toolkit.metrics.shapes import planned
from toolkit.report.wants import wanted
from toolkit.result import heading, interval_columns, row_keys
from toolkit.table_html import cells
from toolkit.table_html.columns import visible
from toolkit.tables import TABLES

FORMAT_VERSION = 1  # of the JSON
# What a data set gives its tables, or what is given another way.
GIVEN = {*TABLES, "data", "by", "zone", "service", "as_of", "period", "hours", "earlier"}
ROW = ("is_total",)  # columns that say what kind of row it is


def metric_named(name):
    """The metric of that name; BadParameter with a suggestion where there is none."""
    if name not in METRICS:
        raise BadParameter(f"there is no metric {name!r}{suggestion(name, METRICS)}; see toolkit list --metrics")
    return METRICS[name]


def choices_of(about):
    """{name: default} of the choices of a metric: what it may be told, besides its groups and the data."""
    takes = inspect.signature(about.function).parameters
    return {name: one.default for name, one in list(takes.items())[1:] if name not in GIVEN}


def one_metric(data, name, by=(), params=None):
    """A metric of a data set.

    Parameters
    ----------
    data : Data
    name : str
    by : list of str
        Its groups; by default its own.
    params : {name: text}
        Its choices; a list is written with commas.

    Raises
    ------
    BadParameter
        There is no such metric or choice, it is made of results and not of data, or there is no period before.
    MissingTable, MissingColumn, MissingSetting
        The data, or service.toml, hasn't what it needs.
    """
    about = metric_named(name)
    result = _call(data, about, by, params or {})
    if result is None:  # what is told against the period before, where there is none
        raise BadParameter(f"{name}: {words.text('blocks.no_past')}")
    return result


def _call(data, about, by=(), params=None):
    known, given = choices_of(about), {}
    takes = list(inspect.signature(about.function).parameters.values())
    if _is_of_results(about):
        raise BadParameter(f"{about.name} is made of results of other metrics: use it in a notebook")
    for key, text in (params or {}).items():
        if key not in known:
            allowed = ", ".join(known) or "none"
            raise BadParameter(f"{about.name} has no choice {key!r}{suggestion(key, known)}; it has: {allowed}")
        given[key] = value_of(key, text, known[key])
    if by:
        if not any(one.name == "by" for one in takes):
            raise BadParameter(f"{about.name} takes no groups")
        given["by"] = list(by) if len(by) > 1 else by[0]
    return about.function(getattr(data, about.table) if about.table else data, **given)


def _is_of_results(about):
    """Whether a metric is made of results of others, or of more than the data: it is for a notebook."""
    takes = list(inspect.signature(about.function).parameters.values())
    asks_more = any(one.default is one.empty for one in takes[1:])
    return asks_more or (not about.table and takes[0].name != "data")


def value_of(name, text, default):
    """A choice as its default's type asks.

    >>> value_of("edges", "1h,6h", ("1h",)), value_of("windows", "3, 7", (1,)), value_of("limit", "5", None)
    (['1h', '6h'], [3, 7], 5)
    >>> value_of("satisfied", "none", None), value_of("mask", "false", True), value_of("clock", "business", "calendar")
    (None, False, 'business')
    """
    if isinstance(default, (tuple, list)):
        return [_literal(part.strip()) for part in text.split(",")]
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise BadParameter(f"{name}={text!r} is not allowed; choose one of true, false")
        return text.lower() == "true"
    if isinstance(default, str):
        return text
    value = None if text.lower() == "none" else _literal(text)
    if isinstance(default, (int, float)) and not isinstance(value, (int, float)):
        raise BadParameter(f"{name}={text!r} is no number")
    return value


def _literal(text):
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError):
        return text
    return value if isinstance(value, (int, float)) else text


# --- what is supported --------------------------------------------------------------------------------


def supported(data=None, names=()):
    """Which metrics a data set supports, by question: its names, or all.

    Returns
    -------
    list of dict: question, metric, title, is_of_results (of other metrics: for a notebook), and of a data set `missing`: "" where it can be computed, else what is
        missing, as a clause, and `kind`: table, kind (of a table's rows), column, setting, package or other; then also
        `want`, as `toolkit.report.wants` tells of it
    """
    asked = set(names)
    unknown = [name for name in asked if name not in METRICS and name not in QUESTIONS]
    if unknown:
        known = [*METRICS, *QUESTIONS]
        raise BadParameter(f"there is no metric or question {unknown[0]!r}{suggestion(unknown[0], known)}")
    made = []
    for question, members in QUESTIONS.items():
        for name in members:
            if asked and not asked & {question, name}:
                continue
            row = {"question": question, "metric": name, "title": definition(name)[0]}
            row["is_of_results"] = _is_of_results(METRICS[name])
            made.append(row | ({} if data is None else _missing(data, METRICS[name])))
    return made


def _missing(data, about):
    try:
        with planned():
            _call(data, about)
    except ToolkitError as error:
        want = wanted(error, about.contract)
        return {"missing": want.name, "kind": want.kind, "want": want}
    return {"missing": "", "kind": ""}


# --- JSON, CSV, text ------------------------------------------------------------------------------------


def as_json(result, data):
    """A result as data that JSON can say, as docs/metric.schema.json describes it.

    Figures are raw: rates from 0 to 1, durations in seconds, times in ISO 8601, null where there is none.
    """
    attrs = result.attrs
    name, value, count = attrs["metric"], attrs["value"], attrs.get("count", "n")
    about, (title, text, contested) = METRICS[name], definition(name)
    ends = attrs.get("ends") or interval_columns(result.columns).get(value)
    target, period = attrs.get("target"), data.period
    said = {
        part: words.text(f"metric.{name}.{part}")
        for part in ("systems", "source")
        if words.has(f"metric.{name}.{part}")
    }
    return {
        "format": FORMAT_VERSION,
        "version": toolkit.__version__,
        "metric": name,
        "question": about.question,
        "title": title,
        "definition": {"text": text, "contested": contested} | {"systems": "", "source": ""} | said,
        "view_of": about.view_of or None,
        "shape": attrs["shape"],
        "population": {
            "table": about.table or None,
            "case": attrs["case"],
            "period": {
                "label": period.label,
                "start": _plain(period.start),
                "end": _plain(period.end),
                "time_zone": data.zone,
            },
            "as_of": _plain(data.as_of),
            "filters": {column: list(values) for column, values in data.filters.items()},
            "source": data.source,
        },
        "by": [key for key in attrs["by"] if key in result.columns],
        "choices": {key: _plain(one) for key, one in attrs.get("choices", {}).items()},
        "value": value,
        "unit": attrs["units"].get(value, "text"),
        "best": about.best or None,
        "count": count,
        "minimum_count": attrs["minimum_count"],
        "interval": {"level": LEVEL, "low": ends[0], "high": ends[1]} if ends else None,
        "target": {key: _plain(one) for key, one in target.items()} if target else None,
        "units": {column: unit for column, unit in attrs["units"].items() if column in result.columns},
        "finding": result.sentence(),
        "rows": _rows(result, value, count, ends),
    }


def _rows(result, value, count, ends):
    frame, keys, made = pd.DataFrame(result), row_keys(result), []
    told = zip(frame.to_dict("records"), result.statuses(), result.targets(), result.enough(), strict=True)
    for row, status, target, is_enough in told:
        made.append(
            {
                "keys": {key: _plain(row[key]) for key in keys},
                "n": _plain(row.get(count)),
                "value": _plain(row.get(value)),
                "low": _plain(row[ends[0]]) if ends else None,
                "high": _plain(row[ends[1]]) if ends else None,
                "target": _plain(target),
                "status": status,
                "is_enough": bool(is_enough),
                "columns": {str(name): _plain(one) for name, one in row.items() if name not in keys},
            }
        )
    return made


def _plain(value):
    """A value as JSON has it.

    >>> _plain(float("nan")), _plain(np.int64(3)), _plain(pd.Timestamp("2024-03-04")), _plain(("a", 1.5))
    (None, 3, '2024-03-04', ['a', 1.5])
    """
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if value is None or pd.isna(value):
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    if isinstance(value, (datetime.date, datetime.datetime)):
        is_day = isinstance(value, pd.Timestamp) and value.tzinfo is None and value == value.normalize()
        return value.date().isoformat() if is_day else value.isoformat()
    return str(value)


def as_texts(result):
    """(headings, rows of texts) of a result as people read it, each figure with its interval; which columns are numbers."""
    keys, metric, columns, numeric = row_keys(result), result.attrs["metric"], [], []
    for name in [one for one in visible(result) if one not in ROW]:
        if name in keys:
            columns.append(cells.names(result, name, 60))
        else:
            ends = interval_columns(result.columns).get(name)
            between = cells.intervals(result, name, ends) if ends else [""] * len(result)
            pairs = zip(cells.figures(result, name), between, strict=True)
            columns.append([f"{text} ({around})" if around else text for text, around in pairs])
        numeric.append(name not in keys and result.attrs["units"].get(name, "text") not in ("text", "verdict"))
    heads = [heading(name, metric) for name in visible(result) if name not in ROW]
    return heads, list(zip(*columns, strict=True)), numeric
