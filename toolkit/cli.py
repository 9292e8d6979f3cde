"""The command line. Thin: each command reads its options, calls one function and prints what came back.

Exit codes: 0 done; 1 a report failed, or `check --strict` found something; 2 a mistake in the call or in
the data, told in one message, also when it is all that made reports fail; 6 the period holds not one row, and
the reports are left as they were (`--allow-empty` makes them all the same); 130 stopped by Ctrl-C; 143 ended by
SIGTERM.
"""

import contextlib
import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import toolkit
from toolkit.errors import BadData, EmptyPeriod, ToolkitError
from toolkit.mapping.command import map_export

# pandas, the engine and papermill are imported by the commands that need them: --help has to be quick.

app = typer.Typer(
    help="Customer-service analytics: raw exports in, checked tables, metrics and HTML reports out.",
    epilog="Start with: toolkit sample --out data && toolkit report --data data",
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


app.command("map", epilog="Example:  toolkit map tickets.csv --yes")(map_export)


class Shown(StrEnum):
    """How a metric is printed."""

    table = "table"
    csv = "csv"
    json = "json"


class Format(StrEnum):
    """File formats of the sample."""

    csv = "csv"
    parquet = "parquet"


Data = Annotated[
    str, typer.Option("--data", "-d", help="Raw export: a folder or a file; or prepared data.", metavar="PATH")
]
Source = Annotated[str | None, typer.Option(help="What wrote the export; see [b]toolkit sources[/b].", metavar="NAME")]
Service = Annotated[
    Path | None, typer.Option(help="service.toml; by default the one beside the data, if any.", metavar="FILE")
]
AsOf = Annotated[
    str | None,
    typer.Option(
        help="When the data was read: a time such as 2024-04-29T08:00:00Z, [b]now[/b], or [b]file[/b]: when its files "
        "were last written. Default: as service.toml says, else the newest event.",
        metavar="TIME",
    ),
]
Notebooks = Annotated[Path | None, typer.Option(help="Folder of the notebooks.", metavar="DIR")]


def _show_version(wanted):
    if wanted:
        typer.echo(f"toolkit {toolkit.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
):
    pass


@app.command(
    epilog="Examples:  toolkit report --data exports/ --source twitter --period last-month  |  "
    "toolkit report response_times my_own.ipynb -d data --param by=channel --jobs 1"
)
def report(
    data: Data,
    names: Annotated[
        list[str] | None, typer.Argument(help="Reports, or paths of notebooks; default: all.", metavar="[NAME]...")
    ] = None,
    source: Source = None,
    service: Service = None,
    period: Annotated[
        str | None, typer.Option("--period", "-p", help="Such as -28d, last-month, 2024-03.", metavar="PERIOD")
    ] = None,
    as_of: AsOf = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the reports.", metavar="DIR")] = Path("reports"),
    param: Annotated[
        list[str] | None,
        typer.Option(help="A parameter of the notebooks (repeatable); see [b]toolkit list[/b].", metavar="KEY=VALUE"),
    ] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", help="Notebooks at a time.", metavar="N", min=1)] = None,
    timeout: Annotated[float, typer.Option(help="Seconds that one notebook may take.", min=1)] = 1800,
    notebooks: Notebooks = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            help="Only rows such as channel=whatsapp (repeatable; [b](none)[/b]: those without one).",
            metavar="COLUMN=VALUE",
        ),
    ] = None,
    each: Annotated[
        str | None, typer.Option(help="One report for each value of a column, such as team.", metavar="COLUMN")
    ] = None,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Make reports of a period without one row, too.")
    ] = False,
    interactive: Annotated[
        bool,
        typer.Option("--interactive", help="Tables that can be sorted and filtered, by one script in each page."),
    ] = False,
):
    """Run notebooks and write their HTML reports."""
    from toolkit.report.parameters import split_pairs
    from toolkit.report.run import run_reports

    params = split_pairs(param or [])
    with _ended_by_sigterm(), _bars() as progress:
        outcomes = run_reports(
            names,
            data,
            out,
            source=source,
            service=service,
            period=period,
            as_of=as_of,
            params=params,
            jobs=jobs,
            progress=progress,
            timeout=timeout,
            notebooks=notebooks,
            warn=_warn,
            tell=typer.echo,
            where=where,
            each=each,
            allow_empty=allow_empty,
            interactive=interactive,
        )
    for outcome in outcomes:
        _print_outcome(outcome)
    made = [outcome for outcome in outcomes if outcome.status == "ok"]
    if made:
        typer.echo(f"Overview: {out / 'index.html'}")
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    if failed or not made:
        blamed = failed or outcomes  # all were skipped: the data has what none of them needs
        raise typer.Exit(2 if all(outcome.is_mistake for outcome in blamed) else 1)


def _warn(line):
    typer.echo(f"toolkit: warning: {line}", err=True)


def _print_outcome(outcome):
    if outcome.status == "ok":
        typer.echo(f"{outcome.name}: {_nearby(outcome.html)} ({outcome.seconds:.1f} s)")
        for reason in dict.fromkeys(one["reason"] for one in outcome.left_out):
            sections = [one["section"] for one in outcome.left_out if one["reason"] == reason]
            typer.echo(f"  left out: {'; '.join(sections)}: {reason}")
    elif outcome.status == "skipped":
        typer.echo(f"{outcome.name}: not made: {outcome.message}", err=True)
    else:
        typer.echo(f"{outcome.name}: FAILED: {outcome.message}\n  see {_nearby(outcome.log)}", err=True)
        if outcome.log.parents[1].joinpath(f"{outcome.name}.html").exists():
            typer.echo("  the last good report is left as it was", err=True)


def _nearby(path):
    """The path from here when it is below, else in full."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


@contextlib.contextmanager
def _ended_by_sigterm():
    """A scheduler that ends us with SIGTERM gets the same good order as Ctrl-C."""

    def stop(*_):
        raise SystemExit(143)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _bars():
    """A progress callback that draws bars on a terminal, and None where there is none."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks = {}

        def progress(name, done=0, total=0):
            key = name if total else "data"  # what is done to the data shares one line
            if key not in tasks:
                tasks[key] = bars.add_task("", total=total or None)
            bars.update(tasks[key], description=escape(name), completed=done)
            if total and "data" in tasks:
                bars.update(tasks["data"], total=1, completed=1)

        yield progress


@app.command(
    epilog="Example:  toolkit metric csat_by_topic --data exports/ --period 2024-03 --by topic --format json",
)
def metric(
    name: Annotated[str, typer.Argument(help="See [b]toolkit list --metrics[/b].", metavar="NAME")],
    data: Data,
    source: Source = None,
    service: Service = None,
    period: Annotated[
        str, typer.Option("--period", "-p", help="Such as -28d, last-month, 2024-03.", metavar="PERIOD")
    ] = "-28d",
    as_of: AsOf = None,
    by: Annotated[list[str] | None, typer.Option(help="Group column (repeatable).", metavar="COLUMN")] = None,
    param: Annotated[
        list[str] | None, typer.Option(help="A choice of the metric (repeatable).", metavar="KEY=VALUE")
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option(help="Only rows such as channel=whatsapp (repeatable).", metavar="COLUMN=VALUE")
    ] = None,
    format: Annotated[Shown, typer.Option(help="How it is printed.")] = Shown.table,
):
    """Compute one metric and print it, without a notebook."""
    from toolkit.load import open_data
    from toolkit.report.parameters import split_pairs
    from toolkit.report.printed import print_as
    from toolkit.report.single import metric_named, one_metric

    metric_named(name)  # a wrong name is told before the data is read
    params = split_pairs(param or [])
    with _bars() as progress:
        opened = open_data(
            data, source=source, service=service, period=period, as_of=as_of, where=where, progress=progress
        )
    keys = [key.strip() for one in by or [] for key in one.split(",")]
    print_as(format.value, one_metric(opened, name, keys, params), opened, _console())


@app.command("list", epilog="Examples:  toolkit list response_times  |  toolkit list --metrics --data exports/")
def list_reports(
    names: Annotated[list[str] | None, typer.Argument(help="Default: all.", metavar="[NAME]...")] = None,
    notebooks: Notebooks = None,
    metrics: Annotated[bool, typer.Option("--metrics", help="Show metrics, by question, instead.")] = False,
    data: Annotated[
        str | None, typer.Option("--data", "-d", help="Say which of them this export supports.", metavar="PATH")
    ] = None,
    source: Source = None,
    service: Service = None,
):
    """Show the reports and their parameters, or the metrics and what an export lacks for them."""
    if metrics or data:
        from toolkit.load import open_data
        from toolkit.report.printed import print_supported
        from toolkit.report.single import supported

        opened = open_data(data, source=source, service=service) if data else None
        return print_supported(_console(), supported(opened, names or ()))
    from rich.table import Table
    from rich.text import Text

    from toolkit.report.notebooks import find_notebooks
    from toolkit.report.parameters import RUNNER_PARAMETERS, read_parameters, read_title
    from toolkit.report.render import format_value

    console = _console()
    for name, path in find_notebooks(names, notebooks, _warn).items():
        title, sentence = read_title(path)
        console.print(Text(name, style="bold"), Text(title))
        if sentence:
            console.print(Text(f"  {sentence}", style="dim"))
        table = Table(box=None, padding=(0, 2), pad_edge=True)
        for heading in ("parameter", "type", "default", "meaning"):
            table.add_column(heading, overflow="fold")
        for parameter in read_parameters(path).values():
            option = f"--{parameter.name.replace('_', '-')}" if parameter.name in RUNNER_PARAMETERS else parameter.name
            kind = " or ".join(map(str, parameter.choices)) or parameter.type_name
            cells = option, kind, format_value(parameter.default), parameter.help
            table.add_row(*map(Text, cells))
        console.print(table)
        console.print()
    console.print(Text("Give those without dashes as --param name=value.", style="dim"))


@app.command(epilog="Example:  toolkit check --data exports/ --source asterisk --out ledger.csv --strict")
def check(
    data: Data,
    source: Source = None,
    service: Service = None,
    as_of: AsOf = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the ledger here, as CSV.", metavar="FILE")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 when a row was rejected or repaired.")] = False,
):
    """Read an export and show what is wrong with it."""
    from toolkit.load import open_data
    from toolkit.report.printed import print_frame, write_ledger

    try:
        with _bars() as progress:
            opened = open_data(data, source=source, service=service, as_of=as_of, progress=progress)
    except BadData as error:
        refused = getattr(error, "ledger", None)  # of data of which not one row can be used
        if out and refused is not None:
            write_ledger(refused, out)
            typer.echo(f"Ledger: {out} ({len(refused):,} rows)")
        raise
    ledger = opened.ledger
    console = _console()
    print_frame(console, "Rows", opened.counts[["table", "rows_in", "rows_used", "rejected", "repaired"]])
    if len(ledger):
        keys = ["table", "rule", "action"]
        rules = ledger.groupby(keys, dropna=False).size().rename("rows").reset_index()
        print_frame(console, "What was found", rules)
    else:
        console.print("Nothing was rejected or repaired.")
    for note in opened.notes:
        console.print(f"Note: {note}", markup=False)
    if out:
        write_ledger(ledger, out)
        console.print(f"Ledger: {out} ({len(ledger):,} rows)", markup=False)
    elif len(ledger):
        console.print("Each row with its reason: add --out ledger.csv", style="dim", markup=False)
    if strict and len(ledger):
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
    typer.echo(f"Sample data: {out}\nNext: toolkit report --data {out}")


@app.command()
def sources():
    """Show the systems whose exports can be read."""
    from rich.text import Text

    from toolkit.sources import list_sources

    console = _console()
    for source in list_sources():
        console.print(Text(source.name, style="bold"), Text(source.title))
        console.print(Text(f"  reads  {source.reads}"))
        console.print(Text(f"  fills  {', '.join(source.tables)}"))
    console.print(Text("For another system, pass the path of a folder with a source.toml as --source.", style="dim"))


def _console():
    from rich.console import Console

    # A pipe or a file has no width of its own; don't fold its lines at 80.
    return Console(width=None if sys.stdout.isatty() else 160, highlight=False, soft_wrap=False)


def main(args=None):
    """Run the command line; the exit code."""
    try:
        app(args, prog_name="toolkit")
    except SystemExit as ended:
        return ended.code
    except ToolkitError as error:
        typer.echo(f"toolkit: {error}", err=True)
        return 6 if isinstance(error, EmptyPeriod) else 2
    except OSError as error:  # a path that can't be read or written, a full disk
        where = f"{error.filename}: " if error.filename else ""
        typer.echo(f"toolkit: {where}{error.strerror or error}", err=True)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
