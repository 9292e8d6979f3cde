"""Restrictions of the rows as people write them: channel=whatsapp."""

import re

from toolkit.errors import BadParameter


def read_where(where):
    """{column: list of values} of restrictions; rows match one value of every column.

    Parameters
    ----------
    where : None, dict, or list of str
        A dict of column to value or values, or texts such as "channel=whatsapp", of which several may name
        one column. The value "(none)" is that of rows without one.

    Raises
    ------
    BadParameter
        A text without a column or without an equals sign, or with a character that no data holds.

    Examples
    --------
    >>> read_where(["channel=whatsapp", "channel=email", "team=a=b"])
    {'channel': ['whatsapp', 'email'], 'team': ['a=b']}
    >>> read_where({"team": "Torino"}), read_where([])
    ({'team': ['Torino']}, {})
    """
    if isinstance(where, dict):
        found = {column: list(it) if isinstance(it, (list, tuple)) else [it] for column, it in where.items()}
        return _checked(found)
    values = {}
    for text in [where] if isinstance(where, str) else where or ():
        column, equals, value = str(text).partition("=")
        if not equals or not column.strip():
            raise BadParameter(f"{text!r} restricts nothing; write it as column=value, such as channel=whatsapp")
        values.setdefault(column.strip(), []).append(value.strip())
    return _checked(values)


def _checked(values):
    # no query can be made of these: the engine takes the first for the end of it, the others stand for bytes that are no text
    for column, given in values.items():
        for text in (column, *given):
            if isinstance(text, str) and re.search("[\0\ud800-\udfff]", text):
                raise BadParameter(f"{text!r}: holds a character that no data holds, so that it restricts nothing")
    return values
