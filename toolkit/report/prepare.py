"""The data of a run: read and checked once, looked at before any notebook runs, and saved for all of them."""

import json
from datetime import datetime
from pathlib import Path

from toolkit.clock import clock_time
from toolkit.errors import EmptyPeriod, suggestion
from toolkit.load.files.places import is_url, shown_path
from toolkit.report.each import distinct


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
        "path": shown_path(data),
        "source": opened.source,
        "service": opened.service.name,
        "time_zone": opened.zone,
        "as_of": opened.as_of.isoformat(),
        "tables": json.loads(opened.counts.to_json(orient="records")),
    }
    given = {"source": source or "", "service": str(service or ""), "as_of": str(as_of or "")}
    place = folder if is_url(data) else Path(data).resolve()
    if not (place / "prepared.json").is_file():
        place = folder / "data"
        opened.save(place, sentiment=sentiment)
    # Prepared data knows its source, its service and when it was read, and may not be told again.
    return {"data": str(place)} | dict.fromkeys(given, ""), {"data": shown_path(data)} | given, facts


def find_empty_period(data, period):
    """A sentence on a period in which the data has not one row; "" when there is one."""
    from toolkit.tables import TABLES

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
