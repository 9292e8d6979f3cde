"""How often the service does what it promises, where it doesn't, and which conversations it was."""

import numpy as np
import pandas as pd

from toolkit import engine
from toolkit.errors import BadParameter, MissingSetting
from toolkit.metrics import shapes
from toolkit.metrics.choices import CLOSING, TIMED, choosing
from toolkit.metrics.registry import metric
from toolkit.metrics.response import asked
from toolkit.metrics.rows import choose, closings, of_channels, promises, with_target
from toolkit.metrics.waits import timed

ABOUT = ["target_seconds", "undue_count", "no_target_count"]
# By what is promised: the setting, and how an error names what it says.
PROMISED = {
    "response": ("first_response", "within what time a first response is promised"),
    "resolution": ("resolution", "within what time a resolution is promised"),
}
HELD = (*TIMED, "bot_only", "channels")
LISTED = ("channel", "priority", "team", "agent", "topic", "conversation_id", "customer_id", "url")


@metric("rate", table="conversations", case="conversation", value="sla_compliance", best="high")
@choosing
def sla_compliance(conversations, by=None, choices=HELD, of="response", pauses="counted"):
    """The share of conversations whose first answer by a human, or whose resolution, came within what is promised.

    What is still unanswered past its target is a miss, closed or not. What is not yet due is not judged, but counted,
    and so is what nothing is promised for.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `first_response_at` (null while unanswered) or `closed_at` (null while open), `channel`,
        `priority`, `team` where they are there, and the columns in `by`. What is promised stands in service.toml
        (`targets.first_response`, `targets.resolution`), by channel, and with `_by_priority` and `_by_team` by these;
        of several promises the strictest holds.
    by : str or list of str, optional
        Group columns, such as "channel"; also opening, hour, weekday, day, week, month of arrival, local.
    clock : "calendar" or "business"
        Whether the time outside opening hours counts.
    as_of : datetime, optional
        When the data was read; defaults to what `open_data` knows, else the newest event.
    zone, service : optional
        IANA zone and settings; tables from `open_data` carry theirs.
    bot_only, channels :
        As for `first_response_time`; a resolution by a bot is one, so that `bot_only` says nothing of those.
    of : "response" or "resolution"
        Which promise; the second is told as `resolution_compliance`.
    pauses : "counted" or "left_out"
        Whether the time during which the service waited for the customer, before the first close, counts
        (`waiting_seconds`; of a resolution in calendar time only).

    Returns
    -------
    Result, one row per group: `n` conversations that were answered (closed) or due, `met_count`, `sla_compliance` in
        [0, 1] (best 1) with `low`, `high` (95 % Wilson); `undue_count` not yet done and not yet due and
        `no_target_count` for which nothing is promised, neither of which n counts; `target_seconds` where all of a
        group have one target. The share that is wanted is `targets.compliance`.

    Raises
    ------
    MissingSetting, MissingColumn, BadParameter
        A column isn't there, nothing is promised, or the choices don't go together.

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
    told = resolution_compliance if choose("of", of, PROMISED) == "resolution" else sla_compliance
    return _compliance(told, _held(conversations, of, choices, pauses), by, choices.zone)


@metric(
    "rate", table="conversations", case="conversation", value="sla_compliance", best="high", view_of="sla_compliance"
)
@choosing
def resolution_compliance(conversations, by=None, choices=CLOSING, pauses="counted"):
    """The share of conversations that were closed within what is promised: `sla_compliance(of="resolution")`.

    Parameters are those of `sla_compliance`.

    Returns
    -------
    Result as that of `sla_compliance`: `n` conversations that were closed or due, `met_count`, ...; what is open past
        its target is a miss

    Raises
    ------
    MissingSetting, MissingColumn, BadParameter

    Source: DEFINITIONS.md#resolution-compliance

    Examples
    --------
    >>> import pandas as pd
    >>> from toolkit.service import Service
    >>> read = pd.Timestamp("2024-03-09T15:00Z")
    >>> opened = pd.DataFrame({"created_at": [read - pd.Timedelta(days=d) for d in (6, 6, 2)]})
    >>> opened["closed_at"] = [opened["created_at"][0] + pd.Timedelta(days=1), pd.NaT, pd.NaT]
    >>> promise = Service.model_validate({"targets": {"resolution": {"default": "3d"}}})
    >>> resolution_compliance(opened, as_of=read, service=promise)[["n", "met_count", "undue_count"]].values.tolist()
    [[2, 1, 1]]
    """
    return _compliance(resolution_compliance, _held(conversations, "resolution", choices, pauses), by, choices.zone)


@metric("rate", table="conversations", case="conversation", value="sla_compliance", best="high")
@choosing
def service_level_target(conversations, by="channel", choices=HELD, of="response", pauses="counted"):
    """Which channels come up to the share that is wanted in target, which don't, and of which it can't be told.

    Parameters are those of `sla_compliance`; `by` is "channel" unless told otherwise.

    Returns
    -------
    Result as that of `sla_compliance`, and `wanted`, the share that is wanted (`targets.compliance`; null where
        nothing is promised), with `standing`: "on" where the interval lies wholly above it, "off" where it lies wholly
        below, "near" where it holds it, "few" with fewer cases than the minimum, "none" where nothing is promised.
        Each row is held by its own interval: none is corrected for the others.

    Raises
    ------
    MissingSetting, MissingColumn, BadParameter

    Source: DEFINITIONS.md#service-level-target

    Examples
    --------
    >>> import pandas as pd
    >>> from toolkit.service import Service
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> opened = pd.DataFrame({"channel": ["email"] * 40 + ["x"] * 40, "created_at": [start] * 80})
    >>> opened["first_response_at"] = start + pd.to_timedelta([1] * 40 + [5] * 40, unit="h")
    >>> promise = Service.model_validate({"targets": {"first_response": {"default": "4h"}, "compliance": 0.8}})
    >>> service_level_target(opened, service=promise)[["channel", "n", "wanted", "standing"]].values.tolist()
    [['email', 40, 0.8, 'on'], ['x', 40, 0.8, 'off']]
    """
    held = _held(conversations, of, choices, pauses)
    held["told"] = {"of": of} | held["told"]
    return shapes.then(_compliance(service_level_target, held, by, choices.zone), _with_standing)


@metric("listing", table="conversations", case="conversation", value="overdue_seconds")
@choosing
def breaches(conversations, of="response", choices=HELD, pauses="counted", limit=None):
    """The conversations that missed what is promised, those furthest past their target first.

    Parameters are those of `sla_compliance`; `limit` is how many rows to return at most, the facts count all.

    Returns
    -------
    Result, one row per conversation: `due_at`, when it was due (in business time the first instant at which the target
        had passed), `overdue_seconds` past its target until it was answered (closed) or the data was read, by the
        clock that was chosen, `target_seconds`, and of channel, priority, team, agent, topic, conversation_id,
        customer_id and url what there is. `attrs["facts"]`: `total` before the cut, `still_open` of them that are
        neither answered nor closed yet.

    Raises
    ------
    MissingSetting, MissingColumn, BadParameter

    Source: DEFINITIONS.md#breaches

    Examples
    --------
    >>> import pandas as pd
    >>> from toolkit.service import Service
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> opened = pd.DataFrame({"conversation_id": ["a", "b"], "created_at": [start] * 2})
    >>> opened["first_response_at"] = [start + pd.Timedelta(hours=5), pd.NaT]
    >>> promise = Service.model_validate({"targets": {"first_response": {"default": "4h"}}})
    >>> late = breaches(opened, as_of="2024-03-01T18:00Z", service=promise)
    >>> late[["conversation_id", "overdue_seconds"]].values.tolist(), late.attrs["facts"]["still_open"]
    ([['b', 18000], ['a', 3600]], 1)
    """
    conversations = engine.as_table(conversations, "conversations", ["conversation_id"])
    held = _held(conversations, of, choices, pauses)
    rows = held["rows"]
    late = rows.filter(rows.is_judged_ & ~rows.is_met_)
    counts = {"total": late.count(), "still_open": engine.count_if(late, ~late.is_over_)}
    facts = {name: int(value) for name, value in engine.to_pandas(late.aggregate(**counts)).iloc[0].items()}
    shown = [name for name in LISTED if name in late.columns]
    late = late.mutate(overdue_seconds=late.seconds_ - late.target_)
    late = late.order_by([late.overdue_seconds.desc(), late.start_.asc(), late.conversation_id.asc()])
    texts = {name: engine.as_text(late[name]).nullif("") for name in shown}
    late = late.select("start_", "paused_", "target_", "overdue_seconds", **texts)
    frame = engine.to_pandas(late if limit is None else late.limit(limit))
    whole = ["start_", "paused_", "target_", "overdue_seconds"]
    frame = frame.astype(dict.fromkeys(whole, "int64")).rename(columns={"target_": "target_seconds"})
    frame["due_at"] = _due(frame, choices.opening(rows))
    units = {"due_at": "time", "overdue_seconds": "seconds", "target_seconds": "seconds"}
    told = {"of": of} | held["told"]
    about = {"rows": ["conversation_id"], "facts": facts} | ({"case": held["case"]} if held["case"] else {})
    return shapes.finish(frame[[*units, *shown]], "breaches", rows, [], units, told, 0, **about)


def _held(conversations, of, choices, pauses):
    """The conversations, each held to what is promised: `seconds_`, `target_`, is it done, judged, met."""
    import ibis

    setting, about = PROMISED[choose("of", of, PROMISED)]
    choose("pauses", pauses, ("counted", "left_out"))
    if of == "response":
        waiting = asked(conversations, choices)
        rows, case, told = waiting.rows, waiting.case, waiting.told
        rows = rows.mutate(is_done_=rows.is_answered_, is_over_=rows.is_answered_ | rows.is_closed_)
    else:
        table, case = of_channels(engine.as_table(conversations, "conversations"), "conversations", choices.channels)
        rows = closings(table, choices.as_of, "done")
        rows = rows.mutate(is_over_=rows.is_done_)
        told = choices.told("clock", "channels") | {"pauses": pauses}
    settings = choices.service or shapes.settings_of(rows)
    rows = with_target(rows, setting, settings)
    if "target_" not in rows.columns:
        raise MissingSetting(f"targets.{setting}", about)
    if set(promises(settings.targets, setting)) - {"channel"}:
        told["targets"] = "strictest"
    rows = rows.mutate(paused_=ibis.literal(0, "int64"), stop_=rows.is_done_.ifelse(rows.end_, rows.now_))
    rows = timed(rows, choices.opening(rows))
    if pauses == "left_out":
        rows = _without_pauses(rows, of, choices.clock)
    is_promised = rows.target_.notnull()
    is_late = is_promised & (rows.seconds_ > rows.target_)
    rows = rows.mutate(
        is_met_=is_promised & rows.is_done_ & ~is_late, is_judged_=is_promised & (rows.is_done_ | is_late)
    )
    return {"rows": rows, "case": case, "told": told, "settings": settings}


def _without_pauses(rows, of, clock):
    """The rows without the time during which the service waited for the customer."""
    import ibis

    if of == "response" or clock == "business":
        raise BadParameter(
            "pauses='left_out' goes with of='resolution' and clock='calendar': waiting_seconds is of the whole time "
            "before the first close, not of opening hours, nor of the time before the first answer"
        )
    engine.as_table(rows, "conversations", ["waiting_seconds"])
    paused = ibis.greatest(rows.waiting_seconds.fill_null(0).cast("int64"), 0)
    paused = ibis.least(paused, ibis.greatest(rows.seconds_, 0))  # no longer than it has been open
    return rows.mutate(paused_=paused, seconds_=rows.seconds_ - paused)


def _compliance(of, held, by, zone):
    return shapes.rate(
        of, held["rows"], "met", by, zone, choices=held["told"], uses=[*ABOUT, "wanted", "standing"], case=held["case"],
        target=held["settings"].targets.compliance, extra=(_targets, _with_one_target), among="judged",
        units={"target_seconds": "seconds", "undue_count": "count", "no_target_count": "count"},
        is_state=held["told"].get("pauses") == "left_out",
    )  # fmt: skip


def _targets(keyed):
    has_target = keyed.target_.notnull()
    undue = engine.count_if(keyed, has_target & ~keyed.is_judged_)
    without = engine.count_if(keyed, ~has_target)
    ends = {"target_seconds": keyed.target_.min(), "longest_": keyed.target_.max()}
    return {"undue_count": undue, "no_target_count": without} | ends


def _with_one_target(frame):
    one = frame["target_seconds"].astype("float64")
    frame["target_seconds"] = one.where(one == frame["longest_"].astype("float64"), np.nan)
    return frame.drop(columns="longest_").astype({"undue_count": "int64", "no_target_count": "int64"})


def _with_standing(result):
    """The result with the share that is wanted of each row, and how it stands against it."""
    is_promised = result["n"] + result["undue_count"] > 0
    result["wanted"] = np.where(is_promised, result.attrs["target"]["value"], np.nan)
    result.attrs["units"] |= {"wanted": "percent"}
    result.attrs["target"] = result.attrs["target"] | {"column": "wanted"}
    result["standing"] = result.statuses()
    return result


def _due(frame, business):
    """When each row was due; null where the service is never open for so long."""
    if business is None:
        due = frame["start_"] + frame["paused_"] + frame["target_seconds"]
    else:
        from toolkit.clock import due_at

        due = due_at(frame["start_"], frame["target_seconds"], business)
    return pd.to_datetime(pd.Series(due, dtype="Float64").astype("Int64"), unit="s", utc=True)
