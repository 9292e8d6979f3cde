"""What can be refused before the data is read in full: a period that is none, a column that isn't there.

Only what is certain is refused: the columns of the toolkit's own tables stand in their first lines; those of
another system are made by its selects, and are known once it is read.
"""

import csv
import glob
import gzip
from datetime import UTC, datetime
from pathlib import Path

from toolkit.errors import BadParameter, suggestion

# What is made of other columns, or of messages, when the data is read.
MADE = {
    "conversations": ("conversation_id", "created_at", "first_response_at", "channel", "bot_started_at"),
    "messages": ("sentiment", "language", "sentiment_engine"),
}


def check_early(data, source, periods, given, filters, each):
    """Refuse a period or a column that can't be, before the data is read in full."""
    for period in dict.fromkeys(periods.values()):
        check_period(period)
    by = [values.get("by") or [] for values in given.values()]
    columns = dict.fromkeys(column for one in by for column in ([one] if isinstance(one, str) else one))
    wanted = [("by", columns), ("--where", filters), ("--each", [each] if each else [])]
    if any(columns for _, columns in wanted):
        check_columns(wanted, data, source)


def check_period(text):
    """Refuse a text that is no period, whenever it is seen from."""
    from toolkit.clock import parse_period

    parse_period(str(text), datetime.now(UTC), "UTC")


def check_columns(wanted, data, source=None):
    """Refuse columns that none of the tables in `data` can have.

    Parameters
    ----------
    wanted : list of (str, list of str)
        Who names them, such as "by" or "--where", and the columns; the parts of local time are no columns of a
        file: only "by" may name them.
    data : path
    source : str, optional

    Raises
    ------
    BadParameter
        Names who asks for it, the column, what it may have been meant to be, and the columns there are.
    """
    from toolkit.clock import PARTS

    there = columns_there(data, source)
    if there is None:
        return
    for asker, columns in wanted:
        allowed = [*there, *PARTS] if asker == "by" else there
        for column in columns:
            if column not in allowed:
                hint = suggestion(column, allowed)
                raise BadParameter(f"{asker}: no table has a column {column!r}{hint}; there are: {', '.join(allowed)}")


def columns_there(data, source=None):
    """The columns that the tables in `data` have or are given, sorted; None when only reading them can tell."""
    from toolkit.load.raw import DATABASES

    path = Path(data)
    if not path.exists():
        return None  # the loader looks elsewhere, and says so
    if (path / "prepared.json").is_file():
        found = {file.stem: _parquet_columns(file) for file in path.glob("*.parquet") if file.stem != "ledger"}
    elif (source or "tables") != "tables":
        return None
    elif path.is_file() and path.suffix.lower() in DATABASES:
        found = _database_columns(path)
    else:
        found = _file_columns(path)
    if not found or None in found.values():
        return None
    return sorted({column for name, columns in found.items() for column in [*columns, *_made(name, found)]})


def _made(name, found):
    made = MADE.get(name, ())
    if name == "messages" and "conversations" not in found:
        made += MADE["conversations"]
    return (*made, "topic", "channel") if name in ("conversations", "messages") else made


def _file_columns(path):
    """{table: columns} of CSV and Parquet files, None for columns that can't be told from the first line."""
    from toolkit.load.raw import _find_files
    from toolkit.sources import find_source
    from toolkit.tables import TABLES

    source = find_source("tables")
    found = {}
    for name, files in _find_files(source, path, lambda note: None).items():
        spelt = {column.lower(): column for column in TABLES[name].names}
        for file in files:
            delimiter = source.spec.files[name].delimiter
            have = _parquet_columns(file) if file.suffix.lower() == ".parquet" else _header(file, delimiter)
            if have is None or found.get(name, ()) is None:
                found[name] = None
                continue
            # as the loader reads them: Created At and created_at are one column
            have = [spelt.get(column.strip().lower().replace(" ", "_"), column.strip()) for column in have]
            found[name] = [*found.get(name, ()), *have]
    return found


def _header(file, delimiter=None):
    """The names in the first line of a CSV file; None when it isn't plain."""
    with (gzip.open if file.suffix.lower() == ".gz" else open)(file, "rb") as read:
        line = read.readline(1 << 20)
    try:
        text = line.decode("utf-8-sig").strip("\r\n").split("\r")[0]
    except UnicodeDecodeError:
        return None
    if "\0" in text or text.count('"') % 2:
        return None
    return next(csv.reader([text], delimiter=delimiter or max(",;\t|", key=text.count)), []) or None


def _parquet_columns(file):
    import duckdb

    try:
        with duckdb.connect() as con:
            return con.from_parquet(glob.escape(str(file))).columns
    except duckdb.Error:
        return None


def _database_columns(path):
    """{table: columns} of a DuckDB file."""
    import duckdb

    try:
        with duckdb.connect(str(path), read_only=True) as con:
            rows = con.execute("SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal").fetchall()
    except duckdb.Error:
        return None
    found = {}
    for table, column in rows:
        found.setdefault(table.lower(), []).append(column)
    return found
