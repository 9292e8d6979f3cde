"""What the commands share of the terminal: a console, bars."""

import contextlib
import sys

import typer

from toolkit import secrets
from toolkit.guard import visible


def say(text="", err=False):
    """Print a line of text, whatever names and values of the data are in it.

    Control characters are spelt out and secrets left out. Where it can't be printed, as the disk or the reader is gone,
    what was done is done all the same.
    """
    with contextlib.suppress(OSError):
        typer.echo(visible(secrets.scrub(text)), err=err)


@contextlib.contextmanager
def bars():
    """A progress callback that draws bars on a terminal, and None where there is none."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console(err=True), transient=True) as bars:
        tasks = {}

        def progress(name, done=0, total=0):
            key = name if total else "data"  # what is done to the data shares one line
            if key not in tasks:
                tasks[key] = bars.add_task("", total=total or None)
            bars.update(tasks[key], description=escape(name), completed=done)
            if total and "data" in tasks:
                bars.update(tasks["data"], total=1, completed=1)

        yield progress


def console(err=False):
    """Where tables and coloured lines are printed; of what they hold nothing commands the terminal."""
    from rich.console import Console
    from rich.segment import Segment

    class Safe(Console):
        def render(self, renderable, options=None):
            for segment in super().render(renderable, options):
                yield segment if segment.control else Segment(visible(segment.text), segment.style)

    # A pipe or a file has no width of its own; don't fold its lines at 80.
    width = None if (sys.stderr if err else sys.stdout).isatty() else 160
    return Safe(width=width, highlight=False, soft_wrap=False, stderr=err)
