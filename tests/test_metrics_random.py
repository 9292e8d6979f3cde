"""Each metric against its naive twin in oracle.py, on random tables with nulls, ties and a change of clocks."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from unittest.mock import patch

import oracle
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from toolkit import metrics
from toolkit.service import Service

many = settings(
    max_examples=18,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    # shrinking takes minutes of queries: add Phase.shrink to see the smallest table that fails
    phases=[Phase.explicit, Phase.generate],
)
bys = st.sampled_from(oracle.BYS)
zones = st.sampled_from(oracle.ZONES)
as_ofs = st.one_of(st.none(), st.integers(-3600, 6 * 86_400).map(lambda s: oracle.START + timedelta(seconds=s)))
SERVICE = Service.model_validate(
    {
        "time_zone": "Europe/Rome",
        "opening_hours": {
            "friday": ["09:00-22:30"],
            "saturday": ["10:00-12:00", "22:00-01:00"],
            "monday": ["08:00-18:00"],
        },
        "holidays": {"dates": [date(2024, 4, 1)]},
    }
)


def check_shares(result, *columns):
    """Rates lie within [0, 1] and their interval around them."""
    for value, low, high in columns:
        known = result.dropna(subset=[value])
        assert known[value].between(0, 1).all()
        assert (known[low] <= known[value] + 1e-12).all() and (known[value] <= known[high] + 1e-12).all()
        assert result.loc[result[value].isna(), [low, high]].isna().all(axis=None)


@many
@given(st.one_of(oracle.conversations(), oracle.calls(), oracle.messages()), bys, zones)
def test_inbound_volume(contacts, by, zone):
    result = metrics.inbound_volume(contacts, by, zone=zone)
    oracle.assert_same(result, oracle.inbound_volume(contacts, by, zone), oracle.names(by))
    assert result["n"].sum() == len(oracle.contacts(contacts)[0])
    assert result["share"].sum() == pytest.approx(1 if result["n"].sum() else 0)


@settings(many, max_examples=8)
@given(
    oracle.conversations(),
    st.sampled_from(["month", "quarter", "year", ["weekday", "topic"], ["month", "week"]]),
    zones,
)
def test_inbound_volume_of_long_periods(contacts, by, zone):
    contacts["created_at"] += (contacts["created_at"] - contacts["created_at"].min()) * 60
    result = metrics.inbound_volume(contacts, by, zone=zone)
    oracle.assert_same(result, oracle.inbound_volume(contacts, by, zone), oracle.names(by))


@settings(many, max_examples=10)
@given(oracle.conversations(), zones, st.booleans())
def test_volume_heatmap(contacts, zone, has_period):
    period = days = None
    if has_period:  # the fourteen days from 2024-03-25, of which the contacts touch a few
        period = SimpleNamespace(
            start=datetime(2024, 3, 25, tzinfo=UTC), first_day=date(2024, 3, 25), last_day=date(2024, 4, 7)
        )
        days = [date(2024, 3, 25) + timedelta(days=number) for number in range(14)]
    result = metrics.volume_heatmap(contacts, period, zone)
    oracle.assert_same(result, oracle.volume_heatmap(contacts, zone, days), ["weekday", "hour"])
    assert len(result) == 168 and (result["low"].isna() | (result["low"] <= result["mean"])).all()


@many
@given(oracle.conversations(), bys, zones, as_ofs, st.sampled_from(["out", "in"]))
def test_first_response_time(conversations, by, zone, as_of, bot_only):
    result = metrics.first_response_time(conversations, by, as_of=as_of, zone=zone, bot_only=bot_only)
    oracle.assert_same(
        result,
        oracle.first_response_time(conversations, by, "calendar", as_of, zone, bot_only=bot_only),
        oracle.names(by),
    )
    assert (result["answered_count"] + result["open_count"] == result["n"]).all()
    for name in ("median", "p90"):
        known = result.dropna(subset=[f"{name}_seconds"])
        assert (known[f"{name}_low"] <= known[f"{name}_seconds"]).all()
        assert ((known[f"{name}_seconds"] <= known[f"{name}_high"]) | known[f"{name}_high"].isna()).all()


@settings(many, max_examples=12)
@given(oracle.conversations(), st.sampled_from([None, "channel"]), as_ofs)
def test_business_time(conversations, by, as_of):
    arguments = (conversations, by, "business", as_of, "Europe/Rome", SERVICE)
    for name in ("first_response_time", "response_curve", "response_time_buckets"):
        keys = {"first_response_time": [], "response_curve": ["seconds"], "response_time_buckets": ["bucket"]}[name]
        keywords = {"by": by, "clock": "business", "as_of": as_of, "zone": "Europe/Rome", "service": SERVICE}
        result = getattr(metrics, name)(conversations, **keywords)
        # str() orders both sides alike
        oracle.assert_same(
            result.astype(dict.fromkeys(keys, object)), getattr(oracle, name)(*arguments), [*oracle.names(by), *keys]
        )


@many
@given(oracle.conversations(), bys, zones, as_ofs, st.sampled_from(["out", "in"]))
def test_response_curve(conversations, by, zone, as_of, bot_only):
    result = metrics.response_curve(conversations, by, as_of=as_of, zone=zone, bot_only=bot_only)
    expected = oracle.response_curve(conversations, by, "calendar", as_of, zone, bot_only=bot_only)
    oracle.assert_same(
        result.astype({"seconds": "float64"}),
        [row | {"seconds": float(row["seconds"])} for row in expected],
        [*oracle.names(by), "seconds"],
    )
    check_shares(result, ("share", "low", "high"))
    whole = (
        [result]
        if by is None
        else [group for _, group in result.groupby(oracle.names(by), observed=True, dropna=False)]
    )
    assert all(group["share"].is_monotonic_increasing and group["seconds"].is_monotonic_increasing for group in whole)


@many
@given(oracle.conversations(), bys, zones, as_ofs, st.sampled_from(["out", "in"]))
def test_response_time_buckets(conversations, by, zone, as_of, bot_only):
    result = metrics.response_time_buckets(conversations, by, as_of=as_of, zone=zone, bot_only=bot_only)
    expected = oracle.response_time_buckets(conversations, by, "calendar", as_of, zone, bot_only=bot_only)
    oracle.assert_same(result, expected, [*oracle.names(by), "bucket"])
    check_shares(result, ("share", "low", "high"))
    keys = oracle.names(by)
    if keys and len(result):
        sums = result.groupby(keys, observed=True, dropna=False)[["share", "n"]].sum()
        totals = result.groupby(keys, observed=True, dropna=False)["total"].first()
        assert sums["share"].to_numpy() == pytest.approx(1) and (sums["n"] == totals).all()


@many
@given(oracle.conversations(), bys, zones, as_ofs, st.sampled_from([[], ["praise"], ["bills", "praise"]]))
def test_response_rate(conversations, by, zone, as_of, topics):
    result = metrics.response_rate(conversations, by, topics, as_of, zone)
    oracle.assert_same(result, oracle.response_rate(conversations, by, topics, as_of, zone), oracle.names(by))
    check_shares(result, ("response_rate", "low", "high"))


@many
@given(oracle.messages(size=24), bys, zones)
def test_reply_pairs(messages, by, zone):
    result = metrics.reply_pairs(messages, by, zone)
    oracle.assert_same(result, oracle.reply_pairs(messages, by, zone), oracle.names(by))


@many
@given(
    oracle.calls(), bys, zones, st.sampled_from(["offered", "queued"]), st.sampled_from([None, 0, 20]), st.booleans()
)
def test_abandonment_rate(calls, by, zone, base, short_abandon, has_outcome):
    calls = calls if has_outcome else calls.drop(columns="outcome")
    result = metrics.abandonment_rate(calls, by, base, short_abandon, zone)
    oracle.assert_same(result, oracle.abandonment_rate(calls, by, base, short_abandon, zone), oracle.names(by))
    check_shares(result, ("abandonment_rate", "low", "high"))
    counted = result[["abandoned_count", "answered_count", "other_count"]].sum(axis=1)
    assert (counted == result["n"]).all()


@settings(many, max_examples=14)
@given(st.data(), st.sampled_from([None, None, "hour", ["hour"]]), zones)
def test_abandonment_by_stage(data, by, zone):
    calls = data.draw(oracle.calls(size=8))
    stages = data.draw(oracle.call_stages(calls))
    keys = [*oracle.names(by), "stage"]
    result = metrics.abandonment_by_stage(stages, by=by, zone=zone)
    expected = oracle.abandonment_by_stage(stages, by=by, zone=zone)
    oracle.assert_same(result, expected, keys)
    if by is None:
        assert result["stage"].tolist() == [row["stage"] for row in expected]  # in the order of the call
        assert result["share_of_abandons"].sum() == pytest.approx(1 if result["abandoned_count"].any() else 0)
    by = data.draw(st.sampled_from([by, "channel", ["channel", "topic"]]))
    result = metrics.abandonment_by_stage(stages, calls, by, zone)
    oracle.assert_same(result, oracle.abandonment_by_stage(stages, calls, by, zone), [*oracle.names(by), "stage"])
    check_shares(result, ("hazard", "low", "high"))


@many
@given(oracle.calls(), bys, zones, st.sampled_from(["queue", "start"]), st.sampled_from(["zero", "out"]), st.booleans())
def test_average_speed_of_answer(calls, by, zone, since, unqueued, is_told):
    calls = calls if is_told else calls.drop(columns="queue_seconds")
    result = metrics.average_speed_of_answer(calls, by, since, unqueued, zone)
    oracle.assert_same(result, oracle.average_speed_of_answer(calls, by, since, unqueued, zone), oracle.names(by))
    assert (result["mean_seconds"].dropna() >= 0).all() and (result["median_seconds"].dropna() >= 0).all()


@many
@given(oracle.surveys(), bys, zones, st.sampled_from([4, 4, 5, 3, 1]), st.booleans())
def test_csat(surveys, by, zone, satisfied, has_kind):
    surveys = surveys if has_kind else surveys.drop(columns="kind")
    result = metrics.csat(surveys, by, satisfied, zone)
    oracle.assert_same(result, oracle.csat(surveys, by, satisfied, zone), oracle.names(by))
    check_shares(result, ("csat", "low", "high"))
    assert (result[[f"score_{score}" for score in range(1, 6)]].sum(axis=1) == result["n"]).all()


@many
@given(oracle.surveys(), st.sampled_from(["topic", ["topic", "channel"], "channel"]))
def test_csat_by_topic(surveys, by):
    result = metrics.csat_by_topic(surveys, by)
    oracle.assert_same(result, oracle.csat_by_topic(surveys, by), oracle.names(by))
    known = result["csat"].dropna()
    assert known.is_monotonic_increasing and result["csat"].iloc[: len(known)].notna().all()
    pulled = result.dropna(subset=["pull"])
    assert (pulled["pull_low"] <= pulled["pull"]).all() and (pulled["pull"] <= pulled["pull_high"]).all()


@many
@given(oracle.surveys(), st.sampled_from([1, 3, 5]))
def test_low_scores(surveys, at_most):
    result = metrics.low_scores(surveys, at_most)
    expected = oracle.low_scores(surveys, at_most)
    oracle.assert_same(result, expected, ordered=True)
    assert metrics.low_scores(surveys, at_most, limit=2)["survey_id"].tolist() == [
        row["survey_id"] for row in expected[:2]
    ]


@many
@given(oracle.surveys(), bys.filter(bool), zones, st.sampled_from([1, 3, 5]))
def test_low_scores_by(surveys, by, zone, at_most):
    result = metrics.low_scores(surveys, at_most, by, zone=zone)
    oracle.assert_same(result, oracle.low_scores(surveys, at_most, by, zone), oracle.names(by))
    check_shares(result, ("low_rate", "low", "high"))


@many
@given(
    oracle.messages(size=40, span=20 * 86_400_000),
    st.sampled_from([None, None, "channel", ["channel", "language"]]),
    st.sampled_from(["day", "week", "week", "month", None]),
    st.sampled_from(["all", "tagged", "untagged"]),
    zones,
)
def test_sentiment_trend(messages, by, every, tagged, zone):
    with patch("toolkit.metrics.sentiment.settings_of", lambda table: Service(minimum_count=2)):
        result = metrics.sentiment_trend(messages, by, every, tagged, zone)
    keys = [*oracle.names(by), *oracle.names(every)]
    oracle.assert_same(result, oracle.sentiment_trend(messages, by, every, tagged, zone, 2), keys)
    check_shares(result, *[(label, f"{label}_low", f"{label}_high") for label in oracle.SENTIMENTS])
    assert result.loc[result["n"] > 0, list(oracle.SENTIMENTS)].sum(axis=1).to_numpy() == pytest.approx(1)


@many
@given(oracle.messages())
def test_sentiment_engines(messages):
    result = metrics.sentiment_engines(messages)
    oracle.assert_same(result, oracle.sentiment_engines(messages), ["language", "sentiment_engine"])
