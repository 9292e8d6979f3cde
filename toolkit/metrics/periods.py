"""A metric over the period, the one before and the weeks before both: what is compared with what.

What became of a case may be known only some time after it: whether the customer came back within a week, say. A period
and the one before are read at the same age, and of each the cases that are old enough are judged. A week read at its own
end would have none; so the weeks of such a metric are each read by its window later.
"""

import datetime
import inspect

from toolkit import engine
from toolkit.metrics.previous import History, previous_period
from toolkit.metrics.registry import METRICS
from toolkit.metrics.rows import duration
from toolkit.metrics.shapes import together
from toolkit.tables import HISTORY_WEEK

YEAR_AGO_FIGURES = 10


def is_count(function, value):
    """Whether the column of a metric that is compared is a count."""
    return (value or METRICS[function.__name__].value) == "n"


def window_of(function, choices):
    """How long after a case a metric knows what became of it, by its choices; none of most metrics.

    >>> from toolkit.metrics import bot_containment, csat, first_contact_resolution
    >>> window_of(csat, {}), str(window_of(first_contact_resolution, {"days": 3})), str(window_of(bot_containment, {}))
    (datetime.timedelta(0), '3 days, 0:00:00', '7 days, 0:00:00')
    """
    name = METRICS[function.__name__].window
    if not name:
        return datetime.timedelta(0)
    given = choices.get(name, inspect.signature(function).parameters[name].default)
    return datetime.timedelta(seconds=duration(name, f"{given}d" if name == "days" else given))


def results_of(data, table, asked):
    """(results now, before, histories) of metrics of one table: each table is read once a period.

    Parameters
    ----------
    asked : list of (metric, choices, whether what is compared is a count)
    """

    def of(view, kind=None, more=()):
        held = getattr(view, table)
        chosen = [(f, c) for f, c, counted in asked if kind in (None, (counted, window_of(f, c)))]
        return together([lambda f=f, c=c: f(held, **c | with_keys_of(c, more)) for f, c in chosen])

    def by_week(weeks, stretches, kind):
        view = weeks.read_later(kind[1], data.as_of)
        return iter([History(result, tuple(weeks.weeks), stretches) for result in of(view, kind, [HISTORY_WEEK])])

    before, within = data.weeks_before, data.weeks_within
    stretches = ()
    if within:
        names = within.week_periods
        stretches = tuple(tuple(w for w in within.weeks if names[w] == name) for name in dict.fromkeys(names.values()))
    # A count of a long period moves as the weeks within both periods do, a rate as the weeks before them.
    kinds, found = [(counted, window_of(f, c)) for f, c, counted in asked], {}
    for kind in dict.fromkeys(kinds):
        choices = [(before, ()), (within, stretches)]
        weeks, parts = next((one for one in (choices[::-1] if kind[0] else choices) if one[0]), (None, ()))
        found[kind] = by_week(weeks, parts, kind) if weeks else None
    histories = [next(found[kind]) if found[kind] else None for kind in kinds]
    return of(data), of(data.previous) if data.previous is not None else [None] * len(asked), histories


def by_last_weeks(data, table, asked):
    """The results of metrics of a table by its last weeks, in one query; None for each where there are too few weeks."""
    weeks = data.last_weeks(numbered=True)
    if weeks is None:
        return [None] * len(asked)
    windows, found = [window_of(f, c) for f, c, _ in asked], {}
    for window in dict.fromkeys(windows):
        held = getattr(weeks.read_later(window, data.as_of), table)
        own = [(f, c) for (f, c, _), one in zip(asked, windows, strict=True) if one == window]
        calls = [lambda f=f, c=c, held=held: f(held, **c | with_keys_of(c, [HISTORY_WEEK])) for f, c in own]
        found[window] = iter(together(calls))
    return [next(found[window]) for window in windows]


def of_year_ago(data, table, asked):
    """The results of metrics of a table in the same period a year ago; None for each where the data has none."""
    past = data.year_ago
    if past is None:
        return [None] * len(asked)
    held = getattr(past, table)
    return together([lambda f=f, c=c: f(held, **c) for f, c, _ in asked])


def against_year_ago(data, table, now, past, value, history):
    """A metric's result beside that of a year ago, as `previous_period` compares them.

    Verdicts are corrected as for ten figures, about what a report's head tells, however many stand beside: that of a
    figure is the same wherever it is shown, and among ten figures that didn't change one is called clear in one report
    of twenty at most. A table of more rows is corrected for these.
    """
    steady = is_steady(data, table) and is_steady(data.year_ago, table) and data.is_like_year_ago(table)
    return previous_period(now, past, value, history, days_of(data, data.year_ago), steady, YEAR_AGO_FIGURES)


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
