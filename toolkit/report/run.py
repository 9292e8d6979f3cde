"""Run notebooks without a screen and keep what they make: one HTML report each, an overview, a manifest.

The data is read and checked once; every notebook then opens the prepared Parquet. A report that fails
leaves the last good one where it is, and the others are made all the same.
"""

import contextlib
import json
import os
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import toolkit
from toolkit.errors import BadParameter, suggestion
from toolkit.report import index
from toolkit.report.parameters import RUNNER_PARAMETERS, assign_parameters, parameters_cell, read_parameters, read_title
from toolkit.report.process import Running, run_task

TIMEOUT = 1800.0  # seconds for one notebook
# What a user can set right; any other failure is a crash.
MISTAKES = ("BadParameter", "MissingColumn", "MissingTable", "BadSettings", "BadData")
# A kernel says so whenever it is shut down after a failure; nobody pressed Ctrl-C.
SHUT_DOWN = re.compile(r"(?m)^.*\[IPKernelApp\] ERROR \| KeyboardInterrupt caught in kernel.*\n?")


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
    html: Path | None = None
    log: Path | None = None
    seconds: float = 0.0
    header: dict = field(default_factory=dict)
    figures: list = field(default_factory=list)
    parameters: dict = field(default_factory=dict)
    left_out: list = field(default_factory=list)  # {section, reason} of what the data has not the columns for


def notebook_folder(folder=None):
    """Where the notebooks are: `folder`, else `notebooks` beside the package, else ./notebooks.

    Raises
    ------
    BadParameter
        There is no such folder.
    """
    places = [Path(folder)] if folder else [Path(toolkit.__file__).parents[1] / "notebooks", Path("notebooks")]
    for place in places:
        if place.is_dir():
            return place
    looked = " and ".join(str(place) for place in places)
    raise BadParameter(f"there is no folder of notebooks (looked in {looked}); name it with --notebooks")


def find_notebooks(names=None, folder=None, warn=None):
    """{name: path} of the notebooks chosen: all reports in the folder, or those of these names or paths.

    A notebook without a cell tagged `parameters`, such as JupyterLab's Untitled.ipynb, is no report: passed
    over with a word to `warn` when all are run, refused when it is named.

    Raises
    ------
    BadParameter
        A name that is not there, with what it may have been meant to be; a notebook that is no report.
    """
    paths = [Path(name) for name in names or () if str(name).endswith(".ipynb")]
    wanted = [str(name).replace("-", "_") for name in names or () if not str(name).endswith(".ipynb")]
    found = {}
    if wanted or not names:
        place = notebook_folder(folder)
        known = {path.stem: path for path in sorted(place.glob("*.ipynb"))}
        if not known:
            raise BadParameter(f"{place}: holds no notebooks")
        for name in wanted:
            if name not in known:
                hint = suggestion(name, known)
                raise BadParameter(f"there is no report {name!r}{hint}; there are: {', '.join(known)}")
        found = {name: known[name] for name in wanted} or _reports(known, place, warn)
    for path in paths:
        if not path.is_file():
            raise BadParameter(f"{path}: there is no such notebook")
        if path.stem in found and found[path.stem].resolve() != path.resolve():
            raise BadParameter(f"two notebooks are called {path.stem!r}: {found[path.stem]} and {path}")
        found[path.stem] = path
    for name, path in found.items():
        if parameters_cell(path) is None:
            raise BadParameter(
                f"{path}: is no report: none of its cells is tagged `parameters`; tag the one that sets the period "
                "and the columns (in JupyterLab: Property Inspector, Cell Tags)"
            )
        if name == "index" or name.startswith("."):
            raise BadParameter(f"a notebook can't be called {name!r}: the list of the reports is; rename it")
    return found


def _reports(known, place, warn):
    """Those of the notebooks in the folder `place` that are reports."""
    found = {name: path for name, path in known.items() if parameters_cell(path) is not None}
    if not found:
        raise BadParameter(f"{place}: none of its notebooks has a cell tagged `parameters`, so none is a report")
    for name in [name for name in known if name not in found] if warn else ():
        warn(f"{known[name].name} is passed over: it has no cell tagged `parameters`, so it is no report")
    return found


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
    notebooks=None,
    warn=None,
):
    """Run notebooks and write their reports into the folder `out`.

    Parameters
    ----------
    names : list of str, optional
        Names of notebooks in the notebooks folder, or paths; default: all in the folder.
    data : path, optional
        Raw export, or a folder of prepared data. None: each notebook's own default.
    out : path
        Gets NAME.html, notebooks/NAME.ipynb, index.html, manifest.json; failed/NAME.* for what failed.
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
    notebooks : path, optional
        The notebooks folder.
    warn : callable, optional
        Called with a line of text on what is allowed but hardly meant, before the first notebook runs.

    Returns
    -------
    list of Outcome, in the order of the names

    Raises
    ------
    ToolkitError
        A mistake that can be told before anything runs.
    """
    chosen = find_notebooks(names, notebooks)
    known = {name: read_parameters(path) for name, path in chosen.items()}
    given = check_parameters(known, params, {"period": period, "as_of": as_of, "service": service, "source": source})
    if jobs is not None and jobs < 1:
        raise BadParameter(f"jobs is {jobs}; at least one notebook has to run at a time")
    out = _make_folder(out)
    with tempfile.TemporaryDirectory(prefix="toolkit-report-") as temporary:
        folder = Path(temporary)
        # Scoring messages takes the longest, and only those who speak of sentiment need it.
        sentiment = any("sentiment" in path.read_text(encoding="utf-8") for path in chosen.values())
        prepared, shown, facts = prepare(data, folder, source, service, period, as_of, sentiment, progress, warn)
        run = {"made_at": datetime.now(UTC).isoformat(timespec="seconds"), "versions": index.versions(), "data": facts}
        tasks = []
        for name, path in chosen.items():
            ours = {key: value for key, value in prepared.items() if key in known[name]}
            theirs = {key: value for key, value in shown.items() if key in known[name]}
            tasks.append(make_task(name, path, given[name] | ours, theirs, folder / name, timeout, run))
        return run_tasks(tasks, out, run, jobs, progress, is_all=not names)


def check_parameters(known, params, options):
    """The parameters of each notebook from `params` and the options that are parameters too."""
    for name in params or {}:
        if name in RUNNER_PARAMETERS:
            raise BadParameter(f"parameter {name!r} is given by the option --{name.replace('_', '-')}")
    given = dict(params or {}) | {name: str(value) for name, value in options.items() if value}
    return assign_parameters(given, known)


def _make_folder(out):
    out = Path(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadParameter(f"{out}: can't be made a folder for the reports: {error.strerror or error}") from None
    if not os.access(out, os.W_OK):
        raise BadParameter(f"{out}: can't be written to")
    return out.resolve()


def prepare(data, folder, source=None, service=None, period=None, as_of=None, sentiment=True, progress=None, warn=None):
    """Read and check the data once, and save it for the notebooks.

    Returns
    -------
    tuple of dict
        The parameters for the notebooks, what these are to be shown as, and facts for the manifest.
    """
    if data is None:
        return {}, {}, None
    from toolkit.clock import parse_period
    from toolkit.load import open_data

    told = (lambda text: progress(text, 0, 0)) if progress else None
    opened = open_data(str(data), source=source, service=service, as_of=as_of, progress=told)
    if period:
        wanted = parse_period(str(period), opened.as_of, opened.zone)  # refuses what is none
        if warn and (line := find_empty_period(opened, wanted)):
            warn(line)
    facts = {
        "path": str(data),
        "source": opened.source,
        "service": opened.service.name,
        "time_zone": opened.zone,
        "as_of": opened.as_of.isoformat(),
        "tables": json.loads(opened.counts.to_json(orient="records")),
    }
    given = {"source": source or "", "service": str(service or ""), "as_of": str(as_of or "")}
    place = Path(data).resolve()
    if not (place / "prepared.json").is_file():
        place = folder / "data"
        opened.save(place, sentiment=sentiment)
    # Prepared data knows its source, its service and when it was read, and may not be told again.
    return {"data": str(place)} | dict.fromkeys(given, ""), {"data": str(data)} | given, facts


def find_empty_period(data, period):
    """A sentence on a period in which the data has not one row; "" when there is one, or no data at all."""
    from toolkit.tables import TABLES

    days = []
    for name, table in data.tables.items():
        time = table[TABLES[name].time]
        ends = table.aggregate(first=time.min(), last=time.max()).to_pyarrow().to_pylist()[0].values()
        days += [it.astimezone(ZoneInfo(data.zone)).date() if isinstance(it, datetime) else it for it in ends if it]
    if not days or any(table.count().execute() for table in data.during(period).tables.values()):
        return ""
    first, last = min(days), max(days)
    if period.first_day > last:
        extent = f"the data goes through {last}"
    elif period.last_day < first:
        extent = f"the data begins on {first}"
    else:
        extent = f"its rows lie between {first} and {last}"
    return f"no row of the data lies in the period {period.label}; {extent}"


def make_task(name, path, parameters, shown, folder, timeout, run):
    """What a worker is told, as JSON; see `toolkit.report.worker`."""
    (folder / "tmp").mkdir(parents=True)
    task = {
        "name": name,
        "notebook": str(path.resolve()),
        "cwd": str(path.resolve().parent),
        "parameters": parameters,
        "shown": shown,
        "timeout": timeout,
        "made_at": run["made_at"],
        "versions": run["versions"],
        "folder": str(folder),
    }
    files = {"executed": f"{name}.ipynb", "html": "report.html", "messages": "messages.log", "result": "result.json"}
    files["kernel"] = "kernel.pid"
    return task | {key: str(folder / file) for key, file in files.items()}


def run_tasks(tasks, out, run, jobs=None, progress=None, is_all=False):
    """Run the tasks in processes, some at a time, and publish each when it is done."""
    jobs = jobs or min(len(tasks), _processors())
    running = Running()
    outcomes = {}
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        futures = {pool.submit(run_task, task, running, progress): task for task in tasks}
        try:
            for future in as_completed(futures):
                task = futures[future]
                outcome = publish(task, future.result(), out, is_all)
                index.update(out, outcome, run)
                outcomes[outcome.name] = outcome
        except BaseException:  # Ctrl-C above all: no process may outlive us
            pool.shutdown(wait=False, cancel_futures=True)
            running.stop()
            raise
    return [outcomes[task["name"]] for task in tasks]


def _processors():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def publish(task, result, out, is_all=False):
    """Move what a task made to where it belongs; its Outcome."""
    name = task["name"]
    title, lede = read_title(task["notebook"])
    outcome = Outcome(name, result["status"], title=title or name, lede=lede, seconds=result["seconds"])
    if result["status"] == "ok":
        for key in ("title", "header", "figures", "parameters", "left_out"):
            setattr(outcome, key, result[key])
        outcome.html = out / f"{name}.html"
        index.write_atomically(out / "notebooks" / f"{name}.ipynb", _read(task["executed"]))
        index.write_atomically(outcome.html, _read(task["html"]))
        _forget_failure(out, name)
        return outcome
    outcome.message, outcome.is_mistake = _shown(task, result["message"]), result.get("kind") in MISTAKES
    if is_all and result.get("kind") == "MissingTable" and not (out / f"{name}.html").exists():
        # Asked for all, and this data has never had what this one needs: that is no failure.
        outcome.status = "skipped"
        _forget_failure(out, name)
        return outcome
    outcome.log = out / "failed" / f"{name}.log"
    executed = task["executed"] if Path(task["executed"]).exists() else task["notebook"]
    index.write_atomically(out / "failed" / f"{name}.ipynb", _read(executed))
    index.write_atomically(outcome.log, _log(task, result, outcome))
    return outcome


def _read(path):
    return Path(path).read_text(encoding="utf-8", errors="replace")


def _shown(task, text):
    """The user's own path in place of the folder that the runner prepared."""
    ours, theirs = task["parameters"].get("data"), task["shown"].get("data")
    return text.replace(str(ours), str(theirs)) if ours and theirs else text


def _log(task, result, outcome):
    """What happened, for the person who has to find out why."""
    lines = [f"{task['name']} failed: {outcome.message}", "", f"Notebook: {task['notebook']}", "Parameters:"]
    lines += [f"  {name} = {value!r}" for name, value in (task["parameters"] | task["shown"]).items()]
    lines += ["", _shown(task, result.get("details") or "")]
    printed = SHUT_DOWN.sub("", _read(task["messages"])) if Path(task["messages"]).exists() else ""
    if printed.strip():
        lines += ["", "What the process and its kernel printed:", "", printed]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def _forget_failure(out, name):
    for ending in ("ipynb", "log"):
        (out / "failed" / f"{name}.{ending}").unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # there are others that failed
        (out / "failed").rmdir()
