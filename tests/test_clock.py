"""The clock against naive oracles: zoneinfo and a count of every single minute."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import duckdb
import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import clock
from toolkit.errors import BadData, BadParameter
from toolkit.service import WEEKDAYS, Service

DAY = 86_400
AS_OF = datetime(2024, 4, 3, 8, tzinfo=UTC)  # a Wednesday
# The days around which the clocks change: an hour or half of one, at midnight, a minute past it
# (so that a date comes back after the next has begun), and a whole date that is skipped.
CHANGES = [
    ("Europe/Rome", date(2024, 3, 31)),
    ("Europe/Rome", date(2024, 10, 27)),
    ("Europe/Warsaw", date(2024, 3, 31)),
    ("Europe/Warsaw", date(2024, 10, 27)),
    ("America/New_York", date(2024, 3, 10)),
    ("America/New_York", date(2024, 11, 3)),
    ("Australia/Lord_Howe", date(2024, 4, 7)),
    ("Australia/Lord_Howe", date(2024, 10, 6)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("America/Sao_Paulo", date(2018, 2, 18)),
    ("America/St_Johns", date(2006, 10, 29)),
    ("Pacific/Apia", date(2011, 12, 30)),
]
ZONES = [
    *sorted({zone for zone, _ in CHANGES}),
    *("UTC", "Asia/Kathmandu", "Africa/Casablanca", "Africa/Cairo", "Asia/Tehran", "Asia/Gaza"),
    *("Pacific/Chatham", "Pacific/Kiritimati", "America/Caracas", "Antarctica/Troll", "Asia/Tokyo"),
]


def epoch(*parts, zone=UTC):
    return int(datetime(*parts, tzinfo=zone).timestamp())


def local(instant, zone):
    return datetime.fromtimestamp(instant, ZoneInfo(zone))


# --- business time --------------------------------------------------------------------------------


@lru_cache
def minutes_around(zone, day):
    """(epoch, local date, local second of the day) of each minute of five UTC days."""
    first = epoch(day.year, day.month, day.day) - 2 * DAY
    instants = range(first, first + 5 * DAY, 60)
    shown = [local(instant, zone) for instant in instants]
    return [(instant, at.date(), at.hour * 3600 + at.minute * 60) for instant, at in zip(instants, shown, strict=True)]


def is_open_naively(service, day, second):
    """Whether the clock on the wall is within a shift of today, or of last night."""
    yesterday = day - timedelta(days=1)
    return any(
        start <= second + passed < end
        for shift_day, passed in ((day, 0), (yesterday, DAY))
        if shift_day not in service.holidays.dates
        for start, end in service.opening_hours[WEEKDAYS[shift_day.weekday()]]
    )


@st.composite
def schedules(draw):
    """A zone, the day of its change, and a service with split shifts, nights and holidays."""
    zone, change = draw(st.sampled_from(CHANGES))
    step = draw(st.sampled_from([1, 30, 60]))
    marks = draw(st.sets(st.integers(0, 7 * DAY // 60 // step - 1), min_size=2, max_size=30))
    marks = sorted(mark * step * 60 for mark in marks)
    if draw(st.booleans()):
        marks = [*marks[1:], marks[0] + 7 * DAY]  # the last night may run into Monday
    hours = {day: [] for day in WEEKDAYS}
    for start, end in zip(marks[::2], marks[1::2], strict=False):
        day, start_second = divmod(start % (7 * DAY), DAY)
        hours[WEEKDAYS[day]].append((start_second, start_second + min(end - start, DAY)))
    dates = draw(st.sets(st.integers(-4, 4), max_size=3))
    closed = [change + timedelta(days=number) for number in dates]
    settings = {"time_zone": zone, "opening_hours": hours, "holidays": {"dates": closed}}
    return change, Service.model_validate(settings)


@settings(max_examples=100, deadline=None)
@given(schedules(), st.data())
def test_business_seconds_are_the_open_minutes(schedule, data):
    change, service = schedule
    minutes = minutes_around(service.time_zone, change)
    is_open = [is_open_naively(service, day, second) for _, day, second in minutes]
    for _ in range(5):
        start, end = (data.draw(st.integers(0, len(minutes) - 1)) for _ in range(2))
        expected = 60 * sum(is_open[start:end]) - 60 * sum(is_open[end:start])
        assert clock.business_seconds(minutes[start][0], minutes[end][0], service) == expected

    first, last = change - timedelta(days=1), change + timedelta(days=1)
    calendar = clock.business_calendar(service, service.time_zone, first, last)
    if service.time_zone == "America/St_Johns":
        return  # its local dates are not in one piece
    for row in calendar.to_dict("records"):
        spans = [(row[f"open{i}"], row[f"close{i}"]) for i in range(1, calendar.shape[1] // 2)]
        inside = [
            instant
            for (instant, day, _), is_open_now in zip(minutes, is_open, strict=True)
            if is_open_now and (day - date(1970, 1, 1)).days == row["day"]
        ]
        assert inside == [i for start, end in spans for i in range(start, end, 60)]
    lengths = sum(calendar[f"close{i}"] - calendar[f"open{i}"] for i in range(1, len(spans) + 1))
    assert (calendar["before"] == lengths.cumsum() - lengths).all()


@settings(max_examples=settings.default.max_examples * 24 // 100)
@given(schedules())
def test_the_engine_counts_the_open_minutes(schedule):
    change, service = schedule
    minutes = minutes_around(service.time_zone, change)
    is_open = [is_open_naively(service, day, second) for _, day, second in minutes]
    table = ibis.memtable({"at": [instant for instant, _, _ in minutes]})
    table = clock.is_open(clock.business_clock(table, "at", service), "at", service)
    found = table.order_by("at").execute()
    passed = found["at_business"] - found["at_business"].iloc[0]
    assert passed.tolist() == [0, *(60 * np.cumsum(is_open[:-1]))]
    assert found["at_is_open"].tolist() == is_open


def open_on(**settings):
    return Service.model_validate({"time_zone": "Europe/Rome", **settings})


@pytest.mark.parametrize(
    "hours, start, end, expected",
    [
        (["02:00-03:00"], (2024, 3, 31), (2024, 4, 1), 0),  # the clock skips this hour
        (["02:00-03:00"], (2024, 10, 27), (2024, 10, 28), 7200),  # and shows it twice
        (["00:00-24:00"], (2024, 3, 31), (2024, 4, 1), 23 * 3600),
        (["00:00-24:00"], (2024, 10, 27), (2024, 10, 28), 25 * 3600),
        (["22:00-06:00"], (2024, 3, 30, 12), (2024, 3, 31, 12), 0),  # Sundays only: not begun yet
        (["22:00-06:00"], (2024, 3, 31, 12), (2024, 4, 1, 12), 8 * 3600),
        (["01:00-02:30"], (2024, 10, 27), (2024, 10, 28), 2 * 3600),  # 90 min, later 30 min more
        ([], (2024, 3, 31), (2024, 4, 1), 0),
    ],
)
def test_sundays_on_which_the_clock_changes(hours, start, end, expected):
    service = open_on(opening_hours={"sunday": hours})
    rome = ZoneInfo("Europe/Rome")
    start, end = epoch(*start, zone=rome), epoch(*end, zone=rome)
    assert clock.business_seconds(start, end, service) == expected
    assert clock.business_seconds(end, start, service) == -expected


@pytest.mark.parametrize(
    "holiday, hours",
    [
        ("2024-12-25", 2 + 6),  # 00:00 to 02:00 is left of Tuesday's night, then all of Wednesday's
        ("2024-05-01", 2),  # Wednesday's does not take place, its part after midnight included
        ("2024-04-30", 6),  # Tuesday's does not, and that part of it is on the first of May
    ],
)
def test_a_holiday_closes_the_shift_that_begins_on_it(holiday, hours):
    nights = {day: ["20:00-02:00"] for day in ("tuesday", "wednesday")}
    holidays = {"dates": [holiday]}
    service = open_on(time_zone="UTC", opening_hours=nights, holidays=holidays)
    wednesday, thursday_noon = epoch(2024, 5, 1), epoch(2024, 5, 2, 12)
    assert clock.business_seconds(wednesday, thursday_noon, service) == hours * 3600


def test_a_long_night_two_local_days_back_still_counts():
    # 00:30 to 01:30 UTC on Wednesday is Tuesday evening there, within a shift that began on Monday.
    hours = {"monday": ["22:00-21:45"]}
    service = open_on(time_zone="America/New_York", opening_hours=hours)
    start = epoch(2024, 5, 1, 0, 30)
    assert clock.business_seconds(start, start + 3600, service) == 3600
    assert clock.business_seconds(start, start + 2 * 3600, service) == 4500
    table = clock.is_open(ibis.memtable({"at": [start]}), "at", service)
    assert table.at_is_open.execute().tolist() == [True]


def test_seconds_count():
    service = open_on(time_zone="UTC")
    monday = epoch(2024, 3, 4, 9)
    assert clock.business_seconds(monday - 1, monday + 1, service) == 1
    assert clock.business_seconds(monday, monday, service) == 0
    table = ibis.memtable({"at": [monday - 1, monday, monday + 1, monday + 9 * 3600]})
    found = clock.business_clock(table, "at", service).order_by("at").execute()
    assert found["at_business"].diff().tolist()[1:] == [0, 1, 9 * 3600 - 1]


def test_the_clock_keeps_rows_and_nulls():
    rows = pd.DataFrame(
        {
            "id": [1, 1, 2, 3, 4],
            "opened": pd.array([epoch(2024, 3, 4, 9)] * 2 + [None, epoch(2030, 1, 1), None], "Int64"),
            "closed": pd.array([epoch(2024, 3, 4, 10)] * 2 + [epoch(1969, 12, 31), None, None], "Int64"),
        }
    )
    service = Service()
    clocked = clock.business_clock(ibis.memtable(rows), ["opened", "closed"], service)
    clocked = clock.is_open(clocked, ["opened"], service)
    added = ["opened_business", "closed_business", "opened_is_open"]
    assert list(clocked.columns) == [*rows.columns, *added]
    assert clocked.opened_business.type().is_int64() and clocked.opened_is_open.type().is_boolean()
    found = clocked.order_by("id").execute()
    assert len(found) == len(rows)
    assert found["opened_business"].isna().tolist() == [False, False, True, False, True]
    assert found["closed_business"].isna().tolist() == [False, False, False, True, True]
    assert found["opened_is_open"].isna().tolist() == [False, False, True, False, True]
    assert (found["closed_business"] - found["opened_business"])[:2].tolist() == [3600, 3600]


def test_a_table_without_instants():
    table = ibis.table({"at": "int64"}, name="empty")
    connection = ibis.duckdb.connect()
    connection.create_table("empty", schema=table.schema())
    assert clock.business_clock(connection.table("empty"), "at", Service()).count().execute() == 0


@pytest.mark.parametrize("compute", [clock.business_clock, clock.is_open])
def test_an_instant_outside_of_the_calendar_fails(compute):
    monday = epoch(2024, 3, 4)
    table = ibis.memtable({"at": [monday, monday + DAY]})
    assert len(compute(table, "at", Service(), monday, monday + DAY).execute()) == 2
    with pytest.raises(duckdb.Error, match="outside the business calendar"):
        compute(table, "at", Service(), monday, monday + DAY - 1).execute()
    with pytest.raises(BadData, match="150 years apart"):
        compute(ibis.memtable({"at": [monday, 10**12]}), "at", Service())


# --- local time on the engine ---------------------------------------------------------------------


def part_of(at, part):
    day = at.date().toordinal() - date(1970, 1, 1).toordinal()
    return {
        "hour": at.hour,
        "weekday": at.weekday(),
        "day": day,
        "week": day - at.weekday(),
        "month": at.year * 12 + at.month - 1,
        "quarter": at.year * 4 + (at.month - 1) // 3,
        "year": at.year,
    }[part]


def instants(random, zone, first=clock.FIRST_EPOCH, last=clock.LAST_EPOCH):
    """Anything in the range, and the seconds around the changes and around local new years."""
    years = range(local(first, zone).year + 1, local(last, zone).year)
    edges = [at for at, _ in clock.offset_changes(zone, first, last)[1:]]
    edges += [epoch(year, 1, 1, zone=ZoneInfo(zone)) for year in years]
    near = np.add.outer(edges, [-1, 0, 1]).ravel() if edges else []
    return sorted({*map(int, near), *map(int, random.integers(first, last, 300))})


@pytest.mark.parametrize("zone", ZONES)
def test_local_parts_are_those_of_zoneinfo(zone):
    connection = ibis.duckdb.connect()
    old = epoch(1890, 1, 1), epoch(1975, 1, 1)
    for limits in ({}, {"first": old[0], "last": old[1]}):
        values = instants(np.random.default_rng(7), zone, **limits)
        table = connection.create_table("t", pd.DataFrame({"at": values}), overwrite=True)
        parts = {part: clock.local_part(table["at"], part, zone, **limits) for part in clock.PARTS}
        assert all(value.type().is_int64() for value in parts.values())
        # Where instants are negative, divide as Postgres does, which rounds towards zero.
        connection.raw_sql(f"SET integer_division = {bool(limits)}")
        found = table.select("at", **parts).order_by("at").execute()
        shown = [local(value, zone) for value in values]
        for part in clock.PARTS:
            assert found[part].tolist() == [part_of(at, part) for at in shown], part


def test_months_of_every_century():
    days = range(-1_000_000, 1_000_000, 7)  # from before the year 0 of the calendar to 4707
    expected = np.array(days).astype("datetime64[D]").astype("datetime64[M]").astype(int) + 1970 * 12
    table = ibis.memtable({"at": [day * DAY for day in days]})
    found = table.select("at", month=clock.local_part(table.at, "month", "UTC")).order_by("at")
    assert found.execute()["month"].tolist() == expected.tolist()


def test_offset_changes_miss_none():
    # Africa/Casablanca leaves summer time for Ramadan: 2 changes a year, dates that wander.
    place = ZoneInfo("Africa/Casablanca")
    first, last = epoch(2011, 1, 1), epoch(2016, 1, 1)
    offsets = [
        (at, int(datetime.fromtimestamp(at, place).utcoffset().total_seconds())) for at in range(first, last, 1800)
    ]
    pairs = zip(offsets, offsets[1:], strict=False)
    expected = [offsets[0], *(now for before, now in pairs if before[1] != now[1])]
    assert clock.offset_changes("Africa/Casablanca", first, last) == expected
    assert len(expected) > 15
    year = epoch(2024, 1, 1), epoch(2025, 1, 1)
    assert [offset for _, offset in clock.offset_changes("Australia/Lord_Howe", *year)] == [
        39_600, 37_800, 39_600
    ]  # fmt: skip
    assert clock.offset_changes("UTC", *year) == [(year[0], 0)]


def test_null_instants_have_null_parts_and_utc_needs_no_case():
    table = ibis.memtable(pd.DataFrame({"at": pd.array([None, 0], "Int64")}))
    found = table.select(**{p: clock.local_part(table.at, p, "Europe/Rome") for p in clock.PARTS})
    assert found.count().execute() == 2 and found.execute().isna().all(axis=1).sum() == 1
    assert clock.local_seconds(table.at, "UTC").equals(table.at)
    with pytest.raises(BadParameter, match="'minute' is not known; allowed: hour"):
        clock.local_part(table.at, "minute", "UTC")
    with pytest.raises(BadParameter, match="'Europe/Roma' is not a time zone"):
        clock.local_part(table.at, "hour", "Europe/Roma")


def test_part_labels():
    at = datetime(2024, 5, 16)
    first = {"day": "2024-05-16", "week": "2024-05-13", "month": "2024-05-01"}
    first |= {"quarter": "2024-04-01", "year": "2024-01-01"}
    for part, expected in first.items():
        values = pd.Series([part_of(at, part), None, part_of(datetime(1969, 12, 29), part)], [5, 6, 5])
        labels = clock.part_labels(values, part)
        assert labels.dtype == "datetime64[us]" and labels.index.tolist() == [5, 6, 5]
        assert labels.iloc[0] == pd.Timestamp(expected) and labels.iloc[1] is pd.NaT
        assert labels.iloc[2].year == 1969
    days = clock.part_labels(pd.Series([6, None, 0, 0], [9, 9, 8, 7], name="d"), "weekday")
    assert days.cat.ordered and days.cat.categories.tolist() == [day.title() for day in WEEKDAYS]
    assert days.iloc[[0, 2, 3]].tolist() == ["Sunday", "Monday", "Monday"] and days.isna().sum() == 1
    assert days.index.tolist() == [9, 9, 8, 7] and days.name == "d"
    assert clock.part_labels([3, 0], "hour").tolist() == [3, 0]
    with pytest.raises(BadParameter):
        clock.part_labels([1], "decade")


# --- local time to UTC ----------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ZONES)
def test_local_to_utc_is_that_of_zoneinfo(zone):
    place, start = ZoneInfo(zone), datetime(1970, 1, 1)
    changes = clock.offset_changes(zone)[1:]
    around = np.add.outer([at + offset for at, offset in changes], range(-7200, 7201, 900)).ravel()
    edges = np.add.outer(around, [-1, 0]).ravel().astype(int).tolist()
    values = [0, *edges, *np.random.default_rng(1).integers(7e8, 2.2e9, 500).tolist()]
    values = [value for value in values if value >= 7e8]
    shown = [start + timedelta(seconds=value) for value in values]
    expected = [int(at.replace(tzinfo=place).timestamp()) for at in shown]
    gaps = [local(utc, zone).replace(tzinfo=None) != at for utc, at in zip(expected, shown, strict=True)]

    connection = duckdb.connect()
    connection.register("t", pd.DataFrame({"n": range(len(values)), "local": values}))
    sql = [clock.utc_epoch_from_local_sql("local", zone), clock.local_gap_sql("local", zone)]
    found = connection.execute(f"SELECT {sql[0]} AS utc, {sql[1]} AS gap FROM t ORDER BY n").df()
    assert found["utc"].tolist() == expected
    assert found["gap"].tolist() == gaps
    table = ibis.memtable({"local": values})
    engine = table.select("local", utc=clock.utc_epoch_from_local(table["local"], zone))
    assert set(engine.execute().itertuples(index=False, name=None)) == set(zip(values, expected, strict=True))
    for at, utc, gap in list(zip(shown, expected, gaps, strict=True))[::50]:
        assert clock.utc_from_local(at, zone) == datetime.fromtimestamp(utc, UTC)
        assert clock.is_local_gap(at, zone) == gap
    if len(changes) > 80:
        assert any(gaps)


def test_sql_of_nothing_is_null():
    sql = [make("NULL::bigint", "Europe/Rome") for make in (clock.utc_epoch_from_local_sql, clock.local_gap_sql)]
    assert duckdb.sql(f"SELECT {sql[0]}, {sql[1]}").fetchall() == [(None, None)]


# --- periods --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, label, first, last, before",
    [
        ("today", "2024-04-03", "2024-04-03", "2024-04-03", "2024-04-02"),
        ("yesterday", "2024-04-02", "2024-04-02", "2024-04-02", "2024-04-01"),
        ("this-week", "2024-W14", "2024-04-01", "2024-04-07", "2024-W13"),
        ("last-week", "2024-W13", "2024-03-25", "2024-03-31", "2024-W12"),
        ("this-month", "2024-04", "2024-04-01", "2024-04-30", "2024-03"),
        ("last-month", "2024-03", "2024-03-01", "2024-03-31", "2024-02"),
        ("this-quarter", "2024-Q2", "2024-04-01", "2024-06-30", "2024-Q1"),
        ("last-quarter", "2024-Q1", "2024-01-01", "2024-03-31", "2023-Q4"),
        ("this-year", "2024", "2024-01-01", "2024-12-31", "2023"),
        ("last-year", "2023", "2023-01-01", "2023-12-31", "2022"),
        ("2024", "2024", "2024-01-01", "2024-12-31", "2023"),
        (2024, "2024", "2024-01-01", "2024-12-31", "2023"),  # as YAML reads it
        ("2024-Q4", "2024-Q4", "2024-10-01", "2024-12-31", "2024-Q3"),
        ("2021-W01", "2021-W01", "2021-01-04", "2021-01-10", "2020-W53"),
        ("2024-01", "2024-01", "2024-01-01", "2024-01-31", "2023-12"),
        ("2024-02-29", "2024-02-29", "2024-02-29", "2024-02-29", "2024-02-28"),
        ("2024-03-01..2024-03-15", "2024-03-01..2024-03-15", "2024-03-01", "2024-03-15", "2024-02-15..2024-02-29"),
        # As many days before, not the month before.
        ("2024-03-01..2024-03-31", "2024-03-01..2024-03-31", "2024-03-01", "2024-03-31", "2024-01-30..2024-02-29"),
        ("-1d", "2024-04-03", "2024-04-03", "2024-04-03", "2024-04-02"),
        ("-28d", "2024-03-07..2024-04-03", "2024-03-07", "2024-04-03", "2024-02-08..2024-03-06"),
        ("-4w", "2024-03-07..2024-04-03", "2024-03-07", "2024-04-03", "2024-02-08..2024-03-06"),
        ("-3m", "2024-01-04..2024-04-03", "2024-01-04", "2024-04-03", "2023-10-04..2024-01-03"),
    ],
)
def test_periods(text, label, first, last, before):
    period = clock.parse_period(text, AS_OF, "Europe/Rome")
    assert (period.label, str(period.first_day), str(period.last_day)) == (label, first, last)
    assert period.previous().label == before
    assert period.previous().end == period.start
    assert period.days == (period.last_day - period.first_day).days + 1
    again = clock.parse_period(period.label, AS_OF, "Europe/Rome")
    assert (again.start, again.end, again.label) == (period.start, period.end, period.label)


def test_all_has_no_bounds():
    period = clock.parse_period("all", AS_OF, "Europe/Rome")
    bounds = (period.start, period.end, period.start_epoch, period.end_epoch, period.days)
    assert bounds == (None,) * 5 and period.previous() is None
    assert period.first_day is None and period.last_day is None


@pytest.mark.parametrize(
    "text, zone, hours",
    [
        ("2024-W13", "Europe/Rome", 167),
        ("2024-W43", "Europe/Rome", 169),
        ("2024-W10", "America/New_York", 167),
        ("2024-W44", "America/New_York", 169),
        ("2024-W14", "Australia/Lord_Howe", 168.5),
        ("2024-W13", "UTC", 168),
        ("2018-11-04", "America/Sao_Paulo", 23),  # begins at 01:00
        ("2018-02-17", "America/Sao_Paulo", 25),  # its last hour comes twice
        ("2023-04-28", "Africa/Cairo", 23),
        ("1919-03-31", "America/Toronto", 23.5),  # 23:30 of the day before became 00:30
        ("1919-03-30", "America/Toronto", 23.5),
        ("2024-11-03", "America/Havana", 25),  # 00:00 comes twice
    ],
)
def test_periods_when_the_clock_changes(text, zone, hours):
    period = clock.parse_period(text, AS_OF, zone)
    assert (period.end - period.start).total_seconds() / 3600 == hours
    assert period.end_epoch - period.start_epoch == hours * 3600
    assert period.first_day == local(period.start_epoch, zone).date()
    before = local(period.start_epoch - 1, zone).date()
    assert before == period.first_day - timedelta(days=1)


@pytest.mark.parametrize("zone", [zone for zone in ZONES if zone != "America/St_Johns"])
def test_a_day_starts_with_its_first_second(zone):
    for change, _ in clock.offset_changes(zone)[1:]:
        for instant in (change - DAY, change, change + DAY):
            day = local(instant, zone).date()
            start = int(clock.start_of_day(day, zone).timestamp())
            assert local(start, zone).date() == day and local(start - 1, zone).date() < day


@pytest.mark.parametrize(
    "as_of, text, last",
    [
        ("2024-03-31T22:00:00+00:00", "-7d", "2024-03-31"),  # midnight in Rome, in summer time
        ("2024-03-31T22:00:01+00:00", "-7d", "2024-04-01"),
        ("2024-03-31T22:00:00+00:00", "-1m", "2024-03-31"),
        ("2024-03-31T22:00:00+00:00", "last-week", "2024-03-31"),
        ("2024-03-31T21:59:59+00:00", "last-week", "2024-03-24"),
        ("2024-03-31T22:00:00+00:00", "last-month", "2024-03-31"),
        ("2024-03-31T22:00:00+00:00", "yesterday", "2024-03-31"),
    ],
)
def test_as_of_at_midnight(as_of, text, last):
    period = clock.parse_period(text, datetime.fromisoformat(as_of), "Europe/Rome")
    assert str(period.last_day) == last


@pytest.mark.parametrize(
    "text",
    ["", "All time", "2024-13", "2024-00", "2024-W54", "2023-W53", "2024-W00", "2024-Q5", "2024-Q0"]
    + ["2024-02-30", "2024-03-15..2024-03-01", "2024-03..2024-04", "28d", "-0d", "-d", "-28x", "0000"]
    + ["9999", "-99999999999d", "-9999999m", "٢٠٢٤", "2024-3-1", "last-decade", "2024\n2024", None],
)
def test_wrong_periods_say_what_is_allowed(text):
    with pytest.raises(BadParameter) as error:
        clock.parse_period(text, AS_OF, "Europe/Rome")
    for part in (repr(str(text).strip()), "last-week", "2024-W10", "2024-03-01..2024-03-15", "-28d"):
        assert part in str(error.value)


def test_a_naive_as_of_is_refused():
    with pytest.raises(BadParameter, match="has no offset"):
        clock.parse_period("today", datetime(2024, 1, 1), "UTC")


# --- spans beside each other ----------------------------------------------------------------------


@pytest.mark.parametrize("zone, day", CHANGES)
def test_the_hours_of_a_day_are_those_that_the_clock_showed(zone, day):
    first, last = day - timedelta(days=1), day + timedelta(days=1)
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) - 3 * DAY
    shown = [datetime.fromtimestamp(epoch, ZoneInfo(zone)) for epoch in range(start, start + 6 * DAY, 60)]
    shown = [local for local in shown if first <= local.date() <= last]
    expected = pd.Series([(local.date(), local.hour) for local in shown]).value_counts() * 60
    hours = clock.hours_of(first, last, zone)
    assert len(hours) == 72
    assert {(clock.day_of(day), hour): seconds for day, hour, _, seconds in hours if seconds} == expected.to_dict()
    for number, hour, epoch, seconds in hours:
        local = datetime.fromtimestamp(epoch, ZoneInfo(zone))
        assert not seconds or (local.date(), local.hour) == (clock.day_of(number), hour)


@pytest.mark.parametrize("zone, day", CHANGES[:-1])  # a date that is skipped shows no time
@pytest.mark.parametrize("hours", [0, 1, 36, 24 * 9])
def test_the_same_age_is_the_same_time_on_the_wall(zone, day, hours):
    """Also where the clock changes between the two or within one."""
    for period in (f"{day - timedelta(days=6)}..{day}", f"{day + timedelta(days=1)}..{day + timedelta(days=7)}"):
        period = clock.parse_period(period, AS_OF, zone)
        as_of = period.end + timedelta(hours=hours)
        before, read_at = clock.same_age_before(period, as_of)
        assert before.whole is None and before.end == period.start
        now, then = clock.clock_time(as_of, zone), clock.clock_time(read_at, zone)
        week = timedelta(days=7)
        assert now - then == week or clock.is_local_gap(now - week, zone)


@pytest.mark.parametrize(
    "text, as_of, weeks",
    [
        ("2024-03", "2024-04-03", ["03-04", "03-11", "03-18", "03-25"]),
        ("2024-03", "2024-03-20", ["03-06", "03-13"]),  # the 20th still ran
        ("2024-W10", "2024-04-03", ["03-04"]),
        ("2024-03-04", "2024-04-03", []),
        ("2024-05", "2024-04-03", []),
    ],
)
def test_the_weeks_within_a_period(text, as_of, weeks):
    as_of = datetime.fromisoformat(f"{as_of}T10:00+00:00")
    found = clock.weeks_within(clock.parse_period(text, AS_OF, "Europe/Rome"), as_of)
    assert [f"{week.first_day:%m-%d}" for week in found] == weeks
    assert all((week.last_day - week.first_day).days == 6 for week in found)
    assert [week.number for week in found] == list(range(1, len(weeks) + 1))


@pytest.mark.parametrize(
    "every, count, first, last",
    [
        ("day", 3, "2024-02-28", "2024-03-01"),
        ("week", 1, "2024-02-26", "2024-03-03"),
        ("month", 2, "2024-02-01", "2024-03-31"),
    ],
)
def test_the_spans_of_some_days(every, count, first, last):
    spans = clock.spans_of(date(2024, 2, 28), date(2024, 3, 1), every, "Europe/Rome", AS_OF)
    assert len(spans) == count
    assert (str(spans[0].first_day), str(spans[-1].last_day)) == (first, last)
    assert all(one.end == two.start for one, two in zip(spans, spans[1:], strict=False))
    assert all(span.read_at == min(span.end, AS_OF) for span in spans)


def test_a_span_that_is_none():
    with pytest.raises(BadParameter, match="allowed: day, week, month"):
        clock.spans_of(date(2024, 2, 28), date(2024, 3, 1), "hour", "UTC", AS_OF)


# --- for people -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "seconds, expected",
    [
        (0, "0 s"), (0.25, "0.2 s"), (45, "45 s"), (59.96, "1 min"), (60, "1 min"), (726, "12.1 min"),
        (3597.5, "1 h"), (12_240, "3.4 h"), (86_399, "1 d"), (216_000, "2.5 d"), (-90, "-1.5 min"),
        (8_640_000, "100 d"), (None, "–"), (float("nan"), "–"), (float("inf"), "–"), (pd.NaT, "–"),
    ],
)  # fmt: skip
def test_humanize(seconds, expected):
    assert clock.humanize(seconds) == expected


@pytest.mark.parametrize(
    "instant, zone, expected",
    [
        (datetime(2024, 1, 1, 23, 5, tzinfo=UTC), "Europe/Rome", "2024-01-02 00:05 CET"),
        (pd.Timestamp("2024-07-01 12:00", tz="UTC"), "America/Sao_Paulo", "2024-07-01 09:00 UTC-03"),
        (pd.NaT, "UTC", "–"),
        (None, "UTC", "–"),
    ],
)
def test_format_instant(instant, zone, expected):
    assert clock.format_instant(instant, zone) == expected
