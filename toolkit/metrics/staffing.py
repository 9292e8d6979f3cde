"""How many agents calls need, hour by hour, and where fewer were seen."""

import math

import numpy as np
import pandas as pd

from toolkit import engine
from toolkit.clock import days_since_epoch, humanize, open_hours
from toolkit.clock.timeline import parts_of
from toolkit.erlang import agents_needed
from toolkit.errors import BadParameter, UnfitSetting
from toolkit.intervals import counts_per_time, mean_interval
from toolkit.metrics import shapes
from toolkit.metrics.calls import answer_wait, offered
from toolkit.metrics.dataset import hours_there
from toolkit.metrics.handling import PARTS, handle_seconds
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import choose, duration

SEEN = 3  # answered calls an hour for each agent needed, from which on nearly all who are there answer one
SUMS = ["n", "answered_", "handled_", "handle_", "wait_", "left_", "seen_", "met_", "timed_"]
COLUMNS = ["n", "days", "mean", "mean_low", "mean_high", "agents_needed", "low", "high", "agents_seen", "shortfall"]
TAKEN = [*COLUMNS, "agents_scheduled", "is_open"]


# A plain function: it sets a formula on measured figures, and no shape of counts, rates or times does that.
@metric("need", table="calls", case="call", value="agents_needed")
def staffing(
    calls, by=("weekday", "hour"), target=None, within=None, model="erlang_a", shrinkage=0.0, handle_time=None,
    patience=None, period=None, zone=None, service=None,
):  # fmt: skip
    """How many agents each hour needs so that enough calls are answered in time, and how many were seen answering.

    From the mean number of calls that reached the agents in such an hour, their mean handle time and the callers' mean
    patience, by Erlang's formulas. It supposes that calls come by chance at one rate through the hour and that every agent
    may take every call; a call counts in the hour in which it began.

    Parameters
    ----------
    calls : DataFrame, ibis Table or path; one row per offered call
        Uses `started_at`, `outcome` (else `answered_at`, `abandoned_at`), `queued_at`, `talk_seconds`, `hold_seconds`,
        `wrap_up_seconds` and `agent`. Calls that were answered, or hung up in the queue, count.
    by : str or list of str
        "hour", or weekday and hour; other columns, such as "queue", are groups with agents of their own. The hour is
        always one of them.
    target : float in (0, 1), optional
        The share of calls to be answered in time; by default `targets.service_level`, else `targets.compliance`.
    within : duration, optional
        What is in time; by default `targets.answer_within`.
    model : "erlang_a" or "erlang_c"
        Whether callers hang up (after the patience measured), or wait for as long as it takes.
    shrinkage : float in [0, 1)
        The share of paid time in which agents are away: with one, `agents_scheduled` says how many to plan.
    handle_time, patience : duration, optional
        In place of those that were measured over all the calls of a group.
    period : Period, optional
        The days that count; by default from the first call's day to the last one's.
    zone, service : optional
        IANA zone and settings; tables from `open_data` carry theirs. Where they name opening hours only these count.

    Returns
    -------
    Result, one row per hour (and group): `n` calls, `days` on which that hour was there, `mean` calls in one of them with
        `mean_low`, `mean_high` (95 %, Poisson's, as much wider as calls vary more from day to day), `agents_needed` with
        `low`, `high` for these ends, `agents_seen`: the mean number of agents who answered a call of that hour, which is no
        more than were there, and `shortfall`, needed less seen and no less than 0, null below three answered calls for each agent needed, as
        then agents who are there may answer none. Numbers of agents, 0 or more. What each call took, and how long
        callers wait before they hang up, stand in `attrs["facts"]`, with how many calls of the hours with enough of them were
        in fact answered in time (`met`), of those of which that is known (`timed`).

    Raises
    ------
    MissingColumn, BadParameter
    UnfitSetting
        The target in service.toml is 0 or 1: no number of agents answers all calls in time for sure.

    Source: DEFINITIONS.md#staffing

    Examples
    --------
    Ten calls of 3 minutes in one hour, each answered at once:

    >>> start = pd.Timestamp("2024-03-04T09:00Z") + pd.to_timedelta(range(10), unit="min")
    >>> calls = pd.DataFrame({
    ...     "started_at": start, "queued_at": start, "answered_at": start, "abandoned_at": pd.NaT,
    ...     "talk_seconds": 180, "hold_seconds": 0, "wrap_up_seconds": 0, "agent": ["Ada", "Bo"] * 5,
    ... })
    >>> hour = staffing(calls, by="hour", zone="UTC").query("hour == 9")
    >>> hour[["n", "mean", "agents_needed", "agents_seen"]].values.tolist()
    [[10.0, 10.0, 2.0, 2.0]]
    """
    choose("model", model, ("erlang_a", "erlang_c"))
    if not 0 <= shrinkage < 1:
        raise BadParameter(f"shrinkage={shrinkage!r} is not allowed; it is a share from 0 to below 1, such as 0.3")
    others, timed = _keys(by)
    rows = _reached(calls, model, patience)
    settings = service or shapes.settings_of(rows)
    aim = _aim(settings.targets, target, within)
    keyed = engine.with_keys(rows, "calls", [*others, "day", "hour"], zone, ["agent"], TAKEN)
    keyed = _timed(keyed, model, handle_time, patience)  # after the keys, which ask for the first and the last time
    agent = engine.as_text(keyed.agent).nullif("") if "agent" in keyed.columns else None
    query = engine.aggregate(
        keyed, [*others, "day", "hour"],
        n=keyed.count(), answered_=engine.count_if(keyed, keyed.is_answered_), handled_=keyed.seconds_.count(),
        handle_=keyed.seconds_.cast("float64").sum(), wait_=keyed.wait_.cast("float64").sum(),
        left_=engine.count_if(keyed, keyed.is_abandoned_ & keyed.wait_.notnull()),
        met_=engine.count_if(keyed, keyed.is_answered_ & (keyed.waited_ <= aim["seconds"]).fill_null(False)),
        timed_=engine.count_if(keyed, keyed.is_timed_),
        seen_=keyed.count() * 0 if agent is None else agent.nunique(where=keyed.is_answered_),
    )  # fmt: skip
    asked = {
        "handle": None if handle_time is None else duration("handle_time", handle_time),
        "patience": None if patience is None else duration("patience", patience),
    }
    opened = (
        settings if engine.opening_hours_of(rows) or (service and "opening_hours" in service.model_fields_set) else None
    )

    def made(frame):
        there = _hours(frame, rows, period, opened)
        parts, facts = [], {}
        for key, group in shapes.groups_of(frame, others) if len(frame) or not others else []:
            measured = _measured(group, asked, model)
            part = _of_group(group, there, timed, aim, measured, agent is not None)
            parts.append(part.assign(**dict(zip(others, key, strict=True))))
            facts = aim | measured
        whole = (
            pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*others, *timed, *COLUMNS, "told_"])
        )
        if shrinkage:
            whole["agents_scheduled"] = np.ceil(whole["agents_needed"] / (1 - shrinkage) - 1e-9)
        if opened is not None and timed == ["weekday", "hour"]:
            held = open_hours(opened)
            places = zip(whole["weekday"], whole["hour"], strict=True)
            whole["is_open"] = [place in held for place in places]
            whole.loc[~whole["is_open"].astype(bool), ["agents_needed", "low", "high"]] = (
                0.0  # who is closed needs nobody
            )
        facts = facts if not others else dict(aim)
        return _result(whole, rows, [*others, *timed], model, shrinkage, facts)

    return shapes.run(query, made)


def _keys(by):
    """(the columns that are groups, weekday and hour as far as they are asked for)."""
    from toolkit.clock import PARTS

    keys = engine.group_keys(by)
    wrong = [key for key in keys if key in PARTS and key not in ("weekday", "hour")]
    if wrong:
        raise BadParameter(
            f"by={wrong[0]!r}: agents are needed by weekday and hour, each the mean of the days there were"
        )
    timed = ["weekday", "hour"] if "weekday" in keys else ["hour"]
    return [key for key in keys if key not in timed], timed


def _reached(calls, model, patience):
    """The calls that reached the agents: answered, or hung up in the queue."""
    rows = offered(calls, ["abandoned_at"] if model == "erlang_a" and patience is None else [])
    rows = rows.filter(rows.is_answered_ | rows.is_abandoned_)
    return rows.filter(rows.is_answered_ | rows.queued_at.notnull()) if "queued_at" in rows.columns else rows


def _timed(rows, model, handle_time, patience):
    """The calls with how long each took, and waited; null where that isn't asked for."""
    import ibis

    took, waited, known = ibis.null("int64"), ibis.null("int64"), ibis.null("int64")
    if handle_time is None:
        took = ibis.ifelse(rows.is_answered_, handle_seconds(rows, PARTS), took)
    if model == "erlang_a" and patience is None:
        rows = engine.as_table(rows, "calls", ["answered_at"])
        waited = _wait(rows)
    is_timed = ibis.literal(False)
    if "answered_at" in rows.columns and "abandoned_at" not in rows.columns:
        rows = rows.mutate(abandoned_at=ibis.null(rows.answered_at.type()))
    if "answered_at" in rows.columns:  # else nobody knows who was answered in time
        known = _wait(rows)
        is_timed = rows.is_abandoned_ | known.notnull()
    return rows.mutate(seconds_=took, wait_=waited, waited_=known, is_timed_=is_timed)


def _wait(rows):
    """How long each call waited, in the queue where that is known."""
    return answer_wait(rows, "queue" if "queued_at" in rows.columns else "start")


def _aim(targets, target, within):
    """The share that should be answered, and the seconds within which."""
    setting = "compliance" if targets.service_level is None else "service_level"
    share = getattr(targets, setting) if target is None else target
    if not 0 < share < 1:
        if target is None:
            needed = "agents can only be counted for a share of calls above 0 and below 1, such as 0.95"
            raise UnfitSetting(f"targets.{setting}", share, needed)
        raise BadParameter(f"target={share!r} is not allowed; it is a share between 0 and 1, such as 0.8")
    seconds = targets.answer_within if within is None else duration("within", within)
    return {"target": float(share), "seconds": seconds}


def _measured(group, asked, model):
    """The mean handle time of a group's calls, and the mean patience of its callers; null where it isn't known."""
    sums = group[SUMS].sum()  # of what isn’t known nothing is added
    handle, patience = asked["handle"], asked["patience"]
    if handle is None:
        handle = float(sums["handle_"] / sums["handled_"]) if sums["handled_"] else math.nan
    if model == "erlang_c":
        patience = math.inf
    elif patience is None:  # nobody who hung up: nobody would
        patience = float(sums["wait_"] / sums["left_"]) if sums["left_"] else math.inf
    return {"handle_seconds": handle, "patience_seconds": patience}


def _hours(frame, rows, period, opened):
    """day, weekday, hour of the hours that count: those that were there and, where they are known, were open."""
    known = frame.dropna(subset=["day"])
    if period is not None and period.start is not None:
        first, last = days_since_epoch(period.first_day), days_since_epoch(period.last_day)
    else:
        first, last = (int(known["day"].min()), int(known["day"].max())) if len(known) else (0, -1)
    there = hours_there(rows, first, last)
    if there is None:
        days = pd.DataFrame({"day": np.arange(first, last + 1)})
        days["weekday"] = parts_of(days["day"].to_numpy())["weekday"]
        there = days.merge(pd.DataFrame({"hour": np.arange(24)}), how="cross")
    if opened is None or not len(there):
        return there
    from toolkit.clock import day_of

    held, ends = open_hours(opened), (day_of(int(there["day"].min())), day_of(int(there["day"].max())))
    closed = {days_since_epoch(day) for day in opened.closed_days(*ends)}
    is_open = [place in held for place in zip(there["weekday"], there["hour"], strict=True)]
    return there[np.array(is_open, bool) & ~there["day"].isin(closed)].reset_index(drop=True)


def _of_group(group, there, timed, aim, measured, has_agents):
    """The hours of one group: calls, what they need, who was seen."""
    hours = there.merge(group[["day", "hour", *SUMS]].dropna(subset=["day"]), how="left", on=["day", "hour"]).fillna(
        dict.fromkeys(SUMS, 0.0)
    )
    cells = hours.groupby(timed).agg(
        n=("n", "sum"), days=("n", "size"), mean=("n", "mean"), spread=("n", "var"), answered=("answered_", "mean"),
        met_=("met_", "sum"), timed_=("timed_", "sum"),
        agents_seen=("seen_", "mean"), seen_spread=("seen_", "var"),
    )  # fmt: skip
    if timed == ["weekday", "hour"]:
        cells = cells.reindex(pd.MultiIndex.from_product([range(7), range(24)], names=timed))
    else:
        cells = cells.reindex(pd.Index(range(24), name="hour"))
    cells = cells.reset_index().fillna({"n": 0, "days": 0}).astype({"n": "int64", "days": "int64"})
    free, some = (cells["days"] - 1).clip(lower=0), cells["mean"] > 0
    # how much more calls vary from day to day than by chance alone, over all hours
    excess = float((free * cells["spread"] / cells["mean"])[some].sum())
    factor = max(1.0, excess / free[some].sum()) if free[some].sum() else 1.0
    made = cells[[*timed, "n", "days", "mean"]].copy()
    made["mean_low"], made["mean_high"] = counts_per_time(cells["n"], cells["days"], factor)

    def need(means):
        return [_need(mean, aim, measured) for mean in means]

    made["agents_needed"], made["low"], made["high"] = (
        need(made["mean"]),
        need(made["mean_low"]),
        need(made["mean_high"]),
    )
    seen = cells["agents_seen"] if has_agents else cells["agents_seen"] * np.nan
    made["agents_seen"] = seen.to_numpy(float)
    is_seen = (
        has_agents & (cells["days"] > 1) & (cells["answered"] >= SEEN * made["agents_needed"]) & (cells["answered"] > 0)
    )
    made["shortfall"] = (made["agents_needed"] - seen).clip(lower=0).where(is_seen)
    # of all that is looked at: a shortfall is clear where fewer calls would need more agents than were seen in a fuller one
    level = 1 - 0.05 / max(int(is_seen.sum()), 1)
    fewest = counts_per_time(cells["n"], cells["days"], factor, level)[0]
    _, most_seen = mean_interval(seen, np.sqrt(cells["seen_spread"]), cells["days"], level)
    at_least = np.array(
        [_need(mean, aim, measured) if told else np.nan for mean, told in zip(fewest, is_seen, strict=True)]
    )
    made["told_"] = at_least > most_seen
    made[["met_", "timed_"]] = cells[["met_", "timed_"]].fillna(0).astype("int64").to_numpy()
    return made


def _need(mean, aim, measured):
    """The agents that so many calls an hour need; null where it isn't known how many come, or how long they take."""
    handle = measured["handle_seconds"]
    if np.isnan(mean) or np.isnan(handle):
        return np.nan
    if handle <= 0:
        return float(mean > 0)
    patience = max(measured["patience_seconds"], 0.001)
    try:
        return float(agents_needed(round(float(mean), 4), handle, aim["target"], aim["seconds"], patience))
    except OverflowError as error:
        raise BadParameter(f"handle_time: {humanize(handle)} a call would need {error}") from None


def _result(frame, rows, keys, model, shrinkage, facts):
    """The frame as a result, with what its finding and its chart need."""
    short = frame[frame["told_"].to_numpy(bool)]
    facts = facts | {"short": len(short), "is_seen": bool(frame["shortfall"].notna().any())}
    worst = short["shortfall"].idxmax() if len(short) else None
    frame = frame.assign(is_worst_=[at == worst for at in frame.index])
    columns = [
        *keys,
        *COLUMNS,
        *[name for name in ("agents_scheduled", "is_open", "is_worst_", "met_", "timed_") if name in frame.columns],
    ]
    units = {"n": "count"} | dict.fromkeys(
        ["days", "mean", "agents_needed", "agents_seen", "shortfall", "agents_scheduled"], "number"
    )
    choices = {"model": model} | {
        name: humanize(round(facts[f"{name}_seconds"]))
        for name in ("handle", "patience")
        if np.isfinite(facts.get(f"{name}_seconds", np.nan))
    }
    choices |= {"shrinkage": f"{shrinkage:.0%}"} if shrinkage else {}
    result = shapes.finish(frame[columns], "staffing", rows, keys, units, choices, ends=("low", "high"), facts=facts)
    found = np.flatnonzero(result["is_worst_"].to_numpy(bool))
    result.attrs["facts"]["standout"] = int(found[0]) if len(found) else None
    if "timed_" in result.columns:  # of the hours of which something is told
        told = result[result.enough().to_numpy(bool) & result["agents_needed"].notna().to_numpy(bool)]
        result.attrs["facts"] |= {name: int(told[f"{name}_"].sum()) for name in ("met", "timed")}
    return result.drop(columns=[name for name in ("is_worst_", "met_", "timed_") if name in result.columns])
