"""What came in target, and what came inside and outside of opening hours."""

import datetime

import oracle
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import metrics
from toolkit.errors import MissingColumn, MissingSetting
from toolkit.load import open_data
from toolkit.service import Service

READ = pd.Timestamp("2024-03-08T15:00Z")  # a Friday
HOURS = {"friday": ["09:00-18:00"], "saturday": ["22:00-02:00"]}
TARGETS = {"default": 4 * 3600, "email": 86_400}
SERVICE = Service.model_validate({"targets": {"first_response": TARGETS, "compliance": 0.9}, "opening_hours": HOURS})


def case(began, answered=None, closed=None, channel="x", **more):
    """A conversation that began so many hours before the reading, answered and closed so many hours after it began."""
    began = READ - pd.Timedelta(hours=began)
    times = {
        name: pd.NaT if hours is None else began + pd.Timedelta(hours=hours)
        for name, hours in (("first_response_at", answered), ("closed_at", closed))
    }
    return {"created_at": began, **times, "channel": channel, **more}


def table(*cases):
    frame = pd.DataFrame(cases)
    for name in ("created_at", "first_response_at", "closed_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True).dt.as_unit("us")
    return frame


# --- in target ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "one, judged, met",
    [
        (case(9, answered=1), 1, 1),
        (case(9, answered=4), 1, 1),  # the target itself counts
        (case(9, answered=4.001), 1, 0),
        (case(3, answered=1), 1, 1),
        (case(9), 1, 0),  # unanswered past its target
        (case(4), 0, 0),  # due this very second
        (case(3), 0, 0),  # not yet due
        (case(9, closed=1), 1, 0),  # closed without an answer
        (case(3, closed=1), 0, 0),
        (case(9, answered=10), 1, 0),  # answered after the reading
        (case(9, channel="Email"), 0, 0),  # a day is promised there, however the channel is spelt
        (case(30, answered=20, channel="email"), 1, 1),
        (case(9, answered=2, bot_started_at=READ), 1, 1),
        (case(9, bot_started_at=READ), None, None),  # a bot alone: nobody waited
        (case(-1), None, None),  # not yet begun
    ],
)
def test_a_conversation_in_target(one, judged, met):
    row = metrics.sla_compliance(table(one), as_of=READ, service=SERVICE).iloc[0]
    assert (row["n"], row["met_count"]) == (judged or 0, met or 0)
    assert row["undue_count"] == (0 if judged is None else 1 - judged)
    assert pd.isna(row["sla_compliance"]) == (not judged)


def test_groups_in_target():
    cases = table(*[case(9, answered=1)] * 3, case(9), case(1), *[case(48, answered=30, channel="email")] * 2)
    result = metrics.sla_compliance(cases, by="channel", as_of=READ, service=SERVICE)
    columns = ["channel", "n", "met_count", "sla_compliance", "undue_count", "target_seconds"]
    assert result[columns].values.tolist() == [["email", 2, 0, 0.0, 0, 86_400.0], ["x", 4, 3, 0.75, 1, 14_400.0]]
    assert result.attrs["target"]["value"] == 0.9 and result.attrs["best"] == "high"
    whole = metrics.sla_compliance(cases, as_of=READ, service=SERVICE)
    assert whole["n"].tolist() == [6] and whole["target_seconds"].isna().all()  # two targets
    written = metrics.sla_compliance(cases.assign(channel="phone"), as_of=READ, service=SERVICE, channels="written")
    assert written["n"].tolist() == [0]


def test_in_target_of_opening_hours():
    # from 13:00 on Friday: five open hours are left of it, the next ones are Saturday's from 22:00
    cases = table(case(2, answered=32), case(2, answered=34), case(2, answered=35))
    read = READ + pd.Timedelta(days=2)
    business = metrics.sla_compliance(cases, as_of=read, service=SERVICE, clock="business")
    assert business["met_count"].tolist() == [0]
    patient = SERVICE.model_copy(
        update={"targets": SERVICE.targets.model_copy(update={"first_response": {"default": 6 * 3600}})}
    )
    business = metrics.sla_compliance(cases, as_of=read, service=patient, clock="business")
    assert (business["met_count"].tolist(), business["n"].tolist()) == ([2], [3])  # 5 h, 6 h and 7 h of open time
    assert metrics.sla_compliance(cases, as_of=read, service=patient)["met_count"].tolist() == [0]


def test_channels_without_a_promise_are_left_out():
    cases = table(case(9, answered=1), case(9, answered=1, channel="email"))
    service = Service.model_validate({"targets": {"first_response": {"email": "24h"}}})
    assert metrics.sla_compliance(cases, as_of=READ, service=service)["n"].tolist() == [1]
    for nothing in (Service(), Service.model_validate({"targets": {"csat": 0.8}})):
        with pytest.raises(
            MissingColumn, match=r"service\.toml doesn't say within what time a first response is promised"
        ):
            metrics.sla_compliance(cases, as_of=READ, service=nothing)


RANDOM = Service.model_validate(
    {
        "time_zone": "Europe/Rome",
        "opening_hours": {"friday": ["09:00-22:30"], "saturday": ["22:00-01:00"], "monday": ["08:00-18:00"]},
        "targets": {"first_response": {"email": 3600, "default": 86_400}},
    }
)


@settings(max_examples=settings.default.max_examples * 9 // 100)
@given(
    oracle.conversations(),
    st.sampled_from([None, "channel", "topic"]),
    st.integers(-3600, 6 * 86_400).map(lambda s: oracle.START + datetime.timedelta(seconds=s)),
    st.sampled_from(["calendar", "business"]),
)
def test_in_target_of_random_tables(frame, by, as_of, clock):
    result = metrics.sla_compliance(frame, by, clock, as_of, service=RANDOM)
    expected = oracle.sla_compliance(frame, by, clock, as_of, RANDOM)
    oracle.assert_same(result, expected, oracle.names(by))


# --- inside and outside of opening hours ----------------------------------------------------------


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """A function of the settings: the data of five contacts, of which two came when the service was open."""
    at = ["2024-03-01T08:59:59Z", "2024-03-01T09:00:00Z", "2024-03-02T22:30:00Z", "2024-03-03T02:00:00Z"]
    at += ["2024-03-08T12:00:00Z"]  # a holiday

    def open_with(settings):
        folder = tmp_path_factory.mktemp("opened")
        rows = {"conversation_id": list("abcde"), "channel": "email", "created_at": at, "first_response_at": at}
        pd.DataFrame(rows).to_csv(folder / "conversations.csv", index=False)
        calls = {"call_id": list("abcde"), "started_at": at, "outcome": ["answered", "abandoned"] + ["answered"] * 3}
        pd.DataFrame(calls).to_csv(folder / "calls.csv", index=False)
        (folder / "service.toml").write_text(settings)
        return open_data(folder, as_of="2024-03-09T00:00:00Z")

    return open_with


SETTINGS = '[opening_hours]\nfriday = ["09:00-18:00"]\nsaturday = ["22:00-02:00"]\n[holidays]\ndates = [2024-03-08]\n'


def test_by_opening(opened):
    data = opened(SETTINGS + '[targets.first_response]\ndefault = "1h"\n')
    volume = metrics.inbound_volume(data.conversations, by="opening")
    assert volume[["opening", "n"]].values.tolist() == [["inside", 2], ["outside", 3]]
    assert volume["n"].iloc[1] == metrics.out_of_hours_share(data.conversations)["outside_count"].iloc[0]
    lost = metrics.abandonment_rate(data.calls, by=["opening", "weekday"])
    assert lost[["opening", "weekday", "n", "abandoned_count"]].values.tolist() == [
        ["inside", "Friday", 1, 1], ["inside", "Saturday", 1, 0],
        ["outside", "Friday", 2, 0], ["outside", "Sunday", 1, 0],
    ]  # fmt: skip
    assert metrics.sla_compliance(data.conversations, by="opening")["n"].tolist() == [2, 3]


def test_by_opening_where_nothing_says_when_the_service_is_open(opened):
    data = opened("minimum_count = 1\n")
    with pytest.raises(MissingColumn, match=r"service\.toml doesn't say when the service is open"):
        metrics.inbound_volume(data.conversations, by="opening")
    with pytest.raises(MissingColumn, match="no column 'opening'"):  # when a survey was sent says nothing
        metrics.csat(pd.DataFrame({"score": [5]}), by="opening")
    own = pd.DataFrame({"created_at": [READ] * 2, "opening": ["gambit", None]})
    assert metrics.inbound_volume(own, by="opening")["opening"].tolist() == ["(none)", "gambit"]
    heat = metrics.volume_heatmap(data.conversations)
    assert "is_open" not in heat.columns and "outside" not in heat.attrs["facts"]
    for figure, choices in ((metrics.out_of_hours_share, {}), (metrics.first_response_time, {"clock": "business"})):
        with pytest.raises(
            MissingSetting, match=r"service\.toml doesn't say when the service is open \(opening_hours\)"
        ):
            figure(data.conversations, **choices)
        assert figure(data.conversations, service=SERVICE, **choices)["n"].tolist() == [5]  # who gives some means them


def test_the_week_grid_knows_when_the_service_is_open(opened):
    heat = metrics.volume_heatmap(opened(SETTINGS).conversations)
    hours = heat[heat["is_open"]].groupby("weekday", observed=True)["hour"].agg(["min", "max"])
    assert hours.reset_index().values.tolist() == [["Friday", 9, 17], ["Saturday", 22, 23], ["Sunday", 0, 1]]
    assert heat.attrs["facts"]["outside"] == {"hits": 3, "n": 5}
