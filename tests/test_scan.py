"""The weeks in which a group stands out from its other weeks."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from toolkit import metrics
from toolkit.load import open_data
from toolkit.metrics import shapes
from toolkit.metrics.compare import scan
from toolkit.metrics.registry import METRICS

MONDAYS = pd.date_range("2024-02-05", periods=12, freq="7D", tz="UTC")  # to 22 April
READ = "2024-04-29T00:00:00Z"


def data_of(folder, period="2024-04-01..2024-04-28", settings="", **weekly):
    """Conversations of topics: so many a week, of which so many have an answer."""
    rows = []
    for topic, weeks in weekly.items():
        for monday, (n, answered) in zip(MONDAYS, weeks, strict=True):
            at = monday + pd.to_timedelta(np.arange(n) * 7000, unit="s")
            rows += [
                {
                    "created_at": one,
                    "topic": topic,
                    "first_response_at": one + pd.Timedelta(minutes=5) if k < answered else None,
                }
                for k, one in enumerate(at)
            ]
    frame = pd.DataFrame(rows).assign(channel="email", conversation_id=range(len(rows)))
    frame.to_csv(folder / "conversations.csv", index=False)
    (folder / "service.toml").write_text(settings)
    return open_data(folder, period=period, as_of=READ)


CALM = [(n, round(n * 0.7)) for n in (40, 43, 38, 41, 39, 42, 40, 37, 41, 40, 39, 42)]


def with_week(place, *week):
    return [*CALM[:place], week, *CALM[place + 1 :]]


@pytest.mark.parametrize(
    "weeks, expected",
    [
        (CALM, []),
        (with_week(10, 90, 63), [("inbound_volume", ["2024-04-15"], "none")]),
        (with_week(10, 40, 8), [("response_rate", ["2024-04-15"], "worse")]),
        (with_week(10, 55, 55), [("response_rate", ["2024-04-15"], "better")]),
        (with_week(6, 90, 20), []),  # in the week of 18 March, before the period
        (with_week(10, 4, 0), [("inbound_volume", ["2024-04-15"], "none")]),  # of four cases no rate is told
    ],
)
def test_a_week_stands_out(tmp_path, weeks, expected):
    data = data_of(tmp_path, bills=CALM, fault=weeks)
    facts, tested = scan(data, (metrics.inbound_volume, {}), (metrics.response_rate, {}))
    assert sorted((one["metric"], one["weeks"], one["direction"]) for one in facts if one["key"] == "topic") == expected
    assert all(one["value"] == "fault" and one["kind"] == "standout" for one in facts if one["key"] == "topic")
    assert len(tested) == 4 * 2 * (2 + 1) - (weeks[10][0] < 10)  # four weeks, of two topics and a channel
    assert all(one["p"] in tested for one in facts)


def test_what_is_said(tmp_path):
    facts, _ = scan(
        data_of(tmp_path, bills=CALM, fault=with_week(10, 40, 8)), (metrics.response_rate, {}), by=["topic"]
    )
    (one,) = facts
    told = {name: one[name].replace("\xa0", " ") for name in ("name", "clause", "text", "what", "more")}
    assert told == {
        "name": "Fault",
        "clause": "Fault in the week of 15 April: the response rate of all channels was 20 % (70 % in the other weeks)",
        "text": "Fault in the week of 15 April: the response rate of all channels was 20 % (70 % in the other weeks).",
        "what": "the response rate of all channels was 20 % (70 % in the other weeks)",
        "more": "the response rate of all channels was 20 % (70 %)",
    }
    assert one["n"] == 40 and one["score"] > 3


def test_channels_that_the_cases_say_are_not_said_again(tmp_path):
    """Written conversations are of written channels."""
    data = data_of(tmp_path, bills=CALM, fault=with_week(10, 90, 63))
    for channels, said in (
        ("written", "the number of written conversations was 87"),
        ("all", "the number of conversations was 87"),
    ):
        (one,) = scan(data, (metrics.inbound_volume, {"channels": channels}), by=["topic"])[0]
        assert one["what"].startswith(said) and "of written channels" not in one["what"]


def test_the_channels_of_what_its_cases_do_not_say_are_said(tmp_path):
    data = data_of(tmp_path, bills=CALM, fault=with_week(10, 40, 8))
    (one,) = scan(data, (metrics.response_rate, {"channels": "written"}), by=["topic"])[0]
    assert one["what"].startswith("the response rate of written channels was 20")


def test_restless_weeks_excuse_a_week(tmp_path):
    restless = [(40, 12 if week % 2 else 36) for week in range(12)]
    data = data_of(tmp_path, bills=CALM, fault=[*restless[:10], (40, 10), restless[11]])
    facts, _ = scan(data, (metrics.response_rate, {}), by=["topic"])
    assert facts == []


@pytest.mark.parametrize("customers, expected", [(30, []), (12, [("unique_customers", ["2024-04-15"])])])
def test_a_case_may_be_in_several_groups(tmp_path, customers, expected):
    """Forty conversations a week of the same thirty customers, on both topics; in one week fewer who write more often."""
    rows = [
        {"created_at": monday + pd.Timedelta(seconds=7000 * k), "customer_id": f"{k % of}", "topic": topic}
        for monday in MONDAYS
        for of in [customers if monday == MONDAYS[10] else 30]
        for topic, first in (("bills", 0), ("fault", 1))
        for k in range(first, 40)
    ]
    frame = pd.DataFrame(rows).assign(channel="email", conversation_id=range(len(rows)))
    frame.to_csv(tmp_path / "conversations.csv", index=False)
    (tmp_path / "service.toml").write_text("")
    data = open_data(tmp_path, period="2024-04-01..2024-04-28", as_of=READ)
    facts, tested = scan(data, (metrics.unique_customers, {}), by=["topic"])
    assert sorted({(one["metric"], tuple(one["weeks"])) for one in facts}) == [(m, tuple(w)) for m, w in expected]
    assert len(tested) == 8


def test_of_several_weeks_the_clearest_is_told(tmp_path):
    weeks = [*CALM[:9], (40, 12), (40, 2), CALM[11]]
    (one,) = scan(data_of(tmp_path, bills=CALM, fault=weeks), (metrics.response_rate, {}), by=["topic"])[0]
    assert one["weeks"][-1] == "2024-04-15" and "15 April" in one["text"]


def test_a_score_that_is_no_mean_of_counted_scores_is_left_out(tmp_path, monkeypatch):
    def tone(conversations, by=None):
        result = metrics.response_rate(conversations, by)
        return shapes.then(result, lambda told: told.attrs["units"].update(response_rate="score") or told)

    monkeypatch.setitem(METRICS, "tone", replace(METRICS["response_rate"], function=tone))
    data = data_of(tmp_path, bills=CALM, fault=with_week(10, 40, 8))
    assert scan(data, (tone, {})) == ([], [])
    assert [one["metric"] for one in scan(data, (tone, {}), (metrics.response_rate, {}), by=["topic"])[0]] == [
        "response_rate"
    ]


def test_what_has_no_name_or_is_not_there_is_left_out(tmp_path):
    data = data_of(tmp_path, bills=CALM, **{"": with_week(10, 40, 2)})
    facts, tested = scan(
        data, (metrics.response_rate, {}), (metrics.csat, {}), (metrics.reopen_rate, {}), by=["topic", "team"]
    )
    assert facts == [] and len(tested) == 4
    assert scan(data.during("2024-02-05..2024-02-18"), (metrics.response_rate, {})) == ([], [])  # two weeks


def test_a_week_that_the_period_cuts_is_no_week_of_a_count(tmp_path):
    data = data_of(tmp_path, "2024-04-01..2024-04-24", bills=CALM, fault=CALM)
    facts, tested = scan(data, (metrics.inbound_volume, {}), by=["topic"])
    assert facts == [] and len(tested) == 3 * 2


def test_false_alarms(tmp_path):
    """Of weeks in which nothing happened five in a hundred scans may tell of one."""
    random = np.random.default_rng(5)
    topics = {f"t{n}": [(m, random.binomial(m, 0.6)) for m in random.poisson(40, 12)] for n in range(25)}
    facts, tested = scan(
        data_of(tmp_path, **topics), (metrics.response_rate, {}), (metrics.inbound_volume, {}), by=["topic"]
    )
    assert facts == [] and len(tested) == 200
    assert np.mean(np.array(tested) <= 0.05) <= 0.08


def test_waits_and_scores(sample):
    data = sample.during("2024-04-01..2024-04-28")
    asked = [(metrics.first_response_time, {"channels": "written"}), (metrics.csat, {"value": "mean"})]
    asked += [(metrics.average_speed_of_answer, {}), (metrics.first_response_time, {"value": "within_target"})]
    facts, tested = scan(data, *asked, by=["channel"])
    assert len(tested) > 40 and all(0 < p <= 1 for p in tested)
    assert all(one["p"] in tested and "nan" not in one["text"] for one in facts)
