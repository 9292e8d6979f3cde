"""The command line. Thin: each command reads its options, calls one function and prints what came back.

Exit codes:

0    All is done. What can't be printed (a full disk, a closed pipe) makes no failure of reports that were made.
1    `check --strict` found something; or who read what a command printed left.
2    A mistake in the call, the settings or the data, told in one message.
3    A notebook failed; also where several reports failed, each for another reason of this list.
4    A notebook, its PDF (`--pdf`) or the whole run (`--total-timeout`) took longer than it may.
5    A notebook's kernel or worker died, or took more memory than it may (`--memory`); or the browser made no PDF. A
     report whose PDF could not be made is made.
6    The period holds not one row (`--allow-empty` makes the reports all the same), or the data is older than
     `--max-age`. No report was touched.
7    A file or folder can't be written: the disk is full, it may not be written to, another run has it.
8    The reports were made, and could not be sent to all that `--notify` and `--notify-failure` name.
70   The toolkit itself broke, at something that nobody foresaw. TOOLKIT_DEBUG=1 in the environment shows where.
129  Ended by SIGHUP; 130 by Ctrl-C; 143 by SIGTERM. Nothing that was started is left.
"""

from typing import Annotated

import typer

import toolkit
from toolkit.cli import mapper, past, project, reports, systems  # noqa: F401  (their commands are the program's)
from toolkit.cli.ending import settle, tell_broken, told_of_threads
from toolkit.cli.options import app
from toolkit.cli.terminal import say
from toolkit.errors import MISTAKE, ToolkitError, cant_write, is_unwritten
from toolkit.guard import shortened
from toolkit.secrets import scrub

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
        with told_of_threads():
            app(args, prog_name="toolkit")
    except SystemExit as ended:
        return ended.code
    except ToolkitError as error:
        _tell(error)
        return error.exit_code
    except OSError as error:  # a path that can't be read or written, a full disk
        return _system_error(error)
    except Exception as error:
        return tell_broken(error)
    finally:
        settle()
    return 0


def _tell(message):
    # a secret goes before what is too long is cut, which may be half of it
    say(f"toolkit: {shortened(scrub(str(message)))}", err=True)


def _system_error(error):
    """Tell an error of the operating system; its exit code."""
    from toolkit.load.files.places import scrubbed

    if is_unwritten(error):
        unwritten = cant_write(error, "the temporary folder (TMPDIR), or what the output goes to")
        _tell(scrubbed(str(unwritten)))
        return unwritten.exit_code
    where = f"{scrubbed(error.filename)}: " if error.filename else ""
    _tell(f"{where}{error.strerror or error}")
    return MISTAKE
