"""What a metric may ask the data set that its table came from; any other table knows nothing of it."""

import copy
import functools

from toolkit.backend import backend_of
from toolkit.engine import context_of
from toolkit.tables import READ_AT, TABLES


def data_of(table):
    """The data set that a table came from, of the same period; None for any other table."""
    context = context_of(table)
    return context.data if context else None


def beside(table, name):
    """Another table of the data set that a table came from, of the same period; None where there is none."""
    data = data_of(table)
    return getattr(data, name) if data and data.has(name) else None


def whole(table, name):
    """A table of the data set that a table came from, of all periods and without its filters, as to look for whatever else
    a customer did; None where there is none, and for any other table."""
    data = data_of(table)
    return data.whole(name) if data else None


def hours_there(table, first, last):
    """day, weekday, hour of the hours that were there, from one local day (since 1970-01-01) to another.

    Only a data set knows; None for any other table.
    """
    data = data_of(table)
    if data is None:
        return None
    hours = data.hours_there()
    return hours[hours["is_there"] & hours["day"].between(first, last)][["day", "weekday", "hour"]]


def own_of_all_time(table, *names):
    """(rows, data): the same table of the data set over all of its time, with its filters, and the data set; what is
    counted by when something happened needs what came in before the period, too.

    A table that isn't one of a data set's own (a frame, rows that were filtered) is all that there is: (table, None).
    """
    data = data_of(table) if hasattr(table, "equals") and hasattr(table, "schema") else None
    if data is None:
        return table, None
    for name in names:
        # weeks of which each is read at its own end are joined to their readings, each time anew
        is_weeks = data.spans and READ_AT in table.columns and TABLES[name].key[0] in table.columns
        if data.has(name) and (is_weeks or table.equals(getattr(data, name))):
            return getattr(data.during("all"), name), data
    return table, None


def made_once(function):
    """A helper whose rows of a data set's table are made once for the same choices: an expression never changes.

    Several metrics ask for the same rows, and to make them of twenty columns takes longer than to run a short query.
    Frames and tables of no data set are taken as they come.
    """

    @functools.wraps(function)
    def made(table, *given, **named):
        import ibis

        if not isinstance(table, ibis.Table) or context_of(table) is None:
            return function(table, *given, **named)
        chosen = (*given, *named.values())
        if any(not isinstance(one, (str, int, tuple, type(None))) for one in chosen):
            return function(table, *given, **named)  # other tables among them
        key = (function, table.op(), given, tuple(named.items()), tuple(map(type, chosen)))  # 1 is no True
        held = backend_of(table).__dict__.setdefault("_toolkit_made", {})
        if key not in held:
            held[key] = function(table, *given, **named)
        found = held[key]
        return tuple(map(copy.copy, found)) if isinstance(found, tuple) else found

    return made
