"""Forked processes: what is asked of one as of a `subprocess.Popen`, and a kernel that is a fork of its worker.

Only on Linux: elsewhere a fork of a process with this many libraries is not safe, and there is no file descriptor
that stands for a process. Used by `toolkit.report.nursery` and `toolkit.report.worker`.
"""

import atexit
import contextlib
import gc
import json
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import threading
import traceback

from toolkit.report.kernel import be_kernel

UNTOLD = -signal.SIGTERM  # stands for the exit code that nobody can tell: take it for a process that was ended
TELLING = 5.0  # seconds for the exit code to be told


def is_alone():
    """Whether this process is one thread, so that a fork of it is a whole copy."""
    return threading.active_count() == 1 and len(os.listdir("/proc/self/task")) == 1


class Forked:
    """A forked process: of `subprocess.Popen` what its users here need.

    For one that isn't our child, `handle` is its pidfd and `told` the socket on which its parent tells the exit code.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid, handle=None, told=None):
        self.pid, self.told, self.returncode = pid, told, None
        self.handle, self.lock = os.pidfd_open(pid) if handle is None else handle, threading.Lock()

    def poll(self):
        """The exit code; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout=None):
        """The exit code, once it has ended; subprocess.TimeoutExpired when it hasn't after `timeout` seconds."""
        if self.returncode is None:
            # every thread looks for itself: the handle stays ready when the process has ended
            ends = select.poll()
            ends.register(self.handle, select.POLLIN)
            if not ends.poll(None if timeout is None else timeout * 1000):
                raise subprocess.TimeoutExpired("fork", timeout)
            with self.lock:
                if self.returncode is None:
                    self.returncode = self._code()
        return self.returncode

    def _code(self):
        if self.told is None:
            return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.told.settimeout(TELLING)
        with self.told, contextlib.suppress(OSError, ValueError):
            return int(self.told.recv(64))
        return UNTOLD

    def send_signal(self, number):
        """Send a signal, to this process and no other that has its number after it."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, number)

    def terminate(self):
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self):
        """End it."""
        self.send_signal(signal.SIGKILL)

    def __del__(self):
        with contextlib.suppress(AttributeError, OSError):
            os.close(self.handle)


def be_new(environment, streams):
    """Make of this fork, as far as it can be told, a process that was just started.

    Parameters
    ----------
    environment : dict
        All of it.
    streams : dict of int to int
        {0, 1, 2: the file descriptor that becomes it}.
    """
    os.setsid()  # Ctrl-C is for the runner alone, and a group can be killed as a whole
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(environment)
    for number, descriptor in streams.items():
        os.dup2(descriptor, number)
    tempfile.tempdir = None  # it may have been asked for under another TMPDIR
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    gc.enable()


def run_and_leave(function, *values):
    """Run a function and end this fork as an interpreter ends, but that it frees nothing.

    To free what it shares with the others would copy all of it first.
    """
    code = 1
    try:
        function(*values)
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):  # as multiprocessing ends its forks, and what is to be done at exit
            threading._shutdown()
            atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        os._exit(code)


def wait_as_kernel(closed):
    """Fork a process that waits to be a kernel, and is one as soon as it is told where.

    Parameters
    ----------
    closed : list of int
        File descriptors that are no business of a kernel.

    Returns
    -------
    tuple of Forked and int, or None
        The process, and the file descriptor on which it is told. None: it can't be forked.
    """
    if not is_alone():
        return None
    hear, tell = os.pipe()
    if pid := os.fork():
        os.close(hear)
        return Forked(pid), tell
    for descriptor in (tell, *closed):
        os.close(descriptor)
    with open(hear, encoding="utf-8") as order:
        text = order.read()
    if not text:  # the worker ended, and needed none
        os._exit(0)
    run_and_leave(_be_kernel, *json.loads(text))
    return None


def _be_kernel(arguments, cwd, environment):
    """Run IPython's kernel until it is shut down."""
    be_new(environment, {})
    os.chdir(cwd)
    sys.argv = ["-c", *arguments]
    if sys.modules.get("rfc3987_syntax", ...) is None:  # a worker's own business
        del sys.modules["rfc3987_syntax"]
    be_kernel(arguments)


def forked_provisioner(kernel, tell):
    """What starts and ends a kernel for jupyter_client, with the one that waits, see `wait_as_kernel`."""
    from jupyter_client.provisioning import LocalProvisioner

    class ForkedProvisioner(LocalProvisioner):
        async def launch_kernel(self, cmd, cwd=None, env=None, **_):
            place = str(cwd or os.getcwd())
            environment = dict(os.environ if env is None else env) | {"JPY_PARENT_PID": str(os.getpid())}
            order = [cmd[cmd.index("-f") :], place, environment]
            with contextlib.suppress(BrokenPipeError), open(tell, "w", encoding="utf-8") as stream:
                json.dump(order, stream)
            self.process, self.pid, self.pgid, self.cwd = kernel, kernel.pid, kernel.pid, place
            return self.connection_info

    return ForkedProvisioner
