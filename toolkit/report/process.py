"""The worker processes: one for each notebook, started, followed, and ended with their kernels."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import toolkit
from toolkit import secrets
from toolkit.errors import CantWrite, OutOfTime, writing
from toolkit.report import family

GRACE = 15.0  # seconds for a process to end in good order before it is killed
# What workers and kernels get of our environment: what programs need to find their files, and speak a language.
PASSED = frozenset(
    [
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TMPDIR",
        "TEMP",
        "TMP",
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONHASHSEED",
        "PYTHONUTF8",
        "PYTHONWARNINGS",
        "PYTHONIOENCODING",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONUNBUFFERED",
        "VIRTUAL_ENV",
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "JAVA_HOME",
        "JAVA_TOOL_OPTIONS",
        "PYSPARK_PYTHON",
        "PYSPARK_DRIVER_PYTHON",
        "SPARK_HOME",
        "SPARK_LOCAL_IP",
        "SPARK_LOCAL_DIRS",
        "HADOOP_HOME",
        "SOURCE_DATE_EPOCH",
        "NO_COLOR",
        "SYSTEMROOT",
        "SYSTEMDRIVE",
        "WINDIR",
        "COMSPEC",
        "PATHEXT",
        "APPDATA",
        "LOCALAPPDATA",
        "PROGRAMDATA",
        "USERPROFILE",
        "NUMBER_OF_PROCESSORS",
    ]
)
PASSED_BEGINNINGS = ("LC_", "MPL", "XDG_", "TOOLKIT_", "CONDA_", "OMP_", "OPENBLAS_", "MKL_", "NUMEXPR_", "FONTCONFIG_")
_hurried = threading.Event()


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
    """End processes: ask all of them, wait for GRACE, kill those that are left, each with what descends from it.

    Parameters
    ----------
    kernels : dict of process to the file with the process id of its kernel
    """
    for process in kernels:
        process.terminate()
    last = time.monotonic() + GRACE
    try:
        while any(process.poll() is None for process in kernels) and time.monotonic() < last and not _hurried.is_set():
            time.sleep(0.02)
    finally:  # a second Ctrl-C ends the wait, not the order
        for process, kernel in kernels.items():
            if process.poll() is None:
                family.kill_below(process.pid)
                process.kill()
                process.wait()
            # One that ends by itself ends all that it started; one that is killed may leave its kernel.
            if process.returncode < 0:
                kill_kernel(kernel)


def hurry():
    """Wait no longer for what is being ended; for a signal's handler."""
    _hurried.set()


def kill_kernel(file):
    """Kill the kernel whose process id stands in `file`, with its group, which it leads."""
    with contextlib.suppress(OSError, ValueError):
        number = int(Path(file).read_text(encoding="ascii"))
        if hasattr(os, "killpg"):
            os.killpg(number, signal.SIGKILL)


def results(tasks, jobs, running, progress=None, deadline=None):
    """Run tasks in processes, some at a time: a generator of (task, result), each as it is done.

    Parameters
    ----------
    jobs : int
        Tasks at a time.
    running : Running
    deadline : Deadline, optional
        What isn't done by then is ended, and is a time-out.
    """
    deadline = deadline or Deadline(None)
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        futures = {pool.submit(run_task, task, running, progress): task for task in tasks}
        try:
            done = as_completed(futures, timeout=deadline.left())
            while futures:
                try:
                    future = next(done)
                except TimeoutError:  # the run's, and no task's own
                    break
                yield futures[future], future.result()
                del futures[future]
            if futures:
                pool.shutdown(wait=False, cancel_futures=True)
                running.stop()
            for future, task in futures.items():
                yield task, _late(future, deadline)
        except BaseException:  # Ctrl-C above all: no process may outlive us
            pool.shutdown(wait=False, cancel_futures=True)
            running.stop()
            raise


def _late(future, deadline):
    """The result of a task that the run had no time for; its own where it was done at the last moment."""
    message, seconds = f"the whole run took longer than {deadline.seconds:g} s (--total-timeout), and it was ", 0.0
    if future.cancelled():
        return {"status": "failed", "kind": "Timeout", "message": message + "not started", "seconds": seconds}
    with contextlib.suppress(RuntimeError):  # it was about to start
        result = future.result()
        seconds = result["seconds"]
        if result["status"] == "ok":
            return result
    return {"status": "failed", "kind": "Timeout", "message": message + "stopped", "seconds": seconds}


class Deadline:
    """The time that the whole run may take; without `seconds` as much as it needs."""

    def __init__(self, seconds):
        self.seconds, self.end = seconds, None if seconds is None else time.monotonic() + seconds

    def left(self):
        """Seconds until it is over, at least 0; None: there is no end."""
        return None if self.end is None else max(0.0, self.end - time.monotonic())

    @contextlib.contextmanager
    def interrupt(self, doing):
        """End what this block does when the time is over, with an OutOfTime that says what it was.

        By a signal, which only a main thread gets; elsewhere the time is looked at when the block is done.
        """
        message = f"{doing} took longer than the {self.seconds or 0:g} s that the whole run may take (--total-timeout)"

        def stop(*_):
            raise OutOfTime(f"{message}; no report was made")

        is_able = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
        if self.end is not None and is_able:
            before = signal.signal(signal.SIGALRM, stop)
            signal.setitimer(signal.ITIMER_REAL, max(0.001, self.left()))
        try:
            yield
        finally:
            if self.end is not None and is_able:
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, before)
        if self.left() == 0:
            stop()


def run_task(task, running, progress=None):
    """Run one task in a process of its own; its result, with how long it took."""
    file = Path(task["folder"]) / "task.json"
    start = time.monotonic()
    try:
        with writing(file):
            file.write_text(json.dumps(task), encoding="utf-8")
    except CantWrite as error:
        return {"status": "failed", "kind": "CantWrite", "message": str(error), "seconds": 0.0}
    with running.start(
        [sys.executable, "-m", "toolkit.report.worker", str(file)],
        task["kernel"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(task["folder"], task.get("env", ())),
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


def environment(folder, more=()):
    """A process's environment: the same toolkit as ours, and what it leaves in `folder`, not in the user's home.

    It is a short list of the variables that we have: what a notebook prints of it may be read by others. `folder` lies
    in the run's temporary folder, of which the run's processes have their mark; `more` names further variables.
    """
    package = str(Path(toolkit.__file__).parents[1])
    places = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    folder = Path(folder)
    return {name: value for name, value in os.environ.items() if name in more or _is_passed(name, value)} | {
        "PYTHONPATH": os.pathsep.join(places) if package not in _installed() else os.environ.get("PYTHONPATH", ""),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        # An analyst's IPython start-up files must not change what a report says.
        "IPYTHONDIR": str(folder / "ipython"),
        # A kernel is ended without a chance to tidy up; what it leaves goes with our own folder.
        "TMPDIR": str(folder / "tmp"),
        family.MARK: family.mark_of(folder.parent),
    }


def _is_passed(name, value):
    """Whether a variable is one that programs need, and holds no secret.

    >>> _is_passed("PATH", "/bin"), _is_passed("https_proxy", "http://a:1"), _is_passed("https_proxy", "http://a:b@c")
    (True, True, False)
    >>> _is_passed("JAVA_TOOL_OPTIONS", "-Ddb.password=x1y2z3"), _is_passed("TOOLKIT_MAIL", "slack://tok/en/x")
    (False, False)
    """
    is_needed = name.upper() in PASSED or name.upper().startswith(PASSED_BEGINNINGS)
    if not is_needed or secrets.is_sensitive(name) or secrets.holds_secret(value):
        return False
    return not (name.upper().startswith("TOOLKIT_") and secrets.is_url(value))  # where reports are sent to


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
    if process.returncode == CantWrite.exit_code:
        why = "there is no room for what a notebook leaves; make room in the temporary folder, or name another (TMPDIR)"
        kind, message = "CantWrite", str(CantWrite(task["folder"], why))
    if is_late:
        kind, message = "Timeout", f"took longer than {task['timeout']:g} s, no longer answered and was ended"
    return {"status": "failed", "kind": kind, "message": message, "details": said}
