"""Put a run together once its notebooks have run: what is kept of the runs before, the pages' links, index, history, manifest."""

import os
from datetime import UTC, datetime
from pathlib import Path

from toolkit import secrets
from toolkit.replaced import replace_file
from toolkit.report import history, pdf, runs
from toolkit.report.bundles import read_bundles
from toolkit.report.figures import write_figures
from toolkit.report.ledger import CSV as LEDGER_CSV
from toolkit.report.log import FILE as LOG
from toolkit.report.manifest import (
    FORMAT,
    entry,
    kept_ledger,
    read_manifest,
    without_revealed,
    write_manifest,
    write_text,
)
from toolkit.report.overview import PAPER, draw
from toolkit.report.siblings import dated, draw_around

DIGESTS = ("inputs", "settings", "source", "template")


def assemble(place, outcomes, about, log=None, browser=None, deadline=None):
    """Write all that a run holds besides its reports into its folder.

    Parameters
    ----------
    place : toolkit.report.runs.Run
    outcomes : list of toolkit.report.made.Outcome
    about : dict
        What all reports of this run have in common: made_at, versions, data, digests, timings.
    log : toolkit.report.log.Log, optional
    browser : path, optional
        What prints the reports that were made, see `toolkit.report.pdf`.
    deadline : toolkit.report.process.Deadline, optional
        Until when it may.

    Returns
    -------
    dict, the manifest
    """
    folder = place.folder
    past, count = runs.read_past(place.final.parent.parent, history.MOST_RUNS)
    if not about.get("is_revealed"):
        past = [without_revealed(one) for one in past]
    reports = _entries(place, outcomes, about, past[0] if past else {"reports": {}})
    has_failed = any(outcome.status == "failed" for outcome in outcomes)
    run = {"id": place.id, "number": place.number, "started": place.started}
    timings = about.pop("timings", {}) | {outcome.name: round(outcome.seconds, 1) for outcome in outcomes}
    manifest = {"format": FORMAT, "status": "failed" if has_failed else "ok", "run": run, "timings": timings}
    manifest |= about | {"reports": dict(sorted(reports.items()))}
    write_figures(folder, manifest)
    draw_around(folder, manifest, past)
    if browser:  # before the overview, which leads to them
        secrets.scrub_folder(folder)  # what is printed can't be looked through any more
        pdf.print_reports(place, manifest, outcomes, browser, deadline=deadline)
        draw_around(folder, manifest, past)  # once more: each page leads to its PDF, or says that there is none
    _draw_pages(folder, manifest, past, count + 1)
    if browser:
        secrets.scrub_folder(folder)
        pdf.print_overview(place, manifest, outcomes, browser, deadline=deadline)
        if (folder / PAPER).is_file():  # the page leads to it; it doesn't lead to itself
            _draw_pages(folder, manifest, past, count + 1)
    pdf.mend_links(folder)
    if any(outcome.pdf_failed for outcome in outcomes):
        manifest["status"] = "failed"
    if log:
        for outcome in outcomes:
            if outcome.pdf_failed:
                log.add(f"{outcome.name}: {outcome.pdf_failed}")
        write_text(folder / LOG, log.text())
    run["links"] = _links(folder)
    run["ended"] = datetime.now(UTC).isoformat(timespec="seconds")
    write_manifest(folder, manifest)
    return manifest


def redraw(folder, past):
    """Draw anew what a run says of the runs before, as some of them are about to be removed: it leads to none of those.

    The reports and their figures stay as they are. Each page is the old or the new one at any moment.

    Parameters
    ----------
    folder : Path
        A run that is published.
    past : list of Path
        The runs before that are kept, newest first.
    """
    manifest, count = read_manifest(folder), len(past) + 1
    past = [read_manifest(path) for path in past[: history.MOST_RUNS]]
    if not manifest.get("is_revealed"):
        past = [without_revealed(one) for one in past]
    if not manifest.get("made_at"):
        return
    draw_around(folder, manifest, past)
    _draw_pages(folder, manifest, past, count)
    manifest["run"]["links"] = _links(folder)
    write_manifest(folder, manifest)


def _draw_pages(folder, manifest, past, count):
    kept = {name: dated(one, manifest) for name, one in manifest["reports"].items()}
    told = history.past_of(manifest, past), kept, history.troubles(manifest)
    write_text(folder / "index.html", draw(folder, manifest, *told))
    write_text(folder / history.FILE, history.draw_history(manifest, past, count))


def _links(folder):
    pages = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.html"))]
    return sorted({link for page in pages for link in history.links_of(page)})


def _entries(place, outcomes, about, before):
    """The manifest's entries: of what this run tried, and of what it keeps."""
    made = {outcome.name for outcome in outcomes if outcome.status == "ok"}
    found = {name: carry_over(place, name, one, before) for name, one in before["reports"].items() if name not in made}
    for outcome in outcomes:
        executed = place.folder / "notebooks" / f"{outcome.name}.ipynb"
        raw = [raw for _, raw in read_bundles(executed)["figures"]] if outcome.status == "ok" else ()
        found[outcome.name] = entry(outcome, about, found.get(outcome.name, {}), place.id, raw)
    return found


def carry_over(place, name, kept, before):
    """Keep a report of the run before in this one; its entry, without a page when that is gone."""
    if not kept.get("html") or not (place.before / kept["html"]).is_file():
        return kept | {"html": None, "figures": []}
    if kept.get("pdf"):
        kept = kept | {"pdf": None}  # paper can't be marked as kept: the page is, which then stands alone
    for file in (kept["html"], kept.get("notebook")):
        if file and (place.before / file).is_file():
            link(place.before / file, place.folder / file)
    figures = place.before / "figures" / name
    for file in sorted(figures.rglob("*")) if figures.is_dir() else ():
        if file.is_file():
            link(file, place.folder / file.relative_to(place.before))
    if kept.get("ledger"):
        _carry_ledger(place, kept)
    if "digests" not in kept and kept.get("made_in") == place.before.name:  # what stood once for the whole run
        digests = {part: before[part] for part in DIGESTS if part in before}
        if "notebooks" in before:
            digests["notebook"] = before["notebooks"].get(name)
        kept = kept | {"digests": digests}
    return kept


def _carry_ledger(place, kept):
    """The page on the data that a report was made of, and its rows, under names of their own."""
    is_first = kept["made_in"] == place.before.name
    page = Path(kept_ledger(kept))
    for own, file in ((kept["ledger"], page), (LEDGER_CSV, page.with_suffix(".csv"))):
        path = place.before / (own if is_first else file)
        if not path.is_file() or (place.folder / file).exists():
            continue
        if is_first and file == page:
            text = path.read_text(encoding="utf-8").replace(f">{LEDGER_CSV}<", f">{page.with_suffix('.csv')}<")
            write_text(place.folder / file, text)
        else:
            link(path, place.folder / file)


def link(file, path):
    """The same file once more, without a copy where the disk can; never written into what is there."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file, path)
    except OSError:
        replace_file(path, Path(file).read_bytes())
