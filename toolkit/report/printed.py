"""What the command line prints, and the files that it writes by the side."""

import sys

from toolkit.errors import CantWrite
from toolkit.guard import guarded_frame


def print_frame(console, title, frame):
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=None, padding=(0, 2))
    numeric = [name for name in frame if frame[name].dtype.kind in "iuf"]
    for name in frame:
        table.add_column(str(name).replace("_", " "), justify="right" if name in numeric else "left", overflow="fold")
    for row in frame.itertuples(index=False):
        cells = (f"{value:,}" if name in numeric else str(value) for name, value in zip(frame, row, strict=True))
        table.add_row(*map(Text, cells))  # as Text: what stands in the data is no markup
    console.print(table)
    console.print()


def write_ledger(ledger, out):
    """The ledger as CSV, which no spreadsheet computes and no terminal obeys."""
    try:
        guarded_frame(ledger).to_csv(out, index=False)
    except OSError as error:
        raise CantWrite(out, error) from None


def print_result(console, result):
    """The finding, and the whole result as a table."""
    from rich.table import Table
    from rich.text import Text

    from toolkit.report.single import as_texts

    console.print(Text(result.sentence()))
    console.print()
    heads, rows, numeric = as_texts(result)
    table = Table(box=None, padding=(0, 2))
    for head, is_number in zip(heads, numeric, strict=True):
        table.add_column(Text(head), justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


def print_supported(console, rows):
    """Metrics by question, with what a data set lacks for each."""
    from rich.table import Table
    from rich.text import Text

    from toolkit.words import sentence_case

    for question in dict.fromkeys(row["question"] for row in rows):
        table = Table(
            title=Text(sentence_case(question.replace("_", " "))), title_justify="left", box=None, padding=(0, 2)
        )
        own = [row for row in rows if row["question"] == question]
        for head in ("metric", "title", *(["missing"] if "missing" in own[0] else [])):
            table.add_column(head, overflow="fold")
        for row in own:
            lack = [f"{row['kind']} {row['missing']}" if row["missing"] else "–"] if "missing" in row else []
            table.add_row(*map(Text, (row["metric"], row["title"], *[one.removeprefix("other ") for one in lack])))
        console.print(table)
        console.print()
    if rows and "missing" in rows[0]:
        n = sum(not row["missing"] for row in rows)
        console.print(Text(f"{n} of {len(rows)} metrics can be computed from this data."))


def print_as(format, result, data, console):
    """A result as a table for people, as CSV, or as JSON."""
    import json

    from toolkit.report.single import as_json
    from toolkit.table_html.csv_text import csv_text

    if format == "table":
        print_result(console, result)
    else:
        text = json.dumps(as_json(result, data), ensure_ascii=False, indent=2) + "\n" if format == "json" else ""
        sys.stdout.write(text or csv_text(result).replace("\r\n", "\n"))
