"""What `toolkit check` doubts of a data set beside its rows: its end, promises to nobody, misspelt columns, outside figures.

>>> import toolkit
>>> doubts_of(toolkit.open_data("data/sample"))
[]
"""

import difflib

from toolkit import words
from toolkit.errors import ADDED, ToolkitError, suggestion
from toolkit.metrics import compare
from toolkit.metrics.rows import channel_setting
from toolkit.report.each import distinct
from toolkit.tables import PHONE_CHANNELS, TABLES

NEARLY = 0.85  # as difflib rates how alike two names are
MOST_VALUES = 12  # of a column that are told
GROUPS = ("default", "phone", "social")  # names of settings that stand for several channels


def doubts_of(data):
    """Sentences on what is allowed and hardly meant.

    Parameters
    ----------
    data : Data, of the whole time

    Returns
    -------
    list of str
    """
    ends = [words.note(note) for note in data.notes_of_end]
    return [*ends, *promises_to_nobody(data), *nearly_named(data), *unread_figures(data)]


def promises_to_nobody(data):
    """Of each table of targets in service.toml the channels, priorities and teams that no conversation has."""
    said, targets = [], data.service.targets
    if not data.has("conversations"):
        return said
    for setting in ("first_response", "resolution"):
        for column, suffix in (("channel", ""), ("priority", "_by_priority"), ("team", "_by_team")):
            name = f"{setting}{suffix}"
            if name not in targets.model_fields_set or column not in data.conversations.columns:
                continue
            there = sorted(str(value) for value in distinct(data.conversations, column))
            lost = [one for one in getattr(targets, name) if not _is_there(one, column, there)]
            if lost:
                hints = [one + suggestion(one, there) for one in lost]
                listed = there[:MOST_VALUES] + (["…"] if there[MOST_VALUES:] else [])
                told = {"setting": f"targets.{name}", "names": hints, "column": column, "there": listed}
                said.append(words.note(("notes.check.promised", told)))
    return said


def _is_there(name, column, there):
    folded = {value.lower() for value in there}
    if column != "channel":
        return name == "default" or name.lower() in folded
    if name.lower() in folded or name in GROUPS:
        return True
    return name.lower() in PHONE_CHANNELS and any(channel_setting(value, [name]) == name for value in there)


def nearly_named(data):
    """Columns of the data that no table knows and that are spelt nearly like one which isn't there."""
    said = []
    for name in data.tables:
        table, have = TABLES[name], data.every(name).columns
        lacking = [column for column in table.names if column not in have]
        for column in have:
            if column in table.names or column in ADDED or column.endswith("_given"):
                continue
            near = next((one for one in lacking if _is_near(column, one)), None)
            if near:
                said.append(words.note(("notes.check.nearly", {"column": f"{name}.{column}", "near": near})))
    return said


def _is_near(column, known):
    """Whether two names are one, but for a slip: as many letters, in another order, or nearly all the same.

    >>> _is_near("agnet", "agent"), _is_near("priorty", "priority"), _is_near("agents", "agent"), _is_near("team", "topic")
    (True, True, True, False)
    >>> _is_near("closed_by", "closed_at")
    False
    """
    column, known = column.lower(), known.lower()
    if sorted(column) == sorted(known):
        return True
    is_suffixed = column.split("_")[0] == known.split("_")[0] and "_" in column and "_" in known
    return not is_suffixed and difflib.SequenceMatcher(None, column, known).ratio() >= NEARLY


def unread_figures(data):
    """Why the file of figures from outside, or rows of it, can't be read."""
    if data.outside_file is None:
        return []
    file = data.outside_file.name
    try:
        unread = compare.outside_figures(data.outside).unread
    except ToolkitError as error:
        return [words.note(("notes.check.outside", {"file": file, "why": str(error)}))]
    told = [{"file": file, "line": line, "why": why} for line, why in unread]
    return [words.text("notes.outside.unread", **one) for one in told]
