"""One process in which all is imported that workers and their kernels need, and of which they are forks.

To import it takes three seconds for each of them, and a fork takes none. It does nothing else: one thread, no
connection, no figure, no socket of zmq, so that a copy of it is whole. When the runner is gone, however it ended, it
ends all that it forked and what that has started. Where there is none, processes are started as ever.
"""

import contextlib
import gc
import importlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

from toolkit.report import family
from toolkit.report.forks import Forked, be_new, is_alone, run_and_leave
from toolkit.report.process import environment
from toolkit.scratch import remove_dead

OFF = "TOOLKIT_NO_FORK"  # set in the environment, every process is started
READY = 120.0  # seconds for the imports on a busy machine
ANSWER = 30.0  # seconds for one fork
LOOK = 1000  # milliseconds after which it looks whether the runner is there
MOST = 1 << 18  # bytes of a request, most of it the environment
# Libraries of linear algebra start their threads when they are imported (one is enough where as many notebooks run as
# there are processors), and the one beneath Arrow a thread that tidies its memory.
SINGLE = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL")}
SINGLE |= {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
# What lies in the working directory is none of ours; a kernel puts it among the places of its modules.
START = f"import sys; sys.path[:1] = filter(None, sys.path[:1]); import {__name__} as it; it.main(*sys.argv[1:])"
# What matplotlib reads when it is imported; a kernel sets it before.
INLINE = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
IMPORTS = re.compile(r"\b(import|from) toolkit\b")
WORKER = (
    "toolkit.report.worker",
    "toolkit.report.sections",
    "papermill",
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "jupyter_client.provisioning",
    "psutil",
)
NOTEBOOK = (
    "toolkit.load",
    "toolkit.metrics",
    "toolkit.show",
    "toolkit.headline",
    "ibis.backends.duckdb",
    "pyarrow.dataset",
    "scipy.special",
    "babel.dates",
    "babel.lists",
    "babel.numbers",
    "holidays",
)


class Nursery:
    """The runner's side: `popen` starts a worker, as a fork where that can be.

    `notebooks` are the paths of those that will run; `folder`, in the run's temporary folder, gets what the process
    leaves. What a dead run has left of processes is ended before it is opened, and what this one has left when it is
    closed.
    """

    def __init__(self, folder, notebooks):
        self.process = self.line = None
        self.mark = family.mark_of(Path(folder).parent)
        family.kill_dead_runs()
        if _is_able() and not os.environ.get(OFF):
            is_ours = any(IMPORTS.search(Path(path).read_text(encoding="utf-8")) for path in notebooks)
            self._open(folder, [*WORKER, *(NOTEBOOK if is_ours else ())])

    def _open(self, folder, names):
        (folder / "tmp").mkdir(parents=True)
        self.line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-Xfrozen_modules=off",
                    "-c",
                    START,
                    *map(str, (theirs.fileno(), os.getpid())),
                    *names,
                ],
                env=environment(folder) | SINGLE,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        family.kill_marked(self.mark)

    def ready(self):
        """Wait until it has imported; without an answer there is no nursery."""
        if self.process:
            self.line.settimeout(READY)
            try:
                is_ready = bool(self.line.recv(16))
            except OSError:
                is_ready = False
            if not is_ready:
                self.close()

    def close(self):
        """End it, with what is left of its forks."""
        process, self.process = self.process, None
        if process:
            family.kill_below(process.pid)
            self.line.close()
            process.kill()
            process.wait()

    def popen(self, command, env=None, **options):
        """Start a worker as subprocess.Popen would do; the last word of `command` is the file of its task."""
        if self.process:
            try:
                return self._fork(command[-1], dict(os.environ if env is None else env))
            except OSError:  # it was killed, say; one that only hangs must not run the task later on
                self.process.kill()
        return subprocess.Popen(command, env=env, **options)

    def _fork(self, file, environment):
        request = json.dumps({"file": file, "environment": environment}).encode()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        streams = [os.pipe(), os.pipe()]
        try:
            with theirs:
                socket.send_fds(self.line, [request], [theirs.fileno(), *(write for _, write in streams)])
            ours.settimeout(ANSWER)
            number, handles, _, _ = socket.recv_fds(ours, 64, 1)
            if not handles:
                raise OSError("it can't fork")
        except OSError:
            ours.close()
            for read, _ in streams:
                os.close(read)
            raise
        finally:
            for _, write in streams:
                os.close(write)
        process = Forked(int(number), handles[0], ours)
        process.stdout, process.stderr = (os.fdopen(read, encoding="utf-8", errors="replace") for read, _ in streams)
        return process


def _is_able():
    """Whether this system can fork safely and has what stands for a process."""
    if not sys.platform.startswith("linux") or not hasattr(os, "pidfd_open"):
        return False
    with contextlib.suppress(OSError):
        os.close(os.pidfd_open(os.getpid()))
        return os.path.isdir("/proc/self/task")
    return False


def serve(line, runner=None):
    """Fork a worker for each request; in a fork, the file of its task. None once the runner is gone.

    `runner` is the number of its process: a fork of it may hold its end of `line` when it is dead.
    """
    children, ends = {}, select.poll()
    ends.register(line, select.POLLIN)
    while True:
        ready = ends.poll(LOOK)
        if not ready and runner not in (None, os.getppid()):
            return None
        for number, _ in ready:
            if number in children:
                ends.unregister(number)
                child, told = children.pop(number)
                with told, contextlib.suppress(OSError):
                    told.send(str(child.wait()).encode())
                workers = {it.pid for it, _ in children.values()}
                family.kill_below(but=workers)  # what a worker that was killed has left
                family.reap(but=workers)
                continue
            message, handles, _, _ = socket.recv_fds(line, MOST, 3)
            if not message:
                return None
            request, told = json.loads(message), socket.socket(fileno=handles[0])
            pid = os.fork() if is_alone() else None
            if pid == 0:
                for it in (line, told, *(it for _, it in children.values())):
                    it.close()
                children.clear()
                be_new(request["environment"], {1: handles[1], 2: handles[2]})
            for handle in handles[1:]:
                os.close(handle)
            if pid == 0:
                return request["file"]
            if pid is None:
                told.close()
                continue
            child = Forked(pid)
            children[child.handle] = child, told
            ends.register(child.handle, select.POLLIN)
            with contextlib.suppress(OSError):
                socket.send_fds(told, [str(pid).encode()], [child.handle])


def prepare(names):
    """Import what is named, and leave no trace of it but that it is imported."""
    before = dict(os.environ)
    gc.disable()
    sys.modules.setdefault("rfc3987_syntax", None)  # see `toolkit.report.worker.main`
    os.environ.update({name: value for name, value in INLINE.items() if not os.environ.get(name)})
    for name in names:
        importlib.import_module(name)
    if duckdb := sys.modules.get("duckdb"):
        duckdb.close()  # the connection that is opened with the import has threads; who asks for it gets a new one
    os.environ.clear()
    os.environ.update(before)
    gc.collect()
    gc.freeze()


def main(number, runner, *names):
    """Import, then fork; in a fork, be a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    line, folder = socket.socket(fileno=int(number)), Path(os.environ["TMPDIR"]).parents[2]
    family.end_with(int(runner))
    prepare(names)
    family.end_with(None)  # from now on there may be children, which have to be ended first
    family.adopt()
    with contextlib.suppress(OSError):
        line.send(b"ready")
    file = serve(line, int(runner))
    if file is None:
        family.kill_below()
        with contextlib.suppress(OSError):
            remove_dead(folder)
        os._exit(0)
    from toolkit.report import worker

    run_and_leave(worker.main, file, True)
