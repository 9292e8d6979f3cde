"""The few helpers that metrics share, and the only place that knows how a table is handed over.

A metric takes a pandas frame, an Ibis table (DuckDB, Postgres, Spark, ...) or a path, builds one Ibis
expression and returns a small pandas frame. Everything timed is whole UTC seconds in int64, because
integer arithmetic gives equal results on every engine, where time zones and date parts do not.
"""

import datetime
import warnings
from dataclasses import dataclass, field
from pathlib import Path

from toolkit.backend import backend_of, connect, contacts_only, own_backend, quick_words
from toolkit.errors import BadData, BadParameter, MissingColumn, MissingSetting, counted
from toolkit.service import Service
from toolkit.tables import DTYPES, HISTORY_WEEK, READ_AT, TABLES
from toolkit.words.names import OTHERS, OTHERS_NAMES

OPENING = "opening"  # whether the service was open when a contact came in; holidays are outside
CONTACTS = ("conversations", "calls", "messages")
NONE = "(none)"  # the group of the rows whose key is missing
# What a comparison with the period before calls its columns.
COMPARED = ("previous_n", "previous", "change", "change_low", "change_high", "p", "verdict")
MIXED = ("mixed", "mixed-integer")  # object columns that have no one type, kept as text


@dataclass(frozen=True)
class Context:
    """What a table knows besides its rows: the service's settings, when it was read, and of which period it is."""

    service: Service = field(default_factory=Service)
    as_of: datetime.datetime | None = None
    period: object = None  # a clock.Period
    zone_is_known: bool = True  # False: times without an offset were taken as UTC
    data: object = field(default=None, compare=False, repr=False)  # the data set, seen as the table is

    @property
    def zone(self):
        """The service's IANA time zone."""
        return self.service.time_zone


def set_context(backend, context):
    """Remember what is known about every table of an Ibis backend.

    Tables of one period and reading time share a backend, so their zone, settings and reading time are
    found again from any table derived from them, and nobody has to pass them by hand. (An attribute and
    no dictionary: Ibis holds two connections to DuckDB for equal.)
    """
    backend._toolkit_context = context


def context_of(table):
    """The `Context` of an Ibis table, or None when it didn't come from `open_data`."""
    return getattr(backend_of(table), "_toolkit_context", None)


def zone_of(table, zone=None):
    """The zone given, else the data set's; an error, not a guess, when neither is known."""
    if zone is not None:
        return zone
    context = context_of(table)
    if context is None:
        raise BadParameter(
            "local hours and days need a time zone: pass zone='Europe/Rome' (an IANA name); "
            "tables from open_data carry theirs"
        )
    return context.zone


def as_of_seconds(table, epochs, as_of=None):
    """When the data was read, in epoch seconds: given, else the data set's, else the newest event."""
    if as_of is None:
        context = context_of(table)
        as_of = context.as_of if context else None
    if as_of is not None:
        return to_epoch(as_of)
    import ibis

    newest = to_pandas(table.aggregate(newest=ibis.greatest(*[ibis.coalesce(e.max(), 0) for e in epochs])))
    return int(newest["newest"].iloc[0] or 0)


def to_epoch(instant):
    """Whole UTC seconds of a datetime, Timestamp or ISO text; without an offset it is taken as UTC.

    Examples
    --------
    >>> to_epoch("1970-01-01T01:00:00+01:00"), to_epoch("1970-01-02")
    (0, 86400)
    """
    if isinstance(instant, str):
        try:
            instant = datetime.datetime.fromisoformat(instant)
        except ValueError:
            raise BadParameter(f"{instant!r} is not an instant; write one such as 2024-04-29T08:00:00Z") from None
    if not isinstance(instant, datetime.datetime) or instant != instant:  # NaT is unequal to itself
        raise BadParameter(f"{instant!r} is not an instant; write one such as 2024-04-29T08:00:00Z")
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=datetime.UTC)
    return int(instant.timestamp() // 1)


def as_table(data, name, needs=()):
    """An Ibis table of what was given, with the columns in `needs` checked.

    Parameters
    ----------
    data : DataFrame, ibis Table or path
        A path is a Parquet or CSV file of one table.
    name : str
        The table of the contract that it stands for; used to check dtypes and in messages.
    needs : sequence of str
        Columns that must be there.

    Raises
    ------
    MissingColumn
        Names the table, the column and the columns there are.
    BadData
        A column that should hold times or numbers holds something else.
    """
    import ibis

    if isinstance(data, (str, Path)):
        table = _from_path(Path(data), name)
    elif isinstance(data, ibis.Table):
        table = data
    elif hasattr(data, "to_pandas") or hasattr(data, "columns"):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*future.infer_string.*")
            table = ibis.memtable(_plain(data, name))
    else:
        raise BadData(f"{name}: {type(data).__name__} is not a table; pass a DataFrame, an ibis Table or a path")
    for column in needs:
        if column not in table.columns:
            raise MissingColumn(name, column, _shown(table))
    if name in TABLES:
        table = _checked_dtypes(table, name)
        if context_of(table) is None:  # a data set hands out contacts only
            table = contacts_only(table, name)
    return table


def _shown(table):
    return [n for n in table.columns if not n.endswith("_") and n not in (READ_AT, HISTORY_WEEK)]  # not what was added


def _from_path(path, name):
    if not path.exists():
        raise BadData(f"{path}: there is no such file")
    reader = {".parquet": "read_parquet", ".csv": "read_csv"}.get(path.suffix.lower())
    if reader is None:
        raise BadData(f"{path}: a metric reads one .parquet or .csv file; for a folder use toolkit.open_data")
    table = getattr(connection(), reader)(str(path))
    if reader == "read_csv":
        # "007" is a key and no number: what the contract doesn't type otherwise is text
        contracts = [TABLES[name]] if name in TABLES else TABLES.values()
        typed = {column.name for contract in contracts for column in contract.columns if column.dtype != "text"}
        text = {column: "VARCHAR" for column in table.columns if column not in typed}
        table = connection().read_csv(str(path), types=text) if text else table
    return table


def _plain(frame, table="table"):
    """The frame with zoned times as naive UTC (the engine's session zone must not matter)."""
    import pandas as pd

    frame = frame if isinstance(frame, pd.DataFrame) else frame.to_pandas()
    if not frame.columns.map(str).is_unique:
        twice = sorted(set(frame.columns.map(str)[frame.columns.map(str).duplicated()]))
        raise BadData(f"{table}: column {', '.join(map(repr, twice))} is there more than once; keep one")
    zoned = [name for name in frame.columns if isinstance(frame[name].dtype, pd.DatetimeTZDtype)]
    named = {name: str(name) for name in frame.columns if not isinstance(name, str)}
    frame = pd.DataFrame(frame.rename(columns=named)).reset_index(drop=True)
    objects = [name for name in frame.columns if frame[name].dtype == object]
    empty = [name for name in objects if frame[name].isna().all()]
    mixed = [name for name in objects if pd.api.types.infer_dtype(frame[name], skipna=True) in MIXED]
    return frame.assign(
        **{name: frame[name].dt.tz_convert("UTC").dt.tz_localize(None) for name in zoned},
        **{name: frame[name].astype("str") for name in empty},
        **{name: frame[name].map(str, na_action="ignore").astype("str") for name in mixed if name not in empty},
    )


def _checked_dtypes(table, name):
    """The table with its contract columns in the contract's dtypes, or BadData saying which isn't."""
    import ibis

    contract, fixes = TABLES[name], {}
    for column in contract.columns:
        if column.name not in table.columns:
            continue
        dtype = table[column.name].type()
        # pandas holds a column without one value as floats or as objects
        untyped = (dtype.is_string() and column.dtype != "text") or (dtype.is_floating() and column.dtype == "time")
        if dtype.is_null() or (untyped and _is_empty(table, column.name)):
            target = {"time": "timestamp", "flag": "boolean"}
            target |= dict.fromkeys(("seconds", "number", "integer"), "float64")
            fixes[column.name] = ibis.null(target.get(column.dtype, "string"))
        elif column.dtype == "time" and dtype.is_date():
            fixes[column.name] = table[column.name].cast("timestamp")
        elif (column.dtype == "time" and not dtype.is_timestamp()) or (
            (column.dtype in ("seconds", "number", "integer") and not dtype.is_numeric())
            or (column.dtype == "flag" and not (dtype.is_boolean() or dtype.is_numeric()))
        ):
            raise BadData(
                f"{name}.{column.name} is {dtype}, but must be {DTYPES[column.dtype]}; convert it first "
                "(pandas.to_datetime(..., utc=True), pandas.to_numeric) or load the file with toolkit.open_data"
            )
        elif column.dtype == "flag" and not dtype.is_boolean():
            fixes[column.name] = table[column.name] != 0
        elif column.dtype == "text" and not dtype.is_string():
            fixes[column.name] = as_text(table[column.name])
    return table.mutate(**fixes) if fixes else table


def as_text(column):
    """A column as text, a whole number without a fraction.

    Keys with nulls are floats in pandas, and engines differ on whether 7.0 is written "7" or "7.0".
    """
    import ibis

    if column.type().is_string():
        return column
    if column.type().is_floating():
        whole = (column == column.floor()) & (column.abs() < 2**53)
        return ibis.ifelse(whole, column.cast("int64").cast("string"), column.cast("string"))
    return column.cast("string")


def _is_empty(table, name):
    return int(table[name].count().execute()) == 0


_own = []


def connection():
    """The embedded DuckDB for files and frames that come without an engine of their own."""
    if not _own:
        _own.append(own_backend(connect()))
    return _own[0]


def epoch(column):
    """Whole UTC seconds (int64) of a time column; a time without a zone is UTC."""
    import ibis

    if column.type().is_timestamp() and column.type().timezone is not None and _is_duckdb(column):
        # DuckDB casts zoned times through the session's zone; its own epoch_us does not.
        @ibis.udf.scalar.builtin(name="epoch_us", signature=((column.type(),), "int64"))
        def epoch_us(instant): ...

        return floor_div(epoch_us(column), 1_000_000)
    return column.truncate("s").epoch_seconds().cast("int64")


def _is_duckdb(column):
    backend = backend_of(column)
    return backend is None or backend.name == "duckdb"  # a memtable runs on the embedded DuckDB


def floor_div(number, divisor):
    """Whole-number division that rounds down, exact on every engine (they differ on `//` and `/`)."""
    remainder = ((number % divisor) + divisor) % divisor
    return ((number - remainder) / divisor).round().cast("int64")


def group_keys(by):
    """`by` as a list of names.

    Examples
    --------
    >>> group_keys(None), group_keys("channel"), group_keys(["channel", "hour"])
    ([], ['channel'], ['channel', 'hour'])
    """
    if by is None:
        return []
    return [by] if isinstance(by, str) else list(dict.fromkeys(by))


def with_keys(table, name, by, zone=None, uses=(), taken=()):
    """The table with the columns in `by` ready to group by.

    hour, weekday, day, week, month, quarter and year are always parts of local time, made from the table's
    time column, also where the table has a column of that name: rename yours to group by it. "opening" tells contacts
    inside opening hours from those outside, where a data set's settings name them. Any other name is a column; a
    missing key becomes "(none)"; of a data set with very many values of a column the rarer ones are one group, "(others)".

    Parameters
    ----------
    uses : sequence of str
        Columns that the metric computes with, which can't be groups too.
    taken : sequence of str
        What the metric's result calls its own columns: no group may have such a name.

    Raises
    ------
    BadParameter
        A name is a column of the result or of a comparison with the period before, or that of a time.
    MissingColumn
        There is no such column.
    """
    from toolkit import clock

    keys, made = group_keys(by), {}
    check_keys(table, name, keys, uses, taken)
    time = TABLES[name].time
    if is_opening(table, name, keys):
        table = clock.with_opening(table, epoch(table[time]), opening_hours_of(table), OPENING)
    for key in keys:
        if key in clock.PARTS:
            if time not in table.columns:
                raise MissingColumn(name, time, _shown(table))
            made[key] = clock.local_part(epoch(table[time]), key, zone_of(table, zone), **_span(table, time))
        else:
            made[key] = _told_apart(table, key)
    return table.mutate(**made) if made else table


def _told_apart(table, key):
    """A column as groups: each value, or of very many those that the data set has most of, and all others together."""
    text, context = as_text(table[key]).nullif("").fill_null(NONE), context_of(table)
    counted = context.data.count_groups(key) if context and context.data is not None else None
    own = text.isin(OTHERS_NAMES).ifelse("“" + text + "”", text)  # a group that the data calls so is another one
    return own if counted is None else text.isin([NONE, *counted[0]]).ifelse(own, OTHERS)


def check_keys(table, name, by, uses=(), taken=()):
    """The errors of `with_keys`: each name in `by` must be a part of local time, or a column that may be a group."""
    from toolkit import clock

    for key in group_keys(by):
        if key in clock.PARTS or (key == OPENING and is_opening(table, name, [key])):
            continue
        if key not in table.columns or not key:
            if key == OPENING and name in CONTACTS:
                raise MissingSetting("opening_hours", "when the service is open")
            raise MissingColumn(name, key, [*_shown(table), *clock.PARTS])
        if key in taken or key in COMPARED or key.endswith("_"):
            raise BadParameter(f"by={key!r}: results have a column of that name; rename yours")
        if key in uses:
            raise BadParameter(f"by={key!r}: the metric computes with that column; group by a copy of another name")
        if table[key].type().is_timestamp():
            raise BadParameter(f"by={key!r} is a time; group by {', '.join(clock.PARTS[:-1])} or {clock.PARTS[-1]}")


def is_opening(table, name, by):
    """Whether `by` asks if the service was open, which contacts of a data set tell where service.toml names hours."""
    is_asked = OPENING in group_keys(by) and OPENING not in table.columns and name in CONTACTS
    return is_asked and opening_hours_of(table) is not None


def opening_hours_of(table):
    """The settings of a table's service where they name opening hours; None where nothing says when it is open."""
    context = context_of(table)
    return context.service if context and "opening_hours" in context.service.model_fields_set else None


def _span(table, time):
    """{first, last} epoch seconds of a time column: the years whose changes of the clock matter.

    A hundred changes make a long expression, which the embedded engine plans for longer than it reads the
    column twice; where the data lives elsewhere a second scan may cost more, and all of them are sent.
    """
    if not _is_duckdb(table[time]):
        return {}
    ends = to_pandas(table.aggregate(first=epoch(table[time].min()), last=epoch(table[time].max()))).iloc[0]
    return {} if ends.isna().any() else {"first": int(ends["first"]), "last": int(ends["last"])}


def refuse_nulls(table, name, column):
    """BadData when a required column has nulls; tables from `open_data` were checked when they were read."""
    if context_of(table) is None:
        missing = int(to_pandas(table.aggregate(n=table[column].isnull().ifelse(1, 0).sum())).iloc[0, 0] or 0)
        if missing:
            raise BadData(
                f"{name}: {counted(missing, 'row')} without {column}; drop them knowingly, "
                "or load the file with toolkit.open_data, which lists them"
            )


def label_keys(frame, by):
    """The result's local-time keys as people read them, its rows in the order of the keys."""
    from toolkit import clock

    keys = group_keys(by)
    for key in keys:
        if key in clock.PARTS:
            frame[key] = clock.part_labels(frame[key], key)
    return frame.sort_values(keys, kind="stable").reset_index(drop=True) if keys else frame


def to_pandas(expression):
    """Run an expression; the result with numpy dtypes (seaborn fails on nullable and Arrow columns)."""
    with warnings.catch_warnings(), quick_words():
        # ibis 12 asks pandas 3 for an option that pandas 4 will drop
        warnings.filterwarnings("ignore", message=".*future.infer_string.*")
        return (backend_of(expression) or connection()).execute(expression)


def count_if(table, condition):
    """How many rows meet a condition; null doesn't (on Spark the count itself would become null)."""
    return table.count(where=condition.fill_null(False)).fill_null(0)


def aggregate(table, keys, **measures):
    """One row per group (one row in all without keys) with the measures."""
    return table.group_by(keys).aggregate(**measures) if keys else table.aggregate(**measures)
