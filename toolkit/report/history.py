"""What became of the reports run by run: which were made, which failed, how their key figures moved since the last run.

All of it is read from the manifests of the runs, so that the page, the index and `toolkit history` say the same.
"""

import re
from collections import Counter
from datetime import datetime
from urllib.parse import quote

from toolkit import words
from toolkit.cards import change_text
from toolkit.report.manifest import days_of, scope_of
from toolkit.report.overview import alike, overview_link, place
from toolkit.report.pages import render_page
from toolkit.report.private import page_remarks
from toolkit.report.wording import format_period, format_time

FILE = "history.html"
MOST_RUNS = 60  # that the page lists
MOST_EDITIONS = 8  # of a report that the page links to
MOST_TROUBLES = 3
FEW_RUNS, FEW_FIGURES = 4, 6  # in the index
SAME = ("metric", "column", "population", "within_seconds")


def id_of(manifest):
    """The id of the run of a manifest; "" when it doesn't say."""
    run = manifest.get("run")
    return str(run.get("id") or "") if isinstance(run, dict) else ""


def is_made(entry, manifest):
    """Whether the run of this manifest made this edition of a report, as against one that it kept."""
    return bool(entry.get("html")) and entry.get("made_in") == id_of(manifest)


def has_failed(entry, manifest):
    """Whether the run of this manifest tried to make a report, and failed."""
    return entry.get("status") == "failed" and entry.get("attempted_at") == manifest.get("made_at")


def last_edition(name, entry, past):
    """The entry of the edition before that of a report, of the same scope; None without one.

    Parameters
    ----------
    name : str
    entry : dict
        Of the newest manifest.
    past : list of dict
        The manifests of the runs before, newest first.
    """
    scope = scope_of(name, entry)
    for manifest in past:
        other = manifest["reports"].get(name)
        if (
            other
            and is_made(other, manifest)
            and other["made_in"] != entry.get("made_in")
            and scope_of(name, other) == scope
        ):
            return other
    return None


def standing(entry, before):
    """How the period of an edition stands to that of the one before.

    Returns
    -------
    str; "same": the same days, read again; "later": a later period of the same kind (a month after a month, as many
    days), or the same one that has run on; "other": neither, so that nothing has changed from the one to the other

    Examples
    --------
    >>> april = {"period": {"label": "2024-04", "start": "2024-04-01", "end": "2024-04-30"}}
    >>> march = {"period": {"label": "2024-03", "start": "2024-03-01", "end": "2024-03-31"}}
    >>> week = {"period": {"label": "2024-W18", "start": "2024-04-29", "end": "2024-05-05"}}
    >>> standing(april, april), standing(april, march), standing(march, april), standing(week, april)
    ('same', 'later', 'other', 'other')
    """
    if days_of(entry) == days_of(before):
        return "same"
    if not all(days_of(entry) + days_of(before)) or _kind(entry) != _kind(before):
        return "other"
    return "later" if days_of(entry) > days_of(before) else "other"


def _kind(entry):
    """What kind a period is of: a month, a week, a quarter, a year; any other its number of days."""
    label = (entry.get("period") or {}).get("label") or ""
    return re.sub(r"\d", "0", label) if re.fullmatch(r"\d{4}(-(\d\d|W\d\d|Q\d))?", label) else _length(entry)


def _length(entry):
    try:
        first, last = map(datetime.fromisoformat, days_of(entry))
    except (TypeError, ValueError):
        return None
    return round((last - first).total_seconds() / 86_400)


def changes(entry, before):
    """The key figures of a report with what they were in its last edition.

    Nothing is said to have moved between periods that don't follow one another, see `standing`, nor a number of cases
    where one period has more days than the other.

    Returns
    -------
    list of {"label", "value", "before", "arrow", "change"}, texts; the last three are "" where there is nothing to compare

    Examples
    --------
    >>> def edition(value, text):
    ...     raw = {"metric": "csat", "column": "csat", "unit": "rate", "value": value}
    ...     return {"figures": [{"label": "CSAT", "value": text, "raw": raw}]}
    >>> (said,) = changes(edition(0.74, "74 %"), edition(0.715, "72 %"))
    >>> said["before"], said["arrow"], said["change"].replace("\\xa0", " ")
    ('72 %', '▲', '2.5 points')
    """
    there = {_key(figure): figure for figure in (before or {}).get("figures", [])}
    is_alike = before is not None and standing(entry, before) != "other"
    is_as_long, found = before is not None and _length(entry) == _length(before), []
    for figure in entry.get("figures", []):
        other, raw = there.get(_key(figure)), figure.get("raw") or {}
        said = {"label": figure["label"], "value": figure["value"], "before": "", "arrow": "", "change": ""}
        if other:
            said["before"] = other["value"]
            if is_alike and (is_as_long or raw.get("unit") != "count"):
                said |= change_text(raw.get("value"), (other.get("raw") or {}).get("value"), raw)
        found.append(said)
    return found


def _key(figure):
    raw = figure.get("raw") or {}
    return (figure["label"], *(raw.get(part) for part in SAME))


def of_periods(entry, before):
    """The periods of two editions, and how the one stands to the other; "" where there is nothing to say.

    >>> of_periods({"period": {"start": "2024-04-01", "end": "2024-04-28"}}, {"period": {"start": "2024-03-04",
    ...     "end": "2024-03-31"}})
    '1 to 28 April 2024; last edition: 4 to 31 March 2024'
    >>> of_periods({"period": {"start": "2024-02-01", "end": "2024-02-29"}}, {"period": {"start": "2024-04-01",
    ...     "end": "2024-04-28"}})
    '1 to 29 February 2024; the last edition is of another period: 1 to 28 April 2024'
    """
    if not before:
        return ""
    now, then = (format_period(one.get("period"), one.get("time_zone")) for one in (entry, before))
    key = {"same": "again", "later": "periods", "other": "other"}[standing(entry, before)]
    return words.text(f"pages.history.{key}", now=now, then=then) if now and then else ""


def state_of(entry, manifest):
    """How a report stands after a run, in a sentence: made by it, kept and since when, failing and since when."""
    zone = entry.get("time_zone")
    made = format_time(entry["made_at"], zone) if entry.get("html") else ""
    if entry["status"] == "failed":
        since = (entry.get("run") or {}).get("failing_since") or entry.get("attempted_at")
        key = "failing" if entry.get("html") else "never"
        return words.text(f"pages.history.{key}", since=format_time(since, zone), made=made)
    if entry["status"] == "skipped" and not entry.get("html"):
        return words.text("pages.history.skipped")
    if not entry.get("html"):
        return words.text(f"pages.history.{'withheld' if entry.get('is_withheld') else 'lost'}")
    return words.text(f"pages.history.{'made' if is_made(entry, manifest) else 'kept'}", made=made)


def tell_run(manifest, zone=None):
    """A run in texts: {"id", "when", "made", "kept", "failed", "period", "as_of"}; `failed` are titles."""
    entries = list(manifest["reports"].values())
    made = [entry for entry in entries if is_made(entry, manifest)]
    failed = [entry["title"] for entry in entries if has_failed(entry, manifest)]
    periods = {days_of(entry): entry for entry in made}
    one = next(iter(periods.values())) if len(periods) == 1 else None
    data = manifest.get("data") or {}
    zone = zone or data.get("time_zone")
    return {
        "id": id_of(manifest),
        "when": format_time(manifest.get("made_at"), zone),
        "made": len(made),
        "kept": sum(
            bool(entry.get("html")) and not is_made(entry, manifest) and not has_failed(entry, manifest)
            for entry in entries
        ),
        "failed": failed,
        "period": format_period(one.get("period"), one.get("time_zone")) if one else several(len(periods)),
        "as_of": format_time(data["as_of"], zone) if data.get("as_of") else "",
    }


def several(n):
    """That reports are of several periods.

    >>> several(2), several(0)
    ('2 periods', '')
    """
    return words.text("pages.history.several", n=n) if n > 1 else ""


def tell_reports(manifest, past):
    """The reports of a run in texts, with what they were before.

    Returns
    -------
    list of {"name", "title", "anchor", "href", "state", "is_failing", "message", "log", "period", "periods", "before", "figures",
    "editions"}; `before` is {"when", "href"} of the last edition or None, `editions` those before it, the newest first
    """
    told = []
    for name, entry in sorted(manifest["reports"].items(), key=place):
        if entry["status"] == "skipped" and not entry.get("html"):
            continue
        before = last_edition(name, entry, past) if entry.get("html") else None
        scope = scope_of(name, entry)
        editions = [
            edition
            for one in past
            if (edition := one["reports"].get(name)) and is_made(edition, one) and scope_of(name, edition) == scope
        ]
        told.append(
            {
                "name": name,
                "title": entry["title"],
                "anchor": anchor(manifest, name),
                "href": quote(entry["html"]) if entry.get("html") else "",
                "state": state_of(entry, manifest),
                "is_failing": entry["status"] == "failed",
                "message": message_of(entry) if entry["status"] == "failed" else "",
                "log": log_of(name, entry, manifest, past),
                "period": format_period(entry.get("period"), entry.get("time_zone")),
                "periods": of_periods(entry, before),
                "before": _link(before) if before else None,
                "figures": changes(entry, before) if entry.get("html") else [],
                "editions": [_link(edition) for edition in editions if edition["made_in"] != entry.get("made_in")][
                    :MOST_EDITIONS
                ],
            }
        )
    return told


def message_of(entry):
    """Why a report failed, as a page says it: what Python calls an error is for its log, which cell it was isn't.

    >>> message_of({"message": "calls.csv: has no column id"})
    'calls.csv: has no column id'
    >>> message_of({"message": "AttributeError: 'str' object has no attribute 'calls'", "cell": 7})
    'Its notebook broke in cell 7.'
    """
    message = entry.get("message") or ""
    if entry.get("cell"):
        return words.text("pages.history.broke_in", cell=str(entry["cell"]))
    is_pythons = re.match(r"[\w.]*(Error|Exception|Interrupt|Exit)\b", message)
    return words.text("pages.history.broke") if is_pythons else message


def log_of(name, entry, manifest, past):
    """The log of a report that failed, seen from the page of a run; "" where the run that tried it is no longer there."""
    tried = (entry.get("run") or {}).get("attempted_in")
    if entry["status"] != "failed" or not tried or tried not in map(id_of, (manifest, *past)):
        return ""
    log = f"failed/{quote(name)}.log"
    return log if tried == id_of(manifest) else f"../{tried}/{log}"


def troubles(manifest):
    """What can't be missed at the top of the index: which reports fail, and since when, and that none is new; [] without any."""
    return [*_none_made(manifest), *_failing(manifest)]


def _none_made(manifest):
    """[That a run made no report, and when those were made that are shown all the same]."""
    shown = [entry for entry in manifest["reports"].values() if entry.get("html")]
    if not shown or any(is_made(entry, manifest) for entry in shown):
        return []
    newest = max(shown, key=lambda entry: entry["made_at"])
    times = {"run": manifest["made_at"], "made": newest["made_at"]}
    return [
        words.text("pages.history.none_made", **{n: format_time(t, newest.get("time_zone")) for n, t in times.items()})
    ]


def _failing(manifest):
    failing = [entry for _, entry in sorted(manifest["reports"].items(), key=place) if entry["status"] == "failed"]
    if len(failing) > MOST_TROUBLES:
        titles = words.joined([entry["title"] for entry in failing[:MOST_TROUBLES]])
        return [words.text("pages.history.many_fail", n=len(failing), titles=titles)]
    found = []
    for entry in failing:
        zone = entry.get("time_zone")
        since = (entry.get("run") or {}).get("failing_since") or entry.get("attempted_at")
        said = {"title": entry["title"], "since": format_time(since, zone)}
        said["made"] = format_time(entry["made_at"], zone) if entry.get("html") else ""
        found.append(words.text(f"pages.history.{'fails' if entry.get('html') else 'fails_without'}", **said))
    return [" ".join(found)] if found else []


def _link(edition):
    return {
        "when": format_time(edition["made_at"], edition.get("time_zone")),
        "period": format_period(edition.get("period"), edition.get("time_zone")),
        "href": f"../{edition['made_in']}/{quote(edition['html'])}",
    }


def anchor(manifest, name):
    """Where the page tells of a report: a word that a link may hold, whatever the report is called."""
    return f"report-{sorted(manifest['reports']).index(name) + 1}"


def draw_history(manifest, past, count=None):
    """The page of the past runs, as HTML.

    Parameters
    ----------
    manifest : dict
        Of the run that is being made.
    past : list of dict
        The manifests of the runs before, newest first: as many as are told of.
    count : int, optional
        Of all runs, this one included; default: of those that are told of.
    """
    zone = (manifest.get("data") or {}).get("time_zone")
    count = count or len(past) + 1
    runs = [tell_run(one, zone) for one in [manifest, *past][:MOST_RUNS]]
    for run, one in zip(runs, [manifest, *past], strict=False):
        run["href"] = "index.html" if one is manifest else f"../{run['id']}/index.html"
    services = {entry["service"] for entry in manifest["reports"].values() if entry.get("service")}
    return render_page(
        "history.html.j2",
        words.text("pages.history.title"),
        service=services.pop() if len(services) == 1 else "",
        links=[overview_link()],
        remarks=page_remarks(manifest),
        headline=words.text("pages.history.runs", n=count),
        scope=said_of(runs[0]),
        runs=runs,
        is_cut=count > len(runs),
        reports=tell_reports(manifest, past),
        made_at=runs[0]["when"],
    )


def said_of(run):
    """What a run made, in a few words.

    >>> said_of({"made": 9, "kept": 1, "failed": ["Waits"]})
    '9 reports made, 1 kept, 1 failed'
    """
    parts = [words.text("pages.history.n_made", n=run["made"])]
    parts += [words.text("pages.history.n_kept", n=run["kept"])] if run["kept"] else []
    parts += [words.text("pages.history.n_failed", n=len(run["failed"]))] if run["failed"] else []
    return ", ".join(parts)


def past_of(manifest, past):
    """What the index says of the runs before; None when there is none.

    Returns
    -------
    dict with
        runs : list of {"when", "href", "said", "is_failed"}, the newest few
        since : {"title", "href", "periods", "figures"} of what moved since the last run, or None
    """
    if not past:
        return None
    zone = (manifest.get("data") or {}).get("time_zone")
    runs = [tell_run(one, zone) for one in past[:FEW_RUNS]]
    listed = [
        {
            "when": run["when"],
            "href": f"../{run['id']}/index.html",
            "said": said_of(run),
            "is_failed": bool(run["failed"]),
        }
        for run in runs
    ]
    return {"runs": listed, "since": _since(manifest, past)}


def _since(manifest, past):
    """The key figures that the index shows, with what they were in the run that most of their reports were last made in."""
    entries = [{"name": name} | entry for name, entry in sorted(manifest["reports"].items(), key=place)]
    pairs = [(one, last_edition(one["name"], one, past)) for one in alike(entries) if is_made(one, manifest)]
    pairs = [(entry, before) for entry, before in pairs if before and before["figures"]]
    if not pairs:
        return None
    ((run, days), _) = Counter((before["made_in"], days_of(before)) for _, before in pairs).most_common(1)[0]
    pairs = [pair for pair in pairs if (pair[1]["made_in"], days_of(pair[1])) == (run, days)]
    entry, before = pairs[0]
    told = {"href": f"../{run}/index.html", "periods": "", "figures": []}
    when = format_time(before["made_at"], before.get("time_zone"))
    if standing(entry, before) == "other":
        then = format_period(before.get("period"), before.get("time_zone"))
        return told | {"title": words.text("pages.overview.last_other", time=when, period=then)} if then else None
    figures = {}
    for entry, before in pairs:
        for said in changes(entry, before):
            if said["before"]:
                figures.setdefault(said["label"], said | {"href": quote(entry["html"])})
    if not figures:
        return None
    title, periods = words.text("pages.overview.since", time=when), of_periods(*pairs[0])
    return told | {"title": title, "periods": periods, "figures": list(figures.values())[:FEW_FIGURES]}


def links_of(page):
    """What a page links to in other runs, as "ID/file".

    >>> links_of('<a href="../20240501T080000Z-1a2b3c/a%20b.html#x">then</a> <a href="a.html">now</a>')
    {'20240501T080000Z-1a2b3c/a b.html'}
    """
    from html import unescape
    from urllib.parse import unquote

    return {unquote(unescape(found)) for found in re.findall(r'href="\.\./(\d{8}T\d{6}Z-\w+/[^"#]+)', page)}
