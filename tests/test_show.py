"""What notebooks show: sentence, chart and table, key figures, tables in words; everything escaped."""

import datetime
import subprocess
import sys

import pandas as pd
import pytest

import toolkit
from toolkit import metrics, show, words
from toolkit.clock import parse_period
from toolkit.metrics.registry import METRICS
from toolkit.result import Result

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

    monkeypatch.setattr(findings, "sentence", lambda result, **context: f"Said of {list(context)}.", raising=False)
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
    assert "highest for C" in shown[0][0]["text/plain"] and [one.get("highlight") for one in drawn] == [2, None]
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


# --- key figures --------------------------------------------------------------------------------------

CARD = {
    "metric": "abandonment_rate", "column": "abandonment_rate", "minimum_count": 10,
    "value": 0.143, "unit": "rate", "n": 1204, "case": "call",
    "low": 0.124, "high": 0.164, "previous": 0.115, "change": 0.028, "change_low": 0.003, "change_high": 0.053,
    "verdict": "clear", "direction": "worse", "target": 0.05, "status": "off", "population": "all", "note": None,
}  # fmt: skip


def test_cards_are_escaped_and_go_to_the_report(shown):
    show.cards([CARD | {"label": HOSTILE}])
    bundle, _ = shown[0]
    assert "<script" not in bundle["text/html"] and "&lt;script" in bundle["text/html"]
    (figure,) = bundle[show.FIGURES_MIME]["figures"]
    assert figure["cases"] == "1,204 calls" and figure["label"] == HOSTILE
    assert "worse, clear change" in bundle["text/html"] and "off target" in bundle["text/html"]


def test_key_figures_are_those_that_metrics_compare(shown, sample):
    march = sample.during("2024-03")
    show.key_figures(march, (metrics.abandonment_rate, {}), (metrics.csat, {"value": "mean"}))
    lost, mean = shown[0][0][show.FIGURES_MIME]["figures"]
    overall = metrics.abandonment_rate(march.calls).iloc[0]
    assert lost["value"] == words.value_text(overall["abandonment_rate"], "rate")
    assert lost["cases"] == f"{overall['n']:.0f} calls"
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
