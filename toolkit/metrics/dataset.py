"""What a metric may ask the data set that its table came from; any other table knows nothing of it."""

from toolkit.engine import context_of


def data_of(table):
    """The data set that a table came from, of the same period; None for any other table."""
    context = context_of(table)
    return context.data if context else None


def beside(table, name):
    """Another table of the data set that a table came from, of the same period; None where there is none."""
    data = data_of(table)
    return getattr(data, name) if data and data.has(name) else None


def whole(table, name):
    """A table of the data set that a table came from, of all periods; None where there is none, and for any other table."""
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
