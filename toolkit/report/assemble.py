"""Put a run together once its notebooks have run: what is kept of the run before, the pages' links, index, manifest."""

import json
import os
import shutil
from pathlib import Path

from toolkit.report import index, runs
from toolkit.report.overview import draw
from toolkit.report.siblings import draw_around


def assemble(place, outcomes, about):
    """Write all that a run holds besides its reports into its folder.

    Parameters
    ----------
    place : toolkit.report.runs.Run
    outcomes : list of toolkit.report.run.Outcome
    about : dict
        What all reports of this run have in common: made_at, versions, data.
    """
    before = runs.read_manifest(place.before)["reports"] if place.before else {}
    made = {outcome.name for outcome in outcomes if outcome.status == "ok"}
    entries = {}
    for name, entry in before.items():
        if name not in made:
            entries[name] = carry_over(place, name, entry)
    for outcome in outcomes:
        entries[outcome.name] = index.entry(outcome, about, entries.get(outcome.name, {}), place.id)
    run = {"id": place.id, "number": place.number, "started": place.started}
    manifest = {"format": 1, "run": run} | about | {"reports": dict(sorted(entries.items()))}
    draw_around(place.folder, manifest)
    write_manifest(place.folder, manifest)
    runs.write_text(place.folder / "index.html", draw(place.folder, manifest))


def write_manifest(folder, manifest):
    text = json.dumps(manifest, indent=2, ensure_ascii=False, default=str)
    runs.write_text(folder / runs.MANIFEST, text + "\n")


def carry_over(place, name, entry):
    """Keep a report of the run before in this one; its entry, without a page when that is gone."""
    files = [entry.get("html"), entry.get("notebook")]
    if not entry.get("html") or not (place.before / entry["html"]).is_file():
        return entry | {"html": None, "figures": []}
    for file in filter(None, files):
        link(place.before / file, place.folder / file)
    folder = place.before / "figures" / name
    if folder.is_dir():
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                link(file, place.folder / file.relative_to(place.before))
    return entry


def link(file, path):
    """The same file once more, without a copy where the disk can."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file, path)
    except OSError:
        shutil.copyfile(file, path)
