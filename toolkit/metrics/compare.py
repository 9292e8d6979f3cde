"""What a data set says beside its own past: the period before, the weeks until now, the groups that changed."""

from toolkit import engine
from toolkit.metrics.changes import change_by_group
from toolkit.metrics.figures import figures
from toolkit.metrics.periods import days_of, is_count, is_steady, results_of
from toolkit.metrics.previous import History, previous_period
from toolkit.metrics.registry import METRICS
from toolkit.metrics.scan import scan
from toolkit.result import interval_columns

__all__ = [
    "DEFINITION",
    "History",
    "beside_previous",
    "change_by_group",
    "compared",
    "figures",
    "previous_period",
    "scan",
    "weekly",
]

DEFINITION = METRICS["previous_period"].name  # where it is told how anything is compared


def compared(data, function, by=None, value=None, table=None, **choices):
    """A metric of a data set against its period before, with the movement of the weeks before; None without one.

    Parameters
    ----------
    data : Data
    function : a metric
    by, choices : as the metric takes them
    value : the column to compare
    table : attribute of `data`; by default the metric's own

    Examples
    --------
    >>> import toolkit
    >>> data = toolkit.open_data("data/sample", period="2024-03")
    >>> compared(data, toolkit.metrics.csat)["previous_n"].tolist() == toolkit.metrics.csat(data.previous.surveys)["n"].tolist()
    True
    """
    return None if data.previous is None else beside_previous(data, function, by, value, table, **choices)[1]


def beside_previous(data, function, by=None, value=None, table=None, **choices):
    """A metric of a data set, and the same against its period before, each table read once: (result, comparison or None).

    Parameters are those of `compared`.

    Examples
    --------
    >>> import toolkit
    >>> data = toolkit.open_data("data/sample", period="2024-03")
    >>> result, comparison = beside_previous(data, toolkit.metrics.csat, by="channel")
    >>> list(result["channel"]) == list(comparison["channel"])
    True
    """
    asked = [(function, {"by": by} | choices if by else choices, is_count(function, value))]
    table = table or METRICS[function.__name__].table
    (now,), (before,), (history,) = results_of(data, table, asked)
    if before is None:
        return now, None
    return now, previous_period(now, before, value, history, days_of(data), is_steady(data, table))


def weekly(data, function, value=None, table=None, weeks=13, **choices):
    """A metric by week, the last weeks up to the period's end, each read at its own end; None where there are too few.

    Parameters
    ----------
    data : Data
    function : a metric that can be grouped by week
    value : the column to tell, by default the metric's own
    table : attribute of `data`; by default the metric's own
    weeks : how many
    choices : as the metric takes them; `by` are further groups

    Returns
    -------
    Result, one row per week (and group), with the target that the metric is held against; weeks of which the data or
        the period holds a part only are marked as in any result by week

    Examples
    --------
    >>> import toolkit
    >>> data = toolkit.open_data("data/sample", period="2024-04")
    >>> weeks = weekly(data, toolkit.metrics.csat)
    >>> len(weeks), str(weeks["week"].iloc[0])[:10]
    (13, '2024-01-29')
    """
    view = data.last_weeks(weeks)
    if view is None:
        return None
    keys = [*engine.group_keys(choices.pop("by", None)), "week"]
    result = function(getattr(view, table or METRICS[function.__name__].table), by=keys, **choices)
    result.attrs["read_each"] = True  # what was open at the end of its week may have ended since
    if value and value in result.columns:
        result.attrs |= {"value": value, "ends": tuple(interval_columns(result.columns).get(value, ()))}
    return result
