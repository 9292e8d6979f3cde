"""The command line. Thin: each command reads its options, calls one function and prints what came back.

Exit codes: 0 done; 1 a report failed, or `check --strict` found something; 2 a mistake in the call or in
the data, told in one message, also when it is all that made reports fail; 6 the period holds not one row, and
the reports are left as they were (`--allow-empty` makes them all the same); 130 stopped by Ctrl-C; 143 ended by
SIGTERM.
"""

from typing import Annotated

import typer

import toolkit
from toolkit.cli import mapper, reports, systems  # noqa: F401  (their commands are the program's)
from toolkit.cli.options import app
from toolkit.cli.terminal import say
from toolkit.errors import EmptyPeriod, ToolkitError

# pandas, the engine and papermill are imported by the commands that need them: --help has to be quick.


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


def main(args=None):
    """Run the command line; the exit code."""
    try:
        app(args, prog_name="toolkit")
    except SystemExit as ended:
        return ended.code
    except ToolkitError as error:
        say(f"toolkit: {error}", err=True)
        return 6 if isinstance(error, EmptyPeriod) else 2
    except OSError as error:  # a path that can't be read or written, a full disk
        from toolkit.load.files.places import masked

        where = f"{masked(error.filename)}: " if error.filename else ""
        say(f"toolkit: {where}{error.strerror or error}", err=True)
        return 2
    return 0
