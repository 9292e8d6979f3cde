"""Whether a table is one that a source reads as one of its files: by its columns, or by what its rows look like."""

import re

from toolkit.load.files.headers import spelt

HEADLESS = ("lines",)  # formats whose columns have no names of their own


def has_header(spec):
    """Whether the columns of such a file have names of their own."""
    return spec.header and spec.format not in HEADLESS


def specific(spec):
    """By how many columns such a file is known."""
    return len(spec.requires) + len(spec.like)


def share(table, spec):
    """The share of the columns that a source can't do without which a table has."""
    have = set(map(spelt, table.columns))
    return sum(spelt(column) in have for column in spec.requires) / len(spec.requires) if spec.requires else 0.0


def route_of(table, source):
    """What a table is, in words, where it comes by another way out of the source's system, which isn't read; else ""."""
    have = set(map(spelt, table.columns))
    return next((one.says for one in source.spec.elsewhere if have >= set(map(spelt, one.columns))), "")


def fits(table, spec):
    """Whether a table, peeked at as `spec` says, is such a file; never where nothing tells."""
    if has_header(spec):
        return share(table, spec) == 1 and looks_like(table, spec)
    return bool(spec.like) and looks_like(table, spec)


def looks_like(table, spec):
    """Whether nearly all rows hold, in some columns, what the source says that these look like."""
    for column, pattern in spec.like.items():
        if column not in table.columns:
            return False
        place = table.columns.index(column)
        cells = [row[place] for row in table.rows if row[place]]
        if not cells or sum(bool(re.search(pattern, cell)) for cell in cells) < spec.like_share * len(cells):
            return False
    return True
