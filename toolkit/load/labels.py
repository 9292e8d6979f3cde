"""Which values of a data set are shown by one name, so that each can have its own beside it."""

from toolkit import words
from toolkit.load.link import columns_of
from toolkit.load.sql import quote
from toolkit.tables import TABLES

# Columns whose values are few, and are groups of figures.
NAMED = (
    "channel", "project", "topic", "subtopic", "priority", "team", "agent", "status", "queue", "stage", "outcome",
    "direction", "bot_outcome", "occasion", "transferred_to", "wrap_up_code", "quick_reply", "language",
)  # fmt: skip
MOST = 10_000  # values of a column: with more it is no column of groups


def use_labels_of(data):
    """Show the values of a data set by the labels of its settings from now on; those that share a name have their own, too.

    Parameters
    ----------
    data : Data
        `shared_names` are kept with it: who opens prepared data needn't look for them again.
    """
    words.use_labels(data.service.labels)
    if data.shared_names is None:
        data.shared_names = sorted(sharing(data._con, [name for name in TABLES if data.has(name)]))
    words.use_labels(data.service.labels, data.shared_names)


def sharing(con, tables):
    """(column, value) of all values that are shown as another of their column is."""
    values = {}
    for name in tables:
        have = columns_of(con, name)
        own = [column for column in NAMED if column in have and column in TABLES[name].names]
        for column in own:
            found = con.execute(
                f"SELECT DISTINCT CAST({quote(column)} AS VARCHAR) FROM main.{name} WHERE {quote(column)} IS NOT NULL LIMIT {MOST}"
            ).fetchall()
            values.setdefault(column, set()).update(value for (value,) in found)
    found = set()
    for column, held in values.items():
        called = {}
        for value in held:
            called.setdefault(words.display_name(value, column).casefold(), []).append(value)
        found |= {(column, value) for same in called.values() if same[1:] for value in same}
    return found
