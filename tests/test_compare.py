"""A result beside the one of the period before: what changed, what may be chance, and what can't be said."""

import datetime
import functools
from types import SimpleNamespace

import duckdb
import numpy as np
import oracle
import pandas as pd
import pytest
from scipy.stats import chi2, norm
from scipy.stats import t as student

from toolkit import engine, metrics, verdicts
from toolkit.engine import Context, own_backend, set_context
from toolkit.errors import BadParameter, MissingColumn
from toolkit.metrics.compare import History, compared, figures
from toolkit.result import Result
from toolkit.service import Service
from toolkit.tables import HISTORY_WEEK as WEEK

START = pd.Timestamp("2024-03-01T09:00Z")
CALM = [(20, 50), (21, 50), (19, 50), (20, 50), (21, 50), (19, 50), (20, 50), (20, 50)]
RESTLESS = [(10, 50), (35, 50), (8, 50), (30, 50), (12, 50), (33, 50), (9, 50), (31, 50)]
STEADY = [300, 310, 290, 305, 295, 300, 308, 292]
WILD = [100, 700, 150, 900, 80, 600, 120, 800]


def surveys(good, n, **columns):
    return pd.DataFrame({"score": [5] * good + [1] * (n - good), **columns})


def contacts(n, **columns):
    return pd.DataFrame({"created_at": pd.Series([START] * n, dtype="datetime64[us, UTC]"), **columns})


def conversations(waits, closed=None, **columns):
    times = {"first_response_at": waits, "closed_at": closed or [None] * len(waits)}
    stamps = {
        name: pd.Series([pd.NaT if s is None else START + pd.Timedelta(seconds=s) for s in offsets])
        for name, offsets in times.items()
    }
    stamps = {name: pd.to_datetime(column, utc=True).dt.as_unit("us") for name, column in stamps.items()}
    return contacts(len(waits)).assign(**stamps, **columns)


def history(metric, weeks, by=(), **choices):
    """The History of a metric on one frame a week."""
    rows = pd.concat([week.assign(**{WEEK: number}) for number, week in enumerate(weeks)])
    return History(metric(rows, by=[*by, WEEK], **choices), tuple(range(len(weeks))))


def weekly_csat(weeks):
    return history(metrics.csat, [surveys(*week) for week in weeks])


def weekly_volume(weeks):
    return history(metrics.inbound_volume, [contacts(week) for week in weeks])


# --- rates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "now, before, weeks, verdict",
    [
        ((40, 50), (20, 50), CALM, "clear"),
        ((21, 50), (20, 50), CALM, "chance"),
        ((40, 50), (20, 50), RESTLESS, "chance"),  # it moves as much without a reason
        ((40, 50), (20, 50), None, "no history"),
        ((40, 50), (20, 50), CALM[:3], "no history"),
        ((40, 50), (20, 50), CALM[:4], "clear"),
        ((9, 9), (20, 50), CALM, "few"),
        ((40, 50), (1, 9), CALM, "few"),
        ((10, 10), (2, 10), CALM, "clear"),  # ten are enough
        ((0, 0), (20, 50), CALM, "few"),
    ],
)
def test_a_rate(now, before, weeks, verdict):
    results = [metrics.csat(surveys(*one)) for one in (now, before)]
    row = metrics.previous_period(*results, history=weeks and weekly_csat(weeks)).iloc[0]
    assert row["verdict"] == verdict
    assert (row["n"], row["previous_n"]) == (now[1], before[1])  # nothing is hidden that was counted
    assert row["previous"] == before[0] / before[1]
    if verdict != "few":
        assert row["change"] == pytest.approx(now[0] / now[1] - before[0] / before[1])
    else:
        assert np.isnan(row["change"])
    p = oracle.rates_by_week(*now, *before, weeks or []) if verdict != "few" else None
    assert row["p"] == pytest.approx(p, rel=1e-6) if p else np.isnan(row["p"])


def test_a_rate_with_its_own_count():
    """The share of surveys answered rests on the surveys sent, not on the answers."""
    now, before = (
        metrics.csat(pd.DataFrame({"score": [5.0] * answered + [None] * (40 - answered)})) for answered in (5, 30)
    )
    weeks = [pd.DataFrame({"score": [5.0] * answered + [None] * (40 - answered)}) for answered in (29, 30, 31, 30, 30)]
    result = metrics.previous_period(now, before, "survey_response_rate", history(metrics.csat, weeks))
    row = result.iloc[0]
    assert (row["sent_count"], row["previous_n"]) == (40, 40) and result.attrs["count"] == "sent_count"
    assert (row["change"], row["verdict"]) == (pytest.approx(-25 / 40), "clear")
    expected = oracle.rates_by_week(5, 40, 30, 40, [(29, 40), (30, 40), (31, 40), (30, 40), (30, 40)])
    assert row["p"] == pytest.approx(expected, rel=1e-6)
    assert metrics.previous_period(now, before)["verdict"].tolist() == ["few"]  # csat itself rests on five answers


def test_groups_and_corrections():
    topics = {"a": ((40, 50), (20, 50)), "b": ((21, 50), (20, 50)), "c": ((9, 9), (20, 50)), "new": ((40, 50), None)}
    now, before = (
        pd.concat([surveys(*counts[place], topic=name) for name, counts in topics.items() if counts[place]])
        for place in (0, 1)
    )
    gone = pd.concat([before, surveys(30, 50, topic="gone")])
    weeks = [pd.concat([surveys(*week, topic=name) for name in "abc"]) for week in CALM]
    result = metrics.previous_period(
        *[metrics.csat(frame, "topic") for frame in (now, gone)], history=history(metrics.csat, weeks, ["topic"])
    )
    assert result["topic"].tolist() == ["a", "b", "c", "new"]
    assert result["verdict"].tolist() == ["clear", "chance", "few", "few"]  # an absent group has no other figure
    assert result["previous_n"].isna().tolist() == [False, False, False, True]
    ps = [oracle.rates_by_week(*topics[name][0], *topics[name][1], CALM) for name in "ab"]
    assert result["p"].tolist()[:2] == pytest.approx(ps, rel=1e-6)


def test_holm_over_the_rows_that_were_tested():
    """A change that is clear alone is chance beside six that were looked at with it, but not beside untested ones."""
    strong, level = ((32, 50), (20, 50)), ((20, 50), (20, 50))
    names = "abcdefg"

    def verdict(groups):
        now, before = (
            pd.concat([surveys(*one[place], topic=name) for name, one in zip(names, groups, strict=False)])
            for place in (0, 1)
        )
        weeks = [pd.concat([surveys(*week, topic=name) for name in names]) for week in CALM]
        results = [metrics.csat(frame, "topic") for frame in (now, before)]
        table = metrics.previous_period(*results, history=history(metrics.csat, weeks, ["topic"]))
        return table["p"].iloc[0], table["verdict"].iloc[0]

    alone, beside_level = verdict([strong]), verdict([strong, *[level] * 6])
    assert 0.05 / 7 < alone[0] <= 0.05 and alone[0] == beside_level[0]
    assert (alone[1], beside_level[1]) == ("clear", "chance")
    assert verdict([strong, *[((3, 5), (2, 5))] * 6])[1] == "clear"  # too few: not tested


# --- counts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "now, before, weeks, days, change, verdict",
    [
        (900, 300, STEADY, None, 2.0, "clear"),
        (305, 300, STEADY, None, 305 / 300 - 1, "chance"),
        (900, 300, WILD, None, 2.0, "chance"),
        (900, 300, None, None, 2.0, "no history"),
        (900, 300, STEADY[:3], None, 2.0, "no history"),
        (31, 29, STEADY, (31, 29), 0.0, "chance"),  # as many a day
        (3, 2, STEADY, None, 0.5, "chance"),  # silent periods are never too few
        (1, 1, STEADY, None, 0.0, "chance"),
    ],
)
def test_a_count(now, before, weeks, days, change, verdict):
    results = [metrics.inbound_volume(contacts(n)) for n in (now, before)]
    result = metrics.previous_period(*results, history=weeks and weekly_volume(weeks), days=days)
    row = result.iloc[0]
    assert (row["n"], row["previous"], row["change"], row["verdict"]) == (now, before, pytest.approx(change), verdict)
    assert result.attrs["units"]["change"] == "change in percent"
    if verdict in ("clear", "chance"):
        assert row["change_low"] <= row["change"] <= row["change_high"]


@pytest.mark.parametrize("now, before", [(0, 300), (300, 0), (0, 0)])
def test_a_count_of_none(now, before):
    results = [metrics.inbound_volume(contacts(n)) for n in (now, before)]
    row = metrics.previous_period(*results, history=weekly_volume(STEADY)).iloc[0]
    assert row["verdict"] == "few" and (row["n"], row["previous"]) == (now, before)


def test_a_week_without_the_group_is_a_week_of_none():
    weeks = [contacts(20, channel="x")] * 3 + [contacts(20, channel="y")] * 3
    told = history(metrics.inbound_volume, weeks, ["channel"])
    assert [column.tolist() for column in told.of({"channel": "x"}, ["channel"], "n")] == [[20, 20, 20, 0, 0, 0]]
    assert [column.tolist() for column in told.of({"channel": "z"}, ["channel"], "n")] == [[0] * 6]
    parted = History(told.result, told.weeks, ((0, 1), (4, 5)))
    assert [column.tolist() for column in parted.of({"channel": "x"}, ["channel"], "n")] == [[20, 20], [0, 0]]


# --- waits, means, shares -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "now, before, verdict",
    [
        ([60] * 15 + [120] * 15, [600] * 15 + [900] * 15, "clear"),
        ([60, 120, 180] * 10, [60, 120, 180] * 10, "chance"),
        ([60] * 9, [600] * 30, "few"),
        ([60] * 10, [600] * 10, "clear"),
        ([None] * 30, [600] * 30, "clear"),  # nobody was answered
        ([None] * 30, [None] * 30, "few"),  # nor was before
    ],
)
def test_waits_are_compared_by_how_fast_they_end(now, before, verdict):
    results = [metrics.first_response_time(conversations(waits), as_of="2024-03-01T11:00Z") for waits in (now, before)]
    if verdict != "few":
        assert metrics.previous_period(*results)["verdict"].tolist() == ["no history"]
    calm = history(metrics.first_response_time, [conversations([300, 600, 900] * 9)] * 8, as_of="2024-03-01T11:00Z")
    result = metrics.previous_period(*results, history=calm)
    row = result.iloc[0]
    assert row["verdict"] == verdict and (row["n"], row["previous_n"]) == (len(now), len(before))
    if verdict in ("clear", "chance"):
        cases = [[(2 * 3600 if w is None else w, w is not None) for w in waits] for waits in (now, before)]
        size = np.sqrt(chi2.isf(log_rank_p(*cases), 1))
        assert row["p"] == pytest.approx(2 * student.sf(size, 7), rel=1e-3)
        slow, quick = conversations([3000] * 27), conversations([30] * 27)
        moving = history(metrics.first_response_time, [slow, quick] * 4, as_of="2024-03-01T11:00Z")
        assert metrics.previous_period(*results, history=moving)["verdict"].tolist() == ["chance"]
    assert result.attrs["when_null"] == results[0].attrs["when_null"]


def log_rank_p(now, before):
    """statsmodels' log-rank test."""
    from statsmodels.duration.survfunc import survdiff

    times, ended, group = zip(
        *[(time, int(event), place) for place, cases in enumerate((now, before)) for time, event in cases], strict=True
    )
    return survdiff(np.array(times), np.array(ended), np.array(group))[1]


def calls(waits):
    start = pd.Series([START] * len(waits)).dt.as_unit("us")
    answered = (start + pd.to_timedelta(waits, unit="s")).dt.as_unit("us")
    return pd.DataFrame({"started_at": start, "queued_at": start, "answered_at": answered, "outcome": "answered"})


def test_means_of_waits():
    slow, quick = calls([30, 40, 50, 60, 70, 80] * 5), calls([1, 2, 3, 4, 5, 6] * 5)
    results = [metrics.average_speed_of_answer(table) for table in (quick, slow)]
    assert metrics.previous_period(*results)["verdict"].tolist() == ["no history"]
    calm = history(metrics.average_speed_of_answer, [slow] * 8)
    row = metrics.previous_period(*results, history=calm).iloc[0]
    assert (row["change"], row["verdict"]) == (pytest.approx(-51.5), "clear")
    low, high = ([one.iloc[0][end] for one in results] for end in ("mean_low", "mean_high"))
    means = [one.iloc[0]["mean_seconds"] for one in results]
    wider = student.isf(0.025, 7) / norm.isf(0.025)
    assert row["change_low"] == pytest.approx(-51.5 - wider * np.hypot(means[0] - low[0], high[1] - means[1]))
    assert row["change_high"] == pytest.approx(-51.5 + wider * np.hypot(high[0] - means[0], means[1] - low[1]))
    moving = history(metrics.average_speed_of_answer, [slow, quick] * 4)
    beside = metrics.previous_period(*results, history=moving).iloc[0]
    assert beside["verdict"] == "chance" and beside["change_high"] - beside["change_low"] > 2 * (
        row["change_high"] - row["change_low"]
    )
    alike = metrics.previous_period(results[0], results[0], history=calm)
    assert alike["verdict"].tolist() == ["chance"]


def test_scores_and_shares():
    now, before = (metrics.csat(surveys(good, 50)) for good in (45, 20))
    row = metrics.previous_period(now, before, "mean").iloc[0]
    assert (row["change"], row["verdict"]) == (pytest.approx(2.0), "no history") and pd.isna(row["change_low"])
    row = metrics.previous_period(now, before, "mean", history=weekly_csat([(20, 50)] * 8)).iloc[0]
    assert (row["change"], row["verdict"]) == (pytest.approx(2.0), "clear")
    assert row["change_low"] < 2 < row["change_high"] < 4
    moving = weekly_csat([(5, 50), (45, 50)] * 4)
    assert metrics.previous_period(now, before, "mean", history=moving)["verdict"].tolist() == ["chance"]

    def spans(quick):
        return conversations([60] * quick + [90_000] * (50 - quick))

    results = [metrics.response_time_buckets(spans(quick)) for quick in (45, 20)]
    told = history(metrics.response_time_buckets, [spans(quick) for quick in (20, 21, 19, 20, 20, 21, 19, 20)])
    result = metrics.previous_period(*results, history=told).set_index("bucket")
    assert result.loc["within 1 h", ["total", "previous_n", "verdict"]].tolist() == [50, 50, "clear"]
    assert result.loc["within 1 h", "change"] == pytest.approx(0.5)
    assert result.loc["1 h to 6 h", "verdict"] == "chance" and len(result) == 7
    assert result.attrs["parts"] == results[0].attrs["parts"]


@pytest.mark.parametrize("column", ["median_seconds", "p90_seconds"])
def test_what_was_kept_of_the_result(column):
    backend = own_backend(duckdb.connect())
    service = Service(time_zone="Europe/Rome", minimum_count=3, targets={"first_response": {"default": 60}})
    set_context(backend, Context(service, START.to_pydatetime() + datetime.timedelta(days=1)))
    table = backend.create_table("conversations", conversations([60, None, None, 80], channel=["x"] * 4))
    now = metrics.first_response_time(table, by="channel")
    result = metrics.previous_period(now, now, column)
    for name in ("zone", "case", "best", "rows", "when_null", "minimum_count", "by", "choices", "metric"):
        assert result.attrs[name] == now.attrs[name], name
    assert (result.attrs["shape"], result.attrs["value"], result.attrs["count"]) == ("comparison", column, "n")
    assert result.attrs["target"] is None  # it is of the share within it, which isn't here
    assert result.attrs["units"]["change"] == "change in seconds"
    assert result["n"].tolist() == [4] and result["verdict"].isin(["no history", "few"]).all()


def test_stages_and_absent_periods():
    stages = pd.DataFrame(
        {
            "call_id": [str(number) for number in range(40)] * 2,
            "position": [1] * 40 + [2] * 40,
            "stage": ["menu"] * 40 + ["queue"] * 40,
            "is_abandoned": [False] * 40 + [True] * 10 + [False] * 30,
        }
    )
    now, before = (metrics.abandonment_by_stage(table) for table in (stages, stages[stages["stage"] == "queue"]))
    result = metrics.previous_period(now, before)
    assert result["stage"].tolist() == ["menu", "queue"] and result.attrs["ordered"]
    assert result["verdict"].tolist() == ["few", "no history"] and result["change"].iloc[1] == 0
    alone = metrics.previous_period(now, None)
    assert alone["verdict"].tolist() == ["few", "few"] and alone["previous"].isna().all()


def test_what_is_refused():
    now, other = metrics.csat(surveys(1, 2, topic="a"), "topic"), metrics.csat(surveys(1, 2))
    with pytest.raises(BadParameter, match="with the same by"):
        metrics.previous_period(now, other, "csat")
    with pytest.raises(BadParameter, match="with the same by"):
        metrics.previous_period(other, metrics.low_score_rate(surveys(1, 2)), "csat")
    with pytest.raises(BadParameter, match="several rows of csat have the same topic"):
        metrics.previous_period(now.iloc[[0, 0]], now, "csat")
    with pytest.raises(MissingColumn, match="csat has no column 'nps'"):
        metrics.previous_period(other, other, "nps")


# --- one process that doesn't change --------------------------------------------------------------


def drawn(random, shape, level=0.3, spread=0.05):
    """(hits, n) of weeks of one unchanged process, whose rate moves from week to week as real ones do."""
    a, b = level * (level * (1 - level) / spread**2 - 1), (1 - level) * (level * (1 - level) / spread**2 - 1)
    n = random.poisson(80, shape)
    return random.binomial(n, random.beta(a, b, shape)), n


@functools.cache
def template(metric):
    if metric == "csat":
        return metrics.csat(surveys(10, 20, topic="a"), "topic").attrs
    return metrics.inbound_volume(contacts(20, topic="a"), "topic").attrs


def made(hits, n):
    """csat's result of rows of counts."""
    frame = pd.DataFrame({"topic": [str(row) for row in range(len(n))], "n": n, "satisfied_count": hits})
    frame["csat"] = frame["satisfied_count"] / frame["n"]
    result = Result(frame)
    result.attrs = dict(template("csat"))
    return result


def told(hits, n):
    """Its history: rows by week."""
    rows, weeks = n.shape
    frame = pd.DataFrame(
        {"topic": np.repeat([str(row) for row in range(rows)], weeks), WEEK: list(range(weeks)) * rows}
    )
    return History(Result(frame.assign(n=n.ravel(), satisfied_count=hits.ravel())), tuple(range(weeks)))


def test_tables_of_unchanged_rows_seldom_hold_a_clear_one():
    random, tables, false, ps = np.random.default_rng(6), 60, 0, []
    for _ in range(tables):
        hits, n = drawn(random, (7, 10))
        weeks = told(hits[:, :8], n[:, :8])
        result = metrics.previous_period(made(hits[:, 9], n[:, 9]), made(hits[:, 8], n[:, 8]), history=weeks)
        assert set(result["verdict"]) <= {"clear", "chance"}
        false += "clear" in result["verdict"].tolist()
        ps += result["p"].tolist()
    assert false / tables <= 0.05
    assert np.mean(np.array(ps) <= 0.05) <= 0.06  # of single rates


def test_false_alarms_of_counts():
    random, rows, spread = np.random.default_rng(8), 800, 0.2
    n = random.poisson(random.gamma(1 / spread**2, 200 * spread**2, (rows, 10)))
    names = [str(row) for row in range(rows)]
    now, before = (Result(pd.DataFrame({"topic": names, "n": n[:, at]})) for at in (9, 8))
    now.attrs, before.attrs = dict(template("volume")), dict(template("volume"))
    result = metrics.previous_period(now, before, history=told(n[:, :8], n[:, :8]))
    assert (result["p"] <= 0.05).mean() <= 0.06


# --- the figures of a data set --------------------------------------------------------------------


def data_of(now, before, weeks=None, table="surveys", service=None):
    """What `figures` asks of a data set: its table now, in the period before, and in the weeks before both."""
    period = SimpleNamespace(days_begun=lambda as_of: 7)
    held = dict.fromkeys(("days_so_far",), 7) | {
        "as_of": START,
        "period": period,
        "volume_warnings": list,
        "missing_days": [],
        "filters": {},
        "last_weeks": lambda numbered: None,
    }
    backend = own_backend(duckdb.connect())
    set_context(backend, Context(service or Service(), START.to_pydatetime()))

    def view(name, frame, **more):
        return SimpleNamespace(**{table: backend.create_table(name, frame)}, **held, **more)

    past = None
    if weeks is not None:
        rows = pd.concat([week.assign(**{WEEK: number}) for number, week in enumerate(weeks)])
        past = view("weeks", rows, weeks=dict.fromkeys(range(len(weeks))))
        past.read_later = lambda by, latest: past
    previous = None if before is None else view("before", before)
    return view("now", now, previous=previous, year_ago=None, weeks_before=past, weeks_within=None)


WEEKS = [surveys(*week) for week in CALM]


@pytest.mark.parametrize(
    "now, before, weeks, expected",
    [
        ((45, 50), (20, 50), WEEKS, {"verdict": "clear", "direction": "better", "status": "near", "note": None}),
        ((5, 50), (20, 50), WEEKS, {"verdict": "clear", "direction": "worse", "status": "off"}),
        ((21, 50), (20, 50), WEEKS, {"verdict": "chance", "direction": "none", "status": "off"}),
        ((500, 500), (20, 50), None, {"verdict": "no history", "direction": "none", "status": "on"}),
        ((45, 50), None, WEEKS, {"verdict": None, "direction": "none", "previous": None}),
        ((5, 9), (20, 50), WEEKS, {"note": "few", "value": None, "verdict": None, "direction": "none", "n": 9}),
        ((0, 0), (20, 50), WEEKS, {"note": "no_data", "n": 0, "value": None, "status": "none"}),
    ],
)
def test_cards(now, before, weeks, expected):
    service = Service(targets={"csat": 0.8})
    data = data_of(surveys(*now), before and surveys(*before), weeks, service=service)
    (card,) = figures(data, (metrics.csat, {}))
    assert {name: card[name] for name in expected} == expected
    assert (card["metric"], card["column"], card["unit"], card["case"]) == ("csat", "csat", "rate", "answer")
    if card["value"] is not None:
        assert card["low"] < card["value"] <= card["high"] and card["target"] == 0.8


def test_cards_of_one_table_keep_their_order():
    data = data_of(surveys(45, 50), surveys(20, 50), WEEKS)
    asked = [(metrics.low_score_rate, {}), (metrics.csat, {"value": "mean"}), (metrics.csat, {})]
    low, mean, rate = figures(data, *asked)
    assert [card["column"] for card in (low, mean, rate)] == ["low_score_rate", "mean", "csat"]
    assert (low["direction"], rate["direction"]) == ("better", "better")  # fewer low scores, more high ones
    assert mean["value"] == pytest.approx(4.6) and mean["unit"] == "score" and rate["status"] == "none"


def test_a_card_of_a_count():
    data = data_of(contacts(900), contacts(300), [contacts(n) for n in STEADY], "conversations")
    (card,) = figures(data, (metrics.inbound_volume, {}))
    assert (card["value"], card["previous"], card["verdict"], card["direction"]) == (900, 300, "clear", "none")
    assert card["low"] < 900 < card["high"] and card["change"] == pytest.approx(2)
    (worse,) = figures(data, (metrics.inbound_volume, {"best": "low"}))  # where the report says which way is better
    assert worse["direction"] == "worse"


def test_compared():
    data = data_of(surveys(45, 50), surveys(20, 50), WEEKS)
    result = compared(data, metrics.csat)
    assert result[["csat", "previous", "verdict"]].values.tolist() == [[0.9, 0.4, "clear"]]
    assert compared(data_of(surveys(45, 50), None), metrics.csat) is None


def test_verdicts_are_the_contracts():
    codes = {verdicts.CLEAR, verdicts.CHANCE, verdicts.FEW, verdicts.NO_HISTORY, verdicts.NOT_COMPARABLE}
    assert codes == {"clear", "chance", "few", "no history", "not comparable"}


def test_each_table_is_read_once_a_period(sample, monkeypatch):
    """Four cards of one table: a query for this period, the one before, the weeks before them, and the last weeks."""
    run, queries = engine.to_pandas, []
    monkeypatch.setattr(engine, "to_pandas", lambda query: queries.append(query) or run(query))
    asked = [
        (metrics.response_rate, {}),
        (metrics.first_response_time, {}),
        (metrics.first_response_time, {"value": "p90_seconds"}),
        (metrics.out_of_hours_share, {}),
    ]
    cards = figures(sample.during("2024-03"), *asked)
    read = [query for query in queries if "query_" in query.columns]  # what several metrics ask at once
    assert [card["metric"] for card in cards] == [function.__name__ for function, _ in asked]
    assert len(read) == 4, len(queries)


def test_a_count_is_not_compared_across_a_jump_of_the_volume(real_data):
    from toolkit import open_data

    data = open_data(real_data / "twitter_support" / "tweets.csv", source="twitter", period="-28d")
    assert [jump["table"] for jump in data.volume_warnings()]
    (card,) = figures(data, (metrics.inbound_volume, {}))
    assert card["verdict"] == "not comparable" and card["change"] is None and card["low"] is None
    assert card["previous"] and card["previous"] != card["value"]
    assert compared(data, metrics.inbound_volume)["verdict"].tolist() == ["not comparable"]


def test_a_state_without_a_time_is_not_compared():
    """The earlier period has had longer to be opened again, and its count can't be read back."""
    rows = {"created_at": pd.Timestamp("2024-03-01", tz="UTC")}
    now, before = (pd.DataFrame({**rows, "reopen_count": [0] * n + [1] * 20}) for n in (80, 20))
    result = metrics.previous_period(metrics.reopen_rate(now), metrics.reopen_rate(before))
    assert result["verdict"].tolist() == ["not comparable"] and result["change"].isna().all()
    assert result["previous"].tolist() == [0.5]


def test_a_rate_that_nobody_could_have_does_not_change():
    """Cases there are, but none to which it could happen: null is no 0 %."""
    now, before = (metrics.csat(surveys(hits, 50, topic="a"), "topic") for hits in (0, 20))
    now.loc[0, ["csat", "low", "high"]] = np.nan
    for both in ((now, before), (before, now)):
        row = metrics.previous_period(*both).iloc[0]
        assert row[["change", "change_low", "change_high", "p"]].isna().all() and row["verdict"] == "few"
