"""Periods whose volume, or whose rate, leaves what the weeks before let expect."""

import math
from functools import partial

import numpy as np
import pandas as pd

from toolkit import engine, unusual
from toolkit.clock import day_of, days_since_epoch
from toolkit.clock.timeline import parts_of
from toolkit.errors import BadParameter
from toolkit.metrics import shapes
from toolkit.metrics.dataset import own_of_all_time
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import choose
from toolkit.metrics.volume import contacts_of
from toolkit.result import Result
from toolkit.tables import TABLES

STEPS = {"hour": unusual.HOURS, "day": unusual.DAYS, "week": unusual.WEEKS}
LOOKED_BACK = {"hour": 84, "day": 84, "week": 26 * 7}  # days before the period that the expectation may rest on
SUNDAY = 6
OWN = ("expected", "low", "high", "p", "state")
FEWEST_POINTS, FEWEST_CASES = 12, 50  # of a rate by week, looking back


@metric("band", table="conversations", case="contact", value="n")
def volume_alerts(contacts, by=None, every="day", holidays="as_sunday", period=None, as_of=None, zone=None):
    """Days, hours or weeks on which more or fewer contacts came in than the weeks before let expect.

    A day is held against the same weekdays before it (an hour against the same hour of them), a week against the weeks
    before. A change is marked once, where it began; a new level that lasts is the expectation from two weeks on (of
    weeks: four).

    Parameters
    ----------
    contacts : DataFrame, ibis Table or path
        As for `inbound_volume`. Of a data set's table the weeks before the period are read, too.
    by : str or list of str, optional
        Group columns, such as "channel"; each group from its first contact on.
    every : "day", "hour" or "week"
    holidays : "as_sunday" or "left_out"
        A day on which the service is closed for a holiday is held against the Sundays and holidays before it, or
        isn't looked at; it never is what a working day is held against.
    period : Period, optional
        What is told; by default the data set's period, else all.
    as_of : datetime, optional
        What came later is not counted; a step that isn't over isn't told.

    Returns
    -------
    Result, one row per group and step: `n` contacts, `expected` (their mean before), `low` to `high` (whole counts that
        95 of 100 such steps would have), `p`, and `state`: "stands_out" (corrected for all steps and groups that were
        looked at: Benjamini and Hochberg), "goes_on" (outside too, as part of the change before it), "could_be_chance" (outside
        alone, and not beside all the others), "expected", or "unknown" (fewer than four earlier ones, of weeks seven).

    Raises
    ------
    MissingColumn, BadParameter

    Source: DEFINITIONS.md#volume-alerts

    Examples
    --------
    >>> days = pd.date_range("2024-01-01", periods=43, freq="D", tz="UTC").repeat(20)  # 20 contacts a day
    >>> more = pd.date_range("2024-02-10", periods=1, tz="UTC").repeat(40)
    >>> found = volume_alerts(pd.DataFrame({"created_at": [*days, *more]}), zone="UTC")
    >>> found[found["state"] == "stands_out"][["day", "n", "expected"]].astype(str).values.tolist()
    [['2024-02-10', '60', '20.0']]
    """
    choose("every", every, STEPS)
    choose("holidays", holidays, ("as_sunday", "left_out"))
    keys = engine.group_keys(by)
    if set(keys) & {"hour", "weekday", "day", "week", "month", "quarter", "year"}:
        raise BadParameter(f"by={keys}: the step of time is the argument every")
    whole, data = own_of_all_time(contacts, "conversations", "calls", "messages")
    rows, table, case = contacts_of(whole)
    made = [*keys, "day", *(["hour"] if every == "hour" else [])]
    keyed = engine.with_keys(rows, table, made, zone, taken=["n", *OWN])
    at = engine.epoch(rows[TABLES[table].time])
    now = as_of or (data.as_of if data is not None else None)
    period = period or (data.period if data is not None else None)
    if now is not None:
        keyed = keyed.filter(at <= engine.to_epoch(now))
    query = engine.aggregate(keyed, made, n=keyed.count())
    settings = shapes.settings_of(rows)

    def finished(frame):
        frame = frame.dropna(subset=["day"]).astype({"day": "int64", "n": "int64"})
        calendar = _Calendar(frame, data, period, settings, every, holidays)
        series = [(key, calendar.steps(group)) for key, group in shapes.groups_of(frame, keys)] if len(frame) else []
        walks = [
            partial(_walk, *(one[name].tolist() for name in ("n", "kind", "at", "is_told")), STEPS[every])
            for _, one in _kept(series)
        ]
        walked, _ = unusual.marked(walks, [one["is_told"] for _, one in _kept(series)])
        parts = []
        for (key, one), (bands, states) in zip(_kept(series), walked, strict=True):
            part = _with_bands(one, one["n"], bands, states)
            parts.append(part[part["is_told"]].assign(**dict(zip(keys, key, strict=True))))
        columns, n = [*keys, *calendar.names, "n", *OWN], int(frame["n"].sum())
        told = pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
        return _result(
            told.astype({"n": "int64"}),
            contacts if data is not None else rows,
            keys,
            calendar,
            case,
            every,
            holidays,
            n,
        )

    return shapes.run(query, finished)


def _walk(values, kinds, at, is_told, rules, threshold, has_ends):
    return unusual.walk(values, kinds, at, threshold, rules, is_told, has_ends)


def _with_bands(frame, values, bands, states):
    """The steps with what was expected of each, and how it lies against that."""
    told = {name: [getattr(band, name) for band in bands] for name in OWN[:4]}
    return frame.assign(**told, state=unusual.told_states(values, bands, states))


def _kept(series):
    return [(key, one) for key, one in series if len(one)]


class _Calendar:
    """Which steps there were, what is like what, and which of them are told."""

    def __init__(self, frame, data, period, settings, every, holidays):
        self.every, self.data = every, data
        self.names = {"hour": ["day", "hour"], "day": ["day"], "week": ["week"]}[every]
        first, last = (int(frame["day"].min()), int(frame["day"].max())) if len(frame) else (0, -1)
        self.told = (-math.inf, math.inf)
        if data is not None and data.first_event is not None:
            held = data.during("all")
            days = [part for part in held.parts("day") if part.is_complete]
            last = days_since_epoch(days[-1].last_day) if days else first - 1
        if period is not None and period.start is not None:
            self.told = days_since_epoch(period.first_day), days_since_epoch(period.last_day)
            first, last = max(first, self.told[0] - LOOKED_BACK[every]), min(last, self.told[1])
        self.first, self.last = first, last
        days = np.arange(first, last + 1)
        self.parts = parts_of(days)
        closed = settings.closed_days(day_of(first), day_of(last)) if len(days) else set()
        self.closed = {days_since_epoch(day) for day in closed}
        self.missing = set()
        if data is not None:
            self.missing = {days_since_epoch(day) for day in data.during("all").missing_days}
        self.is_left_out = holidays == "left_out"

    def steps(self, group):
        """The steps of a group from its first contact on: its names, n, kind, at, is_told."""
        begin = max(self.first, int(group["day"].min()))
        days = pd.DataFrame({name: self.parts[name] for name in ("day", "week", "weekday")})
        days = days[days["day"] >= begin]
        gone = self.missing | (self.closed if self.is_left_out and self.every != "week" else set())
        days["is_closed"] = days["day"].isin(self.closed)
        if self.every == "week":
            whole = days.groupby("week")["day"].transform("size") == 7
            lacking = days.loc[days["day"].isin(gone), "week"]
            days = days[whole & ~days["week"].isin(lacking)]
            counted = days.merge(group[["day", "n"]], how="left", on="day").fillna({"n": 0})
            made = counted.groupby("week", as_index=False)["n"].sum().assign(kind=0)
            made["at"] = made["week"].astype(float)
            inside = made["week"].between(self.told[0] - 6, self.told[1])
            return made.assign(n=made["n"].astype("int64"), is_told=inside)
        days = days[~days["day"].isin(gone)]
        days["kind"] = np.where(days["is_closed"], SUNDAY, days["weekday"])
        on = ["day"]
        if self.every == "hour":
            days = self._hours(days)
            on = ["day", "hour"]
        made = days.merge(group[[*on, "n"]], how="left", on=on).fillna({"n": 0}).astype({"n": "int64"})
        made["at"] = made["day"].astype(float)
        if self.every == "hour":
            made["kind"] = made["kind"] * 24 + made["hour"]
            made["at"] += made["hour"] / 24
        return made.assign(is_told=made["day"].between(*self.told))

    def _hours(self, days):
        """The hours of the days that were there, and as long as an hour is."""
        if self.data is not None:
            hours = self.data.during("all").hours_there()
            hours = hours[hours["is_there"] & (hours["seconds"] == 3600)][["day", "hour"]]
            return days.merge(hours, on="day").sort_values(["day", "hour"], ignore_index=True)
        return days.merge(pd.DataFrame({"hour": np.arange(24)}), how="cross")


def _result(frame, table, keys, calendar, case, every, holidays, contacts):
    units = {"n": "count", "expected": "number", "p": "number"}
    choices = {"every": every} | ({} if every == "week" else {"holidays": holidays})
    told = frame["day"].isin(calendar.closed) if "day" in frame else pd.Series(False, index=frame.index)
    days = frame.loc[told, "day"].nunique() if told.any() else 0
    facts = {"looked_at": int((frame["state"] != unusual.UNKNOWN).sum()), "holidays": int(days), "contacts": contacts}
    about = {"case": case, "ends": ("low", "high"), "facts": facts}
    result = shapes.finish(frame, "volume_alerts", table, [*keys, *calendar.names], units, choices, 0, **about)
    result.attrs["partial"] = []  # only what is over is told
    return result


def unusual_weeks(result, period=None):
    """Which weeks of a metric's result by week stand out, looking back over all of them.

    A count is held against the weeks before it, as in `volume_alerts`; a rate, too, with Laney's σ of all its weeks (at
    least 1): a plain control chart would call most weeks of a large service unusual.

    Parameters
    ----------
    result : Result of a count or a rate with one row per week (and group), such as `metrics.compare.weekly` gives; None
        where there are too few weeks, and is then returned
    period : Period, optional
        What is told; by default every week.

    Returns
    -------
    Result of the shape "band": the groups, `week`, `n` cases, the figure, `expected`, `low`, `high`, `p` and `state`, as
        `volume_alerts` gives them. Weeks of which the data holds a part only are left out, of a rate those with fewer
        than 50 cases; with fewer than 12 weeks left (of a count, seven before it) nothing is known.

    Raises
    ------
    BadParameter
        It isn't a count or a rate by week.

    Examples
    --------
    >>> weeks = pd.date_range("2024-01-01", periods=14, freq="7D")
    >>> frame = pd.DataFrame({"week": weeks, "n": 100, "hits": [12, 15, 9, 14, 11, 13, 10, 16, 12, 11, 13, 12, 40, 41]})
    >>> rates = Result.of(frame.assign(rate=frame["hits"] / 100), "csat", {"n": "count", "rate": "rate"}, ["week"])
    >>> rates.attrs |= {"shape": "rate", "value": "rate", "count": "n", "case": "answer", "roles": {"hits": "hits"}}
    >>> unusual_weeks(rates)["state"].tolist()[-3:]
    ['expected', 'stands_out', 'goes_on']
    """
    if result is None:
        return None
    attrs, value = result.attrs, result.attrs.get("value")
    unit, hits = attrs.get("units", {}).get(value), attrs.get("roles", {}).get("hits")
    is_count = unit == "count" and attrs.get("shape") == "count"
    if "week" not in attrs.get("by", ()) or not (is_count or (unit == "rate" and hits)):
        raise BadParameter("unusual_weeks takes a count or a rate by week, such as metrics.compare.weekly gives")
    keys = [key for key in attrs["by"] if key != "week"]
    frame = pd.DataFrame(result).reset_index(drop=True)
    frame = frame.drop(index=list(attrs.get("partial", ())))
    walks, groups, is_told = [], [], []
    for _, group in shapes.groups_of(frame, keys) if len(frame) else []:
        group = group.sort_values("week", kind="stable").reset_index(drop=True)
        at = np.asarray(group["week"], "datetime64[D]").astype("int64")
        is_all = period is None or period.start is None
        told = np.ones(len(group), bool) if is_all else at + 6 >= days_since_epoch(period.first_day)
        groups.append(group)
        is_told.append(list(told))
        if is_count:
            walks.append(
                partial(_walk, group[value].tolist(), [0] * len(group), at.tolist(), list(told), unusual.WEEKS)
            )
        else:
            walks.append(_rate_walk(group[hits].to_numpy(float), group["n"].to_numpy(float)))
    walked, _ = unusual.marked(walks, is_told)
    parts = []
    for group, (bands, states), told in zip(groups, walked, is_told, strict=True):
        part = _with_bands(group, group[value], bands, states)
        parts.append(part[told])
    columns = list(dict.fromkeys([*keys, "week", "n", value, *OWN]))
    made = pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
    units = {"n": "count", value: unit, "p": "number", "expected": "number" if is_count else "rate"}
    shown = Result.of(made, attrs["metric"], units, [*keys, "week"], attrs["minimum_count"], attrs["choices"])
    facts = {"looked_at": int((made["state"] != unusual.UNKNOWN).sum()) if len(made) else 0, "holidays": 0}
    facts["contacts"] = int(result["n"].sum())
    kept = {name: attrs[name] for name in ("case", "best", "zone", "notes") if name in attrs}
    shown.attrs |= kept | {"shape": "band", "value": value, "count": "n", "ends": ("low", "high"), "facts": facts}
    shown.attrs |= {"rows": [*keys, "week"], "partial": []}
    return shown


def _rate_walk(hits, n):
    """The walk of a rate by week; nothing is known of fewer than 12 weeks with 50 cases."""
    enough = n >= FEWEST_CASES
    if enough.sum() < FEWEST_POINTS:
        none = unusual.Band(*[np.nan] * 4)
        return lambda p, ends: ([none] * len(n), [unusual.UNKNOWN] * len(n))
    chance = (hits[enough].sum() + 0.5) / (n[enough].sum() + 1)
    sigma = max(1.0, unusual.moving_sigma(hits[enough] / n[enough], np.sqrt(chance * (1 - chance) / n[enough])))
    return lambda p, ends: unusual.walk_rates(hits, n, p, sigma, least=FEWEST_CASES)
