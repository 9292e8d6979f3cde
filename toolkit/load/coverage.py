"""What of a time the data covers: days that are missing, volumes that jump, parts that are cut, hours that were there.

All are made from the number of rows per local day, which is small however large the data is.
"""

from dataclasses import dataclass
from datetime import date

from toolkit import clock, engine
from toolkit.clock import timeline
from toolkit.load.reading import opened_at

CONTACTS = ("conversations", "messages", "calls")  # tables whose rows tell that the service was reached
BEGUN = ("conversations", "calls")  # of those the tables whose rows are contacts that begin
WITHIN = {"scored_messages": "messages", "call_stages": "calls"}  # tables of parts of them
WEEKS_AROUND = 4
# With a mean of 7 a day without one contact comes once in a thousand days (Poisson); below, empty days are normal.
FEWEST_EXPECTED = 7
JUMP = 3  # a week with three times as many rows as the one beside it, or a third
FEWEST_OF_JUMP = 30
MOST_DAYS, MOST_JUMPS = 10, 3  # in the notes
LEAST_DAYS = 0.9  # of the days on which rows are to be expected, for a period to be counted
OTHER_LEVEL = 2  # as many rows a day, or half: two periods so far apart in time then aren't counted against each other
LEVEL_WEEKS = 4  # a jump lasts where the weeks after it lie as far from those before it


@dataclass(frozen=True)
class Part:
    """A day, week or month: its local days, whether the period and the data hold all of it, and days with rows."""

    first_day: date
    last_day: date
    is_complete: bool
    days_with_data: int


def daily_counts(tables, zone):
    """Rows per local day.

    Parameters
    ----------
    tables : dict of name and Ibis table
    zone : str

    Returns
    -------
    DataFrame, one row per day from the first to the last with a row (index: days since 1970-01-01), one column per
        table, 0 where it has none
    """
    import pandas as pd

    counts = {}
    for name, table in tables.items():
        day = clock.local_part(opened_at(table, name, zone), "day", zone)
        rows = engine.to_pandas(table.mutate(day_=day).group_by("day_").aggregate(n=lambda rows: rows.count()))
        counts[name] = rows.set_index("day_")["n"]
    frame = pd.DataFrame(counts)
    if not frame.empty:
        frame = frame.reindex(range(int(frame.index.min()), int(frame.index.max()) + 1))
    return frame.fillna(0).astype("int64")


def missing_days(total, closed):
    """The days without a row on which rows were to be expected.

    A day is missing when it has none though three in four of the same weekday in the four weeks before and after it
    had 7 or more, and so had one of the three days with rows before it and after it: by chance that happens once in a
    thousand days. Where empty days are normal, or all is quiet for a while, none is missing.

    Parameters
    ----------
    total : Series of rows, indexed by consecutive days since 1970-01-01
    closed : set of dates on which the service is closed

    Returns
    -------
    list of dates

    Examples
    --------
    >>> import pandas as pd
    >>> total = pd.Series(9, index=range(10957, 10957 + 28))  # from 1 January 2000
    >>> total.loc[10957 + 9] = 0
    >>> [str(day) for day in missing_days(total, set())]
    ['2000-01-10']
    """
    missing, present = [], total[total > 0]
    before = present.rolling(3, min_periods=1).max().reindex(total.index).ffill()
    after = present[::-1].rolling(3, min_periods=1).max().reindex(total.index[::-1]).ffill()[::-1]
    # few days are left: of one stray row of 1900 and those of today, not the century between
    for day in total.index[(total == 0) & (before >= FEWEST_EXPECTED) & (after >= FEWEST_EXPECTED)]:
        same_weekday = [day + 7 * weeks for weeks in range(-WEEKS_AROUND, WEEKS_AROUND + 1) if weeks]
        level = total.reindex(same_weekday).quantile(0.25)
        if level >= FEWEST_EXPECTED and clock.day_of(int(day)) not in closed:
            missing.append(clock.day_of(int(day)))
    return missing


def last_contact_day(daily, until, closed):
    """The day after which contacts end though the data goes on; None where they don't.

    They end when so many days are over without one that seven or more were to be expected, as on the same weekdays of
    the four weeks up to the last contact: by chance that happens once in a thousand times. An export of the tickets
    that came in by a day also holds what became of them later, and no silence of weeks.

    Parameters
    ----------
    daily : DataFrame as of `daily_counts`
    until : date
        The last day that is over.
    closed : set of dates on which the service is closed

    Examples
    --------
    >>> import pandas as pd
    >>> daily = pd.DataFrame({"conversations": [9] * 28}, index=range(10957, 10957 + 28))  # from 1 January 2000
    >>> print(last_contact_day(daily, clock.day_of(10957 + 27), set()), last_contact_day(daily, clock.day_of(10999), set()))
    None 2000-01-28
    """
    began = [name for name in BEGUN if name in daily.columns]
    total = daily[began].sum(axis=1)
    total = total[total > 0]
    if total.empty:
        return None
    last, days = int(total.index[-1]), 7 * WEEKS_AROUND
    level = total.reindex(range(last - days + 1, last + 1)).fillna(0)
    expected = 0
    for day in range(last + 1, min(clock.days_since_epoch(until), last + days) + 1):
        if clock.day_of(day) not in closed:
            expected += level[level.index % 7 == day % 7].mean()
    return clock.day_of(last) if expected >= FEWEST_EXPECTED else None


def volume_jumps(daily, last_day):
    """Weeks, from Monday to Sunday, with three times the rows of the week before, or a third, of at least 30.

    Parameters
    ----------
    daily : DataFrame as of `daily_counts`
    last_day : date
        The last day that is over; weeks that the data's ends cut are left out.

    Returns
    -------
    list of dict: table, week (its Monday), n, before

    Examples
    --------
    >>> import pandas as pd
    >>> daily = pd.DataFrame({"calls": [10] * 7 + [2] * 7}, index=range(10959, 10973))  # from a Monday
    >>> volume_jumps(daily, clock.day_of(10972))
    [{'table': 'calls', 'week': datetime.date(2000, 1, 10), 'n': 14, 'before': 70}]
    """
    if daily.empty:
        return []
    first, last = int(daily.index[0]), min(int(daily.index[-1]), clock.days_since_epoch(last_day))
    monday = timeline.ends_of("week", first + 6)[0]  # the first one
    weeks = [(start, daily.loc[start : start + 6].sum()) for start in range(monday, last - 5, 7)]
    jumps = []
    for (_, before), (start, now) in zip(weeks, weeks[1:], strict=False):
        for name in daily.columns:
            fewer, more = sorted((int(before[name]), int(now[name])))
            if more >= FEWEST_OF_JUMP and more >= JUMP * fewer:
                week = clock.day_of(start)
                jumps.append({"table": name, "week": week, "n": int(now[name]), "before": int(before[name])})
    return jumps


def lasting_jumps(daily, last_day):
    """Of `volume_jumps` those after which the level stays another: the median of four weeks against the four before.

    A fortnight of holidays, or an outage, is none. Jumps up and down that undo each other are left to who compares.

    Examples
    --------
    >>> import pandas as pd
    >>> weeks = [10] * 5 + [1] + [10] * 4 + [40] * 5  # an outage, and four times as much from the 11th week on
    >>> daily = pd.DataFrame({"calls": pd.Series(weeks).repeat(7).to_numpy()}, index=range(10959, 10959 + 7 * 15))
    >>> jumps = lasting_jumps(daily, clock.day_of(10959 + 7 * 15))
    >>> [(str(jump["week"]), jump["before"], jump["n"]) for jump in jumps]
    [('2000-03-13', 70, 280)]
    """
    lasting = []
    for jump in volume_jumps(daily, last_day):
        start, rows = clock.days_since_epoch(jump["week"]), daily[jump["table"]]
        weeks = range(-LEVEL_WEEKS, LEVEL_WEEKS)
        sums = [rows.loc[start + 7 * week : start + 7 * week + 6] for week in weeks]
        sums = [int(one.sum()) if len(one) == 7 else None for one in sums]
        sides = [[n for n in side if n is not None] for side in (sums[:LEVEL_WEEKS], sums[LEVEL_WEEKS:])]
        before, after = (sorted(side)[len(side) // 2] for side in sides)
        if (after >= JUMP * before) if jump["n"] > jump["before"] else (before >= JUMP * after):
            lasting.append(jump)
    return lasting


def unlike(daily, now, then, last_day):
    """Why rows of a period can't be counted against those of one long before it: what the data covers is another thing.

    Parameters
    ----------
    daily : DataFrame as of `daily_counts`
    now, then : (first day, last day, days that are missing from the data) of either period
    last_day : date
        The last day that is over.

    Returns
    -------
    list of dict, one for each table that isn't alike: table, n and before (rows a day with data, now and then) and why:
        "days" (more than a tenth of the earlier period's days are missing), "level" (twice as many rows a day in one as
        in the other) or "jump" (the volume jumps in between, lastingly, and doesn't come back)

    Examples
    --------
    >>> import pandas as pd
    >>> daily = pd.DataFrame({"calls": [3] * 7 + [9] * 7, "messages": 9}, index=range(10959, 10973))
    >>> days = [clock.day_of(day) for day in (10959, 10965, 10966, 10972)]
    >>> unlike(daily, (*days[2:], []), (*days[:2], []), days[3])
    [{'table': 'calls', 'n': 9.0, 'before': 3.0, 'why': 'level'}]
    """
    found, jumps = [], lasting_jumps(daily, last_day)
    spans = [(clock.days_since_epoch(first), clock.days_since_epoch(last), gone) for first, last, gone in (now, then)]
    lengths = [last - first + 1 for first, last, _ in spans]
    is_cut = len(spans[1][2]) > (1 - LEAST_DAYS) * lengths[1]
    for table in daily.columns:
        sums = [int(daily[table].loc[first:last].sum()) for first, last, _ in spans]
        n, before = (
            total / max(1, length - len(gone)) for total, length, (*_, gone) in zip(sums, lengths, spans, strict=True)
        )
        own = [jump for jump in jumps if jump["table"] == table and then[0] <= jump["week"] <= now[1]]
        ups = sum(1 if jump["n"] > jump["before"] else -1 for jump in own)
        is_far = max(sums) >= FEWEST_OF_JUMP and max(n, before) >= OTHER_LEVEL * min(n, before)
        why = "days" if is_cut else "level" if is_far else "jump" if ups else ""
        if why:
            found.append({"table": table, "n": n, "before": before, "why": why})
    return found


def notes_of(missing, jumps):
    """Notes, as `words.note` says them: which days are missing (the first of many), and the largest jumps of volume."""
    notes = []
    if missing:
        key = f"pages.remark.missing{'_many' if missing[MOST_DAYS:] else ''}"
        notes.append((key, {"n": len(missing), "days": missing[:MOST_DAYS]}))
    largest = sorted(jumps, key=lambda jump: -max(jump["n"], jump["before"]))
    for jump in largest[:MOST_JUMPS]:
        told = {name: jump[name] for name in ("table", "week", "before")}
        notes.append(("pages.remark.jump", told | {"now": jump["n"]}))
    return notes


def parts_of(spans, daily, first_day, last_day):
    """The parts of a period; one is complete when all of its days lie from `first_day` to `last_day`."""
    with_rows = {clock.day_of(int(day)) for day in daily.index[daily.sum(axis=1) > 0]}
    return [
        Part(
            span.first_day,
            span.last_day,
            first_day <= span.first_day and span.last_day <= last_day,
            sum(span.first_day <= day <= span.last_day and first_day <= day <= last_day for day in with_rows),
        )
        for span in spans
    ]


def hours_there(first_day, last_day, zone, first_covered, as_of, missing):
    """The local hours of some days, and whether each was there to be counted.

    Returns
    -------
    DataFrame, one row per day and hour: day (since 1970-01-01), weekday (0 is Monday), hour, seconds that it lasted,
        is_there: not skipped by the clock, begun before `as_of`, on no day before `first_covered` and on none of `missing`
    """
    import pandas as pd

    frame = pd.DataFrame(
        clock.hours_of(first_day, last_day, zone), columns=["day", "hour", "start", "seconds"], dtype="int64"
    )
    gone = {clock.days_since_epoch(day) for day in missing}
    frame["weekday"] = timeline.parts_of(frame["day"].to_numpy())["weekday"]
    frame["is_there"] = (
        (frame["seconds"] > 0)
        & (frame["start"] < as_of.timestamp())
        & (frame["day"] >= clock.days_since_epoch(first_covered))
        & ~frame["day"].isin(gone)
    )
    return frame[["day", "weekday", "hour", "seconds", "is_there"]]
