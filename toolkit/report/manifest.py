"""What a run says of itself, for programs: what it was made of, and of each report what became of it.

Whatever differs between two runs of the same inputs stands under the keys `run`, `timings`, `made_at`, `made_in` and
`attempted_at`; all else is the same, byte by byte.
"""

import json
import platform
from importlib import metadata
from pathlib import Path

import toolkit
from toolkit.privacy import mask
from toolkit.replaced import replace_file

MANIFEST, FORMAT = "manifest.json", 1
DRAWN = ("bullet", "spark")  # of a figure's texts those that are drawings: the executed notebook keeps them
# Of a figure's raw values those that a later run compares with.
RAW = ("metric", "column", "population", "within_seconds", "unit", "value", "n", "low", "high", "target", "status")
PACKAGES = ("papermill", "nbconvert", "ibis-framework", "duckdb", "pandas", "matplotlib")
SCOPE = ("service", "source", "where", "group")  # what two editions of a report have in common

# What is told of a report that may not be shown any more.
OUTLINE = ("status", "code", "attempted_at", "lacks", "run", "made_at", "made_in", "time_zone")


def versions():
    """{package: version} of what makes the reports."""
    found = {"toolkit": toolkit.__version__, "Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def write_text(path, text):
    """Write a text that is either the old one or the whole new one, whenever it is read; see `replace_file`."""
    replace_file(path, text)


def read_manifest(folder):
    """The manifest of the run in `folder`; {"reports": {}} when there is none that can be read."""
    try:
        manifest = json.loads((Path(folder) / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        manifest = {}
    if not isinstance(manifest, dict) or not isinstance(manifest.get("reports"), dict):
        manifest = {"reports": {}}
    return manifest


def write_manifest(folder, manifest):
    """Write the manifest of the run in `folder`."""
    text = json.dumps(manifest, indent=2, ensure_ascii=False, default=str)
    write_text(Path(folder) / MANIFEST, text + "\n")


def entry(outcome, run, before, made_in="", raw=()):
    """The manifest's entry for an outcome; a failure keeps what the last good run said.

    Parameters
    ----------
    outcome : toolkit.report.made.Outcome
    run : dict
        What all reports of this run have in common: made_at, versions, data.
    before : dict
        The entry that is carried over; {} for none.
    made_in : str
        The id of this run.
    raw : list of dict
        The raw values of the key figures, one for each of `outcome.figures`; or none.
    """
    attempt = {"status": outcome.status, "code": outcome.code, "message": outcome.message}
    attempt["attempted_at"] = run["made_at"]
    if outcome.lacks:
        attempt["lacks"] = outcome.lacks
    if outcome.status != "ok":
        zone = (run["data"] or {}).get("time_zone")
        known = {"title": outcome.title, "lede": outcome.lede, "html": None, "time_zone": zone, "group": outcome.group}
        since = (before.get("run") or {}).get("failing_since") if before.get("status") == "failed" else None
        failing = {"failing_since": since or run["made_at"], "attempted_in": made_in}
        failing = failing if outcome.status == "failed" else {}
        return known | before | attempt | {"cell": outcome.cell, "run": failing}
    header = outcome.header
    raws = list(raw) if len(raw) == len(outcome.figures) else [{}] * len(outcome.figures)
    figures = [
        {key: text for key, text in texts.items() if key not in DRAWN}
        | ({"raw": {key: values[key] for key in RAW if key in values}} if values else {})
        for texts, values in zip(outcome.figures, raws, strict=True)
    ]
    return attempt | {
        "run": {},
        "title": outcome.title,
        "lede": outcome.lede,
        "html": outcome.html.name,
        "notebook": f"notebooks/{outcome.name}.ipynb",
        "made_at": run["made_at"],
        "made_in": made_in,
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
        "figures": figures,
        "where": outcome.where,
        "group": outcome.group,
        "left_out": outcome.left_out,
        "privacy": outcome.privacy,
        "ledger": run.get("ledger", ""),
    }


def without_revealed(manifest):
    """A run as one that masks personal data may tell of it: of what showed such data no page, figure or sentence.

    Examples
    --------
    >>> shown = {"title": "Calls", "html": "calls.html", "headline": "Ann leads", "privacy": {"is_revealed": True}}
    >>> without_revealed({"reports": {"calls": shown}})["reports"]["calls"]
    {'title': 'Calls', 'html': None, 'is_withheld': True, 'figures': []}
    """
    reports = manifest["reports"]
    shown = {name for name, entry in reports.items() if (entry.get("privacy") or {}).get("is_revealed")}
    if not shown and not manifest.get("is_revealed"):
        return manifest

    def told(name, entry):
        texts = {key: mask(entry[key]) for key in ("title", "lede", "message") if key in entry}
        if entry.get("group"):
            texts["group"] = {key: mask(value) for key, value in entry["group"].items()}
        if name not in shown:
            return entry | texts
        kept = {key: entry[key] for key in OUTLINE if key in entry}
        return kept | texts | {"html": None, "is_withheld": True, "figures": []}

    return manifest | {"reports": {name: told(name, entry) for name, entry in reports.items()}}


def kept_ledger(entry):
    """What the page on the data of a report is called in a run that only keeps the report.

    >>> kept_ledger({"ledger": "ledger.html", "made_in": "20240501T080000Z-1a2b3c"})
    'ledger-20240501T080000Z-1a2b3c.html'
    """
    return f"{Path(entry['ledger']).stem}-{entry['made_in']}.html"


def days_of(entry):
    """The first and the last day that a report is of, as it says them."""
    period = entry.get("period") or {}
    return period.get("start"), period.get("end")


def scope_of(name, entry):
    """What makes two editions of a report comparable: its name, whose rows, of which service, from which source."""
    return name, json.dumps([entry.get(part) or None for part in SCOPE], sort_keys=True, ensure_ascii=False)
