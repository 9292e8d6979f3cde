"""A table's values as plain data, with the unit and the type of each column: what its files are written of.

What a table doesn't show for want of cases isn't in its files either.
"""

import datetime

import numpy as np
import pandas as pd

from toolkit import words
from toolkit.result import Result, interval_columns, row_keys
from toolkit.table_html import cells
from toolkit.table_html.columns import title_of

MOST_ROWS = 10_000  # of a table that leaves the notebook; more are no table that anybody reads
DIGITS = 6  # decimals of a number
SHOWN = ("text", "count", "time", "hour", "verdict")  # units that stand in a table, however few the cases
TYPES = ("text", "integer", "number", "boolean", "date", "time")


def table_data(result, most_rows=MOST_ROWS):
    """The columns of a result as plain data.

    Parameters
    ----------
    result : Result, or any frame
        In the order of its rows. Columns that begin with an underscore stay behind.
    most_rows : int or None
        Rows that are kept.

    Returns
    -------
    dict : `rows`, how many there are; `left`, how many of them aren't kept; `columns`, a dict each: `name`; `heading`, as
        the table has it; `unit`, as in `Result.attrs`; `type`, one of `TYPES`; `values`, null where there is none (rates are
        fractions, durations seconds, times ISO 8601 in UTC); `said`, {place: what a table says in place of a value};
        `names`, {value: what people call it}; `choices`, [title, text] of each definition that was chosen

    Examples
    --------
    >>> frame = pd.DataFrame({"topic": ["billing", "sim"], "n": [20, 3], "lost": [0.25, 1 / 3]})
    >>> result = Result.of(frame, "abandonment_rate", {"n": "count", "lost": "rate"}, ["topic"], minimum_count=10)
    >>> topic, n, lost = table_data(result)["columns"]
    >>> topic["values"], topic["names"]
    (['billing', 'sim'], {'billing': 'Billing', 'sim': 'Sim'})
    >>> n["type"], n["values"], lost["unit"], lost["values"], lost["said"]
    ('integer', [20, 3], 'rate', [0.25, None], {'1': 'too few'})
    """
    result = result if isinstance(result, Result) else Result(result)
    every = len(result)
    if most_rows is not None and every > most_rows:
        result = result.iloc[:most_rows]
    if result.columns.nlevels > 1 or not result.columns.is_unique:  # no metric's; told apart by their place
        result = Result(result.set_axis(_told_apart(result.columns), axis=1))
    ends = interval_columns(result.columns)
    owner = {
        end: (name, place) for name, pair in ends.items() for place, end in zip(("low", "high"), pair, strict=True)
    }
    kept = [name for name in result.columns if not str(name).startswith("_")]
    made = [_column(result, name, *owner.get(name, (None, ""))) for name in kept]
    choices = [list(words.choice(key, value)) for key, value in result.attrs.get("choices", {}).items()]
    return {"rows": every, "left": every - len(result), "columns": made, "choices": choices}


def _told_apart(columns):
    """Headings as texts, each once.

    >>> _told_apart(["a", ("b", 1), "a"])
    ['a', 'b 1', 'a 3']
    """
    said = [" ".join(map(str, name)).strip() if isinstance(name, tuple) else str(name) for name in columns]
    return [one if one not in said[:place] else f"{one} {place + 1}" for place, one in enumerate(said)]


def unit_of(result, name, owner=None):
    """The unit of a column; that of an end of an interval is its figure's.

    >>> unit_of(Result.of(pd.DataFrame(), "x", {"share": "rate"}), "low", "share")
    'rate'
    """
    return result.attrs.get("units", {}).get(name if owner is None else owner, "text")


def _column(result, name, owner, end):
    unit = unit_of(result, name, owner)
    column, said = result[name], {}
    values, kind = _plain(column, unit)
    is_figure = kind in ("integer", "number") and name not in row_keys(result)
    if is_figure and (unit not in SHOWN or (unit == "text" and "units" in result.attrs)):
        told = cells.enough(result, name if owner is None else owner)
        values = [value if is_told else None for value, is_told in zip(values, told, strict=True)]
    if is_figure and unit not in SHOWN and owner is None and None in values:
        texts = cells.figures(result, name)
        said = {str(place): texts[place] for place, value in enumerate(values) if value is None and texts[place] != "–"}
    heading = words.text(f"tables.ends.{end}", name=title_of(result, owner)) if end else title_of(result, name)
    made = {"name": str(name), "heading": heading, "unit": unit, "type": kind, "values": values}
    if unit == "text" and kind == "integer" and name == "hour":
        made["unit"] = "hour"
    return made | {"said": said, "names": _names(result, name, column, kind, unit)}


def _names(result, name, column, kind, unit):
    """What the table calls the values of a column, where that is something else."""
    if kind != "text" or (unit not in ("text", "verdict") and name not in row_keys(result)):
        return {}
    made = {}
    for value in pd.unique(column.astype(object)):
        if value is None or pd.isna(value):
            continue
        said = str(cells.value_name(result, name, value, unit, 200))
        said = words.sentence_case(said) if name == result.attrs.get("part") else said
        # what was cut to fit, or put on one line, is the same text
        if said != str(value) and len(str(value)) <= 200 and "\n" not in str(value):
            made[str(value)] = said
    return made


def _plain(column, unit):
    """(values as JSON has them, their type)."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return [None if pd.isna(one) else one.tz_convert("UTC").isoformat() for one in column], "time"
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iufb":
        return _numbers(column.to_numpy(), unit)
    held = [None if value is None or value is pd.NaT or value is pd.NA else value for value in column]
    held = [None if isinstance(value, (float, np.floating)) and not np.isfinite(value) else value for value in held]
    known = [value for value in held if value is not None]
    if known and all(isinstance(value, (bool, np.bool_)) for value in known):
        return [None if value is None else bool(value) for value in held], "boolean"
    if known and all(isinstance(value, (int, float, np.integer, np.floating)) for value in known):
        if any(isinstance(value, (bool, np.bool_)) for value in known):
            return [None if value is None else str(value) for value in held], "text"
        return _numbers(np.array([np.nan if value is None else float(value) for value in held]), unit)
    if known and all(isinstance(value, datetime.date) for value in known):
        return _times(held)
    return [None if value is None else str(value) for value in held], "text"


def _numbers(values, unit):
    if values.dtype.kind == "b":
        return values.tolist(), "boolean"
    if values.dtype.kind in "iu":
        return values.tolist(), "integer"
    found = [round(float(value), DIGITS) + 0.0 if np.isfinite(value) else None for value in values]
    is_whole = unit in ("count", "hour") and all(value is None or value == int(value) for value in found)
    return ([None if value is None else int(value) for value in found], "integer") if is_whole else (found, "number")


def _times(values):
    """Days, or times; a time without a zone is no instant, and stays the text that it is."""
    stamps = [None if value is None else pd.Timestamp(value) for value in values]
    zoned = [one.tzinfo is not None for one in stamps if one is not None]
    if all(zoned):
        return [None if one is None else one.tz_convert("UTC").isoformat() for one in stamps], "time"
    if not any(zoned) and all(one is None or one == one.normalize() for one in stamps):
        return [None if one is None else one.date().isoformat() for one in stamps], "date"
    return [None if one is None else one.isoformat() for one in stamps], "text"
