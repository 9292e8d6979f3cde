"""figures.xlsx: the tables of a run's reports as one workbook, with its contents, the key figures and the definitions."""

from datetime import datetime

from toolkit import words
from toolkit.report.wording import format_period, format_time
from toolkit.workbook import BOLD, HEAD, LINK, Workbook


def write_book(reports, figures):
    """The workbook, as bytes.

    Parameters
    ----------
    reports : list of dict
        As `toolkit.report.figures.read_report` gives them, with `is_earlier`.
    figures : list of dict
        The key figures as figures.json has them.
    """
    times = [time for time in (report["header"].get("as_of") for report in reports) if time]
    book = Workbook(max(map(datetime.fromisoformat, times), default=None), _text("title"))
    contents = book.add(_text("contents"), 1)
    home = contents.get_name()
    places = [_key_figures(book, figures, reports, home)]
    number = 0
    for report in reports:
        for table in report["tables"]:
            number += 1
            zone = report["header"].get("time_zone") or None
            above = [table["label"], _context(report), ""]
            sheet = book.table(f"{number} {table['label']}", table["data"], above, zone)
            _link(book, sheet, 2, 0, home, _text("back"))
            places.append((sheet.get_name(), report["title"], table["label"], table["data"]["rows"], _context(report)))
    places.append(_definitions(book, reports, home))
    _contents(book, contents, places)
    return book.bytes()


def _text(key, **values):
    return words.text(f"pages.files.{key}", **values)


def _context(report):
    """Of which days a report's tables are, and whether it is of this run."""
    header, zone = report["header"], report["header"].get("time_zone")
    parts = [report["title"], format_period(header.get("period"), zone)]
    parts.append(_text("as_of", time=format_time(header["as_of"], zone)) if header.get("as_of") else "")
    parts.append(zone or "")
    parts.append(_text("earlier") if report["is_earlier"] else "")
    return " · ".join(filter(None, parts))


def _link(book, sheet, row, column, to, text):
    sheet.write_url(row, column, "internal:'" + to.replace("'", "''") + "'!A1", book.format(LINK), text)


def _head(book, sheet, row, headings, widths):
    for place, (heading, width) in enumerate(zip(headings, widths, strict=True)):
        book.text(sheet, row, place, heading, HEAD)
        sheet.set_column(place, place, width)


def _contents(book, sheet, places):
    sheet.write_string(0, 0, _text("title"), book.format(BOLD))
    _head(book, sheet, 1, [_text(key) for key in ("sheet", "report", "table", "rows", "scope")], (34, 28, 48, 8, 90))
    for row, (name, report, label, rows, scope) in enumerate(places, 2):
        _link(book, sheet, row, 0, name, name)
        book.text(sheet, row, 1, report)
        book.text(sheet, row, 2, label)
        book.value(sheet, row, 3, rows, "count")
        book.text(sheet, row, 4, scope)


def _key_figures(book, figures, reports, home):
    """The key figures, a row each, every value in the format of its own unit."""
    title, contexts = _text("key_figures"), {report["name"]: _context(report) for report in reports}
    sheet = book.add(title, 2)
    sheet.write_string(0, 0, title, book.format(BOLD))
    _link(book, sheet, 1, 0, home, _text("back"))
    keys = (
        "figure",
        "report",
        "population",
        "value",
        "low",
        "high",
        "n",
        "before",
        "change",
        "change_of",
        "verdict",
        "target",
        "status",
    )
    widths = (44, 28, 18, 12, 12, 12, 10, 12, 12, 18, 20, 12, 14, 90, 70)
    _head(book, sheet, 2, [_text(key) for key in (*keys, "definition", "scope")], widths)
    titles = {report["name"]: report["title"] for report in reports}
    for row, one in enumerate(figures, 3):
        unit = one["unit"]
        for place, text in enumerate((one["label"], titles[one["report"]], one["population"] or "")):
            book.text(sheet, row, place, text)
        if one["value"] is None:
            book.text(sheet, row, 3, one["shown"]["value"])
        for place, name in ((3, "value"), (4, "low"), (5, "high"), (7, "previous"), (11, "target")):
            book.value(sheet, row, place, one[name], unit)
        book.value(sheet, row, 6, one["n"], "count")
        book.value(sheet, row, 8, one["change"], _change_unit(unit))
        if one["per_day"] and one["change"] is not None:
            book.text(sheet, row, 9, _text("daily"))
        if one["verdict"]:
            book.text(sheet, row, 10, words.verdict(one["verdict"]))
        book.text(sheet, row, 12, words.text(f"pages.status.{one['status']}"))
        book.text(sheet, row, 13, (one["definition"] or "").replace("`", ""))
        book.text(sheet, row, 14, contexts[one["report"]])
    return sheet.get_name(), "", title, len(figures), ""


def _change_unit(unit):
    """How a change is written, with its unit, as the rows of one column are of several."""
    if unit in ("rate", "net"):
        return "points in words"
    return {"count": "change in percent", "seconds": "change in minutes in words"}.get(unit, f"change in {unit}")


def _definitions(book, reports, home):
    title, told = _text("definitions"), {}
    for report in reports:
        told |= {metric: one for metric, one in report["definitions"].items() if metric not in told}
    sheet = book.add(title, 2)
    sheet.write_string(0, 0, title, book.format(BOLD))
    _link(book, sheet, 1, 0, home, _text("back"))
    _head(book, sheet, 2, [_text(key) for key in ("figure", "definition", "contested")], (34, 90, 90))
    for row, one in enumerate(told.values(), 3):
        for place, part in enumerate(("title", "text", "more")):
            book.text(sheet, row, place, (one.get(part) or "").replace("`", ""))
    return sheet.get_name(), "", title, len(told), ""
