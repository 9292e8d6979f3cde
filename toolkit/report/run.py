"""Run notebooks without a screen and keep what they make as one run: an HTML report each, an overview, a manifest.

The data is read and checked once; every notebook then opens the prepared Parquet. A report that fails keeps the last
good one, and the others are made all the same. Nothing is shown before all of it is there, see `toolkit.report.runs`.
"""

import json
import os
import re
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from toolkit import privacy, secrets
from toolkit.errors import BadParameter, CantWrite, ToolkitError, writing
from toolkit.load.where import read_where
from toolkit.report import manifest, private, runs
from toolkit.report.assemble import assemble
from toolkit.report.each import variants
from toolkit.report.early import check_early
from toolkit.report.inputs import Inputs
from toolkit.report.ledger import write_ledger
from toolkit.report.limits import parse_size, read_log, share_of_memory
from toolkit.report.log import Log
from toolkit.report.notebooks import check_parameters, find_notebooks
from toolkit.report.nursery import Nursery
from toolkit.report.parameters import read_parameters, read_title
from toolkit.report.prepare import look_at, prepare, read_data, read_max_age, refuse_old
from toolkit.report.process import Deadline, Running, results
from toolkit.report.stamps import without_stamps
from toolkit.scratch import scratch_folder

TIMEOUT = 1800.0  # seconds for one notebook
# What a user can set right; any other failure is a crash.
MISTAKES = ("BadParameter", "MissingColumn", "MissingSetting", "UnfitSetting", "MissingTable", "BadSettings", "BadData")
# The exit codes that other failures ask for, see `toolkit.cli`.
CODES = {"Timeout": 4, "WorkerDied": 5, "DeadKernel": 5, "OutOfMemory": 5, "CantWrite": CantWrite.exit_code}
CRASH = 3
# A kernel says so whenever it is shut down after a failure, and nobody pressed Ctrl-C; papermill looks for parameters
# with a pattern that knows no `list[str]`, while ours are read by `toolkit.report.parameters`.
NOISE = re.compile(
    r"(?m)^(?:.*\[IPKernelApp\] ERROR \| KeyboardInterrupt caught in kernel.*|Unable to parse line \d+ '.*'\.)\n?"
)


@dataclass
class Outcome:
    """What became of one report; `status` is "ok", "failed" or "skipped".

    `is_mistake`: it failed because of what the user gave, as against a crash.
    """

    name: str
    status: str
    title: str = ""
    lede: str = ""
    message: str = ""
    is_mistake: bool = False
    code: int = 0  # the exit code that it asks for
    html: Path | None = None
    log: Path | None = None
    seconds: float = 0.0
    header: dict = field(default_factory=dict)
    figures: list = field(default_factory=list)
    parameters: dict = field(default_factory=dict)
    where: list = field(default_factory=list)  # which rows alone, such as channel=whatsapp
    group: dict = field(default_factory=dict)  # {report, title, column, value} of one report for each value
    lacks: str = ""  # the table for want of which it was skipped
    privacy: dict = field(default_factory=dict)  # what personal data was masked: is_revealed, masked
    left_out: list = field(default_factory=list)  # {section, reason} of what the data has not the columns for


def run_reports(
    names=None,
    data=None,
    out="reports",
    source=None,
    service=None,
    period=None,
    as_of=None,
    params=None,
    jobs=None,
    progress=None,
    timeout=TIMEOUT,
    total_timeout=None,
    max_age=None,
    memory=None,
    notebooks=None,
    warn=None,
    tell=None,
    where=None,
    each=None,
    allow_empty=False,
    interactive=False,
    reveal=False,
    env=(),
    wait=0.0,
    keep=None,
):
    """Run notebooks and write their reports into the folder `out`, as one run.

    Parameters
    ----------
    names : list of str, optional
        Names of notebooks in the notebooks folder, or paths; default: all in the folder.
    data : path, optional
        Raw export, or a folder of prepared data; `env:NAME` and `@FILE` as `toolkit.secrets.read_place` reads them.
        None: each notebook's own default.
    out : path
        Gets the run, see `toolkit.report.runs`: in runs/ID/ NAME.html, notebooks/NAME.ipynb, index.html, ledger.html,
        manifest.json, and failed/NAME.* for what failed. runs/latest leads to it.
    source, service, period, as_of : str, optional
        See `toolkit.load.open_data`.
    params : dict, optional
        Further parameters, see `toolkit.report.parameters.assign_parameters`.
    jobs : int, optional
        Notebooks at a time; default: one for each processor.
    progress : callable, optional
        Called as progress(name, done, total) with the cells of the notebook `name`, or with what is being
        done to the data, 0 and 0; from several threads.
    timeout : float
        Seconds that one notebook may take.
    total_timeout : float, optional
        Seconds that the whole run may take: what isn't done then is ended, what is done is published.
    max_age : str, optional
        A duration such as "36h" or "2d": the data must have been read no longer ago than that.
    memory : str, optional
        What one notebook may take with all that it starts, such as "4GB"; default: its share of the machine's memory.
    notebooks : path, optional
        The notebooks folder.
    warn : callable, optional
        Called with a line of text on what is allowed but hardly meant, before the first notebook runs.
    tell : callable, optional
        Called with a line of text on the days that a period means, and why, before the first notebook runs.
    where : list of str or dict, optional
        Only these rows, see `toolkit.load.where.read_where`; every chosen notebook has to have the parameter.
    each : str, optional
        A column: one report of each notebook for each of its values in the period.
    allow_empty : bool
        Make reports of a period without one row, too.
    interactive : bool
        Let readers sort and filter the tables of the reports: one script in each page, allowed by its hash.
    reveal : bool
        Show personal data, which is masked otherwise, see `toolkit.privacy`; each report says so.
    env : list of str
        Environment variables that the notebooks get besides the few that programs need.
    wait : float
        Seconds to wait for another run into `out` to end.
    keep : int, optional
        Once all is good, remove the runs but the newest `keep`.

    Returns
    -------
    list of Outcome, in the order of the names; their files lie in the run's folder

    Raises
    ------
    EmptyPeriod, TooOld
        There is not one row in the period, or the data is older than `max_age`; no report is touched.
    OutOfTime
        The data alone took longer than `total_timeout`.
    CantWrite
        Another run writes into `out`, or the disk is full; the last run is left as it was.
    ToolkitError
        A mistake that can be told before anything runs.
    """
    deadline, log = Deadline(total_timeout), Log(warn, tell)
    secrets.from_environment()
    data, params, env = secrets.read_place(data), private.read_secrets(params), private.check_env(env)
    oldest, memory = read_max_age(max_age, data), memory and parse_size(memory)
    chosen = find_notebooks(names, notebooks, log.warn, log.tell)
    known = {name: read_parameters(path) for name, path in chosen.items()}
    filters = read_where(where)
    options = {"period": period, "as_of": as_of, "service": service, "source": source}
    given = check_parameters(known, params, options, filters, each)
    if jobs is not None and jobs < 1:
        raise BadParameter(f"jobs is {jobs}; at least one notebook has to run at a time")
    periods = {name: given[name].get("period") or _default(known[name], "period") or "all" for name in chosen}
    if data is None and each:
        raise BadParameter("--each needs the data: give --data")
    if data is not None:
        check_early(data, source, periods, given, filters, each)
    out = _make_folder(out)
    log.add(f"toolkit {manifest.versions()['toolkit']}: {', '.join(chosen)}")
    if (out / "manifest.json").exists():
        log.warn(
            f"{out}: holds reports of version 0.5 or older beside its runs; they are not kept up to date, remove them"
        )
    with (
        runs.building(out, wait) as place,
        scratch_folder("report") as folder,
        Nursery(folder / ".nursery", chosen.values()) as nursery,  # it imports while the data is read
        privacy.during(privacy.Masker(reveal=reveal)) as masker,
    ):
        inputs, start = Inputs(data, service), time.monotonic()
        with deadline.interrupt("to read the data"):
            opened = read_data(data, source, service, as_of, progress)
            if opened is not None:
                look_at(opened, periods, filters, allow_empty, log.warn, log.tell)
                refuse_old(opened, oldest)
            wanted = variants(chosen, opened, periods, filters, each, log.warn)
        masker.key = private.key_of(opened)
        masker.learn(*private.known_values(wanted))
        # Scoring messages takes the longest, and only those who speak of sentiment need it.
        sentiment = any("sentiment" in path.read_text(encoding="utf-8") for path in chosen.values())
        with deadline.interrupt("to prepare the data"):
            prepared, shown, facts = prepare(opened, data, folder, source, service, as_of, sentiment)
            inputs.note(opened)
            run = {"made_at": place.started, "versions": manifest.versions(), "data": facts} | inputs.digests(chosen)
            inputs.check()
        with writing(place.folder):
            run["ledger"] = write_ledger(opened, place.folder, run)
        run["timings"] = {"data": round(time.monotonic() - start, 1)}
        page = {"ledger": run["ledger"], "interactive": interactive}
        page |= private.told(masker, wanted, env)
        page["memory"] = memory or share_of_memory(at_a_time(jobs, wanted))
        tasks = []
        for one in wanted:
            mine = known[one.notebook]
            ours = {key: value for key, value in prepared.items() if key in mine}
            theirs = {key: value for key, value in shown.items() if key in mine}
            values = given[one.notebook] | ({"where": one.where} if one.where else {}) | ours
            task = make_task(one, chosen[one.notebook], values, theirs, folder / one.name, timeout, run)
            tasks.append(task | page)
        check = inputs.check if inputs.is_prepared else None
        outcomes = run_tasks(tasks, place, run, jobs, progress, not names, nursery, log, check, deadline)
    if keep is not None and all(outcome.status != "failed" for outcome in outcomes):
        runs.prune(out, keep, wait)
    return outcomes


def _default(known, name):
    return known[name].default if name in known else None


def _make_folder(out):
    out = Path(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise BadParameter(f"{out}: can't be made a folder for the reports: {error.strerror}") from None
    except OSError as error:
        raise CantWrite(out, error) from None
    if not os.access(out, os.W_OK):
        raise CantWrite(out, "this user may not write into it")
    return out.resolve()


def make_task(one, path, parameters, shown, folder, timeout, run):
    """What a worker is told, as JSON; see `toolkit.report.worker`."""
    (folder / "tmp").mkdir(parents=True)
    task = {
        "name": one.name,
        "suffix": privacy.mask(one.suffix),
        "group": {key: privacy.mask(value) for key, value in one.group.items()},
        "notebook": str(path.resolve()),
        "cwd": str(path.resolve().parent),
        "parameters": parameters,
        "shown": shown,
        "timeout": timeout,
        "made_at": run["made_at"],
        "versions": run["versions"],
        "folder": str(folder),
    }
    files = {
        "executed": f"{one.name}.ipynb",
        "html": "report.html",
        "messages": "messages.log",
        "result": "result.json",
    }
    files["kernel"] = "kernel.pid"
    return task | {key: str(folder / file) for key, file in files.items()}


def run_tasks(
    tasks, place, run, jobs=None, progress=None, is_all=False, nursery=None, log=None, check=None, deadline=None
):
    """Run the tasks in processes, some at a time, put together what they made, and publish it as one run."""
    jobs = at_a_time(jobs, tasks)
    if nursery:
        nursery.ready()
    running = Running(nursery.popen) if nursery else Running()
    outcomes = {}
    for task, result in results(tasks, jobs, running, progress, deadline):
        outcome = keep_made(task, result, place, is_all)
        outcomes[outcome.name] = outcome
        if log:
            log.add(told(outcome))
    done = [outcomes[task["name"]] for task in tasks]
    if check:
        check()
    with writing(place.folder):
        assemble(place, done, run, log)
        secrets.scrub_folder(place.folder)
    place.publish()
    return done


def at_a_time(jobs, tasks):
    """How many notebooks run at a time: as many as there are processors, where it isn't said."""
    return min(len(tasks), jobs or _processors())


def told(outcome):
    """What became of a report, in a line.

    >>> told(Outcome("waits", "ok", seconds=2.04)), told(Outcome("waits", "failed", message="1 / 0"))
    ('waits: made in 2.0 s', 'waits: failed: 1 / 0')
    """
    if outcome.status == "ok":
        return f"{outcome.name}: made in {outcome.seconds:.1f} s"
    return f"{outcome.name}: {'failed' if outcome.status == 'failed' else 'not made'}: {outcome.message}"


def _processors():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def keep_made(task, result, place, is_all=False):
    """Move what a task made into the run that is being made; its Outcome, with the paths that it will have."""
    name = task["name"]
    title, lede = read_title(task["notebook"])
    title = f"{title or name}{task['suffix']}"
    outcome = Outcome(name, result["status"], title, lede, seconds=result["seconds"], group=task["group"])
    outcome.where = [privacy.mask(text) for text in task["parameters"].get("where", [])]
    if result["status"] == "ok":
        for key in ("title", "header", "figures", "parameters", "left_out", "privacy"):
            setattr(outcome, key, result[key])
        outcome.html = place.final / f"{name}.html"
        _move(task["executed"], place.folder / "notebooks" / f"{name}.ipynb")
        _move(task["html"], place.folder / outcome.html.name)
        return outcome
    kind = result.get("kind")
    outcome.message = private.cleaned(task, _shown(task, result["message"]))
    outcome.is_mistake = kind in MISTAKES
    outcome.code = ToolkitError.exit_code if outcome.is_mistake else CODES.get(kind, CRASH)
    is_lacking = kind == "MissingTable" or _has_nothing_left(task["executed"])
    if is_all and is_lacking and not (place.before and (place.before / f"{name}.html").exists()):
        # Asked for all, and this data has never had what this one needs: that is no failure.
        outcome.status, outcome.lacks = "skipped", _lacking(result["message"])
        return outcome
    outcome.log = place.final / "failed" / f"{name}.log"
    from toolkit.report.worker import restore_parameters  # which needs what only a worker has to import

    log = place.folder / "failed" / outcome.log.name
    with writing(log):
        log.parent.mkdir(exist_ok=True)
        log.write_text(_log(task, result, outcome), encoding="utf-8")
        closed = Path(task["folder"]) / "closed.ipynb"
        closed.write_text(private.closed_file(task, restore_parameters), encoding="utf-8")
        write_executed(closed, log.with_suffix(".ipynb"))
    return outcome


def write_executed(executed, path):
    """A notebook that failed, as far as it came."""
    try:
        notebook = without_stamps(json.loads(_read(executed)))
    except (ValueError, KeyError, TypeError):  # cut off while it was written
        shutil.copyfile(executed, path)
    else:
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _move(made, path):
    with writing(path):
        path.parent.mkdir(exist_ok=True)
        shutil.copyfile(made, path)


def _has_nothing_left(executed):
    """Whether the notebook ran, but no section of it could be made of this data."""
    if not Path(executed).exists():
        return False
    return "nothing_left" in json.loads(_read(executed)).get("metadata", {})


def _lacking(message):
    """The table that a MissingTable names; "" when it names none.

    >>> _lacking("this data has no table 'calls' (it has: surveys); it is filled by the sources asterisk")
    'calls'
    """
    found = re.search(r"no table '?(\w+)", message)
    return found[1] if found else ""


def _read(path):
    return Path(path).read_text(encoding="utf-8", errors="replace")


def _shown(task, text):
    """The user's own path in place of the folder that the runner prepared."""
    ours, theirs = task["parameters"].get("data"), task["shown"].get("data")
    return text.replace(str(ours), str(theirs)) if ours and theirs else text


def _log(task, result, outcome):
    """What happened, for the person who has to find out why."""
    lines = [f"{task['name']} failed: {outcome.message}", "", f"Notebook: {task['notebook']}", "Parameters:"]
    values = private.shown_parameters(task, task["parameters"] | task["shown"])
    lines += [f"  {name} = {value!r}" for name, value in values.items()]
    lines += ["", private.cleaned(task, _shown(task, result.get("details") or ""))]
    printed = private.cleaned(task, NOISE.sub("", read_log(task["messages"])))
    if printed.strip():
        lines += ["", "What the process and its kernel printed:", "", printed]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"
