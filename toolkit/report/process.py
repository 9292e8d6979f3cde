"""The worker processes: one for each notebook, started, followed, and ended with their kernels."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import toolkit

GRACE = 15.0  # seconds for a process to end in good order before it is killed


class Running:
    """The worker processes that are running, so that all of them can be stopped.

    `popen` starts one, as subprocess.Popen does, see `toolkit.report.nursery`.
    """

    def __init__(self, popen=subprocess.Popen):
        self.popen, self.lock, self.kernels, self.is_stopped = popen, threading.Lock(), {}, False

    @contextlib.contextmanager
    def start(self, command, kernel, **options):
        """A started process; ended when the block is left, however it is left.

        `kernel` is the file into which it writes the process id of its kernel.
        """
        with self.lock:
            if self.is_stopped:
                raise RuntimeError("stopped")
            process = self.popen(command, **options)
            self.kernels[process] = kernel
        try:
            yield process
        finally:
            end({process: kernel})
            with self.lock:
                del self.kernels[process]

    def stop(self):
        """End every process, and start no more."""
        with self.lock:
            self.is_stopped = True
            kernels = dict(self.kernels)
        end(kernels)


def end(kernels):
    """End processes: ask all of them, wait for GRACE, kill those that are left, each with its kernel.

    Parameters
    ----------
    kernels : dict of process to the file with the process id of its kernel
    """
    for process in kernels:
        process.terminate()
    last = time.monotonic() + GRACE
    try:
        for process in kernels:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, last - time.monotonic()))
    finally:  # a second Ctrl-C ends the wait, not the order
        for process, kernel in kernels.items():
            if process.poll() is None:
                _kill_group(process.pid)
                process.kill()
                process.wait()
            # One that ends by itself shuts its kernel down; one that is killed leaves it, in a group of its own.
            if process.returncode < 0:
                kill_kernel(kernel)


def kill_kernel(file):
    """Kill the kernel whose process id stands in `file`, with its group."""
    with contextlib.suppress(OSError, ValueError):
        _kill_group(int(Path(file).read_text(encoding="ascii")))


def _kill_group(number):
    """Kill a process that leads a group, with the group; where there are none, nothing."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(number, signal.SIGKILL)


def run_task(task, running, progress=None):
    """Run one task in a process of its own; its result, with how long it took."""
    file = Path(task["folder"]) / "task.json"
    file.write_text(json.dumps(task), encoding="utf-8")
    start = time.monotonic()
    with running.start(
        [sys.executable, "-m", "toolkit.report.worker", str(file)],
        task["kernel"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(task["folder"]),
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # Ctrl-C comes to us alone; we end the worker in good order
    ) as process:
        # The worker keeps the time by itself; this is for one that hangs.
        is_late = threading.Event()
        watch = threading.Timer(task["timeout"] + 2 * GRACE, lambda: (is_late.set(), end({process: task["kernel"]})))
        watch.daemon = True
        watch.start()
        try:
            said = _follow(process, task["name"], progress)
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            said = ""
        finally:
            watch.cancel()
        crash = process.stderr.read() if process.poll() is not None else ""
    return _result(task, process, said + crash, is_late.is_set()) | {"seconds": time.monotonic() - start}


def environment(folder):
    """A process's environment: the same toolkit as ours, and what it leaves in `folder`, not in the user's home."""
    package = str(Path(toolkit.__file__).parents[1])
    places = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    folder = Path(folder)
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(places) if package not in _installed() else os.environ.get("PYTHONPATH", ""),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        # An analyst's IPython start-up files must not change what a report says.
        "IPYTHONDIR": str(folder / "ipython"),
        # A kernel is ended without a chance to tidy up; what it leaves goes with our own folder.
        "TMPDIR": str(folder / "tmp"),
    }


def _installed():
    import sysconfig

    return {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}


def _follow(process, name, progress):
    """Pass the worker's progress on until it ends; what it said that is no progress."""
    other = []
    for line in process.stdout:
        try:
            told = json.loads(line)
            done, total = told["cell"], told["of"]
        except (ValueError, TypeError, KeyError):
            other.append(line)
            continue
        if progress:
            progress(name, done, total)
    return "".join(other)


def _result(task, process, said, is_late=False):
    """The worker's result; that it failed when it left none, whatever files there are."""
    with contextlib.suppress(OSError, ValueError):
        return json.loads(Path(task["result"]).read_text(encoding="utf-8"))
    kind, message = "WorkerDied", f"the process that ran it ended without a result (exit code {process.returncode})"
    if is_late:
        kind, message = "Timeout", f"took longer than {task['timeout']:g} s, no longer answered and was ended"
    return {"status": "failed", "kind": kind, "message": message, "details": said, "is_mistake": False}
