"""Who does how much: threads that were assigned and closed, and replies that were sent."""

from dataclasses import replace

import pandas as pd

from toolkit import engine
from toolkit.metrics import shapes
from toolkit.metrics.dataset import own_of_all_time
from toolkit.metrics.happened import BEFORE, events, scope_of, step_of, steps_there
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import replies_of, with_columns_of


@metric("tally", table="conversations", case="thread", value="n")
def workload(conversations, by=None, messages=None, as_of=None, zone=None):
    """Threads that were assigned to an agent, threads that were closed, and replies that agents sent.

    Each is counted when it happened, also of a thread that came in earlier.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `agent_assigned_at`, `closed_at` and the columns in `by`. Of a data set's table the whole past is read.
    by : str or list of str, optional
        Group columns, such as "agent", "team", "project", "channel"; and one of day, week, month, quarter, year, local.
    messages : DataFrame, ibis Table or path, optional
        One row per message: `sender`, `sent_at`, `is_public`. A data set's own are found by themselves. A group that they
        have no column for is that of their conversation; the agent is the one who wrote.
    as_of : datetime, optional
        When the data was read; defaults to the data set's, else to the newest event.

    Returns
    -------
    Result, one row per group in the order of their names: `n` threads assigned, `closed_count`, and `reply_count` where
        there are messages; counts, of which none is better high or low.

    Raises
    ------
    MissingColumn, BadParameter

    Source: DEFINITIONS.md#workload

    Examples
    --------
    >>> times = pd.to_datetime(["2024-03-01T09:00Z", "2024-03-01T10:00Z"])
    >>> frame = pd.DataFrame({"conversation_id": ["1", "2"], "created_at": times, "agent_assigned_at": times,
    ...                       "closed_at": pd.to_datetime([None, "2024-03-01T12:00Z"]), "agent": ["Ana", "Ion"]})
    >>> workload(frame, by="agent")[["agent", "n", "closed_count"]].values.tolist()
    [['Ana', 1, 0], ['Ion', 1, 1]]
    """
    import ibis

    keys, step = engine.group_keys(by), step_of(engine.group_keys(by))
    times = ["created_at", "agent_assigned_at", "closed_at"]
    scope = scope_of(conversations, "conversations", times, as_of)
    scope = replace(scope, rows=engine.as_table(scope.rows, "conversations", times))
    kinds = {"n": "agent_assigned_at", "closed_count": "closed_at"}
    happened = events(scope, "conversations", keys, kinds, zone, taken=["reply_count"])
    if messages is None and scope.data is not None and scope.data.has("messages"):
        messages = scope.data.messages
    if messages is not None:
        whole, _ = own_of_all_time(messages, "messages")
        replies = with_columns_of(replies_of(whole), keys, scope.rows)
        sent = replace(scope, rows=replies)
        sent = events(sent, "messages", keys, {"reply_count": "sent_at"}, zone, taken=kinds)
        none = ibis.literal(0, "int64")
        columns = [*[key for key in keys if key != step], BEFORE, "step_"]
        happened = ibis.union(
            happened.mutate(reply_count=none).select(*columns, *kinds, "reply_count"),
            sent.mutate(**dict.fromkeys(kinds, none)).select(*columns, *kinds, "reply_count"),
        )
        kinds |= {"reply_count": "sent_at"}
    happened = happened.filter(~happened[BEFORE])
    plain = [key for key in keys if key != step]
    groups = [*plain, *(["step_"] if step else [])]
    query = engine.aggregate(happened, groups, **{kind: happened[kind].sum() for kind in kinds})

    def made(frame):
        frame = frame.fillna(dict.fromkeys(kinds, 0)).astype(dict.fromkeys(kinds, "int64"))
        if step:
            there = steps_there(scope, step, frame["step_"])
            every = pd.DataFrame({"step_": list(there), step: list(there.values())})
            every = frame[plain].drop_duplicates().merge(every, how="cross") if plain else every
            frame = every.merge(frame, how="left", on=groups).drop(columns="step_").fillna(dict.fromkeys(kinds, 0))
        frame = frame[[*keys, *kinds]].astype(dict.fromkeys(kinds, "int64"))
        sums = {kind: int(frame[kind].sum()) for kind in kinds}
        told = [
            ("threads", {"n": sums["n"], "assigned": (sums["n"], "count"), "closed": (sums["closed_count"], "count")})
        ]
        if "reply_count" in sums:
            told.append(("replies", {"n": sums["reply_count"]}))
        told = told if any(sums.values()) else []
        return shapes.finish(frame, "workload", scope.table, keys, dict.fromkeys(kinds, "count"), None, 0, told=told)

    return shapes.run(query, made)
