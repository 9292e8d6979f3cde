"""How the program ends: in good order by a signal, and with what can't be printed left unsaid."""

import contextlib
import os
import signal
import sys
import threading
import traceback

from toolkit.cli.terminal import say
from toolkit.errors import BROKEN
from toolkit.report import process

ENDINGS = {"SIGTERM": 143, "SIGHUP": 129}  # signals that end us, and the exit codes that shells give them
DEBUG = "TOOLKIT_DEBUG"  # a variable that shows the traceback of an error that nobody foresaw


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
    except Exception:
        if ending is None:
            raise
        raise ending from None  # a query was cut short by it, or the terminal is gone, and the bars that were to be drawn
    finally:
        if ending is None:  # else there is nothing left to do but to end
            for number, handler in before.items():
                signal.signal(number, handler)


def tell_broken(error, where=""):
    """Tell an error that nobody foresaw in a line, and its traceback to whom asks for it; the exit code.

    What it says may be of the data, or hold a password: it is printed as all else is.
    """
    said = f"toolkit: {where}an error in the toolkit itself: {type(error).__name__}: {error}"
    if os.environ.get(DEBUG, "") not in ("", "0"):
        say("".join(traceback.format_exception(error)).rstrip(), err=True)
        say(said, err=True)
    else:
        say(f"{said}\nWith {DEBUG}=1 in the environment it says where; please report it with that", err=True)
    return BROKEN


@contextlib.contextmanager
def told_of_threads():
    """An error that ends a thread is told as any other: Python would print it as it is."""
    before = threading.excepthook

    def tell(args):
        if args.exc_type is not SystemExit and args.exc_value is not None:
            tell_broken(args.exc_value, f"{args.thread.name if args.thread else 'a thread'}: ")

    threading.excepthook = tell
    try:
        yield
    finally:
        threading.excepthook = before


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
