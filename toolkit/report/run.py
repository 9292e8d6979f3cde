"""Run notebooks without a screen and keep what they make as one run: an HTML report each, an overview, a manifest.

The data is read and checked once; every notebook then opens the prepared Parquet. A report that fails keeps the last
good one, and the others are made all the same. Nothing is shown before all of it is there, see `toolkit.report.runs`.
"""

import contextlib
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

from toolkit import privacy, secrets
from toolkit.errors import BadParameter, CantWrite, writing
from toolkit.report import manifest, private, runs
from toolkit.report.assemble import assemble, redraw
from toolkit.report.inputs import Inputs
from toolkit.report.ledger import write_ledger
from toolkit.report.limits import parse_size, share_of_memory
from toolkit.report.log import Log
from toolkit.report.made import code_of, keep_made, told
from toolkit.report.nursery import Nursery
from toolkit.report.options import Options
from toolkit.report.pdf import find_browser
from toolkit.report.plan import check_plan, look_at_plan, plan, variants_of
from toolkit.report.prepare import prepare, read_data, read_max_age, refuse_old
from toolkit.report.process import Deadline, Running, results
from toolkit.scratch import scratch_folder


def run_reports(names=None, data=None, out="reports", options=None, progress=None, warn=None, tell=None):
    """Run notebooks and write their reports into the folder `out`, as one run.

    As in `run_reports("overview", data="exports", out="reports", options=Options(period="last-month"))`.

    Parameters
    ----------
    names : str or list of str, optional
        Names of notebooks in the notebooks folder, or paths; default: all in the folder.
    data : path, optional
        Raw export, or a folder of prepared data; `env:NAME` and `@FILE` as `toolkit.secrets.read_place` reads them.
        None: each notebook's own default.
    out : path
        Gets the run, see `toolkit.report.runs`: in runs/ID/ NAME.html, notebooks/NAME.ipynb, index.html, ledger.html,
        manifest.json, and failed/NAME.* for what failed. runs/latest leads to it.
    options : toolkit.report.options.Options, optional
        Which days and rows, how long it may take, and all else that may be said.
    progress : callable, optional
        Called as progress(name, done, total) with the cells of the notebook `name`, or with what is being
        done to the data, 0 and 0; from several threads.
    warn : callable, optional
        Called with a line of text on what is allowed but hardly meant, before the first notebook runs.
    tell : callable, optional
        Called with a line of text on the days that a period means, and why, before the first notebook runs.

    Returns
    -------
    list of Outcome, in the order of the names; their files lie in the run's folder

    Raises
    ------
    EmptyPeriod, TooOld
        There is not one row in the period, or the data is older than `options.max_age`; no report is touched.
    OutOfTime
        The data alone took longer than `options.total_timeout`.
    CantWrite
        Another run writes into `out`, or the disk is full; the last run is left as it was.
    ToolkitError
        A mistake that can be told before anything runs.
    """
    options = options or Options()
    names = [names] if isinstance(names, str) else names
    deadline, log = Deadline(options.total_timeout), Log(warn, tell)
    browser = find_browser() if options.pdf else None
    secrets.from_environment()
    data, env = secrets.read_place(data), private.check_env(options.env)
    options = replace(options, params=private.read_secrets(options.params))
    oldest, memory = read_max_age(options.max_age, data), options.memory and parse_size(options.memory)
    source, service, as_of, jobs = options.source, options.service, options.as_of, options.jobs
    places = []  # told once nothing else is wrong
    planned = plan(names, options, log.warn, places.append)
    if jobs is not None and jobs < 1:
        raise BadParameter(f"jobs is {jobs}; at least one notebook has to run at a time")
    if data is None and any(one.each for one in planned):
        raise BadParameter("--each needs the data: give --data")
    if data is not None:
        check_plan(planned, data, source)
    is_new, out = not Path(out).exists(), _make_folder(out)
    chosen = {one.name: one.path for one in planned}
    log.add(f"toolkit {manifest.versions()['toolkit']}: {', '.join(chosen)}")
    if (out / "manifest.json").exists():
        log.warn(
            f"{out}: holds reports of version 0.5 or older beside its runs; they are not kept up to date, remove them"
        )
    with (
        _gone_if_empty(out, is_new),
        runs.building(out, options.wait, log.warn) as place,
        scratch_folder("report") as folder,
        Nursery(folder / ".nursery", set(chosen.values())) as nursery,  # it imports while the data is read
        privacy.during(privacy.Masker(reveal=options.reveal)) as masker,
    ):
        inputs, start = Inputs(data, service), time.monotonic()
        with deadline.interrupt("to read the data"):
            opened = read_data(data, source, service, as_of, progress)
            if opened is not None:
                refuse_old(opened, oldest)  # before its period is found empty: this says why
                look_at_plan(planned, opened, options.allow_empty, log.warn, log.tell)
            for line in places:
                log.tell(line)
            wanted = variants_of(planned, opened, log.warn)
        masker.key = private.key_of(opened)
        masker.learn(*private.known_values(wanted))
        # Scoring messages takes the longest, and only those who speak of sentiment need it.
        sentiment = any("sentiment" in path.read_text(encoding="utf-8") for path in set(chosen.values()))
        with deadline.interrupt("to prepare the data"):
            prepared, shown, facts = prepare(opened, data, folder, source, service, as_of, sentiment)
            inputs.note(opened)
            run = {"made_at": place.started, "versions": manifest.versions(), "data": facts} | inputs.digests(chosen)
            inputs.check()
        with writing(place.folder):
            run["is_revealed"] = masker.reveal
            run["ledger"] = write_ledger(opened, place.folder, run)
        run["timings"] = {"data": round(time.monotonic() - start, 1)}
        page = {"ledger": run["ledger"], "interactive": options.interactive}
        page |= private.told(masker, wanted, env)
        page["memory"] = memory or share_of_memory(at_a_time(jobs, wanted))
        tasks = []
        for one in wanted:
            its = one.planned
            ours = {key: value for key, value in prepared.items() if key in its.known}
            theirs = {key: value for key, value in shown.items() if key in its.known}
            values = its.given | ({"where": one.where} if one.where else {}) | ours
            task = make_task(one, its.path, values, theirs, folder / one.name, options.timeout, run)
            tasks.append(task | page)
        check = inputs.check if inputs.is_prepared else None
        is_all = not (names or options.reports)
        outcomes = run_tasks(tasks, place, run, jobs, progress, is_all, nursery, deadline, log, check, browser)
        if options.keep is not None and not code_of(outcomes):
            _prune(out, options.keep, log.warn)  # before another run can have the lock
    return outcomes


def _prune(out, keep, warn):
    """Remove old runs; a failure of that undoes nothing of the run that is published."""
    try:
        with writing(out):
            runs.thin(out, keep, warn, redraw)
    except CantWrite as error:
        warn(f"the reports are made, and past runs could not be removed: {error}")


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


@contextlib.contextmanager
def _gone_if_empty(out, is_new):
    """Leave no folder that was made for reports, where none was made."""
    try:
        yield
    finally:
        if is_new:
            with contextlib.suppress(OSError):  # something is in it
                out.rmdir()


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
    tasks,
    place,
    run,
    jobs=None,
    progress=None,
    is_all=False,
    nursery=None,
    deadline=None,
    log=None,
    check=None,
    browser=None,
):
    """Run the tasks in processes, some at a time, put together what they made, and publish it as one run."""
    jobs = at_a_time(jobs, tasks)
    if nursery:
        nursery.ready()
    running = Running(nursery.popen) if nursery else Running()
    outcomes = {}
    for task, result in results(tasks, jobs, running, progress, deadline):
        outcome = outcomes[task["name"]] = keep_made(task, result, place, is_all)
        shutil.rmtree(Path(task["folder"]) / "tmp", ignore_errors=True)  # room for those after it
        if log:
            log.add(told(outcome))
    done = [outcomes[task["name"]] for task in tasks]
    if check:
        check()
    with writing(place.folder):
        assemble(place, done, run, log, browser, deadline)
        secrets.scrub_folder(place.folder)
    place.publish()
    return done


def at_a_time(jobs, tasks):
    """How many notebooks run at a time: as many as there are processors, where it isn't said."""
    return min(len(tasks), jobs or _processors())


def _processors():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
