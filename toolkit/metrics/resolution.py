"""How long conversations take to be resolved, and how many are opened again."""

from toolkit import engine
from toolkit.metrics import shapes, waits
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import choose, of_channels, spans, with_target


@metric("rate", table="conversations", case="conversation", value="reopen_rate", best="low")
def reopen_rate(conversations, by=None, zone=None):
    """The share of conversations that were opened again after a close, at least once.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `reopen_count` (null: not known, left out) and the columns in `by`. The count is as of the
        reading: it can't be read back.
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
    rows = engine.as_table(conversations, "conversations", ["created_at", "reopen_count"])
    rows = rows.filter(rows.reopen_count.notnull()).mutate(is_reopened_=rows.reopen_count > 0)
    return shapes.rate(reopen_rate, rows, "reopened", by, zone, uses=["reopen_count"], is_state=True)


@metric("wait", table="conversations", case="conversation", value="median_seconds", best="low")
def final_resolution_time(
    conversations, by=None, clock="calendar", as_of=None, zone=None, service=None, channels="all"
):
    """From the conversation's creation to its last close; what is open when the data is read is censored then.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `closed_at` (null while open) and the columns in `by`.
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
    choose("clock", clock, ("calendar", "business"))
    table, case = of_channels(engine.as_table(conversations, "conversations"), "conversations", channels)
    rows = with_target(spans(table, "conversations", "created_at", "closed_at", "closed", as_of), "resolution")
    choices = {"clock": clock, "channels": channels}
    return waits.wait(final_resolution_time, rows, "closed", by, zone, clock, service, None, choices, case)
