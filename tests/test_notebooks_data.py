"""Notebooks on other data than the sample, and without the runner: hostile names, real exports, mistakes."""

import csv
import json
import os
import re
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
from browser import audit_page
from runs import ROOT, text_of, toolkit
from test_notebooks import REPORTS

from toolkit import cli
from toolkit.displays import SECTION
from toolkit.guard import CONTROL, guarded
from toolkit.report.runs import latest

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
NASTY = (
    "[x](javascript:alert(3)) ![y](http://127.0.0.1:9/y.png)",
    "$x$ $\\frac{1}{ \\(a\\) `code`",
    "]]></svg><svg onload=alert(4)>--><script>alert(5)</script>",
    "\x1b[31mred\x07\x9b2J",
    "\u202efdp\u200b \u05d7\u05d9\u05d5\u05d1",
    '=HYPERLINK("http://127.0.0.1:9")',
    "{{7*7}} {% raw %} ${IFS} $(id) %s {0}",
    "'; DROP TABLE calls; --",
)
NAMED = "a'\"<img src=x onerror=alert(6)>#?%2e%2e {{1}} $(id) \u00e9\U0001f600"
GIVEN = 'x"\'\n\u2028{}$(id){{7*7}}\\"""\x27\x27\x27</script><script>alert(7)</script>\x1b[2J'
TAGS = set(
    re.findall(
        r"\w+",
        "a article b bdi body br button caption circle clippath code dd defs desc details div dl dt em fieldset figcaption figure footer "
        "g h1 h2 h3 h4 h5 head header html input label legend li line link main meta metadata mark nav ol option p path pattern "
        "polygon polyline pre rect section select small span strong style sub summary sup svg table tbody td text tfoot th thead "
        "time title tr tspan ul use",
    )
)


class Elements(HTMLParser):
    """The elements of a page, the addresses that it leads to, and what of its attributes would run."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.links, self.runs, self.ids = set(), [], [], set()
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        for name, value in attributes:
            self.runs += [(tag, name, value)] if name.startswith("on") or "script" in (value or "")[:11] else []
            self.links += [value] if name in ("href", "src", "xlink:href") else []
            self.ids |= {value} if name == "id" else set()


def own_notebook(folder):
    """A notebook with a hostile name, which shows a parameter's value in every way."""
    import nbformat

    made = nbformat.read(ROOT / "notebooks" / "csat_by_topic.ipynb", as_version=4)
    made.cells[1].source += '\nnote: str = ""'
    texts = [
        'show.header(now, "CSAT by topic", by="topic")\nprint(repr(note))\nshow.say(note)',
        "show.breakdown(now, metrics.csat, 'topic', satisfied=satisfied or None)",
        "show.measured(now)\nshow.headline(now)",
    ]
    opened = made.cells[2].source.partition("choices =")[0]
    made.cells = [*made.cells[:2], *(nbformat.v4.new_code_cell(text) for text in (opened, *texts))]
    nbformat.write(made, str(folder / f"{NAMED}.ipynb"))
    return folder / f"{NAMED}.ipynb"


@pytest.fixture(scope="module")
def hostile_reports(tmp_path_factory):
    """Reports on data whose every name and text is hostile."""
    import pandas as pd

    folder, n = tmp_path_factory.mktemp("hostile") / f"{NAMED} [bold]", 120
    folder.mkdir()
    times = pd.date_range("2024-03-01T08:00Z", periods=n, freq="5h")
    ids = [f"{HOSTILE}{number}" for number in range(n)]
    nasty = [NASTY[number // 2 % len(NASTY)] if number % 2 else HOSTILE for number in range(n)]
    names = {"topic": nasty, "agent": nasty[::-1], "channel": nasty}
    later = {"first_response_at": times + pd.Timedelta("1h"), "closed_at": times + pd.Timedelta("2h")}
    conversations = pd.DataFrame({"conversation_id": ids, "created_at": times} | later | names)
    conversations.to_csv(folder / "conversations.csv", index=False)
    messages = {
        "message_id": ids,
        "conversation_id": ids,
        "sent_at": times,
        "sender": "customer",
        "text": [f"terrible {one}" for one in nasty],
    }
    pd.DataFrame(messages | {"sentiment": ["negative", HOSTILE] * (n // 2)}).to_csv(
        folder / "messages.csv", index=False
    )
    calls = {"call_id": ids, "started_at": times, "outcome": ["answered", HOSTILE] * (n // 2), "queue": nasty}
    pd.DataFrame(calls | {"answered_at": times, "queued_at": times}).to_csv(folder / "calls.csv", index=False)
    stages = {"call_id": ids, "position": 1, "stage": HOSTILE, "entered_at": times, "is_abandoned": False}
    pd.DataFrame(stages).to_csv(folder / "call_stages.csv", index=False)
    surveys = {"survey_id": ids, "kind": "csat", "sent_at": times, "score": [1, 5] * (n // 2), "comment": nasty}
    pd.DataFrame(surveys | names).to_csv(folder / "surveys.csv", index=False)
    (folder / f"x{NAMED}.csv").write_text(f"{HOSTILE},b\n1,2\n")
    (folder / "service.toml").write_text(
        f"name = '{HOSTILE}'\n[targets.first_response]\ndefault = '1h'\n[targets.resolution]\ndefault = '8h'\n"
    )
    out = folder / f"o {NAMED}"
    asked = [*REPORTS, own_notebook(folder), "--data", folder, "--period", "all", "--param", f"note={GIVEN}"]
    done = toolkit("report", *asked, "--out", out)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not CONTROL.findall((done.stdout + done.stderr).replace("\r", ""))
    return latest(out)


@pytest.mark.parametrize("name", (*REPORTS, NAMED, "index", "history", "ledger"))
def test_hostile_names_and_texts_stay_inert(hostile_reports, name, browser):
    html = (hostile_reports / f"{name}.html").read_text(encoding="utf-8")
    if name != "history":
        assert "&lt;script&gt;alert(1)" in html  # shown, as text
    assert "<script" not in html.lower() and not re.search(r"<img[^>]+onerror", html)
    assert not re.search(r"<[^>&]*\son(error|load|click)\s*=", html)
    assert set(CONTROL.findall(html)) <= {"\u2068", "\u2069"}  # which are ours: they keep a name's direction to itself
    page = Elements(html)
    assert page.runs == [] and page.tags <= TAGS, page.tags - TAGS
    for link in page.links:
        if not link.startswith(("#", "data:")):
            assert not urlsplit(link).scheme and (hostile_reports / unquote(urlsplit(link).path)).exists(), link
    seen = audit_page(hostile_reports / f"{name}.html", [("light", 1280)], browser, rules=False)
    assert seen["console"] == [] and seen["requests"] == []


def test_what_else_a_run_leaves_is_inert(hostile_reports):
    tables, books = list(hostile_reports.rglob("*.csv")), list(hostile_reports.rglob("*.xlsx"))
    assert len(tables) > 20 and books
    for file in tables:
        with open(file, newline="", encoding="utf-8-sig") as read:
            text = read.read()
        assert not CONTROL.findall(text.replace("\r\n", "\n")), file
        assert [cell for row in csv.reader(text.splitlines()) for cell in row if guarded(cell) != cell] == [], file
    for file in books:
        with zipfile.ZipFile(file) as archive:
            held = {
                name: archive.read(name).decode() for name in archive.namelist() if name.endswith((".xml", ".rels"))
            }
        assert any("worksheets/" in name for name in held)
        assert not any(re.search(r"<f\b|TargetMode", text) for text in held.values()), "no formula, no address outside"
    assert not CONTROL.findall((hostile_reports / "run.log").read_text("utf-8"))
    assert json.loads((hostile_reports / "figures.json").read_text("utf-8"))
    manifest = (hostile_reports / "manifest.json").read_text("utf-8")
    assert json.dumps(GIVEN, ensure_ascii=False) in manifest and json.loads(manifest)["status"] == "ok"
    for file in (hostile_reports / "notebooks").iterdir():
        shown = [
            "".join(output["data"]["text/html"])
            for cell in json.loads(file.read_text("utf-8"))["cells"]
            for output in cell.get("outputs", [])
            if "text/html" in output.get("data", {})
        ]
        page = Elements("".join(shown))
        assert shown and page.runs == [] and page.tags <= TAGS, page.tags - TAGS
    own = (hostile_reports / "notebooks" / f"{NAMED}.ipynb").read_text("utf-8")
    said = "".join(
        "".join(output["text"])
        for cell in json.loads(own)["cells"]
        for output in cell.get("outputs", [])
        if "text" in output
    )
    assert repr(GIVEN) in said, "the kernel was given the value as it is"


def test_plain_papermill_runs_a_notebook_without_our_runner(tmp_path):
    out = tmp_path / "out.ipynb"
    command = [
        "papermill",
        "notebooks/csat_by_topic.ipynb",
        out,
        "-p",
        "data",
        "data/sample",
        "-p",
        "period",
        "2024-03",
    ]
    done = subprocess.run(
        [sys.executable, "-m", *map(str, command)],
        capture_output=True, text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert "billing" in out.read_text(encoding="utf-8")


def test_run_all_from_the_notebooks_folder(tmp_path):
    """As JupyterLab does: the working folder is the notebook's, nothing is injected."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(ROOT / "notebooks" / "abandonment.ipynb", as_version=4)
    NotebookClient(notebook, resources={"metadata": {"path": str(ROOT / "notebooks")}}, timeout=300).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    blocks = [output["data"][SECTION] for output in outputs if SECTION in output.get("data", {})]
    assert len(blocks) > 5 and all("<svg" in one["chart"]["wide"] for one in blocks if one.get("chart"))
    assert "target" in outputs[0]["data"]["text/html"]  # the headline has come to the top
    assert not [output for output in outputs if output.output_type == "stream"], "no noise"


def test_a_period_without_a_row_says_no_data(tmp_path):
    # those with the most kinds of section; each metric alone is in test_metrics_edges
    names = ("csat_by_topic", "response_times", "team_report", "volume_and_workload")
    done = toolkit("report", *names, "-d", "data/sample", "--period", "2020-01", "--allow-empty", "--out", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in names:
        text = text_of((latest(tmp_path) / f"{name}.html").read_text(encoding="utf-8"))
        assert "no data" in text.lower(), name
        assert "nan" not in re.findall(r"[a-z]+", text.lower()), name


@pytest.mark.parametrize(
    "file, source, made",
    [
        ("anonymous_bank/january.txt", "anonymous_bank", {"abandonment", "overview"}),
        (
            "twitter_support/tweets.csv",
            "twitter",
            {"bots_and_deflection", "overview", "response_times", "sentiment_trends", "volume_and_workload"},
        ),
        ("asterisk/queue_log.txt", "asterisk", {"abandonment", "overview"}),
    ],
)
def test_reports_on_real_exports(tmp_path, real_data, file, source, made):
    done = toolkit("report", "--data", real_data / file, "--source", source, "--period", "all", "--out", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    out = latest(tmp_path)
    assert {path.stem for path in out.glob("*.html")} == made | {"index", "ledger", "history"}
    text = " ".join(text_of((out / f"{name}.html").read_text(encoding="utf-8"), "style") for name in made)
    expected = {
        "anonymous_bank": ["13.7 %", "31,359", "4,299", "1,198", "3,101"],
        "twitter": ["2,188", "12.1 min", "first response"],
        "asterisk": ["57.1 %", "21"],
    }[source]
    for words in expected:
        assert words in text, words


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--data", "data/nowhere"], "no such file or folder"),
        (["--data", "data/sample", "--period", "lastweek"], "lastweek"),
        (["--data", "data/sample", "--source", "zendsk"], "zendsk"),
        (["--data", "data/sample", "--param", "chanel=x"], "chanel"),
        (["--data", "data/sample", "--param", "satisfied=many"], "satisfied"),
        (["--data", "data/sample", "--param", "clock=buisness"], "buisness"),
        (["respons_times", "--data", "data/sample"], "did you mean"),
    ],
)
def test_a_mistake_is_told_before_any_work(tmp_path, capsys, arguments, words):
    """In this process: that the command line is one of its own is seen above, and to start it takes most of the time."""
    assert cli.main(["report", *arguments, "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr()
    assert words in said.err.replace("\n", " ")
    assert "Traceback" not in said.err + said.out
    assert latest(tmp_path / "out") is None
