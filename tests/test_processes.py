"""Processes, time, memory and output: what a notebook starts ends with it, and it takes no more than it may."""

import contextlib
import errno
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import ibis
import nbformat
import psutil
import pytest
from test_report_run import notebook

import toolkit
from toolkit import backend, errors, scratch
from toolkit.report import family, limits, process, worker
from toolkit.report.nursery import Nursery, _is_able
from toolkit.report.options import Options
from toolkit.report.prepare import read_max_age, refuse_old
from toolkit.report.run import run_reports
from toolkit.report.runs import latest

pytestmark = pytest.mark.skipif(not _is_able(), reason="process control by the system: on Linux")

# A child in a session of its own whose parent has ended, and one that has taken the run's mark off besides.
LEAVES = """
import os, psutil, subprocess, time
shell = "setsid sleep 321 & setsid env -i sleep 321 & echo"
subprocess.run(["sh", "-c", shell], stdout=subprocess.DEVNULL)
def left():
    found = [it.info for it in psutil.process_iter(["cmdline", "ppid"])]
    return [it for it in found if it["cmdline"] == ["sleep", "321"] and it["ppid"] == os.getppid()]
last = time.monotonic() + 6
while len(left()) < 2: assert time.monotonic() < last; time.sleep(0.05)
"""
ENDS = {"leaves_detached": "", "kills_kernel": "os._exit(1)", "kills_worker": "os.kill(os.getppid(), 9); time.sleep(9)"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """One run of notebooks that fail each in its way: their outcomes, and the processes that were there in between.

    Of a nursery that is kept open: what a run ends when all is over doesn't hide what a notebook's end left.
    """
    place = tmp_path_factory.mktemp("processes")
    folder = place / "notebooks"
    folder.mkdir()
    for name, ending in ENDS.items():
        notebook(folder, name, LEAVES, ending)
    notebook(folder, "prints", "import os\nfor _ in range(40): print('x' * 999_999)", "print('after')")
    many = "import sys\nfor number in range(6): print(number, 'y' * 999_000, file=sys.stderr)"
    notebook(folder, "prints_often", *[many] * 3)
    notebook(folder, "shows", "from IPython.display import HTML\nHTML('<p>z</p>' * 7_000_000)", "1 / 0")
    notebook(folder, "raises_much", "raise ValueError('e' * 20_000_000)")
    notebook(
        folder, "asks", "import ipykernel.connect as c, json; print(json.loads(c.get_connection_info())['transport'])"
    )
    memory = "kept = []\nimport time\nwhile True: kept.append(bytearray(b'm' * 20_000_000)); time.sleep(0.005)"
    notebook(folder, "takes_memory", memory)
    notebook(folder, "takes_at_once", "kept = bytearray(40_000_000_000)")
    # a call that keeps Python's lock: neither a signal's handler nor another thread gets its turn
    stuck = "import ctypes, signal; signal.signal(signal.SIGINT, signal.SIG_IGN); ctypes.PyDLL(None).sleep(60)"
    (place / "stuck").mkdir()
    notebook(place / "stuck", "is_stuck", stuck)
    opened = Nursery(place / "nursery", [])
    with opened, pytest.MonkeyPatch.context() as patch:
        opened.ready()
        kept = SimpleNamespace(ready=lambda: None, popen=opened.popen)
        patch.setattr("toolkit.report.run.Nursery", lambda *_: contextlib.nullcontext(kept))
        with ThreadPoolExecutor() as pool:  # two runs at a time: one waits for most of its time
            stuck = Options(notebooks=place / "stuck", timeout=5)
            waits = pool.submit(run_reports, out=place / "other", options=stuck)
            options = Options(notebooks=folder, memory="700MB", timeout=60, jobs=3)
            made = run_reports(out=place / "out", options=options)
        outcomes = {it.name: it for it in (*made, *waits.result())}
        left = [it.cmdline() for it in psutil.Process(opened.process.pid).children(recursive=True)]
    return SimpleNamespace(outcomes=outcomes, left=left, out=latest(place / "out"))


def text_of(runs, name):
    cells = nbformat.read(runs.out / "notebooks" / f"{name}.ipynb", 4).cells
    outputs = [it for cell in cells for it in cell.get("outputs", [])]
    return "".join(it.get("text", "") or it.get("data", {}).get("text/plain", "") for it in outputs)


def test_what_a_notebook_started_ends_with_it_however_it_ends(runs):
    codes = {name: runs.outcomes[name].code for name in ENDS}
    assert codes == {"leaves_detached": 0, "kills_kernel": 5, "kills_worker": 5}
    assert runs.left == []
    assert not any(it.info["cmdline"] == ["sleep", "321"] for it in psutil.process_iter(["cmdline"]))


def test_what_is_printed_is_cut_and_the_report_says_how_much(runs):
    assert runs.outcomes["prints"].code == runs.outcomes["prints_often"].code == 0
    text = text_of(runs, "prints")
    assert "[... 39.0 million characters more were printed." in text and text.endswith("after\n")
    assert 1_000_000 < len(text) < 1_001_000
    text = text_of(runs, "prints_often")
    assert text.count("[... 5.0 million characters more") == 3 and len(text) < 3_001_000
    page = runs.outcomes["prints"].html.read_text()
    assert "million characters more were printed" in page and len(page) < 2_000_000


def test_a_display_that_is_too_large_is_refused(runs):
    assert runs.outcomes["shows"].code == 3
    log = runs.outcomes["shows"].log
    assert log.with_suffix(".ipynb").stat().st_size < 100_000
    assert "too large for a report (56.0 million characters)" in log.with_suffix(".ipynb").read_text()
    assert runs.outcomes["raises_much"].code == 3 and runs.outcomes["raises_much"].log.stat().st_size < 1_000_000


def test_a_kernel_needs_no_network(runs):
    assert text_of(runs, "asks") == "ipc\n"


def test_a_notebook_gets_no_more_memory_than_it_may(runs):
    grows, asks = runs.outcomes["takes_memory"], runs.outcomes["takes_at_once"]
    assert grows.code == asks.code == 5
    assert "in cell 4 it took more memory" in grows.message and "than the 700 MB that one notebook may" in grows.message
    assert asks.message == "MemoryError (one notebook may take 700 MB; --memory allows more)"


def test_a_notebook_that_no_signal_reaches_ends_at_its_time(runs):
    outcome = runs.outcomes["is_stuck"]
    assert outcome.code == 4 and outcome.message.startswith("took longer than 5 s and was stopped in cell")


@pytest.fixture
def sleepers():
    """Starts a process with this mark in its environment; each is ended with the test."""
    started = []

    def start(mark):
        # what a child of the test leaves is none of its
        marked = {} if mark is None else {family.MARK: mark}
        started.append(subprocess.Popen(["sleep", "322"], env=marked))
        return started[-1]

    yield start
    for it in started:
        it.kill()
        it.wait()


def test_what_dead_runs_left_is_ended_and_nothing_else(sleepers):
    dead = subprocess.Popen(["true"])
    dead.wait()
    ours = family.started(os.getpid())
    marks = {
        "dead": f"{dead.pid}-123-toolkit-report-x.scratch",
        "number that another process has now": f"{os.getpid()}-{ours - 1}-toolkit-report-x.scratch",
        "alive": f"{os.getpid()}-{ours}-toolkit-report-x.scratch",
        "of a system that tells no start": f"{dead.pid}-0-toolkit-report-x.scratch",
        "something else": f"{dead.pid}",
        "none": None,
    }
    processes = {name: sleepers(mark) for name, mark in marks.items()}
    family.kill_dead_runs()
    ended = {name for name, it in processes.items() if it.poll() is not None}
    assert ended == {"dead", "number that another process has now"}
    family.kill_marked(marks["alive"])
    assert processes["alive"].wait(5) == -signal.SIGKILL
    assert processes["none"].poll() is None


def test_temporary_folders_of_the_dead_are_removed_and_no_others(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with scratch.scratch_folder("live") as live:
        code = "import os, signal, toolkit.scratch as it; print(it.Scratch('dead').path, flush=True); os.kill(os.getpid(), 9)"
        environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(toolkit.__file__).parents[1])}
        said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
        assert said.returncode == -signal.SIGKILL
        dead = Path(said.stdout.strip())
        (dead / "data").mkdir()
        (dead / "data" / "prepared.parquet").write_text("rows")
        mine = tmp_path / "toolkit-mine"
        mine.mkdir()
        link = tmp_path / "toolkit-link-abcd_123.scratch"
        link.symlink_to(mine)
        with scratch.scratch_folder("next") as folder:
            assert not dead.exists() and live.is_dir() and mine.is_dir() and link.is_symlink()
            assert folder.stat().st_mode & 0o777 == 0o700
            if os.fork() == 0:  # a fork that ends leaves the folder to the process that made it
                scratch.Scratch.close(SimpleNamespace(pid=os.getppid(), path=folder))
                os._exit(0)
            os.wait()
            assert folder.is_dir()
        assert not folder.exists() and live.is_dir()
    assert sorted(it.name for it in tmp_path.iterdir()) == ["toolkit-link-abcd_123.scratch", "toolkit-mine"]
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(errors.CantWrite, match="No such file or directory"):
        scratch.Scratch("full")


def test_what_a_run_has_no_time_for_is_a_time_out_and_the_rest_is_published(tmp_path, monkeypatch):
    def run_task(task, running, progress):
        if task["name"] == "quick":
            return {"status": "ok", "seconds": 0.1}
        while not running.is_stopped:
            time.sleep(0.01)
        return {"status": "failed", "kind": "WorkerDied", "message": "ended", "seconds": 1.0}

    monkeypatch.setattr(process, "run_task", run_task)
    tasks = [{"name": name} for name in ("quick", "slow", "waits")]
    done = process.results(tasks, 1, process.Running(), deadline=process.Deadline(0.5))
    told = {task["name"]: (result["status"], result.get("kind"), result.get("message")) for task, result in done}
    why = "the whole run took longer than 0.5 s (--total-timeout), and it was "
    assert told == {
        "quick": ("ok", None, None),
        "slow": ("failed", "Timeout", f"{why}stopped"),
        "waits": ("failed", "Timeout", f"{why}not started"),
    }


def test_reading_the_data_ends_at_the_time_of_the_run():
    done = []
    said = pytest.raises(errors.OutOfTime, match="to read the data took longer than the 0.2 s")
    with said, process.Deadline(0.2).interrupt("to read the data"):
        time.sleep(30)
        done.append("it was read to its end")
    assert not done
    with process.Deadline(None).interrupt("to read the data"):
        pass
    with process.Deadline(60).interrupt("to read the data"):
        pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_data_that_is_too_old(tmp_path):
    days_ago = datetime.now(UTC) - timedelta(days=3)
    table = ibis.memtable(
        {"call_id": ["a"], "started_at": [days_ago], "ended_at": [datetime.now(UTC) + timedelta(days=9)]}
    )
    opened = SimpleNamespace(as_of=datetime.now(UTC), zone="UTC", tables={"calls": table})  # read now: as old as it is
    refuse_old(opened, read_max_age("4d", "data"))
    refuse_old(opened, read_max_age(None, "data"))
    with pytest.raises(errors.TooOld, match="3 days ago; --max-age allows 36 hours"):
        refuse_old(opened, read_max_age("36h", "data"))
    file = tmp_path / "groups.csv"
    file.write_text("name\na\n")
    os.utime(file, (days_ago.timestamp(), days_ago.timestamp()))
    timeless = SimpleNamespace(as_of=opened.as_of, zone="UTC", tables={}, files=[file])  # no event: as old as its file
    with pytest.raises(errors.TooOld, match="no event, and its newest file is of .* 3 days ago"):
        refuse_old(timeless, read_max_age("36h", "data"))
    for text, data in (("0h", "x"), ("soon", "x"), ("2d", None)):
        with pytest.raises(errors.BadParameter, match="--max-age"):
            read_max_age(text, data)


@pytest.mark.parametrize("text", ["", "4", "4 XB", "-4GB", "100MB", "1" * 400 + "GB", "inf"])
def test_what_is_no_size_of_memory(text):
    with pytest.raises(errors.BadParameter, match="memory is"):
        limits.parse_size(text)


def test_memory_by_default_is_a_share_of_the_containers(tmp_path, monkeypatch):
    most = tmp_path / "memory.max"
    monkeypatch.setattr(backend, "CGROUP", (str(most),))
    assert limits.share_of_memory(1) >= limits.share_of_memory(2) >= limits.LEAST
    most.write_text("4000000000\n")
    assert limits.share_of_memory(2) == 1_600_000_000 and limits.share_of_memory(100) == limits.LEAST
    monkeypatch.setenv(backend.LIMIT, "1000000000")
    assert backend.machine_memory() == 1_000_000_000  # so that an engine in a notebook goes to disk before its end


@pytest.mark.parametrize(
    ("groups", "holder"),
    [("0::/system.slice/report.service\n", "system.slice/report.service"), ("0::/system.slice/report.service\n", "system.slice"),
     ("1:cpu:/x\n4:memory:/a/b\n0::/\n", "memory/a/b"), ("0::/../../etc\nnot one\n", "")],
)  # fmt: skip
def test_the_limit_of_a_service_is_seen(tmp_path, monkeypatch, groups, holder):
    monkeypatch.setattr(backend, "CGROUP", (f"{tmp_path}/memory.max", f"{tmp_path}/memory/memory.limit_in_bytes"))
    monkeypatch.setattr(backend, "OWN_GROUPS", tmp_path / "groups")
    (tmp_path / "groups").write_text(groups)
    (tmp_path / holder).mkdir(parents=True, exist_ok=True)
    (tmp_path / holder / ("memory.limit_in_bytes" if "memory" in holder else "memory.max")).write_text("1234567890\n")
    assert backend.machine_memory() == 1_234_567_890


def test_a_time_out_of_a_task_is_not_the_runs(monkeypatch):
    def fails(task, *_):
        raise TimeoutError("a disk of the network")

    monkeypatch.setattr(process, "run_task", fails)
    with pytest.raises(TimeoutError, match="a disk of the network"):
        list(process.results([{"name": "a"}], 1, process.Running()))


def test_a_log_is_cut_while_it_is_written(tmp_path):
    log = tmp_path / "messages.log"
    with open(log, "ab", buffering=0) as file:
        file.write(b"first " + b"a" * 6_000_000)
        limits.cut_log(log)
        file.write(b" last")
    text = limits.read_log(log)
    assert (
        log.stat().st_size == limits.LOG_KEPT + 5 and text.startswith("first a") and text.endswith("[... cut here]\n")
    )
    assert limits.read_log(tmp_path / "none") == ""


SAYS = """
import sys
from pathlib import Path
from types import SimpleNamespace as It
from toolkit.report.made import Outcome
made = [Outcome("a", "ok", html=Path("a.html"), seconds=1.0)]
made.append(Outcome("b", "failed", message="m", code=4, log=Path("x/y/z")))
def run_reports(*_, tell, warn, **__):
    tell("days"), warn("doubt")
    return made[: int(sys.argv[1])]
sys.modules["toolkit.report.run"] = It(run_reports=run_reports)  # quick: what it needs isn't imported
from toolkit import cli
sys.exit(cli.main(["report", "-d", "x"]))
"""


@pytest.mark.parametrize("count, code", [(1, 0), (2, 4)])
def test_what_cannot_be_printed_changes_no_exit_code(count, code):
    environment = os.environ | {"PYTHONPATH": str(Path(toolkit.__file__).parents[1])}
    command = [sys.executable, "-c", SAYS, str(count)]
    read, write = os.pipe()
    os.close(read)
    with open("/dev/full", "w") as full, os.fdopen(write, "w") as closed:
        for stream in (full, closed):
            assert subprocess.run(command, stdout=stream, stderr=stream, env=environment).returncode == code


def test_a_signal_that_we_were_started_to_ignore_stays_ignored():
    code = """
import os, signal
from toolkit.cli.ending import ended_in_order
with ended_in_order():
    os.kill(os.getpid(), signal.SIGHUP)
    print("on")
    os.kill(os.getpid(), signal.SIGTERM)
"""
    environment = os.environ | {"PYTHONPATH": str(Path(toolkit.__file__).parents[1])}
    command = ["nohup", sys.executable, "-c", code]
    said = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert said.returncode == 143 and said.stdout == "on\n"


def test_a_query_that_a_signal_cuts_short_is_no_error_of_the_toolkit():
    code = """
import os, signal
from toolkit.cli.ending import ended_in_order
with ended_in_order():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    except SystemExit as ending:  # as the engine says it
        raise RuntimeError("Query interrupted") from ending
"""
    environment = os.environ | {"PYTHONPATH": str(Path(toolkit.__file__).parents[1])}
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert said.returncode == 143 and "Query interrupted" not in said.stderr


def test_a_kernel_starts_where_a_system_has_no_such_signals(monkeypatch):
    """On Windows: signal has no SIGKILL there, and every kernel says whose it is first."""
    monkeypatch.setattr(family, "IS_LINUX", False)
    monkeypatch.delattr(signal, "SIGKILL")
    monkeypatch.setattr(os, "_exit", lambda code: pytest.fail("it ended"))
    assert family.end_with(1) is None is family.end_with(None)


def test_a_worker_without_room_for_its_result_says_so_by_its_exit_code(tmp_path, monkeypatch):
    file, opens = tmp_path / "task.json", os.open
    file.write_text(json.dumps({"messages": str(tmp_path / "full"), "folder": str(tmp_path)}))

    def full(path, *values, **options):
        if str(path).endswith("full"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        return opens(path, *values, **options)

    before = gc.get_threshold()
    with monkeypatch.context() as patch, pytest.raises(SystemExit) as ended:
        patch.setattr(os, "open", full)
        worker.main(str(file))
    gc.set_threshold(*before)
    task = {"result": str(tmp_path / "none"), "folder": str(tmp_path), "timeout": 1}
    result = process._result(task, SimpleNamespace(returncode=ended.value.code), "")
    assert result["kind"] == "CantWrite" and "there is no room for what a notebook leaves" in result["message"]
    assert process._result(task, SimpleNamespace(returncode=1), "")["kind"] == "WorkerDied"
