"""What the output folder says of itself: manifest.json for programs, index.html for people.

The manifest holds an entry for each report, with the figures of the last good run and the outcome of the
last attempt, so that running one report leaves what is known of the others.
"""

import contextlib
import json
import os
import platform
import tempfile
from importlib import metadata
from pathlib import Path

import toolkit
from toolkit.report.overview import draw

DRAWN = ("bullet", "spark")  # of a figure's texts those that are drawings: the executed notebook keeps them
PACKAGES = ("papermill", "nbconvert", "ibis-framework", "duckdb", "pandas", "matplotlib")


def versions():
    """{package: version} of what makes the reports."""
    found = {"toolkit": toolkit.__version__, "Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def write_atomically(path, text):
    """Write a file that is either the old one or the whole new one, whenever it is read."""
    path = Path(path)
    path.parent.mkdir(exist_ok=True)
    number, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(part, 0o666 & ~_umask())  # mkstemp's files are its owner's alone
        os.replace(part, path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def _umask():
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def read_manifest(out):
    """The manifest in the folder `out`; an empty one when there is none that can be read."""
    try:
        manifest = json.loads((Path(out) / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        manifest = {}
    if not isinstance(manifest, dict) or not isinstance(manifest.get("reports"), dict):
        manifest = {"reports": {}}
    return manifest


@contextlib.contextmanager
def locked(out):
    """Keep other runs from the manifest in `out`; where the system or the disk has no locks, keep nobody."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    number = None
    try:
        # The file stays: whoever removed it would take it from under one who waits for it.
        with contextlib.suppress(OSError):
            number = os.open(Path(out) / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        if number is not None:
            os.close(number)  # which unlocks it


def update(out, outcome, run):
    """Put an outcome into the manifest and draw the overview again.

    Parameters
    ----------
    out : Path
    outcome : toolkit.report.run.Outcome
    run : dict
        What all reports of this run have in common: made_at, versions, data.
    """
    with locked(out):  # two runs may write into one folder
        manifest = read_manifest(out)
        reports = manifest["reports"]
        before = reports.get(outcome.name, {})
        reports[outcome.name] = entry(outcome, run, before)
        for name, report in reports.items():
            if report.get("html") and not (Path(out) / report["html"]).exists():
                reports[name] = report | {"html": None, "figures": []}
        manifest = run | {"reports": dict(sorted(reports.items()))}
        text = json.dumps(manifest, indent=2, ensure_ascii=False, default=str)
        write_atomically(Path(out) / "manifest.json", text + "\n")
        write_atomically(Path(out) / "index.html", draw(out, manifest))


def entry(outcome, run, before):
    """The manifest's entry for an outcome; a failure keeps what the last good run said."""
    attempt = {
        "status": outcome.status,
        "message": outcome.message,
        "attempted_at": run["made_at"],
        "seconds": round(outcome.seconds, 1),
    }
    if outcome.lacks:
        attempt["lacks"] = outcome.lacks
    if outcome.status != "ok":
        zone = (run["data"] or {}).get("time_zone")
        known = {"title": outcome.title, "lede": outcome.lede, "html": None, "time_zone": zone, "group": outcome.group}
        return known | before | attempt
    header = outcome.header
    return attempt | {
        "title": outcome.title,
        "lede": outcome.lede,
        "html": outcome.html.name,
        "notebook": f"notebooks/{outcome.name}.ipynb",
        "bytes": outcome.html.stat().st_size,
        "made_at": run["made_at"],
        "versions": run["versions"],
        "parameters": outcome.parameters,
        "service": header.get("service"),
        "source": header.get("source"),
        "time_zone": header.get("time_zone"),
        "as_of": header.get("as_of"),
        "period": header.get("period"),
        "previous_period": header.get("previous_period"),
        "scope": header.get("scope"),
        "headline": header.get("headline"),
        "figures": [{key: text for key, text in figure.items() if key not in DRAWN} for figure in outcome.figures],
        "where": outcome.where,
        "group": outcome.group,
        "left_out": outcome.left_out,
    }
