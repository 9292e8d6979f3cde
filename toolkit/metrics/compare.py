"""What a data set says beside its own past: the period before, the weeks until now, the groups that changed."""

import inspect

from toolkit import engine, words
from toolkit.errors import BadParameter, ToolkitError
from toolkit.metrics.alerts import unusual_weeks
from toolkit.metrics.benchmark import Outside, benchmark, outside_figures
from toolkit.metrics.beside import beside
from toolkit.metrics.changes import moved_together, what_moved
from toolkit.metrics.figures import figures
from toolkit.metrics.periods import against_year_ago, days_of, is_count, is_steady, of_year_ago, results_of, window_of
from toolkit.metrics.previous import History, previous_period, with_year_ago
from toolkit.metrics.registry import METRICS
from toolkit.metrics.scan import scan
from toolkit.metrics.small import hiding
from toolkit.result import interval_columns

__all__ = [
    "DEFINITION",
    "History",
    "beside",
    "beside_previous",
    "benchmarks",
    "what_moved",
    "compared",
    "figures",
    "moved_together",
    "monthly",
    "previous_period",
    "scan",
    "unusual_weeks",
    "weekly",
]

AGAINST = ("previous", "year_ago")
DEFINITION = METRICS["previous_period"].name  # where it is told how anything is compared
OUTSIDE = METRICS["benchmark"].name  # and how with figures from outside


@hiding
def compared(data, function, by=None, value=None, table=None, against="previous", **choices):
    """A metric of a data set against an earlier period, with the movement of the weeks before; None without one.

    Parameters
    ----------
    data : Data
    function : a metric
    by, choices : as the metric takes them
    value : the column to compare
    table : attribute of `data`; by default the metric's own
    against : "previous", the period before, or "year_ago", the same period a year ago (`data.previous`, `data.year_ago`);
        the former has the latter beside it, as `previous_period` says, where the data reaches back to it

    Examples
    --------
    >>> import toolkit
    >>> data = toolkit.open_data("data/sample", period="2024-03")
    >>> compared(data, toolkit.metrics.csat)["previous_n"].tolist() == toolkit.metrics.csat(data.previous.surveys)["n"].tolist()
    True
    """
    if getattr(data, _earlier(against)) is None:
        return None
    return beside_previous(data, function, by, value, table, against, **choices)[1]


def _earlier(against):
    if against not in AGAINST:
        raise BadParameter(f"against={against!r} is not known; allowed: {', '.join(AGAINST)}")
    return against


@hiding
def beside_previous(data, function, by=None, value=None, table=None, against="previous", **choices):
    """A metric of a data set, and the same against an earlier period, each table read once: (result, comparison or None).

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
    if now.attrs.get("overlaps") and now.attrs["value"] in now.columns:  # the groups don't add up to the whole
        whole = function(getattr(data, table), **choices)
        if len(whole) == 1:
            now.attrs["in_all"] = float(whole[now.attrs["value"]].iloc[0])
    (past,) = of_year_ago(data, table, asked)

    beside_past = None if past is None else against_year_ago(data, table, now, past, value, history)
    if _earlier(against) == "year_ago":
        if past is None:
            return now, None
        beside_past.attrs["against"] = against
        return now, beside_past
    if before is None:
        return now, None
    days = days_of(data, data.previous)
    comparison = previous_period(now, before, value, history, days, is_steady(data, table))
    return now, comparison if past is None else with_year_ago(comparison, beside_past)


@hiding
def benchmarks(data, outside=None):
    """Every figure from outside beside the data's own: those in the benchmark.csv beside it, or given.

    Parameters
    ----------
    data : Data
    outside : DataFrame, Ibis table or path, optional
        As `benchmark` takes it.

    Returns
    -------
    (results, unread): a Result of `benchmark` for each metric, column and set of groups, in the order of the file; and
        (line, why) of the rows that can't be read or that the data can't tell

    Examples
    --------
    >>> import pandas as pd, toolkit
    >>> data = toolkit.open_data("data/sample", period="2024-04")
    >>> outside = pd.DataFrame({"metric": ["csat", "cast"], "value": ["85 %", "1"], "name": "The industry"})
    >>> (result,), unread = benchmarks(data, outside)
    >>> result["verdict"].tolist(), unread
    (['clear'], [(3, "no metric is called “cast” (did you mean 'csat'?)")])
    """
    outside = data.outside if outside is None else outside
    if outside is None:
        return [], []
    rows, unread = outside_figures(outside)
    made, unread = [], list(unread)
    groups = [(one.metric, one.column, tuple(sorted(one.keys))) for one in rows.itertuples()]
    for name, column, keys in dict.fromkeys(groups):
        own = rows[[group == (name, column, keys) for group in groups]]
        about = METRICS[name]
        takes = inspect.signature(about.function).parameters
        choices = {"every": None} if "every" in takes else {}
        try:
            if not about.table or (keys and "by" not in takes):
                raise BadParameter(f"{name} can't be asked for, or not by group")
            result = about.function(getattr(data, about.table), **choices, **({"by": list(keys)} if keys else {}))
            one = benchmark(result, Outside(own, []), column)
        except ToolkitError:  # the data has no such table or column, or the metric no such groups
            said = words.text(f"metric.{name}.title")
            unread += [(line, words.text("notes.outside.no_table", name=said)) for line in own["line"]]
            continue
        unread += one.attrs["unread"]
        made += [one] if len(one) else []
    return made, sorted(unread)


@hiding
def weekly(data, function, value=None, table=None, weeks=13, **choices):
    """A metric by week, the last weeks up to the period's end, each read at its own end; None where there are too few.

    Of a metric that knows only after a window what became of a case each week is read by the window later, and one that
    isn't so old is left out.

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
    result = _each(data, data.last_weeks(weeks), function, "week", table, choices)
    if result is None:
        return None
    if value and value in result.columns:
        result.attrs |= {"value": value, "ends": tuple(interval_columns(result.columns).get(value, ()))}
    return result


@hiding
def monthly(data, function, table=None, months=13, **choices):
    """A metric by month, the last months up to the period's end, each read at its own end; None for fewer than two.

    For what is too rare to be told by week. Parameters and result as those of `weekly`.

    Examples
    --------
    >>> import toolkit
    >>> months = monthly(toolkit.open_data("data/sample", period="2024-04"), toolkit.metrics.nps)
    >>> len(months), str(months["month"].iloc[-1])[:7]
    (13, '2024-04')
    """
    return _each(data, data.last_months(months), function, "month", table, choices)


def _each(data, view, function, every, table, choices):
    """A metric by the spans of a view, each read as much later than at its end as the metric's window is long."""
    if view is None:
        return None
    window = window_of(function, choices)
    view = view.read_later(window, data.as_of)
    keys = [*engine.group_keys(choices.pop("by", None)), every]
    result = function(getattr(view, table or METRICS[function.__name__].table), by=keys, **choices)
    result.attrs["read_each"] = every  # what was open at the end of its week, or not answered, may have been since
    young = [str(span.first_day) for span in view.spans if not view.is_due(span, window)]
    if not young:
        return result
    kept = ~result[every].astype(str).str[:10].isin(young).to_numpy(bool)
    places = {place: new for new, place in enumerate(kept.nonzero()[0].tolist())}
    result = result[kept].reset_index(drop=True)
    result.attrs["partial"] = [places[place] for place in result.attrs["partial"] if place in places]
    return result
