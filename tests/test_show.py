"""What notebooks show: tables, key figures, charts; everything escaped."""

import numpy as np
import pandas as pd
import pytest

from toolkit import display, metrics
from toolkit.result import Result, interval_columns, table_html

HOSTILE = '<script>alert("x")</script>&'


@pytest.fixture
def shown(monkeypatch):
    """The bundles that were displayed."""
    bundles = []
    monkeypatch.setattr(display, "_display", lambda bundle, metadata=None: bundles.append((bundle, metadata)))
    return bundles


def answers(n, satisfied):
    return metrics.csat(pd.DataFrame({"score": [5] * satisfied + [1] * (n - satisfied)}))


def test_a_result_is_a_frame_that_shows_well():
    result = answers(100, 80)
    assert isinstance(result, pd.DataFrame) and result["csat"].iloc[0] == 0.8
    html = result._repr_html_()
    assert "80.0 %" in html and "71.1 % to 86.7 %" in html
    assert result[result["n"] > 0].attrs["metric"] == "csat"  # survives a selection


def test_too_few_hide_the_figure_but_not_the_count():
    html = table_html(answers(3, 3))
    assert "too few" in html and "100.0 %" not in html and ">3<" in html
    assert "fewer than 10" in html


def test_undefined_is_a_dash_and_no_row_is_no_data():
    assert "–" in table_html(
        Result.of(pd.DataFrame({"n": [50], "rate": [np.nan]}), "x", {"n": "count", "rate": "rate"})
    )
    assert "no data" in table_html(Result.of(pd.DataFrame({"n": []}), "x", {"n": "count"}))


def test_names_are_escaped():
    frame = pd.DataFrame({HOSTILE: [HOSTILE], "n": [99]})
    html = table_html(Result.of(frame, "x", {"n": "count"}, caption=HOSTILE, choices={HOSTILE: HOSTILE}))
    assert "<script" not in html and html.count("&lt;script&gt;") >= 4


def test_intervals_belong_to_their_figure():
    columns = [
        "topic",
        "n",
        "csat",
        "low",
        "high",
        "pull",
        "pull_low",
        "pull_high",
        "median_seconds",
        "median_low",
        "median_high",
    ]
    assert interval_columns(columns) == {
        "csat": ("low", "high"),
        "pull": ("pull_low", "pull_high"),
        "median_seconds": ("median_low", "median_high"),
    }


@pytest.mark.parametrize(
    "now, before, direction",
    [
        ((100, 90), (100, 60), "better"),
        ((100, 60), (100, 90), "worse"),
        ((100, 80), (100, 81), "unclear"),
        ((100, 80), None, "none"),
    ],
)
def test_direction_of_a_key_figure(now, before, direction):
    figure = display.key_figure("CSAT", answers(*now), answers(*before) if before else None, "csat", better="higher")
    assert figure["direction"] == direction
    assert figure["value"] == f"{now[1]}.0 %" and figure["n"] == 100
    assert bool(figure["change"]) == bool(before)


def test_lower_may_be_better():
    assert (
        display.key_figure("Calls lost", answers(100, 60), answers(100, 90), "csat", better="lower")["direction"]
        == "better"
    )


@pytest.mark.parametrize("n, value", [(0, "no data"), (5, "too few")])
def test_a_key_figure_of_nothing(n, value):
    figure = display.key_figure("CSAT", answers(n, 0), answers(100, 80), "csat")
    assert figure["value"] == value and not figure["change"]


def test_the_previous_period_may_be_empty_or_too_small():
    assert display.key_figure("CSAT", answers(100, 80), answers(0, 0), "csat")["previous"] == "no data"
    assert display.key_figure("CSAT", answers(100, 80), answers(5, 5), "csat")["previous"] == "too few"


def test_a_median_that_is_not_reached_says_so():
    start = pd.Timestamp("2024-03-01T09:00Z")
    frame = pd.DataFrame({"created_at": [start] * 20, "first_response_at": [start] * 2 + [pd.NaT] * 18})
    result = metrics.first_response_time(frame, as_of="2024-03-02")
    assert display.key_figure("Median", result, None, "median_seconds")["value"] == "not reached"
    assert "not reached" in table_html(result)


def test_sentences_and_cards_are_escaped(shown):
    display.say(HOSTILE)
    display.key_figures(display.key_figure(HOSTILE, answers(100, 80), None, "csat"))
    for bundle, _ in shown:
        assert "<script" not in bundle["text/html"]
    assert shown[1][0][display.FIGURES_MIME]["figures"][0]["value"] == "80.0 %"


def test_a_chart_carries_its_alternative_text_and_no_hostile_markup(shown):
    from toolkit import plots

    surveys = pd.DataFrame({"topic": [HOSTILE] * 20 + ["b"] * 20, "score": [5, 1] * 20})
    display.chart(plots.plot_csat_by_topic(metrics.csat_by_topic(surveys)), alt="CSAT of two topics.")
    bundle, metadata = shown[0]
    assert metadata["image/svg+xml"]["alt"] == "CSAT of two topics."
    svg = bundle["image/svg+xml"]
    assert svg.startswith("<svg") and "<script" not in svg and "currentColor" in svg
    import matplotlib.pyplot as plt

    assert not plt.get_fignums()  # shown once, and not kept


def test_the_same_figure_is_the_same_svg():
    from toolkit import plots

    result = metrics.csat(pd.DataFrame({"channel": ["a"] * 20 + ["b"] * 20, "score": [5, 1] * 20}), by="channel")
    first, second = (display.figure_svg(plots.plot_csat(result).figure) for _ in range(2))
    plots.plt.close("all")
    assert first == second


def test_header_tells_no_folder(shown, sample):
    display.header(sample.during("2024-03"), "Title")
    about = shown[0][0][display.HEADER_MIME]
    assert about["period"]["label"] == "2024-03" and about["previous_period"]["label"] == "2024-02"
    assert about["time_zone"] == "Europe/Rome" and "calls.csv" in about["files"]
    assert not any("/" in file for file in about["files"])


def test_an_absent_table_names_the_sources(shown, sample):
    from toolkit.load import Data

    bare = object.__new__(Data)
    bare.__dict__.update(sample.__dict__, _names=["calls"])
    display.absent(bare, "call_stages")
    assert "asterisk" in shown[0][0]["text/html"]
