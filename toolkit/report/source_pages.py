"""docs/sources: a page for each source, written from its source.toml, its selects and what its reports need.

>>> from toolkit.sources import find_source
>>> page = source_page(find_source("asterisk"))
>>> page.splitlines()[2]
'`toolkit report --data EXPORT` finds out by itself that it is one; `--source asterisk` says so.'
>>> [line for line in page.splitlines() if line.endswith("| transferred_to |")][0].split("`")[1]
'queue_log.data1'
"""

import re
import textwrap
from pathlib import Path

from toolkit.report.foreseen import fingerprint, foreseen_of, read_foreseen, write_foreseen
from toolkit.sources import OWN, list_sources
from toolkit.sources.fields import columns_of
from toolkit.tables import DTYPES, TABLES

FOLDER = Path(__file__).parents[2] / "docs" / "sources"
MOST_FIELDS = 8  # of a column that are listed
WRITTEN = "<!-- Written by `make docs` from the source's folder; change it there. -->"


def write_source_pages(folder=FOLDER):
    """Write docs/sources: a page for each source and the list of them; and, where a source has changed, which reports it makes.

    Returns
    -------
    list of Path
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    pages = {}
    for source in list_sources():
        known = read_foreseen(source)
        if known is None or known["fingerprint"] != fingerprint(source):
            write_foreseen(source, foreseen_of(source))
        pages[f"{source.name}.md"] = source_page(source)
    pages["README.md"] = index_page()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in pages]


def index_page():
    """The list of the sources as Markdown."""
    lines = [
        "# Systems whose exports are read",
        "",
        WRITTEN,
        "",
        "`toolkit report --data EXPORT` finds out which of them wrote an export, and says why; `toolkit sources NAME` prints "
        "a page. For any other system: `toolkit map FILE`, or [a source of your own](your-own.md).",
        "",
        "| name | system | fills | reports |",
        "|---|---|---|---|",
    ]
    for source in list_sources():
        reports = read_foreseen(source)["reports"]
        made = sum(one["made"] for one in reports.values())
        cells = (f"[{source.name}]({source.name}.md)", plain(source.title), ", ".join(source.tables))
        lines.append(f"| {' | '.join(cells)} | {made} of {len(reports)} |")
    return "\n".join(lines) + "\n"


def source_page(source):
    """The page of a source as Markdown."""
    spec = source.spec
    lines = [f"# {plain(source.title)}", ""]
    if source.name == OWN:
        lines.append("`toolkit report --data FOLDER` takes files of these names for these tables.")
    else:
        lines.append(
            f"`toolkit report --data EXPORT` finds out by itself that it is one; `--source {source.name}` says so."
        )
    lines += ["", WRITTEN, "", f"It reads {plain(spec.reads)}."]
    if spec.time_zone:
        lines += ["", f"Times without an offset are those of {spec.time_zone}."]
    if spec.export:
        lines += ["", "## How the export is made", ""]
        lines += [f"{number}. {plain(step)}" for number, step in enumerate(spec.export, 1)]
    if spec.links:
        lines += ["", "Described by its makers:", ""] + [f"- <{link}>" for link in spec.links]
    lines += ["", "## Files", "", *_files(source)]
    lines += ["", "## Which field fills which column", "", *_columns(source)]
    lines += ["## Which reports it makes", "", *_reports(source)]
    for title, said in (("What to know", spec.notes), ("What it can't tell", spec.lacks)):
        if said:
            lines += ["", f"## {title}", ""] + [f"- {plain(one)}" for one in said]
    return "\n".join(lines) + "\n"


def plain(text):
    """A text as Markdown shows it as it stands.

    >>> plain("tickets*.json | <id>"), plain("GET https://x.y/z_1")
    ('tickets\\\\*.json \\\\| \\\\<id\\\\>', 'GET https://x.y/z\\\\_1')
    """
    return re.sub(r"([\\`*_<>|\[\]#])", r"\\\1", " ".join(str(text).split()))


def code(text):
    """A text as code in a cell of a table: a bar is escaped, a backtick is a quotation mark.

    >>> code("a|b")
    '`a\\\\|b`'
    """
    shown = " ".join(str(text).split()).replace("`", "'").replace("|", "\\|")
    return f"`{shown}`" if shown else ""


def _coded(names):
    return ", ".join(map(code, names))


def _files(source):
    lines = ["| file | names | needs the columns | also reads | where it isn't there |", "|---|---|---|---|---|"]
    for name, spec in source.spec.files.items():
        without = plain(spec.without) or ("" if spec.optional else "the export isn't read")
        cells = (code(name), _coded(spec.patterns), _coded(spec.requires), _coded(spec.may_lack), without)
        lines.append(f"| {' | '.join(cells)} |")
    several = sum(spec.optional and not spec.lookup for spec in source.spec.files.values()) > 1
    if several and source.name != OWN:
        lines += [
            "",
            "None of the files is needed but for one that makes rows; a file of another name is taken when its columns fit.",
        ]
    return lines


def _columns(source):
    lines = []
    for name in source.selects:
        if source.passes_all(name):
            lines += [
                f"**{name}**, one row per {TABLES[name].row}: the columns of the contract by their own names.",
                "",
            ]
            lines += ["| column | type | meaning |", "|---|---|---|"]
            for column in TABLES[name].columns:
                star = "*" if column.required else ""
                lines.append(f"| {column.name}{star} | {DTYPES[column.dtype]} | {plain(column.meaning)} |")
            lines.append("")
            continue
        lines += [f"**{name}**, one row per {TABLES[name].row}:", "", "| field | column |", "|---|---|"]
        for column, fields in columns_of(source, name).items():
            shown = [str(field) for field in fields]
            if fields and not fields[0].file:
                told = f"always {' or '.join(map(code, shown))}"
            else:
                more = f" and {len(shown) - MOST_FIELDS} more" if shown[MOST_FIELDS:] else ""
                told = _coded(shown[:MOST_FIELDS]) + more or "null"
            lines.append(f"| {told} | {column} |")
        lines.append("")
    derived = [name for name in source.tables if name not in source.selects]
    for name in derived:
        lines += [f"**{name}** are made from the messages, where a customer wrote.", ""]
    return lines


def _reports(source):
    lines = ["| report | made | left out | for want of |", "|---|---|---|---|"]
    for name, one in read_foreseen(source)["reports"].items():
        left = "; ".join(map(plain, one["left_out"])) if one["made"] else ""
        lines.append(f"| {code(name)} | {'yes' if one['made'] else 'no'} | {left} | {_coded(one['wants'])} |")
    lines += ["", "Of a whole export; `toolkit check --data EXPORT` tells it of yours."]
    return lines


def print_sources(screen):
    """Print the sources, three lines each."""
    from rich.text import Text

    for source in list_sources():
        reports = read_foreseen(source)["reports"]
        made = [name for name, one in reports.items() if one["made"]]
        rest = [name for name in reports if name not in made]
        shown = (
            "all"
            if not rest
            else f"all but {', '.join(rest)}"
            if 0 < len(rest) < len(made)
            else ", ".join(made) or "none"
        )
        screen.print(Text(source.name, style="bold"), Text(source.title))
        screen.print(Text(f"  fills    {', '.join(source.tables)}"))
        screen.print(Text(f"  reports  {shown}"))
    screen.print(Text("How an export is made, file by file: toolkit sources NAME", style="dim"))
    screen.print(
        Text("Any other system: toolkit map FILE, or --source with the path of a folder of your own", style="dim")
    )


def print_source(screen, source):
    """Print how the export of a source is made, which files it needs, the tables it fills and the reports it makes."""
    from rich.table import Table
    from rich.text import Text

    def said(text="", style="", indent=""):
        for line in textwrap.wrap(
            text, screen.width - 1, initial_indent=indent, subsequent_indent=" " * len(indent)
        ) or [""]:
            screen.print(Text(line, style=style))

    def titled(title, lines, mark="- "):
        if lines:
            said()
            said(title, "bold")
            for number, line in enumerate(lines, 1):
                said(line, indent=f"  {number}. " if mark == "1" else f"  {mark}")

    spec = source.spec
    said(f"{source.title} (--source {source.name})", "bold")
    said(f"reads {spec.reads}")
    titled("How the export is made", spec.export, "1")
    said()
    table = Table(title="Files", title_justify="left", box=None, padding=(0, 2), title_style="bold")
    for head in ("file", "names", "needed columns", "where it isn't there"):
        table.add_column(head, overflow="fold")
    for name, one in spec.files.items():
        without = one.without or ("" if one.optional else "the export isn't read")
        table.add_row(*map(Text, (name, " ".join(one.patterns), ", ".join(one.requires), without)))
    screen.print(table)
    titled("Tables that it fills", [f"{name}: one row per {TABLES[name].row}" for name in source.tables])
    titled(
        "Reports of a whole export", [_report_line(name, one) for name, one in foreseen_now(source)["reports"].items()]
    )
    titled("What to know", spec.notes)
    titled("What it can't tell", spec.lacks)
    titled("Described by its makers", spec.links)


def _report_line(name, one):
    if not one["made"]:
        return f"{name}: not made, for want of {', '.join(one['wants'])}"
    if not one["left_out"]:
        return f"{name}: every section"
    return (
        f"{name}: without {len(one['left_out'])} of {one['sections']} sections, for want of {', '.join(one['wants'])}"
    )


def foreseen_now(source):
    """Which reports a source makes: as it is kept with it, or, of a folder of one's own, found out now."""
    return read_foreseen(source) or {"reports": foreseen_of(source)}
