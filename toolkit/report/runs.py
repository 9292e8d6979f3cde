"""The runs in a folder of reports: each whole, none changed once it is there, the newest found at `latest`.

    OUT/index.html               forwards to runs/latest/index.html
    OUT/runs/latest              a link to the newest run, swapped in one step
    OUT/runs/20261130T060012Z-1a2b3c/
    OUT/runs/.building-.../      a run that is being made; nothing shows it

A run is made aside, moved to its place in one step, and then shown in one step. Whoever is killed on the way leaves
the last run as it was, or the new one whole: what was moved and not yet shown is shown by the next run. Where links
can't be made, runs/latest.json holds the newest run's id, and index.html forwards to its folder.
"""

import contextlib
import errno
import html
import json
import os
import re
import secrets
import shutil
import socket
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from toolkit.errors import CantWrite, writing

HOME, LATEST, BUILDING, GONE, ASIDE = "runs", "latest", ".building-", ".gone-", ".latest-"
MANIFEST = "manifest.json"
ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")
LOOK_EVERY = 0.2  # seconds between two looks at a lock that another run holds
# What a disk says that has no locks, or none on a folder.
NO_LOCKS = {errno.ENOLCK, errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.EISDIR, errno.EACCES, errno.EPERM}
FORWARD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={href}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
</head>
<body>
<main><p><a href="{href}">{title}</a></p></main>
</body>
</html>
"""


@dataclass
class Run:
    """A run that is being made in `folder`; `final` is where it will lie, `before` the newest run so far, if any."""

    id: str
    folder: Path
    final: Path
    before: Path | None
    number: int
    started: str
    is_published: bool = field(default=False)

    def publish(self):
        """Move the run to its place and show it. Before this nothing shows it, after it everything does.

        Raises
        ------
        CantWrite
            The last run is still in place.
        """
        with writing(self.final):
            (self.folder / "run.json").unlink(missing_ok=True)
            os.rename(self.folder, self.final)
            self.is_published = True
            show(self.final.parent.parent, self.id)


def latest(out):
    """The folder of the newest run that is shown; None where there is none.

    Parameters
    ----------
    out : path
        The folder that `toolkit report --out` names.
    """
    home = Path(out) / HOME
    shown = _shown(home)
    if shown and _is_whole(home / shown):
        return home / shown
    return None


def all_runs(out):
    """The folders of the runs in `out`, the newest first.

    By the number that each run has, as a clock may be set back.
    """
    home = Path(out) / HOME
    try:
        found = [path for path in home.iterdir() if _is_whole(path)]
    except OSError:
        return []
    return sorted(found, key=lambda path: (number_of(path), path.name), reverse=True)


def read_manifest(folder):
    """What a run says of itself; {"reports": {}} where that can't be read."""
    try:
        manifest = json.loads((Path(folder) / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        manifest = {}
    if not isinstance(manifest, dict) or not isinstance(manifest.get("reports"), dict):
        manifest = {"reports": {}}
    return manifest


def number_of(folder):
    """Which run it is of its folder, counted from 1; 0 when it doesn't say."""
    run = read_manifest(folder).get("run")
    number = run.get("number") if isinstance(run, dict) else None
    return number if isinstance(number, int) else 0


@contextlib.contextmanager
def building(out, wait=0.0):
    """A new run, as a context: no other run writes into `out` meanwhile.

    What dead runs left is removed first. A block that is left without `publish` leaves the folder as it was.

    Parameters
    ----------
    out : path
    wait : float
        Seconds to wait for another run to end; 0 refuses at once.

    Raises
    ------
    CantWrite
        Another run writes into the folder, or it can't be written to.
    """
    home = Path(out) / HOME
    with locked(home, wait):
        with writing(home):
            tidy(out)
        runs = all_runs(out)
        now = datetime.now(UTC)
        name = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        run = Run(
            name,
            home / f"{BUILDING}{name}",
            home / name,
            runs[0] if runs else None,
            number_of(runs[0]) + 1 if runs else 1,
            now.isoformat(timespec="seconds"),
        )
        try:
            with writing(run.folder):
                run.folder.mkdir()
                held = {"pid": os.getpid(), "host": socket.gethostname(), "since": run.started}
                (run.folder / "run.json").write_text(json.dumps(held), encoding="utf-8")
            yield run
        finally:
            if not run.is_published:
                shutil.rmtree(run.folder, ignore_errors=True)
                with contextlib.suppress(OSError):  # there are other runs in it
                    home.rmdir()


def tidy(out):
    """Remove what dead runs left, and show the newest whole run. Only for who holds the lock."""
    home = Path(out) / HOME
    for path in sorted(home.iterdir()):
        if path.name.startswith((BUILDING, GONE)):
            shutil.rmtree(path)
        elif path.name.startswith(ASIDE) or path.suffix == ".part":
            path.unlink()
    runs = all_runs(out)
    if runs and (_shown(home) != runs[0].name or not (Path(out) / "index.html").exists()):
        show(out, runs[0].name)


def show(out, name):
    """Make the run `name` the one that the folder shows."""
    out = Path(out)
    home = out / HOME
    aside = home / f"{ASIDE}{name}"
    try:
        os.symlink(name, aside, target_is_directory=True)
        os.replace(aside, home / LATEST)
    except (OSError, NotImplementedError) as error:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EROFS, errno.EDQUOT):
            raise
        with contextlib.suppress(OSError):
            aside.unlink()
        write_text(home / f"{LATEST}.json", json.dumps({"run": name}) + "\n")
        if (home / LATEST).is_symlink():
            (home / LATEST).unlink()
        _write_if_new(out / "index.html", _forward(f"{HOME}/{name}/index.html"))
    else:
        (home / f"{LATEST}.json").unlink(missing_ok=True)
        _write_if_new(out / "index.html", _forward(f"{HOME}/{LATEST}/index.html"))


def _forward(href):
    return FORWARD.format(href=html.escape(href), title="Reports")


def _write_if_new(path, text):
    with contextlib.suppress(OSError, ValueError):
        if path.read_text(encoding="utf-8") == text:
            return
    write_text(path, text)


def write_text(path, text):
    """Write a file that is either the old one or the whole new one, whenever it is read; a link to it stays as it is."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def prune(out, keep, wait=0.0):
    """Remove all runs but the newest `keep`.

    Parameters
    ----------
    out : path
    keep : int
        At least 1: the run that is shown stays.
    wait : float
        Seconds to wait for a run to end.

    Returns
    -------
    list of str, the runs that were removed, the newest first
    """
    home = Path(out) / HOME
    if not home.is_dir():
        return []
    with locked(home, wait), writing(home):
        tidy(out)
        gone = all_runs(out)[max(1, keep) :]
        for path in reversed(gone):
            aside = home / f"{GONE}{path.name}"
            os.rename(path, aside)  # in one step: there is no half of a run
            shutil.rmtree(aside)
    return [path.name for path in gone]


def _is_whole(path):
    return bool(ID.fullmatch(path.name)) and not path.is_symlink() and (path / MANIFEST).is_file()


def _shown(home):
    """The id of the run that is shown; "" for none."""
    with contextlib.suppress(OSError):
        return os.path.basename(os.readlink(home / LATEST))
    try:
        told = json.loads((home / f"{LATEST}.json").read_text(encoding="utf-8"))["run"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return told if isinstance(told, str) and ID.fullmatch(told) else ""


# The lock ---------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def locked(home, wait=0.0):
    """Keep other runs out of the folder of runs `home`, which is made where it isn't there.

    The lock is on the folder itself, and gone with its process; where a folder can't be locked, on a file in it.

    Raises
    ------
    CantWrite
        Another run has held it for `wait` seconds; says who.
    """
    home = Path(home)
    end = time.monotonic() + wait
    while True:
        with writing(home):
            home.mkdir(parents=True, exist_ok=True)
        number = _try_lock(home)
        if number is not None:
            break
        if time.monotonic() >= end:
            raise CantWrite(home.parent, f"{_holder(home)}; wait for it, or give --wait SECONDS")
        time.sleep(LOOK_EVERY)
    try:
        yield
    finally:
        os.close(number)  # which unlocks it


def _try_lock(home):
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
        return _lock_file(home)
    try:
        is_there = os.path.samestat(os.fstat(number), os.stat(home))
    except OSError:
        is_there = False
    if not is_there:  # removed by who had it, while we waited
        os.close(number)
        return None
    return number


def _lock_file(home):
    with writing(home):
        number = os.open(home / ".lock", os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
    try:
        _lock(number)
    except BlockingIOError:
        os.close(number)
        return None
    except OSError as error:
        os.close(number)
        raise CantWrite(home / ".lock", error) from None
    return number


def _lock(number):
    try:
        import fcntl
    except ImportError:  # Windows, which says PermissionError where another has it
        import msvcrt

        try:
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from None
    else:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _holder(home):
    """Who holds the lock, in words."""
    for path in sorted(home.glob(f"{BUILDING}*/run.json")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            held = json.loads(path.read_text(encoding="utf-8"))
            where = "" if held["host"] == socket.gethostname() else f" on {held['host']}"
            return f"another run writes into it: process {held['pid']}{where}, since {held['since']}"
    return "another run writes into it"
