"""The links from one report to the others of its run.

A report is drawn before it is known what becomes of the others. The parts of its page that depend on them stand
between two comments, and are drawn when the run is put together; a report that is kept from the run before gets
those of this one.
"""

import re
from pathlib import Path

from toolkit.report import runs
from toolkit.report.overview import OVERVIEW, link_to, overview_link, place
from toolkit.report.render import environment

AROUND = "<!--around:{name}-->", "<!--/around:{name}-->"


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


def draw_around(folder, manifest):
    """Draw the parts of each report's page that depend on the others of its run.

    Parameters
    ----------
    folder : Path
        The run that is being made.
    manifest : dict
    """
    there = {name: entry for name, entry in manifest["reports"].items() if entry.get("html")}
    macros = environment().get_template("macros.html.j2").module
    for name, entry in there.items():
        path = Path(folder) / entry["html"]
        text = put(path.read_text(encoding="utf-8"), "bar", macros.bar(entry.get("service"), links(name, there)))
        runs.write_text(path, text)


def put(page, name, drawn):
    """The page with a part drawn anew; as it is where it has no such part.

    >>> put("<body><!--around:bar-->old<!--/around:bar--><p>", "bar", "new")
    '<body><!--around:bar-->new<!--/around:bar--><p>'
    """
    begin, end = (mark.format(name=name) for mark in AROUND)
    return re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: f"{begin}{drawn}{end}", page, count=1, flags=re.S)
