"""One report for each value of a column: which values, and what the reports are called."""

import hashlib
import re
from dataclasses import dataclass, field

from toolkit import engine, words
from toolkit.errors import BadParameter, MissingColumn
from toolkit.privacy import mask
from toolkit.report.parameters import read_title
from toolkit.report.wording import column_name

MOST = 50  # reports of one notebook; a column with more values is none that people compare by


@dataclass
class Variant:
    """One report to be made: of which notebook, with which restrictions; `group` tells it from its siblings.

    `said` follows the title of one that isn't called as its notebook; `planned` is what it is of.
    """

    name: str
    notebook: str
    where: list = field(default_factory=list)
    group: dict = field(default_factory=dict)
    said: str = ""
    planned: object = None  # toolkit.report.plan.Planned

    @property
    def suffix(self):
        """What follows the title: of which part the report is."""
        if not self.group:
            return self.said
        column, value = self.group["column"], self.group["value"]
        said = words.display_name(value, column)
        return self.said + words.text("pages.each", column=column_name(column), value=said)


def variants(chosen, opened, periods, filters, each=None, warn=None):
    """The reports of a run: one of each notebook, or one of each for each value of the column `each`."""
    where = [f"{column}={value}" for column, values in filters.items() for value in values]
    if not each:
        return [Variant(name, name, where) for name in chosen]
    check_there(opened, each)
    found = []
    for name, path in chosen.items():
        view = opened.during(str(periods[name]))
        values = values_of(view.where(**filters) if filters else view, each, path.read_text(encoding="utf-8"))
        if not values and warn:
            why = f"none of its tables has a column {each!r}" if values is None else "there is no row"
            warn(f"{name} isn't made for each {each}: {why}")
        # A filter on the same column has done its part: what is left is one of its values.
        rest = [text for text in where if not text.startswith(f"{each}=")]
        for value, own in names_of(name, each, values or []).items():
            group = {"report": name, "title": read_title(path)[0] or name, "column": each, "value": value}
            found.append(Variant(own, name, [*rest, f"{each}={value}"], group))
    if not found:
        raise BadParameter(f"--each {each}: no report has a value of it in the period")
    return found


def values_of(view, column, source):
    """The values of a column for one notebook, sorted, "(none)" last; None when no table of its has the column.

    Parameters
    ----------
    view : Data
        In the period that is asked for.
    column : str
    source : str
        The notebook's text: only the tables that it names count.

    Raises
    ------
    BadParameter
        There are more than MOST.
    """
    found, is_there = set(), False
    for name, table in view.tables.items():
        if column in table.columns and re.search(rf"[.\"']{name}\b", source):
            is_there = True
            found |= distinct(table, column)
    if len(found) > MOST:
        raise BadParameter(
            f"--each {column}: there are {len(found):,} values, which would be as many reports; at most {MOST}"
        )
    return sorted(found, key=lambda value: (value == engine.NONE, value)) if is_there else None


def distinct(table, column):
    """The values of a column as texts, a set; "(none)" for a missing one."""
    values = table.select(value=engine.as_text(table[column]).nullif("").fill_null(engine.NONE))
    return set(values.distinct().execute()["value"])


def check_there(data, column):
    """Refuse a column that no table has."""
    columns = sorted({name for table in data.tables.values() for name in table.columns})
    if column not in columns:
        raise MissingColumn("the data", column, columns)


def names_of(notebook, column, values):
    """{value: name of its report}; names that differ, also where a file system takes A for a.

    Examples
    --------
    >>> names_of("waits", "team", ["Torino", "Roma sud", "(none)"])
    {'Torino': 'waits.team-Torino', 'Roma sud': 'waits.team-Roma-sud-f2ab2e', '(none)': 'waits.team-none'}
    >>> names_of("waits", "team", ["A", "a"])
    {'A': 'waits.team-A-6dcd4c', 'a': 'waits.team-a-86f7e4'}
    """
    # of a person's address or number the file's name has its kind
    slugs = {value: _slug(mask(value)) for value in values}
    alike = [slug.casefold() for slug in slugs.values()]
    names = {}
    for value, slug in slugs.items():
        is_plain = value in (slug, engine.NONE)
        if not is_plain or alike.count(slug.casefold()) > 1:
            # of the value alone: the same value has the same name on every run
            slug = f"{slug}-{hashlib.sha1(value.encode(), usedforsecurity=False).hexdigest()[:6]}".lstrip("-")
        names[value] = f"{notebook}.{_slug(column)}-{slug}"
    return names


def _slug(text):
    """Letters, digits and hyphens; short enough for a file name."""
    return re.sub(r"[^\w]+", "-", text).strip("-")[:40]
