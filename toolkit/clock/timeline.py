"""The parts of local time between a first and a last one: which days, weeks, months and hours there were."""

import numpy as np

PERIODS = ("day", "week", "month", "quarter", "year")


def timeline(ends, parts):
    """Each combination of parts of time that there was from the first to the last value.

    Parameters
    ----------
    ends : dict of part to (first, last), as `local_part` numbers them
        Of each of `parts` that is a period (day, week, month, quarter, year).
    parts : list of str, of hour, weekday and the periods

    Returns
    -------
    DataFrame of int64, one row per combination that occurs: a day has one month and one weekday

    Examples
    --------
    >>> timeline({"day": (19783, 19785)}, ["day"])["day"].tolist()
    [19783, 19784, 19785]
    >>> len(timeline({"day": (19783, 19785)}, ["day", "hour"])), len(timeline({}, ["weekday"]))
    (72, 7)
    """
    import pandas as pd

    periods = [part for part in parts if part in PERIODS]
    whole = pd.DataFrame({"weekday": np.arange(7)}) if "weekday" in parts and not periods else pd.DataFrame([{}])
    if periods:
        first = max(first_day(part, ends[part][0]) for part in periods)
        last = min(first_day(part, ends[part][1] + (7 if part == "week" else 1)) for part in periods)
        made = parts_of(np.arange(first, last))
        whole = pd.DataFrame({part: made[part] for part in parts if part != "hour"}).drop_duplicates()
    if "hour" in parts:
        whole = whole.merge(pd.DataFrame({"hour": np.arange(24)}), how="cross")
    return whole


def parts_of(days):
    """The parts of local time, as `local_part` numbers them, of an array of days since 1970-01-01."""
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype("int64") + 1970 * 12
    week = (days + 3) // 7 * 7 - 3
    return {"day": days, "week": week, "month": month, "quarter": month // 3, "year": month // 12} | {
        "weekday": (days + 3) % 7  # 1970-01-01 was a Thursday
    }


def first_day(part, value):
    """The first day, since 1970-01-01, of a day, week, month, quarter or year.

    >>> first_day("month", 2024 * 12 + 2), first_day("week", 19783)
    (19783, 19783)
    """
    if part in ("day", "week"):
        return int(value)
    month = int(value) * {"month": 1, "quarter": 3, "year": 12}[part] - 1970 * 12
    return int(np.datetime64(month, "M").astype("datetime64[D]").astype("int64"))


def ends_of(part, day):
    """The first and the last day of the day, week, month, quarter or year that a day lies in, all since 1970-01-01.

    >>> ends_of("week", 19785), ends_of("month", 19785)
    ((19779, 19785), (19783, 19813))
    """
    number = int(parts_of(np.asarray(day, "int64"))[part])
    return first_day(part, number), first_day(part, number + (7 if part == "week" else 1)) - 1
