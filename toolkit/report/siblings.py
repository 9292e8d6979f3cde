"""The links from one report to the others of its run.

A report is drawn before it is known what becomes of the others. The parts of its page that depend on them stand
between two comments, and are drawn when the run is put together; a report that is kept from the run before gets
those of this one.
"""

import re
from pathlib import Path
from urllib.parse import quote

from toolkit import words
from toolkit.report.history import FILE as HISTORY
from toolkit.report.history import anchor, has_failed, is_made, last_edition
from toolkit.report.manifest import days_of, kept_ledger, write_text
from toolkit.report.overview import OVERVIEW, link_to, overview_link, place
from toolkit.report.render import environment
from toolkit.report.wording import format_period, format_time

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


def draw_around(folder, manifest, past=()):
    """Draw the parts of each report's page that depend on the others of its run, and on the runs before.

    Parameters
    ----------
    folder : Path
        The run that is being made.
    manifest : dict
    past : list of dict
        The manifests of the runs before, newest first.
    """
    there = {name: entry | dated(entry, manifest) for name, entry in manifest["reports"].items() if entry.get("html")}
    macros = environment().get_template("macros.html.j2").module
    for name, entry in there.items():
        path = Path(folder) / entry["html"]
        page = path.read_text(encoding="utf-8")
        drawn = {
            "bar": macros.bar(entry.get("service"), links(name, there)),
            "mark": macros.banner(remarks(entry, manifest)),
            "ledger": macros.ledger(ledger_of(folder, entry, manifest)),
            "edition": macros.edition(edition(name, entry, past), f"{HISTORY}#{anchor(manifest, name)}"),
            "paper": macros.paper(entry if is_made(entry, manifest) else {}),  # what is kept is kept without a PDF
        }
        for part, html in drawn.items():
            page = put(page, part, html)
        write_text(path, page)


def dated(entry, manifest):
    """When a report was made that the run only keeps, and of which days where these are not the others'.

    Returns
    -------
    dict with `dated`, a text, and `is_apart`: whether it is of other days; {} of a report that the run made
    """
    if not entry.get("html") or is_made(entry, manifest):
        return {}
    zone = entry.get("time_zone")
    day, now = (format_time(one["made_at"], zone).rpartition(", ") for one in (entry, manifest))
    # a clock time alone means nothing tomorrow
    when = day[0] if day[0] != now[0] else format_time(entry["made_at"], zone)
    period = format_period(entry.get("period"), zone) if others_of(entry, manifest) else ""
    text = words.text("pages.kept.dated_of", day=when, period=period) if period else when
    if entry["status"] == "failed":
        text = words.text("pages.kept.dated_failed", dated=text)
    return {"dated": text, "is_apart": bool(period)}


def others_of(entry, manifest):
    """The period of all reports that the run made, where it is one and not that of this report; else None.

    Of a run that made none, that of the newest that it keeps. Of the others nothing is said: each may be of other days.
    """
    shown = [one for one in manifest["reports"].values() if one.get("html")]
    newest = max((one["made_at"] for one in shown), default=None)
    is_new = [one for one in shown if is_made(one, manifest)] or [one for one in shown if one["made_at"] == newest]
    made = {days_of(one): one for one in is_new}
    if len(made) != 1 or days_of(entry) in made:
        return None
    (other,) = made.values()
    return other.get("period")


def remarks(entry, manifest):
    """What must be known of a report that the run only keeps; [] of one that it made."""
    if is_made(entry, manifest):
        return []
    zone = entry.get("time_zone")
    since = (entry.get("run") or {}).get("failing_since")
    times = {"made": entry["made_at"], "run": manifest["made_at"], "since": since}
    said = {name: format_time(time, zone) for name, time in times.items()}
    if has_failed(entry, manifest):
        key = "failing" if since and since != entry["attempted_at"] else "failed"
    else:
        key = "failed_before" if entry["status"] == "failed" and since else "not_made"
    found = [words.text(f"pages.kept.{key}", **said)]
    others = others_of(entry, manifest)
    if others and entry.get("period"):
        periods = {"period": format_period(entry["period"], zone), "others": format_period(others, zone)}
        found.append(words.text("pages.kept.apart", **periods))
    return found


def ledger_of(folder, entry, manifest):
    """The page on the data of a report: its own run's, which is carried over with it; "" where there is none."""
    if not entry.get("ledger"):
        return ""
    if is_made(entry, manifest):
        return entry["ledger"]
    own = kept_ledger(entry)
    return own if (Path(folder) / own).is_file() else ""


def edition(name, entry, past):
    """The last edition of a report: {"href", "text"}; None for the first."""
    before = last_edition(name, entry, past)
    if before is None:
        return None
    zone = before.get("time_zone")
    said = {"time": format_time(before["made_at"], zone)}
    if days_of(before) != days_of(entry) and before.get("period"):
        text = words.text("pages.kept.last_edition_of", period=format_period(before["period"], zone), **said)
    else:
        text = words.text("pages.kept.last_edition", **said)
    return {"href": f"../{before['made_in']}/{quote(before['html'])}", "text": text}


def put(page, name, drawn):
    """The page with a part drawn anew; as it is where it has no such part.

    >>> put("<body><!--around:bar-->old<!--/around:bar--><p>", "bar", "new")
    '<body><!--around:bar-->new<!--/around:bar--><p>'
    """
    begin, end = (mark.format(name=name) for mark in AROUND)
    return re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: f"{begin}{drawn}{end}", page, count=1, flags=re.S)
