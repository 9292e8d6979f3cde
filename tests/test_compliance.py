"""What is promised, by whom, and what missed it: targets, standing, breaches, due moments."""

import datetime

import oracle
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import metrics
from toolkit.clock import due_at
from toolkit.errors import BadParameter, BadSettings, MissingColumn, MissingSetting
from toolkit.metrics.compare import previous_period
from toolkit.service import Service, load_service

READ = pd.Timestamp("2024-03-08T15:00Z")  # a Friday
HOUR, DAY = 3600, 86_400
HOURS_4 = {"default": "4h"}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


def promising(zone="UTC", hours=None, dates=(), **targets):
    hours = hours or {day: ["09:00-17:00"] for day in WEEKDAYS}
    given_ = {"time_zone": zone, "opening_hours": hours, "holidays": {"dates": list(dates)}, "targets": targets}
    return Service.model_validate(given_)


def table(*cases):
    """Conversations that began so many hours before the reading, answered and closed so many hours after they began."""
    rows = []
    for number, case in enumerate(cases):
        began = READ - pd.Timedelta(hours=case["began"])
        row = {"conversation_id": f"c{number}", "channel": "x", "created_at": began} | case
        for column, name in (("first_response_at", "answered"), ("closed_at", "closed")):
            row[column] = began + pd.Timedelta(hours=case[name]) if name in case else pd.NaT
        rows.append({name: value for name, value in row.items() if name not in ("began", "answered", "closed")})
    frame = pd.DataFrame(rows)
    for name in ("created_at", "first_response_at", "closed_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True).dt.as_unit("us")
    return frame


def compliance(frame, service, **choices):
    return metrics.sla_compliance(frame, as_of=READ, service=service, **choices).iloc[0]


# --- which target holds ---------------------------------------------------------------------------

STRICT = promising(
    first_response={"default": "4h", "email": "24h"},
    first_response_by_priority={"urgent": "1h", "low": "48h"},
    first_response_by_team={"vip": "30m"},
)


@pytest.mark.parametrize(
    "more, target",
    [
        ({}, 4 * HOUR),  # the default
        ({"channel": "email"}, DAY),
        ({"channel": "email", "priority": "urgent"}, HOUR),  # the strictest of two
        ({"channel": "email", "priority": "low"}, DAY),
        ({"priority": "low"}, 2 * DAY),  # the default holds only where nothing else does
        ({"priority": "Urgent", "team": "VIP"}, HOUR // 2),  # however they are spelt
        ({"channel": None, "priority": None, "team": None}, 4 * HOUR),
    ],
)
def test_the_strictest_promise_holds(more, target):
    frame = table({"began": 90, "answered": 1, "priority": "normal", "team": "a"} | more)
    assert compliance(frame, STRICT)["target_seconds"] == target


def test_what_is_promised_by_more_than_the_channel_is_said():
    frame = table({"began": 9, "answered": 1, "priority": "urgent"})
    assert metrics.sla_compliance(frame, as_of=READ, service=STRICT).attrs["choices"]["targets"] == "strictest"
    plain = promising(first_response={"default": "4h"})
    assert "targets" not in metrics.sla_compliance(frame, as_of=READ, service=plain).attrs["choices"]


def test_a_promise_by_priority_alone_leaves_the_others_without_a_target():
    service = promising(first_response_by_priority={"urgent": "1h"})
    frame = table({"began": 9, "answered": 1, "priority": "urgent"}, {"began": 9, "answered": 1, "priority": "low"})
    row = compliance(frame, service)
    assert (row["n"], row["met_count"], row["no_target_count"]) == (1, 1, 1)  # the default of the code is no promise
    groups = metrics.sla_compliance(frame, by="priority", as_of=READ, service=service).set_index("priority")
    assert groups["no_target_count"].to_dict() == {"low": 1, "urgent": 0}
    assert pd.isna(groups.loc["low", "sla_compliance"]) and groups.loc["low", "n"] == 0


def test_settings_by_priority_are_checked(tmp_path):
    path = tmp_path / "service.toml"
    path.write_text('[targets.first_response_by_priority]\nurgent = "soon"\n', encoding="utf-8")
    with pytest.raises(BadSettings, match=r"targets\.first_response_by_priority\.urgent.*soon"):
        load_service(path)
    path.write_text('[targets.resolution_by_team]\nVIP = "8h"\n', encoding="utf-8")
    assert load_service(path).targets.resolution_by_team == {"VIP": 8 * HOUR}


# --- resolutions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case, judged, met",
    [
        ({"began": 90, "closed": 24}, 1, 1),  # the target itself counts
        ({"began": 90, "closed": 25}, 1, 0),
        ({"began": 90}, 1, 0),  # open past its target
        ({"began": 90, "answered": 1}, 1, 0),  # an answer is no resolution
        ({"began": 9}, 0, 0),  # not yet due
        ({"began": 9, "closed": 2}, 1, 1),
        ({"began": 90, "closed": 95}, 1, 0),  # closed after the reading
        ({"began": 9, "closed": 2, "bot_started_at": READ}, 1, 1),  # a bot resolved it
    ],
)
def test_a_resolution_in_target(case, judged, met):
    service = promising(resolution={"default": "1d"})
    row = compliance(table(case), service, of="resolution")
    assert (row["n"], row["met_count"], row["undue_count"]) == (judged, met, 1 - judged)


def test_a_resolution_is_told_as_one():
    service = promising(resolution={"default": "1d"})
    result = metrics.sla_compliance(
        table(*[{"began": 90, "closed": 1}] * 20), as_of=READ, service=service, of="resolution"
    )
    assert result.attrs["metric"] == "resolution_compliance" and "resolved in target" in result.sentence()
    with pytest.raises(MissingSetting, match="a resolution is promised"):
        compliance(table({"began": 9}), promising(first_response={"default": "4h"}), of="resolution")
    with pytest.raises(BadParameter, match="did you mean 'response'"):
        compliance(table({"began": 9}), service, of="respons")


def test_pauses():
    service = promising(resolution={"default": "1d"})
    frame = table(
        {"began": 90, "closed": 30, "waiting_seconds": 7 * HOUR},  # 23 h without the customer
        {"began": 90, "closed": 30, "waiting_seconds": 5 * HOUR},
        {"began": 90, "closed": 30, "waiting_seconds": None},
        {"began": 30, "waiting_seconds": 20 * HOUR},  # open for 10 h of its 24
        {"began": 90, "closed": 2, "waiting_seconds": 900 * HOUR},
    )
    counted = compliance(frame, service, of="resolution")
    assert (counted["n"], counted["met_count"], counted["undue_count"]) == (5, 1, 0)
    left = metrics.sla_compliance(frame, as_of=READ, service=service, of="resolution", pauses="left_out")
    assert left[["n", "met_count", "undue_count"]].values.tolist() == [[4, 2, 1]]
    assert left.attrs["choices"]["pauses"] == "left_out"
    assert previous_period(left, left)["verdict"].tolist() == ["few"]
    many = pd.concat([frame] * 10).assign(conversation_id=lambda rows: range(len(rows)))
    left = metrics.sla_compliance(many, as_of=READ, service=service, of="resolution", pauses="left_out")
    assert previous_period(left, left)["verdict"].tolist() == ["not comparable"]  # a state without a time
    late = metrics.breaches(frame, of="resolution", as_of=READ, service=service, pauses="left_out")
    assert late["due_at"].tolist() == [
        frame["created_at"][2] + pd.Timedelta("24h"),
        frame["created_at"][1] + pd.Timedelta("29h"),
    ]
    for wrong in ({"of": "response"}, {"of": "resolution", "clock": "business"}):
        with pytest.raises(BadParameter, match="waiting_seconds is of the whole time"):
            compliance(frame, promising(first_response=HOURS_4, resolution=HOURS_4), pauses="left_out", **wrong)
    with pytest.raises(MissingColumn, match="waiting_seconds"):
        compliance(frame.drop(columns="waiting_seconds"), service, of="resolution", pauses="left_out")


@settings(max_examples=settings.default.max_examples * 9 // 100)
@given(
    oracle.conversations(),
    st.integers(-3600, 6 * DAY).map(lambda s: oracle.START + datetime.timedelta(seconds=s)),
    st.sampled_from(["calendar", "business"]),
)
def test_resolutions_of_random_tables(frame, as_of, clock):
    targets = {"email": HOUR, "default": DAY}
    service = promising("Europe/Rome", resolution=targets)
    row = metrics.sla_compliance(frame, None, clock, as_of, service=service, of="resolution").iloc[0]
    found = [oracle.is_closed_in(one, as_of, targets, clock, service) for one in oracle.records(frame)]
    judged = [one for one in found if one in (True, False)]
    assert (row["n"], row["met_count"], row["undue_count"]) == (len(judged), sum(judged), found.count("undue"))


# --- against the share that is wanted -------------------------------------------------------------


def test_standing():
    service = promising(first_response={"email": "4h", "x": "4h", "chat": "4h"}, compliance=0.8)
    met, missed = {"began": 9, "answered": 1}, {"began": 9, "answered": 5}
    cases = [one | {"channel": "email"} for one in [met] * 40]
    cases += [one | {"channel": "x"} for one in [missed] * 40]
    cases += [one | {"channel": "chat"} for one in [met] * 16 + [missed] * 4]
    cases += [met | {"channel": "fax"}] * 40
    cases += [met | {"channel": "chat2"}]
    result = metrics.service_level_target(table(*cases), as_of=READ, service=service).set_index("channel")
    assert result["standing"].to_dict() == {"chat": "near", "chat2": "none", "email": "on", "fax": "none", "x": "off"}
    assert result.loc["fax", ["n", "no_target_count"]].tolist() == [0, 40] and pd.isna(result.loc["fax", "wanted"])
    assert result.loc["email", "wanted"] == 0.8
    again = metrics.service_level_target(table(*cases[:5]), as_of=READ, service=service)
    assert again["standing"].tolist() == again.statuses() == ["few"]


def test_what_has_no_target_is_told_so():
    service = promising(first_response={"x": "4h"}, compliance=0.8)
    cases = [{"began": 9, "answered": 1}] * 20 + [{"began": 9, "answered": 1, "channel": "fax"}] * 20
    result = metrics.service_level_target(table(*cases), as_of=READ, service=service)
    html = result._repr_html_()
    assert "no target" in html.lower() and "met" in html.lower()


# --- breaches -------------------------------------------------------------------------------------


def test_breaches_are_worst_first_and_counted_in_full():
    service = promising(first_response={"default": "4h"})
    frame = table(
        {"began": 9, "answered": 1},
        {"began": 9, "answered": 5, "agent": "Ann"},
        {"began": 9},  # still unanswered, 5 h past
        {"began": 3},
        {"began": 9, "answered": 5},
    )
    late = metrics.breaches(frame, as_of=READ, service=service)
    assert late["conversation_id"].tolist() == ["c2", "c1", "c4"]
    assert late["overdue_seconds"].tolist() == [5 * HOUR, HOUR, HOUR]
    assert set(late["due_at"]) == {READ - pd.Timedelta(hours=5)} and set(late["target_seconds"]) == {4 * HOUR}
    closed = metrics.breaches(table({"began": 9, "closed": 1}), as_of=READ, service=service)
    assert closed.attrs["facts"] == {"total": 1, "still_open": 0} and closed["overdue_seconds"].tolist() == [5 * HOUR]
    cut = metrics.breaches(frame, as_of=READ, service=service, limit=1)
    assert len(cut) == 1 and cut.attrs["facts"] == {"total": 3, "still_open": 1}
    assert cut.sentence().startswith(
        "3 conversations missed the target for a first answer, 1 of them is still waiting for one"
    )
    resolved = metrics.breaches(
        frame[2:3], of="resolution", as_of=READ, service=promising(resolution={"default": "4h"})
    )
    assert resolved.sentence().startswith("1 conversation missed the target for a resolution, 1 of them is still open")
    none = metrics.breaches(frame[:1], as_of=READ, service=service)
    assert len(none) == 0 and none.attrs["facts"]["total"] == 0


def test_breaches_are_those_that_compliance_counts():
    frame = oracle.sample_tables()["conversations"]
    service = promising("Europe/Rome", first_response={"default": "4h"}, resolution={"default": "1d"})
    for choices in ({}, {"of": "resolution"}, {"clock": "business"}, {"of": "resolution", "clock": "business"}):
        choices = choices | {"as_of": "2024-04-09T12:00:00Z", "service": service}
        whole = metrics.sla_compliance(frame, **choices).iloc[0]
        late = metrics.breaches(frame, **choices)
        assert late.attrs["facts"]["total"] == len(late) == whole["n"] - whole["met_count"] > 0
        assert (late["overdue_seconds"] > 0).all()


def test_a_breach_in_business_time():
    service = promising(first_response={"default": "2h"})
    frame = table({"began": 0, "answered": 1}).assign(
        created_at=pd.Timestamp("2024-03-01T16:00Z"), first_response_at=pd.Timestamp("2024-03-04T11:00Z")
    )
    late = metrics.breaches(frame, clock="business", as_of=READ, service=service)
    assert late["due_at"].tolist() == [pd.Timestamp("2024-03-04T10:00Z")]
    assert late["overdue_seconds"].tolist() == [HOUR]


# --- when something is due ------------------------------------------------------------------------


def due(start, seconds, **more):
    (found,) = due_at([int(pd.Timestamp(start).timestamp())], [seconds], promising(**more))
    return None if found is None else pd.Timestamp(found, unit="s", tz="UTC").isoformat()


@pytest.mark.parametrize(
    "start, seconds, more, expected",
    [
        ("2024-03-01T16:00Z", 2 * HOUR, {}, "2024-03-04T10:00:00+00:00"),  # Friday at 16:00: Monday at 10:00
        ("2024-03-01T16:00Z", HOUR, {}, "2024-03-01T17:00:00+00:00"),  # the close itself
        ("2024-03-01T16:00Z", 0, {}, "2024-03-01T16:00:00+00:00"),
        ("2024-03-02T03:00Z", HOUR, {}, "2024-03-04T10:00:00+00:00"),  # from outside of opening hours
        ("2024-03-01T16:00Z", 2 * HOUR, {"dates": ["2024-03-04"]}, "2024-03-05T10:00:00+00:00"),  # a holiday
        ("2024-03-04T12:00Z", 2 * HOUR, {"hours": {"monday": ["09:00-13:00", "14:00-18:00"]}}, "2024-03-04T15:00:00+00:00"),
        # a night of which the clock skips an hour, and one of which it shows an hour twice
        ("2024-03-30T23:00Z", 2 * HOUR, {"zone": "Europe/Rome", "hours": {"sunday": ["00:00-06:00"]}}, "2024-03-31T01:00:00+00:00"),
        ("2024-03-30T23:00Z", 5 * HOUR, {"zone": "Europe/Rome", "hours": {"sunday": ["00:00-06:00"]}}, "2024-03-31T04:00:00+00:00"),
        ("2024-03-30T23:00Z", 6 * HOUR, {"zone": "Europe/Rome", "hours": {"sunday": ["00:00-06:00"]}}, "2024-04-06T23:00:00+00:00"),
        ("2024-10-26T22:00Z", 7 * HOUR, {"zone": "Europe/Rome", "hours": {"sunday": ["00:00-06:00"]}}, "2024-10-27T05:00:00+00:00"),
        ("2024-03-01T16:00Z", 400 * HOUR, {"hours": {"monday": ["09:00-10:00"]}}, "2031-10-27T10:00:00+00:00"),
    ],
)  # fmt: skip
def test_due(start, seconds, more, expected):
    assert due(start, seconds, **more) == expected


def test_a_service_that_never_opens_has_nothing_due():
    closed = promising(hours={"monday": []})
    assert due_at([0, 5], [60, 0], closed) == [None, 5] and due_at([], [], closed) == []


@settings(max_examples=settings.default.max_examples * 10 // 100)
@given(
    st.lists(st.tuples(st.integers(0, 20 * DAY), st.integers(1, 5 * DAY)), min_size=1, max_size=5),
    st.sampled_from(["Europe/Rome", "America/St_Johns", "UTC"]),
)
def test_due_is_the_first_moment_at_which_the_target_has_passed(cases, zone):
    hours = {"friday": ["09:00-22:30"], "saturday": ["22:00-03:00"], "monday": ["08:00-12:00", "13:00-18:00"]}
    service = promising(zone, hours, ["2024-04-01"])
    first = int(oracle.START.timestamp())
    starts, seconds = zip(*[(first + after, wait) for after, wait in cases], strict=True)
    for start, wait, found in zip(starts, seconds, due_at(starts, seconds, service), strict=True):
        assert oracle.business_seconds(start, found, service) == wait
        assert oracle.business_seconds(start, found - 1, service) == wait - 1
