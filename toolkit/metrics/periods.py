"""A metric over the period, the one before and the weeks before both: what is compared with what."""

from toolkit import engine
from toolkit.metrics.previous import History
from toolkit.metrics.registry import METRICS
from toolkit.metrics.shapes import together
from toolkit.tables import HISTORY_WEEK


def is_count(function, value):
    """Whether the column of a metric that is compared is a count."""
    return (value or METRICS[function.__name__].value) == "n"


def results_of(data, table, asked):
    """(results now, before, histories) of metrics of one table: each table is read once a period.

    Parameters
    ----------
    asked : list of (metric, choices, whether what is compared is a count)
    """

    def of(view, of_counts=None, more=()):
        held = getattr(view, table)
        chosen = [(f, c) for f, c, counted in asked if of_counts in (None, counted)]
        return together([lambda f=f, c=c: f(held, **c | with_keys_of(c, more)) for f, c in chosen])

    def by_week(weeks, stretches, of_counts):
        return iter([History(result, tuple(weeks.weeks), stretches) for result in of(weeks, of_counts, [HISTORY_WEEK])])

    before, within = data.weeks_before, data.weeks_within
    stretches = ()
    if within:
        names = within.week_periods
        stretches = tuple(tuple(w for w in within.weeks if names[w] == name) for name in dict.fromkeys(names.values()))
    # A count of a long period moves as the weeks within both periods do, a rate as the weeks before them.
    found = {}
    for counted in {counted for *_, counted in asked}:
        choices = [(before, ()), (within, stretches)]
        weeks, parts = next((one for one in (choices[::-1] if counted else choices) if one[0]), (None, ()))
        found[counted] = by_week(weeks, parts, counted) if weeks else None
    histories = [next(found[counted]) if found[counted] else None for *_, counted in asked]
    return of(data), of(data.previous) if data.previous is not None else [None] * len(asked), histories


def by_last_weeks(data, table, asked):
    """The results of metrics of a table by its last weeks, in one query; None for each where there are too few weeks."""
    weeks = data.last_weeks(numbered=True)
    if weeks is None:
        return [None] * len(asked)
    held = getattr(weeks, table)
    return together([lambda f=f, c=c: f(held, **c | with_keys_of(c, [HISTORY_WEEK])) for f, c, _ in asked])


def of_year_ago(data, table, asked):
    """The results of metrics of a table in the same period a year ago; None for each where the data has none."""
    past = data.year_ago
    if past is None:
        return [None] * len(asked)
    held = getattr(past, table)
    return together([lambda f=f, c=c: f(held, **c) for f, c, _ in asked])


def is_steady(data, table):
    """Whether the volume of a table doesn't jump in the period or the one before: a count then says nothing."""
    return all(jump["table"] != table.removeprefix("scored_") for jump in data.volume_warnings())


def days_of(data, before):
    """(days so far of the period, of an earlier one), for what is counted; a day missing from the data counts nothing."""
    days = data.days_so_far, before.period.days_begun(before.as_of)
    return tuple(max(1, n - len(view.missing_days)) for n, view in zip(days, (data, before), strict=True))


def with_keys_of(choices, more):
    """The `by` of a metric's choices with more keys; {} without one."""
    keys = [*engine.group_keys(choices.get("by")), *more]
    return {"by": keys} if keys else {}
