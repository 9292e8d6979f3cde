"""The links from one report to the others of its folder.

A report is drawn before it is known what becomes of the others, so it links to all that are being made; those that
were not made are taken out at the end.
"""

import json
import re
from pathlib import Path
from urllib.parse import quote

from toolkit.report.index import locked, read_manifest, write_atomically
from toolkit.report.overview import OVERVIEW, link_to, overview_link, place
from toolkit.report.parameters import read_title


def siblings(wanted, chosen, out):
    """The links of each report that is to be made.

    Parameters
    ----------
    wanted : list of toolkit.report.each.Variant
    chosen : dict of notebook name to its path
    out : Path

    Returns
    -------
    dict of report name to a list of {"href", "title", "is_current"}, the overview first
    """
    known = {
        name: report for name, report in read_manifest(out)["reports"].items() if is_there(out, report.get("html"))
    }
    for one in wanted:
        title = read_title(chosen[one.notebook])[0] or one.notebook
        known[one.name] = {"title": title + one.suffix, "html": f"{one.name}.html", "group": one.group}
    return {one.name: links(one.name, known) for one in wanted}


def links(name, reports):
    """The links of the report `name`.

    A report of the whole has the others of the whole beside it; one of a team its whole, and the other reports of
    that team.

    Examples
    --------
    >>> torino = {"report": "waits", "title": "Waits", "column": "team", "value": "Torino"}
    >>> reports = {"calls": {"title": "Calls", "html": "calls.html"}, "waits": {"title": "Waits", "html": "waits.html"}}
    >>> reports["waits.team-Torino"] = {"title": "Waits: team Torino", "html": "waits.team-Torino.html", "group": torino}
    >>> [link["title"] for link in links("waits", reports)]
    ['Overview', 'Calls', 'Waits']
    >>> [link["title"] for link in links("waits.team-Torino", reports)]
    ['Overview', 'Waits', 'Waits: team Torino']
    """
    group = reports[name].get("group") or {}

    def is_beside(other, report):
        theirs = report.get("group") or {}
        if not group:
            return not theirs
        return other == group["report"] or all(theirs.get(part) == group[part] for part in ("column", "value"))

    beside = [(other, report) for other, report in sorted(reports.items(), key=place) if is_beside(other, report)]
    beside = [(other, report) for other, report in beside if other != OVERVIEW]  # which the first link leads to
    return [overview_link(name == OVERVIEW), *(link_to(report, other == name) for other, report in beside)]


def is_there(out, file):
    """Whether a file of the folder is there; a report that was never made has none."""
    return bool(file) and (Path(out) / file).exists()


def drop_links(out, names):
    """Take the links to reports that were not made out of those that were.

    Parameters
    ----------
    out : Path
    names : list of str
        The reports of this run.
    """
    lost = [f"{name}.html" for name in names if not is_there(out, f"{name}.html")]
    if not lost:
        return
    links = re.compile(rf"<li><a href=\"(?:{'|'.join(re.escape(quote(file)) for file in lost)})\">[^<]*</a></li>\s*")
    with locked(out):
        manifest = read_manifest(out)
        for name in names:
            path = Path(out) / f"{name}.html"
            if path.exists() and name in manifest["reports"]:
                write_atomically(path, links.sub("", path.read_text(encoding="utf-8")))
                manifest["reports"][name]["bytes"] = path.stat().st_size
        write_atomically(Path(out) / "manifest.json", json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
