"""What became of one report: what its process made goes into the run, and what kept it from being made is told."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from toolkit import privacy
from toolkit.errors import CRASH, exit_code_of, writing
from toolkit.replaced import replace_file
from toolkit.report import private
from toolkit.report.limits import read_log
from toolkit.report.parameters import read_title
from toolkit.report.stamps import without_stamps

# A kernel says so whenever it is shut down after a failure, and nobody pressed Ctrl-C; papermill looks for parameters
# with a pattern that knows no `list[str]`, while ours are read by `toolkit.report.parameters`.
NOISE = re.compile(
    r"(?m)^(?:.*\[IPKernelApp\] ERROR \| KeyboardInterrupt caught in kernel.*|Unable to parse line \d+ '.*'\."
    r"|Passed unknown parameter: .*)\n?"
)


@dataclass
class Outcome:
    """What became of one report; `status` is "ok", "failed" or "skipped"."""

    name: str
    status: str
    title: str = ""
    lede: str = ""
    message: str = ""
    cell: int = 0  # the cell of the notebook that broke with an error of Python's own
    code: int = 0  # the exit code that it asks for
    html: Path | None = None
    pdf: Path | None = None
    pdf_failed: str = ""  # why there is none, where one was asked for
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


def told(outcome):
    """What became of a report, in a line.

    >>> told(Outcome("waits", "ok", seconds=2.04)), told(Outcome("waits", "failed", message="1 / 0"))
    ('waits: made in 2.0 s', 'waits: failed: 1 / 0')
    """
    if outcome.status == "ok":
        return f"{outcome.name}: made in {outcome.seconds:.1f} s"
    return f"{outcome.name}: {'failed' if outcome.status == 'failed' else 'not made'}: {outcome.message}"


def code_of(outcomes):
    """What a run ends with: 0 when nothing failed, the code of the failures that are alike, else that of a crash.

    A report whose PDF could not be made is made, and asks for a code all the same.

    Examples
    --------
    >>> code_of([Outcome("a", "ok")]), code_of([Outcome("a", "ok", code=5, pdf_failed="no"), Outcome("b", "ok")])
    (0, 5)
    >>> code_of([Outcome("a", "failed", code=4), Outcome("b", "failed", code=2)]), code_of([Outcome("a", "skipped")])
    (3, 3)
    """
    failed = [outcome for outcome in outcomes if outcome.status == "failed" or outcome.pdf_failed]
    if not failed and any(outcome.status == "ok" for outcome in outcomes):
        return 0
    # Where all were skipped the data has what none needs.
    codes = {outcome.code or CRASH for outcome in failed or outcomes} or {CRASH}
    return codes.pop() if len(codes) == 1 else CRASH


def keep_made(task, result, place, is_all=False):
    """Move what a task made into the run that is being made; its Outcome, with the paths that it will have."""
    name = task["name"]
    title, lede = read_title(task["notebook"])
    title, lede = (private.cleaned(task, text) for text in (f"{title or name}{task['suffix']}", lede))
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
    outcome.cell = result.get("cell") or 0
    outcome.code = exit_code_of(kind)
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
        # as far as it came; not by way of the temporary folder, which it may have filled
        closed = without_stamps(json.loads(private.closed_file(task, restore_parameters)))
        text = json.dumps(closed, indent=1, ensure_ascii=False)
        log.with_suffix(".ipynb").write_text(text + "\n", encoding="utf-8")
    return outcome


def _move(made, path):
    with writing(path):
        replace_file(path, Path(made).read_bytes())


def _has_nothing_left(executed):
    """Whether the notebook ran, but no section of it could be made of this data."""
    try:
        return "nothing_left" in json.loads(_read(executed))["metadata"]
    except (OSError, ValueError, KeyError, TypeError):  # it isn't there, or was cut off as the disk was full
        return False


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
