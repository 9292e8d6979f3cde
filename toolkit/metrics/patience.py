"""How long callers wait for an agent before they hang up, had nobody answered first."""

import datetime

import numpy as np

from toolkit import engine
from toolkit.metrics import shapes, waits
from toolkit.metrics.calls import answer_wait, offered
from toolkit.metrics.choices import Choices
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import choose, spans

TIMES = ("started_at", "queued_at", "answered_at", "abandoned_at")
MEAN = ("mean_patience_seconds", "mean_patience_low", "mean_patience_high")
STAYED = ("stayed_rate", "stayed_rate_low", "stayed_rate_high")


def waited(calls, since="queue", as_of=None):
    """The calls that waited for an agent, with `start_`, `stop_` and `is_abandoned_`: who was answered didn't hang up so far.

    Those of which it isn't known how long they waited are left out.
    """
    import ibis

    choose("since", since, ("queue", "start"))
    rows = offered(calls, ["answered_at", "abandoned_at", *(["queued_at"] if since == "queue" else [])])
    rows = rows.filter(rows.queued_at.notnull() if since == "queue" else rows.is_abandoned_ | rows.is_answered_)
    rows = rows.mutate(was_abandoned_=rows.is_abandoned_, wait_=answer_wait(rows, since))
    rows = rows.filter(rows.wait_.notnull() | ~(rows.is_abandoned_ | rows.is_answered_))
    if as_of is None and engine.context_of(rows) is None:  # the newest event may be an answer
        times = [engine.epoch(rows[name]) for name in (*TIMES, "ended_at") if name in rows.columns]
        as_of = datetime.datetime.fromtimestamp(engine.as_of_seconds(rows, times), datetime.UTC)
    begun = "queued_at" if since == "queue" else "started_at"
    rows = spans(rows, "calls", begun, "abandoned_at", "abandoned", as_of)
    left = rows.start_ + rows.wait_
    is_over = (left <= rows.now_).fill_null(False)  # what neither hung up nor was answered still waits, unless it ended
    return rows.mutate(is_abandoned_=rows.was_abandoned_ & is_over, stop_=ibis.ifelse(is_over, left, rows.now_))


@metric("wait", table="calls", case="call", value="median_seconds", best="")
def patience(calls, by=None, since="queue", as_of=None, zone=None):
    """How long callers would wait before they hang up; who was answered first had at least the patience that it took.

    Parameters
    ----------
    calls : DataFrame, ibis Table or path; one row per offered call
        Uses `queued_at`, `answered_at`, `abandoned_at`, `outcome`, `ended_at` and `queue_seconds` where they are there, and
        the columns in `by`. Tests, and calls that never queued, are left out.
    by : str or list of str, optional
        Group columns, such as "topic"; also hour, weekday, day, week, month of the call's start, local.
    since : "queue" or "start"
        Whether the wait begins in the queue, or with the call, so that hanging up in the menu counts as well.
    as_of : datetime, optional
        When the data was read; defaults to what `open_data` knows, else the newest event.
    zone : str, optional
        IANA time zone of hours and days.

    Returns
    -------
    Result, one row per group: `n` calls = `abandoned_count` + `open_count` (answered before they hung up, or still
        waiting); `median_seconds` and `p90_seconds` of the patience with `median_low`, ... (95 %), null where the waits
        were too short to tell; `mean_abandoned_seconds`, the plain mean of those who hung up, which is no patience;
        `mean_patience_seconds` with `mean_patience_low`, `mean_patience_high`: all the waits over the number of hang-ups,
        which is the mean patience if callers are as likely to hang up in any second of their wait, and what staffing takes;
        `stayed_rate` in [0, 1], the share that did not hang up. Seconds, 0 or more; neither end is better.

    Raises
    ------
    MissingColumn, BadParameter

    Source: DEFINITIONS.md#patience

    Examples
    --------
    Hung up after 10 and 40 s; answered after 20 and 30 s, when they had not hung up so far:

    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> calls = pd.DataFrame({"started_at": [start] * 4, "queued_at": [start] * 4})
    >>> calls["abandoned_at"] = [*(start + pd.to_timedelta([10, 40], unit="s")), pd.NaT, pd.NaT]
    >>> calls["answered_at"] = [pd.NaT, pd.NaT, *(start + pd.to_timedelta([20, 30], unit="s"))]
    >>> patience(calls)[["n", "abandoned_count", "median_seconds", "mean_patience_seconds"]].values.tolist()
    [[4.0, 2.0, 40.0, 50.0]]
    """
    uses = [*MEAN, *STAYED, "queue_seconds"]
    return shapes.then(waits.wait(patience, _until_hung_up(calls, since, as_of, zone), by, uses), _with_mean)


def _until_hung_up(calls, since, as_of, zone):
    """The waits of callers for the end of their patience."""
    return waits.Waits(waited(calls, since, as_of), "abandoned", choices=Choices(zone=zone), told={"since": since})


def _with_mean(result):
    """The result with the patience of callers who may hang up in any second alike, and the share that stayed."""
    from scipy.special import chdtri

    made = []
    for _, row in result.iterrows():
        cells = result.cells(row)
        total = float((cells["cell_"] * (cells["ended_"] + cells["open_"])).sum())
        made.append((total, float(cells["ended_"].sum())))
    totals, left = np.array(made, float).reshape(-1, 2).T
    with np.errstate(divide="ignore", invalid="ignore"):
        known = np.where(left > 0, left, np.nan)
        ends = [2 * totals / chdtri(2 * known, tail) for tail in (0.025, 0.975)]
        result[MEAN[0]], result[MEAN[1]], result[MEAN[2]] = totals / known, *ends
    stayed = shapes.add_rate(result[["n"]].assign(stayed=result["n"] - left), "rate", "stayed", "n", prefix="rate")
    for name in STAYED:
        result[name] = stayed[name.removeprefix("stayed_")].to_numpy(float)
    result.attrs["units"] |= {MEAN[0]: "seconds", STAYED[0]: "rate"}
    return result


@metric("curve", table="calls", case="call", value="share", best="", view_of="patience")
def patience_curve(calls, by=None, since="queue", as_of=None, zone=None, points=200):
    """The share of callers who would have hung up within any time, had nobody answered.

    Parameters are those of `patience`; `points` is how many rows a group has at most.

    Returns
    -------
    Result, one row per group and time: `seconds`, `share` that would have hung up by then in [0, 1] with `low`, `high`, and
        `n` calls still waiting just before it. Where few still wait the curve says little.

    Source: DEFINITIONS.md#patience-curve

    Examples
    --------
    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> calls = pd.DataFrame({"started_at": [start] * 2, "queued_at": [start] * 2})
    >>> calls["abandoned_at"] = [start + pd.Timedelta(seconds=10), pd.NaT]
    >>> calls["answered_at"] = [pd.NaT, start + pd.Timedelta(seconds=20)]
    >>> patience_curve(calls)[["seconds", "share"]].values.tolist()
    [[0.0, 0.0], [10.0, 0.5], [20.0, 0.5]]
    """
    waiting = _until_hung_up(calls, since, as_of, zone)
    return shapes.then(waits.wait_curve(patience_curve, waiting, by, points), _with_times)


def _with_times(result):
    """The result, with the times that may be told: those at which enough callers of each group still waited."""
    keys, facts = result.attrs["by"], result.attrs["facts"]
    enough = result[result["n"] >= facts["minimum_count"]]
    ends = enough.groupby(keys, observed=True, dropna=False)["seconds"].max() if keys else enough["seconds"]
    last = (ends.min() if keys else ends.max()) if len(ends) else 0
    times = [seconds for seconds in waits.TOLD if seconds <= last]
    facts["times"] = tuple(times[-2:]) or (int(last),)
    return result
