"""Notebooks on other data than the sample, and without the runner: hostile names, real exports, mistakes."""

import os
import re
import subprocess
import sys

import pytest
from browser import audit_page
from runs import ROOT, text_of, toolkit
from test_notebooks import REPORTS

from toolkit import cli
from toolkit.displays import SECTION
from toolkit.report.runs import latest

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
    return latest(folder / "out")


@pytest.mark.parametrize("name", (*REPORTS, "index"))
def test_hostile_names_and_texts_stay_inert(hostile_reports, name, browser):
    html = (hostile_reports / f"{name}.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)" in html  # shown, as text
    assert "<script" not in html.lower() and not re.search(r"<img[^>]+onerror", html)
    assert not re.search(r"<[^>&]*\son(error|load|click)\s*=", html)
    seen = audit_page(hostile_reports / f"{name}.html", [("light", 1280)], browser, rules=False)
    assert seen["console"] == [] and seen["requests"] == []


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
    assert {path.stem for path in out.glob("*.html")} == made | {"index", "ledger"}
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
