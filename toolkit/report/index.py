"""What the output folder says of itself: manifest.json for programs, index.html for people.

The manifest holds an entry for each report, with the figures of the last good run and the outcome of the
last attempt, so that running one report leaves what is known of the others.
"""

import contextlib
import json
import os
import platform
import tempfile
from datetime import datetime
from importlib import metadata
from pathlib import Path

import toolkit
from toolkit import words
from toolkit.report.render import render_index

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
        write_atomically(Path(out) / "index.html", draw(manifest))


def entry(outcome, run, before):
    """The manifest's entry for an outcome; a failure keeps what the last good run said."""
    attempt = {
        "status": outcome.status,
        "message": outcome.message,
        "attempted_at": run["made_at"],
        "seconds": round(outcome.seconds, 1),
    }
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
        "figures": outcome.figures,
        "where": outcome.where,
        "group": outcome.group,
        "left_out": outcome.left_out,
    }


def draw(manifest):
    """The overview of a manifest, as HTML."""
    reports = sorted(manifest["reports"].items(), key=_place)
    reports = [report for _, report in reports]
    services = {report["service"] for report in reports if report.get("service")}
    zones = {report["time_zone"] for report in reports if report.get("time_zone")}
    return render_index(
        reports,
        service=services.pop() if len(services) == 1 else "",
        made_at=datetime.fromisoformat(manifest["made_at"]),
        zone=zones.pop() if len(zones) == 1 else None,
        quality=quality_line((manifest.get("data") or {}).get("tables")),
    )


def _place(item):
    """Where a report stands in the overview: those for each value of a column after the whole, "(none)" last."""
    name, report = item
    group = report.get("group") or {}
    value = group.get("value", "")
    return group.get("report", name), group.get("column", ""), value == "(none)", value.casefold()


def quality_line(tables):
    """How many of the rows that were read are used, in a sentence; "" when nothing is known.

    Examples
    --------
    >>> quality_line([{"table": "calls", "rows_in": 1000, "rows_used": 990, "rejected": 10, "repaired": 3}])
    '990 of 1,000 rows used (99.0\\xa0%); 10 set aside, 3 mended, each listed with its reason by `toolkit check`.'
    """
    if not tables:
        return ""
    read, used, rejected, repaired = (
        sum(int(table.get(name) or 0) for table in tables) for name in ("rows_in", "rows_used", "rejected", "repaired")
    )
    key = "aside" if rejected or repaired else "used"
    numbers = {"used": used, "rejected": rejected, "repaired": repaired}
    said = {name: words.number(value) for name, value in numbers.items()} | {"command": "`toolkit check`"}
    return words.text(f"pages.quality.{key}", n=read, share=words.percent(used / read, 1) if read else "–", **said)
