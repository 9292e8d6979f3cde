"""The runner: what fails keeps the last good report, stops nobody else, and is told."""

import contextlib
import gzip
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import toolkit
from toolkit.displays import KEY_FIGURES, REPORT
from toolkit.errors import BadData, BadParameter, EmptyPeriod
from toolkit.report.each import names_of
from toolkit.report.early import columns_there
from toolkit.report.manifest import read_manifest, write_text
from toolkit.report.notebooks import find_notebooks
from toolkit.report.nursery import Nursery
from toolkit.report.options import Options
from toolkit.report.prepare import find_empty_period
from toolkit.report.process import Running, end
from toolkit.report.rehearsal import rehearse
from toolkit.report.run import run_reports
from toolkit.report.runs import latest

DISPLAY = f'''
from IPython.display import display
display({{"{REPORT}": {{"title": "T", "service": "Trains", "time_zone": "UTC"}}, "text/html": "x"}}, raw=True)
raw = {{"metric": "wait", "column": "median_seconds", "unit": "seconds", "value": 2520.0}}
figures = {{"figures": [{{"label": "Wait", "value": "42 min", "status": "none", "bullet": "<svg/>"}}], "raw": [raw]}}
display({{"{KEY_FIGURES}": figures, "text/html": "x"}}, raw=True)
'''
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "notebooks").mkdir()
    return tmp_path / "notebooks"


def notebook(folder, name, *sources, parameters='by: str = "channel"  # what to break down by'):
    """Write a notebook of these code cells."""
    cells = [
        new_markdown_cell(f"# About {name}\n\nIts sentence."),
        new_code_cell(parameters, metadata={"tags": ["parameters"]}),
        new_markdown_cell("## A question?"),
        *map(new_code_cell, sources),
    ]
    nbformat.write(new_notebook(cells=cells, metadata=KERNEL), folder / f"{name}.ipynb")
    return folder / f"{name}.ipynb"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """One nursery for many runs: a run's own takes three seconds to import what every run imports."""
    place = tmp_path_factory.mktemp("kept")
    (place / "any.ipynb").write_text("import toolkit")  # so that what notebooks of ours import is there, too
    with Nursery(place / "nursery", [place / "any.ipynb"]) as opened:
        opened.ready()
        yield opened


@pytest.fixture
def forks(kept, monkeypatch):
    """The workers of this test's runs are forks of the nursery that is kept.

    For tests of what the runner makes of its notebooks. Those of processes, and a few runs of one notebook, keep the
    runner's own way; that both ways make the same report is told in test_nursery.py.
    """
    kept_open = SimpleNamespace(ready=lambda: None, popen=kept.popen)
    monkeypatch.setattr("toolkit.report.run.Nursery", lambda *_: contextlib.nullcontext(kept_open))


forked = pytest.mark.usefixtures("forks")


def run(folder, names=None, data=None, progress=None, warn=None, **options):
    """{name: outcome} of a run of its notebooks into `folder`/../out."""
    options = Options(**{"timeout": 60, "notebooks": folder} | options)
    return {it.name: it for it in run_reports(names, data, folder.parent / "out", options, progress, warn)}


def shown(folder):
    """The folder of the run that `folder`/../out shows."""
    return latest(folder.parent / "out")


def files(folder):
    """The files of the run that is shown; of a folder without one, all that is in it."""
    out = shown(folder) or folder.parent / "out"
    return sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())


def test_a_good_report(folder):
    notebook(folder, "good", DISPLAY, "import sys; print('by', by, sys.executable)")
    outcome = run(folder, params={"by": "topic"})["good"]
    assert outcome.status == "ok" and outcome.figures[0]["value"] == "42 min"
    pages = ["good.html", "history.html", "index.html"]
    beside = ["figures.json", "figures.xlsx", "manifest.json", "notebooks/good.ipynb", "run.log"]
    assert files(folder) == sorted([*pages, *beside])
    html = outcome.html.read_text()
    assert f"by topic {sys.executable}" in html and "Trains" in html
    manifest = json.loads((shown(folder) / "manifest.json").read_text())
    entry = manifest["reports"]["good"]
    assert entry["parameters"] == {"by": "topic"} and entry["status"] == "ok"
    assert entry["made_in"] == manifest["run"]["id"] == shown(folder).name
    assert outcome.html == shown(folder) / "good.html"
    raw = {"metric": "wait", "column": "median_seconds", "unit": "seconds", "value": 2520.0}
    assert entry["figures"] == [{"label": "Wait", "value": "42 min", "status": "none", "raw": raw}]  # no drawing
    assert "42 min" in (shown(folder) / "index.html").read_text()


FAILURES = {
    "raises": ("1 / 0", "ZeroDivisionError: division by zero"),
    "dies": ("import os; os._exit(0)", "the kernel died in cell 4"),  # papermill's file says: completed
    "killed": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "the kernel died in cell 4"),
    "leaves": ("import sys; sys.exit(0)", "stopped in cell 4, before its end"),  # papermill says: good
    # what IPython writes to stderr alone, and what a handler of one's own swallows
    "group": ("raise ExceptionGroup('load', [ValueError(1)])", "ExceptionGroup: load (1 sub-exception)"),
    "handled": (
        "get_ipython().set_custom_exc((ValueError,), lambda *a, **k: None)\nraise ValueError('quiet')",
        "ValueError: quiet",
    ),
    "exits": ("raise SystemExit", "stopped in cell 4, before its end"),
    "interrupts": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "unprinted": (
        "get_ipython().showtraceback = get_ipython()._showtraceback = lambda *a, **k: 1 / 0\nraise ValueError('quiet')",
        "",
    ),
    "mistake": ("from toolkit.errors import BadData; raise BadData('calls.csv: is empty')", "calls.csv: is empty"),
}


# Those that are made well first: a cell that fails, a kernel that dies, one that papermill calls good.
MADE_BEFORE = ("raises", "dies", "leaves")


@forked
def test_a_failure_keeps_the_last_good_report_and_stops_nobody_else(folder):
    for name in MADE_BEFORE:
        notebook(folder, name, "print('good')")
    notebook(folder, "other", "print('fine')")
    assert {it.status for it in run(folder).values()} == {"ok"}
    good = {name: nbformat.read(shown(folder) / "notebooks" / f"{name}.ipynb", 4) for name in MADE_BEFORE}
    for name, (source, _) in FAILURES.items():
        notebook(folder, name, source, "print('never')")
    outcomes = run(folder)
    assert outcomes.pop("other").status == "ok"
    out = shown(folder)
    page = (out / "index.html").read_text()
    reports = read_manifest(out)["reports"]
    for name, (source, said) in FAILURES.items():
        assert outcomes[name].status == "failed" and said in outcomes[name].message
        log = (out / "failed" / f"{name}.log").read_text()
        assert said in log and "\x1b" not in log
        assert "without encryption" not in log and "WARNING" not in log
        assert name == "interrupts" or "KeyboardInterrupt" not in log
        assert (outcomes[name].code == 2) == (name == "mistake")
        assert source in nbformat.read(out / "failed" / f"{name}.ipynb", 4).cells[-2].source or name == "raises"
        assert reports[name]["status"] == "failed"
        if name in MADE_BEFORE:
            assert reports[name]["html"] == f"{name}.html" and "good" in (out / f"{name}.html").read_text()
            assert nbformat.read(out / "notebooks" / f"{name}.ipynb", 4) == good[name]
        else:
            assert not reports[name].get("html") and not (out / f"{name}.html").exists()
            assert not (out / "notebooks" / f"{name}.ipynb").exists()
    assert page.count("The last run failed") == len(FAILURES)
    assert page.count("the last good report") == len(MADE_BEFORE)
    assert "Cell In[" in (out / "failed" / "raises.log").read_text()


@forked
def test_once_it_is_good_again_nothing_speaks_of_a_failure(folder):
    for source in ("print('good')", "1 / 0"):
        notebook(folder, "one", source)
        run(folder)
    out = shown(folder)
    assert "The last run failed" in (out / "index.html").read_text()
    notebook(folder, "one", "print('good')")
    run(folder)
    assert shown(folder) != out and (out / "failed").exists()
    out = shown(folder)
    page = (out / "index.html").read_text().split("<body")[1]
    assert not (out / "failed").exists() and "failed" not in page[: page.index('class="past-runs"')]


def test_a_notebook_that_takes_too_long(folder):
    done = folder.parent / "done"
    notebook(folder, "slow", f"import time; time.sleep(60); open({str(done)!r}, 'w').close()")
    outcome = run(folder, timeout=3)["slow"]
    assert outcome.message == "took longer than 3 s and was stopped in cell 4" and not done.exists()


@forked
def test_the_time_is_for_the_whole_notebook(folder):
    notebook(folder, "slow", *["import time; time.sleep(1.5)"] * 4)
    assert "took longer than 3 s" in run(folder, timeout=3)["slow"].message


def test_a_worker_that_dies_is_a_failure(folder):
    notebook(folder, "good", "print(1)")
    notebook(folder, "kills", "import os, signal; os.kill(os.getppid(), signal.SIGKILL)", "import time; time.sleep(2)")
    outcomes = run(folder)
    assert "ended without a result" in outcomes["kills"].message
    assert outcomes["good"].status == "ok", outcomes["good"].message


@pytest.mark.parametrize("failures, cell, starts", [(0, 0, 1), (2, 0, 3), (3, 0, None), (1, 1, None)])
def test_a_kernel_that_does_not_come_up_is_started_again(tmp_path, failures, cell, starts):
    from toolkit.report import worker

    tried = []

    def execute_notebook(*_, **__):
        tried.append(1)
        if len(tried) <= failures:
            raise RuntimeError("Kernel died before replying to kernel_info")
        return "done"

    task = {"notebook": "a", "executed": "b", "parameters": {}, "cwd": ".", "kernel": tmp_path / "pid"}
    progress = SimpleNamespace(cell=cell, on_cell_start=None)
    if starts is None:  # given up, or a cell had begun: what it did must not be done twice
        with pytest.raises(RuntimeError, match="died"):
            worker._start(execute_notebook, task, progress, time.monotonic() + 60)
        assert len(tried) == (1 if cell else 3)
    else:
        assert worker._start(execute_notebook, task, progress, time.monotonic() + 60) == "done"
        assert len(tried) == starts


def is_running(mark):
    """Whether a process has `mark` in its environment: the runner's, its workers', their kernels'."""
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in entry.read_bytes():
                return True
        except OSError:
            continue
    return False


def is_gone(mark):
    """Whether no process has `mark` in its environment, or soon none has."""
    last = time.monotonic() + 10
    while is_running(mark) and time.monotonic() < last:
        time.sleep(0.2)
    return not is_running(mark)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_a_worker_that_no_longer_answers_is_killed_with_its_kernel(folder, monkeypatch):
    monkeypatch.setattr("toolkit.report.process.GRACE", 1.0)
    started = folder.parent / "started"
    mark = str(folder)
    # A stopped process gets no SIGTERM; the parent of the kernel is there, so that the kernel stays as well.
    stop = f"import os, signal, time; open({str(started)!r}, 'w').close(); os.kill(os.getppid(), signal.SIGSTOP)"
    notebook(folder, "hangs", stop, "time.sleep(120)")
    notebook(folder, "good", "print(1)")
    monkeypatch.setenv("TOOLKIT_MARK", mark)
    outcome = run(folder, timeout=6)["hangs"]
    assert started.exists() and outcome.status == "failed"
    assert outcome.message == "took longer than 6 s, no longer answered and was ended"
    assert is_gone(f"TOOLKIT_MARK={mark}")


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="only POSIX lets a process refuse to end")
def test_stop_kills_what_refuses_to_end(tmp_path, monkeypatch):
    monkeypatch.setattr("toolkit.report.process.GRACE", 0.5)
    refuse = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(120)"
    kernels = [
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"], start_new_session=True)
        for _ in range(2)
    ]
    running, ends, seen, sent, send = Running(), [], threading.Barrier(3), [], subprocess.Popen.send_signal
    monkeypatch.setattr(subprocess.Popen, "send_signal", lambda it, number: (sent.append(number), send(it, number)))

    def follow(kernel):
        noted = tmp_path / str(kernel.pid)
        noted.write_text(str(kernel.pid))
        command = [sys.executable, "-c", refuse]
        with running.start(command, noted, stdout=subprocess.PIPE, start_new_session=True) as process:
            process.stdout.readline()
            seen.wait(30)
            process.stdout.read()  # as the runner does, until it has ended
        process.stdout.close()
        ends.append(process.returncode)

    try:
        with ThreadPoolExecutor() as pool:
            done = [pool.submit(follow, kernel) for kernel in kernels]
            seen.wait(30)
            running.stop()
            assert sent[:3] == [signal.SIGTERM] * 2 + [signal.SIGKILL]  # together, not one after the other
            for it in done:
                it.result(10)
        assert ends == [-signal.SIGKILL] * 2
        assert [kernel.wait(10) for kernel in kernels] == [-signal.SIGKILL] * 2
        with pytest.raises(RuntimeError), running.start(["true"], tmp_path / "none"):
            pass
    finally:
        for kernel in kernels:
            kernel.kill()
            kernel.wait()


def test_what_ends_by_itself_is_given_the_time(tmp_path):
    good = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(3)); print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", good], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        end({process: tmp_path / "none"})
        assert process.returncode == (3 if os.name == "posix" else 1)


def test_a_user_kernel_called_python3_is_not_used(folder, tmp_path, monkeypatch):
    spec = tmp_path / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(json.dumps({"argv": ["/bin/false"], "display_name": "x", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    notebook(folder, "good", "print(1)")
    assert run(folder)["good"].status == "ok"


@forked
def test_missing_tables_are_skipped_only_when_all_reports_were_asked_for(folder):
    missing = "from toolkit.errors import MissingTable; raise MissingTable('this data has no table calls')"
    notebook(folder, "calls", missing)
    notebook(folder, "good", "print(1)")
    assert run(folder)["calls"].status == "skipped"
    assert "failed/calls.log" not in files(folder)
    page = (shown(folder) / "index.html").read_text()
    assert "Not made, as the data has no calls: About calls." in page and "this data has no table" not in page
    # the good report was drawn before it was known that the other would not be there
    assert 'href="calls.html"' not in (shown(folder) / "good.html").read_text() + page
    assert run(folder, ["calls"])["calls"].status == "failed"
    notebook(folder, "calls", "print(1)")
    run(folder)
    notebook(folder, "calls", missing)  # there was one: now its absence is news
    assert run(folder)["calls"].status == "failed"


@pytest.mark.parametrize(
    "options, said",
    [
        ({"params": {"bye": "x"}}, "no chosen notebook has a parameter 'bye' (did you mean 'by'?)"),
        ({"params": {"data": "x"}}, "given by the option --data"),
        ({"params": {"as_of": "x"}}, "given by the option --as-of"),
        ({"params": {"where": "x=1"}}, "given by the option --where"),
        ({"period": "-7d"}, "no chosen notebook has a parameter 'period'"),
        ({"params": {"by": 3}}, "is not a text"),
        ({"names": ["god"]}, "there is no report 'god' (did you mean 'good'?); there are: good"),
        ({"names": ["no/such.ipynb"]}, "no/such.ipynb: there is no such notebook"),
        ({"jobs": 0}, "jobs is 0"),
        ({"notebooks": "no/such"}, "there is no folder of notebooks"),
    ],
)
def test_mistakes_are_told_before_a_kernel_starts(folder, monkeypatch, options, said):
    notebook(folder, "good", "print(1)")
    monkeypatch.setattr("toolkit.report.run.run_tasks", lambda *_, **__: pytest.fail("it ran"))
    with pytest.raises(BadParameter) as error:
        run(folder, **options)
    assert said in str(error.value)


def test_notebooks_are_found(folder, tmp_path):
    one, two = notebook(folder, "one_two"), notebook(folder, "three")
    mine = notebook(tmp_path, "mine")
    assert find_notebooks(None, folder) == {"one_two": one, "three": two}
    assert find_notebooks(["one-two", str(mine)], folder) == {"one_two": one, "mine": mine}
    assert find_notebooks([str(mine)], "no/such") == {"mine": mine}  # a path needs no folder
    for names, said in (([str(notebook(tmp_path, "three")), "three"], "two notebooks"), ([], "no folder of notebooks")):
        with pytest.raises(BadParameter, match=said):
            find_notebooks(names, folder if names else "no/such")
    with pytest.raises(BadParameter, match="rename it"):
        find_notebooks([str(notebook(tmp_path, "index"))])


class FakeTable(dict):
    """A table of ten rows, as far as the runner counts them."""

    __missing__ = aggregate = to_pyarrow = count = min = max = lambda self, *_, **__: self

    def execute(self):
        return 10

    def to_pylist(self):
        return [{"first": datetime(2024, 4, 24, tzinfo=UTC)}]


class FakeData:
    doubts = ()
    """What `open_data` returns, as far as the runner looks."""

    recognised = ""
    files = ()
    source, zone, as_of, tables = "tables", "UTC", datetime(2024, 5, 1, tzinfo=UTC), {"calls": FakeTable()}
    service = type("Service", (), {"name": "Trains"})

    def during(self, period):
        self.period = type("Period", (), {"label": period})
        return self

    def explain_period(self):
        return f"{self.period.label} means 24 to 30 April 2024, seen from 2024-05-01, as given"

    notes = files = ()

    def first_entries(self, most, after=0):
        import pandas as pd

        return pd.DataFrame()

    def rules_broken(self):
        return self.first_entries(0)

    @property
    def counts(self):
        import pandas as pd

        return pd.DataFrame({"table": ["calls"], "rows_in": [10], "rows_used": [9], "rejected": [1], "repaired": [0]})

    def save(self, folder, sentiment=True):
        Path(folder).mkdir()
        (Path(folder) / "prepared.json").write_text("{}")


@forked
def test_the_data_is_read_once_and_the_report_names_the_users_own_path(folder, monkeypatch):
    calls = []
    monkeypatch.setattr("toolkit.load.open_data", lambda path, **options: calls.append((path, options)) or FakeData())
    parameters = 'data: str = ""\nsource: str = ""\nas_of: str = ""\nperiod: str = "-28d"'
    source = "import os; assert os.listdir(data) == ['prepared.json'] and (source, as_of, period) == ('', '', '-7d')"
    for name in ("one", "two"):
        notebook(folder, name, source, parameters=parameters)
    notebook(folder, "fails", "raise ValueError(data)", parameters=parameters)
    outcomes = run(folder, data="my/export", source="twitter", period="-7d", as_of="2024-05-01T00:00:00Z")
    out = shown(folder)
    assert len(calls) == 1 and calls[0][0] == "my/export" and calls[0][1]["source"] == "twitter"
    assert outcomes["one"].status == outcomes["two"].status == "ok"
    assert outcomes["fails"].message == "ValueError: my/export"
    for file in ("one.html", "notebooks/one.ipynb", "manifest.json", "index.html"):
        text = (out / file).read_text()
        assert "toolkit-report-" not in text, file  # the runner's folder is gone when it is read
    executed = nbformat.read(out / "notebooks" / "one.ipynb", 4)
    assert 'data = "my/export"' in executed.cells[2].source and 'source = "twitter"' in executed.cells[2].source
    assert "9 of 10 rows used (90.0\N{NO-BREAK SPACE}%); 1 set aside" in (out / "index.html").read_text()


@pytest.mark.parametrize(
    "period, said",
    [
        ("2031-01", "no row of the data lies in the period 2031-01; the data goes through 2024-03-02"),
        ("2020", "no row of the data lies in the period 2020; the data begins on 2024-02-01"),
        (
            "2024-02-10",
            "no row of the data lies in the period 2024-02-10; its rows lie between 2024-02-01 and 2024-03-02",
        ),
        ("2024-03", ""),
        ("2024-02-01", ""),  # the first row's day, in Rome
        ("all", ""),
    ],
)
def test_a_period_without_rows(tmp_path, period, said):
    rows = "conversation_id,channel,created_at\n1,chat,2024-01-31T23:30:00Z\n2,chat,2024-03-02T08:00:00Z\n"
    (tmp_path / "conversations.csv").write_text(rows)
    (tmp_path / "service.toml").write_text('name = "Trains"\ntime_zone = "Europe/Rome"\n')
    data = toolkit.open_data(tmp_path)
    assert find_empty_period(data, data.during(period).period) == said


ROWS = """conversation_id,channel,created_at,team
1,chat,2024-01-31T23:30:00Z,Torino
2,email,2024-02-01T08:00:00Z,Roma sud
3,chat,2024-02-02T08:00:00Z,
4,chat,2024-03-02T08:00:00Z,Bari
"""
PARAMETERS = 'data: str = ""\nperiod: str = "all"\nby: str = ""\nwhere: list[str] = []'
COUNT = """import toolkit
rows = toolkit.open_data(data, period=period, where=where).conversations
print("ids", *sorted(rows.conversation_id.execute()), ".")"""


@pytest.fixture
def export(folder):
    """Four conversations in an export, and a notebook that prints the ids of those that it is about."""
    (folder.parent / "export").mkdir()
    (folder.parent / "export" / "conversations.csv").write_text(ROWS)
    notebook(folder, "good", COUNT, parameters=PARAMETERS)
    return folder.parent / "export"


@forked
def test_an_empty_period_leaves_every_report_as_it_was(folder, export):
    assert run(folder, data=export)["good"].status == "ok"
    before = {name: (shown(folder) / name).read_bytes() for name in files(folder)}
    with pytest.raises(EmptyPeriod) as error:
        run(folder, data=export, period="2031-01")
    said = "no row of the data lies in the period 2031-01; the data goes through 2024-03-02"
    assert str(error.value) == f"{said}. No report was made; --allow-empty makes them all the same"
    assert {name: (shown(folder) / name).read_bytes() for name in files(folder)} == before
    told = []
    outcome = run(folder, data=export, period="2031-01", warn=told.append, allow_empty=True)["good"]
    assert outcome.status == "ok" and "ids ." in outcome.html.read_text() and told == [said]


def test_data_without_a_row_is_an_empty_period(folder, export):
    (export / "conversations.csv").write_text(ROWS.splitlines()[0] + "\n")
    with pytest.raises(EmptyPeriod, match="the data has not one row"):
        run(folder, data=export)


def test_the_default_period_of_a_notebook_may_be_empty_too(folder, export):
    notebook(folder, "late", "print(1)", parameters='data: str = ""\nperiod: str = "2031"')
    with pytest.raises(EmptyPeriod, match="the period 2031;"):
        run(folder, ["late"], data=export)


@forked
def test_the_reports_of_a_run_link_to_each_other_and_to_the_ledger(folder, export):
    def bar(name):
        html = (shown(folder) / f"{name}.html").read_text()
        bar = html[html.index("<nav") : html.index("</nav>")]
        return re.findall(
            r'<a href="([^"]*)"( aria-current="page")?>([^<]*?)(?: <span class="dated">.*?</span>)?</a>', bar
        )

    current = ' aria-current="page"'
    notebook(folder, "other", COUNT, parameters=PARAMETERS)
    run(folder, data=export)
    notebook(folder, "new", COUNT, parameters=PARAMETERS)
    run(folder, ["new"], data=export, interactive=True)
    there = [("index.html", "", "Overview"), ("good.html", "", "About good"), ("new.html", current, "About new")]
    assert bar("new") == [*there, ("other.html", "", "About other")]
    assert "new.html" in str(bar("good"))  # which is kept from the run before, and was drawn without it
    assert "<script" in (shown(folder) / "new.html").read_text() and (shown(folder) / "ledger.html").exists()
    run(folder, ["good"], data=export, each="team", where=["team=Bari"])
    team = ("good.team-Bari.html", current, "About good: team Bari")
    assert bar("good.team-Bari") == [*there[:2], team]
    assert 'href="ledger.html"' in (shown(folder) / "good.team-Bari.html").read_text()
    notebook(folder, "own", "print(1)")
    run(folder, ["own"])  # each notebook reads its own data
    assert 'href="ledger.html"' not in (shown(folder) / "own.html").read_text()


def test_each_period_is_told_once_before_anything_runs(folder, monkeypatch):
    monkeypatch.setattr("toolkit.load.open_data", lambda path, **options: FakeData())
    for name, period in (("one", "-7d"), ("two", "-7d"), ("three", "last-week")):
        notebook(folder, name, "print(1)", parameters=f'data: str = ""\nperiod: str = "{period}"')
    monkeypatch.setattr("toolkit.report.run.run_tasks", lambda *_, **__: told.append("they run"))
    told, why = [], "means 24 to 30 April 2024, seen from 2024-05-01, as given"
    run_reports(None, "export", folder.parent / "out", Options(notebooks=folder), tell=told.append)
    assert told == [f"-7d {why}", f"last-week {why}", "they run"]
    told.clear()
    run_reports(None, "export", folder.parent / "out", Options(period="-28d", notebooks=folder), tell=told.append)
    assert told == [f"-28d {why}", "they run"]


@pytest.mark.parametrize(
    "where, ids",
    [
        (["channel=chat", "channel=email"], "1 2 3 4"),  # one or the other
        (["channel=chat", "team=Torino"], "1"),  # both
        (["team=(none)"], "3"),
        ({"team": "Roma sud"}, "2"),
        ([], "1 2 3 4"),
    ],
)
def test_where_restricts_the_rows(export, where, ids):
    rows = toolkit.open_data(export, where=where).conversations
    assert sorted(rows.conversation_id.execute()) == ids.split()


@forked
def test_where_restricts_a_report(folder, export):
    outcome = run(folder, data=export, where=["channel=chat"], period="2024-02")["good"]
    assert "ids 3 ." in outcome.html.read_text(), outcome.message
    entry = read_manifest(shown(folder))["reports"]["good"]
    assert entry["where"] == entry["parameters"]["where"] == ["channel=chat"]


def test_where_that_no_row_meets(folder, export):
    with pytest.raises(EmptyPeriod) as error:
        run(folder, data=export, where=["channel=chap"])
    assert "no row of the period all has channel=chap (did you mean 'chat'?). No" in str(error.value)
    with pytest.raises(EmptyPeriod, match="no row of the period 2024-03 has team=Torino. No"):
        run(folder, data=export, where=["team=Torino"], period="2024-03")


@forked
def test_one_report_for_each_value(folder, export):
    outcomes = run(folder, data=export, each="team", where=["channel=chat"])
    titles = {name: (it.title, it.where) for name, it in outcomes.items()}
    both = ["channel=chat"]
    assert titles == {
        "good.team-Bari": ("About good: team Bari", [*both, "team=Bari"]),
        "good.team-Torino": ("About good: team Torino", [*both, "team=Torino"]),
        "good.team-none": ("About good: team (unassigned)", [*both, "team=(none)"]),
    }
    for name, ids in (("Bari", "4"), ("Torino", "1"), ("none", "3")):
        html = outcomes[f"good.team-{name}"].html.read_text()
        assert (
            f"ids {ids} ." in html and f"<h1>About good: team {'(unassigned)' if name == 'none' else name}</h1>" in html
        )
    run(folder, data=export)
    page = (shown(folder) / "index.html").read_text()
    page = page[page.index('<section class="list"') :]
    assert page.index('href="good.html"') < page.index('aria-label="About good: By team"')
    assert page.count('<ul class="values"') == 1
    places = [page.index(f'href="good.team-{name}.html"') for name in ("Bari", "Torino", "none")]
    assert places == sorted(places)
    # the period decides which values there are
    assert list(run(folder, data=export, each="team", period="2024-03")) == ["good.team-Bari"]


def test_more_values_than_people_compare(folder, export, monkeypatch):
    monkeypatch.setattr("toolkit.report.each.MOST", 3)
    with pytest.raises(BadParameter, match="--each team: there are 4 values, .* at most 3"):
        run(folder, data=export, each="team")


@forked
def test_a_notebook_without_the_column_is_not_made_for_each(folder, export):
    notebook(folder, "other", "now = None; now.calls", parameters=PARAMETERS)
    told = []
    assert len(run(folder, data=export, each="channel", period="2024-03", warn=told.append)) == 1
    assert told == ["other isn't made for each channel: none of its tables has a column 'channel'"]


def test_names_of_each_differ_where_case_does_not(tmp_path):
    names = names_of("waits", "team", ["a b", "a-b", "A-B", "a/b", "(none)", "none", "..", "x" * 300, "naïve"])
    assert len({name.casefold() for name in names.values()}) == len(names)
    assert names["naïve"] == "waits.team-naïve" and names_of("waits", "team", ["a/b"])["a/b"] == names["a/b"]
    for name in names.values():
        (tmp_path / f"{name}.html").write_text("")  # a file system takes them


def test_a_notebook_that_takes_no_notice_of_where_is_refused(folder, export):
    notebook(folder, "deaf", "print(1)", parameters='data: str = ""')
    for options, said in (({"where": ["channel=chat"]}, "--where"), ({"each": "team"}, "--each")):
        with pytest.raises(BadParameter, match=f"^deaf: has no parameter 'where', so {said} can't restrict it"):
            run(folder, data=export, **options)


@pytest.mark.parametrize(
    "options, said",
    [
        ({"period": "lastweek"}, "period 'lastweek' can't be read"),
        ({"params": {"by": "chanel"}}, "by: no table has a column 'chanel' (did you mean 'channel'?); there are: "),
        ({"params": {"by": "agent"}}, "by: no table has a column 'agent'"),  # of the contract, but not in the files
        ({"where": ["hour=3"]}, "--where: no table has a column 'hour'"),
        ({"each": "taem"}, "--each: no table has a column 'taem' (did you mean 'team'?)"),
        ({"where": ["channel"]}, "'channel' restricts nothing; write it as column=value"),
    ],
)
def test_wrong_columns_and_periods_are_told_before_the_data_is_read(folder, export, monkeypatch, options, said):
    monkeypatch.setattr("toolkit.load.open_data", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(BadParameter) as error:
        run(folder, data=export, **options)
    assert said in str(error.value)


@pytest.mark.parametrize("by", ["team", "hour", "topic"])  # a column, a part of local time, one that may be derived
def test_columns_that_may_be_there_are_read(folder, export, monkeypatch, by):
    monkeypatch.setattr("toolkit.report.run.run_tasks", lambda *_, **__: ["they run"])
    options = Options(notebooks=folder, params={"by": by})
    assert run_reports(None, export, folder.parent / "out", options) == ["they run"]


@pytest.mark.parametrize(
    "name, content, columns",
    [
        ("calls.csv", b"Call_ID;started at;Own Name\n1;x;y\n", ["Own Name", "call_id", "started_at"]),
        ("calls.csv", b"\xef\xbb\xbfcall_id,started_at\r\n", ["call_id", "started_at"]),
        ("calls.csv", b"call_id,started_at\r1,2\r", ["call_id", "started_at"]),
        ("calls.csv.gz", gzip.compress(b"call_id\tstarted_at\n", mtime=0), ["call_id", "started_at"]),
        ("calls/1.csv", b"call_id,started_at\n", ["call_id", "started_at"]),
        ("calls.csv", "call_id\n".encode("utf-16"), ["call_id"]),
        ("calls.csv", b'"call\nid",started_at\n', ["call\nid", "started_at"]),
        ("calls.csv", b"caf\xe9,started_at\n", ["caf\xe9", "started_at"]),
        ("calls.json", b'[{"call_id": 1, "started_at": "x"}]', ["call_id", "started_at"]),
        ("calls.csv", b"", None),  # what can't be read is left to the loader
        ("calls.parquet", b"none", None),
        ("data.duckdb", b"none", None),
    ],
)
def test_columns_are_read_from_first_lines(tmp_path, name, content, columns):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(content)
    path = tmp_path / name if name.endswith("duckdb") else tmp_path
    assert columns_there(path) == columns
    assert columns_there(path, "asterisk") is columns_there(tmp_path / "none") is None


def test_columns_of_parquet_databases_and_prepared_data(tmp_path):
    import duckdb

    (tmp_path / "files").mkdir()
    with duckdb.connect(str(tmp_path / "x.duckdb")) as con:
        con.execute("CREATE TABLE calls AS SELECT 'a' AS call_id, now() AS started_at, 1 AS own")
        con.execute(f"COPY calls TO '{tmp_path}/files/calls.parquet'")
    toolkit.open_data(tmp_path / "files").save(tmp_path / "prepared")
    for place in ("x.duckdb", "files", "prepared"):
        assert columns_there(tmp_path / place) == ["call_id", "own", "started_at"]


def test_data_that_cannot_be_read_stops_before_any_kernel(folder, monkeypatch):
    def refuse(path, **options):
        raise BadData("calls.csv: is empty")

    monkeypatch.setattr("toolkit.load.open_data", refuse)
    notebook(folder, "good", "print(1)")
    with pytest.raises(BadData):
        run(folder, data="x")
    assert files(folder) == []


@forked
def test_running_one_report_keeps_what_is_known_of_the_others(folder):
    notebook(folder, "one", DISPLAY)
    notebook(folder, "two", DISPLAY)
    run(folder)
    run(folder, ["one"])
    out = shown(folder)
    assert set(read_manifest(out)["reports"]) == {"one", "two"}
    assert (out / "index.html").read_text().count('<li class="entry">') == 2
    (out / "two.html").unlink()
    run(folder, ["one"])
    assert 'href="two.html"' not in (shown(folder) / "index.html").read_text()


@pytest.mark.parametrize("content", ["", "not JSON", "[]", '{"reports": []}'])
def test_a_broken_manifest_is_made_anew(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    assert read_manifest(tmp_path) == {"reports": {}}


def test_writing_is_all_or_nothing(tmp_path):
    path = tmp_path / "a.html"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "new \ud800")
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["a.html"]


@forked
def test_odd_names_and_paths(tmp_path):
    folder = tmp_path / "a {b} 'c'" / "notebooks"
    folder.mkdir(parents=True)
    notebook(folder, 'naïve & "new"', "print(1)")
    outcome = run(folder)['naïve & "new"']
    assert outcome.status == "ok" and outcome.html.exists()
    assert "na%C3%AFve%20%26%20%22new%22.html" in (shown(folder) / "index.html").read_text()


@forked
def test_progress_is_told(folder):
    notebook(folder, "good", "print(1)")
    told = []
    run(folder, progress=lambda *step: told.append(step))
    assert told[0] == ("good", 0, 4) and told[-1] == ("good", 3, 4)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
@pytest.mark.parametrize(
    "ending, code, names", [(signal.SIGINT, 130, "ab"), (signal.SIGTERM, 143, "a"), (signal.SIGHUP, 129, "a")]
)
def test_ctrl_c_leaves_no_process_and_no_folder(folder, ending, code, names):
    started = folder.parent / "started"
    for name in names:  # two are forked, one is started
        notebook(folder, name, f"open({str(started)!r}, 'w').close(); import time; time.sleep(120)")
    temporary, mark = folder.parent / "temporary", f"TOOLKIT_TEST={folder}"
    temporary.mkdir()
    (folder.parent / "data").mkdir()
    driver = (
        "import sys; from toolkit.cli.ending import ended_in_order; from toolkit.report.run import run_reports\n"
        "from toolkit.report.options import Options\n"
        "try:\n  with ended_in_order():\n"
        f"    run_reports(out={str(folder.parent / 'out')!r}, options=Options(notebooks={str(folder)!r}))\n"
        "except KeyboardInterrupt: sys.exit(130)"
    )
    environment = os.environ | {"TMPDIR": str(temporary), "TOOLKIT_TEST": str(folder)}
    environment["PYTHONPATH"] = str(Path(toolkit.__file__).parents[1])
    process = subprocess.Popen([sys.executable, "-c", driver], env=environment, start_new_session=True)
    try:
        last = time.monotonic() + 60
        while not started.exists():
            assert time.monotonic() < last and process.poll() is None
            time.sleep(0.1)
        process.send_signal(ending)
        time.sleep(0.1)
        process.send_signal(ending)  # whoever can't wait leaves no more behind
        assert process.wait(30) == code
    finally:
        process.kill()
    assert is_gone(mark)
    assert list(temporary.iterdir()) == []
    assert files(folder) == []


MISSING = "from toolkit.errors import MissingColumn, MissingTable; raise {}"
NO_COLUMN = MISSING.format("MissingColumn('conversations', 'first_response_at', ['created_at', '<b>'])")
NO_TABLE = MISSING.format("MissingTable('this data has no table calls')")
NO_FIRST_RESPONSE = "conversations has no column 'first_response_at'; it has: created_at, <b>"


def sectioned(folder, *sections, parameters='by: str = "channel"', setup="rows = 3"):
    """Write a notebook with a section for each tuple of code cells; headings A, B, C, ..."""
    cells = [
        new_markdown_cell("# Volumes"),
        new_code_cell(parameters, metadata={"tags": ["parameters"]}),
        new_code_cell(setup),
    ]
    for letter, sources in zip("ABCDEFG", sections, strict=False):
        cells += [new_markdown_cell(f"## {letter}"), *map(new_code_cell, sources)]
    nbformat.write(new_notebook(cells=cells, metadata=KERNEL), folder / "volumes.ipynb")


LEFT_OUT = {
    # sections: [those left out]
    "a column": ([("print(rows)",), (NO_COLUMN,)], "B"),
    "a table": ([("print(rows)",), (NO_TABLE,)], "B"),
    "the rest of a section": (
        [
            ("print(rows)", NO_COLUMN),
        ],
        "A",
    ),
    "what rests on it": ([("print(rows)",), (f"waits = 1; {NO_COLUMN}", "print(waits)"), ("print(waits)",)], "BC"),
    # In B `waits` would still be A's without a word
    "a stale name": ([("waits = 'A'; print(waits)",), (f"{NO_COLUMN}\nwaits = 'B'", "print('so', waits)")], "B"),
    "and the name set again": ([(f"{NO_COLUMN}\nwaits = 1",), ("waits = 2; print(waits)",)], "A"),
    "an import is kept": ([(f"import math\n{NO_COLUMN}",), ("print(math.pi)",)], "A"),
}


@forked
@pytest.mark.parametrize("case", LEFT_OUT)
def test_a_section_without_its_columns_is_left_out(folder, case):
    sections, letters = LEFT_OUT[case]
    sectioned(folder, *sections)
    outcome = run(folder)["volumes"]
    assert outcome.status == "ok", outcome.message
    assert [it["section"] for it in outcome.left_out] == list(letters)
    reasons = {it["reason"] for it in outcome.left_out}
    assert reasons == ({"this data has no table calls"} if case == "a table" else {NO_FIRST_RESPONSE})
    html = outcome.html.read_text()
    # what is missing is told once, and plainly; the column is folded
    assert html.count("Not in this export: first responses.") == (case != "a table")
    assert html.count("Left out: this data has no table calls") == (case == "a table")
    assert "has no column" not in html and html.count("<code>conversations.first_response_at</code>") == (
        case != "a table"
    )
    assert ("<p><b>A (in part)</b></p>" in html) == (case == "the rest of a section")
    # what is left out stands at the end, under its question
    others = re.sub(r'<p( id="[^"]*")?><b>[A-G]( \(in part\))?</b></p>', "", html)
    assert "so A" not in html and "<b>" not in others and "Traceback" not in html
    assert read_manifest(shown(folder))["reports"]["volumes"]["left_out"] == outcome.left_out


SHOW = "class show: quality = measured = headline = together = print"
SAID_COLUMN, SAID_TABLE = "has no column 'first_response_at'", "this data has no table calls"
FATAL = {
    # setup, parameters, sections; what is said, and the cell that failed
    "the setup": (NO_COLUMN, {}, [("print(1)",)], SAID_COLUMN, 3),
    "a column asked for": ("", {"by": "first_response_at"}, [("print(1)",), (NO_COLUMN,)], SAID_COLUMN, 7),
    "every section": ("", {}, [(NO_COLUMN,), (NO_TABLE,)], SAID_COLUMN, 5),
    "all but those about the data": (SHOW, {}, [(NO_COLUMN,), ("show.quality('9 rows')",)], SAID_COLUMN, 5),
    "all but those of every report": (
        SHOW,
        {},
        [(NO_COLUMN,), ("show.together(1)",), ("show.measured(1)\nshow.headline(1)",)],
        SAID_COLUMN,
        5,
    ),
    "the key figures' table": ("", {}, [(f"{NO_TABLE}; show.key_figures(1)",), ("print(1)",)], SAID_TABLE, 5),
    "another error": ("", {}, [("print(1)",), ("1 / 0",)], "ZeroDivisionError", 7),
    "a name that nothing defines": ("", {}, [("print(1)",), (NO_COLUMN,), ("print(wait)",)], "NameError", 9),
}


@forked
@pytest.mark.parametrize("case", FATAL)
def test_what_is_never_left_out(folder, case):
    setup, params, sections, said, cell = FATAL[case]
    sectioned(folder, *sections, setup=setup or "rows = 3")
    outcome = run(folder, ["volumes"], params=params)["volumes"]
    assert outcome.status == "failed" and not outcome.left_out
    assert said in outcome.message and f"In cell {cell}:" in outcome.log.read_text()
    assert outcome.cell == (0 if "has no" in said else cell)  # of an error of Python's own, which pages don't tell
    assert (outcome.code == 2) == ("Error" not in said)  # so that the command line exits with 2


@forked
def test_a_report_of_which_no_section_is_left_is_skipped_when_all_were_asked_for(folder):
    sectioned(folder, (NO_COLUMN,), ("show.measured('9 rows')",), setup=SHOW)
    notebook(folder, "good", "print(1)")
    outcome = run(folder)["volumes"]
    assert outcome.status == "skipped" and SAID_COLUMN in outcome.message and not outcome.lacks
    assert not [name for name in files(folder) if "volumes" in name]
    page = (shown(folder) / "index.html").read_text()
    assert "Not made: Volumes." in page and "first_response_at" not in page
    asked = run(folder, params={"by": "first_response_at"}, names=["volumes"])["volumes"]
    assert asked.status == "failed" and asked.code == 2


def test_reports_on_data_without_a_first_response_or_a_close(tmp_path):
    rows = "conversation_id,channel,created_at\n"
    rows += "".join(f"{n},web,2024-03-{n:02}T08:00:00Z\n" for n in range(1, 29))
    (tmp_path / "conversations.csv").write_text(rows)
    names = ["response_times", "volume_and_workload"]
    waits, volume = run_reports(names, tmp_path, tmp_path / "out", Options(timeout=300))
    assert volume.status == "ok", volume.message
    sections = {it["section"]: it["reason"] for it in volume.left_out}
    assert "'closed_at'" in sections["Does the backlog grow?"]
    assert not {"When do contacts come in?", "Where do they come from?"} & set(sections)
    # of waits there is nothing to say: what goes together is of what the other sections show
    assert waits.status == "failed" and waits.code == 2 and "'first_response_at'" in waits.message
    # and `toolkit check` foresees the same
    told = {one.name: one for one in rehearse(toolkit.open_data(tmp_path), find_notebooks(names))}
    assert [{key: one[key] for key in ("section", "reason")} for one in told[names[1]].left_out] == volume.left_out
    assert told[names[0]].refused["reason"] == waits.message


def test_a_notebook_without_parameters_is_no_report(folder):
    notebook(folder, "good", "print(1)")
    untitled = folder / "Untitled.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("1 + 1")]), untitled)
    told = []
    assert list(find_notebooks(None, folder, told.append)) == ["good"]
    assert told == ["Untitled.ipynb is passed over: it has no cell tagged `parameters`, so it is no report"]
    for name in ("Untitled", str(untitled)):
        with pytest.raises(BadParameter, match="Untitled.ipynb: is no report: none of its cells is tagged"):
            find_notebooks([name], folder)
    (folder / "good.ipynb").unlink()
    with pytest.raises(BadParameter, match="none of its notebooks has a cell tagged"):
        find_notebooks(None, folder)


@forked
def test_times_whose_zone_is_guessed_are_told_by_every_run(folder, tmp_path):
    (tmp_path / "calls.csv").write_text("call_id,started_at\n1,2024-01-01 09:00\n")
    notebook(folder, "good", "print(1)", parameters=PARAMETERS)
    told = []
    run(folder, data=tmp_path, warn=told.append)
    assert len([line for line in told if "calls.started_at): they were taken as UTC" in line]) == 1
    (tmp_path / "service.toml").write_text('time_zone = "Europe/Rome"\n')
    told.clear()
    run(folder, data=tmp_path, warn=told.append)
    assert not told


@forked
def test_a_notebook_that_was_cut_off_as_the_disk_was_full_fails_alone(folder, monkeypatch):
    """Its worker leaves half a notebook and no result, and there is no room beside them."""
    from toolkit.report import process

    run_task, write_text = process.run_task, Path.write_text

    def full(task, *others):
        result = run_task(task, *others)
        if task["name"] == "fills":
            os.truncate(task["executed"], 100)
            return {"status": "failed", "kind": "WorkerDied", "message": "no room", "seconds": 1.0}
        return result

    def write(path, *values, **options):
        if path.suffix == ".ipynb" and "toolkit-report-" in str(path):
            raise OSError(28, "No space left on device", str(path))
        return write_text(path, *values, **options)

    notebook(folder, "fills", "print(1)")
    notebook(folder, "other", "print(2)")
    monkeypatch.setattr(process, "run_task", full)
    monkeypatch.setattr(Path, "write_text", write)
    outcomes = run(folder)
    assert {name: (it.status, it.code) for name, it in outcomes.items()} == {"fills": ("failed", 5), "other": ("ok", 0)}
    assert nbformat.read(shown(folder) / "failed" / "fills.ipynb", 4).cells == []
