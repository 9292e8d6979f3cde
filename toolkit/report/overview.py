"""The page that begins a folder of reports: what is off target, what changed, where to look, which reports there are.

Figures, findings and charts come from the executed notebooks, so that the page says nothing that no report says.
"""

from datetime import datetime
from pathlib import Path
from urllib.parse import quote, unquote

from toolkit import words
from toolkit.headline import overview
from toolkit.metrics.registry import METRICS
from toolkit.report.bundles import read_bundles
from toolkit.report.clean import inline_svg
from toolkit.report.listed import OVERVIEW, lacking, list_of, quality_line
from toolkit.report.page import MOST_TILES
from toolkit.report.pages import render_page
from toolkit.report.private import page_remarks
from toolkit.report.wording import format_period, format_time

TILES = "key-figures"  # where the tiles of a report stand
FIGURE = ("metric", "column", "population")  # by which one is known as the same
PAPER = "index.pdf"  # this page, printed
ROWS = ("volume", "speed", "experience")
MOST = 3  # tiles in a row
MOST_TO_LOOK_AT = 6


def draw(out, manifest, past=None, dated=(), troubles=()):
    """The overview of a folder of reports, as HTML.

    Parameters
    ----------
    out : Path
    manifest : dict
        See `toolkit.report.manifest`.
    past : dict, optional
        What is said of the runs before, see `toolkit.report.history.past_of`.
    dated : dict, optional
        Of the reports that were kept from an earlier run, when they were made, see `toolkit.report.siblings.dated`.
    troubles : list of str, optional
        What is said before all else.
    """
    dated = dict(dated)
    entries = [
        {"name": name, "is_tried": entry.get("attempted_at") == manifest["made_at"]} | entry | dated.get(name, {})
        for name, entry in sorted(manifest["reports"].items(), key=place)
    ]
    # of a figure that two reports show that of the newest is told
    told = [read_report(out, entry) for entry in sorted(alike(entries), key=lambda entry: bool(entry.get("dated")))]
    own = [with_links(report, told) for report in told if report["name"] == OVERVIEW and report["figures"]]
    drawn = own or told
    figures = distinct_figures(drawn)
    said = overview(drawn, others=told) if any(report["cards"] for report in drawn) else None
    off = [
        raw["metric"] for report in own for _, raw in report["figures"] if raw.get("status") == "off" and is_ours(raw)
    ]
    services = {entry["service"] for entry in entries if entry.get("service")}
    zone = one_of(entry.get("time_zone") for entry in entries)
    remarks = [text for report in told for text in report["header"].get("remarks", [])]
    remarks = [*page_remarks(manifest), *troubles, *remarks]
    return render_page(
        "overview.html.j2",
        words.text("pages.overview.title"),
        service=services.pop() if len(services) == 1 else "",
        scope=scope(told),
        remarks=list(dict.fromkeys(remarks)),
        links=[overview_link(True)] + [link_to(entry) for entry in entries if entry.get("html") and is_beside(entry)],
        headline=said,
        look_at=look_at(said, own, told, overview(told, off)["look_at"] if own else ()),
        rows=rows_of(figures, is_ranked=not own),
        pull=chart_of(drawn, "pull"),
        grid=chart_of(told, "grid"),
        reports=list_of(entries, {report["name"]: report for report in told}),
        lacking=lacking(entries),
        past=past,
        quality=quality_line((manifest.get("data") or {}).get("tables")),
        own_pdf=PAPER if (Path(out) / PAPER).is_file() else "",
        ledger="ledger.html" if (Path(out) / "ledger.html").exists() else "",
        made_at=format_time(datetime.fromisoformat(manifest["made_at"]), zone),
    )


def with_links(own, reports):
    """The overview's own report, its figures and facts linked to the sections of the reports that tell more of them."""
    cards = [card | {"href": link_of(card, reports) or card.get("href", "")} for card in own["cards"]]
    facts = [fact | {"href": link_of(fact, reports) or fact.get("href", "")} for fact in own["facts"]]
    figures = []
    for texts, raw in own["figures"]:
        page, _, block = link_of(raw, reports).partition("#")
        linked = {"page": unquote(page), "block": block} if page else {}
        figures.append((texts | linked, raw))
    return own | {"cards": cards, "facts": facts, "figures": figures}


def link_of(one, reports):
    """Where a report besides the overview tells of a figure or a fact: first one that has its metric among its key figures.

    The section of the metric, else of the one that it is a view of; else the tiles, where the same figure of the same cases
    stands among them; "" for none.
    """
    metric = one.get("metric")
    others = [report for report in reports if report["name"] != OVERVIEW]
    for told in filter(None, (metric, METRICS[metric].view_of if metric in METRICS else "")):
        for is_key in (True, False):
            for report in others:
                found = next((block["id"] for block in report["blocks"] if block.get("metric") == told), "")
                if found and (not is_key or any(raw.get("metric") == metric for _, raw in report["figures"])):
                    return f"{report['html']}#{found}"
    for report in others:
        if any(all(raw.get(part) == one.get(part) for part in FIGURE) for _, raw in report["figures"][:MOST_TILES]):
            return f"{report['html']}#{TILES}"
    return ""


def is_beside(entry):
    """Whether a report has a link of its own in the bar: of the whole, and not the one that this page is drawn from."""
    return not entry.get("group") and entry["name"] != OVERVIEW


def look_at(said, own=(), reports=(), places=()):
    """What to look at: what goes together, the worst places of the reports, then what the listings hold; said once.

    >>> look_at({"look_at": [{"name": "Billing", "text": "Billing waits.", "href": "a.html"}]})[0]["text"]
    'waits.'
    >>> look_at({"look_at": [{"name": "13:00", "text": "43 % hung up.", "href": "a.html"}]})[0]["text"]
    '43 % hung up.'
    """
    found = said["look_at"] if said else []
    listed = [
        {
            "name": one["name"],
            "text": words.text("headlines.sentence", text=one["text"]),
            "href": link_of(one, reports) or f"{report['html']}#{block['id']}",
        }
        for report in own
        for block in report["blocks"]
        for one in block.get("items", [])
    ]
    if own:
        names = {one["name"] for one in listed}  # what piles up is a listing and a fact at once
        found = [one for one in found if one["name"] not in names][:1]
        names |= {one["name"] for one in found}
        worst = [one for one in places if one["name"] not in names]
        found = [*found, *worst[: MOST_TO_LOOK_AT - 1 - len(listed)], *listed][:MOST_TO_LOOK_AT]
    return [one | {"text": one["text"].removeprefix(one["name"]).lstrip(" ,:")} for one in found]


def overview_link(is_current=False):
    """The link that begins the navigation of every page."""
    return {"href": "index.html", "title": words.text("pages.overview.here"), "is_current": is_current}


def place(item):
    """Where a report stands: those for each value of a column after the whole, "(none)" last."""
    name, report = item
    group = report.get("group") or {}
    value = group.get("value", "")
    return group.get("report", name), group.get("column", ""), value == "(none)", value.casefold()


def link_to(entry, is_current=False):
    """The link to a report."""
    return {
        "href": entry["html"],
        "title": entry["title"],
        "is_current": is_current,
        "dated": entry.get("dated", ""),
    }


def one_of(values):
    """The one value that there is among those given; None for none or several."""
    found = {value for value in values if value}
    return found.pop() if len(found) == 1 else None


def alike(entries):
    """The reports of a whole that can be told together: those on the same days of the same data as the newest.

    Where one run made reports of several days, the days of most of them count.
    """

    def subject(entry):
        period = entry.get("period") or {}
        days = (period.get("start"), period.get("end"))
        return (days, entry.get("as_of"), entry.get("service"), entry.get("source"), entry.get("where") or [])

    there = [entry for entry in entries if entry.get("html") and not entry.get("group")]
    made = [(entry.get("made_at"), subject(entry)) for entry in there]

    def rank(entry):
        when = entry.get("made_at")
        return when or "", made.count((when, subject(entry)))

    newest = max(there, key=rank, default=None)
    return [entry for entry in there if subject(entry) == subject(newest)]


def read_report(out, entry):
    """A report as `toolkit.headline.overview` takes it, with its figures and blocks."""
    found = read_bundles(Path(out) / entry["notebook"])
    facts = [fact | {"block": block["id"]} for block in found["blocks"] for fact in block.get("facts", [])]
    return {
        "name": entry["name"],
        "title": entry["title"],
        "file": entry["html"],
        "html": quote(entry["html"]),
        # a figure of a notebook's own metric has a tile, and no sentence
        "cards": [raw | {"block": texts.get("block", "")} for texts, raw in found["figures"] if is_ours(raw)],
        "facts": facts,
        "tested": [p for block in found["blocks"] for p in block.get("tested", [])],
        "headline": found["header"].get("headline"),
        "header": found["header"],
        "figures": found["figures"],
        "blocks": found["blocks"],
    }


def distinct_figures(reports):
    """(texts, raw) of each figure once, though two reports show it; the texts get the `page` and the `block` of its section.

    Where no section tells of it, of its tile; "" of one that no page shows.
    """
    found = {}
    for report in reports:
        for place, (texts, raw) in enumerate(report["figures"]):
            key = (raw.get("metric"), raw.get("column"), raw.get("population"), texts["label"])
            block = texts.get("block") or (TILES if place < MOST_TILES else "")
            link = {"page": texts.get("page") or report["file"], "block": block}
            found.setdefault(key, (texts | link, raw))
    return list(found.values())


def is_ours(raw):
    """Whether a figure is of one of the toolkit's metrics.

    >>> is_ours({"metric": "csat"}), is_ours({"label": "Trains"})
    (True, False)
    """
    return raw.get("metric") in METRICS


def row_of(raw):
    """Which row a figure stands in: counts, how fast, or how it was for the customer; by its unit where it doesn't say.

    >>> row_of({"unit": "rate", "group": "speed"}), row_of({"unit": "count"}), row_of({"unit": "seconds"})
    ('speed', 'volume', 'speed')
    >>> row_of({"unit": "rate"})
    'experience'
    """
    return raw.get("group") or {"count": "volume", "seconds": "speed"}.get(raw["unit"], "experience")


def rows_of(figures, is_ranked=True):
    """[{"key", "tiles"}] of the rows that have any; those off target first, then clear changes, without a value last.

    Of the overview's own report (not `is_ranked`) as it has them.
    """

    def rank(figure):
        raw = figure[1]
        if raw.get("value") is None:
            return 3
        return 0 if raw.get("status") == "off" else 1 if raw.get("verdict") == "clear" else 2

    rows = []
    for key in ROWS:
        chosen = [figure for figure in figures if row_of(figure[1]) == key]
        chosen = (sorted(chosen, key=rank) if is_ranked else chosen)[:MOST]
        if chosen:
            rows.append({"key": key, "tiles": [shorter(texts) for texts, _ in chosen]})
    return rows


def shorter(texts):
    """The texts of a tile where there is little room: its population beside its interval, and nothing of a year ago.

    >>> shorter({"label": "Wait, written", "name": "Wait", "population": "written", "interval": "4 to 9 h"})["interval"]
    '4 to 9 h, written'
    """
    name, population = texts.get("name") or texts["label"], texts.get("population", "")
    if population:
        said = words.text("pages.overview.some", interval=texts["interval"], population=population)
        texts = texts | {"label": name, "interval": said}
    return texts | {"year_ago": ""}


def chart_of(reports, kind):
    """The finding that stands beside the tiles, with its narrow drawing; None without any.

    Of several the clearest; of those that are equally clear, such as when contacts come, that of the most cases.
    """
    found = [
        (report, block, number)
        for report in reports
        for number, block in enumerate(report["blocks"])
        if block.get("overview") == kind
    ]
    if not found:
        return None

    def weight(it):
        report, block, _ = it
        cases = [raw.get("value") or 0 for _, raw in report["figures"] if raw.get("unit") == "count"]
        return bool(block.get("is_changed")), block.get("score") or 0.0, max(cases, default=0)

    report, block, number = max(found, key=weight)
    drawn = block.get("chart") or {}
    svg = inline_svg(drawn["narrow"], drawn["alt"], f"{kind}{number}-") if drawn and not drawn.get("folded") else None
    return {
        "heading": block["heading"],
        "svg": svg,
        "href": f"{report['html']}#{block['id']}",
    }


def scope(reports):
    """What the figures are of, in one line: the period, what it is compared with, when the data was read."""
    header = next((report["header"] for report in reports if report["header"]), {})
    if not header:
        return ""
    zone = header.get("time_zone")
    period, before = (format_period(header.get(name), zone) for name in ("period", "previous_period"))
    line = header.get("line") or (
        words.text("pages.overview.compared", period=period, before=before) if before else period
    )
    if not header.get("as_of"):
        return line
    return words.text("pages.overview.scope", line=line, time=format_time(header["as_of"], zone))
