"""What a metric or a section of a report wants and the data hasn't, and what would bring it.

>>> want = wanted(MissingColumn("conversations", "first_response_at", []))
>>> want.name, meaning(want)
('conversations.first_response_at', 'first public reply by a human agent')
"""

import re
from dataclasses import dataclass, field

from toolkit.errors import MissingColumn, MissingPackage, MissingSetting, MissingTable, UnfitSetting
from toolkit.load.history import MADE
from toolkit.sources import OWN, list_sources
from toolkit.sources.fields import can_fill, fills
from toolkit.tables import TABLES

# What the loader makes a column of conversations of, where they have it not: (table, column).
MADE_OF = {column: [("status_changes", "changed_at")] for column in MADE}
MADE_OF["closed_at"] = [("conversations", "solved_at"), *MADE_OF["closed_at"]]
MADE_OF["first_response_at"] = [("messages", "sent_at")]


@dataclass(frozen=True)
class Want:
    """What is missing: its `kind` (table, kind, column, setting, package or other), its table, and its column."""

    kind: str
    table: str = ""
    column: str = ""
    said: str = field(default="", compare=False)  # what the error says

    @property
    def name(self):
        """What it is called, such as "calls" or "conversations.topic"."""
        if self.kind == "kind":
            return f"{self.column} of {self.table}"
        if self.kind == "column":
            return f"{self.table}.{self.column}"
        return {"table": self.table, "setting": self.column}.get(self.kind) or self.said


def wanted(error, table=""):
    """What an error of the toolkit says is missing; of a table that it doesn't name, `table`.

    >>> wanted(MissingTable("there is none", "surveys", "nps")).name, wanted(MissingTable("no calls", "calls")).name
    ('nps of surveys', 'calls')
    """
    said = str(error)
    if isinstance(error, MissingTable):
        name = error.table or table
        return Want("kind" if error.kind else "table" if name else "other", name, error.kind, said)
    if isinstance(error, UnfitSetting):
        return Want("other", said=said)
    if isinstance(error, MissingSetting):
        return Want("setting", error.table, error.column, said)
    if isinstance(error, MissingColumn):
        return Want("column", error.table, error.column, said)
    return Want("package" if isinstance(error, MissingPackage) else "other", said=said)


def meaning(want):
    """What the contract says of what is missing, in short; "" where it says nothing."""
    table = TABLES.get(want.table)
    if want.kind == "table" and table:
        return f"one row per {table.row}"
    if want.kind == "kind" and table:
        return f"rows of {want.table} whose kind is {want.column}"
    known = [table.column(name).meaning for name in names_of(want) if table and name in table.names]
    return "; or ".join(re.split(r"[;.]", text)[0] for text in known)


def names_of(want):
    """The columns of which one is wanted.

    >>> names_of(Want("column", "contacts", "created_at, started_at or sent_at"))
    ['created_at', 'started_at', 'sent_at']
    """
    return re.split(r", | or ", want.column) if want.kind == "column" else []


def brings(want, source=None, there=()):
    """What would bring it, in a sentence: a file of the same source, what other systems have, a setting.

    Parameters
    ----------
    want : Want
    source : Source, optional
        The one that wrote the data.
    there : names of its raw files that were found

    Examples
    --------
    >>> from toolkit.sources import find_source
    >>> brings(Want("column", "conversations", "topic"), find_source("tables"))
    'a column topic in conversations.csv'
    >>> brings(Want("table", "surveys"), find_source("twitter")).split(";")[0]
    "this export doesn't tell it"
    """
    if want.kind == "setting":
        return f"say {want.column} in service.toml"
    if want.table not in TABLES or want.kind not in ("table", "kind", "column"):
        return ""
    if source is None or source.name == OWN:
        return _own(want)
    said = _of_source(want, source, there)
    if said:
        return said
    others = [one.name for one in list_sources() if one.name != OWN and _fields(one, want)]
    has = f"; {_listed(others)} {'have' if others[1:] else 'has'} it" if others else ""
    return f"this export doesn't tell it{has}"


def _own(want):
    table = TABLES[want.table]
    if want.kind == "table":
        return f"a file {want.table}.csv with {', '.join(table.required)}"
    if want.kind == "kind":
        return f"rows with kind = {want.column} in {want.table}.csv"
    return f"a column {' or '.join(names_of(want))} in {want.table}.csv"


def _fields(source, want):
    """(table, column) of what a source has of it, or of what the loader makes it of."""
    if want.kind == "kind":  # which kinds of surveys an export holds only its rows tell
        return []
    if want.kind == "table":
        return [(want.table, None)] if want.table in source.tables else []
    columns = [(want.table, column) for column in names_of(want)]
    if want.table == "conversations":
        columns += [one for _, column in columns for one in MADE_OF.get(column, ())]
    return [(table, column) for table, column in columns if can_fill(source, table, column)]


def _of_source(want, source, there):
    """Which files of the source tell it, those that weren't found first; "" for none."""
    files = []
    for table, column in _fields(source, want):
        needed = source.spec.needs.get(f"{table}.{column}" if column else table, [])
        files += [one.split(".")[0] for one in needed]
        if column:
            files += fills(source, table, column)
        elif table in source.selects:
            files += source.made_of(table)
    files = [name for name in dict.fromkeys(files) if name in source.spec.files]
    absent = [name for name in files if name not in there]
    if absent:
        shown = " or ".join(source.spec.files[name].patterns[0] for name in absent[:3])
        return f"a file like {shown} beside the others"
    return f"an export of {_listed(files)} that holds it" if files else ""


def _listed(names, most=4):
    shown = list(names)[:most]
    return ", ".join(shown) + (f" and {len(names) - most} more" if len(names) > most else "")
