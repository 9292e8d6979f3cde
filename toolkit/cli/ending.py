"""How the program ends: in good order by a signal, and with what can't be printed left unsaid."""

import contextlib
import os
import signal
import sys

import typer

from toolkit import secrets
from toolkit.report import process

ENDINGS = {"SIGTERM": 143, "SIGHUP": 129}  # signals that end us, and the exit codes that shells give them


@contextlib.contextmanager
def ended_in_order():
    """A scheduler that ends us, and a terminal that is closed, get the same good order as Ctrl-C.

    All that was started ends, and no temporary folder is left. A second signal while it does only makes it hurry. A
    signal that we were started to ignore, as `nohup` does, stays ignored.
    """
    ending = None

    def stop(number, _frame):
        nonlocal ending
        if ending is not None:
            process.hurry()
            return
        ending = KeyboardInterrupt() if number == signal.SIGINT else SystemExit(codes[number])
        raise ending

    codes = {getattr(signal, name): code for name, code in ENDINGS.items() if hasattr(signal, name)}
    before = {number: signal.getsignal(number) for number in (*codes, signal.SIGINT)}
    before = {number: handler for number, handler in before.items() if handler != signal.SIG_IGN}
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    except OSError:
        if ending is None:
            raise
        raise ending from None  # the terminal is gone, and with it the bars that were to be drawn
    finally:
        if ending is None:  # else there is nothing left to do but to end
            for number, handler in before.items():
                signal.signal(number, handler)


def say(text="", err=False):
    """Print a line; where it can't be printed, as the disk or the reader is gone, what was done is done all the same."""
    with contextlib.suppress(OSError):
        typer.echo(secrets.scrub(text), err=err)


def settle():
    """Drop what could not be printed: Python would try again as it ends, and end with a code of its own."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                nothing = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nothing, stream.fileno())
                os.close(nothing)
