"""The ten notebooks from end to end: run, rendered, opened in a browser, read for the sample's story."""

import json
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
import story
from browser import audit_page, examine_report, open_chromium

from toolkit.displays import SECTION

ROOT = Path(__file__).resolve().parent.parent
REPORTS = (
    "abandonment",
    "bots_and_deflection",
    "csat_by_topic",
    "lifecycle_and_service_levels",
    "overview",
    "resolution",
    "response_times",
    "sentiment_trends",
    "team_report",
    "volume_and_workload",
)

# One worker runs what shares these reports (pytest -n 2 --dist loadgroup).
pytestmark = pytest.mark.xdist_group("notebooks")


def toolkit(*arguments, cwd=ROOT):
    """Run the command line as a user would; returns the finished process."""
    return subprocess.run(
        [sys.executable, "-m", "toolkit.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        timeout=1200,
    )


def text_of(html, hidden="style|details"):
    """What a reader sees: without tags, style and what is folded."""
    html = re.sub(rf"<({hidden})\b.*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    out = tmp_path_factory.mktemp("reports")
    done = toolkit("report", "--data", "data/sample", "--out", out)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def browser():
    manager, launch = open_chromium()
    with manager as play:
        opened = launch(play)
        yield opened
        opened.close()


def test_the_reports_are_the_notebooks():
    assert {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")} == set(REPORTS)


def test_each_report_is_there_and_small(reports):
    for name in (*REPORTS, "index"):
        assert 5_000 < (reports / f"{name}.html").stat().st_size < 300_000, name
    manifest = json.loads((reports / "manifest.json").read_text(encoding="utf-8"))
    assert {name: one["status"] for name, one in manifest["reports"].items()} == dict.fromkeys(REPORTS, "ok")
    assert not (reports / "failed").exists()


@pytest.mark.parametrize("name", (*REPORTS, "index"))
def test_one_file_without_script_or_request(reports, name):
    html = (reports / f"{name}.html").read_text(encoding="utf-8")
    assert "<script" not in html.lower()
    assert not re.search(r"<[^>]+\son[a-z]+\s*=", html)
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", html)
    assert "@import" not in html and not re.search(r"url\(\s*[\"']?(https?:)?//", html)
    policy = unescape(re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html).group(1))
    assert "default-src 'none'" in policy and "script-src" not in policy and "unsafe-inline" not in policy


@pytest.mark.parametrize("name", (*REPORTS, "index"))
def test_in_the_browser(reports, name, browser):
    nothing = {"console": [], "requests": [], "violations": [], "overflow": []}
    assert audit_page(reports / f"{name}.html", [("light", 1280)], browser) == nothing
    # the colours are those of every page: test_report_browser looks at them in the dark
    assert audit_page(reports / f"{name}.html", [("dark", 390)], browser, contrast=False) == nothing


@pytest.mark.parametrize("name", REPORTS)
def test_on_a_screen_a_phone_and_on_paper(reports, name, browser):
    found = examine_report(reports / f"{name}.html", browser, (1280, 390))
    assert found["faults"] == {} and found["pages"] <= 6


def test_the_overview_is_one_screen_and_one_sheet_of_paper(reports, browser):
    view = browser.new_page(viewport={"width": 1280, "height": 900})
    view.goto((reports / "index.html").as_uri())
    tall = view.evaluate("document.documentElement.scrollHeight")
    paper = view.pdf(prefer_css_page_size=True)
    view.close()
    assert tall <= 900 and len(re.findall(rb"/Type */Page\b", paper)) == 1


@pytest.mark.parametrize(
    "name, first",
    [
        ("bots_and_deflection", ["What becomes of conversations with a bot?", "What is passed to a human?"]),
        (
            "volume_and_workload",
            ["Which weeks were unusual, and where?", "What is it about?", "Does the backlog grow?"],
        ),
    ],
)
def test_what_matters_most_comes_first(reports, name, first):
    html = (reports / f"{name}.html").read_text(encoding="utf-8")
    assert re.findall(r'<p class="label">(.*?)</p>', html)[: len(first)] == first


@pytest.mark.parametrize("name", REPORTS)
def test_charts_have_alternative_text(reports, name):
    html = (reports / f"{name}.html").read_text(encoding="utf-8")
    charts = re.findall(r"<svg[^>]*role=\"img\"[^>]*>", html)
    assert len(charts) >= 2
    for chart in charts:
        label = re.search(r"aria-label=\"([^\"]+)\"", chart)
        assert label and len(label.group(1)) > 30, chart[:200]


@pytest.mark.parametrize("name", (*REPORTS, "index"))
def test_the_story_of_the_sample_is_told(reports, name):
    said = text_of((reports / f"{name}.html").read_text(encoding="utf-8"))
    expected = getattr(story, name)()
    assert len(expected) >= 3 and [words for words in expected if words not in said] == []


@pytest.mark.parametrize("name", REPORTS)
def test_what_every_report_says(reports, name):
    text = text_of((reports / f"{name}.html").read_text(encoding="utf-8"), "style")
    for words in ("Europe/Rome", "1 to 28 April 2024", "95 %", "Rows in", "set aside", "Data and definitions"):
        assert words.lower() in text.lower(), words
    assert str(ROOT) not in text  # where the files lie is nobody's business


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


@pytest.fixture(scope="module")
def hostile_reports(tmp_path_factory):
    """Reports on data whose every name and text is hostile."""
    import pandas as pd

    folder, n = tmp_path_factory.mktemp("hostile"), 40
    times = pd.date_range("2024-03-01T08:00Z", periods=n, freq="7h")
    ids = [f"{HOSTILE}{number}" for number in range(n)]
    names = {"topic": HOSTILE, "agent": HOSTILE, "channel": HOSTILE}
    later = {"first_response_at": times + pd.Timedelta("1h")}
    conversations = pd.DataFrame({"conversation_id": ids, "created_at": times} | later | names)
    conversations.to_csv(folder / "conversations.csv", index=False)
    messages = {
        "message_id": ids,
        "conversation_id": ids,
        "sent_at": times,
        "sender": "customer",
        "text": f"terrible {HOSTILE}",
    }
    pd.DataFrame(messages | {"sentiment": ["negative", HOSTILE] * (n // 2)}).to_csv(
        folder / "messages.csv", index=False
    )
    calls = {"call_id": ids, "started_at": times, "outcome": ["answered", HOSTILE] * (n // 2), "queue": HOSTILE}
    pd.DataFrame(calls | {"answered_at": times, "queued_at": times}).to_csv(folder / "calls.csv", index=False)
    stages = {"call_id": ids, "position": 1, "stage": HOSTILE, "entered_at": times, "is_abandoned": False}
    pd.DataFrame(stages).to_csv(folder / "call_stages.csv", index=False)
    surveys = {"survey_id": ids, "kind": "csat", "sent_at": times, "score": [1, 5] * (n // 2), "comment": HOSTILE}
    pd.DataFrame(surveys | names).to_csv(folder / "surveys.csv", index=False)
    (folder / "service.toml").write_text(f"name = '{HOSTILE}'\n")
    done = toolkit("report", "--data", folder, "--period", "all", "--out", folder / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "out"


@pytest.mark.parametrize("name", (*REPORTS, "index"))
def test_hostile_names_and_texts_stay_inert(hostile_reports, name, browser):
    html = (hostile_reports / f"{name}.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)" in html  # shown, as text
    assert "<script" not in html.lower() and not re.search(r"<img[^>]+onerror", html)
    assert not re.search(r"<[^>&]*\son(error|load|click)\s*=", html)
    seen = audit_page(hostile_reports / f"{name}.html", [("light", 1280)], browser, rules=False)
    assert seen["console"] == [] and seen["requests"] == []


def test_code_is_folded_and_there(reports):
    html = (reports / "abandonment.html").read_text(encoding="utf-8")
    assert "<details" in html and "abandonment_rate" in html


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
        text = text_of((tmp_path / f"{name}.html").read_text(encoding="utf-8"))
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
    assert {path.stem for path in tmp_path.glob("*.html")} == made | {"index", "ledger"}
    text = " ".join(text_of((tmp_path / f"{name}.html").read_text(encoding="utf-8"), "style") for name in made)
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
def test_a_mistake_is_told_before_any_work(tmp_path, arguments, words):
    done = toolkit("report", *arguments, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert words in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr + done.stdout
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").glob("*.html"))
