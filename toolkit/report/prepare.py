"""The data of a run: read and checked once, looked at before any notebook runs, and saved for all of them."""

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path

from toolkit.clock import clock_time
from toolkit.errors import BadParameter, CantWrite, EmptyPeriod, TooOld, suggestion, writing
from toolkit.load.files.places import is_url, shown_path
from toolkit.privacy import mask
from toolkit.report.each import distinct
from toolkit.service import parse_duration
from toolkit.tables import TABLES


def read_data(data, source=None, service=None, as_of=None, progress=None):
    """The whole data, read and checked once; None when each notebook reads its own."""
    if data is None:
        return None
    from toolkit.load import open_data

    told = (lambda text: progress(text, 0, 0)) if progress else None
    return open_data(str(data), source=source, service=service, as_of=as_of, progress=told)


def look_at(opened, asked, allow_empty=False, warn=None, tell=None):
    """Tell which days the periods mean; refuse, or warn of, one without a row; warn of what was guessed.

    Parameters
    ----------
    opened : Data
    asked : list of (str, dict)
        Each period that is asked for, with what the rows are restricted to.
    """
    if tell and opened.recognised:
        tell(opened.recognised)
    if warn:
        for line in opened.doubts:
            warn(line)
    told = set()
    for period, filters in asked:
        during = opened.during(str(period))
        if tell and period not in told:
            tell(during.explain_period())
        told.add(period)
        line = find_empty_period(opened, during.period)
        if not line and filters:
            line = find_no_match(during, filters)
        if line and not allow_empty:
            raise EmptyPeriod(f"{line}. No report was made; --allow-empty makes them all the same")
        if line and warn:
            warn(line)


def read_max_age(text, data):
    """Seconds of a greatest age, such as "36h"; None where none is asked for."""
    if text is None:
        return None
    if data is None:
        raise BadParameter("--max-age needs the data: give --data")
    try:
        seconds = parse_duration(text)
    except (ValueError, TypeError):
        seconds = 0
    if seconds <= 0:
        raise BadParameter(f"--max-age is {text!r}; write a duration such as 90m, 36h or 2d")
    return seconds


def refuse_old(opened, most):
    """An error for data whose newest event is longer ago than `most` seconds; None: it may be of any age.

    By what came in last, and not by as_of: a schedule that reads a stale export `--as-of now` is told of it, too.
    """
    if most is None:
        return
    newest = newest_event(opened) or opened.as_of
    age = (datetime.now(UTC) - newest).total_seconds()
    if age > most:
        raise TooOld(
            f"the newest event of the data is of {clock_time(newest, opened.zone):%Y-%m-%d %H:%M} ({opened.zone}), "
            f"{_duration(age)} ago; --max-age allows {_duration(most)}. No report was made: export it anew"
        )


def newest_event(opened):
    """The last instant of the data at which anything came in or was done, that isn't in the future; None without any."""
    import ibis

    now, found = ibis.literal(datetime.now(UTC)), []
    for name, table in opened.tables.items():
        times = [
            column.name for column in TABLES[name].columns if column.dtype == "time" and column.name in table.columns
        ]
        newest = {time: table[time].max(where=table[time] <= now) for time in times}
        if newest:
            found += table.aggregate(**newest).to_pyarrow().to_pylist()[0].values()
    return max((it for it in found if it is not None), default=None)


def _duration(seconds):
    """A long time, by its largest parts.

    >>> _duration(1800), _duration(36 * 3600), _duration(86400 * 47.5)
    ('30 minutes', '36 hours', '47 days')
    """
    for unit, length in (("days", 86_400), ("hours", 3_600)):
        if seconds >= 2 * length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds // 60)} minutes"


def prepare(opened, data, folder, source=None, service=None, as_of=None, sentiment=True):
    """Save the data for the notebooks.

    Returns
    -------
    tuple of dict
        The parameters for the notebooks, what these are to be shown as, and facts for the manifest.
    """
    if opened is None:
        return {}, {}, None
    facts = {
        "path": mask(shown_path(data)),
        "source": opened.source,
        "service": mask(opened.service.name),
        "time_zone": opened.zone,
        "as_of": opened.as_of.isoformat(),
        "tables": json.loads(opened.counts.to_json(orient="records")),
    }
    given = {"source": source or "", "service": str(service or ""), "as_of": str(as_of or "")}
    place = folder if is_url(data) else Path(data).resolve()
    if not (place / "prepared.json").is_file():
        place = folder / "data"
        with _writing(place):
            opened.save(place, sentiment=sentiment)
    # Prepared data knows its source, its service and when it was read, and may not be told again.
    return {"data": str(place)} | dict.fromkeys(given, ""), {"data": shown_path(data)} | given, facts


@contextlib.contextmanager
def _writing(place):
    """The engine's own error for a full disk is told as any other."""
    import duckdb

    try:
        with writing(place):
            yield
    except duckdb.IOException as error:
        raise CantWrite(place, str(error).splitlines()[0]) from None


def find_empty_period(data, period):
    """A sentence on a period in which the data has not one row; "" when there is one."""
    days = []
    timed = {name: table for name, table in data.tables.items() if TABLES[name].time}
    for name, table in timed.items():
        time = table[TABLES[name].time]
        ends = table.aggregate(first=time.min(), last=time.max()).to_pyarrow().to_pylist()[0].values()
        days += [clock_time(it, data.zone).date() if isinstance(it, datetime) else it for it in ends if it]
    if not days:
        return "the data has not one row"
    if any(table.count().execute() for name, table in data.during(period).tables.items() if name in timed):
        return ""
    first, last = min(days), max(days)
    if period.first_day > last:
        extent = f"the data goes through {last}"
    elif period.last_day < first:
        extent = f"the data begins on {first}"
    else:
        extent = f"its rows lie between {first} and {last}"
    return f"no row of the data lies in the period {period.label}; {extent}"


def find_no_match(data, filters):
    """A sentence on restrictions that no row of the data's period meets; "" when there is one."""
    kept = data.where(**filters).tables
    able = {name: table for name, table in data.tables.items() if set(filters) & set(table.columns)}
    if any(kept[name].count().execute() for name in able):
        return ""
    wanted = []
    for column, values in filters.items():
        there = sorted(
            {value for table in able.values() if column in table.columns for value in distinct(table, column)}
        )
        hint = suggestion(values[0], there) if len(values) == 1 and values[0] not in there else ""
        wanted.append(f"{column}={' or '.join(map(str, values))}{hint}")
    return f"no row of the period {data.period.label} has {' and '.join(wanted)}"
