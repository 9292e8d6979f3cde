"""Two periods are compared at the same age: what one unchanged process does is no change."""

import datetime

import numpy as np
import pandas as pd
import pytest

from toolkit import metrics
from toolkit.load import open_data
from toolkit.metrics import compare
from toolkit.metrics.compare import compared as in_periods

UTC = datetime.UTC
ROUNDS, PER_WEEK = 60, 600


def instant(text):
    return datetime.datetime.fromisoformat(text)


def write(folder, **tables):
    """CSVs of a time zone: write(tmp_path, conversations=[...rows as dicts])."""
    (folder / "service.toml").write_text('time_zone = "Europe/Rome"\n')
    for name, rows in tables.items():
        pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)
    return folder


# --- one process that doesn't change --------------------------------------------------------------


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory):
    """60 channels with one process each: uniform arrivals, answered after days, closed after more of them."""
    random = np.random.default_rng(20240429)
    start, weeks = pd.Timestamp("2024-01-29", tz="Europe/Rome"), 13
    n = ROUNDS * PER_WEEK * weeks
    created = start + pd.to_timedelta(random.uniform(0, weeks * 7 * 86400, n).round(), unit="s")
    answered = created + pd.to_timedelta(random.exponential(2.5 * 86400, n).round(), unit="s")
    closed = answered + pd.to_timedelta(random.exponential(2 * 86400, n).round(), unit="s")
    frame = pd.DataFrame(
        {
            "conversation_id": np.arange(n).astype(str),
            "channel": np.repeat(np.arange(ROUNDS), PER_WEEK * weeks).astype(str),
            "created_at": created,
            "first_response_at": answered.where(random.random(n) < 0.9),  # some never are
            "closed_at": closed,
            "customer_id": random.integers(0, n // 4, n).astype(str),  # some come back
        }
    )
    frame["bot_started_at"] = created.where(random.random(n) < 0.5)
    folder = tmp_path_factory.mktemp("unchanged")
    frame.to_parquet(folder / "conversations.parquet")
    (folder / "service.toml").write_text(
        'time_zone = "Europe/Rome"\n[targets.first_response]\ndefault = "24h"\n[opening_hours]\nmonday = ["09:00-18:00"]\n'
    )
    return open_data(folder, as_of="2024-04-29T00:00:00+02:00")


@pytest.fixture(
    scope="module",
    params=[
        ("last-week", "2024-04-29T00:00:00+02:00"),  # read at its end
        ("2024-W16", "2024-04-24T15:00:00+02:00"),  # read days after its end
        ("this-week", "2024-04-27T12:00:00+02:00"),  # still runs
        ("2024-03", "2024-04-02T09:00:00+02:00"),  # longer than the month before, and the clock changed in it
    ],
    ids=["at its end", "after its end", "running", "a month"],
)
def compared(request, unchanged):
    period, as_of = request.param
    return unchanged.read_at(as_of).during(period)


def shares(data):
    """The shares answered, answered within a day, and closed, of each channel."""
    rows = data.conversations.select("channel", "created_at", "first_response_at", "closed_at").execute()
    waited = rows["first_response_at"] - rows["created_at"]
    told = pd.DataFrame(
        {
            "answered": rows["first_response_at"].notna(),
            "within a day": waited <= pd.Timedelta(days=1),
            "closed": rows["closed_at"].notna(),
        }
    )
    return told.groupby(rows["channel"]).agg(["mean", "size"])


def test_an_unchanged_process_shows_no_change(compared):
    now, before = shares(compared), shares(compared.previous)
    for name in ("answered", "within a day", "closed"):
        change = now[name]["mean"] - before[name]["mean"]
        assert len(change) == ROUNDS
        assert abs(change.mean()) < 0.01, (name, change.mean())  # -0.155 when both were read at one time
        pooled = (now[name]["mean"] + before[name]["mean"]) / 2
        error = np.sqrt(pooled * (1 - pooled) * (1 / now[name]["size"] + 1 / before[name]["size"]))
        assert (abs(change / error) > 1.96).sum() <= 8, name  # of 60, where 3 are to be expected


@pytest.mark.parametrize(
    "function, value",
    [
        (metrics.inbound_volume, None),
        (metrics.response_rate, None),
        (metrics.out_of_hours_share, None),
        (metrics.first_response_time, None),
        (metrics.first_response_time, "within_target"),
        (metrics.final_resolution_time, None),
    ],
    ids=lambda one: getattr(one, "__name__", one or ""),
)
def test_an_unchanged_process_raises_no_alarm(unchanged, function, value):
    data = unchanged.read_at("2024-04-29T00:00:00+02:00").during("last-week")
    comparison = in_periods(data, function, by="channel", value=value)
    assert comparison["p"].notna().sum() == ROUNDS
    assert (comparison["p"] < 0.05).sum() <= 8  # of 60, where 3 are to be expected; "clear" was 60 of 60
    assert (comparison["verdict"] == "clear").sum() <= 1  # after correction for all of them


@pytest.mark.parametrize(
    "function",
    [metrics.first_contact_resolution, metrics.bot_containment, metrics.handoff_rate],
    ids=lambda f: f.__name__,
)
def test_an_unchanged_process_raises_no_alarm_where_a_window_must_pass(unchanged, function):
    """At the end of four weeks those of the last one aren't judged, nor were they four weeks ago."""
    data = unchanged.read_at("2024-04-29T00:00:00+02:00").during("2024-04-01..2024-04-28")
    comparison = in_periods(data, function, by="channel")
    assert comparison["p"].notna().sum() == ROUNDS and (comparison["n"] > 100).all()
    assert abs(comparison["change"].mean()) < 0.01
    assert (comparison["p"] < 0.05).sum() <= 8 and (comparison["verdict"] == "clear").sum() <= 1
    week = unchanged.read_at("2024-04-27T12:00:00+02:00").during("2024-W15")  # over, half of it by less than a window
    comparison = in_periods(week, function, by="channel")
    assert comparison["p"].notna().sum() == ROUNDS and (comparison["p"] < 0.05).sum() <= 8


def test_the_weeks_of_a_window_are_read_later(unchanged):
    data = unchanged.read_at("2024-04-25T00:00:00+02:00").during("2024-04")
    by_week = compare.weekly(data, metrics.first_contact_resolution)
    assert str(by_week["week"].iloc[-1])[:10] == "2024-04-08"  # that of the 15th ended three days ago
    assert by_week["first_contact_resolution"].std() < 0.02
    (card,) = compare.figures(data, (metrics.first_contact_resolution, {}))
    assert [week["value"] is None for week in card["history"]] == [False] * 11 + [True] * 2
    assert card["history"][10]["value"] == by_week["first_contact_resolution"].iloc[-1]
    (card,) = compare.figures(data, (metrics.first_contact_resolution, {"days": 3}))
    assert [week["value"] is None for week in card["history"]] == [False] * 12 + [True]


def test_the_weeks_before_show_what_the_period_shows(unchanged):
    data = unchanged.read_at("2024-04-24T15:00:00+02:00").during("2024-W16")
    weeks = data.weeks_before
    rows = weeks.conversations.select("first_response_at", "history_week").execute()
    each = rows["first_response_at"].notna().groupby(rows["history_week"]).mean()
    assert each.index.tolist() == weeks.weeks == list(range(1, 9))
    now = data.conversations.first_response_at.execute().notna().mean()
    assert (abs(each - now) < 0.01).all(), (each, now)


# --- what a table says when it is read back -------------------------------------------------------


CASE = {
    "conversation_id": "a",
    "channel": "email",
    "created_at": "2024-04-08T09:00:00Z",
    "team_assigned_at": "2024-04-10T09:00:00Z",
    "agent_assigned_at": "2024-04-11T09:00:00Z",
    "first_response_at": "2024-04-12T09:00:00Z",
    "closed_at": "2024-04-13T09:00:00Z",
    "team": "Rome",
    "agent": "Ann",
    "status": "closed",
    "topic": "billing",
}
SINCE = {**CASE, "conversation_id": "z", "created_at": "2024-01-08T09:00:00Z"}  # the data begins early enough
LATER = {"first_response_at": "2024-04-16T09:00:00Z", "closed_at": "2024-04-17T09:00:00Z"}
NEWEST = {**CASE, "conversation_id": "b", "created_at": "2024-04-21T21:00:00Z"}
NEWEST |= dict.fromkeys(["team_assigned_at", "agent_assigned_at", "first_response_at", "closed_at"], "")


@pytest.mark.parametrize(
    "changed, empty",
    [  # read at the end of the week, 2024-04-15 00:00 in Rome
        ({}, set()),
        ({"closed_at": "2024-04-14T21:59:59Z"}, set()),
        ({"closed_at": "2024-04-14T22:00:00Z"}, set()),  # at the very reading
        ({"closed_at": "2024-04-14T22:00:01Z"}, {"closed_at", "status"}),
        (LATER, {"first_response_at", "closed_at", "status"}),
        (  # stages that are later than the answer would be out of order, and mended when loaded
            {"agent_assigned_at": "2024-04-15T09:00:00Z", **LATER},
            {"agent_assigned_at", "agent", "first_response_at", "closed_at", "status"},
        ),
        (
            {"team_assigned_at": "2024-04-15T09:00:00Z", "agent_assigned_at": "2024-04-15T09:00:00Z", **LATER},
            {"team_assigned_at", "team", "agent_assigned_at", "agent", "first_response_at", "closed_at", "status"},
        ),
    ],
)
def test_a_conversation_read_back(tmp_path, changed, empty):
    folder = write(tmp_path, conversations=[SINCE, CASE | changed, NEWEST])
    data = open_data(folder, period="2024-W16", as_of="2024-04-22T00:00:00+02:00")
    row = data.previous.conversations.execute().iloc[0]
    assert row["conversation_id"] == "a"
    assert {name for name in row.index if pd.isna(row[name])} == empty
    whole = data.during("2024-W15").conversations.execute().iloc[0]
    assert whole.notna().all()  # seen from today it has happened


@pytest.mark.parametrize(
    "first, again, closed, count, n, open_count",
    [
        ("10T12", "11T12", "12T12", 0, 1, 0),  # opened again before the reading, or never
        ("10T12", "16T12", "17T12", 1, 1, 0),
        (
            "16T12",
            "17T12",
            "18T12",
            1,
            1,
            1,
        ),  # closed only after the reading, so that it was open, and hadn't been opened again
        ("16T12", "16T13", "", 3, 1, 1),
        ("16T12", "", "16T12", 0, 1, 1),
        ("", "16T12", "17T12", 1, 0, 0),  # when it was closed first isn't known
    ],
)
def test_a_close_after_the_reading_is_none_yet(tmp_path, first, again, closed, count, n, open_count):
    at = {"first_closed_at": first, "reopened_at": again, "closed_at": closed}
    at = {name: f"2024-04-{day}:00:00Z" if day else "" for name, day in at.items()}
    settled = {"first_closed_at": CASE["closed_at"], "reopened_at": "", "reopen_count": 0}
    others = [SINCE | settled, NEWEST | settled | {"first_closed_at": ""}]
    folder = write(tmp_path, conversations=[CASE | at | {"reopen_count": count or 1 if again else 0}, *others])
    data = open_data(folder, period="2024-W16", as_of="2024-04-22T00:00:00+02:00")
    found = metrics.first_resolution_time(data.previous.conversations)
    assert (found["n"].sum(), found["open_count"].sum()) == (n, open_count)
    is_later = first > "15"
    fewer = bool(first) and again > "15"  # its last reopening lies later
    assert data.previous.conversations.reopen_count.sum().execute() == (
        0 if is_later else (count or bool(again)) - fewer
    )
    assert data.during("2024-W15").conversations.reopen_count.sum().execute() == (count or bool(again))
    early = open_data(folder, period="2024-W15", as_of="2024-04-15T00:00:00+02:00")  # loaded as of then
    loaded = metrics.first_resolution_time(early.conversations)
    assert (loaded["n"].sum(), loaded["open_count"].sum()) == (n, open_count)


def test_calls_stages_messages_and_surveys_read_back(tmp_path):
    call = {"call_id": "1", "started_at": "2024-04-14T21:50:00Z", "answered_at": "2024-04-14T21:55:00Z"}
    call |= {"ended_at": "2024-04-14T22:30:00Z", "abandoned_at": "", "talk_seconds": 2100, "outcome": "answered"}
    waiting = call | {"call_id": "2", "answered_at": "", "abandoned_at": "2024-04-14T22:10:00Z"}
    waiting |= {"ended_at": "2024-04-14T22:10:00Z", "talk_seconds": 0, "outcome": "abandoned"}
    stage = {"call_id": "2", "position": 1, "stage": "queue", "entered_at": "2024-04-14T21:51:00Z"}
    stage |= {"left_at": "2024-04-14T22:10:00Z", "is_abandoned": "true"}
    survey = {"survey_id": "s", "kind": "csat", "sent_at": "2024-04-14T20:00:00Z", "score": 1, "comment": "late"}
    survey |= {"answered_at": "2024-04-16T20:00:00Z"}
    message = {"message_id": "m", "conversation_id": "a", "sent_at": "2024-04-14T20:00:00Z", "sender": "customer"}
    reply = message | {"message_id": "n", "sent_at": "2024-04-15T20:00:00Z", "sender": "agent"}
    folder = write(
        tmp_path,
        conversations=[SINCE, CASE, NEWEST],
        calls=[call, waiting],
        call_stages=[stage, stage | {"position": 2, "stage": "hold message", "entered_at": "2024-04-14T22:05:00Z"}],
        surveys=[survey],
        messages=[message, reply],
    )
    data = open_data(folder, period="2024-W16", as_of="2024-04-22T00:00:00+02:00")
    before = data.previous
    calls = before.calls.execute().set_index("call_id")
    # the first was answered and still talked, the second still waited
    assert calls["outcome"].fillna("").to_dict() == {"1": "answered", "2": ""}
    assert calls[["ended_at", "abandoned_at", "talk_seconds"]].isna().all().all()
    stages = before.call_stages.execute()
    assert stages["position"].tolist() == [1] and stages[["left_at", "is_abandoned"]].isna().all().all()
    surveys = before.surveys.execute()
    assert len(surveys) == 1 and surveys[["answered_at", "score", "comment"]].isna().all().all()
    assert before.messages.execute()["message_id"].tolist() == ["m"]
    assert before.scored_messages.execute()["message_id"].tolist() == ["m"]
    assert data.during("2024-W15").surveys.execute()["score"].tolist() == [1]


# --- which part, read when ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "period, as_of, before, first, until, read_at",
    [
        # ten days with ten, though the clock changed on 31 March
        ("this-month", "2024-04-10T10:00:00Z", "2024-03-01..2024-03-10", "2024-03-01T00:00+01:00",
         "2024-03-10T12:00+01:00", "2024-03-10T12:00+01:00"),
        ("2024-03", "2024-04-03T08:00:00Z", "2024-02", "2024-02-01T00:00+01:00",
         "2024-03-01T00:00+01:00", "2024-03-03T10:00+01:00"),
        # March has passed February's length: the whole of February, two days old
        ("2024-03", "2024-03-31T12:00:00+02:00", "2024-02", "2024-02-01T00:00+01:00",
         "2024-03-01T00:00+01:00", "2024-03-02T12:00+01:00"),
        ("today", "2024-04-01T12:00:00+02:00", "2024-03-31", "2024-03-31T00:00+01:00",
         "2024-03-31T12:00+02:00", "2024-03-31T12:00+02:00"),
        ("last-week", "2024-04-22T00:00:00+02:00", "2024-W15", "2024-04-08T00:00+02:00",
         "2024-04-15T00:00+02:00", "2024-04-15T00:00+02:00"),
        ("-7d", "2024-04-03T09:00:00+02:00", "2024-03-21..2024-03-27", "2024-03-21T00:00+01:00",
         "2024-03-27T09:00+01:00", "2024-03-27T09:00+01:00"),
    ],
)  # fmt: skip
def test_the_period_before_at_the_same_age(sample, period, as_of, before, first, until, read_at):
    data = sample.read_at(as_of).during(period)
    previous = data.previous
    assert previous.period.label == before
    ends = (previous.period.start, previous.period.end, previous.as_of)
    assert ends == (instant(first), instant(until), instant(read_at))


def test_ten_days_with_ten(sample):
    data = open_data("data/sample", as_of="2024-04-10T10:00:00Z", period="this-month")
    facts = data.comparison
    assert (facts["is_running"], facts["days_so_far"], facts["period_days"]) == (True, 10, 30)
    assert (facts["before_label"], facts["before_whole"].label) == ("2024-03-01..2024-03-10", "2024-03")
    assert facts["before_as_of"] == instant("2024-03-10T12:00:00+01:00")
    opened = data.previous.conversations.created_at
    march = sample.during("2024-03").conversations.execute()["created_at"]
    assert opened.count().execute() == (march < facts["before_as_of"]).sum() > 100
    assert opened.max().execute() < facts["before_as_of"]
    assert data.previous.previous.period.label == "2024-02-01..2024-02-10"


def test_nothing_is_compared_before_a_period_begins(sample):
    assert sample.during("2024-06").previous is None
    assert sample.during("all").previous is None
    assert sample.during("all").comparison["before_label"] is None


def test_each_table_knows_when_it_is_read(sample):
    from toolkit import engine

    week = sample.during("2024-W16")
    derived = week.previous.conversations.filter(lambda rows: rows.channel == "email").select("conversation_id")
    assert (
        engine.context_of(derived).as_of
        == week.previous.as_of
        == instant("2024-04-22T00:00:00+02:00") - (datetime.timedelta(days=0))
    )
    assert engine.context_of(week.conversations).as_of == sample.as_of
    assert engine.context_of(week.conversations).period.label == "2024-W16"
    joined = week.previous.conversations.inner_join(week.previous.surveys, "conversation_id")
    assert joined.count().execute() > 0


def test_weeks_read_each_at_its_own_end(sample):
    """The sample's last weeks rise; read at one time the last one seemed 7.3 points worse."""
    data = sample.during("2024-04-01..2024-04-28").read_each("week")
    rows = data.conversations.filter(lambda rows: rows.bot_started_at.isnull() | rows.handed_off_at.notnull()).execute()
    local = rows["created_at"].dt.tz_convert("Europe/Rome").dt.tz_localize(None).dt.to_period("W")
    assert (rows["first_response_at"].isna() | (rows["first_response_at"] <= rows["read_at"])).all()
    assert rows.groupby(local)["read_at"].nunique().tolist() == [1] * 4
    ends = [instant(f"2024-04-{day}T00:00:00+02:00") for day in ("08", "15", "22", "29")]
    assert sorted(rows["read_at"].unique()) == ends
    answered = rows.groupby(local)["first_response_at"].agg(lambda times: times.notna().mean())
    assert answered.round(3).tolist() == [0.811, 0.834, 0.846, 0.854]


@pytest.mark.parametrize("every, parts", [("day", 31), ("week", 5), ("month", 1)])
def test_read_each_loses_no_row(sample, every, parts):
    data = sample.during("2024-03")
    each = data.read_each(every).conversations.execute()
    assert sorted(each["conversation_id"]) == sorted(data.conversations.execute()["conversation_id"])
    assert each["read_at"].nunique() == parts


def test_the_weeks_before(sample):
    weeks = sample.during("2024-W17").weeks_before
    assert weeks.weeks == [1, 2, 3, 4, 5, 6, 7, 8]
    assert (weeks.spans[0].first_day, weeks.spans[-1].last_day) == (
        datetime.date(2024, 2, 19), datetime.date(2024, 4, 14),
    )  # fmt: skip
    for name, table in weeks.tables.items():
        rows = table.execute()
        assert set(rows["history_week"]) == set(weeks.weeks), name
        assert rows.groupby("history_week")["read_at"].nunique().max() == 1
    total = sum(
        sample.during(f"{week.first_day}..{week.last_day}").call_stages.count().execute() for week in weeks.spans
    )
    assert weeks.call_stages.count().execute() == total
    assert weeks.as_of == instant("2024-04-15T00:00:00+02:00")


def test_too_few_weeks_say_nothing(sample):
    assert sample.during("2023-W15").weeks_before is None  # the data begins on 13 March 2023
    assert sample.during("2023-W16").weeks_before.weeks == [5, 6, 7, 8]


def test_the_weeks_within(sample):
    weeks = sample.during("2024-03").weeks_within
    assert weeks.week_periods == {n: "previous" if n <= 4 else "current" for n in range(1, 9)}
    days = [(str(week.first_day), str(week.last_day)) for week in weeks.spans]
    assert days[3:5] == [("2024-02-23", "2024-02-29"), ("2024-03-04", "2024-03-10")]
    # each as old as the period is: 28 days
    assert weeks.spans[0].last_day == datetime.date(2024, 2, 8)
    assert weeks.spans[0].read_at == instant("2024-03-08T00:00:00+01:00")
    assert sample.during("2024-W16").weeks_within is None


# --- counts of periods that differ in length ------------------------------------------------------


def test_a_count_is_compared_by_the_days_that_the_data_holds(tmp_path):
    days = pd.date_range("2024-01-01", "2024-03-17 23:00", freq="D", tz="Europe/Rome")
    days = days[~days.isin(pd.to_datetime(["2024-03-12", "2024-03-13"]).tz_localize("Europe/Rome"))]
    created = np.repeat(days, 40) + pd.to_timedelta(np.tile(np.arange(40) * 900 + 28800, len(days)), unit="s")
    rows = {"conversation_id": np.arange(len(created)), "channel": "email", "created_at": created}
    data = open_data(write(tmp_path, conversations=rows), period="2024-W11", as_of="2024-03-18T00:00:00+01:00")
    assert len(data.missing_days) == 2
    (card,) = compare.figures(data, (metrics.inbound_volume, {}))
    assert (card["value"], card["previous"], card["change"], card["per_day"]) == (200, 280, 0, True)
    (month,) = compare.figures(data.during("2024-02"), (metrics.inbound_volume, {}))  # 29 days against 31
    assert (month["value"], month["previous"], month["change"], month["per_day"]) == (1160, 1240, 0, True)
    (week,) = compare.figures(data.during("2024-W09"), (metrics.inbound_volume, {}))
    assert (week["change"], week["per_day"]) == (0, False)


def test_who_waits_now_is_no_number_a_day_and_two_figures_that_are_not_there_have_no_verdict(tmp_path):
    days = pd.date_range("2024-01-01", "2024-02-29 23:00", freq="D", tz="Europe/Rome")
    created = np.repeat(days, 40) + pd.to_timedelta(np.tile(np.arange(40) * 900 + 28800, len(days)), unit="s")
    answered = pd.Series(created + pd.Timedelta("1h")).where(np.arange(len(created)) % 10 < 8)  # 8 of 10
    rows = {"conversation_id": np.arange(len(created)), "channel": "email", "created_at": created}
    rows["first_response_at"] = answered
    data = open_data(write(tmp_path, conversations=rows), period="2024-02", as_of="2024-03-01T00:00:00+01:00")
    asked = (metrics.response_wait, {"value": "n"}), (metrics.first_response_time, {"value": "p90_seconds"})
    waiting, slow = compare.figures(data, *asked)
    assert (waiting["value"], waiting["per_day"], waiting["change"]) == (232, False, pytest.approx(232 / 248 - 1))
    assert slow["value"] is None and slow["previous"] is None and slow["note"] == "not_reached"
    assert slow["verdict"] is None and slow["p"] is None


# --- the last weeks -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "period, as_of, first, last, n, within",
    [
        ("2024-04", "2024-04-29T00:00:00+02:00", "2024-01-29", "2024-04-22", 13, 4),  # still runs
        ("2024-W16", "2024-04-29T00:00:00+02:00", "2024-01-22", "2024-04-15", 13, 1),
        ("2023-05", "2024-04-29T00:00:00+02:00", "2023-03-13", "2023-05-29", 12, 5),  # the data begins on 13 March
        ("2023-04-06..2023-04-12", "2024-04-29T00:00:00+02:00", "2023-03-13", "2023-04-10", 5, 2),
        ("all", "2024-04-24T12:00:00+02:00", "2024-01-29", "2024-04-22", 13, 13),
        ("2023-03-13..2023-04-02", "2024-04-29T00:00:00+02:00", None, None, 0, 0),  # three weeks
    ],
)
def test_the_last_weeks(sample, period, as_of, first, last, n, within):
    data = sample.read_at(as_of).during(period)
    card, share = compare.figures(data, (metrics.inbound_volume, {}), (metrics.response_rate, {}))
    history = card["history"]
    assert (len(history), sum(week["in_period"] for week in history)) == (n, within)
    if not n:
        assert share["history"] == [] and data.last_weeks() is None
        return
    assert (history[0]["week"], history[-1]["week"]) == (first, last)
    weeks = compare.weekly(data, metrics.response_rate)
    assert [str(week.date()) for week in weeks["week"]] == [week["week"] for week in share["history"]]
    assert weeks["response_rate"].tolist() == [week["value"] for week in share["history"]]
    # a week that the period or the data cuts is a share of fewer cases, but no count of a week
    assert [week["value"] is None for week in history] == [place in weeks.attrs["partial"] for place in range(n)]
    for week, whole in zip(history, share["history"], strict=True):
        assert week["value"] in (None, week["n"]) and whole["n"] <= week["n"]


def test_a_week_is_read_at_its_own_end(sample):
    data = sample.during("2024-W17")
    by_week = compare.weekly(data, metrics.first_response_time, value="within_target", channels="written")
    for week in (0, 11, 12):
        day = by_week["week"].iloc[week].date()
        own = sample.read_at(data.last_weeks().spans[week].read_at).during(f"{day}..{day + datetime.timedelta(6)}")
        alone = metrics.first_response_time(own.conversations, channels="written")
        assert alone["n"].iloc[0] == by_week["n"].iloc[week]
        assert alone["within_target"].iloc[0] == pytest.approx(by_week["within_target"].iloc[week])
    assert by_week.attrs["value"] == "within_target" and by_week.attrs["target"]["value"] == 0.8
    assert by_week.attrs["ends"] == ("within_target_low", "within_target_high")


def test_a_week_with_a_missing_day_has_no_count(tmp_path):
    days = pd.date_range("2024-02-05", "2024-03-17 23:00", freq="D", tz="Europe/Rome")
    days = days[~days.isin(pd.to_datetime(["2024-03-05", "2024-03-06"]).tz_localize("Europe/Rome"))]
    rows = {"created_at": np.repeat(days, 40) + pd.Timedelta(hours=10), "channel": "email"}
    rows |= {"conversation_id": np.arange(40 * len(days))}
    data = open_data(write(tmp_path, conversations=rows), period="2024-W11", as_of="2024-03-18T00:00:00+01:00")
    (card,) = compare.figures(data, (metrics.inbound_volume, {}))
    assert [week["value"] for week in card["history"]] == [280, 280, 280, 280, None, 280]
    assert card["history"][4]["n"] == 200
