"""The overview and the page on the data's quality: what stands where, once, in words, and nothing hostile."""

import io
import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import nbformat
import pandas as pd
import pytest
from audit import faults
from browser import PAPER, audit, open_chromium  # noqa: F401
from conftest import ROOT
from nbformat.v4 import new_code_cell, new_notebook, new_output
from test_words_pages import Reader, pseudo  # noqa: F401

import toolkit
from toolkit import look, metrics, words
from toolkit.displays import KEY_FIGURES, REPORT, SECTION
from toolkit.load import open_data
from toolkit.load.quality import REASONS
from toolkit.metrics import compare
from toolkit.report import ledger, manifest, overview
from toolkit.report.bundles import read_bundles
from toolkit.report.made import Outcome
from toolkit.report.manifest import read_manifest, write_text
from toolkit.report.siblings import links

XSS = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'"
RUN = {"made_at": "2024-05-01T08:00:00+00:00", "versions": {"toolkit": "1"}, "data": None}
ABOUT = {
    "title": "T",
    "service": "Trains",
    "source": "tables",
    "period": {"label": "2024-04", "start": "2024-04-01", "end": "2024-04-28"},
    "previous_period": {"label": "2024-03", "start": "2024-03-04", "end": "2024-03-31"},
    "line": "1 to 28 April 2024, compared with 4 to 31 March read at the same age",
    "time_zone": "Europe/Rome",
    "as_of": "2024-04-28T22:00:00+00:00",
    "files": [],
    "remarks": [],
    "headline": {"title": "14 % of callers hang up", "bullets": []},
}
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 40"><path d="M0 0H300"/><text x="0" y="20" fill="var(--ink, currentColor)">Billing</text></svg>'


def figure(metric, column, unit, label, status="none", verdict=None, value=0.5, block="b1", **more):
    """(texts, raw) of a key figure."""
    texts = {"label": label, "value": "50 %", "interval": "45 to 55", "status": status, "cases": "", "note": ""}
    texts |= {"standing": "off target" if status == "off" else "no target", "beside": "target 80 %", "arrow": "▲"}
    texts |= {"change": "7.2 points", "verdict": "could be chance", "direction": "none", "bullet": "", "spark": ""}
    raw = {"metric": metric, "column": column, "unit": unit, "status": status, "verdict": verdict, "value": value}
    raw |= {
        "population": "all",
        "n": 90,
        "case": "call",
        "target": 0.8 if status == "off" else None,
        "minimum_count": 10,
    }
    return texts | {"block": block} | more, raw | {"p": 0.0001 if verdict == "clear" else None, "change": None}


CONTACTS = figure("inbound_volume", "n", "count", "Contacts")
LOST = figure("abandonment_rate", "abandonment_rate", "rate", "Abandonment", "off")
CSAT = figure("csat", "csat", "rate", "CSAT")
WAIT = figure("first_response_time", "median_seconds", "seconds", "Median first response", verdict="clear")


def section(number, heading="A finding", kind="", **more):
    chart = {"wide": DRAWING, "narrow": DRAWING, "alt": "A chart in words", "folded": False}
    block = {"id": f"b{number}", "heading": heading, "note": "", "status": "none", "is_changed": False, "score": 0.0}
    return block | {"chart": chart, "tables": [], "facts": [], "tested": [], "overview": kind} | more


def made(out, name, figures=(), sections=(), title="", group=None, **header):
    """Put a report into the folder `out` as the runner would: its page, its executed notebook, its entry."""
    about = ABOUT | header
    shown = {"figures": [texts for texts, _ in figures], "raw": [raw for _, raw in figures]}
    bundles = [{REPORT: about}, {KEY_FIGURES: shown}, *({SECTION: one} for one in sections)]
    outputs = [new_output("display_data", data=bundle) for bundle in bundles]
    write_text(
        out / "notebooks" / f"{name}.ipynb", nbformat.writes(new_notebook(cells=[new_code_cell("x", outputs=outputs)]))
    )
    (out / f"{name}.html").write_text("a page")
    outcome = Outcome(name, "ok", title or name.title(), "Its sentence.", html=out / f"{name}.html", group=group or {})
    outcome.header, outcome.figures = about, shown["figures"]
    put(out, outcome)


def put(out, outcome, about=RUN):
    """Put an outcome into the manifest in the folder `out`, and draw its index."""
    reports = read_manifest(out)["reports"]
    reports[outcome.name] = manifest.entry(outcome, about, reports.get(outcome.name, {}), about["made_at"])
    write_text(out / "manifest.json", json.dumps(about | {"reports": reports}, default=str))
    write_text(out / "index.html", overview.draw(out, about | {"reports": reports}))


class Page(HTMLParser):
    """A page's elements with their text."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append([tag, dict(attributes), ""])
        self.open.append(len(self.elements) - 1)

    def handle_endtag(self, tag):
        while self.open and self.elements[self.open.pop()][0] != tag:
            pass

    def handle_data(self, data):
        for at in self.open:
            self.elements[at][2] += data

    def texts(self, tag, **attributes):
        """The texts of the elements with all these attributes (`class_` is one of the classes)."""
        wanted = attributes.pop("class_", None)
        return [
            " ".join(text.split())
            for name, has, text in self.elements
            if name == tag
            and (wanted is None or wanted in (has.get("class") or "").split())
            and attributes.items() <= has.items()
        ]

    def hrefs(self):
        return [has["href"] for tag, has, _ in self.elements if tag == "a"]


def page(out):
    return Page((out / "index.html").read_text(encoding="utf-8"))


def tiles(out):
    return page(out).texts("article", class_="tile")


ROWS = [
    # metric, column, the row it stands in
    (metrics.inbound_volume, "n", "volume"),
    (metrics.average_speed_of_answer, "mean_seconds", "speed"),
    (metrics.average_speed_of_answer, "within_target", "speed"),
    (metrics.first_response_time, "within_target", "speed"),
    (metrics.first_response_time, "open_count", "volume"),
    (metrics.final_resolution_time, "within_target", "speed"),
    (metrics.sla_compliance, "sla_compliance", "speed"),
    (metrics.response_rate, "response_rate", "experience"),
    (metrics.abandonment_rate, "abandonment_rate", "experience"),
    (metrics.csat, "csat", "experience"),
    (metrics.csat, "mean", "experience"),
]


@pytest.mark.parametrize("metric, column, row", ROWS, ids=[f"{one.__name__} {column}" for one, column, _ in ROWS])
def test_a_figure_stands_in_the_row_of_its_kind(metric, column, row, week):
    (card,) = compare.figures(week, (metric, {"value": column}))
    assert overview.row_of(card) == row


@pytest.mark.parametrize("unit, row", [("count", "volume"), ("seconds", "speed"), ("points", "experience")])
def test_a_figure_of_ones_own_stands_in_the_row_of_its_unit(unit, row):
    assert overview.row_of({"unit": unit, "label": "Trains"}) == row


@pytest.fixture(scope="module")
def week():
    return open_data(ROOT / "data" / "sample", period="2024-04-15..2024-04-21")


def test_tiles_of_a_row_those_off_target_first_and_three_at_most(tmp_path):
    rates = [("plain", "none", None), ("changed", "none", "clear"), ("empty", "none", None), ("off", "off", None)]
    figures = [
        figure("csat", name, "rate", name, status, verdict, None if name == "empty" else 0.5)
        for name, status, verdict in rates
    ]
    rows = overview.rows_of([*figures, CONTACTS])
    assert [(row["key"], [tile["label"] for tile in row["tiles"]]) for row in rows] == [
        ("volume", ["Contacts"]),
        ("experience", ["off", "changed", "plain"]),
    ]


def test_a_figure_of_two_reports_counts_once(tmp_path):
    made(tmp_path, "calls", [CONTACTS, LOST])
    made(tmp_path, "csat", [CONTACTS, CSAT])
    shown = tiles(tmp_path)
    assert len(shown) == 3 and sum("Contacts" in text for text in shown) == 1
    assert "calls.html#b1" in page(tmp_path).hrefs() and "csat.html#b1" in page(tmp_path).hrefs()
    # another choice is another figure
    made(tmp_path, "other", [figure("csat", "csat", "rate", "CSAT within 20 s")])
    assert len(tiles(tmp_path)) == 4


def test_a_figure_of_a_metric_of_ones_own_has_a_tile_and_no_sentence(tmp_path):
    texts, raw = figure("", "", "count", "Trains")
    made(tmp_path, "own", [(texts, {name: raw[name] for name in ("unit", "value")})])
    assert tiles(tmp_path)[0].startswith("Trains") and page(tmp_path).texts("h1") == ["Trains"]  # of the service


def test_reports_on_other_days_are_listed_but_not_mixed_in(tmp_path):
    old = {"label": "2024-03", "start": "2024-03-01", "end": "2024-03-31"}
    made(tmp_path, "old", [CSAT], period=old)
    made(tmp_path, "new", [LOST])
    assert len(tiles(tmp_path)) == 1 and "Abandonment" in tiles(tmp_path)[0]
    listed = page(tmp_path).texts("li", class_="entry")
    assert listed == ["New Abandonment: 50 %, target 80 %", "Old 1 to 31 March 2024"]


def test_what_changed_is_the_clearest_pull_and_is_drawn_narrow(tmp_path):
    made(tmp_path, "calls", [LOST], [section(1, "Billing pulls", "pull", score=9.0)])
    made(
        tmp_path,
        "csat",
        [CSAT],
        [section(3, "Delivery added 4 points", "pull", is_changed=True, score=2.0), section(4, "At noon", "grid")],
    )
    seen = page(tmp_path)
    assert seen.texts("h3")[-1] == "Delivery added 4 points" and "At noon" in seen.texts("p", class_="note")
    assert [has["aria-label"] for tag, has, _ in seen.elements if tag == "svg" and has.get("role") == "img"] == [
        "A chart in words"
    ] * 2
    assert {"csat.html#b3", "csat.html#b4"} <= set(seen.hrefs()) and "calls.html#b1" in seen.hrefs()


def test_when_contacts_come_is_told_of_the_most(tmp_path):
    few = figure("inbound_volume", "n", "count", "Calls", value=378)
    many = figure("inbound_volume", "n", "count", "Contacts", value=898)
    made(tmp_path, "calls", [few], [section(1, "Calls come at noon", "grid")])
    made(tmp_path, "waits", [many], [section(1, "Contacts come in the morning", "grid")])
    assert "waits.html#b1" in page(tmp_path).hrefs() and "Calls come" not in page(tmp_path).texts("main")[0]


def test_a_folded_chart_leaves_its_sentence(tmp_path):
    folded = section(2, "No topic changed clearly", "pull")
    folded["chart"]["folded"] = True
    made(tmp_path, "calls", [LOST], [folded])
    assert "No topic changed clearly" in page(tmp_path).texts("h3")
    assert not page(tmp_path).texts("svg", role="img")


def test_blocks_of_tabs_are_read_with_the_id_of_their_section(tmp_path):
    tabs = {"id": "b2", "tabs": [{"label": "Channel", "block": section(7)}, {"label": "Topic", "block": section(8)}]}
    made(tmp_path, "calls", [LOST], [tabs, section(3)])
    assert [block["id"] for block in read_bundles(tmp_path / "notebooks" / "calls.ipynb")["blocks"]] == [
        "b2",
        "b2",
        "b3",
    ]


@pytest.mark.parametrize("content", [None, "", "not JSON", "{}", '{"cells": 3}'])
def test_a_notebook_that_cannot_be_read_says_nothing(tmp_path, content):
    if content is not None:
        (tmp_path / "a.ipynb").write_text(content)
    assert read_bundles(tmp_path / "a.ipynb") == {"header": {}, "figures": [], "blocks": []}


def test_the_manifest_keeps_the_texts_alone(tmp_path):
    made(tmp_path, "calls", [figure("csat", "csat", "rate", "CSAT", bullet=DRAWING, spark=DRAWING)])
    entry = read_manifest(tmp_path)["reports"]["calls"]
    assert "<svg" not in json.dumps(entry)
    assert entry["figures"][0]["value"] == "50 %" and entry["headline"] == ABOUT["headline"]


def test_skipped_reports_are_one_muted_line_in_plain_words(tmp_path):
    made(tmp_path, "csat", [CSAT])
    for name, title, table in (("a", "Abandonment", "calls"), ("b", "Menu", "call_stages"), ("c", "Waits", "calls")):
        put(tmp_path, Outcome(name, "skipped", title, lacks=table, message="no table 'calls' in x.csv"))
    assert page(tmp_path).texts("p", class_="lacking") == [
        "Not made, as the data has no stages of calls: Menu.",
        "Not made, as the data has no calls: Abandonment and Waits.",
    ]
    assert "x.csv" not in (tmp_path / "index.html").read_text() and "failed" not in page(tmp_path).texts("main")[0]


def test_failed_reports_say_when_and_what_is_shown(tmp_path):
    made(tmp_path, "csat", [CSAT])
    for name in ("csat", "new"):
        put(tmp_path, Outcome(name, "failed", name.title()), RUN | {"made_at": "2024-05-02T08:00:00+00:00"})
    assert page(tmp_path).texts("p", class_="failed") == [
        "The last run failed (2 May 2024, 10:00). What you see is the last good report, made 1 May 2024, 10:00.",
        "The last run failed (2 May 2024, 08:00).",
    ]
    assert "csat.html" in page(tmp_path).hrefs() and "new.html" not in page(tmp_path).hrefs()
    assert "CSAT" in tiles(tmp_path)[0]  # of the last good run


def test_no_report_at_all(tmp_path):
    write_text(tmp_path / "index.html", overview.draw(tmp_path, RUN | {"reports": {}}))
    assert "There is no report yet." in page(tmp_path).texts("main")[0]
    assert page(tmp_path).texts("h1") == ["Overview"] and not tiles(tmp_path)


def test_a_report_without_figures_stands_in_the_list_with_its_sentence(tmp_path):
    made(tmp_path, "own", headline=None)
    assert page(tmp_path).texts("li", class_="entry") == ["Own Its sentence."]
    assert page(tmp_path).texts("h1") == ["Trains"] and not tiles(tmp_path)


def group(value):
    return {"report": "waits", "title": "Waits", "column": "team", "value": value}


def test_reports_of_each_team_stand_below_their_whole(tmp_path):
    for value in ("(none)", "Roma", "Bari"):
        made(tmp_path, f"waits.team-{value.strip('()')}", [CSAT], title=f"Waits: team {value}", group=group(value))
    seen = page(tmp_path)
    assert seen.texts("ul", class_="values") == ["Bari Roma (unassigned)"]
    assert not tiles(tmp_path)  # a part is not told as the whole
    made(tmp_path, "waits", [CSAT])
    made(tmp_path, "calls", [LOST])
    listed = page(tmp_path).texts("li", class_="entry")
    assert [text.split()[0] for text in listed] == ["Calls", "Waits"] and "By team Bari Roma" in listed[1]


def test_the_links_of_a_report():
    reports = {
        name: {"title": name, "html": f"{name}.html"} | ({"group": group(value)} if value else {})
        for name, value in (("waits", ""), ("calls", ""), ("waits.Roma", "Roma"), ("waits.Bari", "Bari"))
    }
    reports["calls.Roma"] = {"title": "x", "html": "calls & Roma.html", "group": group("Roma") | {"report": "calls"}}
    told = {name: [(link["href"], link["is_current"]) for link in links(name, reports)] for name in reports}
    assert told["calls"] == [("index.html", False), ("calls.html", True), ("waits.html", False)]
    assert told["waits.Roma"] == [
        ("index.html", False),
        ("calls & Roma.html", False),
        ("waits.html", False),
        ("waits.Roma.html", True),
    ]


def test_hostile_texts_are_escaped(tmp_path):
    hostile = figure("csat", "csat", "rate", XSS, interval=XSS)
    made(tmp_path, "a", [hostile], [section(1, XSS, "pull", note=XSS)], title=XSS, service=XSS, line=XSS, remarks=[XSS])
    html = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "<script" not in html and "<img" not in html and "&lt;script&gt;" in html


# The page on the data's quality ----------------------------------------------------------------------------


@pytest.fixture
def broken(tmp_path):
    """The page on an export with a duplicate, a time before its cause, a hostile value and blanks."""
    rows = [
        ("1", "chat", "2024-03-01T08:00:00Z", ""),
        ("1", "chat", "2024-03-01T08:00:00Z", ""),
        ("2", XSS, XSS, ""),
        ("3", "chat", "2024-03-01T08:00:00Z", "2024-02-01T08:00:00Z"),
        ("4", " chat ", "2024-03-01T08:00:00Z", ""),
    ]
    (tmp_path / "export").mkdir()
    frame = pd.DataFrame(rows, columns=["conversation_id", "channel", "created_at", "first_response_at"])
    frame.to_csv(tmp_path / "export" / "conversations.csv", index=False)
    (tmp_path / "export" / "service.toml").write_text('name = "Trains"\ntime_zone = "Europe/Rome"\n')
    return toolkit.open_data(tmp_path / "export")


def test_the_ledger_says_each_rule_in_plain_words(broken, tmp_path):
    assert ledger.write_ledger(broken, tmp_path, RUN) == "ledger.html"
    seen = Page((tmp_path / "ledger.html").read_text(encoding="utf-8"))
    assert seen.texts("h1") == ["40.0 % of the rows are used; 3 set aside, 1 mended"]
    assert seen.texts("td")[:4] == ["5", "2", "3", "1"]
    assert set(seen.texts("h3")) == {
        "A value that is no time, or whose day and month can't be told apart",
        "A time that lies before the one that it must follow",
        "An id that was there before: the first row is used",
        "Blanks or control characters around a value: cut",
    }
    said = " ".join(seen.texts("div", class_="rule"))
    assert "1 row set aside" in said and "1 value mended" in said and "for example <script>" in said
    assert "conversations.csv, row 3" in seen.texts("th") and "All 4 entries." in seen.texts("p", class_="note")


def test_the_ledger_is_inert(broken, tmp_path):
    ledger.write_ledger(broken, tmp_path, RUN)
    html = (tmp_path / "ledger.html").read_text(encoding="utf-8")
    assert "<script" not in html and "<img" not in html and XSS[:20] in Page(html).texts("td", class_="value")[1]
    assert str(tmp_path) not in html  # where the files lie is nobody's business who reads it


def test_a_long_ledger_is_cut_and_says_so(broken, tmp_path, monkeypatch):
    monkeypatch.setattr(ledger, "MOST", 2)
    seen = Page(ledger.draw(broken, datetime(2024, 5, 1, tzinfo=UTC)))
    assert len(seen.texts("td", class_="value")) == 2
    assert "The first 2 of 4 entries" in seen.texts("p", class_="note")[-2]
    assert "ledger.csv" in seen.texts("code")


def test_no_ledger_of_data_that_the_runner_has_not_read(tmp_path):
    (tmp_path / "ledger.html").write_text("of an earlier run, which older reports link to")
    assert ledger.write_ledger(None, tmp_path, RUN) == ""
    assert (tmp_path / "ledger.html").exists()


def test_a_clean_data_set(tmp_path):
    (tmp_path / "calls.csv").write_text("call_id,started_at\n1,2024-01-01T09:00:00Z\n")
    seen = Page(ledger.draw(toolkit.open_data(tmp_path), datetime(2024, 5, 1, tzinfo=UTC)))
    assert seen.texts("h1") == ["Every row that was read is used as it is"] and not seen.texts("td", class_="value")


@pytest.mark.parametrize("rule", REASONS)
def test_each_rule_has_words_and_advice(rule):
    for of in ("rule", "advice"):
        assert re.match(r"[A-Z].{10,}", words.text(f"pages.ledger.{of}.{rule.replace(' ', '_')}"))


# In a browser, and in the pseudo language -------------------------------------------------------------------

VIEWS = [(scheme, width) for scheme in ("light", "dark") for width in (1280, 390, 320)]
CLEAN = {"console": [], "requests": [], "violations": [], "overflow": []}


def crowded(out):
    """A folder with one of everything: figures, charts, teams, what failed and what was skipped."""
    bullets = [{"kind": "off", "text": "Abandonment 14 % (target 5 %).", "href": "calls.html#b1"}]
    made(out, "calls", [CONTACTS, LOST, WAIT], [section(1, "Billing", "pull"), section(2, "At noon", "grid")])
    made(
        out,
        "csat",
        [CONTACTS, CSAT],
        headline={"title": "CSAT is 73 %", "bullets": bullets},
        remarks=["3 days are missing."],
    )
    for value in ("Roma", "Bari"):
        made(out, f"calls.team-{value}", title=f"Calls: team {value}", group=group(value) | {"report": "calls"})
    put(out, Outcome("csat", "failed", "CSAT"))
    put(out, Outcome("menu", "skipped", "Menu", lacks="call_stages"))


def test_a_browser_finds_nothing_wrong_with_the_overview(tmp_path, audit):  # noqa: F811
    crowded(tmp_path)
    assert audit(tmp_path / "index.html", VIEWS[:2], rules=False) == CLEAN
    manager, launch = open_chromium()
    with manager as play:
        assert faults(launch(play), tmp_path / "index.html") == {}


def test_a_browser_finds_nothing_wrong_with_the_ledger(broken, tmp_path, audit):  # noqa: F811
    ledger.write_ledger(broken, tmp_path, RUN)
    assert audit(tmp_path / "ledger.html", VIEWS) == CLEAN


# The parts of the board that lie on one another, where they stand on paper of a width.
OVERLAPS = """() => {
  const parts = [...document.querySelectorAll('.rows, .pull, .grid, .look, .list, .past-runs, .small-print')];
  const boxes = parts.map(it => [it.className, it.getBoundingClientRect()]).filter(([, box]) => box.height);
  const found = boxes.flatMap(([one, a], at) => boxes.slice(at + 1).filter(([, b]) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1
  ).map(([other]) => one + ' / ' + other));
  return [boxes.length, found];
}"""
PAST = {
    "since": {
        "href": "runs/6/index.html", "when": "the run of 1 May", "periods": "April",
        "figures": [{"href": "calls.html", "label": "Contacts", "value": "9", "before": "8", "change": ""}],
    },
    "runs": [{"href": "runs/6/index.html", "when": "1 May", "said": "2 of 3 failed", "is_failed": True}],
}  # fmt: skip


@pytest.mark.parametrize("charts", [[], ["pull"], ["grid"], ["pull", "grid"]])
def test_nothing_of_the_overview_lies_on_anything_else_on_paper(tmp_path, charts):
    """Whichever drawing stands beside the tiles, with past runs and failures."""
    crowded(tmp_path)
    sections = [section(number, "Billing", kind) for number, kind in enumerate(charts, 1)]
    bullets = [{"kind": "off", "text": "Abandonment 14 % (target 5 %).", "href": "calls.html#b1"}]
    made(tmp_path, "calls", [CONTACTS, LOST, WAIT], sections, headline={"title": "14 % are lost", "bullets": bullets})
    write_text(tmp_path / "index.html", overview.draw(tmp_path, read_manifest(tmp_path), past=PAST))
    manager, launch = open_chromium()
    with manager as play:
        view = launch(play).new_page()
        view.emulate_media(media="print")
        view.goto((tmp_path / "index.html").as_uri())
        for width in (320, 480, PAPER, 1280):
            view.set_viewport_size({"width": width, "height": 1000})
            count, overlaps = view.evaluate(OVERLAPS)
            assert overlaps == [] and count >= 4 + len(charts), width


def test_the_overview_is_one_sheet_of_paper_and_its_tiles_stand_two_in_a_row_on_a_phone(tmp_path):
    crowded(tmp_path)
    manager, launch = open_chromium()
    with manager as play:
        browser = launch(play)
        view = browser.new_page(viewport={"width": 390, "height": 800})
        view.goto((tmp_path / "index.html").as_uri())
        places = view.evaluate("[...document.querySelectorAll('.tile')].map(it => it.getBoundingClientRect().width)")
        smallest = view.evaluate(
            "Math.min(...[...document.querySelectorAll('main *:not([aria-hidden])')].filter(it => it.textContent.trim())"
            ".map(it => parseFloat(getComputedStyle(it).fontSize)))"
        )
        paper = view.pdf(prefer_css_page_size=True)
        view.emulate_media(media="print")
        view.set_viewport_size({"width": PAPER, "height": 1000})
        drawn = view.evaluate("[...document.querySelectorAll('.side svg')].map(it => it.getBoundingClientRect().width)")
        browser.close()
    alone, together = places[:2], places[2:]  # one of volume and one of speed, two of experience
    assert all(width > 340 for width in alone) and all(width < 180 for width in together)
    assert smallest >= 12
    # points on paper of the text of a narrow drawing
    points = [wide / look.WIDTH["chart_narrow"] * look.SIZE["chart_narrow"] * 72 / 96 for wide in drawn]
    assert points and min(points) >= 7
    assert len(re.findall(rb"/Type */Page\b", paper)) == 1


def test_no_word_of_the_pages_bypasses_the_catalogue(pseudo, broken, tmp_path):  # noqa: F811
    crowded(tmp_path)
    said = {"A finding", "Billing", "At noon", "A chart in words", "Its sentence.", "3 days are missing.", "50 %"}
    said |= {
        "45 to 55",
        "off target",
        "no target",
        "target 80 %",
        "7.2 points",
        "could be chance",
        "CSAT is 73 %",
        "Trains",
    }
    said |= {"14 % of callers hang up", ABOUT["line"], "Calls", "Csat", "CSAT", "Menu", "Roma", "Bari"}
    said |= {texts["label"] for texts, _ in (CONTACTS, LOST, WAIT, CSAT)}
    assert Reader((tmp_path / "index.html").read_text(encoding="utf-8"), said).bare() == []
    ledger.write_ledger(broken, tmp_path, RUN)
    values = {
        "Trains",
        "conversations.csv",
        "chat",
        XSS,
        XSS[:40],
        "created_at",
        "first_response_at",
        "conversation_id",
        "channel",
    }
    html = (tmp_path / "ledger.html").read_text(encoding="utf-8")
    assert html.count("⟦") > 20 and Reader(html, values).bare() == []


# --- drawn from its own report ----------------------------------------------------------------------


NINE = [
    figure("inbound_volume", "n", "count", "Contacts", group="volume"),
    figure("inbound_volume", "n", "count", "Calls", group="volume", verdict="clear"),
    figure("waiting_now", "n", "count", "Waiting now"),
    figure("first_response_time", "within_target", "rate", "In target", "off"),
    figure("abandonment_rate", "abandonment_rate", "rate", "Abandonment", year_ago="a year ago 12 %"),
    figure("csat", "csat", "rate", "CSAT", "off"),
]


def own(**more):
    """A folder of the overview's own report and one on CSAT."""
    section = {"id": "b1", "metric": "csat", "heading": "CSAT fell", "facts": [], "tested": []}
    items = [
        {"metric": "csat", "n": 4, "name": "Low", "text": "4 answers"},
        {"metric": "nps", "n": 2, "name": "NPS", "text": "2 more"},
    ]
    looked = {"id": "look-at", "metric": "look_at", "heading": "4 answers", "facts": [], "tested": [], "items": items}
    return {
        "overview": (NINE, [looked | more]),
        "csat": ([figure("csat", "mean", "score", "Mean score", block="b1")], [section]),
    }


def test_the_overview_s_own_figures_are_the_tiles_in_their_order(tmp_path):
    from toolkit.report.overview import distinct_figures, rows_of, with_links

    reports = [
        {"name": name, "file": f"{name}.html", "html": f"{name}.html", "figures": figures, "blocks": blocks}
        | {"cards": [raw for _, raw in figures], "facts": []}
        for name, (figures, blocks) in own().items()
    ]
    linked = with_links(reports[0], reports)
    rows = rows_of(distinct_figures([linked]), is_ranked=False)
    assert [[tile["label"] for tile in row["tiles"]] for row in rows][0] == ["Contacts", "Calls", "Waiting now"]
    tiles = {tile["label"]: tile for row in rows for tile in row["tiles"]}
    assert (tiles["CSAT"]["page"], tiles["CSAT"]["block"]) == ("csat.html", "b1")  # the report that tells more of it
    assert tiles["Abandonment"]["page"] == "overview.html" and tiles["Abandonment"]["year_ago"] == ""


def test_a_tile_leads_to_the_report_and_the_section_that_hold_its_figure():
    from toolkit.report.overview import distinct_figures, with_links

    waiting = figure("waiting_now", "n", "count", "Waiting", block="")
    six = [
        CONTACTS,
        LOST,
        CSAT,
        WAIT,
        figure("calls", "n", "count", "A", block=""),
        figure("calls", "n", "count", "B", block=""),
    ]

    def linked(figures, *others):
        reports = [
            {"name": name, "file": f"{name}.html", "html": f"{name}.html", "figures": shown, "blocks": blocks}
            | {"cards": [raw for _, raw in shown], "facts": []}
            for name, shown, blocks in [("overview", figures, []), *others]
        ]
        found = distinct_figures([with_links(reports[0], reports)])
        return [(texts["page"], texts["block"]) for texts, _ in found]

    # what it is a view of; else the tiles of a report that shows it; never the page's beginning
    work = ("work", [waiting], [{"id": "new-and-closed", "metric": "new_and_closed"}])
    assert linked([waiting], work) == [("work.html", "new-and-closed")]
    assert linked([waiting], ("work", [waiting], [])) == [("work.html", "key-figures")]
    assert linked([waiting]) == [("overview.html", "key-figures")]
    assert linked(six)[4:] == [("overview.html", "key-figures"), ("overview.html", "")]  # a report has five tiles


def test_what_to_look_at_is_counted_and_linked():
    from toolkit.report.overview import look_at

    reports = [
        {"name": name, "html": f"{name}.html", "figures": figures, "blocks": blocks}
        for name, (figures, blocks) in own().items()
    ]
    said = {"look_at": [{"name": name, "text": f"{name}: 3 figures.", "href": "x"} for name in ("A", "B", "C", "D")]}
    places = [said["look_at"][0], *said["look_at"][1:3]]  # A is said already
    found = look_at(said | {"look_at": said["look_at"][:1]}, reports[:1], reports, places)
    assert [(one["name"], one["text"], one["href"]) for one in found] == [
        ("A", "3 figures.", "x"),
        ("B", "3 figures.", "x"),
        ("C", "3 figures.", "x"),
        ("Low", "4 answers.", "csat.html#b1"),
        ("NPS", "2 more.", "overview.html#look-at"),
    ]


def test_the_title_counts_those_that_are_told_together_and_says_so(tmp_path):
    """Of one report, beside one of another period that is kept, and of several; without a target, without a value."""
    march = {"label": "2024-03", "start": "2024-03-01", "end": "2024-03-31"}
    low = figure("csat", "csat", "rate", "CSAT", "off")
    made(tmp_path, "calls", [LOST, low])
    made(tmp_path, "old", [figure("nps", "nps", "score", "NPS", "off")], period=march)
    assert page(tmp_path).texts("h1")[0].startswith("Both figures with a target miss it")
    made(tmp_path, "team", [CONTACTS])
    assert page(tmp_path).texts("h1")[0].startswith("Both figures with a target miss it")
    for name, figures in (("bare", [CONTACTS, CSAT]), ("none", [figure("csat", "csat", "rate", "CSAT", value=None)])):
        out = tmp_path / name
        made(out, "calls", figures)
        said = page(out).texts("h1")[0]
        assert "target" not in said and "No figure has a target." in " ".join(page(out).texts("li")), said


def test_what_piles_up_is_looked_at_once():
    """A backlog is a listing of the overview's own, and a fact of other reports."""
    from toolkit.report.overview import look_at

    items = [{"metric": "new_and_closed", "n": 9, "name": "Backlog", "text": "9 more"}]
    report = {"name": "overview", "html": "overview.html", "figures": [], "blocks": [{"id": "look-at", "items": items}]}
    backlog = {"name": "Backlog", "text": "Backlog: 9 more.", "href": "x"}
    for found, places in (([backlog], []), ([], [backlog]), ([backlog], [backlog])):
        assert [one["text"] for one in look_at({"look_at": found}, [report], [report], places)] == ["9 more."]


def test_the_overview_has_one_link():
    reports = {name: {"title": name.title(), "html": f"{name}.html"} for name in ("calls", "overview")}
    assert [(one["title"], one["is_current"]) for one in links("overview", reports)] == [
        ("Overview", True),
        ("Calls", False),
    ]
    assert [(one["title"], one["is_current"]) for one in links("calls", reports)] == [
        ("Overview", False),
        ("Calls", True),
    ]


def test_what_spills_onto_a_second_sheet_is_the_small_print_whole(tmp_path):
    from pypdf import PdfReader

    crowded(tmp_path)
    path = tmp_path / "index.html"
    path.write_text(re.sub("<meta http-equiv[^>]*>", "", path.read_text(encoding="utf-8")), encoding="utf-8")
    manager, launch = open_chromium()
    with manager as play:
        view = launch(play).new_page()
        view.goto(path.as_uri())
        counts = []  # with more and more room above
        for height in range(72, 112, 3):
            view.evaluate(f"document.querySelector('.head').style.paddingBottom = '{height}mm'")
            sheets = PdfReader(io.BytesIO(view.pdf(prefer_css_page_size=True))).pages
            texts = [sheet.extract_text() for sheet in sheets]
            counts.append(len(texts))
            if len(texts) > 1:
                assert "Ranges are" in texts[1] and "Made 1 May" in texts[1], height
                break
    assert counts[-1] == 2


def test_a_tile_leads_to_no_tile_of_other_cases():
    raw = {"metric": "inbound_volume", "column": "n", "population": "written"}
    waits = {"name": "response_times", "html": "response_times.html", "blocks": [], "figures": [({}, raw)]}
    assert overview.link_of(dict(raw), [waits]) == "response_times.html#key-figures"
    assert (
        overview.link_of(raw | {"population": "every"}, [waits])
        == ""
        == overview.link_of(raw | {"column": "share"}, [waits])
    )
