"""What a metric or a section of a report wants and the data hasn't, and what would bring it.

>>> want = wanted(MissingColumn("conversations", "first_response_at", []))
>>> want.name, meaning(want)
('conversations.first_response_at', 'first public reply by a human agent; null while there is none')
"""

import re
from dataclasses import dataclass

from toolkit.errors import MissingColumn, MissingPackage, MissingSetting, MissingTable, UnfitSetting
from toolkit.sources import list_sources
from toolkit.sources.fields import can_fill, fills
from toolkit.tables import TABLES

OWN = "tables"  # the source of the toolkit's own tables


@dataclass(frozen=True)
class Want:
    """What is missing: its `kind` (table, kind, column, setting, package or other), its table, and its column."""

    kind: str
    table: str = ""
    column: str = ""
    said: str = ""  # of another error what it says

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
    """What the contract says of what is missing; "" where it says nothing."""
    table = TABLES.get(want.table)
    if want.kind == "table" and table:
        return f"one row per {table.row}"
    if want.kind == "kind" and table:
        return f"rows of {want.table} whose kind is {want.column}"
    known = [table.column(name).meaning for name in names_of(want) if table and name in table.names]
    return "; or ".join(known)


def names_of(want):
    """The columns of which one is wanted.

    >>> names_of(Want("column", "contacts", "created_at, started_at or sent_at"))
    ['created_at', 'started_at', 'sent_at']
    """
    return re.split(r", | or ", want.column) if want.kind == "column" else []


def brings(want, source=None, there=()):
    """What would bring it, in a sentence or two: a file of the same source, what other systems have, a setting.

    Parameters
    ----------
    want : Want
    source : Source, optional
        The one that wrote the data.
    there : names of its raw files that were found
    """
    if want.kind == "setting":
        return f"say {want.column} in service.toml"
    if want.table not in TABLES or want.kind not in ("table", "kind", "column"):
        return ""
    said = [_of_source(want, source, there)] if source is not None and source.name != OWN else [_own(want)]
    if not said[0]:
        others = [one.name for one in list_sources() if one.name != OWN and _can(one, want)]
        has = f"; {_listed(others)} {'have' if others[1:] else 'has'} it" if others else ""
        said = [f"this export doesn't tell it{has}"]
    return said[0]


def _own(want):
    table = TABLES[want.table]
    if want.kind == "table":
        return f"a file {want.table}.csv with {', '.join(table.required)}"
    if want.kind == "kind":
        return f"rows with kind = {want.column} in {want.table}.csv"
    return f"a column {' or '.join(names_of(want))} in {want.table}.csv"


def _of_source(want, source, there):
    """Which files of the source tell it that weren't found, or that it may be left out of those that were; "" for none."""
    columns = names_of(want) if want.kind == "column" else TABLES[want.table].required
    if want.kind == "kind" or not any(can_fill(source, want.table, column) for column in columns):
        return ""
    files = list(dict.fromkeys(name for column in columns for name in fills(source, want.table, column)))
    if want.kind == "table":
        files = [name for name in source.made_of(want.table) if name in source.spec.files]
    absent = [name for name in files if name not in there]
    if absent:
        shown = " or ".join(source.spec.files[name].patterns[0] for name in absent[:3])
        return f"a file like {shown} beside the others"
    return f"rows that hold it in {_listed(files)}" if files else ""


def _can(source, want):
    if want.kind != "column":
        return want.table in source.tables
    return any(can_fill(source, want.table, column) for column in names_of(want))


def _listed(names, most=4):
    shown = list(names)[:most]
    return ", ".join(shown) + (f" and {len(names) - most} more" if len(names) > most else "")
