"""What the commands share of the terminal: a console, bars."""

import contextlib
import sys


@contextlib.contextmanager
def bars():
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


def console():
    from rich.console import Console

    # A pipe or a file has no width of its own; don't fold its lines at 80.
    return Console(width=None if sys.stdout.isatty() else 160, highlight=False, soft_wrap=False)
