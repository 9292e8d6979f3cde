"""The stages of a conversation's life: how long each takes, and where the time goes."""

import datetime
import functools

from toolkit import engine
from toolkit.errors import MissingColumn
from toolkit.metrics import waits
from toolkit.metrics.choices import TIMED, choosing
from toolkit.metrics.dataset import data_of
from toolkit.metrics.registry import metric
from toolkit.metrics.response import ANSWERED_AGAIN, REOPENED, with_later_answer
from toolkit.metrics.rows import of_channels, spans
from toolkit.metrics.sums import COLUMNS, cells_of, sums
from toolkit.tables import READ_AT

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
WHOLE, LEFT, UNANSWERED = (
    "whole",
    "left",
    "unanswered",
)  # the closed ones; those told apart, as they passed no such stage


def stage(told):
    """Declare the metric of a stage: the function below says what it is, and what it computes stands in STAGES."""

    @choosing
    @functools.wraps(told)
    def stage_wait(conversations, by=None, choices=ASKED):
        table, case, chosen = _asked(conversations, choices, "clock")
        rows = _stage_rows(told.__name__, table, _read_at(table, choices.as_of), choices.reopened)
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


def _asked(conversations, choices, *told):
    """(the conversations that count, the words of one, the choices that are told, these first)."""
    table = engine.as_table(conversations, "conversations", ["created_at"])
    table, case = of_channels(table, "conversations", choices.channels)
    return table, case, choices.told(*told, "channels", *(["reopened"] if REOPENED in table.columns else []))


def _read_at(table, as_of):
    """When the data was read, the same for all stages: as told, else as the data set knows, else the newest time."""
    if as_of is not None or engine.context_of(table) is not None:
        return as_of
    epochs = [engine.epoch(table[name]) for name in TIMES if name in table.columns]
    return datetime.datetime.fromtimestamp(engine.as_of_seconds(table, epochs), datetime.UTC)


def _stage_rows(name, table, as_of, reopened):
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


@metric("sums", table="conversations", case="closed_conversation", value="share")
@choosing
def lifecycle(conversations, by=None, choices=("as_of", "zone", "channels", "reopened")):
    """The five stages side by side, and where the time of the closed conversations goes.

    Stages lie within each other: the agent's first response is a part of the agent's handling, and all but the indexing
    are parts of the total handling; the shares don't sum to 1. What was closed in the queue, without an agent, is in no
    sum of time, and what was closed without an answer in none of the agent's first response: they passed no such stage.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `closed_at`, and `indexed_at`, `team_assigned_at`, `agent_assigned_at`, `first_response_at`:
        a stage whose times aren't there has no row.
    by : str or list of str, optional
        Group columns, such as "channel"; also hour, weekday, day, week, month of creation, local.
    as_of, zone, channels, reopened :
        As for `queue_time`; the time of a closed conversation runs from its creation, or its reopening, to its last close.

    Returns
    -------
    Result, one row per stage (per group), in the order in which a conversation passes them: `n` conversations that
        entered it, `open_count` of them still in it, `total_seconds` that the closed ones spent in it, `share` of the time
        of all closed ones in [0, 1] with `low`, `high` (95 %, of a ratio of two sums over the conversations, on the logit's
        scale; null below 20 conversations); `median_seconds` with `median_low`, `median_high`, open ones included as such.
        `attrs["facts"]`: `left` closed without an agent and `left_seconds` from their creation to their close;
        `unanswered` closed without an answer and `unanswered_seconds` with their agent.

    Raises
    ------
    MissingColumn
        There is no time of closing, or no stage has both of its times.
    BadData
        A stage ends before it begins.

    Source: DEFINITIONS.md#lifecycle

    Examples
    --------
    Ten minutes in the queue, fifty with the agent:

    >>> import pandas as pd
    >>> at = pd.Timestamp("2024-03-01T09:00Z")
    >>> closed = pd.DataFrame({
    ...     "created_at": [at], "team_assigned_at": [at], "agent_assigned_at": [at + pd.Timedelta("10min")],
    ...     "closed_at": [at + pd.Timedelta("1h")],
    ... })
    >>> lifecycle(closed)[["lifecycle_stage", "total_seconds"]].values.tolist()
    [['queue_time', 600.0], ['agent_handling_time', 3000.0]]
    """
    import ibis

    part = "lifecycle_stage"
    table, case, told = _asked(conversations, choices)
    table = engine.as_table(table, "conversations", ["closed_at"])
    keys, as_of = engine.group_keys(by), _read_at(table, choices.as_of)
    there = [name for name, (start, end, *_) in STAGES.items() if {start, end} <= set(table.columns)]
    if not there:
        raise MissingColumn(
            "conversations", "agent_assigned_at", [one for one in table.columns if not one.endswith("_")]
        )
    keyed = engine.with_keys(table, "conversations", keys, choices.zone, taken=[*COLUMNS, part])
    later = [(REOPENED, False)] if choices.reopened == "restart" else []
    parts, life = [], spans(keyed, "conversations", "created_at", "closed_at", "over", as_of, None, later)
    life = life.mutate(life_=life.start_, until_=ibis.ifelse(life.is_over_, life.stop_, ibis.null("int64")))
    is_left = _is_left(life) if "queue_time" in there else ibis.literal(False)
    life = life.mutate(is_left_=is_left & life.until_.notnull(), over_=life.until_)
    life = life.mutate(until_=ibis.ifelse(life.is_left_, ibis.null("int64"), life.until_))
    lefts = life.filter(life.is_left_).mutate(start_=life.life_, stop_=life.over_)
    parts.append(_part(lefts.mutate(until_=lefts.over_), keys, part, LEFT, ibis.literal(True), ibis.literal(False)))
    asked = ["life_", "until_", *keys, *(name for name in _used(life) if name not in keys)]
    life = life.select(*asked)
    for name in there:
        rows, (_, _, ended, otherwise) = _stage_rows(name, life, as_of, choices.reopened), STAGES[name]
        is_other = rows[f"is_{otherwise[0]}_"] if otherwise else ibis.literal(False)
        parts.append(_part(rows, keys, part, name, rows[f"is_{ended}_"], is_other))
        if name == "agent_response_time":
            others = rows.filter(is_other & rows.until_.notnull())
            parts.append(_part(others, keys, part, UNANSWERED, ibis.literal(True), ibis.literal(False)))
    whole = life.filter(life.until_.notnull()).mutate(start_=life.life_, stop_=life.until_)
    parts.append(_part(whole, keys, part, WHOLE, ibis.literal(True), ibis.literal(False)))
    query = cells_of(ibis.union(*parts), [*keys, part], ("is_ended_", "is_other_"), "own_", "whole_")
    facts = {
        "outer": ["total_handling_time"],
        "overlap": int({"agent_response_time", "agent_handling_time"} <= set(there)),
    }
    return sums(lifecycle, query, table, keys, part, WHOLE, tuple(STAGES), told, None, facts, (LEFT, UNANSWERED))


def _used(table):
    """The columns of the conversations that the stages are made of."""
    also = ["status", REOPENED, ANSWERED_AGAIN, *([READ_AT] if data_of(table) else [])]
    return [name for name in (*TIMES, *also) if name in table.columns]


def _is_left(life):
    """Whether a conversation came to a team and by the reading to no agent: if it is closed, it was so in the queue."""
    team, agent = engine.epoch(life.team_assigned_at), engine.epoch(life.agent_assigned_at)
    return (team <= life.now_).fill_null(False) & ~(agent <= life.now_).fill_null(False)


def _part(rows, keys, part, name, is_ended, is_other):
    """The rows of a stage: how long it took, and how much of it lies within the life of a conversation that is closed."""
    import ibis

    own = ibis.least(rows.stop_, rows.until_) - ibis.greatest(rows.start_, rows.life_)
    is_passed = rows.until_.notnull() & ~is_other
    return rows.select(
        *keys, **{part: ibis.literal(name)}, seconds_=rows.stop_ - rows.start_, is_ended_=is_ended, is_other_=is_other,
        own_=ibis.ifelse(is_passed, ibis.greatest(own, 0), 0),
        whole_=ibis.ifelse(rows.until_.notnull(), rows.until_ - rows.life_, 0),
    )  # fmt: skip
