"""What was wrong with the data: a page on rows used and set aside, each rule that rows broke; and every such row as CSV."""

from datetime import datetime
from pathlib import Path

from toolkit import words
from toolkit.guard import guarded_frame
from toolkit.privacy import mask, mask_html
from toolkit.report.manifest import write_text
from toolkit.report.overview import overview_link
from toolkit.report.pages import render_page
from toolkit.report.private import page_remarks
from toolkit.report.wording import format_time

FILE, CSV = "ledger.html", "ledger.csv"
AT_ONCE = 100_000  # rows of the ledger that are in memory while it is written
MOST = 200  # entries that the page lists
OWN_REASONS = ("unusable line", "set aside on purpose")  # rules under which a source says of each row why
LONGEST = 120  # characters of a value
COUNTS = ("rows_in", "rows_used", "on_purpose", "rejected", "repaired")


def write_ledger(data, out, run):
    """Write the page of the data, and its whole ledger as CSV, into the folder `out`.

    Parameters
    ----------
    data : Data, or None when the runner has not read any
    out : Path
    run : dict
        What all reports of this run have in common: made_at, versions, data.

    Returns
    -------
    str; the file's name, "" when there is none to link to
    """
    if data is None:
        return ""
    write_text(Path(out) / FILE, mask_html(draw(data, datetime.fromisoformat(run["made_at"]), page_remarks(run))))
    write_csv(data, Path(out) / CSV)
    return FILE


def write_csv(data, path):
    """Every row that was set aside or mended, which no spreadsheet computes and no terminal obeys."""
    after = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        while True:
            frame = data.first_entries(AT_ONCE, after)
            guarded_frame(frame.map(mask)).to_csv(file, index=False, header=not after, lineterminator="\n")
            after += len(frame)
            if len(frame) < AT_ONCE:
                return


def draw(data, made_at, remarks=()):
    """The page as HTML; what the data says is hostile, and escaped by the template."""
    tables = [{"name": _table(row["table"])} | _counts(row) for row in _rows(data.counts)]
    rules = _rules(_rows(data.rules_broken()))
    entries = [_entry(row) for row in _rows(data.first_entries(MOST))]
    total = sum(rule["n"] for rule in rules)
    told = {"shown": words.number(len(entries)), "command": f"`{CSV}`"}
    key = "first_entries" if total > len(entries) else "all_entries"
    return render_page(
        "ledger.html.j2",
        words.text("pages.ledger.title"),
        service=data.service.name,
        links=[overview_link()],
        remarks=remarks,
        headline=_title(tables),
        scope=words.text("pages.ledger.scope", time=format_time(data.as_of, data.zone)),
        tables=[table | {name: words.number(table[name]) for name in COUNTS} for table in tables],
        columns=[name for name in COUNTS if name != "on_purpose" or any(table[name] for table in tables)],
        rules=rules,
        entries=entries,
        told=words.text(f"pages.ledger.{key}", n=total, **told),
        notes=data.notes,
        made_at=format_time(made_at, data.zone),
    )


def _rows(frame):
    return frame.to_dict(orient="records")


def _counts(row):
    """A table's numbers of rows; what is set aside on purpose isn't among the rejected here.

    >>> _counts({"rows_in": 10, "rows_used": 6, "rejected": 4, "on_purpose": 3, "repaired": 0})
    {'rows_in': 10, 'rows_used': 6, 'on_purpose': 3, 'rejected': 1, 'repaired': 0}
    """
    found = {name: int(row.get(name) or 0) for name in COUNTS}
    return found | {"rejected": found["rejected"] - found["on_purpose"]}


def _title(tables):
    """How much of the data is used, in a sentence; `tables` as `_counts` gives them.

    >>> _title([{"rows_in": 1000, "rows_used": 990, "on_purpose": 0, "rejected": 10, "repaired": 3}])
    '99.0\\xa0% of the rows are used; 10 set aside, 3 mended'
    >>> _title([{"rows_in": 1000, "rows_used": 980, "on_purpose": 20, "rejected": 0, "repaired": 0}])
    '98.0\\xa0% of the rows are used; 20 left out on purpose, 0 set aside, 0 mended'
    >>> _title([{"rows_in": 10, "rows_used": 10, "on_purpose": 0, "rejected": 0, "repaired": 0}])
    'Every row that was read is used as it is'
    """
    read, used, meant, rejected, repaired = (sum(table[name] for table in tables) for name in COUNTS)
    if not meant and not rejected and not repaired:
        return words.text("pages.ledger.all_used")
    said = {"on_purpose": words.number(meant), "rejected": words.number(rejected), "repaired": words.number(repaired)}
    key = "used_apart" if meant else "used_aside"
    return words.text(f"pages.ledger.{key}", share=words.percent(used / read, 1) if read else "–", **said)


def _table(name):
    return words.code_name("table", name) or words.display_name(name)


def _where(row):
    """The table and the column, as code; of a line that has none the table alone."""
    table = _table(row["table"])
    return words.text("pages.ledger.where", table=table, column=f"`{row['column']}`") if row["column"] else table


def _said(rule, of):
    """The catalogue's words for a rule, or "" for one that it doesn't know."""
    key = f"pages.ledger.{of}.{rule.replace(' ', '_')}"
    return words.text(key) if words.has(key) else ""


def _rules(broken):
    """Each rule once, with the places where rows broke it; those that set aside the most rows first."""
    found = {}
    for row in broken:
        n = int(row["n"])
        is_aside = row["action"] == "rejected"
        rule = found.setdefault(
            (row["rule"], is_aside),
            {
                "says": _said(row["rule"], "rule") or words.sentence_case(row["reason"]),
                "advice": _said(row["rule"], "advice"),
                "n": 0,
                "places": [],
            },
        )
        rule["n"] += n
        rule["places"].append(
            {
                "where": _where(row),
                "action": words.text(f"pages.ledger.{'aside_n' if is_aside else 'mended_n'}", n=n),
                "example": _value(row["example"]),
            }
        )
    return [rule for _, rule in sorted(found.items(), key=lambda it: (not it[0][1], -it[1]["n"]))]


def _entry(row):
    place = {"file": words.short_name(mask(Path(row["file"]).name)), "row": int(row["row"])}
    return {
        "place": words.text("pages.ledger.file_row", **place),
        "column": _where(row),
        "value": _value(row["value"]),
        # of what a source sets aside each row has a reason of its own
        "reason": words.sentence_case(row["reason"])
        if row["rule"] in OWN_REASONS
        else _said(row["rule"], "rule") or words.sentence_case(row["reason"]),
    }


def _value(value):
    """A value as the data has it, on one line; one that is missing is said to be empty."""
    return words.text("pages.ledger.blank") if words.is_none(value) else words.short_name(mask(str(value)), LONGEST)
