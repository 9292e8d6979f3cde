"""Where the time of a conversation's life goes: its stages side by side."""

from toolkit import engine
from toolkit.errors import MissingColumn
from toolkit.metrics.choices import choosing
from toolkit.metrics.dataset import data_of
from toolkit.metrics.registry import metric
from toolkit.metrics.response import ANSWERED_AGAIN, REOPENED
from toolkit.metrics.rows import spans
from toolkit.metrics.stages import STAGES, TIMES, conversations_of, read_at, stage_rows
from toolkit.metrics.sums import COLUMNS, cells_of, sums
from toolkit.tables import READ_AT

# The closed ones; those told apart, as they passed no such stage.
WHOLE, LEFT, UNANSWERED = "whole", "left", "unanswered"


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
    table, case, told = conversations_of(conversations, choices)
    table = engine.as_table(table, "conversations", ["closed_at"])
    keys, as_of = engine.group_keys(by), read_at(table, choices.as_of)
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
        rows, (_, _, ended, otherwise) = stage_rows(name, life, as_of, choices.reopened), STAGES[name]
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
