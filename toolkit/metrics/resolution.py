"""How long conversations take to be resolved, and how many are opened again."""

from toolkit import engine
from toolkit.metrics import shapes
from toolkit.metrics.registry import metric


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
    return shapes.rate(reopen_rate, rows, "reopened", by, zone, uses=["reopen_count"])
