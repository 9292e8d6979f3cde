"""Who is still waiting for an answer, and for what customers wait longest in all."""

from toolkit import engine
from toolkit.metrics import shapes
from toolkit.metrics.choices import WAITING, choosing
from toolkit.metrics.means import mean
from toolkit.metrics.registry import metric
from toolkit.metrics.response import asked
from toolkit.metrics.sums import COLUMNS, cells_of, sums
from toolkit.metrics.waits import timed


@metric("mean", table="conversations", case="waiting_conversation", value="median_seconds", best="low")
@choosing
def response_wait(conversations, by=None, choices=WAITING):
    """How long those who still wait for a first response have waited by the time the data was read.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `first_response_at`, `closed_at` and `status` where they are there, and the columns in `by`.
        What was closed without an answer waits no more.
    by, clock, as_of, zone, service, bot_only, channels, since, reopened :
        As for `first_response_time`.

    Returns
    -------
    Result, one row per group: `n` conversations that are waiting, `mean_seconds` with `mean_low`, `mean_high` (95 %,
        Hall), `median_seconds` with `median_low`, `median_high` (95 %, by order), `p90_seconds`, `longest_seconds`:
        plain figures of what has passed so far. Seconds, 0 or more; lower is better.

    Raises
    ------
    MissingColumn

    Source: DEFINITIONS.md#response-wait

    Examples
    --------
    >>> import pandas as pd
    >>> read = pd.Timestamp("2024-03-01T12:00Z")
    >>> conversations = pd.DataFrame({
    ...     "created_at": [read - pd.Timedelta(hours=h) for h in (1, 2, 6, 9)],
    ...     "first_response_at": [pd.NaT, pd.NaT, pd.NaT, read],
    ... })
    >>> response_wait(conversations, as_of=read)[["n", "median_seconds", "longest_seconds"]].values.tolist()
    [[3.0, 7200.0, 21600.0]]
    """
    waiting = asked(conversations, choices)
    rows = waiting.rows.filter(~waiting.rows.is_answered_ & ~waiting.rows.is_closed_)
    rows = timed(rows, choices.opening(rows))

    def with_longest(result):
        """The result with the longest wait of each group, to the second up to two hours."""
        cells = [result.cells(row) for _, row in result.iterrows()]
        longest = [float("nan") if one is None or not len(one) else float(one["cell_"].max()) for one in cells]
        result.insert(result.columns.get_loc("p90_seconds") + 1, "longest_seconds", longest)
        result.attrs["units"]["longest_seconds"] = "seconds"
        result.attrs["is_stock"] = True  # who waits when it is read, however long the period is
        return result

    uses = ["longest_seconds"]
    return shapes.then(mean(response_wait, rows, by, choices.zone, waiting.told, uses), with_longest)


@metric("sums", table="conversations", case="conversation", value="share", best="low")
@choosing
def slow_topics(conversations, by=None, choices=WAITING):
    """The topics by the waiting time that they add in all: where fewer or faster answers would save customers most.

    A wait lasts to the first response, to a close without one, or to the reading for what is waiting.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `topic`, `created_at`, `first_response_at`, `closed_at` and `status` where they are there.
    by : str or list of str, optional
        Group columns besides the topic; the shares of a group sum to 1.
    clock, as_of, zone, service, bot_only, channels, since, reopened :
        As for `first_response_time`.

    Returns
    -------
    Result, one row per topic (per group), the one that adds most first: `n` conversations, `open_count` of them
        waiting, `total_seconds` waited, `share` of all waiting time in [0, 1] with `low`, `high` (95 %, of a ratio of two
        sums over the conversations, on the logit's scale; null below 20 conversations); `median_seconds` to the first
        response with `median_low`, `median_high`, from the cumulative incidence, null where it isn't reached.

    Raises
    ------
    MissingColumn, BadData

    Source: DEFINITIONS.md#slow-topics

    Examples
    --------
    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> conversations = pd.DataFrame({
    ...     "topic": ["bill", "bill", "app"], "created_at": [start] * 3,
    ...     "first_response_at": [start + pd.Timedelta(hours=h) for h in (1, 2, 1)],
    ... })
    >>> slow_topics(conversations)[["topic", "n", "total_seconds", "share"]].values.tolist()
    [['bill', 2, 10800.0, 0.75], ['app', 1, 3600.0, 0.25]]
    """
    waiting = asked(conversations, choices)
    rows = engine.as_table(waiting.rows, "conversations", ["topic"])
    keys = [key for key in engine.group_keys(by) if key != "topic"]
    keyed = engine.with_keys(rows, "conversations", [*keys, "topic"], choices.zone, taken=COLUMNS)
    keyed = timed(keyed, choices.opening(rows))
    query = cells_of(keyed, [*keys, "topic"], ("is_answered_", "is_closed_"))
    return sums(slow_topics, query, rows, keys, "topic", choices=waiting.told, case=waiting.case)
