"""What belongs to a run of its processes: found again and ended, detached ones too, and never one that is not ours.

On Linux a worker, and the process that workers are forks of, adopt what their descendants leave behind (a process
that is started in a session of its own, by a shell that then ends, say), so that all of it stays below them. Every
process of a run carries the run's mark in its environment besides, which tells it where it has got out of that tree,
and which of those that are there belong to a runner that is dead.
"""

import contextlib
import ctypes
import os
import re
import signal
import sys
import time
from pathlib import Path

MARK = "TOOLKIT_RUN"
IS_LINUX = sys.platform.startswith("linux")
ENDING = 5.0  # seconds after which a process that was killed is left to the system, as one that waits for a dead disk
CHILD_SUBREAPER, PARENT_DEATH_SIGNAL = 36, 1  # of prctl(2)


def _prctl(option, value):
    if IS_LINUX:
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(option, ctypes.c_ulong(value), 0, 0, 0)


def adopt():
    """Be the parent of what the descendants of this process leave behind."""
    _prctl(CHILD_SUBREAPER, 1)


def end_with(parent):
    """End this process when the thread of process `parent` that started it ends; None: no longer."""
    if not IS_LINUX:  # Windows has not even the signal
        return
    _prctl(PARENT_DEATH_SIGNAL, 0 if parent is None else signal.SIGKILL)
    if parent not in (None, os.getppid()):  # it ended before
        os._exit(1)


def kill_below(number=None, but=()):
    """Kill what descends from a process (default: this one) until nothing is left, but for some children and theirs.

    Parameters
    ----------
    number : int, optional
        The process; it is left alone itself.
    but : collection of int
        Children that are left alone, with their descendants.
    """
    last = time.monotonic() + ENDING
    while left := _below(number, but):
        for process in left:
            _kill(process)
        if time.monotonic() > last:
            return
        time.sleep(0.01)


def _below(number, but=()):
    import psutil

    try:
        children = [one for one in psutil.Process(number).children() if one.pid not in but]
    except psutil.Error:
        return []
    return [one for child in children for one in (child, *_descendants(child)) if _runs(one)]


def _descendants(process):
    import psutil

    with contextlib.suppress(psutil.Error):
        return process.children(recursive=True)
    return []


def _runs(process):
    import psutil

    with contextlib.suppress(psutil.Error):
        return process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    return False


def _kill(process):
    import psutil

    with contextlib.suppress(psutil.Error):  # it looks whether the number is still that process's
        process.kill()


def reap(but=()):
    """Let go of the children that have ended, but for those that others wait for."""
    import psutil

    for child in psutil.Process().children():
        if child.pid not in but:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child.pid, os.WNOHANG)


# --- marks ------------------------------------------------------------------------------------------


def mark_of(folder):
    """What the processes of the run with this temporary folder carry in their environment: whose they are."""
    number = os.getpid()
    return f"{number}-{started(number) or 0}-{Path(folder).name}"


def started(number):
    """When a process started, in ticks since the system did, whatever its clock says; None for one that has ended."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        after = Path(f"/proc/{number}/stat").read_text("utf-8", "replace").rsplit(")", 1)[1].split()
        return None if after[0] in "ZX" else int(after[19])
    return None


def kill_marked(mark):
    """Kill the processes that carry a run's mark, with their descendants, until none is left."""
    _kill_where(lambda told: told == mark)


def kill_dead_runs():
    """Kill the processes of this user's runs whose runner is dead, where /proc tells it."""
    if IS_LINUX and os.path.isdir("/proc/self/ns"):
        _kill_where(_is_of_the_dead)


def _is_of_the_dead(told):
    found = re.fullmatch(r"(\d{1,10})-([1-9]\d{0,18})-.+", told)
    return bool(found) and started(int(found[1])) != int(found[2])


def _kill_where(is_meant):
    import psutil

    last = time.monotonic() + ENDING
    ours = {os.getpid(), *(one.pid for one in psutil.Process().parents())}
    while True:
        marked = [one for one in psutil.process_iter() if one.pid not in ours and is_meant(_mark(one)) and _runs(one)]
        if not marked or time.monotonic() > last:
            return
        for process in (below for one in marked for below in (*_descendants(one), one)):
            if process.pid not in ours:
                _kill(process)
        time.sleep(0.01)


def _mark(process):
    """A process's mark; "" without one, and of those of another user or of another space of process numbers."""
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        if hasattr(os, "getuid") and process.uids().real != os.getuid():
            return ""
        if IS_LINUX and os.readlink(f"/proc/{process.pid}/ns/pid") != os.readlink("/proc/self/ns/pid"):
            return ""
        return process.environ().get(MARK, "")
    return ""
