"""How much comes in, and when."""

import numpy as np
import pandas as pd

from toolkit import clock, engine
from toolkit.errors import MissingColumn
from toolkit.intervals import mean_interval, silent_bound
from toolkit.metrics._common import finish

PERIODS = ("day", "week", "month", "quarter", "year")
MOST_FILLED = 100_000  # rows


def _contacts(table):
    """(table of contacts, its name in the contract): conversations, calls, or customers' messages."""
    table = engine.as_table(table, "contacts")
    for name, time in (("conversations", "created_at"), ("calls", "started_at"), ("messages", "sent_at")):
        if time in table.columns:
            opened = engine.as_table(table, name, [time])
            if name == "calls" and "outcome" in opened.columns:
                opened = opened.filter(opened.outcome.fill_null("") != "test")
            if name == "messages":
                opened = engine.as_table(opened, name, ["sender"]).filter(opened.sender == "customer")
            return opened, name
    raise MissingColumn("contacts", "created_at, started_at or sent_at", table.columns)


def inbound_volume(contacts, by=None, zone=None):
    """How many contacts came in.

    Parameters
    ----------
    contacts : DataFrame, ibis Table or path
        Conversations (by `created_at`), calls (by `started_at`, tests left out) or messages (by
        `sent_at`, the customers' ones): one row per contact.
    by : str or list of str, optional
        Group columns; also hour, weekday, day, week, month, quarter, year in local time. Days, weeks
        and months without a contact, between the first and the last, are rows with 0 in each group that there
        is (not where that would be more than 100,000 rows; the table then says so).
    zone : str, optional
        IANA time zone of the local time; tables from `open_data` carry theirs.

    Returns
    -------
    Result, one row per group: `n` contacts (0 or more) and `share` of all, in [0, 1].

    Raises
    ------
    MissingColumn
        The table has no time of contact, or not the column in `by`.

    Source: DEFINITIONS.md#inbound-volume

    Examples
    --------
    >>> import pandas as pd
    >>> contacts = pd.DataFrame({
    ...     "created_at": pd.to_datetime(["2024-03-01T09:00Z", "2024-03-01T10:00Z", "2024-03-03T10:00Z"]),
    ... })
    >>> inbound_volume(contacts, by="day", zone="Europe/Rome")["n"].tolist()
    [2, 0, 1]
    """
    table, name = _contacts(contacts)
    keys = engine.group_keys(by)
    keyed = engine.with_keys(table, name, keys, zone)
    frame = engine.to_pandas(engine.aggregate(keyed, keys, n=keyed.count()))
    frame["n"] = frame["n"].astype("int64")
    frame, is_filled = _fill_silent(frame, keys)
    total = frame["n"].sum()
    frame["share"] = frame["n"] / total if total else np.nan
    choices = {} if is_filled else {"periods without a contact": "not shown, as there are too many groups"}
    return finish(frame, "inbound_volume", table, keys, {"n": "count", "share": "rate"}, choices, minimum_count=0)


def _fill_silent(frame, keys):
    """(rows with 0 for the periods and hours in which nothing came in added, whether they were)."""
    timed = [key for key in keys if key in clock.PARTS]
    untimed = frame[frame[timed].isna().any(axis=1)]  # a contact without a time is in no period, but counts
    known = frame.drop(untimed.index)
    if not timed or known.empty:
        return frame, True
    known = known.astype(dict.fromkeys(timed, "int64"))
    whole = _timeline(known, timed)
    others = [key for key in keys if key not in timed]
    if others:
        groups = known[others].drop_duplicates()
        if len(groups) * len(whole) > MOST_FILLED:
            return frame, False
        whole = groups.merge(whole, how="cross")
    filled = whole[keys].merge(known, how="left", on=keys)
    filled["n"] = filled["n"].fillna(0).astype("int64")
    return (pd.concat([filled, untimed], ignore_index=True) if len(untimed) else filled), True


def _timeline(frame, timed):
    """Each combination of the parts of time that there was from the first contact to the last one."""
    periods = [key for key in timed if key in PERIODS]
    whole = pd.DataFrame({"weekday": np.arange(7)}) if timed.count("weekday") and not periods else pd.DataFrame([{}])
    if periods:  # combinations that occur: a day has one month and one weekday
        first = max(_first_day(key, frame[key].min()) for key in periods)
        last = min(_first_day(key, frame[key].max() + (7 if key == "week" else 1)) for key in periods)
        parts = _parts_of(np.arange(first, last))
        whole = pd.DataFrame({key: parts[key] for key in timed if key != "hour"}).drop_duplicates()
    if "hour" in timed:
        whole = whole.merge(pd.DataFrame({"hour": np.arange(24)}), how="cross")
    return whole


def _parts_of(days):
    """The parts of local time, as `clock.local_part` numbers them, of days since 1970-01-01."""
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype("int64") + 1970 * 12
    week = (days + 3) // 7 * 7 - 3
    return {"day": days, "week": week, "month": month, "quarter": month // 3, "year": month // 12} | {
        "weekday": (days + 3) % 7  # 1970-01-01 was a Thursday
    }


def _first_day(key, value):
    """The first day, since 1970-01-01, of a period."""
    if key in ("day", "week"):
        return int(value)
    month = int(value) * {"month": 1, "quarter": 3, "year": 12}[key] - 1970 * 12
    return int(np.datetime64(month, "M").astype("datetime64[D]").astype("int64"))


def volume_heatmap(contacts, period=None, zone=None):
    """Contacts per weekday and local hour, and their mean for one such weekday.

    The mean counts the weekdays that there were in the period, silent ones too.

    Parameters
    ----------
    contacts : DataFrame, ibis Table or path
        As for `inbound_volume`.
    period : Period, optional
        The days that count; by default from the first contact's day to the last one's. Days after the data
        was read don't count, where `open_data` knows when that was.
    zone : str, optional
        IANA time zone.

    Returns
    -------
    Result, 168 rows (weekday x hour): `n` contacts, `days` such weekdays, `mean` contacts on one of
        them with `low` and `high` (95 %, Student, of no less than
        Poisson's variance; where there was none, exact Poisson), all 0 or more.

    Source: DEFINITIONS.md#volume-heatmap

    Examples
    --------
    >>> import pandas as pd
    >>> contacts = pd.DataFrame({"created_at": pd.to_datetime(["2024-03-04T09:00Z", "2024-03-11T09:30Z"])})
    >>> heat = volume_heatmap(contacts, zone="UTC")
    >>> heat[(heat["weekday"] == "Monday") & (heat["hour"] == 9)][["n", "days", "mean"]].values.tolist()
    [[2.0, 2.0, 1.0]]
    """
    table, name = _contacts(contacts)
    keyed = engine.with_keys(table, name, ["day", "hour"], zone)
    frame = engine.to_pandas(engine.aggregate(keyed, ["day", "hour"], n=keyed.count())).dropna()
    if period is not None and period.start is not None:
        first, last = (pd.Timestamp(day).toordinal() - 719_163 for day in (period.first_day, period.last_day))
    elif len(frame):
        first, last = int(frame["day"].min()), int(frame["day"].max())
    else:
        first, last = 0, -1
    last = min(last, _last_day_read(table, zone, last))
    rows = []
    days = np.arange(first, last + 1)
    weekdays = (days + 3) % 7  # 1970-01-01 was a Thursday
    counted = frame.set_index(["day", "hour"])["n"] if len(frame) else pd.Series(dtype="int64")
    for weekday in range(7):
        own = days[weekdays == weekday]
        for hour in range(24):
            each = np.array([int(counted.get((day, hour), 0)) for day in own], dtype=float)
            mean = each.mean() if len(each) else np.nan
            # Counts vary by Poisson's at least: four days with the same count are no certainty.
            deviation = np.sqrt(max(each.var(ddof=1), mean)) if len(each) > 1 else np.nan
            rows.append((weekday, hour, int(each.sum()), len(each), mean, deviation))
    frame = pd.DataFrame(rows, columns=["weekday", "hour", "n", "days", "mean", "deviation"])
    frame["low"], frame["high"] = mean_interval(frame["mean"], frame["deviation"], frame["days"])
    frame["low"] = frame["low"].clip(lower=0)
    silent = (frame["n"] == 0) & (frame["days"] > 0)  # nothing was seen, which doesn't mean that nothing comes
    frame.loc[silent, "low"], frame.loc[silent, "high"] = 0.0, silent_bound(frame.loc[silent, "days"])
    units = {"n": "count", "days": "count", "mean": "number"}
    return finish(frame.drop(columns="deviation"), "volume_heatmap", table, ["weekday", "hour"], units, minimum_count=0)


def _last_day_read(table, zone, default):
    """The local day (since 1970-01-01) of the last instant before the data was read, if that is known."""
    context = engine.context_of(table)
    if context is None or context.as_of is None:
        return default
    as_of = pd.Timestamp(context.as_of)
    as_of = as_of.tz_localize("UTC") if as_of.tzinfo is None else as_of
    local = (as_of - pd.Timedelta(microseconds=1)).tz_convert(engine.zone_of(table, zone))
    return local.toordinal() - 719_163
