"""How much comes in, and when."""

import numpy as np
import pandas as pd

from toolkit import clock, engine
from toolkit.errors import MissingColumn
from toolkit.intervals import mean_interval
from toolkit.metrics._common import finish


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
        and months without a contact, between the first and the last, are rows with 0.
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
    frame = _fill_silent(frame, keys, table.columns)
    total = frame["n"].sum()
    frame["share"] = frame["n"] / total if total else np.nan
    return finish(frame, "inbound_volume", table, keys, {"n": "count", "share": "rate"}, minimum_count=0)


def _fill_silent(frame, keys, columns):
    """Rows with 0 for the days, weeks, months and hours in which nothing came in."""
    steps = {"day": 1, "week": 7, "month": 1, "quarter": 1, "year": 1}
    timed = [key for key in keys if key in clock.PARTS and key not in columns]
    if not timed or frame.empty:
        return frame
    untimed = frame[frame[timed].isna().any(axis=1)]  # a contact without a time is in no period, but counts
    frame = frame.drop(untimed.index)
    if frame.empty:
        return untimed
    levels = []
    for key in keys:
        values = frame[key].unique()
        if key in timed and key in steps:
            values = np.arange(values.min(), values.max() + 1, steps[key])
        elif key in timed:
            values = np.arange(24 if key == "hour" else 7)
        levels.append(values)
    whole = pd.MultiIndex.from_product(levels, names=keys).to_frame(index=False)
    frame = whole.merge(frame, how="left", on=keys)
    frame["n"] = frame["n"].fillna(0).astype("int64")
    return pd.concat([frame, untimed], ignore_index=True) if len(untimed) else frame


def volume_heatmap(contacts, period=None, zone=None):
    """Contacts per weekday and local hour, and their mean for one such weekday.

    The mean counts the weekdays that there were in the period, silent ones too.

    Parameters
    ----------
    contacts : DataFrame, ibis Table or path
        As for `inbound_volume`.
    period : Period, optional
        The days that count; by default from the first contact's day to the last one's.
    zone : str, optional
        IANA time zone.

    Returns
    -------
    Result, 168 rows (weekday x hour): `n` contacts, `days` such weekdays, `mean` contacts on one of
        them with `low` and `high` (95 %, Student, of no less than
        Poisson's variance), all 0 or more.

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
    # a column of that name is not the time of the contact
    table = table.drop(*[key for key in ("weekday", "day", "hour") if key in table.columns])
    keyed = engine.with_keys(table, name, ["day", "hour"], zone)
    frame = engine.to_pandas(engine.aggregate(keyed, ["day", "hour"], n=keyed.count()))
    if period is not None and period.start is not None:
        first, last = (pd.Timestamp(day).toordinal() - 719_163 for day in (period.first_day, period.last_day))
    elif len(frame):
        first, last = int(frame["day"].min()), int(frame["day"].max())
    else:
        first, last = 0, -1
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
    units = {"n": "count", "days": "count", "mean": "number"}
    return finish(frame.drop(columns="deviation"), "volume_heatmap", table, ["weekday", "hour"], units, minimum_count=0)
