"""SQL by hand: names and texts quoted in one place, and the names that only the loader uses."""

import datetime

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def quote(name):
    """An SQL identifier."""
    return '"' + str(name).replace('"', '""') + '"'


def ours(kind, name=""):
    """The identifier of a column that only the loader uses; no file can have one of that name."""
    return quote(f"\x1f{kind}{name}")


ID = ours("id")  # the number of the row in its table


def literal(text):
    """An SQL string."""
    return "'" + str(text).replace("'", "''") + "'"
