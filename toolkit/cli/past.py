"""The commands on the runs of a folder of reports: what became of them, and which are kept."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.options import app
from toolkit.cli.terminal import console, say

Out = Annotated[Path, typer.Option("--out", "-o", help="Folder of the reports.", metavar="DIR")]


@app.command(epilog="Example:  toolkit history --out reports response_times")
def history(
    names: Annotated[list[str] | None, typer.Argument(help="Reports; default: all.", metavar="[NAME]...")] = None,
    out: Out = Path("reports"),
    last: Annotated[
        int | None,
        typer.Option(help="Tell of the newest N runs; default: as many as history.html does.", metavar="N", min=1),
    ] = None,
):
    """Show the past runs: what was made, what failed and since when, how key figures moved since the last run."""
    from rich.table import Table
    from rich.text import Text

    from toolkit import words
    from toolkit.errors import BadParameter, suggestion
    from toolkit.guard import visible
    from toolkit.report.history import MOST_RUNS, tell_reports, tell_run
    from toolkit.report.runs import latest, read_past

    shown = latest(out)
    folder = next((name for name in names or () if "/" in name or latest(name)), None)
    if folder is not None:
        raise BadParameter(
            f"{folder}: is no name of a report; of a folder of reports tells toolkit history --out {folder}"
        )
    if shown is None:
        raise BadParameter(f"{out}: holds no run of reports; make one with toolkit report --out {out}")
    last = last or MOST_RUNS
    (newest, *past), count = read_past(out, last)
    for name in names or ():
        if name not in newest["reports"]:
            hint = suggestion(name, newest["reports"])
            raise BadParameter(
                f"{out}: has no report {name!r}{hint}; it has: {', '.join(sorted(newest['reports'])) or 'none'}"
            )
    screen = console()

    def table(*headings):
        made = Table(box=None, padding=(0, 2))
        for heading in headings:
            made.add_column(heading, overflow="fold")
        return made

    def cells(*texts):
        return [Text(visible(text, False)) for text in texts]

    def said(*names):
        return [words.text(f"pages.history.{name}") for name in names]

    zone = (newest.get("data") or {}).get("time_zone")
    runs = table(*said("run", "of", "as_of", "count_made", "count_kept", "names_failed"), "")
    for manifest in [newest, *past][:last]:
        run = tell_run(manifest, zone)
        failed = ", ".join(run["failed"])
        runs.add_row(*cells(run["when"], run["period"], run["as_of"], run["made"], run["kept"], failed, run["id"]))
    screen.print(runs)
    if count > last:
        screen.print(*cells(f"The newest {last} of {count} runs; --last {count} tells of all."))
    for report in tell_reports(newest, past):
        if names and report["name"] not in names:
            continue
        screen.print()
        screen.print(*cells(report["title"]), style="bold")
        screen.print(*cells(f"  {report['state']}"))
        if report["message"]:
            screen.print(*cells(f"  {report['message']}"))
        if report["log"]:
            screen.print(*cells(f"  {words.text('pages.history.log')}: {report['log']}"))
        if report["periods"] or report["period"]:
            screen.print(*cells(f"  {report['periods'] or report['period']}"))
        if report["before"]:
            figures = table(*said("figure", "now", "before", "change"))
            for one in report["figures"]:
                moved = " ".join(filter(None, [one["arrow"], one["change"]]))
                figures.add_row(*cells(one["label"], one["value"], one["before"], moved))
            screen.print(figures)


@app.command(epilog="Example:  toolkit prune --out reports --keep 30")
def prune(
    keep: Annotated[int, typer.Option("--keep", "-n", help="Runs to keep, the newest.", metavar="N", min=1)],
    out: Out = Path("reports"),
    wait: Annotated[
        float, typer.Option(help="Seconds to wait for a run into the folder to end.", metavar="SECONDS", min=0)
    ] = 0,
):
    """Remove all past runs but the newest N; the run that is shown always stays."""
    from toolkit.errors import counted
    from toolkit.report.assemble import redraw
    from toolkit.report.runs import all_runs, prune

    gone = prune(out, keep, wait, lambda line: say(f"toolkit: warning: {line}", err=True), redraw)
    kept = len(all_runs(out))
    for name in gone:
        say(f"removed: {name}")
    say(f"{out}: {counted(len(gone), 'run')} removed, {kept} kept")
