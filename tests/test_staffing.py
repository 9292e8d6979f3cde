"""Erlang's formulas against published values and simulation, and the agents that hours need."""

import heapq
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import metrics
from toolkit.erlang import Queue, agents_needed, erlang_b, erlang_c
from toolkit.errors import BadParameter, MissingColumn, MissingSetting
from toolkit.findings import tell
from toolkit.report.sections import SectionClient
from toolkit.service import Service

MONDAY = pd.Timestamp("2024-03-04T00:00Z")

# --- published values -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "load, handle, agents, waits, within, wait",
    [
        (48, 240, 55, 0.23870, 0.8668, 8.184),
        (10, 180, 14, 0.17413, 0.88835, 7.836),
        (10, 180, 13, 0.28527, 0.79559, 17.116),
    ],
)
def test_erlang_c(load, handle, agents, waits, within, wait):
    queue = Queue(calls=load * 3600 / handle, handle=handle, agents=agents)
    assert erlang_c(load, agents) == pytest.approx(waits, abs=5e-6)
    assert queue.waits == pytest.approx(waits, abs=5e-6)
    assert queue.within(20) == pytest.approx(within, abs=5e-5)
    assert queue.mean_wait == pytest.approx(wait, abs=5e-4)


def test_erlang_a():
    queue = Queue(calls=48, handle=60, agents=50, hangs_up_after=120, interval=60)
    assert (round(queue.abandonment, 5), round(queue.mean_wait, 3)) == (0.03091, 3.709)


def test_a_hundred_calls_in_half_an_hour():
    asked = {"calls": 100, "handle": 180, "interval": 1800}
    assert agents_needed(**asked, target=0.8, seconds=20) == 14
    patient = Queue(**asked, agents=14)
    assert (round(patient.within(20), 3), round(patient.occupancy, 3)) == (0.888, 0.714)
    queue = Queue(**asked, agents=14, hangs_up_after=300)
    assert (round(queue.abandonment, 6), round(queue.within(20), 6)) == (0.013984, 0.916792)


def test_erlang_b_is_its_sum():
    load, agents = 7.5, 9
    terms = [load**k / math.factorial(k) for k in range(agents + 1)]
    assert erlang_b(load, agents) == pytest.approx(terms[-1] / sum(terms), rel=1e-12)


# --- what must hold -------------------------------------------------------------------------------

sizes = {"calls": st.floats(0.1, 400), "handle": st.floats(5, 1500), "agents": st.integers(1, 60)}


@settings(max_examples=settings.default.max_examples * 30 // 100)
@given(st.fixed_dictionaries(sizes), st.floats(1, 5000), st.floats(0, 600))
def test_shares_are_shares_and_nothing_is_lost(asked, patience, seconds):
    queue = Queue(**asked, hangs_up_after=patience)
    assert 0 <= queue.within(0) <= queue.within(seconds) + 1e-9 <= 1 + 1e-9
    assert 0 <= queue.abandonment <= queue.waits + 1e-9 and 0 <= queue.occupancy <= 1
    # whoever doesn't hang up is answered sooner or later
    assert queue.within(60 * (patience + asked["handle"])) == pytest.approx(1 - queue.abandonment, abs=1e-9)
    assert (
        queue.within(seconds)
        <= Queue(**(asked | {"agents": asked["agents"] + 1}), hangs_up_after=patience).within(seconds) + 1e-9
    )


@settings(max_examples=settings.default.max_examples * 30 // 100)
@given(st.fixed_dictionaries(sizes), st.floats(0, 600))
def test_callers_who_never_hang_up_are_erlang_cs(asked, seconds):
    queue = Queue(**asked)
    if queue.load < 0.95 * asked["agents"]:
        endless = Queue(**asked, hangs_up_after=1e8)
        assert endless.within(seconds) == pytest.approx(queue.within(seconds), abs=1e-4)
        assert endless.waits == pytest.approx(queue.waits, abs=1e-4)


@settings(max_examples=settings.default.max_examples * 30 // 100)
@given(
    st.floats(0.1, 500),
    st.floats(5, 1500),
    st.floats(0.05, 0.99),
    st.integers(0, 300),
    st.sampled_from([math.inf, 60, 600]),
)
def test_one_agent_fewer_is_too_few(calls, handle, target, seconds, patience):
    needed = agents_needed(calls, handle, target, seconds, patience)
    assert Queue(calls, handle, needed, patience).within(seconds) >= target
    assert needed == 1 or Queue(calls, handle, needed - 1, patience).within(seconds) < target


def test_large_centres_stay_finite():
    assert 0.99 < Queue(calls=100_000, handle=180, agents=5_100, hangs_up_after=300).within(20) < 1
    assert Queue(calls=100_000, handle=180, agents=4_000, hangs_up_after=300).abandonment == pytest.approx(
        0.2, abs=1e-3
    )
    assert Queue(calls=0, handle=180, agents=1, hangs_up_after=300).within(20) == 1
    assert (agents_needed(0, 180, 0.8, 20), Queue(calls=10, handle=180, agents=0).within(20)) == (0, 0)


def simulated(calls, handle, agents, patience, seconds, number=60_000):
    """(share answered within, share that hung up): call after call, by the agent who is free first."""
    random = np.random.default_rng(3)
    arrivals = np.cumsum(random.exponential(3600 / calls, number))
    takes, stays = random.exponential(handle, number), random.exponential(patience, number)
    free, answered, left = [0.0] * agents, 0, 0
    heapq.heapify(free)
    for at, took, stay in zip(arrivals, takes, stays, strict=True):
        wait = max(0.0, free[0] - at)
        if wait > stay:
            left += 1
            continue
        heapq.heapreplace(free, at + wait + took)
        answered += wait <= seconds
    return answered / number, left / number


@pytest.mark.parametrize("calls, handle, agents, patience", [(200, 180, 10, 120), (30, 400, 3, 300), (60, 300, 8, 60)])
def test_erlang_a_is_what_happens(calls, handle, agents, patience):
    queue = Queue(calls, handle, agents, patience)
    within, left = simulated(calls, handle, agents, patience, 20)
    assert queue.within(20) == pytest.approx(within, abs=0.015)
    assert queue.abandonment == pytest.approx(left, abs=0.01)


# --- staffing -------------------------------------------------------------------------------------


def weeks(an_hour, days=28, agents=(), first=9, last=17, talk=180, seed=1, left=0.0):
    """Calls of some weekdays: by Poisson `an_hour` of each hour, by day and hour where it is a function."""
    random = np.random.default_rng(seed)
    rows = []
    for day in range(days):
        for hour in range(first, last):
            mean = an_hour(day, hour) if callable(an_hour) else an_hour
            for second in np.sort(random.integers(0, 3600, random.poisson(mean))):
                start = MONDAY + pd.Timedelta(days=day, hours=hour, seconds=int(second))
                is_left = random.random() < left
                agent = None if is_left or not len(agents) else agents[random.integers(0, len(agents))]
                end = start + pd.Timedelta(seconds=60)
                rows.append((start, start, pd.NaT if is_left else start, end if is_left else pd.NaT, agent))
    frame = pd.DataFrame(rows, columns=["started_at", "queued_at", "answered_at", "abandoned_at", "agent"])
    for name in ("queued_at", "answered_at", "abandoned_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True)
    return frame.assign(talk_seconds=talk, hold_seconds=0, wrap_up_seconds=0)


def test_an_hour_needs_what_its_mean_calls_need():
    calls = weeks(200, days=14, agents="abcdefgh")
    result = metrics.staffing(calls, by="hour", zone="UTC", model="erlang_c")
    hour = result.set_index("hour").loc[10]
    mean = ((calls["started_at"].dt.hour == 10).sum()) / 14
    assert hour["mean"] == pytest.approx(mean) and hour["days"] == 14
    assert hour["agents_needed"] == agents_needed(mean, 180, 0.8, 20)
    assert hour["low"] <= hour["agents_needed"] <= hour["high"]
    assert hour["agents_seen"] == 8 and hour["shortfall"] == hour["agents_needed"] - 8
    night = result.set_index("hour").loc[3]
    assert (night["n"], night["mean"], night["agents_needed"]) == (0, 0, 0)


def test_hours_without_a_call_are_counted():
    calls = weeks(lambda day, hour: 40 if day % 14 < 7 else 0)  # every second week is silent
    week = metrics.staffing(calls, zone="UTC", model="erlang_c").set_index(["weekday", "hour"])
    row = week.loc[("Monday", 9)]
    monday = calls[calls["started_at"].dt.dayofweek.eq(0) & calls["started_at"].dt.hour.eq(9)]
    assert row["days"] == 3 and row["mean"] == pytest.approx(len(monday) / 3)  # the last Monday with calls is the 3rd


def test_a_clear_shortfall_is_named_and_no_other():
    busy = weeks(lambda day, hour: 300 if (day % 7, hour) == (0, 10) else 60, days=56, agents="abcdef", left=0.02)
    told = tell(metrics.staffing(busy, zone="UTC"))
    assert "on Monday at 10:00" in told.heading and told.is_changed and told.heading.endswith("on average")
    assert "6.0 answered calls then" in told.heading or "6 answered calls then" in told.heading
    enough = tell(metrics.staffing(weeks(40, agents="abcdefgh"), zone="UTC"))
    assert not enough.is_changed and "clearly had fewer" in enough.note


def test_too_few_calls_say_nothing_of_who_was_there():
    result = metrics.staffing(weeks(1, agents="abc"), by="hour", zone="UTC")
    assert result["shortfall"].isna().all() and result.attrs["facts"]["standout"] is None
    assert "too few calls come in an hour" in tell(result).note.lower()
    few = tell(metrics.staffing(weeks(1, days=7, agents="abc"), zone="UTC"))
    assert few.heading.startswith("Too few to say") and not few.shows


def test_what_was_measured_stands_beside_what_the_formula_says():
    calls = weeks(4, agents="a", talk=60)
    late = calls.index % 2 == 0
    calls.loc[late, "answered_at"] += pd.Timedelta(seconds=21)
    calls.loc[~late, "answered_at"] += pd.Timedelta(seconds=20)
    result = metrics.staffing(calls, by="hour", zone="UTC")
    facts = result.attrs["facts"]
    assert (facts["met"], facts["timed"]) == ((~late).sum(), len(calls))
    told = tell(result)
    assert (
        told.heading.replace("\xa0", " ") == "By the formula 1 agent is enough in each hour with enough calls to tell"
    )
    said = told.note.replace("\xa0", " ")
    assert "Measured in the hours with enough calls to tell: 50 %" in said and "were answered within 20 s" in said
    untimed = metrics.staffing(calls.drop(columns="answered_at").assign(outcome="answered"), by="hour", zone="UTC",
                               model="erlang_c")  # fmt: skip
    assert untimed.attrs["facts"]["timed"] == 0 and "Measured" not in tell(untimed).note


@pytest.mark.parametrize(
    "needed, highs, said",
    [
        ([1, 1], [1, 1], "By the formula 1 agent is enough in each hour with enough calls to tell"),
        ([1, 1], [1, 2], "By the formula 1 agent, at most 2, is needed in each hour with enough calls to tell"),
        ([4, 4], [6, 5], "By the formula 4 agents, at most 6, are needed in each hour with enough calls to tell"),
        ([4, 5], [5, 5], "Between 4 and 5 agents are needed, depending on the hour"),
        ([4, 5], [5, 7], "Between 4 and 5 agents, at most 7, are needed, depending on the hour"),
        ([4, 5], [9, 7], "Between 4 and 5 agents, at most 9, are needed, depending on the hour"),
    ],
)
def test_what_is_needed_is_said_with_the_interval_of_any_hour(needed, highs, said):
    result = metrics.staffing(weeks(4, agents="a", talk=60), by="hour", zone="UTC")
    result = (
        result[result["n"] > 10]
        .iloc[:2]
        .assign(agents_needed=np.array(needed, float), low=1.0, high=np.array(highs, float))
    )
    result.attrs["facts"]["standout"] = None
    assert tell(result).heading.replace("\xa0", " ") == said


def test_calls_that_vary_from_day_to_day_widen_the_interval():
    steady, wild = weeks(20, seed=2), weeks(lambda day, hour: 36 if day % 2 else 4, seed=2)
    widths = [
        (one["mean_high"] - one["mean_low"]).loc[10]
        for one in (metrics.staffing(calls, by="hour", zone="UTC").set_index("hour") for calls in (steady, wild))
    ]
    assert widths[1] > 2 * widths[0]


def test_shrinkage_is_planned_on_top():
    calls = weeks(100, days=7)
    result = metrics.staffing(calls, by="hour", zone="UTC", shrinkage=0.3)
    plain = metrics.staffing(calls, by="hour", zone="UTC")
    assert "agents_scheduled" not in plain and result["agents_needed"].equals(plain["agents_needed"])
    assert result["agents_scheduled"].tolist() == [math.ceil(n / 0.7) for n in result["agents_needed"]]
    assert result.attrs["choices"]["shrinkage"] == "30%"


def test_queues_have_agents_of_their_own():
    calls = pd.concat([weeks(60, days=7).assign(queue="a"), weeks(10, days=7, talk=600).assign(queue="b")])
    both = metrics.staffing(calls, by="queue", zone="UTC", model="erlang_c")
    assert list(dict.fromkeys(both["queue"])) == ["a", "b"] and len(both) == 48
    alone = metrics.staffing(calls[calls["queue"] == "b"], by="hour", zone="UTC", model="erlang_c")
    assert both[both["queue"] == "b"]["agents_needed"].tolist() == alone["agents_needed"].tolist()


def test_only_opening_hours_are_staffed_where_they_are_known():
    service = Service.model_validate(
        {"opening_hours": {"monday": ["09:00-12:00"]}, "holidays": {"dates": ["2024-03-11"]}}
    )
    week = metrics.staffing(weeks(30), zone="UTC", service=service).set_index(["weekday", "hour"])
    assert week.loc[("Monday", 9), ["days", "is_open"]].tolist() == [3, True]  # one of four is a holiday
    assert week.loc[("Monday", 14), ["n", "is_open"]].tolist() == [0, False]
    assert week.loc[("Tuesday", 9), "days"] == 0


def test_handle_time_and_patience_may_be_given():
    calls = weeks(60, days=7)
    bare = calls.drop(columns=["talk_seconds", "hold_seconds", "wrap_up_seconds", "abandoned_at"]).assign(
        outcome="answered"
    )
    with pytest.raises(MissingColumn, match="abandoned_at"):
        metrics.staffing(bare, zone="UTC")
    with pytest.raises(MissingColumn, match="talk_seconds"):
        metrics.staffing(bare, zone="UTC", model="erlang_c")
    given_ = metrics.staffing(bare, by="hour", zone="UTC", handle_time="3m", patience="5m", target=0.9, within="10s")
    row = given_.set_index("hour").loc[12]
    assert row["agents_needed"] == agents_needed(round(row["mean"], 4), 180, 0.9, 10, 300)
    assert given_.attrs["facts"]["patience_seconds"] == 300


def test_no_call_was_answered_so_that_nobody_knows_how_long_one_takes():
    calls = weeks(20, days=7, left=1.0)
    result = metrics.staffing(calls, by="hour", zone="UTC")
    assert result["agents_needed"].isna().all()
    assert tell(result).heading == "How many agents are needed isn’t known"


@pytest.mark.parametrize(
    "wrong, names",
    [
        ({"by": "day"}, "day"),
        ({"model": "erlang"}, "model"),
        ({"shrinkage": 1}, "shrinkage"),
        ({"target": 1.5}, "target"),
    ],
)
def test_a_wrong_choice_says_which(wrong, names):
    with pytest.raises(BadParameter, match=names):
        metrics.staffing(weeks(5, days=2), zone="UTC", **wrong)


@pytest.mark.parametrize("patience", [3600, 86_400, 1e6])
@pytest.mark.parametrize("agents", [10, 20])
def test_who_waits_for_years_is_answered_or_has_hung_up(agents, patience):
    """Of 33 calls' worth of work so many agents do their share, however long callers would wait."""
    queue = Queue(calls=200, handle=600, agents=agents, hangs_up_after=patience)
    for seconds in (86_400 * 3650, 50 * patience):
        assert queue.within(seconds) == pytest.approx(1 - queue.abandonment, abs=1e-9)
        assert queue.within(seconds) == pytest.approx(agents * 6 / 200, abs=1e-3)


def test_a_handle_time_of_years_is_refused_in_words():
    with pytest.raises(BadParameter, match="handle_time: .* more than 100000 agents"):
        metrics.staffing(weeks(5, days=2), handle_time="3650d", zone="UTC")


@pytest.mark.parametrize("share", [0, 1])
@pytest.mark.parametrize("setting", ["compliance", "service_level"])
def test_a_target_of_all_or_none_in_the_settings_leaves_the_section_out(setting, share):
    service = Service.model_validate({"targets": {setting: share}})
    said = f"service.toml says targets.{setting} = {share}, and agents can only be counted for a share"
    with pytest.raises(MissingSetting, match=said) as caught:
        metrics.staffing(weeks(5, days=2), zone="UTC", service=service)
    client = SimpleNamespace(sections=["How many agents?"], asked=[], lost={})
    error = SimpleNamespace(ename=type(caught.value).__name__, evalue=str(caught.value))
    assert SectionClient._reason(client, SimpleNamespace(source="show(staffing)"), 0, error) == str(caught.value)
    assert len(metrics.staffing(weeks(5, days=2), zone="UTC", service=service, target=0.8))
