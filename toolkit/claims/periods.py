"""Which days, weeks or months are of the reported period."""

import numpy as np
import pandas as pd

from toolkit.clock import days_since_epoch
from toolkit.clock.timeline import ends_of


def in_period(starts, every, period):
    """Which days, weeks or months, given by their first day, share a day with the reported period; all without one.

    >>> from datetime import date
    >>> class April: first_day, last_day = date(2024, 4, 3), date(2024, 4, 30)
    >>> in_period(pd.to_datetime(["2024-03-25", "2024-04-01", "2024-05-01"]), "week", April).tolist()
    [False, True, False]
    """
    starts = pd.DatetimeIndex(starts)
    if period is None or period.first_day is None:
        return np.ones(len(starts), bool)
    first, last = days_since_epoch(period.first_day), days_since_epoch(period.last_day)
    is_within = [start <= last and end >= first for start, end in _days_of(starts, every)]
    return np.asarray(is_within, bool) & ~starts.isna()


def is_whole(starts, every, period):
    """Whether these days, weeks or months hold no day outside the reported period, so that their sum is its figure.

    >>> from datetime import date
    >>> class March: first_day, last_day = date(2024, 3, 1), date(2024, 3, 31)
    >>> is_whole(["2024-02-26", "2024-03-04"], "week", March), is_whole(["2024-03-04", "2024-03-25"], "week", March)
    (False, True)
    """
    if period is None or period.first_day is None:
        return True
    first, last = days_since_epoch(period.first_day), days_since_epoch(period.last_day)
    return all(first <= start and end <= last for start, end in _days_of(pd.DatetimeIndex(starts), every))


def _days_of(starts, every):
    """(first, last) day since 1970-01-01 of each day, week, month, ... that begins there."""
    days = starts.to_numpy().astype("datetime64[D]").astype("int64")
    return [(day, ends_of(every, day)[1]) for day in days]
