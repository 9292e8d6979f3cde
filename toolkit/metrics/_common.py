"""What every metric file does the same way: ends a frame as a `Result`."""

from toolkit import engine
from toolkit.errors import BadParameter, suggestion
from toolkit.result import Result


def settings_of(table):
    """The service's settings that the table carries, else the defaults."""
    from toolkit.service import Service

    context = engine.context_of(table)
    return context.service if context else Service()


def finish(frame, metric, table, by, units, choices=None, minimum_count=None, caption=None, count="n", rows=()):
    """The frame as a Result: labelled keys, sorted, with units and the minimum count.

    `rows` are the columns besides the keys that tell one row from another, such as the stage.
    """
    keys = engine.group_keys(by)
    frame = engine.label_keys(frame, keys)
    units = units | {key: "hour" for key in keys if key == "hour"}
    if minimum_count is None:
        minimum_count = settings_of(table).minimum_count
    result = Result.of(frame, metric, units, keys, minimum_count, choices, caption)
    result.attrs["count"] = count
    result.attrs["rows"] = [*keys, *rows]
    context = engine.context_of(table)
    result.attrs["zone"] = context.zone if context else None
    return result


def add_rate(frame, name, count, n, prefix=None):
    """Add the rate count / n and its Wilson interval; null where n is 0."""
    from toolkit.intervals import wilson

    low, high = wilson(frame[count], frame[n])
    frame[name] = (frame[count] / frame[n].where(frame[n] > 0)).astype("float64")
    ends = ("low", "high") if prefix is None else (f"{prefix}_low", f"{prefix}_high")
    frame[ends[0]], frame[ends[1]] = low, high
    return frame


def choose(name, value, allowed):
    """The value if it is allowed, else BadParameter with a suggestion."""
    if value not in allowed:
        raise BadParameter(
            f"{name}={value!r} is not allowed{suggestion(value, allowed)}; choose one of {', '.join(map(repr, allowed))}"
        )
    return value
