"""Temporary folders that never stay behind: each is held by its process, and those of dead ones are taken away.

A process that is killed can't tidy up. The lock that it has on its folder goes with it, though, and so the next
process of the same user that needs a folder knows which of those that are there are nobody's.
"""

import contextlib
import os
import re
import shutil
import stat
import tempfile
import time
from pathlib import Path

from toolkit.errors import cant_write

try:
    import fcntl
except ImportError:  # Windows: what a killed process leaves is for the system to tidy up
    fcntl = None

SIGN = ".scratch"  # ends the name of each, so that no folder of anybody else's is taken for one
NAMED = re.compile(rf"toolkit-[a-z]+-[a-z0-9_]{{8}}{re.escape(SIGN)}")
TRIES = 5  # folders, each of which another process may take for a dead one's before we hold it
FOLDER = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class Scratch:
    """A folder of this process alone, until `close`; in a fork of the process `close` does nothing.

    Parameters
    ----------
    prefix : str
        What it is for, in small letters: part of its name.

    Raises
    ------
    CantWrite
        The system's temporary folder is full, or none can be written to.

    Examples
    --------
    >>> scratch = Scratch("example")
    >>> scratch.path.name.startswith("toolkit-example-"), scratch.path.is_dir()
    (True, True)
    >>> scratch.close()
    >>> scratch.path.exists()
    False
    """

    def __init__(self, prefix):
        self.pid = os.getpid()
        try:
            remove_dead()
            for _ in range(TRIES):
                self.path = Path(tempfile.mkdtemp(prefix=f"toolkit-{prefix}-", suffix=SIGN))
                self.lock, is_ours = _hold(self.path)
                if is_ours:
                    break
            else:
                raise OSError("other processes remove each before it is ours")
        except OSError as error:
            raise cant_write(error, f"{tempfile.gettempprefix()}* in a temporary folder (TMPDIR)") from None

    def close(self):
        """Remove it, with all that is in it."""
        if os.getpid() != self.pid:
            return
        shutil.rmtree(self.path, ignore_errors=True)
        lock, self.lock = self.lock, None
        if lock is not None:
            os.close(lock)


@contextlib.contextmanager
def scratch_folder(prefix):
    """The path of a folder for this block, which is gone after it; see `Scratch`.

    Examples
    --------
    >>> with scratch_folder("example") as folder:
    ...     folder.is_dir()
    True
    >>> folder.exists()
    False
    """
    scratch = Scratch(prefix)
    try:
        yield scratch.path
    finally:
        scratch.close()


def remove_dead(place=None):
    """Remove the folders of this user's processes that are dead from `place`, as a rule the system's temporary folder."""
    if fcntl is None:
        return
    place = Path(place or tempfile.gettempdir())
    for entry in os.scandir(place):
        if not NAMED.fullmatch(entry.name):
            continue
        with contextlib.suppress(OSError):  # somebody else's, or another process removes it now
            found = entry.stat(follow_symlinks=False)
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
                continue
            lock = os.open(entry.path, os.O_RDONLY | FOLDER)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(entry.path, ignore_errors=True)
                if os.path.exists(entry.path):  # a process of the dead one was just writing into it
                    time.sleep(0.1)
                    shutil.rmtree(entry.path, ignore_errors=True)
            finally:
                os.close(lock)


def _hold(path):
    """(the file descriptor of a lock on a folder, whether the folder is ours).

    Where folders can't be locked, as on some network disks, nobody takes it for a dead one's, either.
    """
    if fcntl is None:
        return None, True
    try:
        lock = os.open(path, os.O_RDONLY | FOLDER)
    except FileNotFoundError:  # taken for a dead one's before we held it
        return None, False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None, False
    except OSError:
        return lock, True
    if not path.exists():
        os.close(lock)
        return None, False
    return lock, True
