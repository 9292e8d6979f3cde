"""Reading back: a table as it stood at an earlier instant, and when the data as a whole was read.

What happened after the reading hasn't happened: its rows are gone, its times are null, and what an event brought about
(`quality.CONSEQUENCES`) is gone with it. A state without a time, such as a reopen count, can't be read back and stays,
but for what an event that lies later says of it (`quality.NOT_YET`): what was closed only later hadn't been opened again.
"""

import datetime
import math
from pathlib import Path

from toolkit import clock, engine, words
from toolkit.errors import BadParameter
from toolkit.load.quality import CONSEQUENCES, NOT_YET
from toolkit.service import YEARS
from toolkit.tables import READ_AT, TABLES


def resolve_as_of(text, files=()):
    """When the data was read, as an aware UTC datetime.

    Parameters
    ----------
    text : str or datetime
        An ISO text or datetime (UTC without an offset), "now", or "file": when the newest of `files` was changed.
    files : sequence of path

    Raises
    ------
    BadParameter
        The text is none of these, or of a year that the clock doesn't know.

    Examples
    --------
    >>> resolve_as_of("2024-04-29T10:00:00+02:00").isoformat()
    '2024-04-29T08:00:00+00:00'
    """
    if text == "now":
        return datetime.datetime.now(datetime.UTC)
    if text == "file":
        return datetime.datetime.fromtimestamp(max(map(_changed, files)), datetime.UTC)
    if isinstance(text, str):
        try:
            text = datetime.datetime.fromisoformat(text)
        except ValueError:
            message = f"as_of: {text!r} is not an instant; write one such as 2024-04-29T08:00:00Z, or now, or file"
            raise BadParameter(message) from None
    if text.year not in YEARS:
        raise BadParameter(f"as_of: {text} is not within {YEARS[0]} to {YEARS[-1]}")
    return text.replace(tzinfo=datetime.UTC) if text.tzinfo is None else text.astimezone(datetime.UTC)


def _changed(file):
    """When a file was changed, or the archive that it is in, in seconds since 1970."""
    for place in (Path(file), *Path(file).parents):
        if place.is_file():
            return place.stat().st_mtime
    raise BadParameter(f"as_of: {file} is no file, and it isn't known when it was changed; give an instant, or now")


def explain(period, first, last, as_of, reason, contacts_end=None):
    """One line: which days a period means, and why.

    Parameters
    ----------
    period : Period, the whole one
    first, last : date, or None when the data is empty
    as_of : aware datetime
    reason : given, service.toml, newest event, now or file
    contacts_end : date, optional
        Where contacts end before the data does: the end of this day is what a period such as -28d counts back from.

    Examples
    --------
    >>> from toolkit import clock
    >>> friday = datetime.datetime(2024, 4, 19, 15, 32, tzinfo=datetime.UTC)
    >>> period = clock.parse_period("last-week", friday, "UTC")
    >>> print(explain(period, period.first_day, period.last_day, friday, "newest event"))  # doctest: +NORMALIZE_WHITESPACE
    last-week means 8 to 14 April 2024 (Mon to Sun), seen from 2024-04-19 15:32 UTC, the newest event in the data;
    15 to 21 April 2024 (Mon to Sun) was not over then
    >>> print(explain(period, period.first_day, period.last_day, friday, "newest event", period.last_day))
    last-week means 8 to 14 April 2024 (Mon to Sun), counted back from Sun 14 April 2024, the last day with new contacts
    """
    said, zone = period.said or period.label, period.zone
    key = "empty" if first is None else "read" if said in ("all", period.label) else "seen"
    told = {"instant": clock.format_instant(as_of, zone), "reason": words.text(f"notes.period.reason.{_code(reason)}")}
    if key == "seen" and contacts_end is not None:
        as_of = min(as_of, clock.start_of_day(contacts_end + clock.ONE_DAY, zone))
        key, told = "counted", {"day": _days(contacts_end, contacts_end)}
    line = words.text(f"notes.period.{key}", said=said, days=_days(first, last) if first else "", **told)
    if period.end is not None and as_of < period.end:
        return words.text("notes.period.so_far", line=line, days=words.number(period.days_begun(as_of)), n=period.days)
    is_cut = reason in ("newest event", "file") and contacts_end != last
    if said.startswith("last-") and is_cut:
        # an export that ends on a Friday would otherwise turn last-week into the week before it in silence
        running = clock.parse_period(said.replace("last-", "this-"), as_of, zone)
        return words.text("notes.period.not_over", line=line, days=_days(running.first_day, running.last_day))
    return line


def _code(reason):
    """The catalogue's key of a reason."""
    return "service" if reason == "service.toml" else reason.replace(" ", "_")


def _days(first, last):
    """A range of days, with its weekdays where it is a week or less."""
    days, n = words.days_name(first, last), (last - first).days + 1
    if n == 1:
        return words.text("notes.period.one_day", weekday=words.weekday_name(first), day=days)
    if n <= 7:
        ends = {"first": words.weekday_name(first), "last": words.weekday_name(last)}
        return words.text("notes.period.few_days", days=days, **ends)
    return words.text("notes.period.many_days", days=days, n=n)


def opened_at(table, name, zone):
    """The instant that decides a row's period, as epoch seconds; of a local day its beginning."""
    column = table[TABLES[name].time]
    if column.type().is_date():
        return clock.utc_epoch_from_local(engine.epoch(column.cast("timestamp")), zone)
    return engine.epoch(column)


def read_back(table, name, read_at, zone):
    """The table as it stood at `read_at`.

    Parameters
    ----------
    table : Ibis table, one row as the contract says for `name`
    name : str
    read_at : aware datetime, or the table's own column of them
    zone : str
        Where a row is a local day: it is there once the day has begun.

    Returns
    -------
    Ibis table, without the rows that opened later; times that lie later, and what they brought about, are null,
        and a count of what can't have come before them is 0
    """
    if not TABLES[name].time:
        return table
    opened = table[TABLES[name].time]
    if opened.type().is_date():
        at = engine.to_epoch(read_at) if isinstance(read_at, datetime.datetime) else engine.epoch(read_at)
        return table.filter(opened_at(table, name, zone) < at)
    later, emptied = {}, {}
    for column in TABLES[name].columns:
        if column.dtype == "time" and column.name in table.columns and column.name != TABLES[name].time:
            later[column.name] = (table[column.name] > read_at).fill_null(False)
            emptied[column.name] = [later[column.name]]
    for owner, time, columns, only in CONSEQUENCES:
        if owner != name or time not in later:
            continue
        for column in columns:
            if column in table.columns:
                applies = later[time] if only is None else later[time] & (table.outcome == only).fill_null(False)
                emptied.setdefault(column, []).append(applies)
    kept = {}
    for column, reasons in emptied.items():
        any_of = reasons[0]
        for reason in reasons[1:]:
            any_of = any_of | reason
        kept[column] = any_of.ifelse(None, table[column])
    for owner, time, column, value in NOT_YET:
        if owner == name and time in later and column in table.columns:
            kept[column] = (later[time] & table[column].notnull()).ifelse(value, table[column])
    if name == "conversations" and {"reopened_at", "first_closed_at"} <= set(later) and "reopen_count" in table.columns:
        count = kept.get("reopen_count", table.reopen_count)
        # the last of its reopenings lies later, so that there was one less at least; where the first close isn't known,
        # the count is all that tells that there was one
        kept["reopen_count"] = (
            (later["reopened_at"] & (count > 0) & table.first_closed_at.notnull())
            .fill_null(False)
            .ifelse(count - 1, count)
        )
    return table.mutate(**kept).filter(opened <= read_at)


def read_each_at(table, opened, spans, zone, number=None):
    """The rows that opened within some spans, each with the instant at which its span is read.

    Parameters
    ----------
    table : Ibis table
    opened : Ibis int64 expression of epoch seconds
    spans : sequence of clock.Span, in order, none overlapping
    zone : str
    number : str, optional
        A column for the number of the span.

    Returns
    -------
    Ibis table with the column `read_at`, and the one of the number
    """
    import ibis
    import pandas as pd

    # A row per day to be joined: an expression that tells a thousand days apart takes seconds to plan.
    days = [
        (day, span.number, math.ceil(span.read_at.timestamp()))
        for span in spans
        for day in range(clock.days_since_epoch(span.first_day), clock.days_since_epoch(span.last_day) + 1)
    ]
    frame = pd.DataFrame(days, columns=["day_", "number_", "read_"], dtype="int64")
    ends = math.floor(spans[0].start.timestamp()), math.ceil(spans[-1].end.timestamp())
    joined = table.mutate(day_=clock.local_part(opened, "day", zone, *ends)).inner_join(ibis.memtable(frame), "day_")
    added = {READ_AT: joined.read_.as_timestamp("s").cast("timestamp('UTC')")}
    if number:
        added[number] = joined.number_
    return joined.mutate(**added).drop("day_", "number_", "read_")
