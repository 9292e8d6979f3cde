"""The runs in a folder of reports: each whole, none changed once it is there, the newest found at `latest`.

    OUT/index.html               forwards to runs/latest/index.html
    OUT/runs/latest              a link to the newest run, swapped in one step
    OUT/runs/20261130T060012Z-1a2b3c/
    OUT/runs/.building-.../      a run that is being made; nothing shows it

A run is made aside, moved to its place in one step, and then shown in one step. Whoever is killed on the way leaves
the last run as it was, or the new one whole: a run that was moved and not yet shown is shown by the next. Where links
can't be made, runs/latest.json holds the newest run's id, and index.html forwards to its folder.

Pages of a run link to runs before it. When one of those is removed, what is still linked to becomes a page that says
so, see `prune`: no page of a run that is kept has a dead link.
"""

import contextlib
import errno
import html
import json
import os
import re
import secrets
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from toolkit import words
from toolkit.errors import CantWrite, writing
from toolkit.report.lock import BUILDING, HELD, held_by, locked
from toolkit.report.manifest import MANIFEST, read_manifest, write_text

HOME, LATEST = "runs", "latest"
GONE, STONE, ASIDE = ".gone-", ".stone-", ".latest-"  # a run that is removed, what stands in its place, the next link
ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")
# How a manifest begins: the number of the run, without reading the rest, of which there are many.
HEAD = re.compile(rb'\{\s*"format": \d+,\s*"status": "\w+",\s*"run": \{\s*"id": "[\w-]+",\s*"number": (\d+),')
FULL = (errno.ENOSPC, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC))
PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">{forward}
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
</head>
<body>
<main>
<h1>{title}</h1>
<p><a href="{href}">{text}</a></p>
</main>
</body>
</html>
"""


@dataclass
class Run:
    """A run that is being made.

    `folder` is where, `final` where it will lie, `before` the newest run so far, if any; `number` counts the runs of
    the folder; `started` is an ISO time.
    """

    id: str
    folder: Path
    final: Path
    before: Path | None
    number: int
    started: str
    is_moved: bool = field(default=False)
    place: os.stat_result | None = field(default=None, repr=False)  # the folder of the runs, as it was at the start

    def publish(self):
        """Move the run to its place and show it: before this nothing shows it, after it everything does.

        Raises
        ------
        CantWrite
            The last run is still shown.
        """
        home = self.final.parent
        with writing(self.final):
            if (self.folder / HELD).exists() and not self.is_in_place():
                raise CantWrite(
                    home, "another folder, or a link to one, was put in its place while the run was made; run again"
                )
            try:
                (self.folder / HELD).unlink()
            except FileNotFoundError:  # what was made before is missing from what was written after
                raise CantWrite(self.final, "its folder was removed while it was made; run again") from None
            os.rename(self.folder, self.final)
            self.is_moved = True
            show(home.parent, self.id)

    def is_in_place(self):
        """Whether the folder of the runs is the one in which this run began; one that is gone is told as such."""
        try:
            return self.place is None or os.path.samestat(self.place, os.stat(self.final.parent))
        except FileNotFoundError:
            return True


def latest(out):
    """The folder of the newest run that is shown; None where there is none.

    Parameters
    ----------
    out : path
        The folder that `toolkit report --out` names.
    """
    home = Path(out) / HOME
    shown = _shown(home)
    return home / shown if shown and _is_whole(home / shown) else None


def all_runs(out):
    """The folders of the runs in `out`, the newest first: by the number that each has, as a clock may be set back."""
    try:
        found = [path for path in (Path(out) / HOME).iterdir() if _is_whole(path)]
    except OSError:
        return []
    return sorted(found, key=lambda path: (_number(path), path.name), reverse=True)


def read_past(out, most):
    """The manifests of the newest `most` runs, the newest first, and of the runs that made what the newest one shows.

    Returns
    -------
    (list of dict, int), the manifests and how many runs there are
    """
    folders = all_runs(out)
    past = [read_manifest(path) for path in folders[:most]]
    made_in = {entry.get("made_in") for entry in past[0]["reports"].values()} if past else set()
    return past + [read_manifest(path) for path in folders[most:] if path.name in made_in], len(folders)


def _number(folder):
    """Which run of its folder it is, counted from 1; 0 when it doesn't say."""
    with contextlib.suppress(OSError), open(folder / MANIFEST, "rb") as file:
        found = HEAD.match(file.read(500))
        if found:
            return int(found[1])
    number = _of_run(folder).get("number")
    return number if isinstance(number, int) else 0


def _of_run(folder):
    run = read_manifest(folder).get("run")
    return run if isinstance(run, dict) else {}


@contextlib.contextmanager
def building(out, wait=0.0, warn=None):
    """A new run, as a context: no other run writes into `out` meanwhile.

    What dead runs left is removed first. A block that is left without `publish` leaves the folder as it was.

    Parameters
    ----------
    out : path
    wait : float
        Seconds to wait for another run to end; 0 refuses at once.
    warn : callable, optional
        Called with a line of text on what can't be removed, which hinders no run.

    Raises
    ------
    CantWrite
        Another run writes into the folder, or it can't be written to.
    """
    home = Path(out) / HOME
    with locked(home, wait):
        with writing(home):
            tidy(out, warn)
        runs = all_runs(out)
        now = datetime.now(UTC)
        name = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        folder, before = home / f"{BUILDING}{name}", runs[0] if runs else None
        number = _number(before) + 1 if before else 1
        run = Run(name, folder, home / name, before, number, now.isoformat(timespec="seconds"))
        try:
            with writing(folder):
                run.place = os.stat(home)
                folder.mkdir()
                (folder / HELD).write_text(held_by(run.started), encoding="utf-8")
            yield run
        finally:
            if not run.is_moved:
                shutil.rmtree(folder, ignore_errors=True)
                with contextlib.suppress(OSError):  # there are other runs in it
                    home.rmdir()


def tidy(out, warn=None):
    """Remove what dead runs left, and show the newest whole run. Only for who holds the lock.

    What can't be removed, as what belongs to another user, stays, with a warning: nothing shows it.
    """
    out = Path(out)
    home = out / HOME
    # what stands aside of a file that was to take its place, in a run too: its pages are drawn anew when others go
    for path in [*out.glob(".index.html.*.part"), *home.glob("*/.*.part")]:
        with _removing(path, warn):
            path.unlink()
    for path in sorted(home.iterdir()):
        with _removing(path, warn):
            if path.name.startswith(STONE) and not (home / path.name.removeprefix(STONE)).exists():
                os.rename(path, home / path.name.removeprefix(STONE))
            elif path.name.startswith((BUILDING, GONE, STONE)):
                path.unlink() if path.is_symlink() else shutil.rmtree(path)
            elif path.name.startswith(ASIDE) or path.suffix == ".part":
                path.unlink()
    if warn and (home / LATEST).exists() and not (home / LATEST).is_symlink():
        warn(
            f"{os.path.abspath(home / LATEST)}: is no link to the newest run but a file or folder that something else put "
            "there, and links to it don't lead to the newest run; take it away, and the next run makes the link again. "
            f"{os.path.abspath(out / 'index.html')} leads to the newest run"
        )
    runs = all_runs(out)
    if runs and not _leads_to(out, runs[0].name):
        show(out, runs[0].name)


@contextlib.contextmanager
def _removing(path, warn):
    """What can't be removed in this block is told, by its full path, and hinders nothing else."""
    try:
        yield
    except OSError as error:
        if warn:
            warn(
                f"{os.path.abspath(path)}: can't be removed: {error.strerror or error}; nothing shows it and no run "
                "needs it, let its owner remove it"
            )


def show(out, name):
    """Make the run `name` the one that the folder shows, in one step."""
    out = Path(out)
    home = out / HOME
    aside = home / f"{ASIDE}{name}"
    if not (out / "index.html").exists():  # the first run: at no moment a link, and no page that people open
        write_text(out / "index.html", forward(f"{HOME}/{name}/index.html"))
    try:
        os.symlink(name, aside, target_is_directory=True)
        os.replace(aside, home / LATEST)
    except (OSError, NotImplementedError) as error:
        if getattr(error, "errno", None) in FULL:
            raise
        with contextlib.suppress(OSError):
            aside.unlink()
        write_text(home / f"{LATEST}.json", json.dumps({"run": name}) + "\n")
        if (home / LATEST).is_symlink():
            (home / LATEST).unlink()
        _write_if_new(out / "index.html", forward(f"{HOME}/{name}/index.html"))
    else:
        (home / f"{LATEST}.json").unlink(missing_ok=True)
        _write_if_new(out / "index.html", forward(f"{HOME}/{LATEST}/index.html"))


def _leads_to(out, name):
    """Whether `out` shows the run `name`, the page that people open included."""
    home, page = out / HOME, out / "index.html"
    if _shown(home) != name or not page.is_file():
        return False
    by = LATEST if (home / LATEST).is_symlink() else name
    return f"url={HOME}/{by}/index.html" in page.read_text(encoding="utf-8", errors="replace")


def forward(href):
    """A page that leads on to another at once.

    >>> [line for line in forward("runs/latest/index.html").splitlines() if "refresh" in line]
    ['<meta charset="utf-8"><meta http-equiv="refresh" content="0; url=runs/latest/index.html">']
    """
    meta = f'<meta http-equiv="refresh" content="0; url={html.escape(href)}">'
    title = words.text("pages.history.reports")
    return _page(meta, title, words.text("pages.history.newest"), href)


def _page(meta, title, text, href):
    said = {"title": title, "text": text, "href": href, "language": words.language()}
    return PAGE.format(forward=meta, **{name: html.escape(value) for name, value in said.items()})


def _write_if_new(path, text):
    with contextlib.suppress(OSError, ValueError):
        if path.read_text(encoding="utf-8") == text:
            return
    write_text(path, text)


def prune(out, keep, wait=0.0, warn=None, redraw=None):
    """Remove all runs but the newest `keep`.

    Pages of those that are kept may link to pages of those that are removed, such as to the last edition of a report.
    In the place of such a page stays one that says that the run is no longer kept and leads to the newest; it goes
    when the last run that links to it does.

    Parameters
    ----------
    out : path
    keep : int
        At least 1: the run that is shown stays.
    wait : float
        Seconds to wait for a run to end.
    warn : callable, optional
        Called with a line of text on what can't be removed; the others are removed all the same.
    redraw : callable, optional
        Called with the folder of the newest run and those of the others that are kept, before one is removed; see
        `toolkit.report.assemble.redraw`, so that what is shown tells of no run that is gone.

    Returns
    -------
    list of str, the ids of the runs that were removed, the newest first

    Raises
    ------
    CantWrite
        A run writes into the folder, or it can't be written to.
    """
    home = Path(out) / HOME
    if not home.is_dir():
        return []
    with locked(home, wait), writing(home):
        tidy(out, warn)
        return thin(out, keep, warn, redraw)


def thin(out, keep, warn=None, redraw=None):
    """As `prune`, for who holds the lock, as a run does until its block is left."""
    home = Path(out) / HOME
    runs = all_runs(out)
    kept, old = runs[: max(1, keep)], runs[max(1, keep) :]
    if old and redraw:
        redraw(kept[0], kept[1:])
    linked = {link for run in kept for link in _of_run(run).get("links", ())}
    for path in reversed(old):
        with _removing(path, warn):
            _remove(home, path, linked, warn)
    for path in home.iterdir():
        if ID.fullmatch(path.name) and path.is_dir() and not _is_whole(path):
            with _removing(path, warn):
                _thin_out(path, linked)
    return [path.name for path in old if not _is_whole(path)]


def _remove(home, path, linked, warn=None):
    """Take a run away in one step, so that there is no half of one; what is linked to says that it is gone."""
    files = sorted(link.partition("/")[2] for link in linked if link.startswith(f"{path.name}/"))
    stone, gone = home / f"{STONE}{path.name}", home / f"{GONE}{path.name}"
    if files:
        stone.mkdir()
        said = words.text("pages.history.gone"), words.text("pages.history.newest")
        for file in files:
            up = "../" * (file.count("/") + 2)
            write_text(stone / file, _page("", *said, f"{up}index.html"))
    try:
        os.rename(path, gone)
    except OSError:  # it stays, whole
        shutil.rmtree(stone, ignore_errors=True)
        raise
    if files:
        os.rename(stone, path)
    with _removing(gone, warn):
        shutil.rmtree(gone)


def _thin_out(path, linked):
    """Of what says that a run is gone, remove what nothing links to any more."""
    for file in sorted(path.rglob("*"), reverse=True):
        if file.is_file() and f"{path.name}/{file.relative_to(path).as_posix()}" not in linked:
            file.unlink()
        elif file.is_dir():
            with contextlib.suppress(OSError):
                file.rmdir()
    with contextlib.suppress(OSError):
        path.rmdir()


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
