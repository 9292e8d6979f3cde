"""The pseudo language: each message of the catalogue stands in ⟦ ⟧, so that a word outside of them bypassed it."""

from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from browser import audit  # noqa: F401  (a fixture)
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from toolkit import show, words
from toolkit.report.render import render_report
from toolkit.result import Result

ROOT = Path(__file__).resolve().parent.parent
BLOCKS = {"p", "li", "td", "th", "h1", "h2", "h3", "dt", "dd", "caption", "summary", "title", "figure", "nav"}
NOT_READ = {"style", "pre", "code"}  # code is no prose
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


def results(shape):
    frame = {"weekday": ["Monday", "Sunday"], "n": [1200, 3], "hits_count": [180, 1], "abandonment_rate": [0.15, 0.3]}
    frame |= {"low": [0.13, 0.1], "high": [0.17, 0.7], "verdict": ["clear", "few"]}
    units = {"n": "count", "hits_count": "count", "abandonment_rate": "rate"}
    result = Result.of(
        pd.DataFrame(frame), "abandonment_rate", units, ["weekday"], 10, {"base": "queued", "by_hand": 3}
    )
    result = result.rename(columns={"hits_count": "abandoned_count"})
    target = {"of": "abandonment_rate", "low": "low", "high": "high", "value": 0.05, "best": "low"}
    result.attrs |= {"shape": shape, "target": target, "notes": [("tables.notes.more", {"n": 2})]}
    return result


def chart():
    from matplotlib.figure import Figure

    axes = Figure(figsize=(6, 2)).subplots()
    axes.barh([0, 1], [0.1, 0.2])
    axes.set_xlabel(words.text("tables.columns.abandonment_rate"))
    return axes


@pytest.fixture
def notebook(sample, monkeypatch, pseudo):
    """A small notebook of ours as it is executed: what `show` displays are its outputs."""
    outputs = []

    def display(bundle, metadata=None):
        outputs.append(new_output("display_data", data=bundle, metadata=metadata or {}))

    monkeypatch.setattr(show, "_display", display)
    april, cells = (
        sample.during("2024-04"),
        [
            new_markdown_cell(
                "# Abandonment\n\nWhich callers hang up before an agent answers: at which hour, on which day, and at which stage of the call."
            )
        ],
    )
    steps = {
        "show.header(now)": lambda: show.header(april, "Abandonment"),
        "## What are the key figures?": None,
        "show.key_figures(now)": lambda: show.cards([CARD, CARD | {"n": 1, "note": "few"}, CARD | {"n": 0, "note": "no_data"}]),
        "## On which weekday?": None,
        "show.chart(weekdays)": lambda: show.chart(chart(), words.text("pages.say.no_earlier")),
        "show.table(weekdays)": lambda: show.table(results("rate")),
        "show.against(weekdays)": lambda: show.against(results("comparison")),
        "show.against(None)": lambda: show.against(None),
        "show.absent(now)": lambda: show.absent(april, "site_visits"),
        "show.left_out(1)": lambda: show.left_out(1),
        "## What is the data made of?\n\nEach row that broke a rule was set aside or mended; nothing was dropped in silence.": None,
        "show.quality(now)": lambda: show.quality(april),
        "## What do the figures mean?": None,
        "show.definitions()": lambda: show.definitions("abandonment_rate", "response_rate"),
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
    html = render_report(notebook, PARAMETERS, versions={"toolkit": "1.0a"})
    assert '<html lang="en">' in html and html.count("⟦") > 100
    assert Reader(html, known_of(sample)).bare() == []
    path = tmp_path / "report.html"
    path.write_text(html, encoding="utf-8")
    assert audit(path, views=[("light", 1280), ("light", 390)])["overflow"] == []


def test_a_word_that_bypasses_it_is_found():
    assert Reader("<p>⟦Made ⟦now⟧⟧ by</p><p>billing</p>", {"billing"}).bare() == ["⟦Made ⟦now⟧⟧ by"]
    assert Reader('<p aria-label="Chart">⟦a⟧</p>', ()).bare() == ["Chart"]
