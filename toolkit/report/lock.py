"""The lock on a folder of runs: one run at a time writes into it."""

import contextlib
import errno
import json
import os
import socket
import time

from toolkit.errors import CantWrite, writing

BUILDING = ".building-"  # what a run that is being made begins with
HELD = "run.json"  # in its folder: who makes it
LOOK_EVERY = 0.2  # seconds between two looks at a lock that another run holds
# What a system says that has no locks on folders.
NO_LOCKS = {errno.ENOLCK, errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.EISDIR, errno.EACCES, errno.EPERM}


@contextlib.contextmanager
def locked(home, wait=0.0):
    """Keep other runs out of the folder of runs `home`, which is made where it isn't there.

    The lock is on the folder itself, and gone with its process; where a folder can't be locked, on a file in it.

    Parameters
    ----------
    home : Path
    wait : float
        Seconds to wait for who has it.

    Raises
    ------
    CantWrite
        Another run has held it for `wait` seconds; says who.
    """
    end = time.monotonic() + wait
    while True:
        with writing(home):
            home.mkdir(parents=True, exist_ok=True)
        number = _try(home)
        if number is not None:
            break
        if time.monotonic() >= end:
            raise CantWrite(home.parent, f"{_holder(home)}. Try again when it has ended, or wait with --wait SECONDS")
        time.sleep(LOOK_EVERY)
    try:
        yield
    finally:
        os.close(number)  # which unlocks it


def held_by(started):
    """What a run writes into its folder, so that another one can say who holds the lock."""
    return json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": started})


def _holder(home):
    for path in sorted(home.glob(f"{BUILDING}*/{HELD}")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            held = json.loads(path.read_text(encoding="utf-8"))
            where = "" if held["host"] == socket.gethostname() else f" on {held['host']}"
            return f"another run writes into it: process {held['pid']}{where}, since {held['since']}"
    return "another run writes into it"


def _try(home):
    """The descriptor of the lock; None when another process has it."""
    number = None
    try:
        number = os.open(home, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        _lock(number)
    except BlockingIOError:
        os.close(number)
        return None
    except FileNotFoundError:  # whoever had it left nothing
        return None
    except OSError as error:
        if number is not None:
            os.close(number)
        if error.errno not in NO_LOCKS:
            raise CantWrite(home, error) from None
        return _try_file(home / ".lock")
    if not _is_same(number, home):  # removed by who had it, while we waited
        os.close(number)
        return None
    return number


def _is_same(number, path):
    try:
        return os.path.samestat(os.fstat(number), os.stat(path))
    except OSError:
        return False


def _try_file(path):
    with writing(path):
        number = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
    try:
        _lock(number)
    except BlockingIOError:
        os.close(number)
        return None
    except OSError as error:
        os.close(number)
        raise CantWrite(path, error) from None
    return number


def _lock(number):
    if os.name == "nt":  # Windows says PermissionError where another has it
        import msvcrt

        try:
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from None
    else:
        import fcntl

        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
