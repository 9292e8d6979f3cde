"""The commands that make something of data: reports, single metrics, and the list of both."""

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.ending import ended_in_order
from toolkit.cli.options import AsOf, Data, Notebooks, Service, Shown, Source, app
from toolkit.cli.terminal import bars, console, say
from toolkit.errors import BadParameter


@app.command(
    epilog="Examples:  toolkit report --data exports/ --source twitter --period last-month  |  "
    "toolkit report response_times my_own.ipynb -d data --param by=channel --jobs 1  |  "
    "toolkit report --config weekly.toml --notify env:REPORT_MAIL"
)
def report(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(help="Reports, or paths of notebooks; default: all.", metavar="[NAME]...")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option("--data", "-d", help="Raw export: a folder or a file; or prepared data.", metavar="PATH"),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="A file of all this, in TOML, for several reports at once; what else is given here wins.",
            metavar="FILE",
        ),
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
    total_timeout: Annotated[
        float | None,
        typer.Option("--total-timeout", help="Seconds that the whole run may take.", metavar="SECONDS", min=1),
    ] = None,
    max_age: Annotated[
        str | None,
        typer.Option(
            "--max-age",
            help="Make no report of data whose newest event is longer ago, such as 36h or 2d.",
            metavar="DURATION",
        ),
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(
            help="Memory that one notebook may take, such as 4GB; at least 512MB. Default: its share of the machine's.",
            metavar="SIZE",
        ),
    ] = None,
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
    notify: Annotated[
        list[str] | None,
        typer.Option(
            help="Send the reports there (repeatable): [b]env:NAME[/b], a variable that holds an address of apprise such "
            "as mailto://..., or [b]@FILE[/b], a file that only you may read.",
            metavar="ADDRESS",
        ),
    ] = None,
    notify_failure: Annotated[
        list[str] | None,
        typer.Option("--notify-failure", help="Send what failed, with its log, there (repeatable).", metavar="ADDRESS"),
    ] = None,
    link_base: Annotated[
        str | None,
        typer.Option(
            "--link-base", help="Where the folder of the reports is served: send links, not files.", metavar="URL"
        ),
    ] = None,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Show personal data, which is masked otherwise; the reports say so.")
    ] = False,
    env: Annotated[
        list[str] | None,
        typer.Option(help="An environment variable that the notebooks may see (repeatable).", metavar="NAME"),
    ] = None,
    wait: Annotated[
        float, typer.Option(help="Seconds to wait for another run into the folder to end.", metavar="SECONDS", min=0)
    ] = 0,
    keep: Annotated[
        int | None,
        typer.Option(help="Keep the newest N runs once all is good; default: all.", metavar="N", min=1),
    ] = None,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Print each report as a PDF, too; needs Chromium or Google Chrome.")
    ] = False,
):
    """Run notebooks and write their HTML reports."""
    from toolkit.report.made import code_of
    from toolkit.report.options import Options
    from toolkit.report.parameters import split_pairs
    from toolkit.report.run import run_reports

    options = Options(
        source=source,
        service=service,
        period=period,
        as_of=as_of,
        params=split_pairs(param or []),
        jobs=jobs,
        timeout=timeout,
        total_timeout=total_timeout,
        max_age=max_age,
        memory=memory,
        notebooks=notebooks,
        where=where,
        each=each,
        allow_empty=allow_empty,
        interactive=interactive,
        wait=wait,
        keep=keep,
        pdf=pdf,
        reveal=reveal,
        env=env or [],
    )
    notices = {"readers": notify or [], "failures": notify_failure or [], "link_base": link_base}
    if config:
        told = _with_config(config, context, names, data, out, options, notices)
        names, data, out, options, notices = told
    if not data:
        raise BadParameter("Missing option '--data': the export, or --config FILE that says it")
    delivery = _delivery(**notices)
    with delivery.watching() if delivery else contextlib.nullcontext(), ended_in_order(), bars() as progress:
        outcomes = run_reports(names, data, out, options, progress=progress, warn=_warn, tell=say)
    for outcome in outcomes:
        _print_outcome(outcome)
    say(f"Overview: {Path(out) / 'index.html'}")
    code = code_of(outcomes)
    if delivery:
        code = delivery.made(outcomes, out, code)
    if code:
        raise typer.Exit(code)


def _with_config(path, context, names, data, out, options, notices):
    """The arguments and notices as a file and the command line say them; prints what is used."""
    from toolkit.cli.config import describe, load_config, merge

    config = load_config(path)
    said = {"data": data, "out": out} | vars(options)
    del said["reports"]  # which a file alone can say
    spelt = {"params": "param"}
    given = {
        name: value
        for name, value in said.items()
        if context.get_parameter_source(spelt.get(name, name)).name != "DEFAULT"
    }
    names, merged = merge(config, given, names)
    for line in describe(path, merged):
        say(line)
    told = config.notify.model_dump()
    data, out = merged.pop("data", data), merged.pop("out", out)
    notices = {name: value or told[name] for name, value in notices.items()}
    return names, data, out, replace(options, **merged), notices


def _delivery(readers, failures, link_base):
    """Who is told of the run; None for nobody."""
    if not readers and not failures:
        return None
    from toolkit.report.notify import Delivery

    return Delivery(readers, failures, link_base, _warn, say)


def _warn(line):
    say(f"toolkit: warning: {line}", err=True)


def _print_outcome(outcome):
    if outcome.status == "ok":
        say(f"{outcome.name}: {_nearby(outcome.html)} ({outcome.seconds:.1f} s)")
        if outcome.pdf:
            say(f"  on paper: {_nearby(outcome.pdf)}")
        if outcome.pdf_failed:
            say(f"  {outcome.pdf_failed}", err=True)
        for reason in dict.fromkeys(one["reason"] for one in outcome.left_out):
            sections = [one["section"] for one in outcome.left_out if one["reason"] == reason]
            say(f"  left out: {'; '.join(sections)}: {reason}")
    elif outcome.status == "skipped":
        say(f"{outcome.name}: not made: {outcome.message}", err=True)
    else:
        say(f"{outcome.name}: FAILED: {outcome.message}\n  see {_nearby(outcome.log)}", err=True)
        if outcome.log.parents[1].joinpath(f"{outcome.name}.html").exists():
            say("  the last good report is kept", err=True)


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
    for name, path in find_notebooks(names, notebooks, _warn, typer.echo).items():
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
