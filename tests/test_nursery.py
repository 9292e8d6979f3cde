"""Workers and kernels that are forks: as good as new, alike, and none of them outlives the run."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import pytest
from test_report_run import DISPLAY, is_gone, is_running, notebook, run

import toolkit
from toolkit.report import nursery
from toolkit.report.runs import latest

pytestmark = pytest.mark.skipif(not nursery._is_able(), reason="forks where there are pidfds: on Linux")

SETS = """import sys, toolkit
assert "papermill" in sys.modules  # its worker's, so that it is a fork
toolkit.mark = 1
import random, numpy, os
print("drawn", random.random(), numpy.random.random())
left = open(os.environ["TOOLKIT_LEFT"], "w"); left.write("written")
if child := os.fork(): os.waitpid(child, 0)
else: os._exit(0)"""
LOOKS = """import sys, duckdb, toolkit
assert "papermill" in sys.modules and not hasattr(toolkit, "mark") and "started_up" not in globals()
import random, numpy
print("drawn", random.random(), numpy.random.random())
print("rows", duckdb.sql("SELECT count(*) FROM range(1000000)").fetchone()[0])"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setenv("TOOLKIT_MARK", str(tmp_path))
    return tmp_path / "notebooks"


def printed(folder, name):
    """What the cells of a report printed."""
    cells = nbformat.read(latest(folder.parent / "out") / "notebooks" / f"{name}.ipynb", 4).cells
    return "".join(it.text for cell in cells for it in cell.get("outputs", []) if it.output_type == "stream")


def test_forks_of_all_that_is_imported_share_nothing(folder, monkeypatch):
    left, own = folder.parent / "left", folder.parent / "ipython" / "profile_default" / "startup"
    own.mkdir(parents=True)
    (own / "00.py").write_text("started_up = True")
    monkeypatch.setenv("IPYTHONDIR", str(own.parents[1]))
    monkeypatch.setenv("TOOLKIT_LEFT", str(left))
    notebook(folder, "a_sets", SETS)
    notebook(folder, "b_looks", LOOKS)
    outcomes = run(folder, jobs=1)
    assert [it.message for it in outcomes.values()] == ["", ""]
    first, second = (re.search(r"drawn (\S+) (\S+)", printed(folder, name)) for name in outcomes)
    assert first[1] != second[1] and first[2] != second[2]
    assert "rows 1000000" in printed(folder, "b_looks") and left.read_text() == "written"


ALIKE = """import gc, locale, os, signal, sys
print(sys.argv[0], sys.path, os.path.basename(os.getcwd()), sys.flags, sys._xoptions, __name__)
print(sorted(os.environ.keys() - {"TOOLKIT_NO_FORK"}), gc.get_threshold(), gc.isenabled(), locale.getlocale())
print([signal.getsignal(it) for it in (signal.SIGINT, signal.SIGTERM)], os.getsid(0) == os.getpid())
print(os.getppid() == int(os.environ["JPY_PARENT_PID"]), [os.environ["TMPDIR"].split("/")[-2:]])
import matplotlib.pyplot as plt; print(plt.get_backend()); plt.plot([1, 2]);"""


def test_a_started_process_makes_the_same_report(folder, monkeypatch):
    notebook(folder, "one", DISPLAY, ALIKE)
    notebook(folder, "two", "print(1)")
    pages, out = [], folder.parent / "out"
    for value in ("", "1"):
        monkeypatch.setenv(nursery.OFF, value)
        shutil.rmtree(out, ignore_errors=True)  # so that neither has an edition before it
        assert {it.status for it in run(folder).values()} == {"ok"}
        page = (latest(folder.parent / "out") / "one.html").read_text()
        pages.append(re.sub(r"Made \d+ \w+ \d+, \d\d:\d\d", "Made", page) + printed(folder, "one"))
    assert "backend_inline" in pages[0] and pages[0] == pages[1]


def test_without_the_nursery_processes_are_started(folder):
    parent = "open(f'/proc/{os.getppid()}/stat').read().rsplit(')', 1)[1].split()[1]"
    notebook(folder, "a_kills", f"import os, signal; os.kill(int({parent}), signal.SIGKILL)", "print('on')")
    notebook(folder, "b_after", "import sys; print('papermill' in sys.modules)")
    outcomes = run(folder, jobs=1)
    assert [it.message for it in outcomes.values()] == ["", ""]  # a worker needs it no more
    assert "on" in printed(folder, "a_kills") and "False" in printed(folder, "b_after")
    assert is_gone(f"TOOLKIT_MARK={folder.parent}")


@pytest.mark.parametrize("is_nursery_killed", [False, True])
def test_nothing_outlives_a_runner_that_is_killed(folder, monkeypatch, is_nursery_killed):
    started = folder.parent / "started"
    for name in ("one", "two"):
        path = str(started / name)
        leaves = "import os, subprocess, time; subprocess.run(['sh', '-c', 'setsid sleep 99 &'])"
        notebook(folder, name, leaves, f"open({path!r}, 'w').write(str(os.getppid()))", "time.sleep(120)")
    started.mkdir()
    driver = (
        "from toolkit.report.options import Options; from toolkit.report.run import run_reports; "
        f"run_reports(out={str(folder.parent / 'out')!r}, options=Options(notebooks={str(folder)!r}, jobs=2))"
    )
    monkeypatch.setenv("TMPDIR", str(folder.parent))  # what it can't tidy up goes with the test's own
    monkeypatch.setenv("PYTHONPATH", str(Path(toolkit.__file__).parents[1]))
    process = subprocess.Popen([sys.executable, "-c", driver], start_new_session=True)
    try:
        last = time.monotonic() + 120
        while not (len(list(started.iterdir())) == 2 and all(it.read_text() for it in started.iterdir())):
            assert time.monotonic() < last and process.poll() is None
            time.sleep(0.1)
        worker = next(started.iterdir()).read_text()
        parent = int(Path(f"/proc/{worker}/stat").read_text().rsplit(")", 1)[1].split()[1])
        assert parent != process.pid and is_running(f"TOOLKIT_MARK={folder.parent}")
        process.kill()
        if is_nursery_killed:
            os.kill(parent, signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    assert is_gone(f"TOOLKIT_MARK={folder.parent}")
    assert not list(folder.parent.glob("toolkit-*"))  # nor a temporary folder


def test_a_process_of_several_threads_is_not_forked(tmp_path):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    serving = threading.Thread(target=nursery.serve, args=(theirs,))  # there are two, with it
    serving.start()
    told, tells = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with told, tells, theirs, open(os.devnull, "w") as nothing:
        request = json.dumps({"file": str(tmp_path / "none"), "environment": {}}).encode()
        socket.send_fds(ours, [request], [tells.fileno(), nothing.fileno(), nothing.fileno()])
        tells.close()
        assert told.recv(64) == b""
        ours.close()
        serving.join(30)
        assert not serving.is_alive()


def test_none_is_opened_against_the_setting(tmp_path, monkeypatch):
    monkeypatch.setenv(nursery.OFF, "1")
    with nursery.Nursery(tmp_path / "nursery", []) as opened:
        opened.ready()
        assert opened.process is None
        with opened.popen([sys.executable, "-c", "print(1)"], stdout=subprocess.PIPE) as process:
            assert process.stdout.read().strip() == b"1"
