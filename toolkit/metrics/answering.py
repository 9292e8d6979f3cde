"""How fast calls are answered, and how many in time."""

import numpy as np
import pandas as pd

from toolkit import engine
from toolkit.clock import humanize
from toolkit.metrics import shapes
from toolkit.metrics.calls import answer_wait, offered
from toolkit.metrics.means import mean
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import choose, duration

FORMULAS = ("offered", "no_short_abandons", "short_abandons_met", "answered")
COUNTS = ("late_count", "abandoned_count", "short_abandoned_count", "unknown_count")


@metric("mean", table="calls", case="answered_call", value="mean_seconds", best="low")
def average_speed_of_answer(calls, by=None, since="queue", unqueued="zero", zone=None):
    """How long answered calls waited for the agent.

    Parameters
    ----------
    calls : DataFrame, ibis Table or path; one row per offered call
        Uses `started_at`, `answered_at`, `queued_at`, `queue_seconds` where it is told, and the columns in `by`.
    since : "queue" or "start"
        Whether the wait begins in the queue (the menu is no waiting) or with the call.
    unqueued : "zero" or "out"
        An answered call that never queued waited 0 s, or is left out.

    Returns
    -------
    Result, one row per group: `n` answered calls, `mean_seconds` (the average speed of answer) with `mean_low`,
        `mean_high` (95 %, Hall's for skewed waits; null below 20 calls), `median_seconds` with `median_low`,
        `median_high` (95 %, by order), `p90_seconds`; 0 or more, lower is better. Where service.toml says
        `answer_within`, `within_target`, the share answered within it. Answered calls without a time of answer are
        left out, and counted in `attrs["facts"]`.

    Source: DEFINITIONS.md#average-speed-of-answer

    Examples
    --------
    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> calls = pd.DataFrame({
    ...     "started_at": [start] * 3, "queued_at": [start, start, None], "outcome": ["answered"] * 3,
    ...     "answered_at": [start + pd.Timedelta(seconds=s) for s in (30, 60, 5)],
    ... })
    >>> average_speed_of_answer(calls)[["n", "mean_seconds"]].values.tolist()
    [[3.0, 30.0]]
    """
    choose("since", since, ("queue", "start"))
    choose("unqueued", unqueued, ("zero", "out"))
    rows = offered(calls, ["answered_at", *(["queued_at"] if since == "queue" else [])])
    rows = rows.filter(rows.is_answered_)
    if since == "queue" and unqueued == "out":  # also where the system tells 0 s for a call that never queued
        rows = rows.filter(rows.queued_at.notnull())
    rows = rows.mutate(seconds_=answer_wait(rows, since))
    choices = {"since": since} | ({"unqueued": unqueued} if since == "queue" else {})
    targets = shapes.settings_of(rows).targets
    within = (targets.answer_within, targets.compliance) if "answer_within" in targets.model_fields_set else None
    return mean(average_speed_of_answer, rows, by, zone, choices, ["queue_seconds"], within)


@metric("rate", table="calls", case="call", value="service_level", best="high")
def service_level(calls, by=None, within=None, formula="offered", since="queue", short_abandon=None, zone=None):
    """The share of calls that were answered within a time, by one of the formulas that the field uses.

    Parameters
    ----------
    calls : DataFrame, ibis Table or path; one row per offered call
        Uses `started_at`, `answered_at`, `queued_at`, `abandoned_at`, `outcome` and `queue_seconds` where they are
        there, and the columns in `by`. What neither was answered nor hung up (tests, calls contained in the menu) is in none.
    by : str or list of str, optional
        Group columns, such as "queue"; also hour, weekday, day, week, month, in local time.
    within : duration, optional
        The longest wait that counts as in time, itself included; by default `targets.answer_within` of service.toml,
        and 20 s where it says nothing.
    formula : "offered", "no_short_abandons", "short_abandons_met" or "answered"
        Answered in time over all calls that were answered or hung up; the same without those that hung up at once;
        those that hung up at once counted as if they had been answered in time; over answered calls only.
    since : "queue" or "start"
        Whether the wait begins in the queue, so that calls that hung up before it don't count, or with the call.
    short_abandon : duration, optional
        What is short, itself included; by default `short_abandon` of service.toml.
    zone : str, optional
        IANA time zone of hours and days; tables from `open_data` carry theirs.

    Returns
    -------
    Result, one row per group: `n` calls that the formula counts, `met_count`, `service_level` in [0, 1] (best 1) with
        `low`, `high` (95 % Wilson); whatever the formula `late_count` answered later, `abandoned_count` hung up, but
        not at once, `short_abandoned_count` hung up at once, and `unknown_count` answered calls without a time of
        answer, which no formula counts. The share that is wanted is `targets.service_level`, else `targets.compliance`.

    Raises
    ------
    MissingColumn, BadParameter

    Source: DEFINITIONS.md#service-level

    Examples
    --------
    Answered after 20 and after 21 s; hung up after 3 s:

    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> calls = pd.DataFrame({"started_at": [start] * 3, "queued_at": [start] * 3})
    >>> calls["answered_at"] = [start + pd.Timedelta(seconds=20), start + pd.Timedelta(seconds=21), pd.NaT]
    >>> calls["abandoned_at"] = [pd.NaT, pd.NaT, start + pd.Timedelta(seconds=3)]
    >>> [service_level(calls, formula=one).loc[0, ["met_count", "n"]].tolist() for one in FORMULAS]
    [[1, 3], [1, 2], [2, 3], [1, 2]]
    """
    choose("formula", formula, FORMULAS)
    rows, choices, about = _timed(calls, within, since, short_abandon)
    is_met = rows.is_met_ | rows.is_short_ if formula == "short_abandons_met" else rows.is_met_
    is_counted = {
        "no_short_abandons": rows.is_known_ & ~rows.is_short_,
        "answered": rows.is_known_ & rows.is_answered_,
    }.get(formula, rows.is_known_)
    rows = rows.mutate(is_met_=is_met, is_counted_=is_counted)
    case = "answered_call" if formula == "answered" else "call"
    plan = shapes.rate(
        service_level, rows, "met", by, zone, choices={"formula": formula} | choices, uses=[*COUNTS, "queue_seconds"],
        case=case, target=about["wanted"], extra=(_other_counts, lambda frame: frame.astype(dict.fromkeys(COUNTS, "int64"))),
        units=dict.fromkeys(COUNTS, "count"), among="counted",
    )  # fmt: skip
    return shapes.then(plan, lambda result: _within(result, about["seconds"]))


def _timed(calls, within, since, short_abandon):
    """(the calls that were answered or hung up, with what they were; the choices; the time and the share wanted)."""
    choose("since", since, ("queue", "start"))
    needs = ["answered_at", *(["queued_at"] if since == "queue" else [])]
    rows = offered(calls, needs)
    settings = shapes.settings_of(rows)
    seconds = settings.targets.answer_within if within is None else duration("within", within)
    short = duration("short_abandon", settings.short_abandon if short_abandon is None else short_abandon)
    rows = rows.filter(rows.is_answered_ | rows.is_abandoned_)
    if since == "queue":  # who hangs up in the menu never asked the queue
        rows = rows.filter(rows.is_answered_ | rows.queued_at.notnull())
    wait = answer_wait(rows, since)
    rows = rows.mutate(
        is_known_=rows.is_abandoned_ | wait.notnull(),
        is_met_=rows.is_answered_ & (wait <= seconds).fill_null(False),
        is_late_=rows.is_answered_ & (wait > seconds).fill_null(False),
        is_short_=rows.is_abandoned_ & (wait <= short).fill_null(False),
    )
    choices = {"within": humanize(seconds), "since": since, "short_abandon": humanize(short)}
    # another time than the service's own is held against no target
    targets, wanted = settings.targets, None
    if within is None and {"answer_within", "service_level"} & targets.model_fields_set:
        wanted = targets.compliance if targets.service_level is None else targets.service_level
    return rows, choices, {"seconds": seconds, "wanted": wanted}


def _other_counts(keyed):
    is_long = keyed.is_abandoned_ & ~keyed.is_short_
    flags = (keyed.is_late_, is_long, keyed.is_short_, ~keyed.is_known_)
    return {name: engine.count_if(keyed, flag) for name, flag in zip(COUNTS, flags, strict=True)}


def _within(result, seconds):
    """The result, whose target says within what time."""
    if result.attrs["target"]:
        result.attrs["target"]["seconds"] = seconds
    return result


@metric("rate", table="calls", case="call", value="service_level", best="high", view_of="service_level")
def service_level_by_formula(calls, within=None, since="queue", short_abandon=None):
    """The service level by each of the formulas that the field uses, side by side.

    Parameters
    ----------
    calls : DataFrame, ibis Table or path; one row per offered call
        As for `service_level`.
    within, since, short_abandon :
        As for `service_level`.

    Returns
    -------
    Result, one row per formula: `formula` (those of `service_level`, and "answered_less_short": over answered calls
        less those that hung up at once, which one system can be set to; no set of calls, so that it has no interval, and
        null where it would be above 1), and the columns of `service_level`.

    Source: DEFINITIONS.md#service-level-by-formula

    Examples
    --------
    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> calls = pd.DataFrame({"started_at": [start] * 4, "queued_at": [start] * 4})
    >>> calls["answered_at"] = [*(start + pd.to_timedelta([20, 21, 25], unit="s")), pd.NaT]
    >>> calls["abandoned_at"] = [pd.NaT] * 3 + [start + pd.Timedelta(seconds=3)]
    >>> service_level_by_formula(calls)[["formula", "met_count", "n"]].values.tolist()
    [['offered', 1, 4], ['no_short_abandons', 1, 3], ['short_abandons_met', 2, 4], ['answered', 1, 3], ['answered_less_short', 1, 2]]
    """
    table = engine.as_table(calls, "calls", ["started_at"])
    return shapes.then(
        service_level(table, None, within, "offered", since, short_abandon), lambda result: _by_formula(result, table)
    )


def _by_formula(result, table):
    """Of the counts of one set of calls, the service level by each formula."""
    row, attrs = result.iloc[0], result.attrs
    met, late, left, short = (int(row[name]) for name in ("met_count", *COUNTS[:3]))
    sums = {
        "offered": (met, met + late + left + short),
        "no_short_abandons": (met, met + late + left),
        "short_abandons_met": (met + short, met + late + left + short),
        "answered": (met, met + late),
        "answered_less_short": (met, max(met + late - short, 0)),
    }
    frame = pd.DataFrame([{"formula": name, "n": n, "met_count": hits} for name, (hits, n) in sums.items()])
    frame = shapes.add_rate(frame, "service_level", "met_count", "n")
    last = frame["formula"] == "answered_less_short"
    frame.loc[last, ["low", "high"]] = np.nan
    frame.loc[frame["met_count"] > frame["n"], "service_level"] = np.nan
    frame = frame.assign(**{name: int(row[name]) for name in COUNTS})
    choices = {name: value for name, value in attrs["choices"].items() if name != "formula"}
    about = {name: attrs[name] for name in ("roles", "ends")} | {"rows": ["formula"], "ordered": True}
    return shapes.finish(frame, "service_level_by_formula", table, [], attrs["units"], choices, **about)
