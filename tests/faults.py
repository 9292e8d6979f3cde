"""What can go wrong around a run, done to it: for tests/test_faults.py, and by hand for more rounds.

    python tests/faults.py --rounds 50 --seed 1     # prints the table of faults

A `Stand` is a folder of tiny data, tiny notebooks and reports. Its runs are either whole ones, as a user starts them,
or those of `Forks`: the same command line in a fork of a process in which all is imported, with what its notebooks made
taken from one run before. Such a run takes half a second and does all that touches the folder of the reports, so that
it can be killed, or find the disk full, at each of its steps.
"""

import argparse
import atexit
import contextlib
import errno
import fcntl
import hashlib
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import nbformat
import psutil
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parent.parent
MARK = "TOOLKIT_FAULTS"  # in the environment of all that a stand starts
LONG = 240  # seconds after which a run is taken for one that hangs
WORD = "round-0"  # what the run says whose notebooks the forks take
ROWS = "conversation_id,channel,created_at\n1,chat,2024-03-01T08:00:00Z\n2,email,2024-03-02T08:00:00Z\n"
PARAMETERS = 'data: str = ""\nperiod: str = "all"\nword: str = ""  # tells the round'
GOOD = (
    "import toolkit\nfrom toolkit import metrics, show\nnow = toolkit.open_data(data, period=period)",
    'show.header(now, "About {name}")\nprint("made for", word, "end")',
    "show.key_figures(now, (metrics.inbound_volume, {{}}))",
    'show(metrics.inbound_volume(now.conversations, by="channel"))',
)
PLAIN = ('print("made for", word, "end")',)
FAULTY = {
    "never": "import time\nwhile True: time.sleep(0.1)",
    "prints": "import os\nfor _ in range(200): os.write(1, b'x' * 999_999 + b'\\n'); print('y' * 999_999)",
    "detached": """import subprocess
subprocess.run("setsid sleep NAP & (nohup sleep NAP >/dev/null 2>&1 &) ; setsid env -i sh -c 'sleep NAP & sleep NAP' &", shell=True,
               stdout=subprocess.DEVNULL)""",
    "memory": "kept = []\nwhile True: kept.append(bytearray(b'm' * 20_000_000))",
    "fills": "import os, pathlib\npathlib.Path(os.environ['TMPDIR'], 'big').write_bytes(bytes(400_000_000))",
}
WRITES = ("open", "os.link", "os.symlink", "os.rename", "os.remove", "os.truncate")  # os.rename is os.replace, too
MAKES = ("open", "os.link", "os.symlink")  # those that a full disk refuses


# --- what has to hold ------------------------------------------------------------------------------------


class _Links(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found += [value for name, value in attributes if name in ("href", "src") and value]


def dead_links(page):
    """The links of a page to files that aren't there."""
    found = []
    for link in _Links(page.read_text(encoding="utf-8")).found:
        file = unquote(link.partition("#")[0].partition("?")[0])
        if file and not re.match(r"[a-z]+:", file) and not (page.parent / file).is_file():
            found.append(f"{page.name} leads to {link}, which isn't there")
    return found


def faults_of(out):
    """What is wrong with the folder of reports `out`: it has to show one whole run. [] when nothing is."""
    from toolkit.report.history import MOST_RUNS, draw_history, past_of, troubles
    from toolkit.report.overview import draw
    from toolkit.report.runs import all_runs, latest
    from toolkit.report.siblings import dated

    shown, wrong = latest(out), []
    if shown is None:
        return [f"{out} shows no run"]
    manifest = json.loads((shown / "manifest.json").read_text(encoding="utf-8"))
    if manifest["run"]["id"] != shown.name or not manifest["run"].get("ended"):
        wrong.append(f"{shown.name} holds the manifest of {manifest['run']}")
    for name, entry in manifest["reports"].items():
        wrong += _wrong_with(shown, name, entry, manifest)
    wrong += _wrong_digests(Path(out).parent, manifest)
    runs = all_runs(out)
    older = runs[runs.index(shown) + 1 :]
    past = [json.loads((one / "manifest.json").read_text(encoding="utf-8")) for one in older[:MOST_RUNS]]
    kept = {name: dated(one, manifest) for name, one in manifest["reports"].items()}
    index = draw(shown, manifest, past_of(manifest, past), kept, troubles(manifest))
    drawn = {"index": index, "history": draw_history(manifest, past, len(older) + 1)}
    wrong += [
        f"{name}.html doesn't say what the manifest does"
        for name, html in drawn.items()
        if html != (shown / f"{name}.html").read_text(encoding="utf-8")
    ]
    for page in [Path(out) / "index.html", *shown.glob("*.html")]:
        wrong += dead_links(page)
    figures = json.loads((shown / "figures.json").read_text(encoding="utf-8"))
    if figures["run"] != shown.name:
        wrong.append(f"figures.json is of the run {figures['run']}")
    for table in figures["tables"]:
        wrong += [
            f"{table[kind]} isn't there" for kind in ("csv", "parquet") if not (shown / unquote(table[kind])).is_file()
        ]
    return wrong + [f"{path} was left" for path in shown.rglob(".*")]


def _wrong_digests(place, manifest):
    """The files that a report was made of and that aren't what its manifest says of them, of a stand at `place`."""
    from toolkit.report.sheets import TEMPLATES

    notebooks = {path.stem: path for folder in ("notebooks", "faulty") for path in (place / folder).glob("*.ipynb")}
    kept = {name: entry["digests"] for name, entry in manifest["reports"].items() if "digests" in entry}
    told = [(notebooks[name], facts) for name, facts in manifest["notebooks"].items()]
    told += [(notebooks[name], of["notebook"]) for name, of in kept.items()]
    for of in [manifest, *kept.values()]:
        told += [(place / "data" / file, facts) for part in ("inputs", "settings") for file, facts in of[part].items()]
        told += [(TEMPLATES / file, facts) for file, facts in of["template"].items()]
    if not any(path.parent == place / "data" for path, _ in told):
        return ["the manifest doesn't say what the data was"]
    return [
        f"{path.name} isn't what the manifest says"
        for path, facts in told
        if hashlib.sha256(path.read_bytes()).hexdigest() != facts["sha256"]
    ]


def _wrong_with(shown, name, entry, manifest):
    """What is wrong with a report: its page and its notebook have to be whole, and of the run that its entry names."""
    if not entry.get("html"):
        return [] if entry["status"] != "ok" else [f"{name} is ok and has no page"]
    wrong, page = [], (shown / entry["html"]).read_text(encoding="utf-8")
    word = entry["parameters"]["word"]
    if not page.rstrip().endswith("</html>"):
        wrong.append(f"{name}: its page isn't whole")
    notebook = nbformat.read(shown / entry["notebook"], 4)
    nbformat.validate(notebook)
    printed = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))
    for what, text in (("page", page), ("notebook", printed)):
        if f"made for {word} end" not in text:
            wrong.append(f"{name}: its {what} isn't of the run that made {word}")
    if ("around:mark" in page) and ("This page was made" in page) == (entry["made_in"] == manifest["run"]["id"]):
        wrong.append(f"{name}: its mark doesn't fit the run that made it")
    if entry["status"] == "failed" and not (shown / "failed" / f"{name}.log").is_file():
        wrong.append(f"{name} failed, and has no log") if entry["attempted_at"] == manifest["made_at"] else None
    return wrong


def left_by(stand):
    """What is left that must not be once the next run has ended: processes, folders, parts, locks."""
    found = [f"process {one.pid} {' '.join(one.cmdline())[:60]}" for one in stand.processes()]
    found += [
        f"process {one.pid} sleeps on"
        for one in psutil.process_iter(["cmdline"])
        if one.info["cmdline"] == ["sleep", stand.nap]
    ]
    found += [f"temporary folder {path.name}" for path in stand.temporary.glob("toolkit-*")]
    runs = stand.out / "runs"
    found += [
        str(path.relative_to(stand.out)) for path in [*stand.out.glob(".*"), *runs.glob(".*"), *runs.rglob("*.part")]
    ]
    if runs.is_dir():
        number = os.open(runs, os.O_RDONLY)
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            found.append("the lock is held")
        finally:
            os.close(number)
    return found


@contextlib.contextmanager
def locked_by_another(folder):
    """Hold the lock of a folder as another run does."""
    number = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


# --- a place for runs ------------------------------------------------------------------------------------


def write_notebook(folder, name, *sources):
    cells = [new_markdown_cell(f"# About {name}\n\nIts sentence.")]
    cells += [new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}), new_markdown_cell("## A question?")]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells += [new_code_cell(source.format(name=name)) for source in sources]
    nbformat.write(new_notebook(cells=cells, metadata=kernel), folder / f"{name}.ipynb")


class Stand:
    """Data, notebooks, reports and temporary folder of its own, below `place`."""

    def __init__(self, place):
        self.place, self.mark, self.rounds = Path(place), uuid.uuid4().hex, 0
        self.nap = (
            f"654.{uuid.uuid4().int % 10**9}"  # seconds: tells what this stand's notebooks have left, without a mark
        )
        self.data, self.notebooks, self.faulty = (self.place / name for name in ("data", "notebooks", "faulty"))
        self.out, self.temporary = self.place / "out", self.place / "tmp"
        for folder in (self.data, self.notebooks, self.faulty, self.temporary):
            folder.mkdir(parents=True)
        (self.data / "conversations.csv").write_text(ROWS)
        for name in ("first", "second", "third"):
            write_notebook(self.notebooks, name, *(GOOD if name == "first" else PLAIN))
        for name, source in FAULTY.items():
            write_notebook(self.faulty, name, *PLAIN, source.replace("NAP", self.nap))
        self.environment = os.environ | {MARK: self.mark, "TMPDIR": str(self.temporary), "PYTHONPATH": str(ROOT)}

    def arguments(self, *more, out=None):
        """A run's command line; each has a word of its own, which its pages say."""
        self.rounds += 1
        word = f"word=round-{self.rounds}"
        return [
            *map(str, ["report", "-d", self.data, "-o", out or self.out, "--notebooks", self.notebooks]),
            "--param",
            word,
            *map(str, more),
        ]

    def start(self, *more, program=("-m", "toolkit.cli"), temporary=None, out=None):
        """A run as a user starts it."""
        environment = self.environment | ({"TMPDIR": str(temporary)} if temporary else {})
        command = [sys.executable, *program, *self.arguments(*more, out=out)]
        with open(self.place / "said.log", "wb") as log:
            return subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def run(self, *more, **options):
        """The exit code of one."""
        process = self.start(*more, **options)
        try:
            return process.wait(LONG)
        finally:
            process.kill()

    def said(self):
        """What the last run printed, on one line."""
        return " ".join((self.place / "said.log").read_text(errors="replace").split())

    def processes(self, settle=3.0):
        """Those that the stand's runs have left, after a moment to end in."""
        last = time.monotonic() + settle
        while True:
            found = [one for one in psutil.process_iter() if one.pid != os.getpid() and self._is_ours(one)]
            if not found or time.monotonic() > last:
                return found
            time.sleep(0.05)

    def _is_ours(self, process):
        with contextlib.suppress(psutil.Error, OSError):
            is_there = process.environ().get(MARK) == self.mark and process.status() != psutil.STATUS_ZOMBIE
            return is_there and process.pid not in getattr(self, "servers", ())
        return False


# --- runs that are forks ---------------------------------------------------------------------------------


class Forks:
    """Runs of a stand, each a fork; `steps` of the last are the writes that it did below the folder of the reports."""

    def __init__(self, stand):
        self.stand, self.log, self.steps = stand, stand.place / "steps.json", []
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--serve", stand.place / "stash"],
            env=stand.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        stand.servers = {self.process.pid}

    def __enter__(self):
        assert self.run() == 0, self.stand.said()
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30)

    def run(self, *more, fault=None, at=0, fails=(), out=None, limit=None, clock=0):
        """The exit code of a run to which `fault` is done at its write number `at`; reports in `fails` fail."""
        job = {"arguments": self.stand.arguments(*more, out=out), "fault": fault, "at": at, "fails": list(fails)}
        job |= {"out": str(out or self.stand.out), "said": str(self.stand.place / "said.log"), "limit": limit}
        job |= {"word": f"round-{self.stand.rounds}", "log": str(self.log), "clock": clock}
        self.log.unlink(missing_ok=True)
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        code = int(self.process.stdout.readline())
        self.steps = json.loads(self.log.read_text()) if self.log.exists() else []
        return code


def serve(stash):
    """Be the process of which the runs are forks."""
    from toolkit.report import nursery

    more = ("toolkit.cli", "toolkit.report.run", "toolkit.report.figures", "pyarrow.parquet", "rich.progress")
    nursery.prepare([*nursery.WORKER, *nursery.NOTEBOOK, *more])
    for line in sys.stdin:
        number = os.fork()
        if number == 0:
            _be_run(json.loads(line), Path(stash))
        print(os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]), flush=True)


def _be_run(job, stash):
    from toolkit import cli

    os.setsid()
    said = os.open(job["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number in (1, 2):
        os.dup2(said, number)
    _replay(job, stash)
    if job["fault"] in ("replaced", "truncated"):
        _change_input(job)
    if job["clock"]:
        _set_clock(job["clock"])
    if job["limit"]:  # killed in the middle of the first file that is longer
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    steps = _watch(job)
    code = 70
    try:
        code = cli.main(job["arguments"])
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        Path(job["log"]).write_text(json.dumps(steps))
        atexit._run_exitfuncs()  # as Python does where it isn't a fork
        os._exit(code)


def _replay(job, stash):
    """Keep what the notebooks of the first run make, and give it to those after it, with their own word."""
    from types import SimpleNamespace

    from toolkit.report import process, run

    run_task, is_kept = process.run_task, stash.is_dir()

    def keep(task, *others):
        result = run_task(task, *others)
        place = stash / task["name"]
        shutil.copytree(task["folder"], place, ignore=shutil.ignore_patterns("tmp", "runtime", "ipython", "task.json"))
        (place / "told.json").write_text(json.dumps(result))
        return result

    def replay(task, *_):
        if job["fails"] and task["name"] in job["fails"]:
            return {"status": "failed", "kind": "ZeroDivisionError", "message": "division by zero", "seconds": 0.1}
        for path in (stash / task["name"]).iterdir():
            text = path.read_text(encoding="utf-8").replace("round-1 ", job["word"] + " ")
            text = text.replace('"round-1"', f'"{job["word"]}"').replace('\\"round-1\\"', f'\\"{job["word"]}\\"')
            (Path(task["folder"]) / path.name).write_text(text, encoding="utf-8")
        return json.loads((Path(task["folder"]) / "told.json").read_text())

    process.run_task = replay if is_kept else keep
    if is_kept:
        none = SimpleNamespace(ready=lambda: None, popen=None)
        run.Nursery = lambda *_: contextlib.nullcontext(none)


def _change_input(job):
    """Let the data be replaced, or cut off, once it has been looked at and before it is prepared."""
    from toolkit.report import run

    read_data, file = run.read_data, Path(job["arguments"][2]) / "conversations.csv"

    def read(*values):
        opened = read_data(*values)
        if job["fault"] == "replaced":
            file.with_suffix(".new").write_text(ROWS + "3,chat,2024-03-02T09:00:00Z\n")
            os.replace(file.with_suffix(".new"), file)
        else:
            os.truncate(file, 50)
        return opened

    run.read_data = read


def _set_clock(seconds):
    """Let the runs' clock, by which they are named, be ahead by so many seconds, or behind."""
    import datetime as module

    from toolkit.report import runs

    class Clock(module.datetime):
        @classmethod
        def now(cls, zone=None):
            return module.datetime.now(zone) + module.timedelta(seconds=seconds)

    runs.datetime = Clock


def _watch(job):
    """Do the fault at the write that it is meant for; the list that gets all writes below the folder of the reports."""
    steps, out, is_busy = [], job["out"], False

    def hook(event, values):
        nonlocal is_busy
        if event not in WRITES or is_busy or not isinstance(values[0], (str, os.PathLike)):
            return
        path = str(values[0])
        if event in ("os.link", "os.symlink"):
            path = str(values[1])
        if not path.startswith(out) or (event == "open" and not values[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
            return
        steps.append(f"{event} {path[len(out) :]}")
        if job["limit"] and len(steps) == 1:
            resource.setrlimit(resource.RLIMIT_FSIZE, (job["limit"], job["limit"]))
        if job["at"] and len(steps) >= job["at"]:
            if job["fault"] == "full" and event in MAKES:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
            if len(steps) > job["at"]:
                return
            is_busy = True
            if job["fault"] == "removed":
                shutil.rmtree(out, ignore_errors=True)
            elif str(job["fault"]).startswith("SIG"):
                os.kill(os.getpid(), getattr(signal, job["fault"]))
            is_busy = False

    sys.addaudithook(hook)
    return steps


# --- the faults ------------------------------------------------------------------------------------------
# Each does its fault some times, and tells for each what happened: (exit code, the codes that are right, what is wrong).

ASKED = ("first", "second")  # of three reports, so that one is kept from the run before
FAILS = ("second",)
KILLED = -signal.SIGKILL


def look(stand, forks, code, right, is_removed=False, is_followed=True):
    """What is wrong after a fault, and once the next run has ended; `is_removed`: there need not be a run before that."""
    from toolkit.report.runs import latest

    wrong = [] if code in right else [f"exit code {code}, not {' or '.join(map(str, right))}: {stand.said()[-400:]}"]
    wrong += ["it ends with a traceback"] if "Traceback (most" in stand.said() else []
    wrong += [] if is_removed and latest(stand.out) is None else faults_of(stand.out)
    if not is_followed:
        return code, right, wrong
    wrong += [f"process {one.pid} is left" for one in stand.processes()]
    if (after := forks.run()) != 0:
        wrong.append(f"the next run ends with {after}: {stand.said()[-400:]}")
    return code, right, wrong + faults_of(stand.out) + left_by(stand)


def at_each_step(stand, forks, fault, right, is_removed=False, every=1, is_followed=True):
    """Do a fault at each write of a run, or at some, until one comes to its end without.

    `is_followed`: by a run without a fault each time; else the next is the one that finds what was left.
    """
    at = 1
    while True:
        code = forks.run(*ASKED, fails=FAILS, fault=fault, at=at)
        if code == 3 and len(forks.steps) < at:
            return
        # a disk that is full hinders nobody who only renames and removes
        is_done = fault == "full" and not any(step.startswith(MAKES) for step in forks.steps[at - 1 :])
        yield look(stand, forks, code, (3,) if is_done else right, is_removed, is_followed)
        at += every


def first_run(stand, forks, last=None):
    """Kill the first run of a folder at each of its steps, or at the last few."""
    whole, stand.out = stand.out, stand.place / "new"
    try:
        assert forks.run() == 0, stand.said()
        steps = len(forks.steps)
        for at in range(max(1, steps + 1 - last) if last else 1, steps + 1):
            shutil.rmtree(stand.out)
            yield look(stand, forks, forks.run(fault="SIGKILL", at=at), (KILLED,), True)
    finally:
        stand.out = whole


def in_the_middle_of_a_file(stand, forks, sizes):
    """Kill a run while it writes the first file that is longer than so many bytes."""
    for size in sizes:
        code = forks.run(*ASKED, fails=FAILS, limit=size)
        yield look(stand, forks, code, (-signal.SIGXFSZ, 3))


def until(found, process, seconds=LONG):
    """What `found` finds once it does; None when the process has ended before."""
    last = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < last:
        with contextlib.suppress(psutil.Error, OSError, AttributeError):  # not there yet
            if value := found():
                return value
        time.sleep(0.02)
    return None


def is_building(stand):
    """Whether a run has the folder of the reports."""
    return any((stand.out / "runs").glob(".building-*"))


def _children(process, *more):
    found = psutil.Process(process.pid).children()
    return [one for one in found if all(word in " ".join(one.cmdline()) for word in more)]


def nursery_of(process):
    return next(iter(_children(process, "toolkit.report.nursery")), None)


def worker_of(process):
    return next(iter(_children(nursery_of(process))), None)


def kernel_of(process):
    return next(iter(_children(worker_of(process))), None)


VICTIMS = {
    "runner": (lambda process: psutil.Process(process.pid), (KILLED, 0)),
    "nursery": (nursery_of, (0, 5)),
    "worker": (worker_of, (0, 5)),
    "kernel": (kernel_of, (0, 5)),
}


def kill_some(stand, forks, chance, victim, rounds, latest=2.0):
    """kill -9 of a process of a run, at some moment from when it is there."""
    find, right = VICTIMS[victim]
    for _ in range(rounds):
        process = stand.start(*ASKED)
        until(lambda process=process: is_building(stand) and find(process), process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, latest * (3 if victim == "runner" else 1)))
        with contextlib.suppress(psutil.Error, AttributeError):
            find(process).kill()
        yield look(stand, forks, process.wait(LONG), right)


def signalled(stand, forks, chance, rounds):
    """Signals to a run that a user started, at some moment once it has the folder."""
    for name, times, code in (("SIGHUP", 1, 129), ("SIGTERM", 1, 143), ("SIGINT", 1, 130), ("SIGINT", 2, 130)):
        for _ in range(rounds):
            process = stand.start(*ASKED)
            until(lambda: is_building(stand), process)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0, 4))
            for _ in range(times):
                process.send_signal(getattr(signal, name))
                time.sleep(0.05)
            yield look(stand, forks, process.wait(LONG), (code, 0) if process.poll() == 0 else (code,))


def faulty(stand, forks, name):
    """A notebook that does harm, beside one that does none."""
    codes = {"never": 4, "memory": 5}
    options = ("--timeout", 4 if name == "never" else LONG / 2, "--memory", "600MB")
    code = stand.run("second", stand.faulty / f"{name}.ipynb", *options)
    found = look(stand, forks, code, (codes.get(name, 0),))
    size = sum(path.stat().st_size for path in stand.out.rglob("*") if path.is_file())
    found[2].extend([f"the reports take {size} bytes"] if size > 60_000_000 else [])
    yield found


def two_at_once(stand, forks):
    """A second run refuses at once, or waits."""
    process = stand.start(*ASKED)
    until(lambda: is_building(stand), process)
    second = forks.run(*ASKED)
    said = stand.said()
    wrong = [] if f"process {process.pid}, since" in said else [f"it doesn't say who has it: {said}"]
    waits = forks.run(*ASKED, "--wait", LONG)
    found = look(stand, forks, process.wait(LONG), (0,))
    for code, right in ((second, 7), (waits, 0)):
        wrong += [] if code == right else [f"exit code {code} of the second run, not {right}"]
    yield found[0], found[1], found[2] + wrong


def changed_inputs(stand, forks):
    for fault in ("replaced", "truncated"):
        before = (stand.data / "conversations.csv").read_text()
        code = forks.run(*ASKED, fault=fault)
        (stand.data / "conversations.csv").write_text(before)
        yield look(stand, forks, code, (2,))


def clock_set_back(stand, forks):
    """Runs of a clock that is a year ahead, and then is set right, and then back."""
    from toolkit.report.runs import latest

    for seconds in (365 * 86400, 0, -365 * 86400):
        code = forks.run(*ASKED, fails=FAILS, clock=seconds)
        page = (latest(stand.out) / "first.html").read_text(encoding="utf-8")
        wrong = [] if f"made for round-{stand.rounds} end" in page else ["the newest run isn't shown"]
        found = look(stand, forks, code, (3,))
        yield *found[:2], found[2] + wrong


@contextlib.contextmanager
def small_disk(path, size):
    """A disk of so many bytes at `path`, where we may mount one; yields whether."""
    path.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)]
    is_there = (
        os.getuid() == 0
        and bool(shutil.which("mount"))
        and subprocess.run(command, capture_output=True).returncode == 0
    )
    try:
        yield is_there
    finally:
        if is_there:
            subprocess.run(["umount", "-l", str(path)], check=True)
        path.rmdir()


@contextlib.contextmanager
def on_a_small_disk(stand, forks):
    """Let the reports lie on a disk of 4 MB, with one whole run; yields it, or None where we may mount none."""
    whole, out = stand.out, stand.place / "small"
    with small_disk(out, 4_000_000) as is_there:
        try:
            if is_there:
                stand.out = out
                assert forks.run() == 0, stand.said()
            yield out if is_there else None
        finally:
            stand.out = whole


def full_disk(stand, forks, sizes):
    """Reports on a disk that is full after so many bytes."""
    for size in sizes:
        with on_a_small_disk(stand, forks) as out:
            if out is None:
                return
            (out / "filler").write_bytes(bytes(shutil.disk_usage(out).free - size))
            code = forks.run(*ASKED, fails=FAILS)
            wrong = faults_of(out)
            (out / "filler").unlink()
            found = look(stand, forks, code, (7, 3))
            yield *found[:2], found[2] + wrong


def read_only(stand, forks):
    """Reports on a disk that has become read-only."""
    with on_a_small_disk(stand, forks) as out:
        if out is None:
            return
        subprocess.run(["mount", "-o", "remount,ro", str(out)], check=True)
        code = forks.run(*ASKED)
        subprocess.run(["mount", "-o", "remount,rw", str(out)], check=True)
        yield look(stand, forks, code, (7,))


def full_temporary(stand, forks, sizes):
    """A temporary folder without room: from the start, and by what a notebook writes."""
    small = stand.place / "small"
    for size in sizes:
        with small_disk(small, size) as is_there:
            if not is_there:
                return
            names = ASKED if size < 20_000_000 else ("second", stand.faulty / "fills.ipynb")
            code = stand.run(*names, temporary=small)
            yield look(stand, forks, code, (7,) if size < 100_000 else (7, 0) if size < 1_000_000 else (7, 3))


# --- by hand ---------------------------------------------------------------------------------------------


def table_of(stand, forks, chance, rounds):
    """All faults: pairs of what it is and what happened each time."""
    each = max(1, rounds // len(VICTIMS))
    yield "runner killed at each step of assembly and publishing", at_each_step(stand, forks, "SIGKILL", (KILLED,))
    yield "first run of a folder killed at each step", first_run(stand, forks)
    sizes = [chance.randrange(100, 40_000) for _ in range(rounds // 3 + 1)]
    yield "runner killed in the middle of a file", in_the_middle_of_a_file(stand, forks, sizes)
    for victim in VICTIMS:
        yield f"{victim} killed at a random moment", kill_some(stand, forks, chance, victim, each)
    yield (
        "SIGHUP, SIGTERM, Ctrl-C once and twice, at random moments",
        signalled(stand, forks, chance, max(1, rounds // 10)),
    )
    for name, code in (("SIGHUP", 129), ("SIGTERM", 143), ("SIGINT", 130)):
        yield f"{name} at each step", at_each_step(stand, forks, name, (code,))
    yield "disk full from each step on (injected)", at_each_step(stand, forks, "full", (7,))
    yield (
        "disk full after some bytes (tmpfs)",
        full_disk(stand, forks, [chance.randrange(0, 300_000) for _ in range(10)]),
    )
    yield "temporary folder full (tmpfs)", full_temporary(stand, forks, (60_000, 300_000, 100_000_000))
    yield "output read-only (tmpfs)", read_only(stand, forks)
    yield "output removed at each step", at_each_step(stand, forks, "removed", (7, 3), True)
    yield "input replaced, truncated", changed_inputs(stand, forks)
    yield "clock set back", clock_set_back(stand, forks)
    yield "two runs at once", two_at_once(stand, forks)
    for name in ("never", "prints", "detached", "memory"):
        yield f"a notebook: {name}", faulty(stand, forks, name)


def main():
    read = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    read.add_argument("--rounds", type=int, default=50, help="kills at random moments")
    read.add_argument("--seed", type=int, default=1)
    read.add_argument("--only", default="", help="faults whose name holds this")
    asked = read.parse_args()
    place, is_bad, all_rounds = Path(tempfile.mkdtemp(prefix="faults-")), False, 0
    stand = Stand(place / "stand")
    with Forks(stand) as forks:
        print("| fault | rounds | exit codes | wrong |\n|---|---|---|---|", flush=True)
        for name, done in table_of(stand, forks, random.Random(asked.seed), asked.rounds):
            if asked.only not in name:
                continue
            codes, wrong, rounds = Counter(), Counter(), 0
            for code, _, found in done:
                rounds += 1
                codes[code] += 1
                wrong.update(dict.fromkeys(found, 1))
                for one in found:
                    print(f"  {name}, round {rounds}: {one}", file=sys.stderr, flush=True)
            all_rounds, is_bad = all_rounds + rounds, is_bad or bool(wrong)
            said = ", ".join(f"{code} ({times})" for code, times in sorted(codes.items()))
            print(f"| {name} | {rounds} | {said} | {len(wrong) or 'nothing'} |", flush=True)
            assert forks.run("--keep", 3) == forks.run() == 0, stand.said()  # so that the history stays short
    shutil.rmtree(place)
    print(f"{all_rounds} rounds")
    return int(is_bad)


if __name__ == "__main__":
    sys.exit(serve(sys.argv[2]) if sys.argv[1:2] == ["--serve"] else main())
