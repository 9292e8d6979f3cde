"""What notebooks show: sentence, chart and table, key figures, tables in words; everything escaped."""

import datetime
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import toolkit
from toolkit import metrics, show, words
from toolkit.cards import card_texts
from toolkit.clock import parse_period
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


@pytest.fixture
def shown(monkeypatch):
    """The bundles that were displayed."""
    bundles = []
    monkeypatch.setattr(show, "_display", lambda bundle, metadata=None: bundles.append((bundle, metadata)))
    return bundles


@pytest.fixture
def pseudo():
    words.use(words.PSEUDO)
    yield
    words.use(words.DEFAULT)


def answers(n, satisfied):
    return metrics.csat(pd.DataFrame({"score": [5] * satisfied + [1] * (n - satisfied)}))


# --- show is a module and a function ------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "from toolkit import show; import toolkit.show; assert toolkit.show is show",
        "import toolkit.show; from toolkit import show; assert toolkit.show is show",
        "import toolkit; show = toolkit.show; import toolkit.show; assert toolkit.show is show",
    ],
)
def test_show_is_one_thing_however_it_is_imported(code):
    check = f"{code}; assert callable(show) and callable(show.header) and callable(show.key_figures)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_show_gives_sentence_chart_and_table(shown, monkeypatch):
    from matplotlib.figure import Figure

    from toolkit import findings, plots

    asked = {}

    def plot(result, **options):
        asked["plot"] = options
        axes = Figure().subplots()
        axes.barh([0, 1, 2], [3, 2, 1])
        axes.set_xlabel("Rate")
        return axes

    monkeypatch.setattr(findings, "tell", lambda result, **context: findings.Told(f"Said of {list(context)}"))
    monkeypatch.setattr(plots, "plot", plot, raising=False)
    result = rates()
    assert toolkit.show(result, "A caption", overall=result) is None
    said, chart, table = (bundle for bundle, _ in shown)
    assert said["text/plain"] == "Said of ['overall']." and "<table>" in table["text/html"]
    assert chart["image/svg+xml"].startswith("<svg") and "A caption" in table["text/html"]
    assert asked["plot"] == {"reference": result} or asked["plot"]["reference"] is result
    assert shown[1][1]["image/svg+xml"]["alt"] == "Chart of horizontal bars, across: Rate. Said of ['overall']."


def test_the_chart_highlights_the_group_that_the_sentence_names(shown, monkeypatch):
    from toolkit import plots

    drawn, plot = [], plots.plot
    monkeypatch.setattr(plots, "plot", lambda result, **options: drawn.append(options) or plot(result, **options))
    calls = {"started_at": pd.Timestamp("2024-04-01T12:00Z"), "outcome": ["answered"] * 180 + ["abandoned"] * 20}
    frame = pd.DataFrame(calls).assign(queue=["a"] * 100 + ["b"] * 60 + ["c"] * 40)
    toolkit.show(metrics.abandonment_rate(frame, by="queue"))
    toolkit.show(metrics.abandonment_rate(frame.assign(queue=["a", "b"] * 100), by="queue"))
    assert "of calls for C" in shown[0][0]["text/plain"] and [one.get("highlight") for one in drawn] == [2, None]
    toolkit.show(metrics.abandonment_by_base(frame.assign(queue_seconds=9, queued_at=frame["started_at"])))
    assert drawn[-1].get("highlight") is None


@pytest.mark.parametrize(
    "result, is_drawn",
    [
        (rates(), True),
        (rates().head(1), False),  # one group is a sentence
        (rates(minimum_count=9999), False),  # no group has enough
        (rates().head(0), False),
        (rates(shape="listing"), False),
        (rates(shape="curve").head(1), True),
        (rates(shape=None), False),  # a table of something that is no metric
    ],
)
def test_a_chart_is_drawn_where_it_says_more_than_the_sentence(result, is_drawn):
    assert show.is_drawn(result) == is_drawn


@pytest.mark.parametrize(
    "draw, form",
    [
        (lambda axes: axes.bar([1, 2], [1, 2]), "Bar chart"),
        (lambda axes: axes.barh([1, 2], [1, 2]), "Chart of horizontal bars"),
        (lambda axes: axes.plot([1, 2, 3], [1, 2, 3]), "Line chart"),
        (lambda axes: axes.pcolormesh([[1, 2], [3, 4]]), "Grid of coloured cells"),
        (lambda axes: axes.plot([1, 2, 3], [1, 2, 3], "o"), "Chart of points with whiskers"),
    ],
)
def test_alternative_text_says_form_axes_and_finding(draw, form):
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    draw(axes)
    assert show.alternative_text(axes, "It rose.") == f"{form}. It rose."
    axes.set(xlabel="Day\n○ too few to show", ylabel="Calls")
    assert show.alternative_text(axes, "It rose.") == f"{form}, across: Day; upwards: Calls. It rose."


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
    assert chat[5:] == ["5.0 %", "off target"] and mail[6] == "could be on target" and x[6] == "too few to tell"
    assert '<td class="status off"' in table_html(result)


def test_where_there_is_no_figure_nothing_is_said_of_its_target():
    frame = {"weekday": ["Monday", "Sunday", "Tuesday"], "n": [70, 11, 3], "rate": [0.1, np.nan, 0.1]}
    frame |= {"low": [0.06, np.nan, 0.0], "high": [0.2, np.nan, 0.6]}
    result = made("abandonment_rate", frame, units={"n": "count", "rate": "rate"}, by=["weekday"])
    result.attrs["target"] = {"of": "rate", "low": "low", "high": "high", "value": 0.05, "best": "low"}
    assert result.statuses() == ["off", "none", "few"]
    assert [row[-1] for row in cells(plain(table_html(result)))[1:]] == ["off target", "–", "too few to tell"]


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
        plain(words.part_name(code, values)) for code, values in told
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
    assert f"<caption>{expected}</caption>" in html and f'aria-label="{expected}"' in html


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


# --- key figures --------------------------------------------------------------------------------------

CARD = {
    "metric": "abandonment_rate", "column": "abandonment_rate", "minimum_count": 10,
    "value": 0.143, "unit": "rate", "n": 1204, "case": "call",
    "low": 0.124, "high": 0.164, "previous": 0.115, "change": 0.028, "change_low": 0.003, "change_high": 0.053,
    "verdict": "clear", "direction": "worse", "target": 0.05, "status": "off", "population": "all", "note": None,
}  # fmt: skip


@pytest.mark.parametrize(
    "change, said",
    [
        ({}, {"value": "14.3 %", "cases": "1,204 calls", "interval": "12.4 % to 16.4 %", "previous": "11.5 %"}),
        ({}, {"change": "+2.8 pts", "change_interval": "+0.3 pts to +5.3 pts", "verdict": "worse, clear change"}),
        ({}, {"standing": "off target (target 5.0 %)", "status": "off", "direction": "worse"}),
        ({"direction": "better"}, {"verdict": "better, clear change", "direction": "better"}),
        ({"direction": "none"}, {"verdict": "clear change", "direction": "none"}),  # a volume is neither
        ({"verdict": "chance"}, {"verdict": "could be chance", "direction": "none"}),
        ({"verdict": "no history"}, {"verdict": "too little history to tell", "direction": "none"}),
        ({"previous": None, "change": None}, {"change": "", "previous": "", "verdict": ""}),
        ({"change": None, "verdict": "few"}, {"change": "", "previous": "11.5 %", "verdict": "too few"}),
        ({"n": 1, "note": "few"}, {"value": "too few", "note": "1 call, fewer than 10", "interval": "", "change": ""}),
        ({"n": 0, "note": "no_data"}, {"value": "no data", "note": "no case in this period", "cases": "0 calls"}),
        ({"n": 0, "unit": "count", "value": 0, "low": None}, {"value": "0"}),
        ({"status": "none", "target": None}, {"standing": ""}),
        ({"unit": "count", "value": 1204, "change": 0.12}, {"change": "+12.0 %"}),
        ({"unit": "count", "value": 1204, "change": -0.022, "per_day": True}, {"change": "−2.2 % a day"}),
        (
            {"unit": "seconds", "value": None, "low": 600, "high": None, "note": "not_reached"},
            {"value": "not reached", "interval": "10 min or more", "note": ""},
        ),
        ({"population": "written"}, {"population": "written channels"}),
        ({"population": "all"}, {"population": ""}),
        ({"population": "every"}, {"population": "all channels"}),
        (
            {"metric": "average_speed_of_answer", "column": "within_target", "within_seconds": 20},
            {"label": "Answered within the target time: 20 s"},
        ),
        ({"metric": "csat", "column": "sent_count", "unit": "count"}, {"label": "CSAT: Surveys sent"}),
        ({"label": "My own"}, {"label": "My own"}),
        ({"metric": "csat", "column": "mean", "unit": "score", "value": 4.1}, {"label": "Mean score", "value": "4.10"}),
        ({"unit": "seconds", "value": 95, "change": -20}, {"value": "1.6 min", "change": "−20 s"}),
        ({"note": ("tables.notes.more", {"n": 1})}, {"note": "1 more row not shown."}),
    ],
)  # fmt: skip
def test_a_card_in_words(change, said):
    made = card_texts(CARD | change)
    assert {name: plain(made[name]) for name in said} == said


def test_cards_are_escaped_and_go_to_the_report(shown):
    show.cards([CARD | {"label": HOSTILE}])
    bundle, _ = shown[0]
    assert "<script" not in bundle["text/html"] and "&lt;script" in bundle["text/html"]
    (figure,) = bundle[show.FIGURES_MIME]["figures"]
    assert figure["n"] == 1204 and figure["label"] == HOSTILE
    assert "worse, clear change" in bundle["text/html"] and "off target" in bundle["text/html"]


def test_key_figures_are_those_that_metrics_compare(shown, sample):
    march = sample.during("2024-03")
    show.key_figures(march, (metrics.abandonment_rate, {}), (metrics.csat, {"value": "mean"}))
    lost, mean = shown[0][0][show.FIGURES_MIME]["figures"]
    overall = metrics.abandonment_rate(march.calls).iloc[0]
    assert lost["value"] == format_value(overall["abandonment_rate"], "rate") and lost["n"] == overall["n"]
    assert lost["status"] == "off" and mean["label"] == "Mean score"


# --- sentences, charts, head --------------------------------------------------------------------------


def test_sentences_are_escaped_and_backticks_are_code(shown):
    show.say(f"{HOSTILE} see `toolkit check`")
    show.left_out(HOSTILE)
    show.text("pages.say.no_earlier")
    for bundle, _ in shown:
        assert "<script" not in bundle["text/html"]
        assert "`" not in bundle["text/html"] + bundle["text/plain"]
    assert "<code>toolkit check</code>" in shown[0][0]["text/html"]
    assert shown[1][0]["text/plain"].startswith("This section is left out: <script>")
    assert "no earlier period" in shown[2][0]["text/html"]


def test_a_chart_carries_its_alternative_text_and_no_hostile_markup(shown):
    import matplotlib.pyplot as plt

    surveys = pd.DataFrame({"topic": [HOSTILE] * 20 + ["b"] * 20, "score": [5, 1] * 20})
    show.chart(metrics.csat(surveys, by="topic").plot(), "CSAT of two topics.")
    bundle, metadata = shown[0]
    assert metadata["image/svg+xml"]["alt"].endswith(", across: CSAT. CSAT of two topics.")
    svg = bundle["image/svg+xml"]
    assert svg.startswith("<svg") and "<script" not in svg and "currentColor" in svg
    assert not plt.get_fignums()  # shown once, and not kept


def test_the_same_figure_is_the_same_svg():
    from matplotlib.figure import Figure

    def drawn():
        figure = Figure()
        figure.subplots().bar(["a", "b"], [1, 2])
        return show.figure_svg(figure)

    assert drawn() == drawn()


def test_header_tells_no_folder(shown, sample):
    show.header(sample.during("2024-03"), "Abandonment")
    about = shown[0][0][show.HEADER_MIME]
    assert about["period"]["label"] == "2024-03" and about["previous_period"]["label"] == "2024-02"
    assert about["time_zone"] == "Europe/Rome" and "calls.csv" in about["files"]
    assert not any("/" in file for file in about["files"])
    assert "2024-03, compared with 2024-02; times in Europe/Rome" in shown[0][0]["text/plain"]


class Known:
    """What the head asks of data."""

    def __init__(self, running=None, days=10, filters=None, missing=(), jumps=()):
        self.comparison = {"is_running": running is not None, "days_so_far": 10, "period_days": 30}
        self.comparison["before_whole"], self.zone = running, "UTC"
        self.comparison["days_so_far"] = days
        self.filters, self.missing_days, self._jumps = filters or {}, list(missing), list(jumps)

    def volume_warnings(self):
        return self._jumps


MARCH = parse_period("2024-03", datetime.datetime(2024, 4, 29, tzinfo=datetime.UTC), "UTC")
DAYS = [datetime.date(2024, 1, day) for day in range(11, 31)]
JUMP = {"table": "messages", "week": datetime.date(2017, 11, 6), "n": 59, "before": 1847}


@pytest.mark.parametrize(
    "data, said",
    [
        (Known(), []),
        (Known(running=""), ["The period is still running: 10 of 30 days so far."]),
        (Known(running=MARCH, days=30), ["The last day of the period was still running when the data was read."]),
        (
            Known(running=MARCH),
            ["The period is still running: 10 of 30 days so far, compared with the same part of 1 to 31 March 2024."],
        ),
        (Known(filters={"channel": ["web_chat", "x"]}), ["Only a part of the data: channel Web chat and X."]),
        (Known(filters={"my_own": ["a"]}), ["Only a part of the data: my_own A."]),
        (Known(missing=DAYS[:1]), ["1 day is missing from the data, a gap and no zero: 11 January 2024."]),
        (
            Known(missing=DAYS[:2]),
            ["2 days are missing from the data, gaps and no zeros: 11 January 2024 and 12 January 2024."],
        ),
        (
            Known(jumps=[JUMP] * 5),
            [
                "Messages jump from 1,847 to 59 in the week of 6 November 2017: look at what the data covers before comparing."
            ]
            * 3,
        ),
    ],
)
def test_the_head_says_what_must_be_known_first(data, said):
    assert show.remarks(data) == said


def test_the_head_lists_no_more_than_ten_days():
    (said,) = show.remarks(Known(missing=DAYS))
    assert said.startswith("20 days are missing") and said.endswith("20 January 2024.") and "21 January" not in said


def test_the_head_of_a_running_period(shown, sample):
    show.header(sample.during("2024-04"), "Abandonment")
    (remark,) = shown[0][0][show.HEADER_MIME]["remarks"]
    assert (
        remark
        == "The period is still running: 28 of 30 days so far, compared with the same part of 1 to 31 March 2024."
    )
    assert remark in shown[0][0]["text/html"] and remark in shown[0][0]["text/plain"]


def test_the_title_of_a_notebook_of_ours_is_translated(shown, sample, pseudo):
    show.header(sample, "Abandonment")
    show.header(sample, "My own")
    assert [bundle[show.HEADER_MIME]["title"] for bundle, _ in shown] == ["⟦Abandonment⟧", "My own"]


def test_an_absent_table_names_the_sources(shown, sample):
    from toolkit.load import Data

    bare = object.__new__(Data)
    bare.__dict__.update(sample.__dict__, _names=["calls"])
    show.absent(bare, "call_stages")
    said = shown[0][0]["text/plain"]
    assert "asterisk" in said and "no table of Stages of calls (it has: Calls)" in said and "call_stages.csv" in said
    bare.__dict__["_names"] = []
    show.absent(bare, "call_stages")
    assert "(it has: (none))" in shown[1][0]["text/plain"]


def test_a_comparison_is_shown_or_said_not_to_be(shown):
    show.against(None)
    show.against(rates(shape="comparison"), "Against February")
    assert "no earlier period" in shown[0][0]["text/plain"]
    assert "<caption>Against February</caption>" in shown[1][0]["text/html"]


def test_quality_and_definitions_are_shown(shown, sample):
    show.quality(sample)
    show.definitions("csat", "response_rate")
    together = " ".join(bundle["text/html"] for bundle, _ in shown)
    assert "<caption>Rows in, used and set aside</caption>" in together and "Stages of calls" in together
    assert together.count("<dt>") == 2 and "`" not in together
    assert "<code>toolkit check --out ledger.csv</code>" in together


def test_a_plain_frame_is_a_table_too_and_stays_as_it_is(shown):
    frame = pd.DataFrame({"team": ["a"], "n": [3]})
    show.table(frame, "Teams")
    assert "<caption>Teams</caption>" in shown[0][0]["text/html"]
    assert frame.attrs == {} and type(frame) is pd.DataFrame


@pytest.mark.parametrize("name", [name for name, one in METRICS.items() if one.table])
def test_every_metric_is_shown_in_one_line(shown, sample, name):
    result = METRICS[name].function(getattr(sample.during("2024-04"), METRICS[name].table))
    toolkit.show(result)
    kinds = [next(kind for kind in ("image/svg+xml", "text/html") if kind in bundle) for bundle, _ in shown]
    table = [] if METRICS[name].shape in show.DRAWN_ONLY else ["text/html"]
    assert kinds == ["text/html", *(["image/svg+xml"] if show.is_drawn(result) else []), *table]
    said = shown[0][0]
    assert not table or "<table>" in shown[-1][0]["text/html"]
    assert said["text/plain"] == result.sentence() and said["text/plain"][0].isupper() | said["text/plain"][0].isdigit()
    assert said["text/plain"].endswith(".") and "nan" not in said["text/plain"]
    if show.is_drawn(result):
        alt = shown[1][1]["image/svg+xml"]["alt"]
        assert alt.endswith(said["text/plain"]) and len(alt) > len(said["text/plain"]) + 10
