"""What is still open: what came in, what was closed, and what is left."""

import dataclasses

import pandas as pd

from toolkit import engine, words
from toolkit.clock.timeline import PERIODS
from toolkit.metrics import shapes
from toolkit.metrics.happened import BEFORE, events, scope_of, step_of, steps_there
from toolkit.metrics.registry import metric
from toolkit.tables import CLOSED_STATUSES, HISTORY_WEEK

MARGIN = 28 * 86_400  # seconds that the data reaches back before a period whose beginning it is held against
COUNTS = ("n", "closed_count", "backlog", "backlog_change")


def _is_known(rows):
    """Whether it can be said if a row is open: its status says that it is closed, and nothing says since when."""
    if "status" not in rows.columns:
        return None
    return ~(rows.closed_at.isnull() & rows.status.fill_null("").lower().isin(CLOSED_STATUSES))


@metric("tally", table="conversations", case="conversation", value="backlog")
def new_and_closed(conversations, by=None, as_of=None, zone=None):
    """Conversations opened and closed, and the backlog left at the end of each period.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `closed_at` (the last close; null while open), `status` where there is one, and the columns
        in `by`. Of a data set's table its whole past is read: what was opened before the period is part of the backlog.
        Any other table is taken as all that there is.
    by : str or list of str, optional
        Group columns, such as "channel", "project"; and one of day, week, month, quarter, year, local: each event
        counts in the one in which it happened.
    as_of : datetime, optional
        When the data was read; defaults to the data set's, else to the newest event.
    zone : str, optional
        IANA time zone of the local time.

    Returns
    -------
    Result, one row per group and period: `n` conversations opened, `closed_count`, `backlog` (open at the end of the
        period, or at `as_of` where that comes first), `backlog_change` against the beginning; counts, the last one
        with a sign. What its status calls closed at a time that isn't known is opened, and never part of the backlog.

    Raises
    ------
    MissingColumn, BadParameter
        Two parts of time in `by`, or one such as the hour.

    Source: DEFINITIONS.md#new-and-closed

    Examples
    --------
    >>> days = pd.to_datetime(["2024-03-01T09:00Z", "2024-03-01T10:00Z", "2024-03-03T10:00Z"])
    >>> frame = pd.DataFrame({"created_at": days, "closed_at": pd.to_datetime(["2024-03-02T09:00Z", None, None])})
    >>> new_and_closed(frame, by="day", zone="UTC")[["n", "closed_count", "backlog"]].values.tolist()
    [[2, 0, 2], [0, 1, 1], [1, 0, 2]]
    """
    keys, step = engine.group_keys(by), step_of(engine.group_keys(by))
    scope = scope_of(conversations, "conversations", ["created_at", "closed_at"], as_of)
    engine.refuse_nulls(scope.rows, "conversations", "created_at")
    rows = engine.as_table(scope.rows, "conversations", ["closed_at"])
    is_known = _is_known(rows)
    kinds = {"opened_": "created_at", "closed_": "closed_at"}
    if is_known is not None:  # before the keys, of which the status may be one
        scope = dataclasses.replace(scope, rows=rows.mutate(is_known_=is_known))
        kinds["unknown_"] = ("created_at", lambda rows: ~rows.is_known_)
    happened = events(scope, "conversations", keys, kinds, zone, taken=COUNTS)
    plain = [key for key in keys if key != step]
    sums = {kind: happened[kind].sum() for kind in kinds} | {"first_": happened.at_.min()}
    query = engine.aggregate(happened, [*plain, BEFORE, "step_"], **sums)

    def made(frame):
        frame = frame.assign(net_=frame["opened_"] - frame["closed_"] - frame.get("unknown_", 0))
        frame = frame.astype(dict.fromkeys([*kinds, "net_"], "int64"))
        within = frame[~frame[BEFORE].astype(bool)]
        there = steps_there(scope, step, within["step_"]) if step else {0: 0}
        rows = []
        for key, group in shapes.groups_of(frame, plain) if len(frame) or not plain else []:
            is_before = group[BEFORE].astype(bool)
            base, own = int(group.loc[is_before, "net_"].sum()), group[~is_before].groupby("step_")
            sums = own[["opened_", "closed_", "net_"]].sum()
            if not base and not sums[["opened_", "closed_"]].to_numpy().any() and plain:
                continue  # all over before the period
            if there:
                every = sums.reindex(sorted({*sums.index, *there}), fill_value=0)
                level = base + every["net_"].cumsum()
                for place, name in there.items():
                    counted = [int(every.at[place, column]) for column in ("opened_", "closed_")]
                    values = [*counted, int(level[place]), int(every.at[place, "net_"])]
                    named = dict(zip(plain, key, strict=True)) | ({step: name} if step else {})
                    rows.append(named | dict(zip(COUNTS, values, strict=True)))
        result = pd.DataFrame(rows, columns=[*keys, *COUNTS]).astype(dict.fromkeys(COUNTS, "int64"))
        return _finished(result, keys, within, frame, len(there))

    def _finished(result, keys, within, frame, steps):
        units = dict.fromkeys(COUNTS, "count") | {"backlog_change": "change in count"}
        left, before = int(frame["net_"].sum()), int(frame["net_"].sum() - within["net_"].sum())
        opened, closed = (int(within[kind].sum()) for kind in ("opened_", "closed_"))
        # where the data begins with the period, or little before it, what was open then isn't known
        first = frame["first_"].min() if len(frame) else None
        is_known = scope.data is None or (
            scope.start is not None and first is not None and first + MARGIN <= scope.start
        )
        way = "same" if left == before else "grew" if left > before else "shrank"
        way = way if is_known else "level"
        at = "period" if scope.end is not None and scope.end < scope.now else "read"
        when = words.text(f"metric.new_and_closed.told.at_{at}")
        about = {"n": left, "left": (left, "count"), "by": (abs(left - before), "count"), "when": when}
        if step in PERIODS:
            way, about["steps"] = f"{way}_since", words.text(f"step.{step}", n=steps)
        flows = {"n": opened, "opened": (opened, "count"), "closed": (closed, "count")}
        since = {"steps": about["steps"]} if "steps" in about else {}
        told = [(way, about), ("moved_since" if since else "moved", flows | since)]
        if not is_known and left:
            told.append(("begins", {}))
        if "unknown_" in frame and within["unknown_"].sum():
            told.append(("unknown", {"n": int(within["unknown_"].sum())}))
        made = shapes.finish(
            result, "new_and_closed", scope.table, keys, units, None, 0, told=told if opened or closed or left else []
        )
        # what is open is told at an instant, not over a week
        made.attrs |= {"partial": [], "is_stock": True, "stock_before": before if is_known else None, "stock_at": at}
        return made

    return shapes.run(query, made)


@metric("count", table="conversations", case="conversation", value="n", best="low", view_of="new_and_closed")
def waiting_now(conversations, by=None, as_of=None, zone=None):
    """Conversations that are open when the data is read, and how many of them came in before the period.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        As for `new_and_closed`.
    by : str or list of str, optional
        Group columns; also hour, weekday, day, week, month of creation, local.
    as_of : datetime, optional
        When the data was read; defaults to the data set's, else to the newest event.

    Returns
    -------
    Result, one row per group: `n` conversations open, `before_count` of them from before the period (0 for a table that
        isn't a data set's). What its status calls closed isn't open.

    Raises
    ------
    MissingColumn

    Source: DEFINITIONS.md#waiting-now

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "created_at": pd.to_datetime(["2024-03-01T09:00Z", "2024-03-01T10:00Z"]),
    ...     "closed_at": pd.to_datetime(["2024-03-02T09:00Z", None]),
    ... })
    >>> waiting_now(frame)["n"].tolist()
    [1]
    """
    import ibis

    keys = engine.group_keys(by)
    scope = scope_of(conversations, "conversations", ["created_at", "closed_at"], as_of)
    rows = engine.as_table(scope.rows, "conversations", ["created_at", "closed_at"])
    is_known = _is_known(rows)
    rows = rows if is_known is None else rows.filter(is_known)
    plain = [key for key in keys if key != HISTORY_WEEK or scope.data is None]
    keyed = engine.with_keys(rows, "conversations", plain, zone, taken=("n", "before_count", "share"))
    opened, closed = engine.epoch(keyed.created_at), engine.epoch(keyed.closed_at)
    readings = [(None, scope.now, scope.start)]
    if len(plain) < len(keys):
        readings = [
            (span.number, int(span.read_at.timestamp()), int(span.start.timestamp())) for span in scope.data.spans
        ]
    counts = {}
    for place, (_, now, start) in enumerate(readings):
        is_open = (opened <= now) & (closed.isnull() | (closed > now))
        counts[f"n_{place}_"] = engine.count_if(keyed, is_open)
        is_early = is_open & (opened < start) if start is not None else ibis.literal(False)
        counts[f"before_{place}_"] = engine.count_if(keyed, is_early)

    def made(frame):
        parts = []
        for place, (number, *_) in enumerate(readings):
            part = frame[plain].assign(n=frame[f"n_{place}_"], before_count=frame[f"before_{place}_"])
            parts.append(part if number is None else part.assign(**{HISTORY_WEEK: number}))
        whole = pd.concat(parts, ignore_index=True).astype({"n": "int64", "before_count": "int64"})
        whole = whole[whole["n"] > 0] if plain else whole
        total = whole["n"].sum()
        whole["share"] = whole["n"] / total if total else float("nan")
        units = {"n": "count", "before_count": "count", "share": "rate"}
        whole = whole[[*keys, "n", "share", "before_count"]].reset_index(drop=True)
        result = shapes.finish(whole, "waiting_now", scope.table, keys, units, None, 0)
        result.attrs |= {"partial": [], "is_stock": True}
        return result

    return shapes.run(engine.aggregate(keyed, plain, **counts), made)
