"""Own figures against figures from outside: an industry's, a sister profile's, last year's plan, from a file."""

import math
import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from toolkit import engine, verdicts, words
from toolkit.errors import BadParameter, MissingColumn, suggestion
from toolkit.intervals import LEVEL, difference, normal_quantile, wilson
from toolkit.metrics.registry import METRICS, metric
from toolkit.result import Result, interval_columns
from toolkit.tables import FOLDED, outside_name
from toolkit.tables import LINE_OF_OUTSIDE as LINE
from toolkit.tables import PARTS_OF_OUTSIDE as PARTS

RATE, SECONDS, SCORE, NET, COUNT, NUMBER = "rate", "seconds", "score", "net", "count", "number"
# What a figure may be given in, and what it is then multiplied by.
UNITS = {
    RATE: {"": 1, "rate": 1, "share": 1, "fraction": 1, "%": 0.01, "percent": 0.01, "pct": 0.01},
    SECONDS: {"": 1, "s": 1, "sec": 1, "second": 1, "seconds": 1, "min": 60, "minute": 60, "minutes": 60}
    | {"h": 3_600, "hour": 3_600, "hours": 3_600, "d": 86_400, "day": 86_400, "days": 86_400},
    SCORE: {"": 1, "score": 1, "points": 1},
    NET: {"": 0.01, "points": 0.01, "share": 1},  # as the field writes it, from -100 to 100
    COUNT: {"": 1, "count": 1, "n": 1},
    NUMBER: {"": 1},
}


class Outside(NamedTuple):
    """Figures from outside: `rows` that can be read, and `unread`, (line, why) of those that can't."""

    rows: pd.DataFrame
    unread: list


@metric("comparison", table="", case="case", value="change")
def benchmark(own, outside, value=None):
    """A metric's result against figures from outside, such as an industry's or a sister profile's.

    Parameters
    ----------
    own : Result
        Of a metric, with or without groups.
    outside : DataFrame, ibis Table or path, one row per figure
        `metric`: the name of a metric ("csat"), or with one of its columns ("csat.mean"); `value`; `unit` where it isn't
        the toolkit's own (a share from 0 to 1, seconds): "%", "min", "h", "days", also beside the number; `low`, `high`
        (95 %) or `n`, the cases that it rests on: without them it is taken as exact; `name`, whose figure it is; `source`
        and `period`, shown as they are. Any other column is a group of the result, such as `channel`: empty in a row that is of
        all.
    value : str, optional
        The column to compare; by default what the metric is told by.

    Returns
    -------
    Result, one row per group of `own` and outside figure of it: `name`, the groups, the count, the value with its interval;
        `previous` (the outside figure) with `previous_low`, `previous_high` and `previous_n`, `is_exact`; `change`, own less outside, with
        `change_low`, `change_high` (95 %, MOVER of the two intervals), `p` and `verdict` ("clear" after Holm's correction
        over the rows, "chance", "few", "not comparable" for counts and for what has no interval). What can't be read is in
        `.attrs["unread"]`: (line, why).

    Raises
    ------
    BadParameter, MissingColumn
        `own` is no metric's result with a count, or has no such value; the file has no column `metric` or `value`.

    Source: DEFINITIONS.md#benchmark

    Examples
    --------
    >>> from toolkit.metrics import csat
    >>> own = csat(pd.DataFrame({"score": [5] * 70 + [1] * 30}))
    >>> outside = pd.DataFrame({"metric": ["csat"], "value": ["85 %"], "name": ["The industry"]})
    >>> benchmark(own, outside)[["name", "csat", "previous", "change", "verdict"]].round(3).values.tolist()
    [['The industry', 0.7, 0.85, -0.15, 'clear']]
    """
    attrs = own.attrs
    value = value or attrs.get("value")
    if value not in own.columns:
        raise MissingColumn(attrs.get("metric", "result"), value, own.columns)
    attrs = attrs | {"minimum_count": own.least(value)}
    counted = attrs.get("counts", {}).get(value, attrs.get("count", "n"))
    keys = list(attrs.get("rows", attrs["by"]))
    if counted not in own.columns or (not keys and len(own) > 1):
        raise BadParameter("benchmark takes figures with a count, one row per group; group this result with by=")
    rows, unread = outside if isinstance(outside, Outside) else outside_figures(outside)
    is_own = [(one.metric, one.column, tuple(sorted(one.keys))) for one in rows.itertuples()]
    rows = rows[[one == (attrs["metric"], value, tuple(sorted(keys))) for one in is_own]]
    ends = list(interval_columns(own.columns).get(value, ()))
    frame, made, changes, unread = pd.DataFrame(own), [], [], list(unread)
    for one in rows.itertuples():
        found = frame
        for key, held in one.keys.items():
            found = found[found[key].map(lambda value, key=key: _folded(key, _text(value))) == _folded(key, held)]
        if not len(found):
            unread.append((one.line, _no_group(one.keys, frame)))
            continue
        row = found.iloc[0]
        told = {"name": one.name} | {key: row[key] for key in keys}
        told |= {name: row[name] for name in dict.fromkeys([counted, value, *ends])}
        told |= {"previous_n": one.n, "previous": one.value, "previous_low": one.low, "previous_high": one.high}
        made.append(told | {"is_exact": one.low == one.high, "source": one.source, "period": one.period})
        changes.append(_against(row, value, counted, ends, one, attrs))
    columns = ["name", *keys, *dict.fromkeys([counted, value, *ends])]
    columns += ["previous_n", "previous", "previous_low", "previous_high", "is_exact"]
    frame = pd.DataFrame(made, columns=[*columns, "source", "period"])
    for column, part in (("change", "change"), ("change_low", "low"), ("change_high", "high"), ("p", "p")):
        frame[column] = pd.Series([getattr(change, part) for change in changes], dtype=float)
    frame["verdict"] = verdicts.decide(changes)
    frame = frame[[*columns, "change", "change_low", "change_high", "p", "verdict", "source", "period"]]
    unit = attrs["units"].get(value, "text")
    units = {name: attrs["units"].get(name, "text") for name in [*keys, value]}
    units |= {counted: "count", "previous_n": "count", "previous": unit, "p": "number", "verdict": "verdict"}
    units["change"] = {"rate": "points"}.get(unit, f"change in {unit}")
    result = Result.of(frame, attrs["metric"], units, ["name", *keys], attrs["minimum_count"], attrs["choices"])
    result.attrs |= {name: attrs[name] for name in ("zone", "case", "best", "roles") if name in attrs}
    result.attrs |= {"shape": "comparison", "value": value, "count": counted, "ends": tuple(ends), "against": "outside"}
    result.attrs |= {
        "rows": ["name", *keys],
        "groups": keys,
        "unread": sorted(unread),
        "target": None,
        "per_day": False,
    }
    return result


def _text(value):
    return engine.NONE if value is None or pd.isna(value) else str(value)


def _folded(key, text):
    return text.lower() if key in FOLDED else text


def _no_group(keys, frame):
    said = ", ".join(f"{key} {value!r}" for key, value in keys.items())
    (key, value), *_ = keys.items()
    return _why("no_group", said=said, hint=suggestion(value, frame[key].map(_text)))


def _why(key, **values):
    return words.text(f"notes.outside.{key}", **values)


def _against(row, value, counted, ends, outside, attrs):
    """The change of an own figure against one from outside; its p is where the interval, moved out alike, touches 0."""
    unit, own = attrs["units"].get(value), row[value]
    if row[counted] < max(attrs["minimum_count"], 1):
        return verdicts.Change(untested=verdicts.FEW)
    if pd.isna(own):
        return verdicts.Change(untested=verdicts.NOT_COMPARABLE)
    if unit == "count" or not ends or pd.isna(row[ends[0]]) or pd.isna(row[ends[1]]):
        return verdicts.Change(float(own - outside.value), untested=verdicts.NOT_COMPARABLE)
    change, low, high = difference(
        [float(row[name]) for name in (value, *ends)], (outside.value, outside.low, outside.high)
    )
    side = change - low if change > 0 else high - change  # the end that could reach 0
    p = math.erfc(abs(change) / side * normal_quantile(LEVEL) / math.sqrt(2)) if side > 0 else float(change == 0)
    return verdicts.Change(change, low, high, min(max(p, verdicts.SMALLEST_P), 1.0), "outside")


# --- reading --------------------------------------------------------------------------------------


def outside_figures(table):
    """The figures of a table from outside that can be read, and why the others can't.

    Parameters
    ----------
    table : DataFrame, ibis Table or path
        See `benchmark`; a column `line_` says where each row stands, else they are numbered from 2 (below a heading).

    Returns
    -------
    Outside: rows of line, metric, column, keys ({column: value}), value, low, high (in the toolkit's unit), n (null where
        it isn't known), name, source, period; unread: (line, why)

    Examples
    --------
    >>> table = pd.DataFrame({"metric": ["csat", "csat", "first_response_time"], "value": ["80 %", "85", "2h"]})
    >>> rows, unread = outside_figures(table)
    >>> rows[["metric", "column", "value"]].values.tolist()
    [['csat', 'csat', 0.8], ['first_response_time', 'median_seconds', 7200.0]]
    >>> unread
    [(3, '85 is no share from 0 to 1; write 0.85, or give the unit %')]
    """
    if not isinstance(table, pd.DataFrame):
        table = engine.to_pandas(engine.as_table(table, "benchmark", ["metric", "value"]))
    table = table.set_axis([outside_name(name) for name in table.columns], axis=1)
    table = table.loc[
        :, [bool(name) or bool(table.iloc[:, at].map(_said).any()) for at, name in enumerate(table.columns)]
    ]
    if table.columns.has_duplicates:
        raise BadParameter(f"benchmark has the column {table.columns[table.columns.duplicated()][0]!r} twice")
    for name in ("metric", "value"):
        if name not in table.columns:
            raise MissingColumn("benchmark", name, table.columns)
    keys = [name for name in table.columns if name not in (*PARTS, LINE)]
    made, unread, seen = [], [], {}
    for number, (_, row) in enumerate(table.iterrows(), 2):
        said = {name: _said(row[name]) for name in table.columns}
        line = int(said.get(LINE) or number)
        try:
            one = _figure(said, {key: said[key] for key in keys if said[key]})
        except ValueError as error:
            unread.append((line, str(error)))
            continue
        groups = {key: _folded(key, held) for key, held in one["keys"].items()}
        which = (one["metric"], one["column"], one["name"], tuple(sorted(groups.items())))
        if which in seen:
            unread.append((line, _why("twice", line=seen[which])))
            continue
        seen[which] = line
        made.append({"line": line} | one)
    names = ["line", "metric", "column", "keys", "value", "low", "high", "n", "name", "source", "period"]
    return Outside(pd.DataFrame(made, columns=names), unread)


def _said(value):
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return ""
    whole = isinstance(value, (float, np.floating)) and float(value).is_integer()
    return str(int(value)) if whole else str(value).strip()


def _figure(said, keys):
    """One figure, in the toolkit's unit; ValueError says why it can't be read."""
    name, _, column = said["metric"].lower().replace(" ", "_").partition(".")
    about = METRICS.get(name)
    if about is None or about.shape == "comparison":
        known = [one for one, metric_ in METRICS.items() if metric_.shape != "comparison"]
        raise ValueError(_why("unknown", name=said["metric"], hint=suggestion(name, known)))
    column = column or about.value
    unit = unit_of(name, column)
    if not said["value"]:
        raise ValueError(_why("no_value"))
    value = _number(said["value"], unit, said.get("unit", ""))
    ends = [_number(said[end], unit, said.get("unit", "")) if said.get(end) else None for end in ("low", "high")]
    n = _number(said["n"], COUNT, "") if said.get("n") else math.nan
    if n <= 0:
        raise ValueError(_why("n", n=said["n"]))
    if ends.count(None) == 1:
        raise ValueError(_why("one_end"))
    if None not in ends and not ends[0] <= value <= ends[1]:
        raise ValueError(_why("order", value=said["value"], low=said["low"], high=said["high"]))
    if None in ends:
        ends = [value, value]
        if unit == RATE and n == n:
            ends = [float(end[0]) for end in wilson([value * n], [n])]
    told = {"name": said.get("name") or said.get("source") or "", "source": said.get("source", "")}
    told["period"] = said.get("period", "")
    return {
        "metric": name,
        "column": column,
        "keys": keys,
        "value": value,
        "low": ends[0],
        "high": ends[1],
        "n": n,
    } | told


def unit_of(name, column):
    """What a column of a metric is measured in, by its name and the metric's shape.

    >>> unit_of("csat", "csat"), unit_of("csat", "mean"), unit_of("first_response_time", "p90_seconds")
    ('rate', 'score', 'seconds')
    """
    shape = METRICS[name].shape
    if column.endswith("_seconds"):
        return SECONDS
    if column == "n" or column.endswith("_count") or shape == "count":
        return COUNT
    if column == "mean":
        return SCORE
    if shape == "score" and column == METRICS[name].value:
        return NET
    return RATE if shape in ("rate", "shares", "wait", "mean", "curve") else NUMBER


def _number(text, unit, given):
    """A number with its unit, beside it or given apart, in the toolkit's unit."""
    found = re.fullmatch(r"([-+]?\d[\d.,\u00a0 ]*?)\s*([a-z%]*)", text.strip().lower())
    if not found:
        raise ValueError(_why("no_number", value=text))
    digits, beside = found[1].replace("\u00a0", "").replace(" ", ""), found[2]
    if re.fullmatch(r"[-+]?\d+,\d{1,2}|[-+]?\d+,\d{4,}", digits):
        digits = digits.replace(",", ".")
    elif re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?", digits):
        if digits.count(",") == 1 and "." not in digits:
            raise ValueError(_why("two_numbers", value=text))
        digits = digits.replace(",", "")
    try:
        number = float(digits)
    except ValueError:
        raise ValueError(_why("no_number", value=text)) from None
    given = given.strip().lower()
    if beside and given and UNITS[unit].get(beside) != UNITS[unit].get(given):
        raise ValueError(_why("two_units", value=text, unit=given))
    said = beside or given
    if said not in UNITS[unit]:
        allowed = ", ".join(name for name in UNITS[unit] if name)
        raise ValueError(_why("unit" if allowed else "no_unit", unit=said, allowed=allowed))
    value = number * UNITS[unit][said]
    if unit == RATE and not 0 <= value <= 1:
        key = "percent" if not said and 1 < number <= 100 else "no_share"
        raise ValueError(_why(key, value=text, share=f"{number / 100:g}"))
    if unit == NET and abs(value) > 1:
        raise ValueError(_why("no_net", value=text))
    if unit in (SECONDS, COUNT) and value < 0:
        raise ValueError(_why("below_zero", value=text))
    return value
