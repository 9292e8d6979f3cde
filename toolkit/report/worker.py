"""Run one notebook and draw its report: `python -m toolkit.report.worker TASK.json`.

A process of its own for each notebook: papermill changes the working directory, a crash of one must not
touch another, and whatever libraries print goes to this one's log. Started by `toolkit.report.run`, or forked by
`toolkit.report.nursery`; its kernel is then a fork, too.
"""

import contextlib
import copy
import gc
import json
import os
import select
import signal
import sys
import threading
import time
import traceback
import uuid
from datetime import datetime
from pathlib import Path

from toolkit import errors, secrets
from toolkit.backend import LIMIT
from toolkit.report import clean, family, private
from toolkit.report.forks import forked_provisioner, wait_as_kernel
from toolkit.report.limits import Watch, size_text
from toolkit.report.page import FOLDER
from toolkit.report.parameters import RUNNER_PARAMETERS, read_notebook, read_parameters
from toolkit.report.render import read_page, render_report
from toolkit.report.stamps import without_stamps
from toolkit.scratch import remove_dead

OUT_OF_MEMORY = ("MemoryError", "_ArrayMemoryError", "ArrowMemoryError", "OutOfMemoryException")
STARTS = 3  # times that a kernel is started before its report is given up
START_TIMEOUT = 90  # seconds for one start; a busy machine is slow
# Expressions are many small objects that live on: to look through them for garbage at every 700 takes a sixth of a
# kernel's time. What a cell leaves behind is still found, only later.
GARBAGE = (500_000, 10, 50)


class NotebookError(Exception):
    """The notebook did not run to its end; `kind` is the name of the error, see `toolkit.errors.exit_code_of`.

    `cell`: which one broke with an error of Python's own; 0 where the message says all.
    """

    def __init__(self, message, kind="", details="", cell=0):
        super().__init__(message)
        self.kind, self.details, self.cell = kind, details, cell


class Progress:
    """Which cell is running, told to the parent as one line of JSON a cell."""

    def __init__(self, name, cells, stream):
        self.name, self.cells, self.stream, self.cell = name, cells, stream, 0
        self.numbers = {}  # of the cells as they are executed, papermill's own among them

    def on_cell_start(self, cell, cell_index):
        """Called by nbclient; a parent that is gone ends the run here with a BrokenPipeError."""
        if "injected-parameters" not in cell.metadata.get("tags", []):
            self.cell += 1  # as the notebook's author counts them, from 1
        self.numbers[cell_index] = self.cell
        self.stream.write(json.dumps({"cell": self.cell - 1, "of": self.cells}) + "\n")
        self.stream.flush()


def kernel_manager_class(noted, waiting=()):
    """A kernel manager whose kernel is this Python, over an encrypted connection.

    The kernel's process id goes into the file `noted`, for whoever has to end it in our place. `waiting` holds what
    `wait_as_kernel` gave; one is taken, and where there is none a process is started.
    """
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpec
    from traitlets import default

    # A kernel spec named python3 in the user's home may start any other Python; ours has to have our packages.
    # What lies in the working directory is none of ours until ipykernel puts it among the places of modules.
    code = f"import gc, sys; sys.path[:1] = filter(None, sys.path[:1]); gc.set_threshold{GARBAGE}; "
    code += "from toolkit.report.kernel import main; main()"
    command = [sys.executable, "-Xfrozen_modules=off", "-c", code, "-f", "{connection_file}"]

    class OwnKernelManager(AsyncKernelManager):
        @default("transport_encryption")
        def _transport_is_encrypted(self):
            return "required"

        if family.IS_LINUX:  # no network, no port that another takes first; the name goes with the kernel

            @default("transport")
            def _within_the_system(self):
                return "ipc"

            @default("ip")
            def _by_a_name(self):
                return f"@toolkit-{uuid.uuid4().hex}"

        @property
        def kernel_spec(self):
            return KernelSpec(
                argv=command,
                display_name="Python 3",
                language="python",
                metadata={"supported_encryption": ["curve"]},
            )

        async def start_kernel(self, **options):
            if waiting:
                self.provisioner = forked_provisioner(*waiting.pop())(kernel_spec=self.kernel_spec, parent=self)
            await super().start_kernel(**options)
            Path(noted).write_text(str(self.provisioner.pid), encoding="ascii")

    return OwnKernelManager


def _start(execute_notebook, task, progress, end, waiting=(), watch=None):
    """Run the notebook; a kernel that doesn't come up is started again.

    Where it has ports, they are chosen before it takes them, and kernels that start together may choose the same.
    """
    from toolkit.report.sections import ENGINE

    for attempt in range(1, STARTS + 1):
        try:
            return execute_notebook(
                _literal(task["notebook"]),
                _literal(task["executed"]),
                parameters=task["parameters"],
                engine_name=ENGINE,
                asked=asked_for(task["parameters"]),
                cwd=task["cwd"],
                kernel_name="python3",
                language="python",
                progress_bar=False,
                start_timeout=START_TIMEOUT,
                kernel_manager_class=kernel_manager_class(task["kernel"], waiting),
                on_cell_start=progress.on_cell_start,
                # The time is for the whole notebook; nbclient takes 0 for "no limit".
                timeout_func=lambda cell: max(0.1, end - time.monotonic()),
            )
        except RuntimeError:  # "didn't respond", "died before replying", DeadKernelError
            is_ended = watch is not None and watch.message
            if progress.cell or is_ended or attempt == STARTS or time.monotonic() > end:
                raise
    return None


def execute(task, progress, waiting=()):
    """Run the task's notebook with papermill; the executed notebook.

    Raises
    ------
    NotebookError
        For whatever kept it from running to its end.
    """
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    end = time.monotonic() + task["timeout"]
    watch = Watch(task.get("memory"), task["messages"])
    watch.start()
    try:
        executed = _start(papermill.execute_notebook, task, progress, end, waiting, watch)
    except papermill.PapermillExecutionError as error:
        raise _explain(error, progress.numbers.get(error.cell_index, progress.cell), task.get("memory")) from None
    except CellTimeoutError:
        message = f"took longer than {task['timeout']:g} s and was stopped in cell {progress.cell}"
        raise NotebookError(message, "Timeout") from None
    except DeadKernelError:
        if watch.message:
            raise NotebookError(f"in cell {progress.cell} it {watch.message}", "OutOfMemory") from None
        message = f"the kernel died in cell {progress.cell}: it was killed, crashed or ran out of memory"
        raise NotebookError(message, "DeadKernel") from None
    except RuntimeError as error:  # it didn't come up
        message = f"it {watch.message}" if watch.message else f"its kernel did not start: {error}"
        raise NotebookError(message, "OutOfMemory" if watch.message else "DeadKernel") from None
    finally:
        watch.stop()
    _check_complete(executed, progress.cell)
    return executed


def asked_for(parameters):
    """The texts among the parameters that were given, such as the columns to break down by."""
    given = [value for name, value in parameters.items() if name not in RUNNER_PARAMETERS]
    texts = [text for value in given for text in (value if isinstance(value, list) else [value])]
    return [text for text in texts if isinstance(text, str) and text]


def _literal(path):
    """papermill fills {names} in a path; ours has none to fill."""
    return path.replace("{", "{{").replace("}", "}}")


def _explain(error, cell, memory=None):
    is_ours = issubclass(getattr(errors, error.ename, type(None)), errors.ToolkitError)
    said = clean.plain_text(error.evalue)
    first = next((line.strip() for line in said.splitlines() if line.strip()), "")
    details = f"In cell {cell}:\n\n{_indent(error.source)}\n\n"
    details += clean.plain_text("\n".join(error.traceback))
    message = said if is_ours else f"{error.ename}: {first}" if first else error.ename
    if error.ename in OUT_OF_MEMORY and memory:
        message += f" (one notebook may take {size_text(memory)}; --memory allows more)"
        return NotebookError(message, "OutOfMemory", details)
    return NotebookError(message, error.ename, details, 0 if is_ours else cell)


def _indent(text):
    return "\n".join(f"    {line}" for line in text.splitlines())


def _check_complete(notebook, cell):
    """papermill takes `SystemExit(0)` for a good end; a report whose last cells did not run is none."""
    if any(it.cell_type == "code" and it.source.strip() and it.execution_count is None for it in notebook.cells):
        raise NotebookError(f"stopped in cell {cell}, before its end", "Incomplete")


def restore_parameters(notebook, task):
    """Say in the executed notebook what the user gave, not where the runner put the prepared data."""
    from papermill.translators import PythonTranslator

    shown = private.shown_parameters(task, task["parameters"] | task["shown"])
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.source = PythonTranslator.codify(shown).rstrip()
    notebook.metadata["papermill"] = dict(notebook.metadata.get("papermill", {})) | {
        "parameters": shown,
        "input_path": Path(task["notebook"]).name,
        "output_path": f"{task['name']}.ipynb",
    }
    return shown


def make_report(task, progress, waiting=()):
    """Execute, draw and write; what the manifest and the overview say of the report."""
    import nbformat

    from toolkit.report.sections import left_out

    notebook = without_stamps(execute(task, progress, waiting))
    shown = restore_parameters(notebook, task)
    privacy = private.close(notebook, task)
    nbformat.write(notebook, task["executed"])
    known = read_parameters(task["notebook"])
    defaults = private.shown_parameters(task, {name: parameter.default for name, parameter in known.items()})
    parameters = [
        {
            "name": name,
            "value": shown.get(name, defaults[name]),
            "is_default": shown.get(name, defaults[name]) == defaults[name],
            "help": parameter.help,
        }
        for name, parameter in known.items()
    ]
    made_at = datetime.fromisoformat(task["made_at"])
    html = render_report(
        notebook,
        parameters,
        made_at,
        task["versions"],
        task["name"],
        task["suffix"],
        ledger=task["ledger"],
        files=f"{FOLDER}/{task['name']}",
        interactive=task["interactive"],
    )
    Path(task["html"]).write_text(html, encoding="utf-8")
    page = read_page(copy.deepcopy(notebook), task["name"])
    return {
        "status": "ok",
        "title": private.cleaned(task, page.title + task["suffix"]),
        "header": page.header,
        "figures": page.figures,
        "left_out": left_out(notebook),
        "privacy": privacy,
        "parameters": {parameter["name"]: parameter["value"] for parameter in parameters},
    }


def work(task, stream, waiting=()):
    """The result of a task, a failure included."""
    cells = len(read_notebook(task["notebook"])["cells"])
    try:
        return make_report(task, Progress(task["name"], cells, stream), waiting)
    except NotebookError as error:
        result = {"kind": error.kind, "message": str(error), "details": error.details, "cell": error.cell}
    except OSError as error:
        if not errors.is_unwritten(error):
            return _crash(error)
        full = errors.cant_write(error, task["folder"])
        result = {"kind": "CantWrite", "message": str(full), "details": traceback.format_exc()}
    except Exception as error:  # whatever it is, the other reports and the old one must survive it
        return _crash(error)
    return {"status": "failed"} | result


def _crash(error):
    kind, details = type(error).__name__, traceback.format_exc()
    message = f"{kind}: {error}"
    return {"status": "failed", "kind": kind, "message": message, "details": details}


def _stop(*_):
    raise KeyboardInterrupt  # nbclient then shuts the kernel down


def _end_with_the_runner(stream, folder):
    """Wait until nobody reads `stream` any more, as the runner was killed; end all that this process started, and it."""
    reader = select.poll()
    reader.register(stream, 0)  # that it is gone is told in any case
    reader.poll()
    family.kill_below()
    with contextlib.suppress(OSError):
        remove_dead(folder)
    os._exit(1)


def main(path, is_fork=False):
    """Read the task at `path`, run it, write its result beside it; where there is no room for one the exit code says so.

    `is_fork`: this process is one, in which all is imported and no thread runs, and so may its kernel be.
    """
    try:
        _main(path, is_fork)
    except OSError as error:
        if not errors.is_unwritten(error):
            raise
        sys.exit(errors.CantWrite.exit_code)


def _main(path, is_fork):
    task = json.loads(Path(path).read_text(encoding="utf-8"))
    gc.set_threshold(*GARBAGE)
    secrets.add(*task.get("secrets", ()))
    # Standard output is the line to the parent; the kernel and every library write to the log instead.
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    log = os.open(task["messages"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    kernel = wait_as_kernel([stream.fileno()]) if is_fork else None
    family.adopt()
    signal.signal(signal.SIGTERM, _stop)
    if hasattr(select, "poll"):
        watch = threading.Thread(
            target=_end_with_the_runner, args=(stream.fileno(), Path(task["folder"]).parents[1]), daemon=True
        )
        watch.start()
    if task.get("memory"):
        os.environ[LIMIT] = str(task["memory"])
    # jsonschema's optional check of IRIs builds a grammar for 1.6 s when imported; a notebook holds none.
    sys.modules.setdefault("rfc3987_syntax", None)
    try:
        result = work(task, stream, [kernel] if kernel else [])
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # all is done, but for what it would do
        family.kill_below()
    part = Path(task["result"] + ".part")
    part.write_text(json.dumps(result), encoding="utf-8")
    part.replace(task["result"])


if __name__ == "__main__":
    main(sys.argv[1])
