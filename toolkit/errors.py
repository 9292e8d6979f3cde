"""What can be wrong with what a user gave, each as an error that says what to do.

The command line prints these without a traceback; everything else is a bug.
"""

import contextlib
import difflib
import errno
import os
import typing

FULL = ("ENOSPC", "EDQUOT")  # how systems call it that there is no room
# What a process ends with where not all is well, and what a report that wasn't made asks for: `toolkit.cli` tells users.
MISTAKE, CRASH, TIMED_OUT, DIED, NO_DATA, UNWRITTEN, NOT_DELIVERED = 2, 3, 4, 5, 6, 7, 8
BROKEN = 70  # an error of the toolkit's own, which nobody foresaw
# Failures that are no error of ours, by their names.
FAILURES = {"Timeout": TIMED_OUT, "WorkerDied": DIED, "DeadKernel": DIED, "OutOfMemory": DIED}
ADDED = ("read_at", "history_week")  # columns that a table is given to compute with, and that no file has


class ToolkitError(Exception):
    """A mistake of the input or of the call, worded for the person who made it.

    `exit_code`: what the command line ends with.
    """

    exit_code = MISTAKE

    def _render_traceback_(self):
        # IPython shows this in place of a traceback: the message says all that helps.
        return [f"{type(self).__name__}: {self}"]


class MissingColumn(ToolkitError):
    """A table has not the column that a metric needs."""

    def __init__(self, table, column, present):
        shown = [name for name in present if name not in ADDED and not str(name).endswith("_")]
        self.table, self.column, self.present = table, column, shown
        super().__init__(
            f"{table} has no column {column!r}{suggestion(column, self.present)}; it has: {', '.join(self.present)}"
        )


class MissingSetting(MissingColumn):
    """service.toml doesn't say what a metric, or a group, needs to know."""

    def __init__(self, setting, what):
        self.table, self.column, self.present = "service.toml", setting, []
        Exception.__init__(self, f"service.toml doesn't say {what} ({setting})")


class UnfitSetting(MissingSetting):
    """service.toml says something that is allowed, and of which a metric can make nothing."""

    def __init__(self, setting, value, needed):
        self.table, self.column, self.present = "service.toml", setting, []
        Exception.__init__(self, f"service.toml says {setting} = {value:g}, and {needed}")


class MissingTable(ToolkitError):
    """The data set has not the table that is asked for: `table`, where one is named; or none of a `kind` of its rows."""

    def __init__(self, message, table="", kind=""):
        self.table, self.kind = table, kind
        super().__init__(message)


class MissingPackage(ToolkitError):
    """An optional package that is asked for isn't installed."""

    def __init__(self, package, extra, what):
        super().__init__(f"{what} needs {package}: pip install 'customer-service-toolkit[{extra}]'")


class EmptyPeriod(ToolkitError):
    """The data has not one row in the period."""

    exit_code = NO_DATA


class TooOld(ToolkitError):
    """The newest event of the data is longer ago than is allowed."""

    exit_code = NO_DATA


class OutOfTime(ToolkitError):
    """The whole run took longer than is allowed, before any report could be made."""

    exit_code = TIMED_OUT


class CantWrite(ToolkitError):
    """A file or a folder can't be written: the disk is full, it is read-only, another run has it.

    `path` is where; `why` a text, or the system's error. See `writing`.

    Examples
    --------
    >>> print(CantWrite("reports/a.html", "No space left on device; make room on that disk"))
    reports/a.html: can't be written: No space left on device; make room on that disk
    """

    exit_code = UNWRITTEN

    def __init__(self, path, why, what="can't be written"):
        self.path = path
        super().__init__(f"{path}: {what}: {_why(why) if isinstance(why, OSError) else why}")


class BadData(ToolkitError):
    """A file can't be read as what it should be.

    `ledger` is the frame of what was wrong with each row, where the rows were read before they were refused.
    """

    def __init__(self, message, ledger=None):
        self.ledger = ledger
        super().__init__(message)


class BadSettings(ToolkitError):
    """service.toml or a source's own settings say something that is not allowed."""


class BadParameter(ToolkitError):
    """A parameter is unknown, of the wrong type, or out of what is allowed."""


def exit_code_of(kind):
    """The exit code of a failure by its name: that of the error here that is called so; a crash where none is.

    Examples
    --------
    >>> [exit_code_of(kind) for kind in ("BadData", "EmptyPeriod", "CantWrite", "Timeout", "OutOfMemory", "KeyError")]
    [2, 6, 7, 4, 5, 3]
    """
    error = globals().get(kind)
    if isinstance(error, type) and issubclass(error, ToolkitError):
        return error.exit_code
    return FAILURES.get(kind, CRASH)


@contextlib.contextmanager
def writing(path):
    """What goes wrong with writing in this block is told as a CantWrite: of the file that the system names, or `path`.

    Examples
    --------
    >>> with writing("reports"), open("/nowhere/a.csv", "w") as file:
    ...     file.write("a")
    Traceback (most recent call last):
    ...
    toolkit.errors.CantWrite: /nowhere/a.csv: can't be written: No such file or directory; give another folder
    """
    try:
        yield
    except OSError as error:
        raise cant_write(error, path) from None


def is_unwritten(error):
    """Whether an OSError can only be one of writing: a full disk, one that is read-only, a file that grows too large."""
    return errno.errorcode.get(error.errno) in (*FULL, "EROFS", "EFBIG")


def cant_write(error, path):
    """The CantWrite that an OSError is; of `path` where the error names no file, or one by its bare name alone.

    >>> print(cant_write(PermissionError(13, "Permission denied", "a.html"), "/srv/reports"))
    /srv/reports: can't be written: Permission denied; let this user write there, or give another folder
    """
    name = error.filename2 or error.filename
    name = path if name is None or isinstance(name, int) else os.fsdecode(name)
    if os.path.isabs(path) and not os.path.isabs(name):  # relative to a folder that the system doesn't name
        name = path
    return CantWrite(name, error)


def _why(error):
    code = errno.errorcode.get(error.errno)
    mend = "make room on that disk, or " if code in FULL else ""
    mend = "let this user write there, or " if code in ("EACCES", "EPERM") else mend
    mend += "give another folder"
    return f"{error.strerror or error}; {mend}"


def suggestion(wrong, known):
    """'; did you mean X?' when something known is spelt like it, else ''.

    Examples
    --------
    >>> suggestion("chanel", ["channel", "topic"])
    " (did you mean 'channel'?)"
    >>> suggestion("zzz", ["channel", "topic"])
    ''
    """
    close = difflib.get_close_matches(str(wrong), [str(name) for name in known], n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def explain_settings(path, error, model, shown=repr):
    """What is wrong with a file of settings, a line for each: its key, its value and what is allowed.

    Parameters
    ----------
    path : path
    error : pydantic ValidationError
    model : pydantic model
        Of which the file is; it names the keys that are allowed beside a wrong one.
    shown : callable
        A value as text.
    """
    lines = [f"{path}: {counted(error.error_count(), 'setting')} {'is' if error.error_count() == 1 else 'are'} wrong"]
    for problem in error.errors():
        *place, last = problem["loc"]
        key = ".".join(map(str, problem["loc"]))
        if problem["type"] == "extra_forbidden":
            known = _keys_of(model, place)
            close = difflib.get_close_matches(str(last), known, n=1)
            parts = [] if close else _parts_with(model, str(last))
            hint = (
                f"; did you mean {close[0]!r}?" if close else f"; it belongs to {' or '.join(parts)}." if parts else "."
            )
            lines.append(f"  {key} = {shown(problem['input'])}: unknown key{hint} Allowed here: {', '.join(known)}")
        elif problem["type"] == "missing":
            lines.append(f"  {key}: is missing; write {last} = ...")
        else:
            said = problem["msg"].removeprefix("Value error, ")
            lines.append(f"  {key} = {shown(problem['input'])}: {said}")
    return "\n".join(lines)


def counted(n, what):
    """A number with what it counts.

    >>> counted(1, "run"), counted(1200, "run")
    ('1 run', '1,200 runs')
    """
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _parts_with(model, key, place=(), seen=()):
    """The parts of a file of settings that have a key of that name, as the file heads them."""
    found = []
    for field, about in model.model_fields.items():
        name = about.alias or field
        if name == key:
            found.append(f"[{'.'.join(place)}]" if place else "the top of the file")
        form = "NAME" if typing.get_origin(about.annotation) is dict else ""
        for inner in _models_in(about.annotation):
            if inner not in seen:
                found += _parts_with(inner, key, (*place, name, *filter(None, [form])), (*seen, inner))
    return list(dict.fromkeys(found))


def _keys_of(model, place):
    """The keys allowed at a place of a file of settings: through tables of tables and lists to the model there."""
    held = [model]
    for part in place:
        fields = [one.model_fields[part].annotation for one in held if part in one.model_fields]
        held = [inner for field in fields for inner in _models_in(field)] or held
    return [field.alias or name for one in held for name, field in one.model_fields.items()]


def _models_in(annotation):
    if hasattr(annotation, "model_fields"):
        return [annotation]
    return [model for inner in typing.get_args(annotation) for model in _models_in(inner)]
