"""The commands that look at an export: check it, the systems that are known, a sample to begin with."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.options import AsOf, Data, Format, Notebooks, Service, Source, app
from toolkit.cli.terminal import bars, console, say
from toolkit.errors import BadData


@app.command(epilog="Example:  toolkit check --data exports/ --source asterisk --out ledger.csv --strict")
def check(
    data: Data,
    source: Source = None,
    service: Service = None,
    as_of: AsOf = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the ledger here, as CSV.", metavar="FILE")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 when a row was rejected, other than on purpose, or repaired.")
    ] = False,
    details: Annotated[
        bool, typer.Option("--details", help="Say which sections and metrics the data supports, one by one.")
    ] = False,
    notebooks: Notebooks = None,
):
    """Read an export, show what is wrong with it, and what it supports."""
    from toolkit.load import open_data
    from toolkit.load.quality import ON_PURPOSE, shown_rules
    from toolkit.report.doubts import doubts_of
    from toolkit.report.notebooks import reports_there
    from toolkit.report.printed import print_frame, write_ledger
    from toolkit.report.supports import print_supports

    try:
        with bars() as progress:
            opened = open_data(data, source=source, service=service, as_of=as_of, progress=progress)
    except BadData as error:
        refused = getattr(error, "ledger", None)  # of data of which not one row can be used
        if out and refused is not None:
            write_ledger(refused, out)
            say(f"Ledger: {out} ({len(refused):,} rows)")
        raise
    ledger = opened.ledger
    screen = console()
    if opened.recognised:
        screen.print(opened.recognised, markup=False)
    columns, counts = ["table", "rows_in", "rows_used", "rejected", "repaired"], opened.counts
    if "on_purpose" in counts and counts["on_purpose"].any():
        columns.insert(3, "on_purpose")
        counts = counts.assign(rejected=counts["rejected"] - counts["on_purpose"])  # as the ledger's page has them
    print_frame(screen, "Rows", counts[columns])
    if len(ledger):
        keys = ["table", "rule", "action"]
        rules = ledger.assign(rule=shown_rules(ledger)).groupby(keys, dropna=False).size().rename("rows").reset_index()
        print_frame(screen, "What was found", rules)
    else:
        screen.print("Nothing was rejected or repaired.")
    for note in [*opened.notes, *doubts_of(opened)]:
        screen.print(f"Note: {note}", markup=False)
    if out:
        write_ledger(ledger, out)
        screen.print(f"Ledger: {out} ({len(ledger):,} rows)", markup=False)
    elif len(ledger):
        screen.print("Each row with its reason: add --out ledger.csv", style="dim", markup=False)
    print_supports(screen, opened, reports_there(notebooks), details)
    if strict and not ledger["rule"].isin(ON_PURPOSE).all():
        raise typer.Exit(1)


@app.command(epilog="Example:  toolkit sample --out data --conversations 3500")
def sample(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.", metavar="DIR")],
    conversations: Annotated[
        int | None, typer.Option(help="How many conversations; default: those of data/sample.", min=1, metavar="N")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="The same seed gives the same data; default: that of data/sample.", metavar="N")
    ] = None,
    format: Annotated[Format, typer.Option(help="File format.")] = Format.csv,
):
    """Write synthetic data to try the reports with."""
    from toolkit.sample import write_sample

    # What is not given is left to the generator, whose defaults make data/sample.
    given = {"conversations": conversations, "seed": seed}
    write_sample(out, **{key: value for key, value in given.items() if value is not None}, format=format.value)
    say(f"Sample data: {out}\nNext: toolkit report --data {out}")


@app.command(epilog="Examples:  toolkit sources  |  toolkit sources asterisk")
def sources(
    name: Annotated[str | None, typer.Argument(help="One of them: how its export is made.", metavar="[NAME]")] = None,
):
    """Show the systems whose exports can be read, or how the export of one is made and what it tells."""
    from toolkit.report.source_pages import print_source, print_sources
    from toolkit.sources import find_source

    if name:
        return print_source(console(), find_source(name))
    return print_sources(console())


source_app = typer.Typer(help="Write a source of your own.", no_args_is_help=True)
app.add_typer(source_app, name="source")


@source_app.command("new", epilog="Example:  toolkit source new helpdesk --out sources")
def new_source(
    name: Annotated[str, typer.Argument(help="What it is to be called.", metavar="NAME")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to make it in.", metavar="DIR")] = Path("."),
):
    """Begin a source: a folder with a commented source.toml and a select."""
    from toolkit.sources import write_skeleton

    folder = write_skeleton(name, out)
    say(f"{folder}: source.toml, conversations.sql, unused.sql; docs/sources/your-own.md describes them")
    say(f"Then: toolkit check --data EXPORT --source {folder}")
