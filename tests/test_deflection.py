"""Which way contacts come in, help pages against calls, and what fewer calls save: by eye, and by brute force."""

import math

import numpy as np
import oracle
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import metrics, open_data
from toolkit.errors import BadParameter, MissingColumn, MissingTable

ZONE = "Europe/Rome"
DAY = pd.Timestamp("2024-03-01T09:00Z")


def conversations(*channels, **columns):
    frame = pd.DataFrame({"channel": pd.Series(channels, dtype=object)})
    frame["conversation_id"] = [f"c{number}" for number in frame.index]
    return frame.assign(created_at=DAY, **columns)


def calls(n, **columns):
    frame = pd.DataFrame({"call_id": [f"k{number}" for number in range(n)]})
    return frame.assign(started_at=DAY, **columns)


# --- which way ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "channel, way",
    [
        ("x", "digital"),
        ("WhatsApp", "digital"),
        ("web_chat", "digital"),
        ("Phone", "phone"),
        ("voice", "phone"),
        ("E-mail", "mail"),
        ("letter", "mail"),
        ("", None),
        ("(none)", None),  # as sources say it where an export names no channel
        (None, None),
    ],
)
def test_the_way_of_a_channel(channel, way):
    row = metrics.call_deflection(conversations(channel)).iloc[0]
    counts = {name: int(row[f"{name}_count"]) for name in ("digital", "phone", "mail")}
    assert counts == {name: int(name == way) for name in counts} and row["n"] == (way is not None)


@pytest.mark.parametrize(
    "more, phone",
    [
        ({}, 3),  # the calls, and the phone conversation
        ({"outcome": "test"}, 1),
        ({"conversation_id": "c1"}, 1),  # both are that conversation
        ({"conversation_id": "c0"}, 3),  # calls about a written conversation are contacts of their own
        ({"conversation_id": "elsewhere"}, 3),
    ],
)
def test_a_contact_counts_once(more, phone):
    row = metrics.call_deflection(conversations("x", "phone"), calls=calls(2, **more)).iloc[0]
    assert (row["n"], row["phone_count"], row["digital_count"]) == (1 + phone, phone, 1)


def test_calls_come_by_the_same_groups():
    threads = conversations("x", "email", topic=["bill", "app"])
    by_topic = metrics.call_deflection(threads, by="topic", calls=calls(2, topic=["bill", None]))
    assert by_topic[["topic", "n", "phone_count"]].values.tolist() == [["(none)", 1, 1], ["app", 1, 0], ["bill", 2, 1]]
    without = metrics.call_deflection(threads, by="topic", calls=calls(2))  # calls that know no topic
    assert without[["topic", "n", "phone_count"]].values.tolist() == [["(none)", 2, 2], ["app", 1, 0], ["bill", 1, 0]]


# --- help pages against calls ---------------------------------------------------------------------


@st.composite
def traffic(draw):
    """(visits by page and day, calls), some days without either; calls near midnight, across the change of the clocks."""
    first = pd.Timestamp("2024-03-25")
    days, topics = st.integers(0, 11), st.sampled_from(["bill", "app", None])
    visits = [
        {
            "day": first + pd.Timedelta(days=draw(days)),
            "page": str(n),
            "visits": draw(st.integers(0, 50)),
            "topic": draw(topics),
        }
        for n in range(draw(st.integers(1, 20)))
    ]
    hours = st.integers(-2, 12 * 24)
    received = [
        {
            "call_id": str(number),
            "started_at": first.tz_localize("UTC") + pd.Timedelta(hours=draw(hours)),
            "topic": draw(topics),
            "outcome": draw(st.sampled_from(["answered", "abandoned", "test"])),
        }
        for number in range(draw(st.integers(1, 20)))
    ]
    text = {"topic": object}
    return pd.DataFrame(visits).astype(text), pd.DataFrame(received).astype(text | {"outcome": object})


def expected_visits(visits, received, by):
    """Visits and calls of each group by day, from the first to the last day that has both."""
    seen = [(row["day"].date(), oracle.text(row[by]) if by else "", row["visits"], 0) for row in visits]
    for row in received:
        if row["outcome"] != "test":
            seen.append((row["started_at"].tz_convert(ZONE).date(), oracle.text(row[by]) if by else "", 0, 1))
    days = [sorted({day for day, _, *counts in seen if counts[which]}) for which in (0, 1)]
    if not all(days):
        return {}
    first, last = max(one[0] for one in days), min(one[-1] for one in days)
    kept = [one for one in seen if first <= one[0] <= last]
    every = sorted({day for day, *_ in kept})
    made = {}
    for group in {group for _, group, *_ in kept}:
        daily = [[sum(one[which] for one in kept if one[:2] == (day, group)) for which in (2, 3)] for day in every]
        made[group] = np.array(daily, float)
    return made


@settings(max_examples=settings.default.max_examples * 8 // 100)
@given(traffic(), st.sampled_from([None, "topic"]))
def test_visits_for_each_call(tables, by):
    visits, received = tables
    found = metrics.visits_per_call(visits, by=by, calls=received, zone=ZONE)
    expected = expected_visits(oracle.records(visits), oracle.records(received), by)
    if by is None and not expected:
        assert found["n"].tolist() == [0] and found["visits_per_call"].isna().all()
        return
    assert len(found) == len(expected)
    for _, row in found.iterrows():
        daily = expected[row[by] if by else ""]
        total, n = daily.sum(axis=0)
        assert (row["visits_count"], row["n"], row["days"]) == (total, n, len(daily))
        if not n:
            assert math.isnan(row["visits_per_call"])
            continue
        assert row["visits_per_call"] == pytest.approx(total / n)
        assert math.isnan(row["low"]) == (len(daily) < 7 or not total)
        if not math.isnan(row["low"]):
            assert row["low"] < row["visits_per_call"] < row["high"]


def test_the_interval_of_a_ratio():
    """By hand: seven days of 10 calls and 60 to 120 visits, 2.446912 being Student's quantile of six degrees."""
    visits = [60, 70, 80, 90, 100, 110, 120]
    days = pd.date_range("2024-03-04", periods=7)
    received = pd.DataFrame({"started_at": np.repeat(days.tz_localize("UTC") + pd.Timedelta(hours=12), 10)})
    row = metrics.visits_per_call(pd.DataFrame({"day": days, "visits": visits}), calls=received, zone="UTC").iloc[0]
    spread = 7 / 6 * sum((one - 90) ** 2 for one in visits) / 630**2
    half = 2.446912 * math.sqrt(max(spread, 1 / 630 + 1 / 70))
    assert (row["visits_per_call"], row["low"], row["high"]) == pytest.approx(
        (9, 9 * math.exp(-half), 9 * math.exp(half)), rel=1e-6
    )


def test_a_ratio_by_week_is_of_local_days():
    days = pd.date_range("2024-03-29", periods=6)  # Friday to Wednesday
    late = pd.to_datetime(["2024-03-31T21:30Z", "2024-03-31T22:30Z", "2024-03-29T12:00Z", "2024-04-03T12:00Z"])
    made = metrics.visits_per_call(
        pd.DataFrame({"day": days, "visits": 1}), by="week", calls=pd.DataFrame({"started_at": late}), zone=ZONE
    )
    assert made["n"].tolist() == [2, 2] and made["visits_count"].tolist() == [3, 3]  # 22:30 UTC is Monday in Rome
    assert [str(week)[:10] for week in made["week"]] == ["2024-03-25", "2024-04-01"]


def test_visits_without_calls_are_refused():
    visits = pd.DataFrame({"day": pd.to_datetime(["2024-03-01"]), "visits": [1]})
    with pytest.raises(MissingTable, match="calls"):
        metrics.visits_per_call(visits)
    with pytest.raises(BadParameter, match="hour"):
        metrics.visits_per_call(visits, by="hour", calls=calls(1), zone=ZONE)
    with pytest.raises(MissingColumn, match="topic"):
        metrics.visits_per_call(visits.assign(topic="a"), by="topic", calls=calls(1), zone=ZONE)


# --- savings --------------------------------------------------------------------------------------


def test_savings_by_hand():
    """Before, 40 of 100 were calls at 12, the others at 1; now 30 of 200: 50 fewer than 80, of which each saves 11."""
    before = conversations(*["phone"] * 40, *["x"] * 60)
    now = conversations(*["phone"] * 30, *["x"] * 170)
    row = metrics.deflection_savings(now, earlier=before).iloc[0]
    assert (row["n"], row["phone_count"], row["base_phone_share"], row["phone_share"]) == (200, 30, 0.4, 0.15)
    assert (row["moved"], row["cost_difference"], row["saved"]) == pytest.approx((50, 11, 550))
    change, low, high = oracle.newcombe(30, 200, 40, 100)
    assert (row["low"], row["high"]) == pytest.approx((-200 * 11 * high, -200 * 11 * low)) and change < 0
    assert row["low"] < row["saved"] < row["high"]


def test_more_calls_cost_more():
    before, now = conversations("phone", *["x"] * 9), conversations(*["phone"] * 5, *["x"] * 5)
    result = metrics.deflection_savings(now, earlier=before)
    assert result["saved"].iloc[0] == pytest.approx(-4 * 11)
    assert "would have cost 44" in result.sentence() and "less" in result.sentence()


@pytest.mark.parametrize("phone", ["phone", "Telefon", "voice"])
@pytest.mark.parametrize("named", ["phone", "Telefon"])
def test_savings_whatever_the_phone_is_called(phone, named, tmp_path):
    rows = conversations(*[phone] * 5, *["E-Mail"] * 5, *[phone] * 2, *["E-Mail"] * 8)
    days = ["2024-03-04T09:00Z"] * 10 + ["2024-03-11T09:00Z"] * 10
    rows.assign(created_at=days).to_csv(tmp_path / "conversations.csv", index=False)
    given = f'time_zone = "UTC"\nas_of = 2024-03-18T00:00:00Z\n[costs]\n{named} = 6.5\nE-Mail = 4\n'
    (tmp_path / "service.toml").write_text(given)
    data = open_data(tmp_path, period="2024-W11")
    row = metrics.deflection_savings(data.conversations).iloc[0]
    assert row[["n", "phone_count", "moved", "cost_difference", "saved"]].tolist() == [10, 2, 3, 2.5, 7.5]
    rung = metrics.deflection_savings(conversations("E-Mail"), earlier=conversations(phone, "E-Mail"))
    assert rung["cost_difference"].tolist() == [11.0]  # where nobody rang: what a call would have cost


def test_the_costs_are_those_of_the_mix():
    """E-mail isn't social: where service.toml says nothing all written channels cost what a social contact does."""
    now = conversations("phone", "email", "x", None)
    result = metrics.deflection_savings(now, earlier=conversations("phone", "x"))
    assert result["n"].tolist() == [3] and result.attrs["choices"]["costs"] == "assumed"  # of one nothing is known
    assert "assumed" in result.sentence() or "too few" in result.sentence().lower()


def test_costs_and_savings_count_the_same_contacts(sample):
    """Calls without a conversation of their own on the phone are contacts, and cost what a call does."""
    now = conversations("phone", "x", "x").assign(conversation_id=["1", "2", "3"])
    rang = calls(3).assign(conversation_id=["1", "2", None], outcome="answered")
    costs = metrics.contact_costs(now, calls=rang)
    assert costs[["channel", "n", "cost"]].values.tolist() == [["phone", 3, 36.0], ["x", 2, 2.0]]
    assert metrics.deflection_savings(now, calls=rang)["n"].tolist() == [costs["n"].sum()]
    assert "contacts" in costs.sentence() and "conversation" not in costs.sentence()
    data = sample
    costs, saved = metrics.contact_costs(data.conversations), metrics.deflection_savings(data.conversations)
    assert costs["n"].sum() == saved["n"].iloc[0] > data.conversations.count().to_pandas()


def test_without_a_period_before_nothing_is_said_to_be_saved():
    result = metrics.deflection_savings(conversations(*["phone"] * 20, *["x"] * 20))
    assert result[["saved", "low", "high", "moved", "base_phone_share"]].isna().all(axis=None)
    assert "isn’t known" in result.sentence()


def test_months_are_held_against_the_one_before():
    at = pd.to_datetime(["2024-01-10", "2024-02-10", "2024-04-10"], utc=True)  # March has none
    frame = pd.concat(
        [
            conversations(*["phone"] * n, *["x"] * (10 - n)).assign(created_at=day)
            for n, day in zip((5, 3, 1), at, strict=True)
        ]
    )
    made = metrics.deflection_savings(frame, by="month", zone="UTC")
    assert made["moved"].tolist()[1] == pytest.approx(2) and made["moved"].isna().tolist() == [True, False, True]


# --- a data set -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample(sample):
    return sample.during("2024-03")


def test_savings_of_a_data_set(sample):
    row = metrics.deflection_savings(sample.conversations).iloc[0]
    now, before = (metrics.call_deflection(one.conversations).iloc[0] for one in (sample, sample.previous))
    assert (row["n"], row["phone_count"]) == (now["n"], now["phone_count"])
    share = before["phone_count"] / before["n"]
    assert row["base_phone_share"] == pytest.approx(share)
    assert row["moved"] == pytest.approx(share * now["n"] - now["phone_count"])
    plain = metrics.deflection_savings(
        sample.conversations.to_pandas(), earlier=sample.previous.conversations.to_pandas()
    )
    assert plain.attrs["choices"]["costs"] == "assumed"  # a frame knows no settings


def test_every_call_of_a_data_set_counts_once(sample):
    threads, received = sample.conversations.to_pandas(), sample.calls.to_pandas()
    of_phone = set(sample.during("all").conversations.to_pandas().query("channel == 'phone'")["conversation_id"])
    besides = received[(received["outcome"] != "test") & ~received["conversation_id"].isin(of_phone)]
    row = metrics.call_deflection(sample.conversations).iloc[0]
    assert row["n"] == len(threads) + len(besides) and len(besides) > 0
    assert row["phone_count"] == (threads["channel"] == "phone").sum() + len(besides)


def test_visits_of_a_data_set(sample):
    row = metrics.visits_per_call(sample.site_visits).iloc[0]
    assert row["n"] == int(metrics.inbound_volume(sample.calls)["n"].iloc[0])
    assert row["visits_count"] == sample.site_visits.to_pandas()["visits"].sum() and row["days"] == 31
