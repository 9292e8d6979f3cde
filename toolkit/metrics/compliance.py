"""How often the service does what it promises."""

import numpy as np

from toolkit import engine
from toolkit.errors import MissingSetting
from toolkit.metrics import shapes
from toolkit.metrics.registry import metric
from toolkit.metrics.response import asked_rows
from toolkit.metrics.rows import with_target
from toolkit.metrics.waits import timed

ABOUT = ["target_seconds", "undue_count"]


@metric("rate", table="conversations", case="conversation", value="sla_compliance", best="high", is_timed=True)
def sla_compliance(
    conversations, by=None, clock="calendar", as_of=None, zone=None, service=None, bot_only="out", channels="all"
):
    """The share of conversations whose first answer by a human came within what their channel promises.

    What is still unanswered past its target is a miss, closed or not. What is not yet due is not judged, but counted.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `first_response_at` (null while unanswered), `channel` and the columns in `by`. What is
        promised stands in service.toml (`targets.first_response`), by channel; conversations of a channel without a
        promise are left out.
    by : str or list of str, optional
        Group columns, such as "channel"; also opening, hour, weekday, day, week, month of arrival, local.
    clock : "calendar" or "business"
        Whether the time outside opening hours counts.
    as_of : datetime, optional
        When the data was read; defaults to what `open_data` knows, else the newest event.
    zone, service : optional
        IANA zone and settings; tables from `open_data` carry theirs.
    bot_only, channels :
        As for `first_response_time`.

    Returns
    -------
    Result, one row per group: `n` conversations that were answered or due, `met_count`, `sla_compliance` in [0, 1]
        (best 1) with `low`, `high` (95 % Wilson); `undue_count` unanswered and not yet due, which n doesn't count;
        `target_seconds` where all of a group have one target. The share that is wanted is `targets.compliance`.

    Raises
    ------
    MissingSetting, MissingColumn
        A column isn't there, or nothing is promised.

    Source: DEFINITIONS.md#sla-compliance

    Examples
    --------
    Answered after one and after five hours, unanswered for two and for six, where four are promised:

    >>> import pandas as pd
    >>> from toolkit.service import Service
    >>> read = pd.Timestamp("2024-03-01T15:00Z")
    >>> opened = pd.DataFrame({"created_at": [read - pd.Timedelta(hours=h) for h in (6, 6, 2, 6)]})
    >>> opened["first_response_at"] = [*(opened["created_at"][:2] + pd.to_timedelta([1, 5], unit="h")), pd.NaT, pd.NaT]
    >>> promise = Service.model_validate({"targets": {"first_response": {"default": "4h"}}})
    >>> sla_compliance(opened, as_of=read, service=promise)[["n", "met_count", "undue_count"]].values.tolist()
    [[3, 1, 1]]
    """
    rows, case, choices = asked_rows(conversations, clock, as_of, bot_only, channels)
    settings = service or shapes.settings_of(rows)
    rows = with_target(rows, "first_response", settings)
    if "target_" not in rows.columns:
        raise MissingSetting("targets.first_response", "within what time a first response is promised")
    rows = rows.filter(rows.target_.notnull())
    rows = rows.mutate(stop_=rows.is_answered_.ifelse(rows.end_, rows.now_))
    rows = timed(rows, shapes.business_settings(rows, service, zone) if clock == "business" else None)
    is_late = rows.seconds_ > rows.target_
    rows = rows.mutate(is_met_=rows.is_answered_ & ~is_late, is_judged_=rows.is_answered_ | is_late)
    return shapes.rate(
        sla_compliance, rows, "met", by, zone, choices=choices, uses=ABOUT, case=case, target=settings.targets.compliance,
        extra=(_targets, _with_one_target), units={"target_seconds": "seconds", "undue_count": "count"}, among="judged",
    )  # fmt: skip


def _targets(keyed):
    undue = engine.count_if(keyed, ~keyed.is_judged_)
    return {"undue_count": undue, "target_seconds": keyed.target_.min(), "longest_": keyed.target_.max()}


def _with_one_target(frame):
    one = frame["target_seconds"].astype("float64")
    frame["target_seconds"] = one.where(one == frame["longest_"].astype("float64"), np.nan)
    return frame.drop(columns="longest_").astype({"undue_count": "int64"})
