"""What can be refused before the data is read in full: a period that is none, a column that isn't there.

Only what is certain is refused: the columns of the toolkit's own tables stand in their first lines; those of
another system are made by its selects, and are known once it is read.
"""

import glob
from datetime import UTC, datetime
from pathlib import Path

from toolkit.backend import connect
from toolkit.errors import BadData, BadParameter, suggestion
from toolkit.scratch import scratch_folder

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
    from toolkit.load.detect import recognise
    from toolkit.load.files import peek
    from toolkit.load.files.kinds import DATABASES, kind_of
    from toolkit.sources import OWN

    path = Path(data)
    if not path.exists():
        return None  # the loader looks elsewhere, and says so
    if (path / "prepared.json").is_file():
        found = {file.stem: _parquet_columns(file) for file in path.glob("*.parquet") if file.stem != "ledger"}
    else:
        try:
            if (source or recognise(path)[0]) != OWN:
                return None
            if path.is_file() and kind_of(path) in DATABASES:
                found = {one.part.lower(): one.columns for one in peek(path, rows=1)}
            else:
                found = _file_columns(path)
        except BadData:
            return None  # the loader says it again
    if not found or None in found.values():
        return None
    return sorted({column for name, columns in found.items() for column in [*columns, *_made(name, found)]})


def _made(name, found):
    made = MADE.get(name, ())
    if name == "messages" and "conversations" not in found:
        made += MADE["conversations"]
    return (*made, "topic", "channel") if name in ("conversations", "messages") else made


def _file_columns(path):
    """{table: columns} of the files of the toolkit's own tables."""
    from toolkit.load.files.find import find_files
    from toolkit.load.files.peek import peek_given
    from toolkit.sources import find_source
    from toolkit.tables import TABLES

    source = find_source("tables")
    found = {}
    with scratch_folder("peek") as folder:
        for name, files in find_files(source, path, folder, lambda note: None).items():
            spelt = {column.lower(): column for column in TABLES[name].names}
            for file in files:
                tables = peek_given(file, source.spec.files[name], folder, rows=1)
                if not tables or found.get(name, ()) is None:
                    found[name] = None
                    continue
                # as the loader reads them: Created At and created_at are one column
                have = [spelt.get(column.strip().lower().replace(" ", "_"), column) for column in tables[0].columns]
                found[name] = [*found.get(name, ()), *have]
    return found


def _parquet_columns(file):
    import duckdb

    try:
        with connect() as con:
            return con.from_parquet(glob.escape(str(file))).columns
    except duckdb.Error:
        return None
