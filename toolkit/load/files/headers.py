"""Which line of a table names its columns, and what the columns are called.

Exports have titles above the names, names in two lines, names that come twice, and columns without one.
"""

import re

from toolkit.errors import BadData
from toolkit.load.files.given import free

DEEPEST = 30  # rows above the names that are looked through
MOST_COLUMNS = 1_000  # the engine's time to plan a query grows with their square


def refuse_wide(given, columns):
    """An error for a table of more columns than can be read."""
    if len(columns) > MOST_COLUMNS:
        raise BadData(
            f"{given.shown}: has {len(columns):,} columns, and at most {MOST_COLUMNS:,} can be read; export those that you need"
        )


def spelt(name):
    """A column's name as it is compared: capitals and blanks don't count.

    >>> spelt(" Created At ")
    'created_at'
    """
    return str(name).strip().lower().replace(" ", "_")


def find_header(rows, requires=(), header_rows=1):
    """The number, from 0, of the row that names the columns.

    It is the first one that names all the `requires`; else the first with two or more names of which all rows above
    hold no more than one cell, as titles do; else the first with anything in it.

    Parameters
    ----------
    rows : list of list of str or None
        The first rows of the table.
    requires : list of str
    header_rows : int
        2 where each name is parted over two rows: the number is the upper one's.

    Examples
    --------
    >>> find_header([["Tickets of March"], [], ["id", "opened"], ["1", "2024-03-01"]])
    2
    >>> find_header([["id"], ["1"], ["2"]])
    0
    """
    rows = [[str(cell or "").strip() for cell in row] for row in rows[:DEEPEST]]
    wanted = {spelt(name) for name in requires}
    filled = [index for index, row in enumerate(rows) if any(row)]
    if not filled:
        return 0
    if len(wanted) > 1 or wanted and header_rows == 2:
        for index in filled:
            named = merge_rows(rows[index], (rows + [[]])[index + 1]) if header_rows == 2 else rows[index]
            if wanted <= set(map(spelt, named)):
                return index
    for index in filled:
        names = [cell for cell in rows[index] if cell]
        if len(names) > 1:
            return index if index == filled[0] or _are_names(names) else filled[0]
    return filled[0]


def _are_names(cells):
    """Whether cells can name columns: most differ, and none is a number or a date."""
    return len(set(cells)) * 2 > len(cells) and not any(re.fullmatch(r"[\d\s.,:/+-]+", cell) for cell in cells)


def merge_rows(upper, lower, goes_on=True):
    """The names of columns that stand in two rows.

    A cell of the upper one goes on over the empty ones beside it, unless it is known how far (`goes_on` is false).

    Examples
    --------
    >>> merge_rows(["", "Times", "", "Who"], ["id", "opened", "closed", ""])
    ['id', 'Times opened', 'Times closed', 'Who']
    """
    names, over = [], ""
    width = max(len(upper), len(lower))
    for above, below in zip(_padded(upper, width), _padded(lower, width), strict=True):
        # beside a name of its own alone, an empty cell isn't part of a group
        over = above or (over if below and goes_on else "")
        names.append(" ".join(part for part in (over, below) if part))
    return names


def _padded(row, width):
    cells = [str(cell or "").strip() for cell in row]
    return cells + [""] * (width - len(cells))


def name_columns(cells):
    """(a name for each column, the names that stood there more than once).

    A column without a name is called by its number, the second one of a name gets a 2.

    Examples
    --------
    >>> name_columns(["id", "Comment", "", "comment"])
    (['id', 'Comment', 'column2', 'comment_2'], ['Comment'])
    """
    names = [free(str(cell or "").strip()) or f"column{index}" for index, cell in enumerate(cells)]
    taken, made, twice = {name.lower() for name in names}, [], []
    seen, first = set(), {}
    for name in names:
        if name.lower() in seen:
            twice.append(first[name.lower()])
            number = 2
            while f"{name}_{number}".lower() in taken:
                number += 1
            name = f"{name}_{number}"
            taken.add(name.lower())
        seen.add(name.lower())
        first.setdefault(name.lower(), name)
        made.append(name)
    return made, list(dict.fromkeys(twice))
