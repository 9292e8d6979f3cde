"""Results as tables: the one of six columns, the whole one, the CSV; in words, escaped, in the order of the chart."""

import re

import numpy as np
import pandas as pd
import pytest

from toolkit import metrics, words
from toolkit.metrics.registry import METRICS
from toolkit.result import Result, format_value, heading, interval_columns
from toolkit.table_html import HIDDEN, table_html

HOSTILE = '<script>alert("x")</script>&'
RATE = {"units": {"n": "count", "hits_count": "count", "rate": "rate"}, "value": "rate", "shape": "rate"}


def made(metric, frame, by=(), **attrs):
    """A result as a shape hands it over."""
    result = Result.of(pd.DataFrame(frame), metric, attrs.pop("units", {}), by, attrs.pop("minimum_count", 10))
    result.attrs |= attrs
    return result


def rates(**attrs):
    """Three channels; the last has too few cases."""
    frame = {"channel": ["web_chat", "email", "x"], "n": [1200, 50, 3], "hits_count": [180, 2, 1]}
    frame |= {"rate": [0.15, 0.04, 0.33], "low": [0.13, 0.01, 0.06], "high": [0.17, 0.13, 0.79]}
    return made("some_rate", frame, ["channel"], **(RATE | attrs))


def cells(html):
    """The rows of a table as lists of text, its head first."""
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    return [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]


def plain(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


def answers(n, satisfied):
    return metrics.csat(pd.DataFrame({"score": [5] * satisfied + [1] * (n - satisfied)}))


# --- tables -------------------------------------------------------------------------------------------


def test_a_result_is_a_frame_that_shows_well():
    result = answers(100, 80)
    assert isinstance(result, pd.DataFrame) and result["csat"].iloc[0] == 0.8
    html = plain(result._repr_html_())
    assert "80.0 %" in html and "71.1 % to 86.7 %" in html
    assert result[result["n"] > 0].attrs["metric"] == "csat"  # survives a selection


@pytest.mark.parametrize(
    "value, unit, expected",
    [
        (0.1371, "rate", "13.7 %"),
        (724, "seconds", "12.1 min"),
        (3599, "seconds", "1 h"),
        (np.inf, "seconds", "–"),
        (31359, "count", "31,359"),
        (np.nan, "rate", "–"),
        (-0.021, "points", "−2.1 pts"),
        (0.0001, "points", "0.0 pts"),  # rounds to nothing: no sign
        (90, "change in seconds", "+1.5 min"),
        (-1.25, "change in score", "−1.25"),
        (9, "hour", "09:00"),
        (12345.678, "number", "12,346"),
        (0.12346, "number", "0.1235"),
        (2.5, "number", "2.5"),
        (0, "number", "0"),
        (True, "text", "yes"),
        (pd.Timestamp("2024-04-15"), "text", "15 April 2024"),
        ("a_b", "text", "a_b"),
    ],
)
def test_format_value(value, unit, expected):
    assert plain(format_value(value, unit)) == expected


def test_a_table_is_in_words():
    head, chat, mail, x = cells(plain(table_html(rates(choices={"base": "queued"}))))
    assert head == ["Channel", "Count", "Hits", "Rate", "95 % interval"]
    assert chat == ["Web chat", "1,200", "180", "15.0 %", "13.0 % to 17.0 %"]
    assert mail[0] == "E-mail"
    assert x == ["X", "3", "1", "too few", ""]  # its counts are shown, its figure isn't


@pytest.mark.parametrize(
    "attrs, note",
    [
        ({"minimum_count": 10}, "“Too few”: fewer than 10 cases."),
        ({"minimum_count": 4}, "“Too few”: fewer than 4 cases."),
        ({"minimum_count": 1}, ""),
        ({"minimum_count": 1, "choices": {"base": "queued"}}, "Over: calls that waited in the queue."),
        # a choice named like a column is a choice, no interval
        ({"minimum_count": 1, "choices": {"low": 3, "n": 1}}, "Low up to: 3; N: 1."),
        ({"minimum_count": 1, "choices": {"clock": "business", "satisfied": 4}}, "Clock: opening hours only"),
        ({"minimum_count": 1, "notes": [("tables.notes.more", {"n": 1})]}, "1 more row not shown."),
    ],
)
def test_what_stands_below_a_table(attrs, note):
    html = table_html(rates(**attrs))
    found = re.search(r'<p class="note">(.*?)</p>', html)
    assert (found[1] if found else "").startswith(note) and bool(found) == bool(note)
    assert "95 % interval:" not in html and "`" not in html


def test_one_case_is_one_case():
    frame = {"n": [0], "rate": [np.nan]}
    assert "fewer than 1 case." in table_html(made("x", frame, units={"n": "count", "rate": "rate"}, minimum_count=1))
    rows = made("x", {"n": range(201)}, units={"n": "count"}, minimum_count=0)
    assert "1 more row not shown." in table_html(rows)


def test_target_and_status_stand_after_the_value():
    target = {"of": "rate", "low": "low", "high": "high", "value": 0.05, "best": "low"}
    result = rates(target=target)
    result.__class__ = type(
        "Held", (Result,), {"targets": lambda self: [0.05] * 3, "statuses": lambda self: ["off", "near", "few"]}
    )
    head, chat, mail, x = cells(plain(table_html(result)))
    assert head[3:] == ["Rate", "95 % interval", "Target", "Status"]
    assert chat[5:] == ["5.0 %", "off target"] and mail[6] == "near" and x[6] == "–"
    assert '<span class="status off">off target</span>' in table_html(result)


def test_where_there_is_no_figure_nothing_is_said_of_its_target():
    frame = {"weekday": ["Monday", "Sunday", "Tuesday"], "n": [70, 11, 3], "rate": [0.1, np.nan, 0.1]}
    frame |= {"low": [0.06, np.nan, 0.0], "high": [0.2, np.nan, 0.6]}
    result = made("abandonment_rate", frame, units={"n": "count", "rate": "rate"}, by=["weekday"])
    result.attrs["target"] = {"of": "rate", "low": "low", "high": "high", "value": 0.05, "best": "low"}
    assert result.statuses() == ["off", "none", "few"]
    assert [row[-1] for row in cells(plain(table_html(result)))[1:]] == ["off target", "–", "–"]


def test_replies_before_their_message_are_not_called_negative_messages():
    units = {"n": "count", "negative_count": "count"}
    head, _ = cells(plain(table_html(made("reply_pairs", {"n": [20], "negative_count": [1]}, units=units))))
    assert head == ["Count", "Stamped before their message"]


def test_a_figure_with_a_count_of_its_own_has_enough_by_that():
    frame = {"n": [3], "sent_count": [1000], "csat": [0.5], "survey_response_rate": [0.003]}
    units = {"n": "count", "sent_count": "count", "csat": "rate", "survey_response_rate": "rate"}
    result = made("csat", frame, units=units, counts={"survey_response_rate": "sent_count"})
    assert cells(plain(table_html(result)))[1] == ["3", "1,000", "too few", "0.3 %"]


@pytest.mark.parametrize(
    "key, start, expected",
    [
        ("week", "2024-04-29", "29 April 2024 (part of a week)"),
        ("month", "2024-04-01", "April 2024 (part of a month)"),
    ],
)
def test_a_partial_period_is_marked(key, start, expected):
    result = made("x", {key: [pd.Timestamp(start)] * 2, "n": [20, 30]}, [key], units={"n": "count"}, partial=[1])
    _, first, second = cells(table_html(result))
    assert second[0] == expected and "part of" not in first[0]


@pytest.mark.parametrize(
    "shape, verdicts, said",
    [
        (
            "comparison",
            ["clear", "chance", "no history"],
            ["clear change", "could be chance", "too little history to tell"],
        ),
        ("comparison", ["few", "not comparable", "untested"], ["too few", "not comparable", "not tested"]),
        ("pull", ["clear", "chance", "few"], ["clear difference", "could be chance", "too few"]),
        ("comparison", ["clear", None, np.nan], ["clear change", "–", "–"]),
    ],
)
def test_a_verdict_is_in_words(shape, verdicts, said):
    result = made(
        "x", {"topic": list("abc"), "n": [99] * 3, "p": [0.01] * 3, "verdict": verdicts}, ["topic"], shape=shape
    )
    head, *rows = cells(table_html(result))
    assert [row[-1] for row in rows] == said
    assert "P" not in head  # the verdict says what a p-value would


def test_parts_of_a_whole_are_in_words():
    parts = ["within 1 h", "after 1 h", "closed unanswered", "waiting"]
    told = [("within", {"high": 3600}), ("after", {"low": 3600}), ("closed_unanswered", {}), ("waiting", {})]
    frame = {"bucket": parts, "n": [1, 2, 3, 4], "total": [10] * 4}
    result = made(
        "response_time_buckets", frame, part="bucket", parts=parts, part_words=told, rows=["bucket"], count="total"
    )
    assert [plain(row[0]) for row in cells(table_html(result))[1:]] == [
        plain(words.sentence_case(words.part_name(code, values))) for code, values in told
    ]


def test_a_median_that_is_not_reached_says_so():
    frame = {"n": [20], "median_seconds": [np.nan], "median_low": [600.0], "median_high": [np.nan]}
    units = {"n": "count", "median_seconds": "seconds"}
    result = made("first_response_time", frame, units=units, when_null={"median_seconds": "not_reached"})
    assert cells(plain(table_html(result)))[1] == ["20", "not reached", "10 min to not reached"]


def test_undefined_is_a_dash_and_no_row_is_no_data():
    frame = {"n": [50], "rate": [np.nan], "low": [np.nan], "high": [np.nan]}
    assert cells(table_html(made("x", frame, units={"n": "count", "rate": "rate"})))[1] == ["50", "–", "–"]
    assert "no data" in table_html(made("x", {"n": []}, units={"n": "count"}))


def test_names_are_escaped():
    frame = pd.DataFrame({HOSTILE: [HOSTILE], "n": [99]})
    html = table_html(Result.of(frame, HOSTILE, {"n": "count"}, [HOSTILE], choices={HOSTILE: HOSTILE}))
    assert "<script" not in html and html.count("&lt;script&gt;") >= 4


@pytest.mark.parametrize(
    "metric, by, shape, expected",
    [
        ("abandonment_rate", [], "rate", "Abandonment rate"),
        ("abandonment_rate", ["hour"], "rate", "Abandonment rate by local hour"),
        ("abandonment_rate", ["channel", "my_own"], "rate", "Abandonment rate by channel and My own"),
        ("abandonment_rate", ["weekday"], "comparison", "Abandonment rate by weekday against the period before"),
        ("quality", [], None, "Rows in, used and set aside"),
        ("my_own_metric", [], "rate", "My own metric"),
    ],
)
def test_a_table_is_called_by_its_metric_and_groups(metric, by, shape, expected):
    html = table_html(made(metric, {"n": [1]}, by, shape=shape))
    assert f"<caption>{expected}</caption>" in html


@pytest.mark.parametrize(
    "column, expected", [("n", "Count"), ("p90_seconds", "90 % within"), ("my_own_count", "My own"), ("a.b", "A.b")]
)
def test_heading(column, expected):
    assert plain(heading(column)) == expected


@pytest.mark.parametrize("name", [name for name, one in METRICS.items() if one.table])
def test_every_column_of_a_metric_has_a_heading_in_the_catalogue(sample, name):
    table = METRICS[name].table
    result = METRICS[name].function(getattr(sample.during("2024-04"), table))
    ends = {end for pair in interval_columns(result.columns).values() for end in pair}
    known = {*words.entry("tables.columns"), *words.entry(f"metric.{name}.columns"), *ends, *HIDDEN}
    assert len(result) and set(result.columns) <= known
    assert words.has(f"metric.{name}.title")


def test_a_curve_has_its_times_and_a_grid_is_called_once(sample):
    april = sample.during("2024-04")
    curve = cells(plain(table_html(metrics.response_curve(april.conversations).head(2))))
    assert curve[0] == ["Time", "Waiting", "Share", "95 % interval"] and curve[1][0] == "0 s"
    assert "<caption>Volume by weekday and hour</caption>" in table_html(metrics.volume_heatmap(april.calls))


def test_the_bases_of_a_rate_are_in_words(sample):
    rows = cells(table_html(metrics.abandonment_by_base(sample.calls)))
    assert [row[0] for row in rows[:3]] == ["Out of", "All offered calls", "Calls that wanted an agent"]


def test_intervals_belong_to_their_figure():
    columns = ["topic", "n", "csat", "low", "high", "pull", "pull_low", "pull_high"]
    columns += ["median_seconds", "median_low", "median_high"]
    assert interval_columns(columns) == {
        "csat": ("low", "high"),
        "pull": ("pull_low", "pull_high"),
        "median_seconds": ("median_low", "median_high"),
    }
