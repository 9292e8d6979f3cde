"""The commands that make something of data: reports, single metrics, and the list of both."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.options import AsOf, Data, Notebooks, Service, Shown, Source, app
from toolkit.cli.terminal import bars, console, ended_by_sigterm, say


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
    with ended_by_sigterm(), bars() as progress:
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
            tell=say,
            where=where,
            each=each,
            allow_empty=allow_empty,
            interactive=interactive,
        )
    for outcome in outcomes:
        _print_outcome(outcome)
    made = [outcome for outcome in outcomes if outcome.status == "ok"]
    if made:
        say(f"Overview: {out / 'index.html'}")
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    if failed or not made:
        blamed = failed or outcomes  # all were skipped: the data has what none of them needs
        raise typer.Exit(2 if all(outcome.is_mistake for outcome in blamed) else 1)


def _warn(line):
    say(f"toolkit: warning: {line}", err=True)


def _print_outcome(outcome):
    if outcome.status == "ok":
        say(f"{outcome.name}: {_nearby(outcome.html)} ({outcome.seconds:.1f} s)")
        for reason in dict.fromkeys(one["reason"] for one in outcome.left_out):
            sections = [one["section"] for one in outcome.left_out if one["reason"] == reason]
            say(f"  left out: {'; '.join(sections)}: {reason}")
    elif outcome.status == "skipped":
        say(f"{outcome.name}: not made: {outcome.message}", err=True)
    else:
        say(f"{outcome.name}: FAILED: {outcome.message}\n  see {_nearby(outcome.log)}", err=True)
        if outcome.log.parents[1].joinpath(f"{outcome.name}.html").exists():
            say("  the last good report is left as it was", err=True)


def _nearby(path):
    """The path from here when it is below, else in full."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


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
    with bars() as progress:
        opened = open_data(
            data, source=source, service=service, period=period, as_of=as_of, where=where, progress=progress
        )
    if opened.recognised:
        say(f"toolkit: {opened.recognised}", err=True)
    keys = [key.strip() for one in by or [] for key in one.split(",")]
    print_as(format.value, one_metric(opened, name, keys, params), opened, console())


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
        return print_supported(console(), supported(opened, names or ()))
    from rich.table import Table
    from rich.text import Text

    from toolkit.report.notebooks import find_notebooks
    from toolkit.report.parameters import RUNNER_PARAMETERS, read_parameters, read_title
    from toolkit.report.render import format_value

    screen = console()
    for name, path in find_notebooks(names, notebooks, _warn).items():
        title, sentence = read_title(path)
        screen.print(Text(name, style="bold"), Text(title))
        if sentence:
            screen.print(Text(f"  {sentence}", style="dim"))
        table = Table(box=None, padding=(0, 2), pad_edge=True)
        for heading in ("parameter", "type", "default", "meaning"):
            table.add_column(heading, overflow="fold")
        for parameter in read_parameters(path).values():
            option = f"--{parameter.name.replace('_', '-')}" if parameter.name in RUNNER_PARAMETERS else parameter.name
            kind = " or ".join(map(str, parameter.choices)) or parameter.type_name
            cells = option, kind, format_value(parameter.default), parameter.help
            table.add_row(*map(Text, cells))
        screen.print(table)
        screen.print()
    screen.print(Text("Give those without dashes as --param name=value.", style="dim"))
