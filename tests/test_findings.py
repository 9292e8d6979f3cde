"""Findings: sentences checked by eye, and none that claims what the intervals don't support."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from toolkit import findings
from toolkit.clock import parse_period
from toolkit.errors import BadParameter
from toolkit.intervals import wilson
from toolkit.result import Result


def rates(metric, value, counted, by, rows, minimum=10, **more):
    """A result of rows (group, cases, count)."""
    frame = pd.DataFrame(rows, columns=[*by, "n", counted])
    frame[value] = frame[counted] / frame["n"].where(frame["n"] > 0)
    frame["low"], frame["high"] = wilson(frame[counted], frame["n"])
    return Result.of(frame.assign(**more), metric, {}, by, minimum)


def abandonment(by, rows, **more):
    return rates("abandonment_rate", "abandonment_rate", "abandoned_count", by, rows, **more)


@pytest.mark.parametrize(
    "by, rows, said",
    [
        (["hour"], [], "No data in this period."),
        ([], [(0, 0)], "No data in this period."),
        ([], [(1, 1)], "Too few to say: 1 call, fewer than 10."),
        (["hour"], [(9, 3, 1), (10, 9, 2)], "Too few to say: no group has 10 calls or more."),
        ([], [(400, 48)], "48 of 400 calls hung up before an agent answered: 12.0 % (95 % interval 9.2 to 15.6 %)."),
        (
            ["hour"],
            [(12, 869, 66), (13, 131, 54)],
            "Abandonment peaks at 13:00: 41.2 % of 131 calls hung up (95 % interval 33.2 to 49.8 %), against 12.0 % over all"
            " hours. It is distinguishable from the rest.",
        ),
        (
            ["weekday"],
            [("Monday", 100, 14), ("Tuesday", 100, 10)],
            "Abandonment peaks on Monday: 14.0 % of 100 calls hung up (95 % interval 8.5 to 22.1 %), against 12.0 % over all"
            " weekdays. It is not distinguishable from the rest.",
        ),
        (
            ["queue"],
            [("$a$ <b>", 100, 50), ("b", 100, 0), ("c", 3, 3)],
            "Abandonment is highest for $a$ <b>: 50.0 % of 100 calls hung up (95 % interval 40.4 to 59.6 %), against 26.1 %"
            " over all calls. It is distinguishable from the rest.",
        ),
        (["hour"], [(9, 20, 0), (10, 30, 0)], "None of 50 calls hung up."),
        (
            ["hour"],
            [(9, 20, 5)],
            "5 of 20 calls at 09:00 hung up before an agent answered: 25.0 % (95 % interval 11.2 to 46.9 %).",
        ),
    ],
)
def test_abandonment_rate(by, rows, said):
    assert findings.find_abandonment_rate(abandonment(by, rows)) == said


def test_abandonment_rate_against_another_overall():
    result = abandonment(["hour"], [(12, 100, 10), (13, 100, 40)])
    for overall in (0.155, abandonment([], [(200, 31)]), np.float64(0.155)):
        assert "against 15.5 % over all hours" in findings.find_abandonment_rate(result, overall)


def test_the_highest_of_many_is_not_taken_for_a_finding():
    # 24 hours of pure chance: the highest one stands out on its own, not as the highest of 24
    by_chance = [(hour, 100, 10) for hour in range(23)] + [(23, 100, 18)]
    assert "not distinguishable" in findings.find_abandonment_rate(abandonment(["hour"], by_chance))
    two = [(22, 2300, 230), (23, 100, 18)]
    assert "It is distinguishable" in findings.find_abandonment_rate(abandonment(["hour"], two))


def test_false_claims_are_rare():
    chance, claims = np.random.default_rng(7), 0
    for _ in range(300):
        rows = [(hour, 120, int(count)) for hour, count in enumerate(chance.binomial(120, 0.12, 24))]
        claims += "It is distinguishable" in findings.find_abandonment_rate(abandonment(["hour"], rows))
    assert claims / 300 < 0.06


@pytest.mark.parametrize(
    "rows, said",
    [
        ([], "No data in this period."),
        ([("menu", 100, 0), ("queue", 90, 0)], "None of 100 calls was abandoned at a stage."),
        (
            [("menu", 1000, 10), ("identification", 500, 100), ("queue", 400, 20)],
            "Callers are most likely to hang up at identification: 20.0 % of 500 calls that entered it (95 % interval 16.7 to"
            " 23.7 %), 100 of all 130 abandoned calls (76.9 %). In the queue it is 5.0 % of 400 calls that entered it (95 %"
            " interval 3.3 to 7.6 %). The difference is distinguishable from chance.",
        ),
        (
            [("menu", 50, 3), ("queue", 40, 4)],
            "Callers are most likely to hang up at queue: 10.0 % of 40 calls that entered it (95 % interval 4.0 to 23.1 %),"
            " 4 of all 7 abandoned calls (57.1 %). Next outside the queue is menu: 6.0 % of 50 calls that entered it (95 %"
            " interval 2.1 to 16.2 %). The difference is not distinguishable from chance.",
        ),
    ],
)
def test_abandonment_by_stage(rows, said):
    result = rates("abandonment_by_stage", "hazard", "abandoned_count", ["stage"], rows)
    result.attrs["by"] = []
    assert findings.find_abandonment_by_stage(result) == said


def first_response(by, rows):
    columns = [
        *by,
        "n",
        "open_count",
        "median_seconds",
        "median_low",
        "median_high",
        "p90_seconds",
        "mean_answered_seconds",
    ]
    return Result.of(pd.DataFrame(rows, columns=columns), "first_response_time", {}, by, 10)


@pytest.mark.parametrize(
    "by, rows, said",
    [
        ([], [(0, 0, None, None, None, None, None)], "No data in this period."),
        (
            [],
            [(200, 20, 3600.0, 3000.0, 4200.0, 86400.0, 7200.0)],
            "Half of 200 conversations had a first response within 1 h (95 % interval 50 min to 1.2 h), 90 % within 1 d."
            " 20 are still open and counted as waiting; the plain mean of the others, 2 h, leaves that out.",
        ),
        (
            [],
            [(200, 0, 60.0, 50.0, 70.0, 90.0, 65.0)],
            "Half of 200 conversations had a first response within 1 min (95 % interval 50 s to 1.2 min), 90 % within 1.5 min."
            " All are answered.",
        ),
        (
            [],
            [(200, 150, np.nan, 9000.0, np.nan, np.nan, 60.0)],
            "Fewer than half of 200 conversations are answered so far, so that there is no median; 150 are still open.",
        ),
        (
            ["channel"],
            [("email", 100, 9, 36000.0, 30000.0, 43200.0, None, 1.0), ("chat", 100, 9, 60.0, 54.0, 66.0, None, 1.0)],
            "First responses are slowest for email: half of 100 conversations within 10 h (95 % interval 8.3 to 12 h), and"
            " quickest for chat: half of 100 conversations within 1 min (95 % interval 54 s to 1.1 min). The difference is"
            " distinguishable from chance.",
        ),
        (
            ["channel"],
            [("a", 100, 9, 70.0, 50.0, 90.0, None, 1.0), ("b", 100, 9, 60.0, 45.0, 80.0, None, 1.0)],
            "First responses are slowest for a: half of 100 conversations within 1.2 min (95 % interval 50 s to 1.5 min), and"
            " quickest for b: half of 100 conversations within 1 min (95 % interval 45 s to 1.3 min). The difference is"
            " not distinguishable from chance.",
        ),
        (
            ["channel"],
            [("a", 100, 90, np.nan, 7200.0, np.nan, None, 1.0), ("b", 100, 9, 60.0, 54.0, 66.0, None, 1.0)],
            "First responses are slowest for a: fewer than half of 100 conversations are answered so far (the median is at"
            " least 2 h), and quickest for b: half of 100 conversations within 1 min (95 % interval 54 s to 1.1 min). The"
            " difference is distinguishable from chance.",
        ),
        (
            ["channel"],
            [("a", 100, 9, 60.0, 54.0, 66.0, None, 1.0), ("b", 3, 1, 1.0, 1.0, 2.0, None, 1.0)],
            "First responses for a: half of 100 conversations within 1 min (95 % interval 54 s to 1.1 min); no other group has"
            " enough cases to compare.",
        ),
    ],
)
def test_first_response_time(by, rows, said):
    assert findings.find_first_response_time(first_response(by, rows)) == said


def test_response_rate_of_all_and_of_those_that_need_one():
    result = rates("response_rate", "response_rate", "answered_count", [], [(100, 80)])
    assert (
        findings.find_response_rate(result)
        == "80 of 100 conversations got an answer: 80.0 % (95 % interval 71.1 to 86.7 %)."
    )
    result = result.assign(needing_count=90, needing_rate=0.875, needing_rate_low=0.8, needing_rate_high=0.92)
    assert findings.find_response_rate(result).endswith(
        "Of the 90 that need one, it is 87.5 % (95 % interval 80.0 to 92.0 %)."
    )


def test_response_time_buckets():
    names = ["within 1 h", "after 1 h", "not answered"]
    frame = pd.DataFrame({"bucket": pd.Categorical(names, names, ordered=True), "n": [50, 30, 20], "total": 100})
    frame["share"] = frame["n"] / 100
    frame["low"], frame["high"] = wilson(frame["n"], frame["total"])
    result = Result.of(frame, "response_time_buckets", {}, [], 10)
    result.attrs["count"] = "total"
    assert findings.find_response_time_buckets(result) == (
        "Of 100 conversations, 50 (50.0 %, 95 % interval 40.4 to 59.6 %) were answered within 1 h;"
        " 20 (20.0 %, 95 % interval 13.3 to 28.9 %) are not answered."
    )
    assert findings.find_response_time_buckets(result.iloc[:0]) == findings.NO_DATA


def test_reply_pairs_and_first_response():
    pairs = Result.of(
        pd.DataFrame({"n": [300], "median_seconds": [7200.0], "negative_count": [1]}), "reply_pairs", {}, [], 10
    )
    first = first_response([], [(200, 20, 3600.0, 3000.0, 4200.0, 86400.0, 7200.0)])
    said = findings.find_reply_pairs(pairs, first)
    assert said.startswith(
        "The median of 300 reply pairs is 2 h; the median first response of 200 conversations is 1 h."
    )
    assert "the 20 still open count as waiting" in said and said.endswith(
        "1 pair has a reply stamped before its message."
    )
    assert findings.find_reply_pairs(pairs.iloc[:0], first) == findings.NO_DATA


def by_topic(rows):
    columns = ["topic", "n", "csat", "low", "high", "pull", "pull_low", "pull_high"]
    return Result.of(pd.DataFrame(rows, columns=columns), "csat_by_topic", {}, ["topic"], 10)


@pytest.mark.parametrize(
    "rows, said",
    [
        ([], "No data in this period."),
        ([("a", 3, 1.0, 0.4, 1.0, 0.0, 0.0, 0.0)], "Too few to say: 3 answers, fewer than 10."),
        (
            [
                ("billing", 100, 0.5, 0.4, 0.6, -0.1, -0.12, -0.08),
                ("repair", 100, 0.7, 0.6, 0.8, 0.0, -0.02, 0.02),
                ("sales", 100, 0.9, 0.8, 0.95, 0.1, 0.08, 0.12),
            ],
            "billing pulls CSAT down by 10 points (95 % interval 8.0 to 12.0); 50.0 % of its 100 answers are satisfied, and"
            " without it CSAT would be 80.0 % instead of 70.0 %. sales pulls it up by 10 points (95 % interval 8.0 to 12.0).",
        ),
        (
            [("a", 50, 0.7, 0.6, 0.8, -0.01, -0.05, 0.03), ("b", 50, 0.72, 0.6, 0.8, 0.01, -0.03, 0.05)],
            "No topic pulls CSAT, 71.0 % of 100 answers, up or down by more than chance explains; lowest is a with 70.0 % of 50"
            " (95 % interval 60.0 to 80.0 %).",
        ),
    ],
)
def test_csat_by_topic(rows, said):
    assert findings.find_csat_by_topic(by_topic(rows)) == said


def test_csat():
    result = rates("csat", "csat", "satisfied_count", [], [(100, 80)], sent_count=400, survey_response_rate=0.25)
    assert findings.find_csat(result) == (
        "CSAT is 80.0 % of 100 answers (95 % interval 71.1 to 86.7 %); 25.0 % of 400 surveys were answered."
    )
    same = rates("csat", "csat", "satisfied_count", ["team"], [("a", 100, 80), ("b", 100, 80)])
    assert findings.find_csat(same) == "All 2 groups have the same figure: 80.0 %."
    close = rates("csat", "csat", "satisfied_count", ["team"], [("a", 100, 80), ("b", 100, 70), ("c", 2, 2)])
    assert findings.find_csat(close) == (
        "CSAT is highest for a: 80.0 % of 100 answers (95 % interval 71.1 to 86.7 %), and lowest for b: 70.0 % of 100 answers"
        " (95 % interval 60.4 to 78.1 %). The difference is not distinguishable from chance."
    )


def test_low_scores():
    listed = Result.of(pd.DataFrame({"score": [1, 3], "comment": ["slow", None]}), "low_scores", {}, [], 0)
    assert findings.find_low_scores(listed) == "2 answers were 3 or less, 1 of them 1; 1 came with a comment."
    grouped = rates("low_scores", "low_rate", "low_count", ["topic"], [("a", 100, 60), ("b", 100, 20)])
    assert findings.find_low_scores(grouped).startswith(
        "Low answers are most frequent for a: 60.0 % of 100 answers were 3 or less"
    )


def trend(changes):
    """Weeks of 100 messages with (negative count, change, is_significant)."""
    frame = pd.DataFrame(changes, columns=["negative_count", "change", "is_significant"])
    frame.insert(0, "week", pd.date_range("2024-04-01", periods=len(frame), freq="7D"))
    frame["n"], frame["positive_count"] = 100, 10
    frame["negative"] = frame["negative_count"] / 100
    frame["negative_low"], frame["negative_high"] = wilson(frame["negative_count"], frame["n"])
    return Result.of(frame, "sentiment_trend", {}, ["week"], 10)


@pytest.mark.parametrize(
    "changes, said",
    [
        ([], "No data in this period."),
        (
            [(20, np.nan, False), (50, 0.3, True), (22, -0.28, True)],
            "The share of negative messages rose most in the week of 2024-04-08: by 30 points to 50.0 % of 100 messages (95 %"
            " interval 40.4 to 59.6 %), distinguishable from chance. 1 other change is distinguishable too.",
        ),
        (
            [(50, np.nan, False), (20, -0.3, True)],
            "The share of negative messages fell most in the week of 2024-04-08: by 30 points to 20.0 % of 100 messages (95 %"
            " interval 13.3 to 28.9 %), distinguishable from chance.",
        ),
        (
            [(20, np.nan, False), (24, 0.04, False)],
            "No change between weeks is distinguishable from chance. 22.0 % of 200 messages are negative (95 % interval 16.8 to"
            " 28.2 %), 10.0 % positive.",
        ),
        (
            [(20, np.nan, False)],
            "20.0 % of 100 messages are negative (95 % interval 13.3 to 28.9 %), 10.0 % positive. There is no neighbouring week"
            " to compare with.",
        ),
    ],
)
def test_sentiment_trend(changes, said):
    assert findings.find_sentiment_trend(trend(changes)) == said


def test_sentiment_trend_tells_only_the_reported_period():
    result = trend([(20, np.nan, False), (50, 0.3, True), (22, -0.28, True), (21, -0.01, False), (20, -0.01, False)])
    period = parse_period("2024-04-22..2024-05-05", datetime(2024, 6, 1, tzinfo=UTC), "UTC")
    assert findings.find_sentiment_trend(result, period).startswith(
        "No change between weeks is distinguishable from chance."
    )
    later = parse_period("2025", datetime(2024, 6, 1, tzinfo=UTC), "UTC")
    assert findings.find_sentiment_trend(result, later) == findings.NO_DATA


def test_inbound_volume():
    days = pd.DataFrame({"day": pd.date_range("2024-03-01", periods=3), "n": [4, 0, 2]})
    days["share"] = days["n"] / 6
    assert findings.find_inbound_volume(Result.of(days, "inbound_volume", {}, ["day"])) == (
        "6 contacts came in, 2.0 per day on average; most on 2024-03-01: 4, fewest on 2024-03-02: 0."
    )
    assert findings.find_inbound_volume(Result.of(days[["n"]].iloc[:0], "inbound_volume", {})) == findings.NO_DATA


def test_volume_heatmap():
    frame = pd.DataFrame(
        {"weekday": ["Monday", "Monday"], "hour": [9, 10], "n": [8, 40], "days": 4, "mean": [2.0, 10.0]}
    )
    frame["low"], frame["high"] = [1.0, 8.0], [3.0, 12.0]
    heat = Result.of(frame, "volume_heatmap", {}, ["weekday", "hour"])
    assert findings.find_volume_heatmap(heat) == (
        "The busiest hour is Monday 10:00 with 10.0 contacts on average over 4 such days (95 % interval 8.0 to 12.0);"
        " no other hour of the week overlaps its interval."
    )
    heat["high"] = 12.0
    assert findings.find_volume_heatmap(heat).endswith("1 other hour of the week overlaps its interval.")


def test_average_speed_of_answer():
    row = {
        "n": 50,
        "mean_seconds": 30.0,
        "mean_low": 20.0,
        "mean_high": 40.0,
        "median_seconds": 15.0,
        "p90_seconds": 90.0,
    }
    result = Result.of(pd.DataFrame([row]), "average_speed_of_answer", {}, [], 10)
    assert findings.find_average_speed_of_answer(result) == (
        "50 answered calls waited 30 s on average (95 % interval 20 to 40 s); half of them at most 15 s, 90 % at most 1.5 min."
    )


@pytest.mark.parametrize(
    "rows, said",
    [
        ([], "No rows were read."),
        ([("calls", 100, 0, 0)], "100 rows were read; all of them could be used as they are."),
        (
            [("calls", 5000, 1, 0), ("surveys", 5000, 2, 1)],
            "10,000 rows were read for 2 tables; 3 (less than 0.1 %) were set aside, most from surveys (2 of 5,000), and 1 value"
            " was repaired.",
        ),
    ],
)
def test_quality(rows, said):
    assert findings.find_quality(pd.DataFrame(rows, columns=["table", "rows_in", "rejected", "repaired"])) == said


def test_names_are_plain_text_on_one_line():
    rows = [("a\n<script>\x00\u202e" + "x" * 200, 100, 50), ("b", 100, 0)]
    said = findings.find_abandonment_rate(abandonment(["queue"], rows))
    assert "for a <script> xxx" in said and "…" in said and len(said) < 300 and said.isprintable()


def test_does_not_load_matplotlib():
    import subprocess
    import sys

    code = "import sys, toolkit.findings; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    "name", [name for name in dir(findings) if name.startswith("find_") and name != "find_quality"]
)
def test_takes_its_metric_only(name):
    more = [first_response([], [])] if name == "find_reply_pairs" else []
    other = Result.of(pd.DataFrame({"n": [1]}), "another", {})
    for given, said in ((pd.DataFrame({"n": [1]}), "a DataFrame"), (other, "that of another")):
        with pytest.raises(BadParameter, match=f"^{name} takes the result of metrics.*, not {said}"):
            getattr(findings, name)(given, *more)


def test_the_only_group_has_no_other():
    one = rates("csat", "csat", "satisfied_count", ["team"], [("a", 100, 80)])
    assert findings.find_csat(one) == "CSAT for a: 80.0 % of 100 answers (95 % interval 71.1 to 86.7 %)."
    two = rates("csat", "csat", "satisfied_count", ["team"], [("a", 100, 80), ("b", 2, 1)])
    assert findings.find_csat(two).endswith("; no other group has enough cases to compare.")
    wait = first_response(["channel"], [("x", 20, 1, 3600.0, 3000.0, 4200.0, 86400.0, 7200.0)])
    assert findings.find_first_response_time(wait).endswith("within 1 h (95 % interval 50 min to 1.2 h).")
