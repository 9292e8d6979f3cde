"""How many conversations are resolved, how long that takes, and how many are opened again."""

from toolkit import engine
from toolkit.metrics import shapes, waits
from toolkit.metrics.choices import CLOSING, choosing
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import closings, duration, of_channels, spans, target_of, with_target

WITHIN = ["within_rate", "within_rate_low", "within_rate_high"]


@metric("rate", table="conversations", case="conversation", value="resolution_rate", best="high")
@choosing
def resolution_rate(conversations, by=None, within="7d", choices=("as_of", "zone", "channels")):
    """The share of conversations that are closed when the data is read, and the share closed within some days.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `closed_at` (null while open), `first_closed_at` and `reopened_at` where they are there, and
        the columns in `by`.
    by : str or list of str, optional
        Group columns, such as "channel"; also hour, weekday, day, week, month of creation, local.
    within : duration
        Of the conversations that are so old, the share closed within it stands beside. Younger ones aren't judged by
        it, closed or not, else the quick ones alone would count.
    as_of, zone, channels :
        As for `first_response_time`.

    Returns
    -------
    Result, one row per group: `n` = `closed_count` + `open_count`, `resolution_rate` in [0, 1] (best 1) with `low`,
        `high` (95 % Wilson); `old_enough_count`, `within_count` of them closed within it, `within_rate` with
        `within_rate_low`, `within_rate_high`, null where none is old enough.

    Raises
    ------
    MissingColumn, BadParameter

    Source: DEFINITIONS.md#resolution-rate

    Examples
    --------
    Closed after one and after nine days, open for ten days and for one:

    >>> import pandas as pd
    >>> read = pd.Timestamp("2024-03-11T09:00Z")
    >>> conversations = pd.DataFrame({"created_at": [read - pd.Timedelta(days=d) for d in (10, 10, 10, 1)]})
    >>> conversations["closed_at"] = [read - pd.Timedelta(days=9), read - pd.Timedelta(days=1), pd.NaT, pd.NaT]
    >>> rates = resolution_rate(conversations, as_of=read)
    >>> rates[["n", "closed_count", "old_enough_count", "within_count"]].values.tolist()
    [[4, 2, 3, 1]]
    """
    seconds = duration("within", within)
    table, case = of_channels(engine.as_table(conversations, "conversations"), "conversations", choices.channels)
    rows = closings(table, choices.as_of)
    is_old = rows.start_ + seconds <= rows.now_
    rows = rows.mutate(is_old_=is_old, is_soon_=is_old & rows.is_closed_ & (rows.end_ - rows.start_ <= seconds))

    def counted(keyed):
        return {name: engine.count_if(keyed, keyed[flag]) for name, flag in beside.items()}

    def complete(frame):
        return shapes.add_rate(frame, "within_rate", "within_count", "old_enough_count", prefix="within_rate")

    def told(result):
        result.attrs["counts"] = {"within_rate": "old_enough_count"}
        result.attrs["facts"] = {"within_seconds": seconds}
        return result

    beside = {"old_enough_count": "is_old_", "within_count": "is_soon_"}
    result = shapes.rate(
        resolution_rate, rows, "closed", by, choices.zone, rest="open",
        choices={"within": str(within)} | choices.told("channels"), uses=[*beside, *WITHIN], case=case,
        target=target_of(rows, "resolution_rate"), extra=(counted, complete),
        units=dict.fromkeys(beside, "count") | {"within_rate": "rate"},
    )  # fmt: skip
    return shapes.then(result, told)


@metric("wait", table="conversations", case="conversation", value="median_seconds", best="low")
@choosing
def first_resolution_time(conversations, by=None, choices=CLOSING):
    """From the conversation's creation to its first close; what was never closed when the data is read is censored then.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `first_closed_at` (null: never closed) and the columns in `by`. Without `first_closed_at`
        the last close, `closed_at`, is the first one where nothing was opened again (`reopen_count`, `reopened_at`);
        of the others the first close isn't known, and they are left out.
    by, clock, as_of, zone, service, channels :
        As for `first_response_time`.

    Returns
    -------
    Result as that of `final_resolution_time`, but held to no target; `attrs["facts"]`: `unknown`, how many were left
        out because their first close isn't known.

    Raises
    ------
    MissingColumn, BadData
        A column isn't there, or a close lies before its conversation.

    Source: DEFINITIONS.md#first-resolution-time

    Examples
    --------
    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> conversations = pd.DataFrame({
    ...     "created_at": [start] * 3, "reopen_count": [0, 1, 0],
    ...     "first_closed_at": [start + pd.Timedelta(hours=h) for h in (1, 2)] + [pd.NaT],
    ...     "closed_at": [start + pd.Timedelta(hours=h) for h in (1, 9)] + [pd.NaT],
    ... })
    >>> first_resolution_time(conversations)[["n", "open_count", "median_seconds"]].values.tolist()
    [[3.0, 1.0, 7200.0]]
    """
    import ibis

    table, case = of_channels(engine.as_table(conversations, "conversations"), "conversations", choices.channels)
    has_first, again = "first_closed_at" in table.columns, _opened_again(table)
    table = engine.as_table(table, "conversations", ["created_at", *([] if has_first else ["closed_at"])])
    last = table.closed_at if "closed_at" in table.columns else ibis.null("timestamp")
    first = ibis.ifelse(again, ibis.null(last.type()), last)
    if has_first:
        first = ibis.coalesce(table.first_closed_at, first.cast(table.first_closed_at.type()))
    table = table.mutate(first_close_=first, is_unknown_=again & first.isnull())
    rows = spans(table, "conversations", "created_at", "first_close_", "closed", choices.as_of)
    facts = {"unknown": int(engine.to_pandas(rows.aggregate(n=engine.count_if(rows, rows.is_unknown_)))["n"].iloc[0])}
    rows = rows.filter(~rows.is_unknown_)
    chosen = {"first_close": "own" if has_first else "last"} | choices.told("clock", "channels")
    is_state = not has_first and "reopen_count" in table.columns

    def told(result):
        result.attrs |= {"facts": facts} | ({"is_state": True} if is_state else {})
        return result

    rows = rows.drop("target_") if "target_" in rows.columns else rows
    waiting = waits.Waits(rows, "closed", choices=choices, told=chosen, case=case)
    return shapes.then(waits.wait(first_resolution_time, waiting, by), told)


def _opened_again(table):
    """Whether a conversation is known to have been opened again."""
    import ibis

    known = ibis.literal(False)
    if "reopened_at" in table.columns:
        known = known | table.reopened_at.notnull()
    if "reopen_count" in table.columns:
        known = known | (table.reopen_count > 0).fill_null(False)
    return known


@metric("rate", table="conversations", case="conversation", value="reopen_rate", best="low")
def reopen_rate(conversations, by=None, zone=None):
    """The share of conversations that were opened again after a close, at least once.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `reopened_at` (null: never) or `reopen_count` (null: not known, left out), and the columns in
        `by`. A count is as of the reading: it can't be read back.
    by : str or list of str, optional
        Group columns, such as "topic"; also hour, weekday, day, week, month of creation, local.

    Returns
    -------
    Result, one row per group: `n` conversations, `reopened_count`, `reopen_rate` in [0, 1] (best 0) with `low`,
        `high` (95 % Wilson).

    Raises
    ------
    MissingColumn

    Source: DEFINITIONS.md#reopen-rate

    Examples
    --------
    >>> import pandas as pd
    >>> conversations = pd.DataFrame({
    ...     "created_at": pd.to_datetime(["2024-03-01T09:00Z"] * 3), "reopen_count": [0, 2, None],
    ... })
    >>> reopen_rate(conversations)[["n", "reopened_count"]].values.tolist()
    [[2, 1]]
    """
    rows = engine.as_table(conversations, "conversations", ["created_at"])
    is_timed = "reopened_at" in rows.columns
    if is_timed:
        if "reopen_count" in rows.columns:  # of which neither is known, nothing is
            rows = rows.filter(rows.reopened_at.notnull() | rows.reopen_count.notnull())
        rows = rows.mutate(is_reopened_=rows.reopened_at.notnull())
    else:
        rows = engine.as_table(rows, "conversations", ["reopen_count"])
        rows = rows.filter(rows.reopen_count.notnull()).mutate(is_reopened_=rows.reopen_count > 0)
    return shapes.rate(reopen_rate, rows, "reopened", by, zone, uses=["reopen_count"], is_state=not is_timed)


@metric("wait", table="conversations", case="conversation", value="median_seconds", best="low")
@choosing
def final_resolution_time(conversations, by=None, choices=CLOSING):
    """From the conversation's creation to its last close; what is open when the data is read is censored then.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `closed_at` (null while open), `first_closed_at` and `reopened_at` where they are there (read
        at an earlier instant, one that was opened again only later stood closed), and the columns in `by`.
    by, clock, as_of, zone, service, channels :
        As for `first_response_time`.

    Returns
    -------
    Result, one row per group: `n` conversations = `closed_count` + `open_count`; `median_seconds` and `p90_seconds`
        with `median_low`, ... (95 %), null where the curve doesn't reach them; `mean_closed_seconds`, the plain mean
        of those that were closed, which flatters. Seconds, 0 or more; lower is better. Where service.toml promises
        a resolution, `within_target` in [0, 1], with its interval.

    Raises
    ------
    MissingColumn, BadData
        A column isn't there, or a close lies before its conversation.

    Source: DEFINITIONS.md#final-resolution-time

    Examples
    --------
    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> conversations = pd.DataFrame({
    ...     "created_at": [start] * 3, "closed_at": [start + pd.Timedelta(hours=h) for h in (1, 2)] + [pd.NaT],
    ... })
    >>> final_resolution_time(conversations)[["n", "open_count", "median_seconds"]].values.tolist()
    [[3.0, 1.0, 7200.0]]
    """
    return waits.wait(final_resolution_time, _open_until_closed(conversations, choices), by)


def _open_until_closed(conversations, choices):
    """The waits of conversations for their last close, as the choices say."""
    table, case = of_channels(engine.as_table(conversations, "conversations"), "conversations", choices.channels)
    rows = with_target(closings(table, choices.as_of), "resolution")
    return waits.Waits(rows, "closed", choices=choices, told=choices.told("clock", "channels"), case=case)


@metric("shares", table="conversations", case="conversation", value="share")
@choosing
def resolution_buckets(conversations, by=None, edges=("4h", "1d", "3d", "7d"), choices=CLOSING):
    """How many conversations were closed for good within each span of time.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses the columns that `final_resolution_time` uses.
    edges : sequence of durations
        Upper ends, inclusive: 3600 s is within "1h".
    by, clock, as_of, zone, service, channels :
        As for `first_response_time`.

    Returns
    -------
    Result as that of `response_time_buckets`; what is open is a bucket of its own, "open". Where service.toml promises a
        resolution, `target_seconds` and `within_target` of a group whose conversations all have one target.

    Raises
    ------
    MissingColumn, BadParameter

    Source: DEFINITIONS.md#resolution-buckets

    Examples
    --------
    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> conversations = pd.DataFrame({
    ...     "created_at": [start] * 3, "closed_at": [start + pd.Timedelta(hours=h) for h in (4, 30)] + [pd.NaT],
    ... })
    >>> buckets = resolution_buckets(conversations, edges=("4h", "1d"))
    >>> buckets.loc[buckets["n"] > 0, ["bucket", "n"]].values.tolist()
    [['within 4 h', 1], ['after 24 h', 1], ['open', 1]]
    """
    waiting = _open_until_closed(conversations, choices).telling({"edges": ", ".join(map(str, edges))})
    return waits.wait_spans(resolution_buckets, waiting, by, edges, still="open")
