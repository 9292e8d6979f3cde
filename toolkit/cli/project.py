"""The command that begins a project of one's own."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.options import app
from toolkit.cli.terminal import say


@app.command("new", epilog="Example:  toolkit new desk && cd desk && make help")
def new(
    folder: Annotated[
        Path, typer.Argument(help="Folder to make; one that is there has to be empty.", metavar="FOLDER")
    ],
    sample: Annotated[bool, typer.Option("--sample", help="Put the sample's data into it, to begin with.")] = False,
):
    """Begin a project: notebooks to edit, settings, a folder for the data, a Makefile, schedules."""
    import shlex

    from toolkit.report.project import write_project

    made = write_project(folder, with_sample=sample)
    say(f"{made}: notebooks/, data/ with service.toml, schedules/, Makefile, README.md")
    put = "" if sample else f"put the export into {made / 'data'}, then "
    say(f"Next: {put}cd {shlex.quote(str(made))} && make report")
