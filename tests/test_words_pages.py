"""The pseudo language: each message of the catalogue stands in ⟦ ⟧, so that a word outside of them bypassed it."""

from html.parser import HTMLParser
from pathlib import Path

import pytest
from browser import audit  # noqa: F401  (a fixture)
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from toolkit import metrics, show, words
from toolkit.report.render import render_report

ROOT = Path(__file__).resolve().parent.parent
BLOCKS = {
    "p",
    "li",
    "td",
    "th",
    "h1",
    "h2",
    "h3",
    "dt",
    "dd",
    "caption",
    "summary",
    "title",
    "figure",
    "nav",
    "label",
    "legend",
    "b",
    "h4",
    "text",
}
NOT_READ = {"style", "script", "pre", "code"}  # code is no prose
SAID = ("aria-label", "alt", "title")
CARD = {
    "metric": "abandonment_rate", "column": "abandonment_rate", "unit": "rate", "case": "call", "n": 1204,
    "value": 0.143, "low": 0.124, "high": 0.164, "previous": 0.115, "change": 0.028, "change_low": 0.003,
    "change_high": 0.053, "verdict": "clear", "direction": "worse", "target": 0.05, "status": "off",
    "population": "written", "note": None, "minimum_count": 10,
}  # fmt: skip


class Reader(HTMLParser):
    """What a page says outside the brackets of the pseudo language, block by block."""

    def __init__(self, html, known):
        super().__init__()
        self.known = sorted(filter(None, map(str, known)), key=len, reverse=True)
        self.texts, self.now, self.hidden = [], "", []
        self.feed(html)
        self._end()

    def handle_starttag(self, tag, attributes):
        self.texts += [value for name, value in attributes if name in SAID and value]
        if tag in NOT_READ:
            self.hidden.append(tag)
        elif tag in BLOCKS:
            self._end()

    def handle_endtag(self, tag):
        if self.hidden and tag == self.hidden[-1]:
            self.hidden.pop()
        elif tag in BLOCKS:
            self._end()

    def handle_data(self, data):
        if not self.hidden:
            self.now += data

    def _end(self):
        self.texts.append(self.now)
        self.now = ""

    def bare(self):
        """Each text that has letters outside the brackets, and is no value of the data."""
        return [text for text in self.texts if any(char.isalpha() for char in self._outside(text))]

    def _outside(self, text):
        for value in self.known:
            text = text.replace(value, " ")
        kept, depth = "", 0
        for char in text:
            depth += (char == "⟦") - (char == "⟧")
            kept += char if not depth else ""
        assert not depth, f"brackets are torn apart: {text!r}"
        return kept


@pytest.fixture
def pseudo():
    words.use(words.PSEUDO)
    yield
    words.use(words.DEFAULT)


@pytest.fixture
def notebook(sample, monkeypatch, pseudo):
    """A small notebook of ours as it is executed: what `show` displays are its outputs."""
    outputs, displays = [], {}

    def display(bundle, display_id=None, update=False, metadata=None):
        if update:
            displays[display_id].data = bundle
            return
        outputs.append(new_output("display_data", data=bundle, metadata=metadata or {}))
        displays[display_id] = outputs[-1]

    monkeypatch.setattr(show, "_display", display)
    april = sample.during("2024-04")
    title = "# Abandonment\n\nWhich callers hang up before an agent answers: at which hour, on which day, and at which stage of the call."
    cells = [new_markdown_cell(title)]
    steps = {
        "show.header(now)": lambda: show.header(april, "Abandonment", by="channel"),
        "## What are the key figures?": None,
        "show.key_figures(now)": lambda: show.cards([CARD, CARD | {"n": 1, "note": "few"}, CARD | {"n": 0, "note": "no_data"}]),
        "## When do callers hang up?": None,
        "show.breakdown(now)": lambda: show.breakdown(april, metrics.abandonment_rate, "hour", "weekday"),
        "show(None)": lambda: show(None),
        "show.table(weekdays)": lambda: show.table(metrics.abandonment_rate(april.calls, by="weekday")),
        "show.absent(now)": lambda: show.absent(april, "site_visits"),
        "show.left_out(1)": lambda: show.left_out(1),
        "## How was it measured?": None,
        "show.measured(now)": lambda: show.measured(april),
        "show.headline(now)": lambda: show.headline(april),
    }  # fmt: skip
    for source, step in steps.items():
        if step is None:
            cells.append(new_markdown_cell(source))
            continue
        step()
        cells.append(new_code_cell(source, outputs=list(outputs), execution_count=1))
        outputs.clear()
    return new_notebook(cells=cells)


PARAMETERS = [
    {"name": "by", "value": [], "is_default": False, "help": "what to break down by"},
    {"name": "period", "value": None, "is_default": True, "help": "how many low answers to list"},
    {"name": "is_on", "value": True, "is_default": True, "help": "how many low answers to list"},
]


def known_of(data):
    """What the data itself says: names of the service, of files, columns and rules, and examples of values."""
    broken = data.rules_broken()
    values = {value for column in ("rule", "column", "example", "reason") for value in broken[column].dropna()}
    values |= {data.service.name, data.source, data.zone, data.period.label, "By hand", "what to break down by"}
    values |= {row["name"] for row in PARAMETERS} | {str(file).rpartition("/")[2] for file in data.files}
    return values | {"toolkit", "1.0a"}


def test_no_word_of_a_report_bypasses_the_catalogue(notebook, sample, tmp_path, audit):  # noqa: F811
    siblings = [{"href": "index.html", "title": "By hand", "is_current": False}]
    html = render_report(
        notebook, PARAMETERS, versions={"toolkit": "1.0a"}, siblings=siblings, ledger="a.html", interactive=True
    )
    assert '<html lang="en">' in html and html.count("⟦") > 100
    assert Reader(html, known_of(sample)).bare() == []
    path = tmp_path / "report.html"
    path.write_text(html, encoding="utf-8")
    assert audit(path, views=[("light", 1280), ("light", 390)], rules=False)["overflow"] == []


def test_a_word_that_bypasses_it_is_found():
    assert Reader("<p>⟦Made ⟦now⟧⟧ by</p><p>billing</p>", {"billing"}).bare() == ["⟦Made ⟦now⟧⟧ by"]
    assert Reader('<p aria-label="Chart">⟦a⟧</p>', ()).bare() == ["Chart"]
