"""The list of reports on the page that begins a folder: what each says, what failed, what is kept, what the data lacks."""

from urllib.parse import quote

from toolkit import words
from toolkit.report.wording import column_name, format_period, format_time

OVERVIEW = "overview"  # the report that the page is drawn from, where it was made


def list_of(entries, told):
    """The reports as a list: each with a short finding, and with those for each value of a column below it.

    Returns
    -------
    list of {"title", "href", "short", "failed", "groups": [{"label", "items": [{"title", "href", "failed"}]}]}
    """
    listed = {}
    for entry in entries:
        group = entry.get("group")
        if entry["status"] == "skipped" and not entry.get("html"):
            continue
        if not group:
            listed[entry["name"]] = _item(entry, entry["title"]) | {
                "short": short(entry, told.get(entry["name"])),
                "groups": [],
            }
            continue
        whole = listed.setdefault(
            group["report"],
            {"title": group["title"], "href": "", "pdf": "", "short": "", "failed": "", "kept": "", "groups": []},
        )
        label = words.text("pages.overview.each", column=column_name(group["column"]))
        if not whole["groups"] or whole["groups"][-1]["label"] != label:
            whole["groups"].append({"label": label, "items": []})
        whole["groups"][-1]["items"].append(_item(entry, words.display_name(group["value"], group["column"])))
    return list(listed.values())


def _item(entry, title):
    href, pdf = (quote(entry[key]) if entry.get("html") and entry.get(key) else "" for key in ("html", "pdf"))
    is_unprinted = bool(href and entry.get("pdf_failed") and not entry.get("dated"))
    return {
        "title": title,
        "href": href,
        "pdf": pdf,
        "pdf_failed": is_unprinted,
        "failed": failed(entry),
        "kept": kept(entry),
    }


def kept(entry):
    """That a report is of an earlier run, and of which days where these are not the others'; "" for one that is not."""
    if entry.get("is_withheld") and entry["status"] != "failed":
        return words.text("pages.overview.withheld")
    if not entry.get("dated") or entry["status"] == "failed":
        return ""
    return words.text(f"pages.overview.kept{'_of' if entry['is_apart'] else ''}", **_made(entry))


def _made(entry):
    zone = entry.get("time_zone")
    return {"time": format_time(entry["made_at"], zone), "period": format_period(entry.get("period"), zone)}


def failed(entry):
    """That the last run of a report failed, when, and what is shown instead; "" for one that did not."""
    if entry["status"] != "failed":
        return ""
    zone = entry.get("time_zone")
    when = words.text("pages.overview.when", time=format_time(entry["attempted_at"], zone))
    key = "failed" if entry.get("is_tried", True) else "failed_then"
    said = f"{words.text(f'pages.overview.{key}')} {when}."
    since = (entry.get("run") or {}).get("failing_since")
    if since and since != entry["attempted_at"]:
        said += " " + words.text("pages.overview.failing", time=format_time(since, zone))
    if entry.get("html"):
        said += " " + words.text(f"pages.overview.last_good{'_of' if entry.get('is_apart') else ''}", **_made(entry))
    return said


def short(entry, report):
    """What a report says, in a few words: a figure off target, else its headline, else what it is about."""
    if entry["name"] == OVERVIEW and report:
        return words.text("pages.overview.this_page")
    for texts, raw in report["figures"] if report else []:
        if raw.get("status") == "off" and texts.get("beside"):
            key = "short_same" if texts["label"].casefold() == entry["title"].casefold() else "short"
            return words.text(f"pages.overview.{key}", **{name: texts[name] for name in ("label", "value", "beside")})
    headline = entry.get("headline") or {}
    if report is None and entry.get("period"):  # of other days than the figures above
        return format_period(entry["period"], entry.get("time_zone"))
    return headline.get("title") or entry.get("lede") or ""


def lacking(entries):
    """Sentences on the reports that this data has not the tables for."""
    by_table = {}
    for entry in entries:
        if entry["status"] == "skipped" and not entry.get("html"):
            by_table.setdefault(entry.get("lacks") or "", []).append(entry["title"])
    said = []
    for table, titles in sorted(by_table.items()):
        name = words.code_name("table", table) if table else ""
        key = "lacks" if name else "skipped"
        values = {"titles": words.joined(titles)} | ({"tables": name[:1].lower() + name[1:]} if name else {})
        said.append(words.text(f"pages.overview.{key}", **values))
    return said


def quality_line(tables):
    """How many of the rows that were read are used, in a sentence; "" when nothing is known.

    Examples
    --------
    >>> quality_line([{"table": "calls", "rows_in": 1000, "rows_used": 990, "rejected": 10, "repaired": 3}])
    '990 of 1,000 rows used (99.0\\xa0%); 10 set aside, 3 mended.'
    >>> quality_line([{"rows_in": 1000, "rows_used": 964, "rejected": 36, "on_purpose": 35}])
    '964 of 1,000 rows used (96.4\\xa0%); 35 left out on purpose, 1 set aside, 0 mended.'
    """
    if not tables:
        return ""
    read, used, rejected, meant, repaired = (
        sum(int(table.get(name) or 0) for table in tables)
        for name in ("rows_in", "rows_used", "rejected", "on_purpose", "repaired")
    )
    key = "apart" if meant else "aside" if rejected or repaired else "used"
    numbers = {"used": used, "rejected": rejected - meant, "on_purpose": meant, "repaired": repaired}
    said = {name: words.number(value) for name, value in numbers.items()}
    return words.text(f"pages.quality.{key}", n=read, share=words.percent(used / read, 1) if read else "–", **said)
