"""How much comes in, and when."""

import numpy as np
import pandas as pd

from toolkit import engine
from toolkit.clock import days_since_epoch, is_open, open_hours
from toolkit.clock.timeline import parts_of
from toolkit.errors import MissingColumn
from toolkit.intervals import mean_interval, silent_bound
from toolkit.metrics import shapes
from toolkit.metrics.calls import reached
from toolkit.metrics.dataset import hours_there
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import of_channels
from toolkit.tables import TABLES


def contacts_of(table):
    """(table of contacts, its name in the contract, the words key of one): conversations, calls, or customers' messages."""
    table = engine.as_table(table, "contacts")
    for name, time in (("conversations", "created_at"), ("calls", "started_at"), ("messages", "sent_at")):
        if time in table.columns:
            opened = engine.as_table(table, name, [time])
            if name == "calls":
                opened = reached(opened)
            if name == "messages":
                opened = engine.as_table(opened, name, ["sender"]).filter(opened.sender == "customer")
            return opened, name, {"messages": "customer_message"}.get(name, name.removesuffix("s"))
    raise MissingColumn("contacts", "created_at, started_at or sent_at", table.columns)


@metric("count", table="conversations", case="contact", value="n")
def inbound_volume(contacts, by=None, zone=None, channels="all"):
    """How many contacts came in.

    Parameters
    ----------
    contacts : DataFrame, ibis Table or path
        Conversations (by `created_at`), calls (by `started_at`, tests and failed ones left out; each leg that was offered) or messages (by
        `sent_at`, the customers' ones): one row per contact.
    by : str or list of str, optional
        Group columns; also hour, weekday, day, week, month, quarter, year in local time. Days, weeks
        and months without a contact, between the first and the last, are rows with 0 in each group that there
        is (not where that would be more than 100,000 rows; the table then says so).
    zone : str, optional
        IANA time zone of the local time; tables from `open_data` carry theirs.
    channels : "all", "written" or "phone"
        Which contacts count; but for all of them the table needs its `channel`.

    Returns
    -------
    Result, one row per group: `n` contacts (0 or more) and `share` of all, in [0, 1].

    Raises
    ------
    MissingColumn
        The table has no time of contact, or not the column in `by`.
    BadParameter
        There are no such channels.

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
    rows, table, case = contacts_of(contacts)
    rows, of = of_channels(rows, table, channels)
    choices = {} if channels == "all" else {"channels": channels}
    return shapes.count(inbound_volume, rows, by, zone, table, of if of and table == "conversations" else case, choices)


@metric("grid", table="conversations", case="contact", value="mean")
def volume_heatmap(contacts, period=None, zone=None, hours=None):
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
    hours : DataFrame, optional
        day (since 1970-01-01), weekday and hour of the hours that count. By default those that a data set knows to have been there:
        not those after it was read, not those that the clock skips, not the days that are missing from it.

    Returns
    -------
    Result, 168 rows (weekday x hour): `n` contacts, `days` on which that hour was there, `mean` contacts on one of
        them with `low` and `high` (95 %, Student, of no less than
        Poisson's variance; where there was none, exact Poisson), all 0 or more. Where the settings of the data set name
        opening hours, `is_open`: whether the hour lies in those of a normal week; and `attrs["facts"]["outside"]`, the
        contacts (`hits` of `n`) that came outside them, holidays included.

    Source: DEFINITIONS.md#volume-heatmap

    Examples
    --------
    >>> import pandas as pd
    >>> contacts = pd.DataFrame({"created_at": pd.to_datetime(["2024-03-04T09:00Z", "2024-03-11T09:30Z"])})
    >>> heat = volume_heatmap(contacts, zone="UTC")
    >>> heat[(heat["weekday"] == "Monday") & (heat["hour"] == 9)][["n", "days", "mean"]].values.tolist()
    [[2.0, 2.0, 1.0]]
    """
    rows, table, case = contacts_of(contacts)
    settings, outside = engine.opening_hours_of(rows), {}
    if settings is not None:
        rows = is_open(rows.mutate(at_=engine.epoch(rows[TABLES[table].time])), "at_", settings)
    keyed = engine.with_keys(rows, table, ["day", "hour"], zone)
    if settings is not None:
        outside = {"outside": engine.count_if(keyed, ~keyed.at__is_open)}
    query = engine.aggregate(keyed, ["day", "hour"], n=keyed.count(), **outside)

    def made(frame):
        there = _hours_there(frame, rows, period, hours)
        counted = there.merge(frame.dropna(), how="left", on=["day", "hour"]).fillna({"n": 0.0})
        groups = counted.groupby(["weekday", "hour"])["n"].agg(["sum", "count", "mean", "var"])
        groups = groups.reindex(pd.MultiIndex.from_product([range(7), range(24)], names=["weekday", "hour"]))
        grid = groups.rename(columns={"sum": "n", "count": "days"}).reset_index()
        grid = grid.fillna({"n": 0, "days": 0}).astype({"n": "int64", "days": "int64"})
        # Counts vary by Poisson's at least: four days with the same count are no certainty.
        deviation = np.sqrt(np.maximum(grid["var"], grid["mean"]))
        grid["low"], grid["high"] = mean_interval(grid["mean"], deviation, grid["days"])
        grid["low"] = grid["low"].clip(lower=0)
        silent = (grid["n"] == 0) & (grid["days"] > 0)  # nothing was seen, which doesn't mean that nothing comes
        grid.loc[silent, "low"], grid.loc[silent, "high"] = 0.0, silent_bound(grid.loc[silent, "days"])
        units = {"n": "count", "days": "count", "mean": "number"}
        facts = {"standout": _standout(grid), "least": shapes.settings_of(rows).minimum_count}
        frame = grid[["weekday", "hour", "n", "days", "mean", "low", "high"]]
        if settings is not None:
            opened = open_hours(settings)
            frame = frame.assign(is_open=[place in opened for place in zip(grid["weekday"], grid["hour"], strict=True)])
            facts["outside"] = {"hits": int(counted["outside"].sum()), "n": int(grid["n"].sum())}
        about = {"case": case, "ends": ("low", "high"), "facts": facts}
        return shapes.finish(frame, "volume_heatmap", rows, ["weekday", "hour"], units, None, 0, **about)

    return shapes.run(query, made)


def _hours_there(frame, rows, period, hours):
    """day, weekday, hour of the hours that count: as the data set knows them, else all of the days in between."""
    if hours is not None:
        return pd.DataFrame(hours)[["day", "weekday", "hour"]]
    known = frame.dropna()
    if period is not None and period.start is not None:
        first, last = days_since_epoch(period.first_day), days_since_epoch(period.last_day)
    elif len(known):
        first, last = int(known["day"].min()), int(known["day"].max())
    else:
        first, last = 0, -1
    there = hours_there(rows, first, last)
    if there is not None:
        return there
    days = pd.DataFrame({"day": np.arange(first, last + 1)})
    days["weekday"] = parts_of(days["day"].to_numpy())["weekday"]
    return days.merge(pd.DataFrame({"hour": np.arange(24)}), how="cross")


def _standout(grid):
    """The row of an hour whose interval lies above every other hour's, after correction for all of them; else None."""
    rows = grid[grid["days"] > 1]
    if len(rows) < 2 or not rows["n"].sum():
        return None
    top = rows.loc[rows["mean"].idxmax()]
    others = rows.drop(index=top.name)
    # Bonferroni over the hours: as many half widths more as the corrected quantile asks
    from toolkit.intervals import student_quantile

    wide = student_quantile(top["days"] - 1, 1 - 0.05 / len(rows)) / student_quantile(top["days"] - 1)
    low = top["mean"] - (top["mean"] - top["low"]) * wide
    return int(top.name) if low > others["high"].max() else None


@metric("rate", table="conversations", case="contact", value="out_of_hours_share")
def out_of_hours_share(contacts, by=None, zone=None, service=None):
    """The share of contacts that came outside opening hours; holidays are outside.

    Parameters
    ----------
    contacts : DataFrame, ibis Table or path
        As for `inbound_volume`.
    by : str or list of str, optional
        Group columns, such as "channel"; also hour, weekday, day, week, month, local.
    zone, service : optional
        IANA zone and settings; tables from `open_data` carry theirs.

    Returns
    -------
    Result, one row per group: `n` contacts, `outside_count`, `out_of_hours_share` in [0, 1] with `low`, `high`
        (95 % Wilson).

    Raises
    ------
    MissingSetting, BadParameter
        Nothing says when the service is open: of a data set service.toml doesn't, of a table by itself no `service` was given.

    Source: DEFINITIONS.md#out-of-hours-share

    Examples
    --------
    >>> from toolkit.service import Service
    >>> at = pd.to_datetime(["2024-03-01T08:59Z", "2024-03-01T09:00Z", "2024-03-02T10:00Z"])  # the last is a Saturday
    >>> out_of_hours_share(pd.DataFrame({"created_at": at}), service=Service())["outside_count"].tolist()
    [2]
    """
    rows, table, case = contacts_of(contacts)
    at = rows.mutate(at_=engine.epoch(rows[TABLES[table].time]))
    at = is_open(at, "at_", shapes.business_settings(rows, service, zone))
    rows = at.filter(at.at_.notnull()).mutate(is_outside_=~at.at__is_open)
    return shapes.rate(out_of_hours_share, rows, "outside", by, zone, table=table, case=case)
