"""Help pages against calls: what goes together, not what causes what."""

import numpy as np
import pandas as pd

from toolkit import engine
from toolkit.clock import PARTS
from toolkit.clock.timeline import parts_of
from toolkit.errors import BadParameter, MissingTable
from toolkit.intervals import student_quantile
from toolkit.metrics import shapes
from toolkit.metrics.dataset import beside, data_of
from toolkit.metrics.registry import metric
from toolkit.metrics.volume import contacts_of

FEWEST_DAYS = 7  # of which the movement from day to day says how sure a ratio of two counts is


@metric("figure", table="site_visits", case="call", value="visits_per_call", best="high", view_of="call_deflection")
def visits_per_call(site_visits, by=None, calls=None, zone=None):
    """Visits to help pages for each call received; what goes together, not what causes what.

    Parameters
    ----------
    site_visits : DataFrame, ibis Table or path; one row per help page and local day
        Uses `day`, `visits` and the columns in `by`.
    by : str or list of str, optional
        "topic" or another column that both tables have; also weekday, day, week, month, quarter, year.
    calls : the same for the calls
        By default those of the data set. Uses `started_at` (its local day) and `outcome`: tests are left out.
    zone : str, optional
        IANA time zone of the days; tables from `open_data` carry theirs.

    Returns
    -------
    Result, one row per group: `n` calls, `visits_count`, `visits_per_call` (0 or more, null without a call) with
        `low`, `high` (95 %, from how both move from day to day; null for fewer than seven days); `days`. Only days
        from the first to the last that both tables reach are counted.

    Raises
    ------
    MissingTable, MissingColumn, BadParameter
        There are no calls; a group is of one of the tables only.

    Source: DEFINITIONS.md#visits-per-call

    Examples
    --------
    >>> visits = pd.DataFrame({"day": pd.to_datetime(["2024-03-01", "2024-03-02"]), "visits": [30, 50]})
    >>> calls = pd.DataFrame({"started_at": pd.to_datetime(["2024-03-01T09:00Z", "2024-03-02T09:00Z"])})
    >>> visits_per_call(visits, calls=calls, zone="UTC")[["n", "visits_count", "visits_per_call"]].values.tolist()
    [[2.0, 80.0, 40.0]]
    """
    table, keys = engine.as_table(site_visits, "site_visits", ["day", "visits"]), engine.group_keys(by)
    taken = ["n", "visits_count", "visits_per_call", "low", "high", "days"]
    calls = _calls_of(table) if calls is None else calls
    received = contacts_of(engine.as_table(calls, "calls", ["started_at"]))[0]
    if "hour" in keys:
        raise BadParameter("by='hour': visits to help pages are known by day")
    others = [key for key in keys if key not in PARTS]
    engine.check_keys(table, "site_visits", others, taken=[*taken, "visits"])
    held = engine.with_keys(table, "site_visits", others)
    day = held.day if held.day.type().is_timestamp() else held.day.cast("timestamp")
    held = held.select(*others, day_=engine.floor_div(engine.epoch(day), 86_400), visits_=held.visits.cast("int64"))
    received = engine.with_keys(received, "calls", [*others, "day"], zone)
    received = received.select(*others, day_=received.day)
    held = held.mutate(calls_=held.day_ * 0)
    received = received.mutate(visits_=received.day_ * 0, calls_=received.day_ * 0 + 1)
    names = [*others, "day_", "visits_", "calls_"]
    both = held.select(*[held[name].name(name) for name in names]).union(received.select(*names))
    query = both.group_by([*others, "day_"]).aggregate(visits_=both.visits_.sum(), calls_=both.calls_.sum())

    def made(frame):
        frame = _where_both(frame.dropna(subset=["day_"]).fillna({"visits_": 0}))
        days = parts_of(frame["day_"].to_numpy("int64"))
        frame = frame.assign(**{key: days[key] for key in keys if key in PARTS})
        every = np.unique(frame["day_"])
        rows = []
        for key, group in shapes.groups_of(frame, keys) if len(frame) or not keys else []:
            within = every
            for part, value in zip(keys, key, strict=True):
                if part in PARTS:
                    within = within[parts_of(within)[part] == value]
            rows.append(dict(zip(keys, key, strict=True)) | _ratio(group, within))
        frame = pd.DataFrame(rows, columns=[*keys, *taken]).astype(
            {"n": "int64", "visits_count": "int64", "days": "int64"}
        )
        frame[taken[2:5]] = frame[taken[2:5]].astype("float64")
        units = {"n": "count", "visits_count": "count", "visits_per_call": "number", "days": "number"}
        return shapes.finish(
            frame, "visits_per_call", table, keys, units, ends=("low", "high"), facts={"no_cause": True}
        )

    return shapes.run(query, made)


def _calls_of(table):
    data, calls = data_of(table), beside(table, "calls")
    if calls is None:
        raise MissingTable(
            data.absent("calls") if data else "visits_per_call needs the calls, too: pass calls=", "calls"
        )
    return calls


def _where_both(frame):
    """The days from the first to the last that have visits and calls: outside them one of the tables says nothing."""
    known = [frame.loc[frame[name] > 0, "day_"] for name in ("visits_", "calls_")]
    if not all(len(days) for days in known):
        return frame.iloc[:0]
    first, last = max(days.min() for days in known), min(days.max() for days in known)
    return frame[frame["day_"].between(first, last)]


def _ratio(group, days):
    """Visits for each call, with an interval from how both move from day to day, no narrower than Poisson's."""
    daily = group.groupby("day_")[["visits_", "calls_"]].sum().reindex(days, fill_value=0).to_numpy(float)
    visits, calls = daily.sum(axis=0)
    made = {"n": int(calls), "visits_count": int(visits), "days": len(days)}
    if not calls:
        return made | dict.fromkeys(("visits_per_call", "low", "high"), np.nan)
    ratio, low, high, k = visits / calls, np.nan, np.nan, len(days)
    if k >= FEWEST_DAYS and visits:
        left = daily[:, 0] - ratio * daily[:, 1]
        moved = k / (k - 1) * float(left @ left) / visits**2
        half = student_quantile(k - 1) * np.sqrt(max(moved, 1 / visits + 1 / calls))
        low, high = ratio * np.exp(-half), ratio * np.exp(half)
    return made | {"visits_per_call": ratio, "low": float(low), "high": float(high)}
