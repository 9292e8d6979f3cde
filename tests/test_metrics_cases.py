"""Every metric on tables small enough to check by eye, and on what users really pass."""

import datetime
import math
from types import SimpleNamespace

import numpy as np
import oracle
import pandas as pd
import pytest

from toolkit import engine, metrics
from toolkit.errors import BadData, BadParameter, MissingColumn
from toolkit.findings import sentence
from toolkit.result import interval_columns
from toolkit.service import Service

START = pd.Timestamp("2024-03-01T09:00Z")  # a Friday
H = 3600


def after(*offsets, start=START):
    """Instants that many seconds after the start; None is null."""
    times = [pd.NaT if offset is None else start + pd.Timedelta(seconds=offset) for offset in offsets]
    return pd.Series(pd.to_datetime(times, utc=True)).dt.as_unit("us")


def conversations(*waits, created=0, **columns):
    return pd.DataFrame({"created_at": after(*[created] * len(waits)), "first_response_at": after(*waits), **columns})


def calls(outcomes, **columns):
    return pd.DataFrame({"started_at": after(*[0] * len(outcomes)), "outcome": outcomes, **columns})


def values(frame, *columns):
    """Rows as lists, null as None."""
    rows = pd.DataFrame(frame)[list(columns)].astype(object).to_numpy().tolist()
    rows = [[None if pd.isna(value) else value for value in row] for row in rows]
    return rows if len(columns) > 1 else [value for (value,) in rows]


# --- volume ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "times, by, zone, expected",
    [
        # Rome's clock jumps from 02:00 to 03:00 on 2024-03-31: the hours 1 and 3 are neighbours
        (["2024-03-31T00:59:59Z", "2024-03-31T01:00:00Z"], "hour", "Europe/Rome", {1: 1, 3: 1}),
        # and shows 02:30 twice on 2024-10-27
        (["2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z"], "hour", "Europe/Rome", {2: 2}),
        (["2024-03-30T22:59:59Z", "2024-03-30T23:00:00Z"], "day", "Europe/Rome", {"2024-03-30": 1, "2024-03-31": 1}),
        (["2024-03-31T21:59:59Z", "2024-03-31T22:00:00Z"], "day", "Europe/Rome", {"2024-03-31": 1, "2024-04-01": 1}),
        (["2024-03-31T21:59:59Z", "2024-03-31T22:00:00Z"], "week", "Europe/Rome", {"2024-03-25": 1, "2024-04-01": 1}),
        (["2024-03-31T23:00:00Z"], "month", "UTC", {"2024-03-01": 1}),
        (["2024-03-31T23:00:00Z"], "month", "Europe/Rome", {"2024-04-01": 1}),
        (["2024-03-31T23:00:00Z"], "quarter", "Europe/Rome", {"2024-04-01": 1}),
        (["2023-12-31T23:00:00Z"], "year", "Europe/Rome", {"2024-01-01": 1}),
        (["2024-03-03T23:30:00Z"], "weekday", "Europe/Rome", {"Monday": 1}),
        (
            ["2024-02-29T12:00:00Z", "2024-03-02T12:00:00Z"],
            "day",
            "UTC",
            {"2024-02-29": 1, "2024-03-01": 0, "2024-03-02": 1},
        ),
        (
            ["2023-11-30T12:00:00Z", "2024-02-01T12:00:00Z"],
            "month",
            "UTC",
            {"2023-11-01": 1, "2023-12-01": 0, "2024-01-01": 0, "2024-02-01": 1},
        ),
        (["1969-12-31T23:59:59.5Z"], "day", "UTC", {"1969-12-31": 1}),  # before the epoch
        (["2024-03-01T09:00Z", None], "day", "UTC", {"2024-03-01": 1, None: 1}),  # counted, in no period
    ],
)
def test_inbound_volume_local_time(times, by, zone, expected):
    result = metrics.inbound_volume(
        pd.DataFrame({"created_at": pd.to_datetime(times, utc=True, format="ISO8601")}), by, zone
    )
    found = {None if pd.isna(key) else key: n for key, n in values(result, by, "n")}
    found = {f"{key:%Y-%m-%d}" if isinstance(key, pd.Timestamp) else key: n for key, n in found.items()}
    if by in ("hour", "weekday"):
        assert len(found) == {"hour": 24, "weekday": 7}[by]  # the silent ones too
        found = {key: n for key, n in found.items() if n}
    assert found == expected
    assert result["share"].sum() == pytest.approx(1)


def test_inbound_volume_orders_weekdays_and_fills_each_channel():
    contacts = pd.DataFrame({"created_at": after(0, 86_400 * 3), "channel": ["x", "email"]})
    result = metrics.inbound_volume(contacts, ["channel", "weekday"], "UTC")
    assert result["weekday"].tolist()[:7] == [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ]
    assert result["n"].tolist() == [1, 0, 0, 0, 0, 0, 0] + [0, 0, 0, 0, 1, 0, 0]


def test_inbound_volume_of_the_written_channels():
    contacts = pd.DataFrame({"created_at": [pd.Timestamp("2024-03-01T09:00Z")] * 3, "channel": ["phone", "email", "x"]})
    found = {one: metrics.inbound_volume(contacts, zone="UTC", channels=one) for one in ("all", "written", "phone")}
    assert {one: result["n"].tolist() for one, result in found.items()} == {"all": [3], "written": [2], "phone": [1]}
    assert found["written"].attrs["case"] == "written_conversation" and found["all"].attrs["case"] == "conversation"
    with pytest.raises(MissingColumn, match="channel"):
        metrics.inbound_volume(contacts[["created_at"]], channels="written")


def test_inbound_volume_knows_its_contacts():
    assert metrics.inbound_volume(calls(["answered", "test", None]))["n"].tolist() == [2]  # no tests
    messages = pd.DataFrame({"sent_at": after(0, 0, 0), "sender": ["customer", "agent", "bot"]})
    assert metrics.inbound_volume(messages)["n"].tolist() == [1]
    with pytest.raises(MissingColumn, match="created_at, started_at or sent_at.*it has: day"):
        metrics.inbound_volume(pd.DataFrame({"day": [1]}))
    with pytest.raises(MissingColumn, match="messages has no column 'sender'"):
        metrics.inbound_volume(messages[["sent_at"]])


@pytest.mark.parametrize(
    "table, n",
    [
        (calls(["answered"] * 3).drop(columns="outcome"), 3),  # nothing says which are tests
        (conversations(5, 5, outcome=["test", "answered"]), 2),  # a column of the user's own
        (calls(["test", "test"]), 0),
    ],
)
def test_only_calls_are_tests_and_only_where_they_say_so(table, n):
    assert metrics.inbound_volume(table)["n"].tolist() == [n]
    assert metrics.volume_heatmap(table, zone="UTC")["n"].sum() == n


def test_a_silent_day_is_not_too_few():
    contacts = pd.DataFrame({"created_at": after(0, 2 * 86_400)})
    volume = metrics.inbound_volume(contacts, by="day", zone="UTC")
    assert volume["n"].tolist() == [1, 0, 1] and volume.enough().all()
    assert metrics.volume_heatmap(contacts, zone="UTC").enough().all()
    assert metrics.contact_costs(contacts.assign(channel="x")).enough().all()
    assert not metrics.csat(pd.DataFrame({"score": [5]})).enough().any()  # a figure is


def test_volume_heatmap_counts_the_silent_weekdays():
    contacts = pd.DataFrame({"created_at": after(0, 60, 14 * 86_400)})  # two on a Friday, one two weeks later
    heat = metrics.volume_heatmap(contacts, zone="UTC")
    assert len(heat) == 168 and heat["n"].sum() == 3
    friday = heat[(heat["weekday"] == "Friday") & (heat["hour"] == 9)].iloc[0]
    assert friday[["n", "days", "mean", "low"]].tolist() == [3, 3, 1.0, 0.0]
    assert friday["high"] == pytest.approx(1 + 4.302653 / math.sqrt(3), rel=1e-6)
    steady = metrics.volume_heatmap(pd.DataFrame({"created_at": after(0, 7 * 86_400)}), zone="UTC")
    one = steady[(steady["weekday"] == "Friday") & (steady["hour"] == 9)].iloc[
        0
    ]  # 1 and 1: no certainty, but Poisson's
    assert one["high"] == pytest.approx(1 + 12.706205 / math.sqrt(2), rel=1e-6)
    monday = heat[(heat["weekday"] == "Monday") & (heat["hour"] == 9)].iloc[0]
    assert monday[["n", "days", "mean", "low", "high"]].tolist() == [0, 2, 0, 0, pytest.approx(3.688879 / 2)]


def test_volume_heatmap_is_not_confused_by_columns_of_that_name():
    contacts = pd.DataFrame({"created_at": after(0), "day": ["Friday"], "hour": ["nine"], "weekday": [1]})
    heat = metrics.volume_heatmap(contacts, zone="UTC")
    assert values(heat[heat["n"] > 0], "weekday", "hour", "n") == [["Friday", 9, 1]]


# --- response -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "waits, as_of, median, mean, open_count",
    [
        ([60], None, 60, 60, 0),  # a single row
        ([60, 120, 180], None, 120, 120, 0),
        ([60, 120, 180, None], 10 * H, 120, 120, 1),  # censored: not dropped
        ([60, None, None], 10 * H, None, 60, 2),  # the curve never falls to a half
        ([None, None], 10 * H, None, None, 2),
        ([0, 0, 0], None, 0, 0, 0),  # answered at once
        ([60, 600], 600, 60, 330, 0),  # answered exactly at as_of
        ([60, 601], 600, 60, 60, 1),  # and after it: still open then
        ([60.9, 120.1], None, 60, 90, 0),  # whole seconds, rounded down
    ],
)
def test_first_response_time(waits, as_of, median, mean, open_count):
    as_of = None if as_of is None else START + pd.Timedelta(seconds=as_of)
    result = metrics.first_response_time(conversations(*waits), as_of=as_of)
    columns = ("n", "answered_count", "open_count", "median_seconds", "mean_answered_seconds")
    assert values(result, *columns) == [[len(waits), len(waits) - open_count, open_count, median, mean]]


def test_first_response_time_leaves_out_what_begins_after_as_of():
    table = pd.DataFrame({"created_at": after(0, 100), "first_response_at": after(10, 110)})
    result = metrics.first_response_time(table, as_of=START + pd.Timedelta(seconds=99))
    assert values(result, "n", "median_seconds") == [[1, 10]]


@pytest.mark.parametrize(
    "closed, status, as_of, counts, median",  # of two: one answered after 60 s, and this one
    [
        (None, None, 600, [1, 0, 1], 60),
        (300, None, 600, [1, 1, 0], 60),  # closed without a reply: no longer waiting
        (0, None, 600, [1, 1, 0], 60),
        (600, None, 600, [1, 1, 0], 60),  # closed just when the data was read
        (601, None, 600, [1, 0, 1], 60),  # and after it: it waited then
        (601, "closed", 600, [1, 0, 1], 60),  # the time of closing says more than the status
        (-30, None, 600, [1, 1, 0], 60),  # before it began, as some systems stamp it
        (None, "closed", 600, [1, 1, 0], 60),  # closed, nobody knows when
        (None, "Solved", 600, [1, 1, 0], 60),
        (None, "spam", 600, [1, 1, 0], 60),
        (None, "open", 600, [1, 0, 1], 60),
        (None, "", 600, [1, 0, 1], 60),
    ],
)
def test_answered_closed_and_waiting_are_three(closed, status, as_of, counts, median):
    table = conversations(60, None, closed_at=after(99, closed), status=[None, status])
    as_of = START + pd.Timedelta(seconds=as_of)
    result = metrics.first_response_time(table, as_of=as_of)
    columns = ("answered_count", "closed_count", "open_count")
    assert values(result, *columns) == [counts] and result["n"].tolist() == [2]
    assert result["median_seconds"].tolist() == [median]
    assert values(metrics.response_rate(table, as_of=as_of), *columns) == [counts]
    buckets = metrics.response_time_buckets(table, as_of=as_of).set_index("bucket")["n"]
    assert buckets[["within 1 h", "closed unanswered", "waiting"]].tolist() == counts
    without = table.drop(columns=["closed_at" if status else "status"])
    if None in (closed, status):
        assert values(metrics.first_response_time(without, as_of=as_of), *columns) == [counts]


@pytest.mark.parametrize(
    "waits, closed, last",
    [
        # two answered, two closed: it levels off at the half that is ever answered
        ([60, 120, None, None], [None, None, 30, 300], 0.5),
        ([60, 120, None, None], [None, None, None, None], 0.5),
        # of those that waited at 60 s, one of three was answered; then one of two; the open one may yet be
        ([60, 120, None, None], [None, None, 30, None], 0.75 * (1 / 3 + 2 / 3 * 1 / 2)),
        ([None, None], [10, 20], 0.0),
        ([5, 5], [None, 3], 1.0),  # answered before what its close says
    ],
)
def test_the_curve_levels_off_at_what_is_ever_answered(waits, closed, last):
    table = conversations(*waits, closed_at=after(*closed))
    result = metrics.response_curve(table, as_of=START + pd.Timedelta(hours=1))
    assert result["share"].iloc[-1] == pytest.approx(last)


def test_the_curve_is_the_reference():
    """Three ends at 60, 120, 180 and 240 s, whose curve was computed elsewhere."""
    counts = {60: (3, 1, 0), 120: (4, 1, 1), 180: (2, 0, 1), 240: (1, 1, 1)}
    as_of, rows = START + pd.Timedelta(seconds=1000), []
    for time, (answered, closed, waiting) in counts.items():
        rows += [(0, time, None)] * answered + [(0, None, time)] * closed + [(1000 - time, None, None)] * waiting
    created, answered, closed = zip(*rows, strict=True)
    table = pd.DataFrame(
        {"created_at": after(*created), "first_response_at": after(*answered), "closed_at": after(*closed)}
    )
    result = metrics.response_curve(table, as_of=as_of)
    assert values(result, "seconds", "n") == [[0, 16], [60, 16], [120, 12], [180, 6], [240, 3]]
    assert result["share"].tolist()[1:] == pytest.approx([0.1875, 0.4375, 0.583333, 0.680556], abs=5e-7)
    assert result["low"].tolist()[1:] == pytest.approx([0.064648, 0.237761, 0.357108, 0.437057], abs=5e-7)
    assert result["high"].tolist()[1:] == pytest.approx([0.475396, 0.704573, 0.823584, 0.896325], abs=5e-7)
    row = metrics.first_response_time(table, as_of=as_of)
    assert values(row, "median_seconds", "median_low", "median_high", "p90_seconds") == [[180, 120, None, None]]


@pytest.mark.parametrize(
    "wait, on_grid",
    [(7199, 7199), (7200, 7200), (7201, 7210), (86_400, 86_400), (86_401, 86_460), (10 * 86_400 + 1, 864_600)]
    + [(100 * 86_400, 8_640_000), (8_640_001, 8_643_600)],
)
def test_long_waits_are_on_the_grid_their_mean_is_not(wait, on_grid):
    result = metrics.first_response_time(conversations(wait))
    assert values(result, "median_seconds", "mean_answered_seconds") == [[on_grid, wait]]
    curve = metrics.response_curve(conversations(wait))
    assert curve["seconds"].tolist() == [0, on_grid]
    buckets = metrics.response_time_buckets(conversations(wait), edges=(wait, wait + 1))
    assert buckets["n"].tolist() == [1, 0, 0, 0, 0]  # by the exact second


@pytest.mark.parametrize(
    "channels, n, case",
    [("all", 5, "conversation"), ("written", 3, "written_conversation"), ("phone", 2, "call")],
)
def test_channels(channels, n, case):
    table = conversations(60, 60, None, None, None, channel=["Phone", "voice", "x", "", None])
    waits = metrics.first_response_time(table, channels=channels)
    assert (waits["n"].tolist(), waits.attrs["case"]) == ([n], case)
    rates = metrics.response_rate(table, by="hour", channels=channels, zone="UTC")
    assert (rates["n"].tolist(), rates.attrs["case"]) == ([n], case)
    buckets = metrics.response_time_buckets(table, channels=channels)
    assert (buckets["total"].unique().tolist(), buckets.attrs["case"]) == ([n], case)
    curve = metrics.response_curve(table, channels=channels)
    assert (curve["n"].iloc[0], curve.attrs["case"]) == (n, case)
    assert rates.attrs["choices"]["channels"] == channels


def held(frame, **settings):
    """The frame as a table of a data set with those settings."""
    import duckdb

    from toolkit.engine import Context, own_backend, set_context

    backend = own_backend(duckdb.connect())
    set_context(backend, Context(Service.model_validate(settings), START.to_pydatetime() + datetime.timedelta(days=2)))
    return backend.create_table("held", frame)


def _knows(frame, hours=None, **tables):
    """A table whose data set knows which hours were there, and has other tables."""
    import duckdb

    from toolkit.engine import own_backend, set_context

    backend = own_backend(duckdb.connect())
    others = {name: backend.create_table(name, table) for name, table in tables.items()}
    data = SimpleNamespace(covered=None, count_groups=lambda key: None, has=others.__contains__, **others)
    data.hours_there = lambda: hours.assign(is_there=True)
    set_context(backend, SimpleNamespace(service=Service(), zone="UTC", as_of=None, period=None, data=data))
    return backend.create_table("held", frame)


def test_what_the_service_promises():
    targets = {"first_response": {"default": "1h", "Phone": "20s"}, "compliance": 0.75}
    table = conversations(20, 21, 3600, 3601, None, channel=["phone", "phone", "x", "x", None])
    result = metrics.first_response_time(held(table, targets=targets, minimum_count=1))
    # one of two calls, one of three others
    assert result["within_target"].tolist() == [pytest.approx(2 / 5)] and result["target_seconds"].isna().all()
    assert result.attrs["target"] == {
        "of": "within_target", "low": "within_target_low", "high": "within_target_high", "value": 0.75, "best": "high",
    }  # fmt: skip
    assert result.statuses() == ["near"] and result.targets() == [0.75]
    by = metrics.first_response_time(held(table, targets=targets), by="channel").set_index("channel")
    assert by["target_seconds"].to_dict() == {"(none)": 3600, "phone": 20, "x": 3600}
    assert by["within_target"].to_dict() == {"(none)": 0, "phone": 0.5, "x": 0.5}
    curve = oracle.incidence([(20, "ended"), (21, "ended")])
    assert tuple(by.loc["phone", ["within_target", "within_target_low", "within_target_high"]]) == pytest.approx(
        oracle.answered_by(curve, 20)
    )
    alone = held(table, targets={"first_response": {"Phone": "20s"}})  # the others are promised nothing
    assert metrics.first_response_time(alone)["within_target"].tolist() == [0.5]
    assert "within_target" not in metrics.first_response_time(held(table)).columns  # the defaults promise nobody
    nothing = held(table[table["channel"] == "x"], targets={"first_response": {"Phone": "20s"}})
    assert "within_target" not in metrics.first_response_time(nothing).columns


def test_curves_and_buckets_carry_what_each_group_is_promised():
    targets = {"first_response": {"Phone": "20s", "x": "1h"}}
    channel = ["phone", "phone", "x", "x", "letter"]
    table = held(conversations(20, 21, 3600, None, 5, channel=channel), targets=targets, minimum_count=1)
    for metric in (metrics.response_curve, metrics.response_time_buckets):
        by = metric(table, by="channel").groupby("channel")
        assert by["target_seconds"].agg(set).drop("letter").to_dict() == {"phone": {20}, "x": {3600}}
        assert by.get_group("letter")["target_seconds"].isna().all()  # nothing is promised to whom writes one
        assert "target_seconds" not in metric(table).columns  # several targets
        alone = metric(table.filter(table.channel == "x"))
        assert set(alone["target_seconds"]) == {3600} and alone.attrs["units"]["target_seconds"] == "seconds"
    within = metrics.response_time_buckets(table, by="channel")
    told = within.groupby("channel")["within_target"].agg(set).drop("letter").to_dict()
    assert told == {"phone": {0.5}, "x": {0.5}}  # the two calls took 20 and 21 s; who waits is of the whole
    assert interval_columns(within.columns) == {"share": ("low", "high")}
    columns = ["place", "channel", "part", "n", "total", "share", "low", "high"]
    assert within.parts().columns.tolist() == columns and len(within.parts()) == 21


@pytest.mark.parametrize(
    "abandoned, n, expected",
    [(0, 200, "on"), (10, 200, "near"), (40, 200, "off"), (5, 9, "few")],
)
def test_status_of_the_abandonment_rate(abandoned, n, expected):
    table = held(calls(["abandoned"] * abandoned + ["answered"] * (n - abandoned)), targets={"abandonment": 0.05})
    assert metrics.abandonment_rate(table).statuses() == [expected]
    untold = held(calls(["abandoned"] * abandoned + ["answered"] * (n - abandoned)))
    assert metrics.abandonment_rate(untold).statuses() == ["none"]


def test_expectation_met():
    expectations = {
        "social": [{"within": "1h", "share": 0.4}, {"within": "24h"}],
        "phone": [{"within": "3m", "share": 0.5}],
        "x": [{"within": 60}],
        "fax": [{"within": "1h"}],  # nobody writes there
    }
    table = conversations(
        60, 61, 3600, 3601, None, 180, 181, channel=["x", "x", "email", "", None, "Phone", "voice"],
        closed_at=after(None, None, None, None, 99, None, None),
    )  # fmt: skip
    result = metrics.expectation_met(held(table, expectations=expectations))
    assert values(result, "expectation", "within_seconds", "expected_share", "n", "answered_count") == [
        ["social, 1 h", 3600, 0.4, 3, 1],
        ["social, 24 h", 86_400, None, 3, 2],
        ["phone, 3 min", 180, 0.5, 2, 1],
        ["x, 1 min", 60, None, 2, 1],
    ]
    assert result["expectation_met"].tolist() == pytest.approx([1 / 3, 2 / 3, 0.5, 0.5])
    with pytest.raises(MissingColumn, match="conversations has no column 'channel'"):
        metrics.expectation_met(conversations(5))


@pytest.mark.parametrize("waited", [[0] * 20, [0] * 19 + [9]])
def test_all_answered_as_expected_has_an_interval(waited):
    result = metrics.expectation_met(
        held(conversations(*waited, channel="phone"), expectations={"phone": [{"within": "3m"}]})
    )
    assert values(result, "n", "answered_count", "expectation_met", "high") == [[20, 20, 1.0, 1.0]]
    assert result["low"].tolist() == pytest.approx([20 / (20 + 1.96**2)], abs=1e-4)
    assert result.sentence().replace("\xa0", " ").endswith("for “phone, 3 min”: 100 % (84 to 100).")


@pytest.mark.parametrize(
    "as_of",
    [
        "2024-03-01T10:00:00Z",
        "2024-03-01T11:00:00+01:00",
        "2024-03-01T10:00:00",  # without an offset: UTC
        datetime.datetime(2024, 3, 1, 10),
        datetime.datetime(2024, 3, 1, 5, tzinfo=datetime.timezone(datetime.timedelta(hours=-5))),
        pd.Timestamp("2024-03-01T10:00:00.999Z"),
    ],
)
def test_as_of(as_of):
    result = metrics.response_curve(conversations(60, None), as_of=as_of)
    assert result["seconds"].tolist() == [0, 60, H]


@pytest.mark.parametrize("as_of", ["soon", datetime.date(2024, 3, 1), 5, pd.NaT, np.datetime64("2024-03-01")])
def test_as_of_that_is_no_instant(as_of):
    with pytest.raises(BadParameter, match="is not an instant; write one such as 2024-04-29T08:00:00Z"):
        metrics.first_response_time(conversations(60), as_of=as_of)


@pytest.mark.parametrize("clock", ["calendar", "business"])
@pytest.mark.parametrize("metric", ["first_response_time", "response_curve", "response_time_buckets"])
def test_a_reply_before_its_conversation_is_refused(metric, clock):
    sunday = pd.Timestamp("2024-03-03T12:00Z")  # also where the service is closed at both
    table = pd.DataFrame({"created_at": after(0, start=sunday), "first_response_at": after(-5, start=sunday)})
    with pytest.raises(BadData, match="conversations: an end lies before its start"):
        getattr(metrics, metric)(table, clock=clock, as_of="2024-03-04", service=Service())


def test_business_time():
    hours = {day: ["09:00-18:00"] for day in ("monday", "friday")}
    service = Service.model_validate({"time_zone": "Europe/Rome", "opening_hours": hours})
    # Friday 17:00 to Monday 10:00 in Rome, over the weekend on which the clocks change
    table = pd.DataFrame(
        {
            "created_at": pd.to_datetime(["2024-03-29T16:00Z"]),
            "first_response_at": pd.to_datetime(["2024-04-01T08:00Z"]),
        }
    )
    result = metrics.first_response_time(table, clock="business", service=service)
    assert result["median_seconds"].tolist() == [2 * H]
    assert metrics.first_response_time(table)["median_seconds"].tolist() == [64 * H]
    assert result.attrs["choices"]["clock"] == "business"


@pytest.mark.parametrize(
    "wait, bucket",
    [
        (0, "within 1 h"),
        (3600, "within 1 h"),  # the edge itself counts
        (3600.999, "within 1 h"),  # in whole seconds
        (3601, "1 h to 6 h"),
        (6 * H, "1 h to 6 h"),
        (6 * H + 1, "6 h to 12 h"),
        (24 * H, "12 h to 24 h"),
        (24 * H + 1, "after 24 h"),
        (None, "waiting"),
    ],
)
def test_response_time_buckets(wait, bucket):
    result = metrics.response_time_buckets(conversations(wait))
    assert len(result) == 7 and result["total"].tolist() == [1] * 7
    assert values(result[result["n"] > 0], "bucket", "n", "share") == [[bucket, 1, 1.0]]


def test_response_time_buckets_wait_from_a_fraction_of_a_second():
    # from 09:00:00.9 to 10:00:00.1 are 3599.2 s; 09:00:00 to 10:00:00 in whole seconds
    table = pd.DataFrame({"created_at": after(0.9), "first_response_at": after(3600.1)})
    assert metrics.response_time_buckets(table)["n"].tolist() == [1, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    "edges, names",
    [
        (("90s",), ["within 90 s", "after 90 s"]),
        (("15m", "1h"), ["within 15 min", "15 min to 1 h", "after 1 h"]),
        ((60, 172_800), ["within 1 min", "1 min to 2 d", "after 2 d"]),
        (("1h 30m",), ["within 90 min", "after 90 min"]),
    ],
)
def test_response_time_buckets_names(edges, names):
    assert metrics.response_time_buckets(conversations(1), edges=edges)["bucket"].tolist() == [
        *names,
        "closed unanswered",
        "waiting",
    ]


@pytest.mark.parametrize("edges", [(), ("6h", "1h"), ("1h", "1h"), ("0s",), ("soon",), (-1,), (True,), "1h"])
def test_response_time_buckets_bad_edges(edges):
    with pytest.raises(BadParameter, match="^edges: "):
        metrics.response_time_buckets(conversations(1), edges=edges)


@pytest.mark.parametrize(
    "waits, expected",
    [([5], 1.0), ([None], 0.0), ([5, None, None, None], 0.25), ([], None)],
)
def test_response_rate(waits, expected):
    result = metrics.response_rate(conversations(*waits))
    assert values(result, "n", "response_rate") == [[len(waits), expected]]
    assert "needing_rate" not in result.columns


@pytest.mark.parametrize("topics", [["praise"], "praise"])
def test_response_rate_of_those_that_need_a_reply(topics):
    table = conversations(5, None, None, None, topic=["bills", "bills", "praise", None])
    result = metrics.response_rate(table, no_reply_topics=topics)
    columns = ("n", "answered_count", "response_rate", "needing_count", "needing_rate")
    assert values(result, *columns) == [[4, 1, 0.25, 3, 1 / 3]]
    only = metrics.response_rate(table, by="topic", no_reply_topics=topics)
    assert values(only, "topic", "needing_count", "needing_rate") == [
        ["(none)", 1, 0],
        ["bills", 2, 0.5],
        ["praise", 0, None],
    ]


@pytest.mark.parametrize("bot_only, n, open_count", [("out", 3, 1), ("in", 4, 2)])
def test_what_a_bot_handled_alone(bot_only, n, open_count):
    table = conversations(
        60, None, None, 60, bot_started_at=after(0, 0, 0, None), handed_off_at=after(None, None, 9, None)
    )
    result = metrics.first_response_time(
        table, bot_only=bot_only
    )  # the first was answered, the third waits for a human
    assert values(result, "n", "open_count") == [[n, open_count]]
    assert metrics.response_rate(table, bot_only=bot_only)["n"].tolist() == [n]
    assert metrics.response_time_buckets(table, bot_only=bot_only)["total"].unique().tolist() == [n]
    assert metrics.response_curve(table, bot_only=bot_only)["n"].iloc[0] == n
    without = metrics.first_response_time(table.drop(columns="handed_off_at"), bot_only=bot_only)
    assert without["n"].tolist() == [2 if bot_only == "out" else 4]  # nothing is known to be handed off


def test_response_rate_counts_no_reply_after_as_of():
    result = metrics.response_rate(conversations(5, 600), as_of=START + pd.Timedelta(seconds=599))
    assert values(result, "answered_count", "response_rate") == [[1, 0.5]]


def test_response_curve_keeps_both_ends_within_its_points():
    table = conversations(*range(1, 501), *[None] * 500)
    result = metrics.response_curve(table, as_of=START + pd.Timedelta(hours=1), points=50)
    assert len(result) <= 50
    assert values(result, "seconds", "share")[0] == [0, 0]
    assert values(result, "seconds", "share")[-1] == [H, pytest.approx(0.5)]  # flat up to the last one waiting


@pytest.mark.parametrize(
    "ids, parents, n",
    [
        (["1", "2"], [None, "1"], 1),
        ([1, 2], [None, 1.0], 1),  # whole numbers with a null, as pandas reads them
        (["1", "2"], [None, "7"], 0),  # the parent isn't here
        (["1", "2"], [None, None], 0),
    ],
)
def test_reply_pairs_find_the_parent(ids, parents, n):
    table = pd.DataFrame(
        {"message_id": ids, "in_reply_to": parents, "sender": ["customer", "agent"], "sent_at": after(0, 60)}
    )
    result = metrics.reply_pairs(table)
    assert values(result, "n", "median_seconds") == [[n, 60 if n else None]]


def test_reply_pairs():
    table = pd.DataFrame(
        {
            "message_id": list("abcdefg"),
            "in_reply_to": [None, "a", "a", "a", "b", "a", "a"],
            "sender": ["customer", "agent", "agent", "bot", "agent", "agent", "agent"],
            "sent_at": after(0, 60, 120, 5, 90, -30, 10),
            "is_public": [True, True, None, True, True, True, False],  # an internal note is no reply
        }
    )
    result = metrics.reply_pairs(table)  # 60, 120 and -30: neither the bot's, nor an agent's to an agent, nor the note
    columns = ("n", "median_seconds", "p90_seconds", "mean_seconds", "negative_count")
    assert values(result, *columns) == [[3, 60, pytest.approx(108), 50, 1]]


def test_reply_pairs_beside_the_first_response_of_the_same_threads():
    messages = pd.DataFrame(
        {
            "message_id": ["1", "2", "3", "4"],
            "conversation_id": ["a", "a", "a", "b"],
            "in_reply_to": [None, "1", None, None],
            "sender": ["customer", "agent", "customer", "customer"],
            "sent_at": after(0, 60, 90, 0),
        }
    )
    threads = conversations(60, 600, 7, conversation_id=["a", "b", "z"])  # nobody wrote in z
    result = metrics.reply_pairs(messages, conversations=threads)
    facts = {"threads": 2, "thread_median": 60, "unknown": 0}
    assert facts.items() <= result.attrs["facts"].items()
    assert "threads" not in metrics.reply_pairs(messages).attrs["facts"]


def test_intervals_of_reply_pairs():
    waits = [0] * 5 + [3, 8, 15, 20, 48, 60, 111]
    n = 24  # twice the twelve of the reference
    messages = pd.DataFrame(
        {
            "message_id": [f"q{k}" for k in range(n)] + [f"a{k}" for k in range(n)],
            "in_reply_to": [None] * n + [f"q{k}" for k in range(n)],
            "sender": ["customer"] * n + ["agent"] * n,
            "sent_at": after(*[0] * n, *waits * 2),
        }
    )
    row = metrics.reply_pairs(messages).iloc[0]
    assert (row["mean_low"], row["mean_high"]) == pytest.approx(oracle.hall([float(w) for w in waits * 2]))
    assert (row["median_low"], row["median_high"]) == oracle.order_interval(waits * 2, 0.5)
    few = metrics.reply_pairs(messages[messages["in_reply_to"].isna() | (messages.index % n < 19)]).iloc[0]
    assert few["n"] == 19 and pd.isna(few["mean_low"]) and pd.notna(few["median_low"])


def test_the_oracles_intervals_are_the_reference():
    waits = [0.0] * 5 + [3, 8, 15, 20, 48, 60, 111]
    assert oracle.hall(waits, fewest=12) == pytest.approx((5.649912, 112.405534), abs=1e-6)
    assert [oracle.order_interval(range(1, n + 1), 0.5) for n in (5, 6, 12, 20, 30)] == [
        (None, None), (1, 6), (3, 10), (6, 15), (10, 21),
    ]  # fmt: skip
    scores = [score for score, n in zip(range(1, 6), (64, 73, 38, 194, 267), strict=True) for _ in range(n)]
    assert oracle.scores_interval(scores) == pytest.approx((3.721219, 3.930539), abs=1e-6)
    assert oracle.scores_interval([5] * 10) == pytest.approx((3.889869, 5), abs=1e-6)
    clusters = list(zip([1, 2, 3, 4, 2, 3, 1, 2, 3, 2], [1, 2, 0, 4, 0, 0, 0, 1, 3, 0], strict=True))
    assert oracle.clustered(clusters) == pytest.approx((0.177751, 0.795375), abs=1e-6)
    assert oracle.pull_interval((36, 115), (425, 521)) == pytest.approx((-0.112884, -0.068498), abs=1e-6)


# --- calls ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "outcomes, expected",
    [
        (["answered", "abandoned"], [2, 1, 1, 0, 0.5]),
        (["answered", "abandoned", "test", "test"], [2, 1, 1, 0, 0.5]),  # tests are left out
        (["abandoned", None, "contained", ""], [4, 1, 0, 3, 0.25]),  # unfinished: offered, not abandoned
        ([None, None], [2, 0, 0, 2, None]),  # nobody was there who could have hung up
        (["contained", "test"], [1, 0, 0, 1, None]),
        (["test"], [0, 0, 0, 0, None]),
        ([], [0, 0, 0, 0, None]),
    ],
)
def test_abandonment_rate(outcomes, expected):
    result = metrics.abandonment_rate(calls(outcomes))
    assert values(result, "n", "abandoned_count", "answered_count", "other_count", "abandonment_rate") == [expected]


def test_abandonment_rate_without_outcomes():
    table = pd.DataFrame(
        {
            "started_at": after(0, 0, 0, 0),
            "answered_at": after(9, None, None, 9),
            "abandoned_at": after(None, 9, None, 5),
        }
    )
    result = metrics.abandonment_rate(table)  # who was answered did not abandon
    assert values(result, "abandoned_count", "answered_count", "other_count") == [[1, 2, 1]]
    with pytest.raises(MissingColumn, match="calls has no column 'answered_at'.*it has: started_at$"):
        metrics.abandonment_rate(table[["started_at"]])


@pytest.mark.parametrize("short, n, count", [(None, 4, 3), (0, 4, 3), (5, 3, 2), ("5s", 3, 2), (4, 4, 3), (60, 2, 1)])
def test_short_abandons(short, n, count):
    table = calls(["answered", *["abandoned"] * 3], abandoned_at=after(None, 5, 6, None))  # one knows no time
    result = metrics.abandonment_rate(table, short_abandon=short)
    assert values(result, "n", "abandoned_count") == [[n, count]]


@pytest.mark.parametrize(
    "base, short, n",
    [("offered", 5, 3), ("queued", 5, 2), ("queued", 4, 3), ("offered", 25, 2), ("offered", None, 3)],
)
def test_short_abandons_count_from_the_queue_where_that_is_the_base(base, short, n):
    # hung up after 25 s of the call, 5 s of them in the queue
    table = calls(
        ["abandoned", "answered", "answered"],
        queued_at=after(20, 1, 1),
        abandoned_at=after(25, None, None),
        answered_at=after(None, 9, 9),
    )
    assert metrics.abandonment_rate(table, base=base, short_abandon=short)["n"].tolist() == [n]


def test_abandonment_of_those_that_wanted_an_agent():
    table = calls(["answered", "abandoned", "contained", None, "test"])
    result = metrics.abandonment_rate(table, base="wanted_agent")
    assert values(result, "n", "abandoned_count", "other_count", "abandonment_rate") == [[2, 1, 0, 0.5]]


def test_an_hour_at_which_nobody_could_abandon_has_no_rate():
    table = calls(["contained", "answered", None, "abandoned"]).assign(started_at=after(0, H, 2 * H, 3 * H))
    result = metrics.abandonment_rate(table, by="hour", zone="UTC")
    columns = ("hour", "n", "abandonment_rate", "low")
    assert values(result, *columns)[::2] == [[9, 1, None, None], [11, 1, None, None]]
    assert result["abandonment_rate"].tolist()[1::2] == [0.0, 1.0]


def test_abandonment_by_base():
    table = calls(
        ["answered", "abandoned", "abandoned", "contained", None, "test"],
        queued_at=after(10, 10, None, None, 10, 10),
        answered_at=after(30, None, None, None, None, 30),
        abandoned_at=after(None, 30, 4, None, None, None),
    )
    columns = ("base", "n", "abandoned_count", "answered_count", "other_count", "abandonment_rate")
    expected = [
        ["offered", 5, 2, 1, 2, 0.4],
        ["wanted_agent", 3, 2, 1, 0, 2 / 3],
        ["queued", 2, 1, 1, 0, 0.5],
        ["no_short_abandons", 4, 1, 1, 2, 0.25],  # without the one that hung up after 4 s
    ]
    result = metrics.abandonment_by_base(table)
    assert values(result, *columns) == expected
    assert (result.attrs["rows"], result.attrs["ordered"]) == (["base"], True)
    assert metrics.abandonment_by_base(table, "30s").iloc[-1]["n"] == 3
    assert metrics.abandonment_by_base(held(table, short_abandon="3s")).iloc[-1]["n"] == 5
    plain = metrics.abandonment_by_base(table.drop(columns=["queued_at", "abandoned_at"]))
    assert plain["base"].tolist() == ["offered", "wanted_agent"]


@pytest.mark.parametrize(
    "queued, told, counted",
    [
        (0, None, True),
        (10, None, False),  # answered when it entered the queue
        (None, None, False),
        (10, 3, True),  # the system's own figure comes first
        (0, 0, False),
        (0, 0.4, False),  # whole seconds
        (None, 3, True),
    ],
)
def test_abandonment_of_the_queued(queued, told, counted):
    table = calls(["answered"], queued_at=after(queued), answered_at=after(10), queue_seconds=[told])
    assert metrics.abandonment_rate(table, base="queued")["n"].tolist() == [int(counted)]


def test_abandonment_of_the_queued_needs_an_end():
    with pytest.raises(
        MissingColumn, match="calls has no column 'answered_at'.*it has: started_at, outcome, queued_at$"
    ):
        metrics.abandonment_rate(calls(["answered"], queued_at=after(0)), base="queued")
    told = calls(["answered"], queued_at=after(0), queue_seconds=[9])
    assert metrics.abandonment_rate(told, base="queued")["n"].tolist() == [1]


STAGES = pd.DataFrame(
    [
        ("a", 1, "welcome", False),
        ("a", 2, "queue", False),
        ("a", 3, "welcome", False),  # back to the menu and into the queue again: one call each
        ("a", 4, "queue", True),
        ("b", 1, "welcome", True),
        ("c", 1, "welcome", None),
        ("c", 2, None, False),  # a stage that has no name
        ("t", 1, "welcome", True),
    ],
    columns=["call_id", "position", "stage", "is_abandoned"],
).assign(entered_at=START + pd.Timedelta(hours=1))


def test_abandonment_by_stage():
    result = metrics.abandonment_by_stage(STAGES)
    expected = [["welcome", 4, 2, 0.5, 2 / 3], ["(none)", 1, 0, 0.0, 0.0], ["queue", 1, 1, 1.0, 1 / 3]]
    assert values(result, "stage", "n", "abandoned_count", "hazard", "share_of_abandons") == expected


def test_abandonment_by_stage_of_the_offered_calls():
    table = calls(["abandoned", "abandoned", None, "test"], call_id=list("abct"), queue=["s", "s", "r", "s"])
    result = metrics.abandonment_by_stage(STAGES, table)
    assert values(result, "stage", "n", "abandoned_count")[0] == ["welcome", 3, 1]  # without the test
    result = metrics.abandonment_by_stage(STAGES, table, by="queue")
    expected = [["r", "welcome", 1, None], ["r", "(none)", 1, None], ["s", "welcome", 2, 0.5], ["s", "queue", 1, 0.5]]
    assert values(result, "queue", "stage", "n", "share_of_abandons") == expected
    assert set(metrics.abandonment_by_stage(STAGES, table, by="hour", zone="UTC")["hour"]) == {9}  # the call's
    assert set(metrics.abandonment_by_stage(STAGES, by="hour", zone="UTC")["hour"]) == {10}  # the stage's


def test_abandonment_by_stage_leaves_tests_out_without_the_calls(tmp_path):
    from toolkit.load import open_data

    table = calls(["abandoned", "abandoned", None, "test"], call_id=list("abct"), queue=["s", "s", "r", "s"])
    table.to_csv(tmp_path / "calls.csv", index=False)
    STAGES.assign(is_abandoned=STAGES["is_abandoned"].map({True: "true", False: "false"})).to_csv(
        tmp_path / "call_stages.csv", index=False
    )
    data = open_data(tmp_path)
    assert_tests_are_out(data.call_stages, data.calls)


def test_abandonment_by_stage_leaves_the_tests_of_its_data_set_out():
    table = calls(["abandoned", "abandoned", None, "test"], call_id=list("abct"))
    for known in (table, table.drop(columns="outcome").assign(answered_at=after(None, None, 1, 1))):
        stages = _knows(STAGES, calls=known)
        is_told = "outcome" in known.columns
        first = values(metrics.abandonment_by_stage(stages), "stage", "n", "abandoned_count")[0]
        assert first == (["welcome", 3, 1] if is_told else ["welcome", 4, 2])


def assert_tests_are_out(stages, table):
    alone, beside = metrics.abandonment_by_stage(stages), metrics.abandonment_by_stage(stages, table)
    assert values(alone, "stage", "n") == values(beside, "stage", "n")
    assert values(alone, "stage", "n", "abandoned_count")[0] == ["welcome", 3, 1]


@pytest.mark.parametrize(
    "flags, count",
    [([True, False], 1), ([None, None], 0), ([1, 0], 1), ([1.0, None], 1), (pd.array([True, None], "boolean"), 1)],
)
def test_flags(flags, count):
    table = pd.DataFrame({"call_id": ["a", "b"], "position": [1, 1], "stage": ["menu", "menu"], "is_abandoned": flags})
    assert metrics.abandonment_by_stage(table)["abandoned_count"].tolist() == [count]


@pytest.mark.parametrize(
    "since, unqueued, expected",
    [
        ("queue", "zero", [3, 10, 10, 18]),  # 20, 10 and none
        ("queue", "out", [2, 15, 15, 19]),
        ("start", "zero", [3, 25, 30, 30]),
    ],
)
def test_average_speed_of_answer(since, unqueued, expected):
    table = calls(
        ["answered"] * 3 + ["abandoned", "answered", "test"],
        queued_at=after(10, 20, None, 0, 0, 0),
        answered_at=after(30, 30, 15, None, None, 99),  # the fifth knows no time
    )
    result = metrics.average_speed_of_answer(table, since=since, unqueued=unqueued)
    columns = ("n", "mean_seconds", "median_seconds", "p90_seconds")
    assert values(result, *columns) == [[expected[0], *(pytest.approx(value) for value in expected[1:])]]
    assert result.attrs["facts"]["unknown"] == 1  # said, not dropped in silence


@pytest.mark.parametrize(
    "queued, told, unqueued, expected",
    [
        (0, 7, "zero", [1, 7]),  # the system's own figure comes first
        (0, 7.9, "zero", [1, 7]),
        (0, None, "zero", [1, 10]),
        (None, 0, "zero", [1, 0]),
        (None, 0, "out", [0, None]),  # never queued, although the system tells 0 s
        (11, None, "zero", [1, 0]),  # two clocks a second apart
    ],
)
def test_average_speed_of_answer_as_told(queued, told, unqueued, expected):
    table = calls(["answered"], queued_at=after(queued), answered_at=after(10), queue_seconds=[told])
    result = metrics.average_speed_of_answer(table, unqueued=unqueued)
    assert values(result, "n", "mean_seconds") == [expected]
    assert values(result, "mean_low", "mean_high") == [[None, None]]  # one value has no interval


def test_answered_within_what_the_service_promises():
    table = calls(
        ["answered"] * 4 + ["abandoned"],
        queued_at=after(*[0] * 5),
        answered_at=after(0, 20, 21, None, None),  # the fourth knows no time
    )
    result = metrics.average_speed_of_answer(held(table, targets={"answer_within": "20s", "compliance": 0.9}))
    low, high = oracle.wilson(2, 3)
    assert values(result, "n", "within_target") == [[3, 2 / 3]]
    assert values(result, "within_target_low", "within_target_high") == [[pytest.approx(low), pytest.approx(high)]]
    assert result.attrs["target"]["value"] == 0.9 and result.attrs["target"]["seconds"] == 20
    assert "within_target" not in metrics.average_speed_of_answer(table).columns


# --- satisfaction ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scores, n, share, mean",
    [
        ([5, 4, 3, 2, 1], 5, 0.4, 3),
        ([4], 1, 1.0, 4),
        ([3], 1, 0.0, 3),
        ([5, None], 1, 1.0, 5),
        ([None, None], 0, None, None),
        ([], 0, None, None),
    ],
)
def test_csat(scores, n, share, mean):
    result = metrics.csat(pd.DataFrame({"score": scores}))
    assert values(result, "sent_count", "n", "csat", "mean") == [[len(scores), n, share, mean]]
    assert result[[f"score_{score}" for score in range(1, 6)]].sum(axis=1).tolist() == [n]


def test_csat_of_csat_surveys_only():
    table = pd.DataFrame({"score": [5, 10, 1], "kind": ["csat", "nps", "csat"]})
    assert values(metrics.csat(table), "n", "csat", "mean") == [[2, 0.5, 3]]


@pytest.mark.parametrize("score", [0, 6, 10, 4.5, -1])
def test_csat_refuses_other_scores(score):
    with pytest.raises(BadData, match="surveys: a csat score is no whole number from 1 to 5"):
        metrics.csat(pd.DataFrame({"score": [5, score]}))


@pytest.mark.parametrize("satisfied, share", [(5, 0.25), (4, 0.5), (1, 1.0)])
def test_csat_satisfied(satisfied, share):
    assert metrics.csat(pd.DataFrame({"score": [5, 4, 3, 1]}), satisfied=satisfied)["csat"].tolist() == [share]


@pytest.mark.parametrize("satisfied", [0, 6, "4", 3.5])
def test_csat_satisfied_that_is_no_score(satisfied):
    with pytest.raises(BadParameter, match="satisfied"):
        metrics.csat(pd.DataFrame({"score": [5]}), satisfied=satisfied)


def test_csat_by_topic():
    table = pd.DataFrame(
        {"topic": ["a"] * 4 + ["b"] * 4 + [None] * 2 + ["c"], "score": [5, 5, 5, 1, 1, 1, 1, 5, 5, 5, None]}
    )
    result = metrics.csat_by_topic(table)  # 6 of 10 in all
    assert values(result, "topic", "n", "csat", "pull") == [
        ["b", 4, 0.25, pytest.approx(0.6 - 5 / 6)],
        ["a", 4, 0.75, pytest.approx(0.6 - 3 / 6)],
        ["(none)", 2, 1.0, pytest.approx(0.6 - 4 / 8)],
        ["c", 0, None, None],
    ]
    assert result["share_of_answers"].tolist() == [0.4, 0.4, 0.2, 0.0]


def test_csat_by_topic_of_one_topic_pulls_nothing():
    result = metrics.csat_by_topic(pd.DataFrame({"topic": ["a", "a"], "score": [5, 1]}))
    assert values(result, "csat", "pull", "pull_low", "pull_high") == [[0.5, None, None, None]]
    with pytest.raises(BadParameter, match="at least one column"):
        metrics.csat_by_topic(pd.DataFrame({"score": [5]}), by=None)


def test_low_scores_worst_and_newest_first():
    table = pd.DataFrame(
        {
            "survey_id": list("abcdef"),
            "score": [3, 1, 1, 4, None, 1],
            "answered_at": after(0, 10, 20, 0, 0, None),
            "kind": ["csat"] * 6,
        }
    )
    result = metrics.low_scores(table)
    assert result["survey_id"].tolist() == ["c", "b", "f", "a"]
    assert str(result["answered_at"].dtype).endswith("UTC]")
    assert metrics.low_scores(table, limit=1)["survey_id"].tolist() == ["c"]
    assert metrics.low_scores(table, at_most=2)["survey_id"].tolist() == ["c", "b", "f"]


def test_low_scores_are_counted_before_they_are_cut():
    comments = ["slow", "", None, "  ", "<b>", "no"]
    table = pd.DataFrame({"survey_id": list("abcdef"), "score": [1, 2, 3, 1, 5, 1], "comment": comments})
    for limit in (None, 1):
        facts = metrics.low_scores(table, limit=limit).attrs["facts"]
        assert facts == {"total": 5, "worst": 3, "with_comment": 2, "has_comments": True, "lowest": 1}
    assert not metrics.low_scores(table.drop(columns="comment")).attrs["facts"]["has_comments"]


def test_low_score_rate():
    table = pd.DataFrame({"score": [3, 5, None, None], "topic": ["a", "a", "b", None], "sent_at": after(*[0] * 4)})
    result = metrics.low_score_rate(table, by="topic")
    assert values(result, "topic", "n", "low_count", "low_score_rate") == [
        ["(none)", 0, 0, None], ["a", 2, 1, 0.5], ["b", 0, 0, None],  # of those that answered
    ]  # fmt: skip
    assert metrics.low_score_rate(table, by="month", zone="UTC")["low_count"].sum() == 1
    assert metrics.low_score_rate(table, at_most=2)["low_count"].tolist() == [0]


@pytest.mark.parametrize("scores", [[5] * 12, [1] * 12, [1, 5, 5, 5, 5], [4, 5, 4, 5, 4, 5]])
def test_the_mean_score_stays_on_its_scale(scores):
    row = metrics.csat(pd.DataFrame({"score": scores})).iloc[0]
    assert (row["mean_low"], row["mean_high"]) == pytest.approx(oracle.scores_interval(scores))
    assert 1 <= row["mean_low"] < row["mean_high"] <= 5
    few = metrics.csat(pd.DataFrame({"score": scores[:4]})).iloc[0]
    assert pd.isna(few["mean_low"]) and pd.isna(few["mean_high"])


# --- sentiment ------------------------------------------------------------------------------------


def messages(counts, start=START, **columns):
    """`counts`: per week from the start, (negative, positive, not scored) messages."""
    rows = [
        (7 * 86_400 * week, label)
        for week, numbers in enumerate(counts)
        for label, number in zip(("negative", "positive", None), numbers, strict=True)
        for _ in range(number)
    ]
    times, labels = zip(*rows, strict=True)
    return pd.DataFrame({"sent_at": after(*times, start=start), "sentiment": labels, "sender": "customer", **columns})


def test_sentiment_trend():
    result = metrics.sentiment_trend(messages([(1, 3, 1), (2, 2, 0)]), zone="UTC")
    columns = ("week", "n", "message_count", "coverage", "positive", "neutral", "negative", "change", "verdict")
    assert values(result, *columns) == [
        [pd.Timestamp("2024-02-26"), 4, 5, 0.8, 0.75, 0.0, 0.25, None, "untested"],
        [pd.Timestamp("2024-03-04"), 4, 4, 1.0, 0.5, 0.0, 0.5, None, "untested"],  # too few
    ]


CALM = [(10, 90, 0), (11, 89, 0), (9, 91, 0), (10, 90, 0)] * 2
RESTLESS = [(2, 98, 0), (30, 70, 0), (5, 95, 0), (28, 72, 0)] * 2


@pytest.mark.parametrize(
    "counts, expected",
    [
        ([*CALM, (40, 60, 0)], ["chance"] * 7 + ["clear"]),
        ([*CALM, (12, 88, 0)], ["chance"] * 8),
        ([*RESTLESS, (40, 60, 0)], ["chance"] * 8),  # it moves as much without a reason
        ([(10, 90, 0), (40, 60, 0)], ["no history"]),
        ([*CALM[:4], (40, 60, 0)], ["no history"] * 4),  # three other weeks are too few
        ([*CALM, (0, 0, 5), (40, 60, 0)], ["chance"] * 7 + ["untested", "untested"]),  # a week without a score
        ([*CALM, (0, 0, 0), (40, 60, 0)], ["chance"] * 7 + ["untested"]),  # a silent week is no neighbour
        ([(0, 19, 0)] * 6, ["chance"] * 5),  # all alike
        ([*CALM, (9, 0, 0)], ["chance"] * 7 + ["untested"]),  # too few
    ],
)
def test_sentiment_trend_verdicts(counts, expected):
    result = metrics.sentiment_trend(messages(counts), zone="UTC")
    assert result["verdict"].tolist() == ["untested", *expected]
    assert result["change"].notna().tolist() == [verdict != "untested" for verdict in ["untested", *expected]]
    assert result["p"].notna().tolist() == [verdict in ("clear", "chance") for verdict in ["untested", *expected]]


def test_messages_of_one_conversation_say_less():
    alone = messages([(20, 30, 0)])
    alone["conversation_id"] = [f"c{number}" for number in range(50)]
    threads = messages([(20, 30, 0)])
    threads["conversation_id"] = [f"c{number // 5}" for number in range(50)]  # ten of five that sound alike
    one, ten = (metrics.sentiment_trend(table, every=None).iloc[0] for table in (alone, threads))
    low, high = oracle.clustered([(5, 5)] * 4 + [(5, 0)] * 6)
    assert (ten["negative_low"], ten["negative_high"]) == pytest.approx((low, high))
    assert ten["negative"] == one["negative"] == 0.4
    assert ten["negative_low"] < one["negative_low"] and one["negative_high"] < ten["negative_high"]


@pytest.mark.parametrize("counts", [(20, 30, 0), (0, 30, 0), (30, 0, 0)])
def test_below_ten_conversations_neither_end_is_known(counts):
    table = messages([counts])
    table["conversation_id"] = [f"c{number % 9}" for number in range(len(table))]
    row = metrics.sentiment_trend(table, every=None)
    assert row[["negative_low", "negative_high", "positive_low", "positive_high"]].isna().all(axis=None)


def test_a_single_conversation_is_worth_one_message():
    table = messages([*CALM, (40, 60, 0)])
    weeks = table["sent_at"].dt.isocalendar().week
    lone = table.assign(conversation_id=[f"c{week}" for week in weeks])  # one a week, however long
    assert metrics.sentiment_trend(lone, zone="UTC")["verdict"].tolist() == ["untested"] + ["chance"] * 8


@pytest.mark.parametrize("tagged, n", [("all", 3), ("tagged", 2), ("untagged", 1)])
def test_sentiment_trend_tagged(tagged, n):
    table = messages([(3, 0, 0)], is_tagged=[True, None, False])  # only what is known to be a mention is one
    assert metrics.sentiment_trend(table, every=None, tagged=tagged)["n"].tolist() == [n]


def test_sentiment_trend_without_a_known_tag():
    table = messages([(2, 0, 0)], is_tagged=None)
    assert metrics.sentiment_trend(table, every=None, tagged="tagged")["n"].tolist() == [2]
    with pytest.raises(MissingColumn, match="messages has no column 'is_tagged'"):
        metrics.sentiment_trend(messages([(2, 0, 0)]), tagged="tagged")


def test_sentiment_trend_is_not_confused_by_a_column_of_that_name():
    table = messages([(1, 1, 0), (1, 1, 0)], week="w", channel="x")
    result = metrics.sentiment_trend(table, by=["channel", "week"], zone="UTC")
    assert values(result, "channel", "week") == [["x", pd.Timestamp("2024-02-26")], ["x", pd.Timestamp("2024-03-04")]]


def test_sentiment_engines():
    table = pd.DataFrame(
        {
            "sender": ["customer"] * 4 + ["agent"],
            "language": ["it", "it", "en", None, "it"],
            "sentiment_engine": ["data", "data", None, None, "data"],
        }
    )
    expected = [["(none)", "(none)", 1, 0.25], ["en", "(none)", 1, 0.25], ["it", "data", 2, 0.5]]
    assert values(metrics.sentiment_engines(table), "language", "sentiment_engine", "n", "share") == expected


# --- what users pass ------------------------------------------------------------------------------

EMPTY = {
    "inbound_volume": conversations(),
    "volume_heatmap": conversations(),
    "first_response_time": conversations(),
    "response_curve": conversations(),
    "response_time_buckets": conversations(),
    "response_rate": conversations(),
    "reply_pairs": pd.DataFrame({"message_id": [], "in_reply_to": [], "sender": [], "sent_at": []}),
    "expectation_met": conversations(channel=[]),
    "contact_costs": conversations(channel=[]),
    "abandonment_rate": calls([]),
    "abandonment_by_base": calls([]),
    "abandonment_by_stage": STAGES.iloc[:0],
    "average_speed_of_answer": calls([], queued_at=after(), answered_at=after()),
    "csat": pd.DataFrame({"score": [], "topic": []}),
    "csat_by_topic": pd.DataFrame({"score": [], "topic": []}),
    "low_scores": pd.DataFrame({"score": [], "survey_id": []}),
    "low_score_rate": pd.DataFrame({"score": []}),
    "sentiment_trend": STAGES.iloc[:0].assign(sender="", sent_at=after(), sentiment=""),
    "sentiment_engines": STAGES.iloc[:0].assign(sender="", language="", sentiment_engine=""),
}
FULL_ROWS = {
    "reply_pairs": pd.DataFrame({"message_id": ["a"], "in_reply_to": [None], "sender": [None], "sent_at": after(None)}),
    "sentiment_trend": pd.DataFrame({"sender": ["customer"], "sent_at": after(0), "sentiment": [None]}),
    "sentiment_engines": pd.DataFrame({"sender": ["customer"], "language": [None], "sentiment_engine": [None]}),
    "csat": pd.DataFrame({"score": [None], "topic": [None]}),
    "csat_by_topic": pd.DataFrame({"score": [None], "topic": [None]}),
    "low_scores": pd.DataFrame({"score": [None], "survey_id": [None]}),
    "abandonment_rate": calls([None]),
    "average_speed_of_answer": calls([None], queued_at=[None], answered_at=[None]),
    "abandonment_by_stage": pd.DataFrame(
        {"call_id": ["a"], "position": [None], "stage": [None], "is_abandoned": [None]}
    ),
}
ZONED = ("volume_heatmap", "sentiment_trend")


@pytest.mark.parametrize("name", EMPTY)
def test_of_an_empty_table(name):
    keywords = {"zone": "UTC"} if name in ZONED else {}
    result = getattr(metrics, name)(EMPTY[name], **keywords)
    assert len(result) in (0, 1, 2, 168)
    counts = [column for column in result.columns if column == "n" or column.endswith("_count")]
    assert (result[counts] == 0).all(axis=None)
    rates = [column for column, unit in result.attrs["units"].items() if unit in ("rate", "score", "number")]
    assert result[rates].isna().all(axis=None)  # undefined is null, never 0 and never 100 %
    result._repr_html_()


@pytest.mark.parametrize("name", FULL_ROWS)
def test_of_a_table_of_nulls(name):
    keywords = {"zone": "UTC"} if name in ZONED else {}
    result = getattr(metrics, name)(FULL_ROWS[name], **keywords)
    if name == "abandonment_rate":
        assert values(result, "n", "other_count", "abandonment_rate") == [[1, 1, None]]
    elif name == "abandonment_by_stage":
        assert values(result, "stage", "n", "hazard") == [["(none)", 1, 0.0]]
    elif name == "sentiment_engines":
        assert values(result, "language", "n") == [["(none)", 1]]
    elif name == "csat_by_topic":
        assert values(result, "topic", "n", "csat") == [["(none)", 0, None]]
    else:
        assert result["n"].tolist() == [0] if "n" in result.columns else len(result) == 0


UNGROUPED = {"sentiment_engines", "volume_heatmap", "expectation_met", "abandonment_by_base", "low_scores"}


@pytest.mark.parametrize("name", sorted(set(EMPTY) - UNGROUPED))
def test_by_a_column_that_is_not_there(name):
    with pytest.raises(MissingColumn, match=r" has no column 'chanel'.*it has: .*quarter, year$"):
        getattr(metrics, name)(EMPTY[name], by="chanel")


@pytest.mark.parametrize("name", sorted(set(EMPTY) - UNGROUPED - {"sentiment_trend"}))
def test_local_time_needs_a_zone(name):
    table = EMPTY[name].assign(sent_at=after())
    with pytest.raises(BadParameter, match="need a time zone: pass zone='Europe/Rome'"):
        getattr(metrics, name)(table, by="hour")
    with pytest.raises(BadParameter, match="'Rome' is not a time zone"):
        getattr(metrics, name)(table, by="hour", zone="Rome")


NEEDED = {
    "first_response_time": ("conversations", ["created_at", "first_response_at"]),
    "response_curve": ("conversations", ["created_at", "first_response_at"]),
    "response_time_buckets": ("conversations", ["created_at", "first_response_at"]),
    "response_rate": ("conversations", ["created_at", "first_response_at"]),
    "reply_pairs": ("messages", ["message_id", "in_reply_to", "sender", "sent_at"]),
    "expectation_met": ("conversations", ["created_at", "first_response_at", "channel"]),
    "contact_costs": ("conversations", ["channel"]),
    "abandonment_rate": ("calls", ["started_at"]),
    "abandonment_by_base": ("calls", ["started_at"]),
    "abandonment_by_stage": ("call_stages", ["call_id", "position", "stage", "is_abandoned"]),
    "average_speed_of_answer": ("calls", ["started_at", "queued_at", "answered_at"]),
    "csat": ("surveys", ["score"]),
    "csat_by_topic": ("surveys", ["score", "topic"]),
    "low_scores": ("surveys", ["score", "survey_id"]),
    "low_score_rate": ("surveys", ["score"]),
    "sentiment_trend": ("messages", ["sender", "sent_at", "sentiment"]),
    "sentiment_engines": ("messages", ["sender", "language", "sentiment_engine"]),
}


@pytest.mark.parametrize(
    "name, table, column", [(name, table, column) for name, (table, columns) in NEEDED.items() for column in columns]
)
def test_a_missing_column_is_named(name, table, column):
    with pytest.raises(MissingColumn) as caught:
        getattr(metrics, name)(EMPTY[name].drop(columns=column))
    assert (caught.value.table, caught.value.column) == (table, column)
    present = [name for name in EMPTY[name].columns if name != column]
    assert caught.value.present[: len(present)] == present and not any(
        name.endswith("_") for name in caught.value.present
    )


def test_a_missing_time_is_named_when_hours_are_asked_for():
    with pytest.raises(MissingColumn, match="surveys has no column 'sent_at'"):
        metrics.csat(pd.DataFrame({"score": [5]}), by="month", zone="UTC")
    with pytest.raises(MissingColumn, match="call_stages has no column 'entered_at'"):
        metrics.abandonment_by_stage(STAGES.drop(columns="entered_at"), by="hour", zone="UTC")


@pytest.mark.parametrize(
    "metric, table, column, bad",
    [
        ("first_response_time", conversations(5), "created_at", ["2024-03-01 09:00"]),
        ("first_response_time", conversations(5), "first_response_at", [1709283600]),
        ("inbound_volume", conversations(5), "created_at", ["?"]),
        ("csat", pd.DataFrame({"score": [5]}), "score", ["5"]),
        (
            "average_speed_of_answer",
            calls(["answered"], queued_at=after(0), answered_at=after(1)),
            "queue_seconds",
            ["7 s"],
        ),
        ("abandonment_by_stage", STAGES.iloc[:1], "is_abandoned", ["no"]),
        ("abandonment_by_stage", STAGES.iloc[:1], "position", ["first"]),
    ],
)
def test_a_column_of_the_wrong_type_is_named(metric, table, column, bad):
    with pytest.raises(BadData, match=rf"\w+\.{column} is \w+, but must be .*; convert it first"):
        getattr(metrics, metric)(table.assign(**{column: bad}))


@pytest.mark.parametrize(
    "call, message",
    [
        (
            lambda: metrics.first_response_time(conversations(5), clock="busines"),
            r"clock='busines' is not allowed \(did you mean 'business'\?\)",
        ),
        (lambda: metrics.response_rate(conversations(5), bot_only="no"), "bot_only='no' is not allowed"),
        (lambda: metrics.response_rate(conversations(5), channels="mail"), "channels='mail' is not allowed"),
        (
            lambda: metrics.abandonment_rate(calls([]), base="all"),
            "base='all' is not allowed.*'offered', 'wanted_agent', 'queued'",
        ),
        (lambda: metrics.abandonment_rate(calls([]), short_abandon="soon"), "short_abandon: 'soon' is not a duration"),
        (lambda: metrics.average_speed_of_answer(calls([]), since="now"), "since='now' is not allowed"),
        (lambda: metrics.average_speed_of_answer(calls([]), unqueued="no"), "unqueued='no' is not allowed"),
        (lambda: metrics.sentiment_trend(conversations(), every="hour"), "every='hour' is not allowed.*'week'"),
        (lambda: metrics.sentiment_trend(conversations(), tagged=True), "tagged=True is not allowed"),
    ],
)
def test_a_parameter_that_is_not_allowed(call, message):
    with pytest.raises(BadParameter, match=message):
        call()


@pytest.mark.parametrize("data", [None, 5, [1], {"score": [1]}])
def test_what_is_no_table(data):
    with pytest.raises(BadData, match=r"surveys: \w+ is not a table"):
        metrics.csat(data)


def test_what_is_no_file(tmp_path):
    with pytest.raises(BadData, match="there is no such file"):
        metrics.csat(tmp_path / "surveys.csv")
    (tmp_path / "surveys.xlsx").touch()
    with pytest.raises(BadData, match="reads one .parquet or .csv file"):
        metrics.csat(tmp_path / "surveys.xlsx")


def test_a_column_that_is_there_twice():
    table = conversations(5)
    with pytest.raises(BadData, match="column 'created_at' is there more than once"):
        metrics.inbound_volume(pd.concat([table, table[["created_at"]]], axis=1))


# --- frames as pandas users have them -------------------------------------------------------------

PLAIN = conversations(60, 7200, None, 60, channel=pd.Series(["x", "email", None, ""], dtype=object))
FRAMES = {
    "another zone": lambda frame: frame.assign(
        **{name: frame[name].dt.tz_convert("Asia/Tokyo") for name in frame.columns[:2]}
    ),
    "naive is UTC": lambda frame: frame.assign(
        **{name: frame[name].dt.tz_localize(None) for name in frame.columns[:2]}
    ),
    "one naive, one zoned": lambda frame: frame.assign(created_at=frame["created_at"].dt.tz_localize(None)),
    "nanoseconds": lambda frame: frame.assign(**{name: frame[name].dt.as_unit("ns") for name in frame.columns[:2]}),
    "seconds": lambda frame: frame.assign(**{name: frame[name].dt.as_unit("s") for name in frame.columns[:2]}),
    "objects": lambda frame: frame.astype(object),
    "python datetimes": lambda frame: frame.assign(
        created_at=pd.Series(frame["created_at"].dt.to_pydatetime(), dtype=object)
    ),
    "categorical": lambda frame: frame.assign(channel=frame["channel"].astype("category")),
    "arrow": lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
    "nullable": lambda frame: frame.convert_dtypes(),
    "duplicate index": lambda frame: frame.set_axis([7, 7, 7, 7]),
    "index of times": lambda frame: frame.set_axis(pd.date_range("2024-01-01", periods=4, tz="Asia/Tokyo")),
    "index named as a column": lambda frame: frame.set_axis(pd.Index([1, 2, 3, 4], name="channel")),
    "multi-index": lambda frame: frame.set_axis(pd.MultiIndex.from_product([[1, 2], [1, 2]])),
    "another order": lambda frame: frame.iloc[::-1],
    "a view": lambda frame: pd.concat([frame, frame]).iloc[:4],
    "a column of lists": lambda frame: frame.assign(tags=[[1], ["a"], None, {}]),
    "a column of everything": lambda frame: frame.assign(other=[1, "a", None, 2.5]),
    "a column without a name": lambda frame: frame.assign(**{"": 1}).rename(columns={"": 7}),
    "a column of nulls": lambda frame: frame.assign(agent=None, closed_at=None, indexed_at=np.nan, reopen_count=np.nan),
    "a column named as ours": lambda frame: frame.assign(is_answered="?", seconds="?", start_="?", n="?", bucket="?"),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_every_kind_of_frame(kind):
    table = FRAMES[kind](PLAIN)
    before = table.copy(deep=True)
    as_of = START + pd.Timedelta(hours=10)
    result = metrics.first_response_time(table, by="channel", as_of=as_of)
    expected = metrics.first_response_time(PLAIN, by="channel", as_of=as_of)
    assert values(expected, "channel", "n", "median_seconds") == [["(none)", 2, 60], ["email", 1, 7200], ["x", 1, 60]]
    pd.testing.assert_frame_equal(pd.DataFrame(result), pd.DataFrame(expected))
    assert metrics.inbound_volume(table, "hour", zone="Europe/Rome")["n"].tolist() == [0] * 10 + [4] + [0] * 13
    pd.testing.assert_frame_equal(table, before)  # the caller's frame is as it was


@pytest.mark.parametrize(
    "column, expected",
    [
        ([1.0, 2.0, None, 1.0], {"1": 2, "2": 1, "(none)": 1}),  # whole numbers are written as such
        ([1.5, 2.0, None, 1.5], {"1.5": 2, "2": 1, "(none)": 1}),
        ([True, False, None, True], {"true": 2, "false": 1, "(none)": 1}),
        (["a", 1, None, 1], {"a": 1, "1": 2, "(none)": 1}),
        ([None] * 4, {"(none)": 4}),
        ([np.nan] * 4, {"(none)": 4}),
        (["(none)", "", None, "a"], {"(none)": 3, "a": 1}),
        (pd.Categorical(["b", "a", None, "b"], categories=["b", "a", "unused"]), {"a": 1, "b": 2, "(none)": 1}),
    ],
)
def test_groups(column, expected):
    result = metrics.inbound_volume(PLAIN.assign(key=column), "key")
    assert dict(values(result, "key", "n")) == expected
    assert result["key"].tolist() == sorted(expected)


def test_a_group_named_as_our_own_columns():
    result = metrics.first_response_time(PLAIN.assign(is_answered=["yes", "no", "no", "no"]), by="is_answered")
    assert values(result, "is_answered", "n", "answered_count") == [["no", 3, 2], ["yes", 1, 1]]


def test_a_group_given_twice_is_one():
    result = metrics.inbound_volume(PLAIN, ["channel", "channel"])
    assert result.columns.tolist() == ["channel", "n", "share"]


def test_results_know_their_units():
    result = metrics.first_response_time(PLAIN, by="channel")
    assert result.attrs["by"] == ["channel"] and result.attrs["units"]["median_seconds"] == "seconds"
    assert result.attrs["minimum_count"] == Service().minimum_count
    assert "too few" in result._repr_html_()


@pytest.mark.parametrize("metric", ["first_response_time", "response_time_buckets", "response_rate", "response_curve"])
def test_a_conversation_without_its_time_is_an_error(metric):
    frame = pd.DataFrame({"created_at": pd.to_datetime(["2024-03-01T09:00Z", None]), "first_response_at": [None, None]})
    with pytest.raises(BadData, match=r"conversations: 1 row without created_at"):
        getattr(metrics, metric)(frame)


# --- names that groups can't have, and names that mean local time ------------------------------------

RESERVED = [
    (metrics.first_response_time, PLAIN, name)
    for name in ("n", "median_seconds", "p90_seconds", "is_answered_", "seconds", "start_")
]
RESERVED += [(metrics.response_time_buckets, PLAIN, name) for name in ("bucket", "total", "share", "low", "high")]
RESERVED += [(metrics.response_rate, PLAIN, "needs_"), (metrics.inbound_volume, PLAIN, ["channel", "share"])]
RESERVED += [(metrics.csat, EMPTY["csat"], name) for name in ("csat", "mean", "score_1")]
RESERVED += [(metrics.abandonment_by_stage, STAGES, "hazard")]
RESERVED += [  # a comparison with the period before would write over them
    (metrics.inbound_volume, PLAIN, name) for name in ("verdict", "change", "previous", "previous_n", "p", "change_low")
]
RESERVED += [(metrics.sentiment_trend, messages([(1, 1, 0)]), name) for name in ("positive", "change", "negative_low")]


@pytest.mark.parametrize("metric, table, by", RESERVED)
def test_a_group_may_not_be_named_as_a_result(metric, table, by):
    name = by if isinstance(by, str) else by[-1]
    with pytest.raises(BadParameter, match=f"by='{name}': results have a column of that name; rename yours"):
        metric(table.assign(**{name: "x"}), by=by)


@pytest.mark.parametrize(
    "metric, table, by",
    [
        (metrics.csat, FULL_ROWS["csat"], "score"),
        (metrics.abandonment_by_stage, STAGES, "call_id"),
        (metrics.average_speed_of_answer, EMPTY["average_speed_of_answer"].assign(queue_seconds=1.0), "queue_seconds"),
    ],
)
def test_a_group_may_not_be_what_is_computed_with(metric, table, by):
    with pytest.raises(BadParameter, match=f"by='{by}': the metric computes with that column"):
        metric(table, by=by)


def test_a_group_needs_a_name():
    with pytest.raises(MissingColumn, match="conversations has no column ''"):
        metrics.inbound_volume(PLAIN.assign(**{"": "x"}), by="")


def test_a_time_is_no_group():
    with pytest.raises(BadParameter, match="by='created_at' is a time; group by hour, weekday, day, week"):
        metrics.inbound_volume(PLAIN, "created_at")


def test_stages_by_stage_and_pairs_by_what_they_are_filtered_by():
    assert values(metrics.abandonment_by_stage(STAGES, by="stage"), "stage", "n")[0] == ["welcome", 4]
    table = pd.DataFrame(
        {"message_id": ["1", "2"], "in_reply_to": [None, "1"], "sender": ["customer", "agent"], "sent_at": after(0, 60)}
    )
    result = metrics.reply_pairs(table.assign(is_public=[True, None]), by="is_public")
    assert values(result, "is_public", "n") == [["(none)", 1]]


@pytest.mark.parametrize("part", ["hour", "weekday", "day", "week", "month", "quarter", "year"])
def test_a_part_of_time_is_derived_whatever_columns_there_are(part):
    table = PLAIN.assign(**{part: ["a", "b", "c", None]})
    for metric in (metrics.first_response_time, metrics.inbound_volume):
        plain, named = (metric(frame, by=["channel", part], zone="Europe/Rome") for frame in (PLAIN, table))
        pd.testing.assert_frame_equal(pd.DataFrame(plain), pd.DataFrame(named))
        assert plain.attrs["units"] == named.attrs["units"]


def test_inbound_volume_of_nested_periods():
    contacts = pd.DataFrame(
        {"created_at": pd.to_datetime(["2024-01-30T09:00Z", "2024-03-02T09:00Z"]), "who": ["a", "b"]}
    )
    result = metrics.inbound_volume(contacts, ["month", "day"], "UTC")
    assert len(result) == 33 and (result["day"].dt.to_period("M") == result["month"].dt.to_period("M")).all()
    for by in (["year", "week", "month"], ["day", "weekday", "who"], ["quarter", "who", "month"], ["hour", "week"]):
        result = metrics.inbound_volume(contacts, by, "Europe/Rome")
        oracle.assert_same(result, oracle.inbound_volume(contacts, by, "Europe/Rome"), by)
    pairs = contacts.assign(where=["x", "y"])  # a is in x only
    assert len(metrics.inbound_volume(pairs, ["who", "where", "month"], "UTC")) == 2 * 3


def test_inbound_volume_of_many_groups_is_not_filled():
    contacts = pd.DataFrame({"created_at": after(*[86_400 * n for n in range(400)]), "customer_id": range(400)})
    result = metrics.inbound_volume(contacts, ["day", "customer_id"], "UTC")
    assert len(result) == 400 and result.attrs["choices"] == {"silent_periods": "left_out"}


def hours_of(*days, without=()):
    """The hours of those days (of March 2024), as a data set tells which were there."""
    first = (datetime.date(2024, 3, 1) - datetime.date(1970, 1, 1)).days - 1
    rows = [
        (first + day, (first + day + 3) % 7, hour) for day in days for hour in range(24) if (day, hour) not in without
    ]
    return pd.DataFrame(rows, columns=["day", "weekday", "hour"])


def test_volume_heatmap_counts_the_hours_that_were_there():
    contacts = pd.DataFrame({"created_at": after(0, 7 * 86_400)})  # Fridays, 1 and 8 March
    hours = hours_of(1, 8, 15, without={(15, 9)})  # the third one was read before nine
    for table, told in ((contacts, {"hours": hours}), (_knows(contacts, hours=hours), {})):
        heat = metrics.volume_heatmap(table, zone="UTC", **told).set_index(["weekday", "hour"])
        assert heat.loc[("Friday", 9), ["n", "days", "mean"]].tolist() == [2, 2, 1.0]
        assert heat.loc[("Friday", 8), "days"] == (3 if told else 2)  # the data set's days end with its last contact
        assert heat.loc[("Monday", 9), "days"] == 0 and pd.isna(heat.loc[("Monday", 9), "mean"])


def test_volume_heatmap_names_an_hour_only_where_it_stands_out():
    weeks = range(0, 56 * 86_400, 7 * 86_400)  # eight Fridays
    busy = [at for at in weeks for _ in range(30)] + [at + hour * H for at in weeks for hour in range(1, 12)]
    heat = metrics.volume_heatmap(pd.DataFrame({"created_at": after(*busy)}), zone="UTC")
    at = heat.attrs["facts"]["standout"]
    assert heat.loc[at, ["weekday", "hour"]].tolist() == ["Friday", 9]
    level = [at + hour * H for at in weeks for hour in range(12)]
    assert (
        metrics.volume_heatmap(pd.DataFrame({"created_at": after(*level)}), zone="UTC").attrs["facts"]["standout"]
        is None
    )
    assert metrics.volume_heatmap(conversations(), zone="UTC").attrs["facts"]["standout"] is None


def test_contact_costs():
    table = conversations(
        *[5] * 6, channel=["email", "x", "x", "Phone", "", None], topic=["a", "a", "b", "a", "a", "a"]
    )
    columns = ("channel", "n", "cost_per_contact", "cost")
    assert values(metrics.contact_costs(table), *columns) == [
        ["(none)", 2, None, None], ["Phone", 1, 12, 12], ["email", 1, 1, 1], ["x", 2, 1, 2],
    ]  # fmt: skip
    costs = held(table, costs={"email": 4, "phone": 6.5})
    assert values(metrics.contact_costs(costs), "channel", "cost") == [
        ["(none)", None], ["Phone", 6.5], ["email", 4], ["x", None],
    ]  # fmt: skip
    # no settings name these costs, and the sentence says whose they are
    assert "At the costs of service.toml" in sentence(metrics.contact_costs(costs))
    cents = conversations(*[5] * 4, channel=["email", "phone", "x", "email"])
    cents = sentence(metrics.contact_costs(held(cents, costs={"email": 1.6, "phone": 6.5, "currency": "EUR"})))
    assert "cost 9.70\xa0EUR" in cents and "via phone: 6.50\xa0EUR (67\xa0%)" in cents
    many = held(conversations(*[5] * 3, channel=["phone", "email", "email"]), costs={"email": 1.6, "phone": 1234.5})
    assert "cost 1,238;" in sentence(metrics.contact_costs(many))
    assert "At costs assumed by the toolkit: service.toml names none" in sentence(metrics.contact_costs(table))
    by = metrics.contact_costs(table, by="topic")
    assert values(by[by["topic"] == "b"], "topic", "channel", "n") == [["b", "x", 1]] and by["n"].sum() == 6
    phone = metrics.contact_costs(calls(["answered", "test"]))  # calls are of the phone
    assert values(phone, "channel", "n", "cost") == [["phone", 1, 12]]
    with pytest.raises(MissingColumn, match="no column 'channel'"):
        metrics.contact_costs(conversations(5))


def test_sentiment_trend_corrects_over_all_groups():
    steps = [[*CALM, (36, 64, 0)], [*CALM, (10, 90, 0)]]
    both = pd.concat([messages(counts, channel=name) for counts, name in zip(steps, "ab", strict=True)])
    alone = metrics.sentiment_trend(both[both["channel"] == "a"], "channel", zone="UTC")
    p = alone["p"].iloc[-1]
    assert 0.05 / 16 < p <= 0.05 / 8 and alone["verdict"].iloc[-1] == "clear"  # enough of eight, not of 16
    assert "clear" not in metrics.sentiment_trend(both, "channel", zone="UTC")["verdict"].tolist()


@pytest.mark.parametrize("rows", [2_000, 20_000])
def test_what_reaches_pandas_does_not_grow_with_the_rows(rows, monkeypatch):
    start = pd.Timestamp("2024-03-01", tz="UTC")
    waits = pd.to_timedelta(np.arange(rows) * 37 % 200_000, unit="s")
    table = pd.DataFrame({"created_at": start, "first_response_at": start + waits})
    run, handed = engine.to_pandas, []
    monkeypatch.setattr(engine, "to_pandas", lambda query: handed.append(run(query)) or handed[-1])
    result = metrics.first_response_time(table, as_of="2024-04-01")
    assert result["n"].tolist() == [rows]
    assert max(map(len, handed)) <= 200_000 // 60 + 7_200 + (86_400 - 7_200) // 10
    assert rows <= 2_000 or max(map(len, handed)) < rows * 0.8


def test_a_period_before_without_the_figure_is_nothing_to_compare_with():
    now = metrics.csat(pd.DataFrame({"score": [5] * 40 + [1] * 10}))
    before = now.drop(columns="mean")  # as `within_target` where no case had a target
    row = metrics.previous_period(now, before, value="mean").iloc[0]
    assert row["mean"] == 4.2 and np.isnan(row["previous"]) and row["verdict"] == "few"


@pytest.mark.parametrize("own", ["x", 60.0])
def test_a_column_called_target_is_no_target(own):
    assert "within_target" not in metrics.first_response_time(PLAIN.assign(target_=own))
