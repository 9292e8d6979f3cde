"""Each metric against its naive twin in oracle.py, on random tables with nulls, ties and a change of clocks."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from unittest.mock import patch

import duckdb
import oracle
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import engine, metrics
from toolkit.metrics.waits import on_grid
from toolkit.service import Service


def examples(number):
    """The settings of a test that looks at that many tables, as a rule; at night at as many times more."""
    return settings(max_examples=number * settings.default.max_examples // 100)


many = examples(9)
bys = st.sampled_from(oracle.BYS)
channels = st.sampled_from(["all", "all", "all", "written", "phone"])
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
    costs = metrics.contact_costs(contacts, "topic")
    oracle.assert_same(costs, oracle.contact_costs(contacts, "topic"), ["topic", "channel"])
    assert result["n"].sum() == costs["n"].sum() == len(oracle.contacts(contacts)[0])
    assert result["share"].sum() == pytest.approx(1 if result["n"].sum() else 0)


@examples(8)
@given(
    oracle.conversations(),
    st.sampled_from(["month", "quarter", "year", ["weekday", "topic"], ["month", "week"]]),
    zones,
)
def test_inbound_volume_of_long_periods(contacts, by, zone):
    contacts["created_at"] += (contacts["created_at"] - contacts["created_at"].min()) * 60
    result = metrics.inbound_volume(contacts, by, zone=zone)
    oracle.assert_same(result, oracle.inbound_volume(contacts, by, zone), oracle.names(by))


@examples(10)
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
@given(oracle.conversations(), bys, zones, as_ofs, st.sampled_from(["out", "in"]), channels)
def test_first_response_time(conversations, by, zone, as_of, bot_only, channels):
    choices = {"as_of": as_of, "zone": zone, "bot_only": bot_only, "channels": channels}
    result = metrics.first_response_time(conversations, by, **choices)
    oracle.assert_same(result, oracle.first_response_time(conversations, by, **choices), oracle.names(by))
    assert (result[["answered_count", "closed_count", "open_count"]].sum(axis=1) == result["n"]).all()
    for name in ("median", "p90"):
        known = result.dropna(subset=[f"{name}_seconds"])
        assert (known[f"{name}_low"] <= known[f"{name}_seconds"]).all()
        assert ((known[f"{name}_seconds"] <= known[f"{name}_high"]) | known[f"{name}_high"].isna()).all()


@examples(10)
@given(oracle.conversations(), st.sampled_from([None, "channel"]), as_ofs)
def test_business_time(conversations, by, as_of):
    arguments = {"by": by, "clock": "business", "as_of": as_of, "zone": "Europe/Rome", "service": SERVICE}
    for name in ("first_response_time", "response_curve", "response_time_buckets"):
        keys = {"first_response_time": [], "response_curve": ["seconds"], "response_time_buckets": ["bucket"]}[name]
        result = getattr(metrics, name)(conversations, **arguments)
        # str() orders both sides alike
        oracle.assert_same(
            result.astype(dict.fromkeys(keys, object)),
            getattr(oracle, name)(conversations, **arguments),
            [*oracle.names(by), *keys],
        )


@many
@given(oracle.conversations(), bys, zones, as_ofs, st.sampled_from(["out", "in"]))
def test_response_curve(conversations, by, zone, as_of, bot_only):
    choices = {"as_of": as_of, "zone": zone, "bot_only": bot_only}
    result = metrics.response_curve(conversations, by, **choices)
    expected = oracle.response_curve(conversations, by, **choices)
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


@examples(10)
@given(
    oracle.conversations(),
    st.sampled_from([None, "channel", "topic", ["channel", "topic"]]),
    as_ofs,
    st.dictionaries(st.sampled_from(["email", "x", "default"]), st.sampled_from([1, 3600, 90_000])),
)
def test_curves_and_buckets_know_the_one_target_of_a_group(conversations, by, as_of, promised):
    service = Service.model_validate({"targets": {"first_response": promised}})
    backend = engine.own_backend(duckdb.connect())
    engine.set_context(backend, engine.Context(service, as_of))
    texts = dict.fromkeys(
        conversations.select_dtypes([object, "str"]), "string"
    )  # a table has no column without a type
    table = backend.create_table("conversations", conversations.astype(texts))
    keys, rows = oracle.names(by), oracle.waits(conversations, as_of=as_of)
    expected = {key: oracle.held_to(own, promised) for key, own in oracle.groups(rows, by).items() if own}
    for metric, names in (
        (metrics.response_curve, ["target_seconds"]),
        (metrics.response_time_buckets, ["target_seconds", "within_target"]),
    ):
        result = metric(table, by, as_of=as_of)
        if all(one["target_seconds"] is None for one in expected.values()):
            assert not set(names) & set(result.columns)
            continue
        each = pd.DataFrame(result)[[*keys, *names]].drop_duplicates()  # constant within a group
        wanted = [oracle.labelled(key, by, **{name: told[name] for name in names}) for key, told in expected.items()]
        oracle.assert_same(each, wanted, keys)


@examples(10)
@given(oracle.conversations(), st.sampled_from([None, "channel"]), as_ofs)
def test_the_curve_is_kaplan_meiers_where_nothing_closes_unanswered(conversations, by, as_of):
    result = metrics.response_curve(conversations.drop(columns=["closed_at", "status"]), by, as_of=as_of)
    waits = oracle.waits(conversations.drop(columns=["closed_at", "status"]), as_of=as_of)
    expected = []
    for key, rows in oracle.groups(waits, by).items():
        cases = [(oracle.on_grid(row["_seconds"]), row["_how"] == "ended") for row in rows]
        for time, at_risk, surviving, low, high in oracle.kaplan_meier(cases):
            values = {"n": at_risk, "share": 1 - float(surviving), "low": 1 - high, "high": 1 - low}
            expected.append(oracle.labelled(key, by, seconds=float(time), **values))
    at = result[~((result["seconds"] == 0) & (result["share"] == 0) & (result["high"] == 0))]  # without the start
    kept = [row for row in expected if not (row["seconds"] == 0 and row["share"] == 0)]
    oracle.assert_same(at.astype({"seconds": "float64"}), kept, [*oracle.names(by), "seconds"])


@many
@given(oracle.conversations(), bys, zones, as_ofs, st.sampled_from(["out", "in"]), channels)
def test_response_time_buckets(conversations, by, zone, as_of, bot_only, channels):
    choices = {"as_of": as_of, "zone": zone, "bot_only": bot_only, "channels": channels}
    result = metrics.response_time_buckets(conversations, by, **choices)
    oracle.assert_same(
        result, oracle.response_time_buckets(conversations, by, **choices), [*oracle.names(by), "bucket"]
    )
    check_shares(result, ("share", "low", "high"))
    keys = oracle.names(by)
    if keys and len(result):
        sums = result.groupby(keys, observed=True, dropna=False)[["share", "n"]].sum()
        totals = result.groupby(keys, observed=True, dropna=False)["total"].first()
        assert sums["share"].to_numpy() == pytest.approx(1) and (sums["n"] == totals).all()


@many
@given(oracle.conversations(), bys, zones, as_ofs, st.sampled_from([[], ["praise"], ["bills", "praise"]]), channels)
def test_response_rate(conversations, by, zone, as_of, topics, channels):
    result = metrics.response_rate(conversations, by, topics, as_of, zone, channels=channels)
    expected = oracle.response_rate(conversations, by, topics, as_of, zone, channels=channels)
    oracle.assert_same(result, expected, oracle.names(by))
    check_shares(result, ("response_rate", "low", "high"))


@examples(10)
@given(oracle.conversations(), as_ofs, st.sampled_from(["out", "in"]))
def test_expectation_met(conversations, as_of, bot_only):
    result = metrics.expectation_met(conversations, as_of, bot_only)
    expected = oracle.expectation_met(conversations, as_of, bot_only=bot_only)
    assert result["expectation"].str.split(", ").str[0].tolist() == [row.pop("_of") for row in expected]
    oracle.assert_same(result, expected, ordered=True)
    check_shares(result, ("expectation_met", "low", "high"))


@many
@given(oracle.messages(size=24), bys, zones)
def test_reply_pairs(messages, by, zone):
    result = metrics.reply_pairs(messages, by, zone)
    oracle.assert_same(result, oracle.reply_pairs(messages, by, zone), oracle.names(by))


@many
@given(
    oracle.calls(),
    bys,
    zones,
    st.sampled_from(["offered", "wanted_agent", "queued"]),
    st.sampled_from([None, 0, 20]),
    st.booleans(),
)
def test_abandonment_rate(calls, by, zone, base, short_abandon, has_outcome):
    calls = calls if has_outcome else calls.drop(columns="outcome")
    result = metrics.abandonment_rate(calls, by, base, short_abandon, zone)
    oracle.assert_same(result, oracle.abandonment_rate(calls, by, base, short_abandon, zone), oracle.names(by))
    check_shares(result, ("abandonment_rate", "low", "high"))
    counted = result[["abandoned_count", "answered_count", "other_count"]].sum(axis=1)
    assert (counted == result["n"]).all()


@examples(10)
@given(oracle.calls(), st.sampled_from([5, 0, 60]))
def test_abandonment_by_base(calls, short_abandon):
    result = metrics.abandonment_by_base(calls, short_abandon)
    oracle.assert_same(result, oracle.abandonment_by_base(calls, short_abandon), ordered=True)
    check_shares(result, ("abandonment_rate", "low", "high"))


@examples(12)
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
    calls = pd.concat([calls] * 4, ignore_index=True)  # enough for the interval of the mean
    result = metrics.average_speed_of_answer(calls, by, since, unqueued, zone)
    oracle.assert_same(result, oracle.average_speed_of_answer(calls, by, since, unqueued, zone), oracle.names(by))
    assert (result["mean_seconds"].dropna() >= 0).all() and (result["median_seconds"].dropna() >= 0).all()
    unknown = calls[(calls["outcome"] == "answered") & calls["answered_at"].isna()]
    assert result.attrs["facts"]["unknown"] == len(unknown)


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
    surveys = pd.concat([surveys] * 6, ignore_index=True)  # enough for an interval and a verdict
    result = metrics.csat_by_topic(surveys, by)
    oracle.assert_same(result, oracle.csat_by_topic(surveys, by), oracle.names(by))
    known = result["pull"].dropna()
    assert known.is_monotonic_increasing and result["pull"].iloc[: len(known)].notna().all()
    pulled = result.dropna(subset=["pull_low"])
    assert (pulled["pull_low"] <= pulled["pull"]).all() and (pulled["pull"] <= pulled["pull_high"]).all()


@many
@given(oracle.surveys(), bys, zones, st.sampled_from([1, 3, 5]))
def test_low_scores(surveys, by, zone, at_most):
    result = metrics.low_scores(surveys, at_most)
    expected = oracle.low_scores(surveys, at_most)
    oracle.assert_same(result, expected, ordered=True)
    cut = metrics.low_scores(surveys, at_most, limit=2)
    assert cut["survey_id"].tolist() == [row["survey_id"] for row in expected[:2]]
    facts = {"total": len(expected), "worst": sum(row["score"] == 1 for row in expected)}
    assert facts.items() <= cut.attrs["facts"].items()  # of all of them, not of those that are listed
    rates = metrics.low_score_rate(surveys, by, at_most, zone)
    oracle.assert_same(rates, oracle.low_score_rate(surveys, by, at_most, zone), oracle.names(by))
    check_shares(rates, ("low_score_rate", "low", "high"))
    assert rates["low_count"].sum() == len(expected)


@many
@given(
    oracle.messages(size=40, span=45 * 86_400_000),
    st.sampled_from([None, None, "channel", ["channel", "language"]]),
    st.sampled_from(["day", "week", "week", "month", None]),
    st.sampled_from(["all", "all", "tagged", "untagged"]),
    zones,
    st.booleans(),
)
def test_sentiment_trend(messages, by, every, tagged, zone, has_threads):
    messages = messages if has_threads else messages.drop(columns="conversation_id")
    with patch("toolkit.metrics.shapes.settings_of", lambda table: Service(minimum_count=1)):
        result = metrics.sentiment_trend(messages, by, every, tagged, zone)
    keys = [*oracle.names(by), *oracle.names(every)]
    oracle.assert_same(result, oracle.sentiment_trend(messages, by, every, tagged, zone, 1), keys)
    for label in oracle.SENTIMENTS:
        known = result.dropna(subset=f"{label}_low")
        check_shares(known, (label, f"{label}_low", f"{label}_high"))
    assert result.loc[result["n"] > 0, list(oracle.SENTIMENTS)].sum(axis=1).to_numpy() == pytest.approx(1)


@many
@given(oracle.messages())
def test_sentiment_engines(messages):
    result = metrics.sentiment_engines(messages)
    oracle.assert_same(result, oracle.sentiment_engines(messages), ["language", "sentiment_engine"])
    scored = [row for row in oracle.sentiment_engines(messages) if row["sentiment_engine"] != oracle.NONE]
    assert result.attrs["facts"] == {"total": result["n"].sum(), "scored": sum(row["n"] for row in scored)}


# --- the grid and the oracle itself ---------------------------------------------------------------


@given(st.one_of(st.integers(-10, 20_000_000), st.sampled_from([7200, 86_400, 864_000, 8_640_000])), st.integers(0, 1))
@settings(many, max_examples=300)
def test_the_grid(seconds, more):
    seconds += more
    assert on_grid(seconds) == oracle.on_grid(seconds)
    assert 0 <= on_grid(seconds) - seconds <= 0.0015 * max(seconds, 0)
    assert on_grid(on_grid(seconds)) == on_grid(seconds)


@pytest.mark.parametrize(
    "seconds, on",
    [(0, 0), (7200, 7200), (7201, 7210), (86_400, 86_400), (86_401, 86_460), (864_000, 864_000), (864_001, 864_600)]
    + [(8_640_000, 8_640_000), (8_640_001, 8_643_600), (3 * 86_400, 3 * 86_400), (-7, -7)],
)
def test_the_grid_on_the_engine(seconds, on):
    import ibis

    assert int(on_grid(ibis.literal(seconds, "int64")).execute()) == on_grid(seconds) == oracle.on_grid(seconds) == on


# A published-style example computed independently: three answered, one closed, ... at 60, 120, 180 and 240 s
ENDS = [(60, 3, 1, 0), (120, 4, 1, 1), (180, 2, 0, 1), (240, 1, 1, 1)]


def test_the_oracles_incidence_is_the_reference():
    cases = [
        (time, how)
        for time, *counts in ENDS
        for how, count in zip(("ended", "otherwise", "open"), counts, strict=True)
        for _ in range(count)
    ]
    curve = oracle.incidence(cases)
    share, low, high = zip(*[oracle.answered_by(curve, time) for time, *_ in ENDS], strict=True)
    assert share == pytest.approx([0.1875, 0.4375, 0.583333, 0.680556], abs=5e-7)
    assert low == pytest.approx([0.064648, 0.237761, 0.357108, 0.437057], abs=5e-7)
    assert high == pytest.approx([0.475396, 0.704573, 0.823584, 0.896325], abs=5e-7)
    # the upper end of the share is the lower end of the median
    assert [oracle.reach(curve, position, 0.5) for position in (2, 3, 4)] == [180, 120, None]


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=20))
@settings(many, max_examples=60)
def test_the_oracles_incidence_is_kaplan_meiers_without_other_ends(cases):
    ends = [(time, "ended" if event else "open") for time, event in cases]
    for have, want in zip(oracle.incidence(ends), oracle.kaplan_meier(cases), strict=True):
        assert have == pytest.approx(want)
