"""The stages of a conversation's life: how long each takes."""

import datetime
import functools

from toolkit import engine
from toolkit.metrics import waits
from toolkit.metrics.choices import TIMED, choosing
from toolkit.metrics.registry import metric
from toolkit.metrics.response import REOPENED, with_later_answer
from toolkit.metrics.rows import of_channels, spans

ASKED = (*TIMED, "channels", "reopened")
CLOSED = ("closed", "closed_at")
# What begins a stage, what ends it and as what, and how it may end otherwise.
STAGES = {
    "indexing_delay": ("created_at", "indexed_at", "indexed", None),
    "queue_time": ("team_assigned_at", "agent_assigned_at", "assigned", CLOSED),
    "agent_response_time": ("agent_assigned_at", "first_response_at", "answered", CLOSED),
    "agent_handling_time": ("agent_assigned_at", "closed_at", "closed", None),
    "total_handling_time": ("indexed_at", "closed_at", "closed", None),
}
TIMES = list(dict.fromkeys(time for start, end, *_ in STAGES.values() for time in (start, end)))
OVER_BY = ("team_assigned_at", "agent_assigned_at", "first_response_at", "closed_at")  # what shows that it was indexed


def stage(told):
    """Declare the metric of a stage: the function below says what it is, and what it computes stands in STAGES."""

    @choosing
    @functools.wraps(told)
    def stage_wait(conversations, by=None, choices=ASKED):
        table, case, chosen = conversations_of(conversations, choices, "clock")
        rows = stage_rows(told.__name__, table, read_at(table, choices.as_of), choices.reopened)
        _, _, ended, otherwise = STAGES[told.__name__]
        return waits.wait(told, waits.Waits(rows, ended, otherwise and otherwise[0], choices, chosen, case), by)

    about = {"table": "conversations", "case": "conversation", "value": "median_seconds", "best": "low"}
    return metric("wait", **about)(stage_wait)


@stage
def indexing_delay(conversations, by=None, choices=ASKED):
    """From the customer's publishing a message to its being stored by the system.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `indexed_at` and the columns in `by`. A conversation that was assigned, answered or closed,
        and whose time of indexing isn't known, was stored at an unknown time and is left out.
    by, clock, as_of, zone, service, channels, reopened :
        As for `queue_time`; a reopening changes nothing here.

    Returns
    -------
    Result, one row per group: `n` conversations = `indexed_count` + `open_count`, and the figures of `queue_time`.

    Raises
    ------
    MissingColumn, BadData

    Source: DEFINITIONS.md#indexing-delay

    Examples
    --------
    >>> import pandas as pd
    >>> at = pd.Timestamp("2024-03-01T09:00Z")
    >>> stored = pd.DataFrame({"created_at": [at] * 2, "indexed_at": [at + pd.Timedelta(seconds=s) for s in (20, 40)]})
    >>> indexing_delay(stored)[["n", "mean_indexed_seconds"]].values.tolist()
    [[2.0, 30.0]]
    """


@stage
def queue_time(conversations, by=None, choices=ASKED):
    """From the assignment to a team to the assignment to an agent.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `team_assigned_at`, `agent_assigned_at`, `closed_at` and `status` where they are there, and the columns in
        `by`. What never came to a team isn't counted; what was closed without an agent will never get one.
    by : str or list of str, optional
        Group columns, such as "team"; also hour, weekday, day, week, month of creation, local.
    clock : "calendar" or "business"
        Whether the time outside opening hours counts.
    as_of : datetime, optional
        When the data was read; defaults to what `open_data` knows, else the newest of the stages' times.
    zone, service : optional
        IANA zone and settings (for business time); tables from `open_data` carry theirs.
    channels : "all", "written" or "phone"
        Which conversations count.
    reopened : "restart" or "creation"
        A stage that goes on beyond a reopening (`reopened_at`) begins again then, or is counted from its first beginning.

    Returns
    -------
    Result, one row per group: `n` conversations that entered the stage = `assigned_count` + `closed_count` (closed
        without an agent) + `open_count`; `median_seconds` and `p90_seconds` with `median_low`, ... (95 %), null where the
        curve doesn't reach them; `mean_assigned_seconds`, the plain mean of those that left it, which flatters. Seconds,
        0 or more; lower is better.

    Raises
    ------
    MissingColumn, BadData
        A column isn't there, or a stage ends before it begins; `open_data` empties both times of such a stage.

    Source: DEFINITIONS.md#queue-time

    Examples
    --------
    >>> import pandas as pd
    >>> at = pd.Timestamp("2024-03-01T09:00Z")
    >>> queued = pd.DataFrame({
    ...     "created_at": [at] * 3, "team_assigned_at": [at, at, pd.NaT],
    ...     "agent_assigned_at": [at + pd.Timedelta(minutes=10), pd.NaT, pd.NaT],
    ... })
    >>> queue_time(queued, as_of="2024-03-01T10:00Z")[["n", "open_count", "median_seconds"]].values.tolist()
    [[2.0, 1.0, 600.0]]
    """


@stage
def agent_response_time(conversations, by=None, choices=ASKED):
    """From the assignment to an agent to the first public reply by a human.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `agent_assigned_at`, `first_response_at`, `closed_at` and `status` where they are there. What was answered
        before it was assigned never waited for its agent and isn't counted.
    by, clock, as_of, zone, service, channels, reopened :
        As for `queue_time`.

    Returns
    -------
    Result, one row per group: `n` conversations = `answered_count` + `closed_count` (closed without an answer) +
        `open_count`, and the figures of `queue_time`.

    Raises
    ------
    MissingColumn

    Source: DEFINITIONS.md#agent-response-time

    Examples
    --------
    >>> import pandas as pd
    >>> at = pd.Timestamp("2024-03-01T09:00Z")
    >>> assigned = pd.DataFrame({
    ...     "created_at": [at] * 2, "agent_assigned_at": [at] * 2, "first_response_at": [at + pd.Timedelta("5min")] * 2,
    ... })
    >>> agent_response_time(assigned)[["n", "median_seconds"]].values.tolist()
    [[2.0, 300.0]]
    """


@stage
def agent_handling_time(conversations, by=None, choices=ASKED):
    """From the assignment to an agent to the last close.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `agent_assigned_at`, `closed_at` and the columns in `by`.
    by, clock, as_of, zone, service, channels, reopened :
        As for `queue_time`; what was opened again after its last close is open.

    Returns
    -------
    Result, one row per group: `n` conversations = `closed_count` + `open_count`, and the figures of `queue_time`.

    Raises
    ------
    MissingColumn, BadData

    Source: DEFINITIONS.md#agent-handling-time

    Examples
    --------
    >>> import pandas as pd
    >>> at = pd.Timestamp("2024-03-01T09:00Z")
    >>> handled = pd.DataFrame({
    ...     "created_at": [at] * 2, "agent_assigned_at": [at] * 2, "closed_at": [at + pd.Timedelta("2h")] * 2,
    ... })
    >>> agent_handling_time(handled)[["n", "median_seconds"]].values.tolist()
    [[2.0, 7200.0]]
    """


@stage
def total_handling_time(conversations, by=None, choices=ASKED):
    """From the storing of a conversation by the system to its last close.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `indexed_at`, `closed_at` and the columns in `by`.
    by, clock, as_of, zone, service, channels, reopened :
        As for `agent_handling_time`.

    Returns
    -------
    Result, one row per group: `n` conversations = `closed_count` + `open_count`, and the figures of `queue_time`.

    Raises
    ------
    MissingColumn, BadData

    Source: DEFINITIONS.md#total-handling-time

    Examples
    --------
    >>> import pandas as pd
    >>> at = pd.Timestamp("2024-03-01T09:00Z")
    >>> handled = pd.DataFrame({
    ...     "created_at": [at] * 2, "indexed_at": [at] * 2, "closed_at": [at + pd.Timedelta("3h")] * 2,
    ... })
    >>> total_handling_time(handled)[["n", "median_seconds"]].values.tolist()
    [[2.0, 10800.0]]
    """


def conversations_of(conversations, choices, *told):
    """(the conversations that count, the words of one, the choices that are told, these first)."""
    table = engine.as_table(conversations, "conversations", ["created_at"])
    table, case = of_channels(table, "conversations", choices.channels)
    return table, case, choices.told(*told, "channels", *(["reopened"] if REOPENED in table.columns else []))


def read_at(table, as_of):
    """When the data was read, the same for all stages: as told, else as the data set knows, else the newest time."""
    if as_of is not None or engine.context_of(table) is not None:
        return as_of
    epochs = [engine.epoch(table[name]) for name in TIMES if name in table.columns]
    return datetime.datetime.fromtimestamp(engine.as_of_seconds(table, epochs), datetime.UTC)


def stage_rows(name, table, as_of, reopened):
    """The conversations that entered a stage by the reading, with how it ended."""
    start, end, ended, otherwise = STAGES[name]
    later = [(REOPENED, False)] if reopened == "restart" and name != "indexing_delay" else []
    if later and end == "first_response_at":
        table = with_later_answer(table)
    rows = spans(table, "conversations", start, end, ended, as_of, otherwise, later)
    if name == "indexing_delay":
        known = [rows[time] for time in OVER_BY if time in rows.columns and rows[time].type().is_timestamp()]
        for time in known:
            rows = rows.filter(rows.is_indexed_ | (engine.epoch(rows[time.get_name()]) > rows.now_).fill_null(True))
    if name == "agent_response_time":
        rows = rows.filter(~(rows.is_answered_ & (rows.end_ < rows.start_)))
    return rows
