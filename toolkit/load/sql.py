"""SQL by hand: names and texts quoted in one place, and the names that only the loader uses."""

import datetime

BLANKS = "".join(map(chr, range(1, 33))) + "\x7f\u00a0"  # control characters too: they are cut from a text's ends
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


def escaped(value):
    """SQL: a text with its control characters and no-break spaces written as \\x01."""
    code = "ascii(letter)"
    shown = f"CASE WHEN {code} < 32 OR {code} IN (127, 160) THEN printf('\\x%02x', {code}) ELSE letter END"
    return f"array_to_string(list_transform(string_split({value}, ''), lambda letter: {shown}), '')"
