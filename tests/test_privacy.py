"""Personal data: what is found of it, what isn't taken for any, and that nothing that a run keeps holds it."""

import copy
import json
import re
import time
from collections import Counter
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_report import made_report
from nbformat.v4 import new_code_cell, new_notebook, new_output
from privacy_cases import EACH, MAKERS, negatives, positives

from toolkit import blocks, metrics, words
from toolkit.displays import PRIVACY, REPORT, SECTION
from toolkit.load import open_data
from toolkit.metrics.small import told_rows
from toolkit.privacy import KINDS, Masker, during, find, mask, mask_html
from toolkit.privacy.notebook import mask_notebook
from toolkit.privacy.phones import REGIONS, is_valid
from toolkit.report import private
from toolkit.report.each import names_of
from toolkit.report.inputs import Inputs
from toolkit.report.ledger import _entry, _rules
from toolkit.report.render import render_report

DOCS = Path(__file__).parents[1] / "docs" / "privacy.md"
SEED = 20261130  # not the one that the rules were written with
# The least share that is found of each kind. Telephone numbers of digits alone are any number's digits.
LEAST = dict.fromkeys(KINDS, 0.98) | {"phone": 0.9}
MOST_FALSE = 0.01


# --- how much is found --------------------------------------------------------------------------------


def is_left(secret, shown):
    """Whether a value, or a telling piece of it, is still there."""
    pieces = [piece for piece in re.split(r"[\s@.\-]", secret) if len(piece) > 3 and any(map(str.isdigit, piece))]
    return secret in shown or any(piece in shown for piece in pieces)


@pytest.fixture(scope="module")
def measured():
    """{kind: (texts, found)}, the negatives, those of them in which something was found."""
    texts, found, masker = Counter(), Counter(), Masker()
    for kind, _, text, secret in positives(SEED):
        shown = masker.html(text) if text.startswith("<") else masker.text(text)
        texts[kind] += 1
        found[kind] += not is_left(secret, shown)
    other = negatives(SEED)
    return {kind: (texts[kind], found[kind]) for kind in KINDS}, other, [text for text in other if find(text)]


def table(measured):
    recall, other, wrong = measured
    rows = [f"| {kind} | {n} | {found} | {found / n:.0%} |" for kind, (n, found) in recall.items()]
    rows.append(f"| nothing personal | {len(other)} | {len(wrong)} | {len(wrong) / len(other):.1%} |")
    return "\n".join(["| kind | texts | found | share |", "|---|---|---|---|", *rows])


def test_recall(measured):
    print(table(measured))
    assert set(MAKERS) == set(KINDS) and EACH >= 40
    for kind, (n, found) in measured[0].items():
        assert n >= 40 and found / n >= LEAST[kind], kind


def test_false_alarms(measured):
    _, other, wrong = measured
    assert len(set(other)) >= 200 and len(wrong) <= MOST_FALSE * len(other), wrong


def test_the_documentation_says_what_was_measured_and_which_kinds(measured):
    said = DOCS.read_text("utf-8")
    assert table(measured) in said
    assert set(re.findall(r"(?m)^- `(\w+)`", said)) == set(KINDS)


def test_every_kind_has_its_words():
    for kind, word in KINDS.items():
        assert words.text(f"mask.{word}").startswith("[") and "2 " in words.text(f"pages.privacy.kinds.{kind}", n=2)


# --- what else may hide a value -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("ann\u200b@exam\u00adple.com", "[e-mail]"),
        ("Ann <ann@example.com>", "Ann <[e-mail]>"),
        ("＋３９ ３４７ １２３ ４５６７", "[phone]"),
        ("\x1b[31mann@example.com\x1b[0m", "\x1b[31m[e-mail]\x1b[0m"),
        ("4111\u00a01111\u20111111\u20091111", "[card]"),
        ("x&#64;example.com &amp; y&commat;example.com", "[e-mail] &amp; [e-mail]"),
        ("rssmra85t10a562s", "[identity number]"),
        ("konto 61 1090 1014 0000 0712 1981 2874", "konto [account]"),
        ("347/1234567, 415-555-2671, 0176 12345678", "[phone], [phone], [phone]"),
        ("call2 order77 call 3471234567, order77: 3471234567", "call2 order77 call [phone], order77: 3471234567"),
        ("4111_1111_1111_1111", "[card]"),
        ("IP=10.0.0.15", "IP=[IP address]"),
        ('"ann b"@x.com, ann@localhost', "[e-mail], [e-mail]"),
        ("a, IT60 X054 2811 1010 …", "a, [account]"),
        ("IT60X0542811101…, RSSMRA85T10A5…, 4111 1111 1111 1…", "[account], [identity number], [card]"),
        ("https://a:b@x.example/", "https://[token]@x.example/"),
        ("https://x.example/?email=ann%40example.com", "https://x.example/?email=[e-mail]"),
    ],
)
def test_a_value_in_another_dress(said, shown):
    assert mask(said) == shown


@pytest.mark.parametrize(
    "said",
    ["@SUM(1+1)*cmd", "44051401359 rows, 4111111111111111 requests", "0161 496 calls", "took 1800101221144 ms", "61 1090 1014 0000 0712 1981 2875", "AB12 CDEF 3456 7890 …", "12 345 678…",
     "ITEM 2024 was 12…", "347/123", "215-300 of 415-555", "BILLING04 is late…", "localhost:8080", "1.2.3.4"],
)  # fmt: skip
def test_what_only_looks_like_one_stays(said):
    assert mask(said) == said


@given(st.from_regex(r"(?:00|0|39|40|44|48|34)?[0-9]{6,12}", fullmatch=True))
def test_what_is_no_number_of_a_country_is_known_without_a_second_look(digits):
    def is_one(region):
        try:
            return phonenumbers.is_valid_number(phonenumbers.parse(digits, region))
        except phonenumbers.NumberParseException:
            return False

    assert is_valid(digits, False) == any(map(is_one, REGIONS))


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("<p>ann<b>@example</b>.com</p>", "<p>[e-mail]<b></b></p>"),
        ("<Ann ann@example.com>", "<Ann [e-mail]>"),
        ('<a href="mailto:ann@example.com?x=1">w</a>', '<a href="mailto:[e-mail]?x=1">w</a>'),
        ("<td>12</td><td>345 678</td>", "<td>12</td><td>345 678</td>"),
        ("<style>@media print{a::b{x:1}}</style><!-- ann@example.com -->", "<style>@media print{a::b{x:1}}</style><!-- [e-mail] -->"),
        ('<path d="M0722 123 456 347 123 4567"/>', '<path d="M0722 123 456 347 123 4567"/>'),
        ("<text>ann@example.com</text><title>tel 0722123456</title>", "<text>[e-mail]</text><title>tel [phone]</title>"),
        ("&lt;b&gt; ann@example.com &amp;", "&lt;b&gt; [e-mail] &amp;"),
    ],
)  # fmt: skip
def test_html_keeps_its_marks(said, shown):
    assert mask_html(said) == shown


@pytest.mark.parametrize("text", ["@" * 20_000, "a@" * 20_000, "1 " * 50_000, "x" * 300_000 + "@", "<" * 50_000, "ftp://" * 5000, "a:" * 20_000,
                                  "A1 " * 20_000, "a@b.it\n" * 150_000, "&#" * 20_000, "a." * 30_000 + "@b", "+1" * 20_000, "@a.b" * 10_000])  # fmt: skip
def test_no_text_takes_long(text):
    """Processor time, a hundred times what it takes: one that grows with the square of the length would take more."""
    start = time.process_time()
    assert mask(text) is not None and mask_html(text) is not None
    assert time.process_time() - start < 20


# --- an executed notebook -----------------------------------------------------------------------------

AGENTS = [
    "anna.rossi@example.com",
    "ion.pop@example.ro",
    "ewa@example.pl",
    "a.very.long.name.of.somebody.else@customer-care.example.com",
]


def executed():
    """A notebook of a block by agent, text, an error and a picture; agents are called by their addresses."""
    dice = np.random.default_rng(1)
    frame = pd.DataFrame({"score": dice.integers(1, 6, 400), "agent": np.array(AGENTS)[dice.integers(0, 4, 400)]})
    one = blocks.block(metrics.csat(frame, by="agent")) | {"id": "csat-by-agent"}
    bundle = {SECTION: one, "text/html": blocks.block_html(one), "text/plain": blocks.plain(one)}
    outputs = [
        new_output("display_data", data={REPORT: {"title": "T", "remarks": ["Ask +39 347 123 4567"], "as_of": "2024-04-29T00:00:00+02:00"}}),
        new_output("display_data", data=bundle),
        new_output("stream", name="stderr", text="warning for eve@example.com\n"),
        new_output("execute_result", data={"text/plain": "   agent\n0  ewa@example.pl", "image/png": "aGFuZGxlQGV4"}, metadata={"alt": "by ewa@example.pl"}),
        new_output("error", ename="ValueError", evalue="bad IBAN ES91 2100 0418 4502 0005 1332", traceback=["line 1", "\x1b[31meve@example.com\x1b[0m"]),
    ]  # fmt: skip
    cells = [new_code_cell("show(x)  # ask ann@example.com\n@property", outputs=outputs, execution_count=1)]
    return new_notebook(cells=cells, metadata={"papermill": {"parameters": {"where": ["agent=ewa@example.pl"]}}})


@pytest.fixture(scope="module")
def masked():
    notebook, masker = executed(), Masker(b"a key")
    facts = mask_notebook(notebook, masker, ["ewa@example.pl"])
    return notebook, facts


def test_an_executed_notebook_holds_none(masked):
    said = nbformat.writes(masked[0])
    assert not re.findall(r"[\w.]+@[\w.]+\.\w+|example\.(?:com|pl|ro)|3471234567|2100 0418", said)
    assert "@property" in said and "aGFuZGxlQGV4" in said


def test_keys_of_a_bundle_are_masked_as_the_values_that_refer_to_them():
    names = {one: one for one in AGENTS} | {
        "eve@example.com, or +39 347 123 4567": "E",
        "bob@example.com, or +39 347 123 4568": "B",
    }
    data = {SECTION: {"id": "x", "names": names, "cells": [{"agent": AGENTS[0], "n": 3}]}}
    notebook = new_notebook(cells=[new_code_cell("x", outputs=[new_output("display_data", data=data)])])
    mask_notebook(notebook, Masker(b"a key"))
    said, made = nbformat.writes(notebook), notebook.cells[0].outputs[0].data[SECTION]
    assert not re.findall(r"@|347", said)
    assert all(name == shown for name, shown in list(made["names"].items())[: len(AGENTS)])
    assert made["names"][made["cells"][0]["agent"]].startswith("[e-mail ") and made["cells"][0]["n"] == 3
    assert list(made["names"].values())[len(AGENTS) :] == ["E", "B"]


def test_the_ledger_masks_before_it_cuts():
    long = "x" * 105 + " RSSMRA85T10A562S"
    row = {
        "file": f"{'y' * 30}-ann@example.com.csv",
        "row": 1,
        "table": "calls",
        "column": "topic",
        "rule": "r",
        "reason": "it is",
    }
    broken = row | {"value": long, "example": long, "n": 1, "action": "rejected"}
    said = json.dumps([_entry(broken), _rules([broken])])
    assert "RSSM" not in said and "ann" not in said and "[identity" in said


def test_what_the_manifest_says_of_files_is_masked(tmp_path):
    for name in ("surveys-ann@example.com.csv", "surveys-bob@example.com.csv", "calls.csv"):
        (tmp_path / name).write_text("a")
    inputs = Inputs(tmp_path)
    inputs.files = sorted(tmp_path.iterdir())
    said = inputs.digests({})["inputs"]
    assert len(said) == 3 and "calls.csv" in said and not re.search("ann|bob|@", json.dumps(said))


def test_what_was_masked_is_counted_by_kind(masked):
    assert masked[1] == masked[0].metadata[PRIVACY]
    assert masked[1] == {"is_revealed": False, "masked": {"email": 6, "iban": 1, "phone": 1}}


def test_agents_are_told_apart_by_marks_that_are_the_same_everywhere(masked):
    one = masked[0].cells[0].outputs[1].data[SECTION]
    rows = next(one["values"] for one in one["tables"][0]["data"]["columns"] if one["name"] == "agent")
    assert len(set(rows)) == len(AGENTS) == len(rows)
    read = re.findall(r"\[e-mail [0-9a-f]+\]", one["tables"][0]["html"])
    drawn = re.findall(r"\[e-mail [0-9a-f]+\]", one["chart"]["wide"])
    assert set(read) == set(rows) and set(drawn) <= set(rows) and len(set(drawn)) >= 3
    assert "[e-mail]" in masked[0].cells[0].outputs[2].text  # who is no group has no mark


def test_figures_are_left_as_they_are(masked):
    def numbers(value):
        if isinstance(value, dict):
            return [number for one in value.values() for number in numbers(one)]
        if isinstance(value, list):
            return [number for one in value for number in numbers(one)]
        return [value] if isinstance(value, (int, float)) else []

    before, after = (one.cells[0].outputs[1].data[SECTION] for one in (executed(), masked[0]))
    assert numbers(before) == numbers(after) and before["id"] == after["id"]
    before, after = (
        [c["values"] for c in one["tables"][0]["data"]["columns"] if c["type"] != "text"] for one in (before, after)
    )
    assert before == after and before


def test_the_same_key_gives_the_same_bytes_and_another_other_marks(masked):
    again, other = executed(), executed()
    mask_notebook(again, Masker(b"a key"), ["ewa@example.pl"])
    mask_notebook(other, Masker(b"another"), ["ewa@example.pl"])
    assert (
        json.dumps(again.cells[0].outputs)
        == json.dumps(masked[0].cells[0].outputs)
        != json.dumps(other.cells[0].outputs)
    )


def test_marks_that_would_be_alike_are_longer():
    masker = Masker(b"k")
    people = [f"p{number}@example.com" for number in range(700)]
    masker.learn(*people)
    marks = [masker.text(one) for one in people]
    assert len(set(marks)) == 700 and all("@" not in mark for mark in marks)


def test_a_name_that_is_cut_keeps_its_mark():
    masker = Masker(b"k")
    masker.learn(AGENTS[3], AGENTS[0])
    assert masker.text(f"{AGENTS[3][:38]}…") == masker.text(AGENTS[3])


def test_a_report_without_personal_data_is_not_changed():
    notebook = made_report()
    before = copy.deepcopy(notebook)
    assert mask_notebook(notebook, Masker(b"k"))["masked"] == {}
    del notebook.metadata[PRIVACY]
    assert notebook == before


def test_revealed_nothing_is_changed_and_the_report_says_so():
    notebook = executed()
    before = copy.deepcopy(notebook)
    mask_notebook(notebook, Masker(reveal=True))
    assert notebook.cells == before.cells
    assert words.text("pages.privacy.remark") in render_report(notebook)


def test_a_report_says_what_is_masked_and_what_cant_be(masked):
    html = render_report(masked[0])
    assert "6 e-mail addresses" in html and "Names in free text can’t be found without a model" in html
    assert words.text("pages.privacy.remark") not in html and "@example" not in html


def test_what_the_run_says_besides_goes_through_its_masker():
    with during(Masker(b"k")) as masker:
        masker.learn("ann@example.com")
        assert re.fullmatch(r"agent=\[e-mail \w{4}\]", mask("agent=ann@example.com"))
    with during(Masker(reveal=True)):
        assert mask("ann@example.com") == "ann@example.com"
    assert mask("ann@example.com") == "[e-mail]"


def test_a_report_of_one_person_is_not_called_by_their_address():
    names = names_of("waits", "agent", ["ann@example.com", "bob@example.com", "Torino"])
    assert len(set(names.values())) == 3 and names["Torino"] == "waits.agent-Torino"
    assert not any("ann" in name or "bob" in name for name in names.values())


def test_messages_and_parameters_are_cleaned():
    task = {"privacy": {"key": "00", "reveal": False, "known": []}}
    assert private.cleaned(task, "no row of eve@example.com") == "no row of [e-mail]"
    given = {"where": ["customer=eve@example.com"], "api_key": "x", "by": "team", "days": 7}
    assert private.shown_parameters(task, given) == {
        "where": ["customer=[e-mail]"],
        "api_key": "***",
        "by": "team",
        "days": 7,
    }


def test_what_a_failed_notebook_left_is_closed_too(tmp_path):
    path = tmp_path / "x.ipynb"
    nbformat.write(executed(), path)
    task = {"executed": str(path), "notebook": str(path), "privacy": {"key": "00", "reveal": False, "known": []}}
    assert "example.com" not in private.closed_file(task, lambda notebook, task: None)
    path.write_text("{")
    assert json.loads(private.closed_file(task, lambda notebook, task: None))["cells"] == []


def test_marks_of_what_was_masked_when_it_was_drawn_are_told():
    low = pd.DataFrame({"survey_id": ["a", "b"], "score": [1, 2], "comment": ["call 0722 123 456", "ann@example.com"]})
    result = metrics.low_scores(low)
    data = {"text/html": result._repr_html_(), "text/plain": repr(result)}
    notebook = {"metadata": {}, "cells": [{"source": "", "outputs": [{"data": data}]}]}
    facts = mask_notebook(notebook, Masker(b"k"))
    assert facts["masked"] == {} and facts["drawn"] >= 2
    said = private.privacy_words(facts)
    assert (
        words.text("pages.privacy.nothing") not in said and words.text("pages.privacy.drawn", n=facts["drawn"]) in said
    )


# --- small groups -------------------------------------------------------------------------------------


def without_small(frame, keys, smallest, counts=None):
    told, hidden = told_rows(frame, keys, smallest, counts)
    return frame[told], hidden


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz"), st.integers(0, 40)), min_size=1, max_size=12, unique_by=lambda row: row[:2]),
    st.integers(0, 12),
)  # fmt: skip
def test_no_group_is_told_that_is_small_or_could_be_computed(rows, smallest):
    frame = pd.DataFrame(rows, columns=["topic", "channel", "n"])
    told, hidden = without_small(frame, ["topic", "channel"], smallest)
    assert len(told) + hidden == len(frame) and (smallest < 2 or (told["n"] >= smallest).all())
    gone = frame[~frame.set_index(["topic", "channel"]).index.isin(told.set_index(["topic", "channel"]).index)]
    assert (gone["n"] < smallest).any() if len(gone) else smallest < 2 or (frame["n"] >= smallest).all()
    # what is left out beside others that are told: no case, or cases enough, of several groups
    whole = [(gone["n"], len(told))]
    whole += [(gone.loc[gone[key] == value, "n"], 1) for key in ("topic", "channel") for value in set(told[key])]
    for cases, others in whole:
        assert not others or not cases.sum() or (cases.sum() >= smallest and (cases > 0).sum() > 1)


def test_parts_of_a_group_go_together_and_a_row_of_all_groups_stays():
    frame = pd.DataFrame(
        {"topic": list("aabbcc"), "part": [1, 2] * 3, "n": [1, 2, 40, 3, 20, 20], "total": [3, 3, 43, 43, 40, 40]}
    )
    told, hidden = without_small(frame, ["topic"], 5)
    assert told["topic"].tolist() == ["b", "b"] and hidden == 2  # c could be computed beside a
    whole = pd.DataFrame(
        {"topic": ["a", "b", "c", None], "n": [3, 50, 40, 93], "is_total": [False, False, False, True]}
    )
    assert without_small(whole, ["topic"], 5)[0]["n"].tolist() == [50, 93]


def test_what_is_left_out_together_reaches_the_limit_and_empty_groups_are_no_partners():
    frame = pd.DataFrame({"topic": list("abcde"), "n": [9, 3, 1, 1, 0]})  # 5 are left out: 1 + 1 + 3
    assert not len(without_small(frame, ["topic"], 8)[0])
    assert without_small(frame.assign(n=[50, 20, 3, 0, 0]), ["topic"], 5)[0]["topic"].tolist() == ["a"]
    periods = frame.assign(n=[50, 40, 30, 20, 10], previous_n=[50, 40, 3, 20, 0])
    assert without_small(periods, ["topic"], 5, ["n", "previous_n"])[0]["topic"].tolist() == ["a", "b"]


def test_no_bundle_tells_of_a_group_smaller_than_the_settings_allow(tmp_path):
    rows = [("s", "billing"), *[("s", "roaming")] * 4, *[("s", "network")] * 30, *[("s", "sales")] * 60]
    lines = [f"{number},csat,2024-04-02T09:00:00Z,{number % 5 + 1},{topic}" for number, (_, topic) in enumerate(rows)]
    (tmp_path / "surveys.csv").write_text("survey_id,kind,sent_at,score,topic\n" + "\n".join(lines) + "\n")
    (tmp_path / "service.toml").write_text("minimum_count = 1\n[privacy]\nsmallest_group = 5\n")
    result = metrics.csat(open_data(tmp_path, source="tables").surveys, by="topic")
    said = json.dumps(blocks.block(result), ensure_ascii=False).lower()
    assert "network" in said and "sales" in said and "billing" not in said and "roaming" not in said
    assert words.text("tables.notes.small", n=2, least=5).lower() in said
