"""What notebooks show: blocks of a finding, its chart and tables; the head, tiles, the headline; everything escaped."""

import datetime
import json
import re
import subprocess
import sys

import pandas as pd
import pytest

import toolkit
from toolkit import blocks, findings, metrics, show, words
from toolkit.clock import parse_period
from toolkit.displays import KEY_FIGURES, MEASURED, REPORT, SECTION
from toolkit.errors import MissingColumn
from toolkit.metrics.compare import beside_previous, weekly
from toolkit.metrics.registry import METRICS

HOSTILE = '<script>alert("x")</script>&'


def plain(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture
def shown(monkeypatch):
    """The bundles that were displayed, in their order; an update replaces the display of its id."""
    bundles, places = [], {}

    def display(bundle, display_id=None, update=False, metadata=None):
        if update:
            bundles[places[display_id]] = bundle
        else:
            places[display_id] = len(bundles)
            bundles.append(bundle)

    monkeypatch.setattr(show, "_display", display)
    monkeypatch.setattr(show, "_shown", show._Shown())
    return bundles


@pytest.fixture
def pseudo():
    words.use(words.PSEUDO)
    yield
    words.use(words.DEFAULT)


@pytest.fixture(scope="module")
def april(sample):
    return sample.during("2024-04-01..2024-04-28")


def calls(**lost_of):
    """Calls by queue: {queue: (lost, n)}."""
    rows = [
        {"queue": queue, "started_at": pd.Timestamp("2024-04-01T12:00Z"), "outcome": "abandoned" if at < lost else "answered"}
        for queue, (lost, n) in lost_of.items()
        for at in range(n)
    ]  # fmt: skip
    return pd.DataFrame(rows)


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


# --- blocks -------------------------------------------------------------------------------------------


def test_a_block_has_the_finding_the_chart_twice_and_its_table():
    result = metrics.abandonment_rate(calls(a=(2, 100), b=(5, 60), c=(30, 40)), by="queue")
    made, told = blocks.block(result), findings.tell(result)
    assert (made["heading"], made["note"], made["status"]) == (told.heading, told.note, told.status)
    assert made["chart"]["wide"].startswith("<svg") and made["chart"]["narrow"].startswith("<svg")
    assert made["chart"]["wide"] != made["chart"]["narrow"] and not made["chart"]["folded"]
    assert [table["label"] for table in made["tables"]] == ["Abandonment rate by queue"]
    assert made["by"] == ["queue"] and made["form"] == "rate" and "var(--data" in made["chart"]["wide"]
    assert json.loads(json.dumps(made)) == made


def test_the_chart_marks_the_group_that_the_heading_names(monkeypatch):
    from toolkit import plots

    drawn, plot = [], plots.plot
    monkeypatch.setattr(plots, "plot", lambda result, **options: drawn.append(options) or plot(result, **options))
    made = blocks.block(metrics.abandonment_rate(calls(a=(2, 100), b=(5, 60), c=(30, 40)), by="queue"))
    assert "C" in made["heading"] and {one["highlight"] for one in drawn} == {2} and len(drawn) == 2
    drawn.clear()
    made = blocks.block(metrics.abandonment_rate(calls(a=(10, 100), b=(6, 60), c=(4, 40)), by="queue"))
    assert [one.get("highlight") for one in drawn] == [None, None] and made["chart"]["folded"]


def test_no_figure_is_left_open():
    import matplotlib.pyplot as plt

    blocks.block(metrics.abandonment_rate(calls(a=(2, 100), b=(5, 60)), by="queue"))
    assert not plt.get_fignums()


def test_what_says_no_more_than_its_sentence_is_one():
    one_group = blocks.block(metrics.abandonment_rate(calls(a=(20, 100)), by="queue"))
    assert one_group["chart"] is None and "20 %" in plain(one_group["heading"] + one_group["note"])
    nobody = blocks.block(metrics.abandonment_rate(calls(a=(1, 3), b=(1, 2)), by="queue"))
    assert nobody["chart"] is None and nobody["heading"].startswith("Too few")
    empty = blocks.block(metrics.abandonment_rate(calls(a=(1, 3)).head(0), by="queue"))
    assert empty["chart"] is None and not empty["tables"] and empty["heading"]


def test_names_are_escaped_in_a_block(shown):
    toolkit.show(metrics.abandonment_rate(calls(**{HOSTILE: (30, 40), "b": (5, 60)}), by="queue"))
    (bundle,) = shown
    made = bundle[SECTION]
    every = [
        bundle["text/html"],
        made["chart"]["wide"],
        made["chart"]["narrow"],
        *(one["html"] for one in made["tables"]),
    ]
    assert not any("<script" in html for html in every) and "&lt;script" in bundle["text/html"]
    assert "<script" in made["heading"] + made["note"]  # texts are plain; who shows them escapes them


def test_a_caption_is_what_the_tables_are_called(shown):
    toolkit.show(metrics.abandonment_rate(calls(a=(2, 100), b=(5, 60)), by="queue"), caption="My queues")
    assert shown[0][SECTION]["tables"][0]["label"] == "My queues" and "My queues" in shown[0]["text/html"]


def test_ids_are_the_same_when_a_cell_is_run_again(shown):
    frame = calls(a=(2, 100), b=(5, 60))
    for options in ({"by": "queue"}, {"by": "queue"}, {"by": "queue", "short_abandon": "5s"}, {}):
        toolkit.show(metrics.abandonment_rate(frame.assign(abandoned_at=pd.NaT), **options))
    ids = [bundle[SECTION]["id"] for bundle in shown]
    assert ids == [
        "abandonment-rate-by-queue",
        "abandonment-rate-by-queue",
        "abandonment-rate-by-queue-2",
        "abandonment-rate",
    ]


def test_no_past_is_said(shown):
    assert toolkit.show(None) is None
    assert shown[0]["text/plain"] == words.text("blocks.no_past")


@pytest.mark.parametrize("name", [name for name, one in METRICS.items() if one.table])
def test_every_metric_is_shown_in_one_line(shown, april, name):
    result = METRICS[name].function(getattr(april, METRICS[name].table))
    toolkit.show(result)
    (bundle,) = shown
    made, text = bundle[SECTION], bundle["text/plain"]
    assert made["metric"] == name and made["heading"] and not made["heading"].endswith(".")
    assert text.startswith(made["heading"].replace("`", "")) and not re.search(r"\b(nan|NaT|NA)\b", text)
    assert made["tables"] and "<table" in made["tables"][0]["html"]
    if made["chart"]:
        assert made["chart"]["alt"] and made["chart"]["alt"] != made["heading"]


# --- breakdowns ---------------------------------------------------------------------------------------


def test_a_breakdown_has_a_tab_for_each_column_that_is_there(shown, april):
    show.breakdown(april, metrics.abandonment_rate, "hour", "weekday", "no_such")
    made = shown[0][SECTION]
    assert [tab["label"] for tab in made["tabs"]] == ["Local hour", "Weekday"]
    assert made["heading"] == made["tabs"][0]["block"]["heading"]
    assert [tab["block"]["by"] for tab in made["tabs"]] == [["hour"], ["weekday"]]


def test_a_breakdown_of_one_column_is_a_block(shown, april):
    show.breakdown(april, metrics.csat, "channel", "channel", "")
    assert "tabs" not in shown[0][SECTION] and shown[0][SECTION]["by"] == ["channel"]


def test_a_breakdown_of_nothing_names_the_column(shown, april):
    with pytest.raises(MissingColumn, match="no_such"):
        show.breakdown(april, metrics.csat, "no_such")


# --- text, charts and tables alone --------------------------------------------------------------------


def test_sentences_are_escaped_and_backticks_are_code(shown):
    show.say(f"{HOSTILE} see `toolkit check`")
    show.left_out(HOSTILE)
    for bundle in shown:
        assert "<script" not in bundle["text/html"]
        assert "`" not in bundle["text/html"] + bundle["text/plain"]
    assert "<code>toolkit check</code>" in shown[0]["text/html"]
    assert shown[1]["text/plain"].startswith("Left out: <script>")


def test_a_chart_of_ones_own_carries_its_alternative_text(monkeypatch):
    import matplotlib.pyplot as plt

    said = []
    monkeypatch.setattr(show, "_display", lambda bundle, metadata: said.append((bundle, metadata)))
    figure, axes = plt.subplots()
    axes.bar(["a", HOSTILE], [1, 2])
    show.chart(axes, "Two bars.")
    ((bundle, metadata),) = said
    assert metadata["image/svg+xml"]["alt"] == "Two bars." and bundle["image/svg+xml"].startswith("<svg")
    assert "<script" not in bundle["image/svg+xml"] and not plt.get_fignums()


def test_a_plain_frame_is_a_table_too_and_stays_as_it_is(shown):
    frame = pd.DataFrame({"team": ["a"], "n": [3]})
    show.table(frame)
    assert "<table" in shown[0]["text/html"] and ">A<" in shown[0]["text/html"]
    assert frame.attrs == {} and type(frame) is pd.DataFrame


# --- head ---------------------------------------------------------------------------------------------


def test_the_head_says_scope_and_days_and_no_folder(shown, april):
    show.header(april, "Response times", by="channel", clock="business", channels="written", other="x")
    about = shown[0][REPORT]
    assert about["scope"] == "Response times by channel, opening hours only, written channels"
    assert (
        about["line"]
        == "1 to 28 April 2024, compared with 4 to 31 March read at the same age, and with 3 to 30 April 2023"
    )
    assert about["time_zone"] == "Europe/Rome" and "calls.csv" in about["files"]
    assert not any("/" in file for file in about["files"])
    assert shown[0]["text/plain"].startswith(f"{about['scope']}, {about['line']}")


def test_the_scope_names_what_the_data_is_restricted_to(shown, sample):
    show.header(sample.where(channel=["web_chat", "x"]).during("2024-03"), "Response times", by=["channel", "team"])
    assert shown[0][REPORT]["scope"] == "Response times by channel and team, channel Web chat and X"


def test_all_of_the_data_has_days_too(shown, sample):
    show.header(sample, "Abandonment")
    about = shown[0][REPORT]
    assert about["line"] == "13 March 2023 to 28 April 2024" and about["previous_period"] is None
    assert about["period"]["start"].startswith("2023-03-12T23:00")


def test_periods_of_two_years_say_both(sample):
    days = (datetime.date(2023, 12, 4), datetime.date(2023, 12, 31))
    assert words.days_name(*days, with_year=False) == "4 to 31 December"
    assert words.days_name(datetime.date(2023, 12, 4), datetime.date(2024, 1, 3), with_year=False).count("20") == 2


class Known:
    """What the banner asks of data."""

    def __init__(self, running=None, days=10, missing=(), jumps=(), covered=30, rejected=0, doubts=(), meant=0):
        self.comparison = {"is_running": running is not None, "days_so_far": days, "period_days": 30}
        self.comparison["before_whole"], self.zone, self.days_so_far = running, "UTC", 30
        self.missing_days, self._jumps, self.plain_doubts = list(missing), list(jumps), list(doubts)
        self.period, self.covered = MARCH, type("Covered", (), {"days": covered})
        rows = {"table": ["calls", "made"], "rows_in": [1000, 99], "rejected": [rejected, 99], "derived": [False, True]}
        self.counts = pd.DataFrame(rows | {"on_purpose": [meant, 0]})

    def volume_warnings(self):
        return self._jumps

    def notes_of_groups(self):
        return []


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
        (Known(covered=27), []),  # nine in ten
        (Known(covered=26), ["The data holds 26 of the period’s 30 days."]),
        (Known(rejected=10), []),  # one in a hundred
        (Known(rejected=11), ["11 rows (1.1 %) were set aside: figures rest on the others."]),
        (Known(rejected=36, meant=35), []),  # merged tickets are no wrong rows
        (
            Known(rejected=46, meant=35),
            [
                "11 rows (1.1 %) were set aside: figures rest on the others.",
                "Besides, 35 rows were left out on purpose, such as merged ones or older copies: nothing is wrong with them.",
            ],
        ),
        (Known(doubts=["Zones are guessed."]), ["Zones are guessed."]),
    ],
)
def test_the_banner_says_what_must_be_known_first(data, said):
    assert [plain(text) for text in show.remarks(data)] == said


def test_the_banner_lists_no_more_than_ten_days():
    (said,) = show.remarks(Known(missing=DAYS))
    assert said.startswith("20 days are missing") and said.endswith("20 January 2024.") and "21 January" not in said


def test_the_head_of_a_running_period(shown, sample):
    show.header(sample.during("2024-04"), "Abandonment")
    (remark,) = shown[0][REPORT]["remarks"]
    assert remark.startswith("The period is still running: 28 of 30 days so far")
    assert remark in shown[0]["text/html"] and remark in shown[0]["text/plain"]


def test_the_title_of_a_notebook_of_ours_is_translated(shown, sample, pseudo):
    show.header(sample, "Abandonment")
    show.header(sample, "My own")
    assert [bundle[REPORT]["title"] for bundle in shown] == ["⟦Abandonment⟧", "My own"]


def test_an_absent_table_names_the_sources(shown, sample):
    from toolkit.load import Data

    bare = object.__new__(Data)
    bare.__dict__.update(sample.__dict__, _names=["calls"])
    show.absent(bare, "call_stages")
    said = shown[0]["text/plain"]
    assert "asterisk" in said and "no table of Stages of calls (it has: Calls)" in said and "call_stages.csv" in said


# --- tiles and the headline ---------------------------------------------------------------------------


def test_tiles_are_escaped_and_carry_their_drawings(shown):
    card = {
        "metric": "abandonment_rate", "column": "abandonment_rate", "minimum_count": 10, "label": HOSTILE,
        "value": 0.143, "unit": "rate", "n": 1204, "case": "call", "low": 0.124, "high": 0.164, "previous": 0.115,
        "change": 0.028, "change_low": 0.003, "change_high": 0.053, "verdict": "clear", "direction": "worse",
        "target": 0.05, "status": "off", "population": "all", "note": None, "history": [],
    }  # fmt: skip
    show.cards([card])
    (figure,) = shown[0][KEY_FIGURES]["figures"]
    assert "<script" not in shown[0]["text/html"] and "&lt;script" in shown[0]["text/html"]
    assert figure["label"].startswith(HOSTILE) and figure["bullet"].startswith("<svg") and figure["spark"] == ""
    assert "worse, clear change" in shown[0]["text/html"] and "off target" in shown[0]["text/html"]


def test_the_headline_completes_head_and_tiles(shown, april):
    show.header(april, "Abandonment")
    show.key_figures(april, (metrics.abandonment_rate, {}), (metrics.csat, {}))
    toolkit.show(*beside_previous(april, metrics.abandonment_rate, by="hour"))
    toolkit.show(weekly(april, metrics.abandonment_rate), period=april.period)
    assert "headline" not in shown[0][REPORT]
    show.headline(april)
    assert len(shown) == 4  # the head and the tiles are shown again in their place
    said = shown[0][REPORT]["headline"]
    assert "target" in said["title"] and said["bullets"][0]["kind"] == "off"
    assert "14 %" in plain(said["bullets"][0]["text"])
    assert said["title"] in shown[0]["text/plain"]
    first, second = shown[1][KEY_FIGURES]["figures"]
    assert first["block"] == "abandonment-rate-by-hour" and second["block"] == ""
    linked = {one["block"] for one in said["bullets"]} - {""}
    assert linked <= {bundle[SECTION]["id"] for bundle in shown[2:]}


def test_a_new_head_forgets_what_the_last_notebook_showed(shown, april):
    show.header(april, "Abandonment")
    toolkit.show(metrics.abandonment_rate(april.calls, by="hour"))
    show.header(april, "CSAT by topic")
    assert not show._shown.blocks and not show._shown.metrics


# --- how it was measured ------------------------------------------------------------------------------


def test_definitions_are_those_of_what_was_shown(shown, april):
    show.header(april, "CSAT")
    toolkit.show(*beside_previous(april, metrics.csat, by="channel"))
    show.measured(april, "response_rate")
    made = shown[-1][MEASURED]
    assert [one["title"] for one in made["definitions"]] == ["CSAT", "Against the previous period", "Response rate"]
    assert "rows were read" in made["quality"]["text"] and "Stages of calls" in made["quality"]["tables"][0]["html"]
    assert "`" not in shown[-1]["text/html"] and re.search(r"<details>", shown[-1]["text/html"])


def test_weeks_that_may_still_change_say_how_they_stood(april):
    said = "Each week as it stood at its end."
    for function, told in (
        (metrics.response_rate, 1), (metrics.csat, 1), (metrics.inbound_volume, 0), (metrics.abandonment_rate, 0),
    ):  # fmt: skip
        assert blocks.block(weekly(april, function), period=april.period)["note"].count(said) == told
    assert said not in blocks.block(metrics.response_rate(april.conversations, by="week"))["note"]  # all read at once
