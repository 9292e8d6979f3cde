"""Results as tables: the one of six columns, the whole one, the CSV; in words, escaped, in the order of the chart."""

import csv
import html as escaping
import io
import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit import metrics, open_data, plots, words
from toolkit.clock.timeline import PERIODS
from toolkit.errors import BadParameter
from toolkit.intervals import wilson
from toolkit.metrics.compare import compared
from toolkit.metrics.registry import METRICS
from toolkit.report import clean
from toolkit.result import Result, format_value, heading, interval_columns, joined_parts, row_order
from toolkit.table_html import HIDDEN, table_html, tables_of
from toolkit.table_html.csv_text import csv_of, csv_text, file_name
from toolkit.table_html.typed import table_data

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
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", html, re.DOTALL)
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
def test_every_column_of_a_metric_has_a_heading_in_the_catalogue(name):
    result = result_of(name, None, {})
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


# --- the table that is read: every metric of the sample, as the notebooks ask for it ------------------

ROOT = Path(__file__).resolve().parent.parent
WRITTEN = {"channels": "written"}
ASKED = {  # metric: [(by, choices)]; every metric without groups, too
    "abandonment_rate": [("hour", {}), ("weekday", {}), ("day", {}), ("topic", {})],
    "average_speed_of_answer": [("hour", {}), ("topic", {})],
    "csat": [("topic", {}), ("channel", {}), ("agent", {})],
    "csat_by_topic": [("topic", {}), ("agent", {})],
    "low_score_rate": [("topic", {})],
    "sla_compliance": [("channel", WRITTEN), ("opening", {})],
    "first_response_time": [("channel", WRITTEN), ("hour", {}), (["topic", "agent"], {}), (["topic", "week"], {})],
    "response_curve": [("channel", {})],
    "response_time_buckets": [("channel", WRITTEN)],
    "response_rate": [("channel", WRITTEN), ("agent", WRITTEN)],
    "final_resolution_time": [("channel", {}), ("month", {})],
    "reply_pairs": [("channel", {})],
    "sentiment_trend": [("topic", {"every": None}), ("channel", {"every": None}), ("agent", {"every": None})],
    "inbound_volume": [("channel", {}), ("hour", {}), (["topic", "week"], {}), (["channel", "topic"], {})],
    "out_of_hours_share": [("channel", {})],
}
CASES = [(name, None, {}) for name, one in METRICS.items() if one.table]
CASES += [(name, by, choices) for name, asked in ASKED.items() for by, choices in asked]
NAMES = [f"{name} by {by}" if by else name for name, by, _ in CASES]
COMPARED = [
    ("abandonment_rate", None, {}),
    ("abandonment_rate", "weekday", {}),
    ("csat", "topic", {}),
    ("first_response_time", "channel", WRITTEN),
    ("first_response_time", "hour", {}),
    ("average_speed_of_answer", None, {}),
    ("sentiment_trend", "topic", {"every": None}),
    ("sla_compliance", "channel", WRITTEN),
    ("inbound_volume", "channel", {}),
]


RESULTS = {}  # each is computed once


@cache
def april():
    return open_data(ROOT / "data" / "sample", period="-28d")


def table_of(name):
    return "scored_messages" if METRICS[name].table == "messages" and "sentiment" in name else METRICS[name].table


def result_of(name, by, choices):
    key = str((name, by, choices))
    if key not in RESULTS:
        grouped = {"by": by} if by else {}
        RESULTS[key] = METRICS[name].function(getattr(april(), table_of(name)), **grouped, **choices)
    return RESULTS[key]


def read(table):
    """The cells of a table as text, without what stands beside a value."""
    inner = re.sub(r" ?<span.*?</span>", "", table["html"])
    return [[plain(escaping.unescape(cell)) for cell in row] for row in cells(inner)]


@pytest.mark.parametrize("name, by, choices", CASES, ids=NAMES)
def test_a_table_that_is_read_has_six_columns_and_twelve_rows_at_most(name, by, choices):
    result = result_of(name, by, choices)
    for table in tables_of(result):
        head, *rows = cells(table["html"])
        assert 1 < len(head) <= 6 and all(head) and {len(row) for row in rows} == {len(head)}
        assert 1 <= len(rows) <= (24 if by == "hour" else 12)
        assert "tabindex" not in table["html"] and "style=" not in table["html"] + table["all"]
        assert "nan" not in table["html"].lower()
        assert table["all"].count("<tr>") <= 201
        assert not re.search(r">[a-z]+_[a-z]", table["html"])  # names, never codes


def own_denominators(result, name):
    """The counts that a rate may be over: those by which it makes whole numbers in every row, where n doesn't."""
    counts = [column for column in result.columns if result.attrs["units"].get(column) == "count"]
    known = result[result[name].notna()]
    fit = [c for c in counts if np.allclose((hits := known[name] * known[c]), hits.astype(float).round(), atol=1e-6)]
    return [] if result.attrs.get("count", "n") in fit else fit


SHARES_OF_ALL = ("share", "share_of_answers", "share_of_abandons")  # whose total is that of all rows
EACH = [case for case in CASES if METRICS[case[0]].shape != "curve"]
EACH += [(name, "channel", {}) for name in ("quick_replies", "response_rate", "csat", "nps")]


@pytest.mark.parametrize("name, by, choices", EACH, ids=[f"{name} by {by}" for name, by, _ in EACH])
def test_a_rate_over_too_few_cases_of_its_own_is_too_few(name, by, choices):
    result = result_of(name, by, choices)
    counts, least = result.attrs.get("counts", {}), april().service.minimum_count
    rates = [c for c in result.columns if result.attrs["units"].get(c) == "rate" and c not in SHARES_OF_ALL]
    for rate in rates:
        own = own_denominators(result, rate)
        assert not own or counts.get(rate) in own, f"{rate} is over {own}, and not over n"
    whole = table_html(result, limit=len(result) or 1)
    head, *rows = cells(plain(escaping.unescape(whole)))
    for rate, counted in counts.items():
        if rate not in result.columns:
            continue
        said = [row[head.index(plain(heading(rate, name)))] for row in rows]
        assert [one == "too few" for one in said] == (result[counted] < least).tolist()
        assert "too few" not in said or f"“Too few”: fewer than {least} cases." in plain(whole)


def test_some_quick_replies_are_told_and_some_too_few():
    result = result_of("quick_replies", "channel", {})
    assert {True, False} == set(result["judged_count"] < 10)


@pytest.mark.parametrize("name, by, choices", CASES, ids=NAMES)
def test_nothing_is_only_in_the_frame(name, by, choices):
    """What the table that is read doesn't show stands in the whole one; a curve's hundreds of steps in its chart."""
    result = result_of(name, by, choices)
    first, *_ = tables_of(result)
    if METRICS[name].shape == "curve":
        assert first["all"] == ""
    elif first["all"]:
        whole = cells(first["all"])
        assert len(whole) > len(cells(first["html"])) or len(whole[0]) > len(cells(first["html"])[0])
    else:
        shown = {
            format_value(result[name].iloc[0], unit) for name, unit in result.attrs["units"].items() if name in result
        }
        text = escaping.unescape(first["html"])
        ends = {end for pair in interval_columns(result.columns).values() for end in pair}
        assert all(value in text for value in shown - {format_value(result[end].iloc[0], "rate") for end in ends})


SIMPLE = [case for case in CASES if METRICS[case[0]].shape in ("rate", "wait", "mean", "count", "pull")]
SIMPLE = [case for case in SIMPLE if isinstance(case[1], str)]


@pytest.mark.parametrize("name, by, choices", SIMPLE, ids=[f"{name} by {by}" for name, by, _ in SIMPLE])
def test_every_figure_is_that_of_the_frame_in_the_order_of_the_chart(name, by, choices):
    result = result_of(name, by, choices)
    head, *rows = read(tables_of(result)[0])
    whole = result.iloc[row_order(result)]
    if len(result) > 12 and by != "hour":
        whole = whole.iloc[-10:] if by in PERIODS else whole.iloc[:10]
    assert [re.sub(r" \(part of.*", "", row[0]) for row in rows] == [
        plain(words.display_name(value, by, 40, with_year=True)) for value in whole[by]
    ]
    count = result.attrs["count"]
    assert [row[1] for row in rows] == [format_value(n, "count") for n in whole[count]]
    columns = {plain(heading(column, name)): column for column in result.columns}
    for place, said in enumerate(head[2:], 2):
        column = columns.get(said)
        if column is None:  # a status, a share in time
            continue
        unit, least = result.attrs["units"][column], result.attrs["minimum_count"]
        enough = (whole[result.attrs.get("counts", {}).get(column, count)] >= least) | (unit == "count")
        for row, value, is_enough in zip(rows, whole[column], enough, strict=True):
            shown = plain(format_value(value, unit)) if is_enough else "too few"
            is_open = pd.isna(value) and result.attrs.get("when_null", {}).get(column)
            assert row[place] == ("not reached" if is_enough and is_open else shown)


IN_TIME = (*PERIODS, "hour")
CHARTED = [case for case in CASES if isinstance(case[1], str) and case[1] not in IN_TIME]


@pytest.mark.parametrize("name, by, choices", CHARTED, ids=[f"{name} by {by}" for name, by, _ in CHARTED])
def test_a_chart_has_the_order_of_its_table(name, by, choices):
    result = result_of(name, by, choices)
    ax = plots.plot(result)
    texts = [text for one in ax.figure.axes for text in one.texts if text.get_label() == "name"]
    charted = [plain(text.get_gid() or text.get_text()).split(", ")[0] for text in texts]  # without its own target
    plots.close(ax.figure)
    tabled = [row[0] for row in read(tables_of(result, limit=200)[0])[1:]]
    assert [one for one in charted if one in tabled] == [one for one in tabled if one in charted]
    assert set(charted) & set(tabled)


@pytest.mark.parametrize("name, by, choices", COMPARED, ids=[f"{name} by {by}" for name, by, _ in COMPARED])
def test_a_comparison_stands_beside_its_rows(name, by, choices):
    result = result_of(name, by, choices)
    against = compared(april(), METRICS[name].function, by=by, table=table_of(name), **choices)
    table, *_ = tables_of(result, against)
    head, *rows = cells(plain(table["html"]))
    assert head[-2:] == ["Before", "Change"] and len(head) <= 6
    order = row_order(result)[: len(rows)]
    before = pd.DataFrame(against).set_index(by) if by else pd.DataFrame(against)
    for place, row in zip(order, rows, strict=True):
        value = before.loc[result[by].iloc[place]] if by else before.iloc[0]
        value, n = value[["previous", "previous_n"]]
        is_few = n < against.attrs["minimum_count"]
        assert row[-2] == ("too few" if is_few else plain(format_value(value, against.attrs["units"]["previous"])))
    verdicts = {plain(words.verdict(code)) for code in against["verdict"] if isinstance(code, str)} - {"not tested"}
    assert not verdicts or any(said in row[-1] for said in verdicts for row in rows)


# --- forms --------------------------------------------------------------------------------------------


def rows_of(result, place=0, **asked):
    return read(tables_of(result, **asked)[place])


def stood(result):
    """What stands beside the values, by cell: intervals, statuses, chips."""
    (first, *_) = tables_of(result)
    return [
        [
            plain(" ".join(re.findall(r'<span class="[^"]*">(.*?)</span>', cell)))
            for cell in re.findall(r"<td.*?</td>", row)
        ]
        for row in re.findall(r"<tr>(.*?)</tr>", first["html"])[1:]
    ]


def test_a_rate_has_its_hits_its_interval_and_its_status():
    result = rates(
        target={"of": "rate", "low": "low", "high": "high", "value": 0.05, "best": "low"}, roles={"hits": "hits_count"}
    )
    head, *rows = cells(plain(tables_of(result)[0]["html"]))
    assert head == ["Channel", "n", "Hits", "Rate", "Target 5 %"]
    assert rows[0] == ["Web chat", "1,200", "180", "15.0 % 13.0 to 17.0", "off target"]
    assert rows[1] == ["E-mail", "50", "2", "4.0 % 1.0 to 13.0", "near"]
    assert rows[2] == ["X", "3", "1", "too few", "–"]
    assert '<span class="iv">13.0 to 17.0</span>' in tables_of(result)[0]["html"]
    assert tables_of(result)[0]["all"] == ""


@pytest.mark.parametrize(
    "verdict, change, best, said",
    [
        ("clear", 0.04, "low", '+4.0 pts <span class="chip bad">worse, clear change</span>'),
        ("clear", -0.04, "low", '−4.0 pts <span class="chip good">better, clear change</span>'),
        ("clear", 0.04, "high", '+4.0 pts <span class="chip good">better, clear change</span>'),
        ("clear", 0.04, "", '+4.0 pts <span class="chip">clear change</span>'),
        ("chance", 0.04, "low", '+4.0 pts <span class="chip">could be chance</span>'),
        ("few", np.nan, "low", '<span class="iv">too few</span>'),
        ("not comparable", 0.04, "low", '+4.0 pts <span class="chip">not comparable</span>'),
        ("untested", 0.04, "low", "+4.0 pts"),  # a row that wasn't tested has no verdict
        (None, np.nan, "low", "–"),
    ],
)
def test_a_change_has_its_verdict_beside_it(verdict, change, best, said):
    against = rates(shape="comparison", best=best, rows=["channel"]).head(1)
    against = against.assign(previous_n=900, previous=0.11, change=change, change_low=0.0, change_high=0.1)
    against["verdict"] = pd.Series([verdict], dtype=object)
    against.attrs["units"] |= {"previous": "rate", "change": "points", "verdict": "verdict"}
    (table,) = tables_of(rates(), against)
    first, second, _ = re.findall(r"<tr>(.*?)</tr>", plain(table["html"]))[1:]
    assert f">{said}</td>" in first and ">11.0 %</td>" in first
    assert second.endswith('>–</td><td class="num">–</td>')  # which the comparison doesn't have
    assert "previous_n,previous,change,change_low,change_high,verdict" in csv_of(table["data"])
    (alone,) = tables_of(against)
    assert f">{said}</td>" in plain(alone["html"])


def test_few_cases_before_are_too_few():
    against = rates(shape="comparison").assign(previous_n=[9, 10, 10], previous=0.5, change=0.1, verdict="few")
    against.attrs["units"] |= {"previous": "rate", "change": "points"}
    against = against.assign(change_low=np.nan, change_high=np.nan)
    assert [row[-2] for row in rows_of(rates(), comparison=against)[1:]] == ["too few", "50.0 %", "50.0 %"]


def test_a_comparison_of_other_rows_is_refused():
    against = rates(shape="comparison").assign(previous_n=1, previous=0.1, change=0.1, verdict="few")
    with pytest.raises(BadParameter, match="comparison"):
        tables_of(made("some_rate", {"topic": ["a"], "n": [20], "rate": [0.1]}, ["topic"], **RATE), against)


def test_a_short_heading_does_not_break_at_its_hyphen():
    names = ["email", "x", "the back-office of the north-west"]
    result = made("some_rate", {"channel": names, "n": [20, 30, 40], "rate": [0.1, 0.2, 0.3]}, ["channel"], **RATE)
    heads = re.findall(r'<th scope="row" class="([^"]*)">([^<]*)', tables_of(result)[0]["html"])
    assert heads == [("name", names[2].capitalize()), ("name", "X"), ("name whole", "E-mail")]


def test_too_few_cases_before_are_so_in_every_table():
    result = made("some_rate", {"topic": ["a", "b"], "n": [20, 30], "rate": [0.1, 0.2]}, ["topic"], **RATE)
    against = made("some_rate", {"topic": ["a", "b"], "n": [20, 30], "rate": [0.1, 0.2]}, ["topic"], **RATE)
    against = against.assign(previous_n=[3, 40], previous=[0.6, 0.4], change=[np.nan, -0.2], verdict=["few", "clear"])
    against = against.assign(change_low=against["change"] - 0.1, change_high=against["change"] + 0.1)
    against = against.assign(year_ago_n=[50, 9], year_ago=[0.3, 0.7], year_ago_verdict=["chance", "few"])
    against.attrs["units"] = result.attrs["units"] | {"previous": "rate", "previous_n": "count", "change": "points"}
    against.attrs["units"] |= {"year_ago": "rate", "year_ago_n": "count", "year_ago_verdict": "verdict"}
    against.attrs["shape"] = "comparison"
    (table,) = tables_of(result, against)
    for html in (table["html"], table["all"]):
        head, *rows = cells(plain(html))
        before = {row[0]: row[head.index("Before")] for row in rows}
        assert before == {"A": "too few", "B": "40.0 %"}
    assert {row[0]: row[head.index("A year ago")] for row in rows} == {"A": "30.0 %", "B": "too few"}


def test_a_number_a_year_ago_is_told_however_small():
    result = made(
        "inbound_volume", {"channel": ["x"], "n": [20]}, ["channel"], units={"n": "count"}, value="n", shape="count"
    )
    against = result.assign(previous_n=3, previous=3, change=5.7, verdict="clear", year_ago_n=2, year_ago=2)
    against = against.assign(change_low=np.nan, change_high=np.nan)
    against.attrs["units"] |= dict.fromkeys(["previous", "previous_n", "year_ago", "year_ago_n"], "count")
    against.attrs["units"] |= {"change": "change in percent"}
    against.attrs["shape"] = "comparison"
    head, row = cells(plain(tables_of(result, against)[0]["all"]))
    assert (row[head.index("Before")], row[head.index("A year ago")]) == ("3", "2")


def test_spans_of_time_are_joined_to_four():
    """Of 10 and 20 cases; the middle is joined, and so is what was never answered."""
    parts = ["1", "2", "3", "4", "closed", "open"]
    told = [("within", {"high": 60}), ("between", {"low": 60, "high": 3600}), ("between", {"low": 3600, "high": 7200})]
    told += [("after", {"low": 7200}), ("closed_unanswered", {}), ("waiting", {})]
    frame = pd.DataFrame({"channel": ["x"] * 6 + ["email"] * 6, "bucket": parts * 2, "total": [10] * 6 + [20] * 6})
    frame["n"] = [1, 2, 3, 1, 2, 1, 9, 1, 1, 1, 3, 5]
    frame["share"] = frame["n"] / frame["total"]
    frame["low"], frame["high"] = wilson(frame["n"], frame["total"])
    attrs = {
        "shape": "shares",
        "value": "share",
        "part": "bucket",
        "parts": parts,
        "part_words": told,
        "count": "total",
    }
    units = {"n": "count", "total": "count", "share": "rate"}
    result = made("response_time_buckets", frame, ["channel"], units=units, rows=["channel", "bucket"], **attrs)
    head, *rows = rows_of(result)
    assert head == ["Channel", "n", "Within 1 min", "1 min to 2 h", "After 2 h", "Not answered"]
    assert rows == [
        ["E-mail", "20", "45.0 %", "10.0 %", "5.0 %", "40.0 %"],  # the most answered soon come first, as in the chart
        ["X", "10", "10.0 %", "50.0 %", "10.0 %", "30.0 %"],
    ]
    (low,), (high,) = wilson([8], [20])
    assert stood(result)[0][-1] == f"{low * 100:.1f} to {high * 100:.1f}" and not any(stood(result)[0][:-1])
    few = result.assign(total=9)
    assert rows_of(few)[1][2:] == ["too few"] * 4


@pytest.mark.parametrize(
    "codes, titles",
    [
        (["within", "after"], ["Within 10 s", "After 20 s"]),
        (["within", "between", "waiting"], ["Within 10 s", "10 s to 20 s", "Still waiting"]),
        (["within", "between", "between", "after"], ["Within 10 s", "10 s to 20 s", "10 s to 20 s", "After 20 s"]),
        (["within", *["between"] * 5, "after"], ["Within 10 s", "10 s to 20 s", "10 s to 20 s", "After 20 s"]),
    ],
)
def test_parts_are_at_most_four(codes, titles):
    ends = {"within": {"high": 10}, "after": {"low": 20}, "between": {"low": 10, "high": 20}}
    parts = [str(place) for place in range(len(codes))]
    attrs = {"metric": "x", "parts": parts, "part_words": [(code, ends.get(code, {})) for code in codes]}
    joined = joined_parts(attrs)
    assert [plain(title) for title, *_ in joined] == titles
    assert [part for _, held, _ in joined for part in held] == parts


def test_the_hours_of_a_week_are_a_table_of_four_parts_that_add_up():
    days = pd.CategoricalDtype(["Monday", "Tuesday"], ordered=True)
    frame = pd.DataFrame({"weekday": ["Monday"] * 24 + ["Tuesday"] * 24, "hour": [*range(24)] * 2}).astype(
        {"weekday": days}
    )
    frame["n"], frame["days"] = [*range(24)] * 2, [4] * 24 + [1] * 12 + [0] * 12
    frame["mean"] = frame["n"] / 4
    units = {"n": "count", "mean": "number", "hour": "hour"}
    result = made("volume_heatmap", frame, ["weekday", "hour"], units=units, shape="grid", value="mean")
    head, *rows = rows_of(result)
    assert head == ["Weekday", "00:00 to 06:00", "06:00 to 12:00", "12:00 to 18:00", "18:00 to 24:00", "All day"]
    assert rows == [["Monday", "15", "51", "87", "123", "276"], ["Tuesday", "15", "51", "–", "–", "66"]]
    (table,) = tables_of(result)
    whole = cells(table["all"])
    assert whole[0][:3] == ["Weekday", "00:00", "01:00"] and len(whole) == 3 and len(whole[0]) == 25
    assert whole[1][3] == "0.5" and 'tabindex="0"' in table["all"]  # which scrolls


def test_a_curve_is_a_table_of_what_is_reached_at_four_times():
    seconds = [0, 60, 3600, 86_400]
    frame = pd.DataFrame({"channel": ["x"] * 4 + ["email"] * 4, "seconds": seconds * 2, "n": [20, 18, 10, 5] * 2})
    frame["n"] += [0] * 4 + [80] * 4
    frame["share"] = [0.0, 0.1, 0.5, 0.75, 0.0, 0.2, 0.4, 0.8]
    frame["low"], frame["high"] = frame["share"] - 0.05, frame["share"] + 0.05
    units = {"n": "count", "share": "rate", "seconds": "seconds"}
    result = made("response_curve", frame, ["channel"], units=units, shape="curve", value="share")
    head, *rows = rows_of(result)
    assert head == ["Channel", "n", "Within 30 min", "Within 1 h", "Within 6 h", "Within 24 h"]
    assert rows[0] == ["E-mail", "100", "20.0 %", "40.0 %", "40.0 %", "80.0 %"]
    assert rows[1] == ["X", "20", "10.0 %", "50.0 %", "50.0 %", "75.0 %"]
    assert stood(result)[0][-1] == "75.0 to 85.0"


def crossed(**changed):
    frame = pd.DataFrame(
        {"topic": ["a", "a", "b", "b", None], "queue": ["p", "q", "p", "q", "p"], "n": [20, 30, 200, 5, 900]}
    )
    frame["rate"], frame["low"], frame["high"] = [0.1, 0.2, 0.3, 0.4, 0.5], 0.05, 0.6
    return made("some_rate", frame.assign(**changed), ["topic", "queue"], **RATE)


def test_two_keys_are_a_cross_table():
    table, *_ = tables_of(crossed())
    head, *rows = cells(plain(table["html"]))
    assert head == ["Topic", "P", "Q"]
    assert rows == [
        ["B", "30.0 % n 200", "too few n 5"],
        ["A", "10.0 % n 20", "20.0 % n 30"],
        ["(none)", "50.0 % n 900", "–"],
    ]
    assert len(cells(table["all"])) == 6  # with the intervals


@pytest.mark.parametrize(
    "changed",
    [
        {"queue": list("pqrst"), "topic": list("abcde")},  # each topic in a queue of its own: mostly empty
        {"topic": ["a"] * 5, "queue": ["p"] * 5},  # twins
    ],
)
def test_what_is_no_cross_has_its_keys_in_one_cell(changed):
    head, *rows = rows_of(crossed(**changed))
    assert head[0] == "Topic · Queue" and " · " in rows[0][0] and len(rows) == 5


def test_a_long_series_across_stands_down():
    frame = pd.DataFrame({"week": pd.date_range("2024-01-01", periods=8, freq="7D").repeat(2), "queue": ["p", "q"] * 8})
    frame["n"] = range(20, 36)
    result = made("inbound_volume", frame, ["queue", "week"], units={"n": "count"}, shape="count", value="n")
    head, *rows = rows_of(result)
    assert head == ["Week, by its Monday", "Q", "P"] and len(rows) == 8 and rows[0] == ["1 January 2024", "21", "20"]


def listing(**changed):
    frame = {"score": [1, 2], "answered_at": pd.to_datetime(["2024-04-27T22:30Z", "2024-04-02T10:00Z"])}
    frame |= {
        "topic": ["web_chat", None],
        "agent": ["Ann", None],
        "comment": ["Too slow. " * 50, None],
        "survey_id": ["S1", "S2"],
    }
    units = {"score": "count", "answered_at": "time"}
    return made(
        "low_scores",
        pd.DataFrame(frame).assign(**changed),
        units=units,
        shape="listing",
        minimum_count=0,
        zone="Europe/Rome",
    )


def test_a_listing_says_when_who_how_much_and_what():
    (table,) = tables_of(listing())
    head, first, second = cells(table["html"])
    assert head == ["Answered at", "Topic · Agent", "Score", "Comment"]
    assert first[:3] == ["28 April", "Web chat · Ann", "1"] and len(first[3]) == 300 and first[3].endswith("…")
    assert second == ["2 April", "–", "2", ""]
    assert "S1" in table["all"] and '<td class="text" role="cell"' in table["html"]
    years = listing(answered_at=pd.to_datetime(["2023-12-31T22:00Z", "2024-04-02T10:00Z"]))
    assert plain(rows_of(years)[1][0]) == "31 December 2023"


def many(n=13, **attrs):
    frame = pd.DataFrame(
        {"agent": [f"A{number:02d}" for number in range(n)], "n": [10 + number for number in range(n)]}
    )
    frame["rate"] = [0.9 - number / 50 for number in range(n)]
    frame["low"], frame["high"] = frame["rate"] - 0.1, frame["rate"] + 0.1
    return made("some_rate", frame, ["agent"], **(RATE | attrs))


def test_many_groups_are_sorted_by_value_and_by_count():
    value, count = tables_of(many())
    assert [value["tab"], count["tab"]] == ["Highest first", "Most cases first"]
    assert (
        value["label"] == "Some rate by agent, highest first"
        and count["label"] == "Some rate by agent, most cases first"
    )
    assert [row[0] for row in read(value)[1:]] == [f"A{number:02d}" for number in range(10)]
    assert [row[0] for row in read(count)[1:]] == [f"A{number:02d}" for number in range(12, 2, -1)]
    assert "The first 10 of 13 rows." in value["html"] and len(cells(value["all"])) == 14
    assert count["all"] == count["file"] == "" and count["data"] is None  # once is enough
    assert len(tables_of(many(12))) == 1 and len(rows_of(many(12))) == 13  # twelve aren't cut
    assert len(tables_of(many(30), limit=5)) == 2 and len(rows_of(many(30), limit=5)) == 6


def test_of_a_long_series_the_latest_steps_are_read():
    frame = pd.DataFrame({"week": pd.date_range("2024-01-01", periods=13, freq="7D"), "n": range(20, 33)})
    result = made("inbound_volume", frame, ["week"], units={"n": "count"}, shape="count", value="n", partial=[12])
    (table,) = tables_of(result)
    rows = read(table)[1:]
    assert len(rows) == 10 and rows[0][1] == "23" and rows[-1] == ["25 March 2024 (part of a week)", "32"]
    assert "The last 10 of 13 rows." in table["html"] and len(cells(table["all"])) == 14


def test_the_hours_of_a_day_are_read_whole():
    frame = pd.DataFrame({"hour": range(24), "n": range(24)})
    result = made("inbound_volume", frame, ["hour"], units={"n": "count", "hour": "hour"}, shape="count", value="n")
    (table,) = tables_of(result)
    assert [row[0] for row in read(table)[1:]] == [f"{hour:02d}:00" for hour in range(24)] and table["all"] == ""


def test_a_part_of_a_week_keeps_its_mark_when_rows_move():
    weeks = pd.to_datetime(["2024-04-08", "2024-04-01", None])
    result = made(
        "x", {"week": weeks, "n": [20, 30, 40]}, ["week"], units={"n": "count"}, shape="count", value="n", partial=[0]
    )
    rows = rows_of(result.iloc[[2, 0, 1]].set_axis([5, 5, 5]))  # labels may be anything; places are what is marked
    assert [row[0] for row in rows[1:]] == ["8 April 2024", "1 April 2024", "(none) (part of a week)"]


def test_nothing_is_no_table():
    assert tables_of(rates().head(0)) == []
    assert tables_of(pd.DataFrame({"a": []})) == []


def test_a_plain_frame_is_a_table():
    (table,) = tables_of(pd.DataFrame({"team": ["a_b", HOSTILE], "n": [3, 4]}))
    assert read(table) == [["Team", "Count"], ["A b", "3"], [HOSTILE, "4"]] and table["all"] == ""


def added(**changed):
    """What topics added to a change of 8 points; the last row is of them all."""
    frame = pd.DataFrame({"topic": ["a", None, "c", None], "n": [40, 50, 9, 99], "lost_count": [20, 5, 1, 26]})
    frame["lost"], frame["previous_n"], frame["previous"] = [0.5, 0.1, 0.1, 0.26], [40, 40, 5, 85], 0.2
    frame["contribution"], frame["verdict"] = [0.12, -0.04, 0.0, 0.08], ["clear", "chance", "few", "clear"]
    frame["contribution_low"], frame["contribution_high"] = [0.1, -0.08, np.nan, 0.05], [0.14, 0.02, np.nan, 0.11]
    frame["is_total"] = [False, False, False, True]
    units = {"n": "count", "lost_count": "count", "lost": "rate", "previous": "rate", "previous_n": "count"}
    units |= {"contribution": "points", "verdict": "verdict"}
    attrs = {"shape": "contribution", "value": "contribution", "of": "lost", "best": "low", "rows": ["topic"]}
    return made("abandonment_rate", frame.assign(**changed), ["topic"], units=units, **attrs)


def test_what_was_added_to_a_change_stands_after_the_period_before_and_the_total_last():
    (table,) = tables_of(added())
    head, *rows = cells(plain(table["html"]))
    assert head == ["Topic", "n", "Lost", "Before", "Added to the change"]
    assert rows == [
        ["A", "40", "50.0 %", "20.0 %", "+12.0 pts +10.0 to +14.0 worse, clear change"],
        ["C", "9", "too few", "too few", "too few"],
        ["(none)", "50", "10.0 %", "20.0 %", "−4.0 pts −8.0 to +2.0 could be chance"],
        ["All", "99", "26.0 %", "20.0 %", "+8.0 pts +5.0 to +11.0 worse, clear change"],
    ]
    assert "is_total" not in table["all"] and "All" in table["all"]


@pytest.mark.parametrize("metric", [metrics.response_time_buckets, metrics.response_curve])
def test_groups_of_spans_and_curves_have_their_own_target_beside_their_name(metric):
    written = april().conversations
    (table,) = tables_of(metric(written, by="channel", channels="written"))
    head, *rows = cells(plain(table["html"]))
    names = {row[0] for row in rows}
    assert head[0] == "Channel, target" and {"E-mail 24 h", "Web chat 5 min"} < names and len(head) <= 6
    alone = tables_of(metric(written.filter(written.channel == "email")))[0]  # a span has no target
    assert all("target" not in title for title in cells(plain(alone["html"]))[0])


def test_a_group_has_its_own_target_beside_its_name():
    result = rates(target={"of": "rate", "low": "low", "high": "high", "value": 0.8, "best": "high"})
    result = result.assign(target_seconds=[300.0, 86_400.0, np.nan])
    result.attrs["units"]["target_seconds"] = "seconds"
    head, *rows = cells(plain(tables_of(result)[0]["html"]))
    assert head[0] == "Channel, target" and [row[0] for row in rows] == ["Web chat 5 min", "E-mail 24 h", "X"]


# --- the order of rows --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed, attrs, order",
    [
        ({}, {}, [1, 0, 3, 2, 4]),  # by value, too few, no name
        ({}, {"ordered": True}, [0, 1, 2, 3, 4]),
        ({}, {"shape": "listing"}, [0, 1, 2, 3, 4]),
        ({}, {"shape": "pull"}, [0, 1, 3, 2, 4]),  # as its metric sorts it
        ({"rate": [0.1, np.nan, 0.9, 0.2, 0.5]}, {}, [3, 0, 1, 2, 4]),  # what is undefined comes after what is known
        ({"rate": [0.1, np.nan, 0.9, 0.2, 0.5]}, {"when_null": {"rate": "not_reached"}}, [1, 3, 0, 2, 4]),
        ({"key": pd.to_datetime([None, *["2024-01-01"] * 4])}, {}, [1, 2, 3, 4, 0]),
        ({"key": pd.Categorical(list("cabde"))}, {}, [0, 1, 2, 3, 4]),
        ({"key": ["(none)", None, "c", "d", "e"]}, {}, [4, 3, 2, 1, 0]),
        ({"n": [3, 4, 3, 20, 20]}, {}, [3, 0, 1, 2, 4]),  # what isn't shown doesn't rank
        ({"is_total": [True, False, False, False, False]}, {"shape": "pull"}, [1, 3, 2, 4, 0]),
    ],
)
def test_rows_stand_in_one_order(changed, attrs, order):
    frame = pd.DataFrame({"key": ["a", "b", "c", "d", None], "n": [20, 20, 3, 20, 20]})
    result = made("x", frame.assign(rate=[0.1, 0.4, 0.9, 0.1, 0.5]).assign(**changed), ["key"], **(RATE | attrs))
    assert row_order(result) == order


# --- CSV ----------------------------------------------------------------------------------------------


def test_a_csv_has_raw_values_under_raw_names():
    (table,) = tables_of(rates())
    assert table["file"] == "some_rate_by_channel.csv"
    assert csv_of(table["data"]).splitlines() == [
        "channel,n,hits_count,rate,low,high",
        "web_chat,1200,180,0.15,0.13,0.17",
        "email,50,2,0.04,0.01,0.13",
        "x,3,1,,,",  # what is too few to be shown is too few for a file
    ]


@pytest.mark.parametrize(
    "value, raw",
    [
        ("=1+1", "'=1+1"),
        ("+1", "+1"),
        ("-1", "-1"),  # and so is a text that is one
        ("-a", "'-a"),
        ("@a", "'@a"),
        ("\tx", "'\tx"),
        ("\rx", "'\\rx"),
        (" =1", "' =1"),
        ("a=1", "a=1"),
        (-1.5, "-1.5"),  # a number is a number
        (np.nan, ""),
        (np.inf, ""),
        (None, ""),
        (1 / 3, "0.333333"),
        (True, "true"),
        (pd.Timestamp("2024-04-01"), "2024-04-01"),
        (pd.Timestamp("2024-04-01T12:30Z"), "2024-04-01T12:30:00+00:00"),
        ("\ud800", "\\ud800"),
        ('a"b,c\nd', 'a"b,c\nd'),
    ],
)
def test_no_cell_of_a_csv_is_a_formula(value, raw):
    text = csv_text(pd.DataFrame({"x": pd.Series([value], dtype=object), "y": [1]}))
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["x", "y"], [raw, "1"]]


def test_a_page_carries_a_small_csv():
    assert csv_of(table_data(pd.DataFrame({"x": ["a" * 8000]})), 8192)
    assert not csv_of(table_data(pd.DataFrame({"x": ["a" * 9000]})), 8192)


@pytest.mark.parametrize(
    "metric, by, name",
    [
        ("csat", [], "csat.csv"),
        ("csat_by_topic", ["topic"], "csat_by_topic.csv"),
        ("../a b", ["<x>"], "a_b_by_x.csv"),
        ("", [], "table.csv"),
    ],
)
def test_a_file_has_a_plain_name(metric, by, name):
    assert file_name(Result.of(pd.DataFrame(), metric, {}, by)) == name


# --- hostile data -------------------------------------------------------------------------------------

TEXTS = st.one_of(
    st.text(max_size=40), st.sampled_from([HOSTILE, "=1+1", "x" * 10_000, "\x00", "\u202ea", "(none)", "", None])
)
NUMBERS = st.one_of(st.floats(-1e9, 1e9), st.sampled_from([np.nan, np.inf, -np.inf, 0.0]))


@given(
    rows=st.lists(st.tuples(TEXTS, st.integers(0, 50), NUMBERS, NUMBERS, NUMBERS), max_size=16),
    shape=st.sampled_from(["rate", "wait", "mean", "count", "listing", "pull", None]),
    unit=st.sampled_from(["rate", "seconds", "score", "number"]),
)
def test_whatever_the_data_holds_is_a_table(rows, shape, unit):
    columns = ["topic", "n", "rate", "low", "high"]
    frame = pd.DataFrame([list(row) for row in rows], columns=columns).astype(
        {"n": int, "rate": float, "low": float, "high": float}
    )
    frame = frame.assign(pull=frame["rate"], verdict="chance") if shape == "pull" else frame
    units = {"n": "count", "rate": unit, "pull": "points"}
    result = made(
        "some_rate", frame, ["topic"], units=units, shape=shape, value="rate", when_null={"rate": "not_reached"}
    )
    tables = tables_of(result)
    assert bool(tables) == bool(rows) and sorted(row_order(result)) == list(range(len(rows)))
    for table in tables:
        for html in filter(None, (table["html"], table["all"])):
            assert "<script" not in html and len({len(row) for row in cells(html)}) == 1 and len(html) < 200_000
        assert len(cells(table["html"])[0]) <= 6
        assert len(cells(table["html"])) - 1 == (len(rows) if len(rows) <= 12 else 10)
        for line in csv.reader(io.StringIO(csv_of(table["data"]) if table["data"] else "", newline="")):
            assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in line)


def test_a_column_may_be_called_anything():
    frame = pd.DataFrame({HOSTILE: [HOSTILE] * 2, "n": [20, 30], "rate": [0.1, 0.2], "low": 0.0, "high": 0.3})
    (table,) = tables_of(made(HOSTILE, frame, [HOSTILE], **RATE))
    assert "<script" not in table["html"] + table["all"] and "alert" in table["label"]


# --- widths -------------------------------------------------------------------------------------------


def _width(text, size):
    from matplotlib import get_data_path
    from matplotlib.ft2font import FT2Font

    font = FT2Font(f"{get_data_path()}/fonts/ttf/DejaVuSans.ttf")  # the widest that a reader's system falls back to
    font.set_size(size, 72)
    font.set_text(text)
    return font.get_width_height()[0] / 64


def _cell_width(cell):
    """Of text of 14 px, what stands beside it of 13, chips of 12 with 6 px to each side, a status with its mark."""
    sizes = {"iv": (13, 4), "chip": (12, 12), "status": (14, 18)}
    parts = re.findall(r'<span class="(\w+)[^"]*">(.*?)</span>|([^<]+)', cell)
    sized = [(*sizes.get(css, (14, 0)), escaping.unescape(inner or text)) for css, inner, text in parts]
    return sum(_width(text, size) + more for size, more, text in sized)


@pytest.mark.parametrize("name, by, choices", CASES, ids=NAMES)
def test_a_table_that_is_read_fits_its_column(name, by, choices):
    table, *_ = tables_of(result_of(name, by, choices))
    head, *rows = [
        re.findall(r"<t[hd]([^>]*)>(.*?)</t[hd]>", row) for row in re.findall(r"<tr[^>]*>(.*?)</tr>", table["html"])
    ]
    total = 14 * (len(head) - 1)
    for place, (css, title) in enumerate(head):
        lines = [row[place][1] for row in rows]
        if "text" in css:  # what wraps does so between names, too
            lines = [part for line in lines for part in line.split(" · ")]
        body = max(map(_cell_width, lines))
        words_of = max(_width(word, 13) for word in escaping.unescape(title).split(" "))  # a head may wrap
        total += max(words_of, min(body, 200) if "text" in css else body)
    assert total <= 800


def test_the_cells_of_a_listing_have_their_heading_with_them_for_a_phone():
    scores = pd.DataFrame({"survey_id": ["s", "t"], "score": [1, 2], "topic": ["a", "b"], "comment": ["<b>", None]})
    (one,) = tables_of(metrics.low_scores(scores))
    assert '<table class="stacks" role="table">' in one["html"]
    assert 'role="cell" data-label="Score">1</td>' in one["html"] and "stacks" not in one["all"]
    assert str(clean.table_html(one["html"])).count("data-label") == one["html"].count("data-label") > 0
    (other,) = tables_of(metrics.csat(scores))
    assert "data-label" not in other["html"] and "role" not in other["html"]


def test_what_is_counted_of_a_group_stands_once_in_a_listing():
    frame = pd.DataFrame({"topic": ["a", "a", "b"], "n": [5, 5, 5], "said": ["x", "y", "z"]})
    result = Result.of(frame, "voice_of_customer", {"n": "count"}, ["topic"])
    result.attrs |= {"shape": "listing", "rows": ["topic", "said"]}
    (one,) = tables_of(result)
    assert re.findall(r'data-label="Texts">(.*?)<', one["html"]) == ["5", "", "5"]
