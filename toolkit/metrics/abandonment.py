"""Who hangs up before an agent answers, where, and how long callers would have waited."""

import numpy as np

from toolkit import engine
from toolkit.clock import humanize
from toolkit.metrics import shapes
from toolkit.metrics.calls import offered, queue_wait, reached
from toolkit.metrics.dataset import beside
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import choose, duration, target_of

STAGE_COLUMNS = ("call_id", "position", "is_abandoned")
BASES = ("offered", "wanted_agent", "queued")


def _based(calls, base, short_abandon):
    """(the calls that count, the columns that tell it)."""
    choose("base", base, BASES)
    rows, uses = offered(calls, ["queued_at"] if base == "queued" else []), []
    if base == "wanted_agent":
        rows = rows.filter(rows.is_abandoned_ | rows.is_answered_)
    if base == "queued":
        rows, uses = rows.filter(queue_wait(rows) > 0), ["queue_seconds"]
    if short_abandon is not None:
        limit = duration("short_abandon", short_abandon)
        rows = engine.as_table(rows, "calls", ["abandoned_at"])
        since = rows.queued_at if base == "queued" else rows.started_at
        waited = engine.epoch(rows.abandoned_at) - engine.epoch(since)
        rows = rows.filter(~(rows.is_abandoned_ & (waited <= limit).fill_null(False)))
    return rows, uses


def _where_one_could(frame):
    """Without a rate where no call was answered or abandoned: nobody who could have hung up was there."""
    nobody = frame["abandoned_count"] + frame["answered_count"] == 0
    frame.loc[nobody, ["abandonment_rate", "low", "high"]] = np.nan
    return frame


@metric("rate", table="calls", case="call", value="abandonment_rate", best="low")
def abandonment_rate(calls, by=None, base="offered", short_abandon=None, zone=None):
    """The share of offered calls whose caller hung up before an agent answered.

    Parameters
    ----------
    calls : DataFrame, ibis Table or path; one row per offered call
        Uses `started_at`, `outcome` (else `answered_at` and `abandoned_at`) and the columns in `by`;
        tests are left out, a call that is unfinished is offered but not abandoned.
    by : str or list of str, optional
        Group columns, such as "queue"; also hour, weekday, day, week, month, in local time.
    base : "offered", "wanted_agent" or "queued"
        Over all offered calls; over those that wanted an agent, which were answered or hung up (calls contained in
        the menu, sent away outside opening hours or unfinished are kept apart); or over those that waited in the queue for more than 0 s (`queue_seconds`, else `queued_at` to `answered_at`, `abandoned_at` or `ended_at`).
    short_abandon : duration, optional
        Calls abandoned within it, counted from the start of the call, or from the queue where that is the base, are
        left out, numerator and denominator; by default none are.
    zone : str, optional
        IANA time zone of hours and days; tables from `open_data` carry theirs.

    Returns
    -------
    Result, one row per group: `n` calls, `abandoned_count`, `answered_count`, `other_count` (contained in the
        menu, or unfinished), `abandonment_rate` in [0, 1] (best 0) with `low`, `high` (95 % Wilson); null where no
        call was answered or abandoned.

    Raises
    ------
    MissingColumn, BadParameter

    Source: DEFINITIONS.md#abandonment-rate

    Examples
    --------
    >>> import pandas as pd
    >>> calls = pd.DataFrame({
    ...     "started_at": pd.to_datetime(["2024-03-01T09:00Z"] * 4),
    ...     "outcome": ["answered", "abandoned", None, "test"],
    ... })
    >>> abandonment_rate(calls)[["n", "abandoned_count"]].values.tolist()
    [[3, 1]]
    """
    rows, uses = _based(calls, base, short_abandon)
    choices = {"base": base, "short_abandons": "counted" if short_abandon is None else str(short_abandon)}
    return shapes.rate(
        abandonment_rate, rows, "abandoned", by, zone, ["answered"], "other", choices, uses,
        target=target_of(rows, "abandonment"), extra=(lambda keyed: {}, _where_one_could),
    )  # fmt: skip


@metric("rate", table="calls", case="call", value="abandonment_rate", best="low", view_of="abandonment_rate")
def abandonment_by_base(calls, short_abandon=None):
    """The abandonment rate over each of the sets of calls that the field divides by, side by side.

    Parameters
    ----------
    calls : DataFrame, ibis Table or path; one row per offered call
        As for `abandonment_rate`.
    short_abandon : duration, optional
        Of the last row; by default `short_abandon` of service.toml.

    Returns
    -------
    Result, one row per base, as far as the columns tell it: `base` ("offered"; "wanted_agent": answered or hung
        up; "queued": waited in the queue; "no_short_abandons": offered, without the calls abandoned within
        `short_abandon`), and the columns of `abandonment_rate`.

    Source: DEFINITIONS.md#abandonment-by-base

    Examples
    --------
    >>> import pandas as pd
    >>> calls = pd.DataFrame({
    ...     "started_at": pd.to_datetime(["2024-03-01T09:00Z"] * 4),
    ...     "outcome": ["answered", "abandoned", "contained", "test"],
    ... })
    >>> abandonment_by_base(calls)[["base", "n", "abandoned_count"]].values.tolist()
    [['offered', 3, 1], ['wanted_agent', 2, 1]]
    """
    import pandas as pd

    table = engine.as_table(calls, "calls", ["started_at"])
    short = shapes.settings_of(table).short_abandon if short_abandon is None else short_abandon
    asked = {"offered": ("offered", None), "wanted_agent": ("wanted_agent", None)}
    if "queued_at" in table.columns:
        asked["queued"] = ("queued", None)
    if "abandoned_at" in table.columns:
        asked["no_short_abandons"] = ("offered", short)
    made = shapes.together([lambda b=base, s=s: abandonment_rate(table, None, b, s) for base, s in asked.values()])
    first = made[0].attrs
    frame = pd.concat([pd.DataFrame(one).assign(base=name) for name, one in zip(asked, made, strict=True)])
    frame = frame[["base", *[column for column in frame.columns if column != "base"]]].reset_index(drop=True)
    about = {name: first[name] for name in ("roles", "ends", "target")} | {"rows": ["base"], "ordered": True}
    choices = {"short_abandon": humanize(duration("short_abandon", short))} if "no_short_abandons" in asked else {}
    return shapes.finish(frame, "abandonment_by_base", table, [], first["units"], choices, **about)


@metric("rate", table="call_stages", case="call", value="hazard", best="low")
def abandonment_by_stage(call_stages, calls=None, by=None, zone=None):
    """At which stage of the call callers hang up.

    Parameters
    ----------
    call_stages : DataFrame, ibis Table or path; one row per stage that a call entered
        Uses `call_id`, `position`, `stage`, `is_abandoned`. Of a data set's stages tests are left out.
    calls : the same for the calls, optional
        When given, tests are left out too, and `by` may name its columns, or its local hour, day, ...
    by : str or list of str, optional
        Group columns besides the stage.

    Returns
    -------
    Result, one row per stage (per group), in the order in which calls pass them: `n` calls that entered it,
        `abandoned_count` that hung up there, `hazard` = the share of those who entered, in [0, 1] (best 0),
        with `low`, `high` (95 % Wilson), and `share_of_abandons` of the group's. A call that enters a stage
        twice counts once.

    Source: DEFINITIONS.md#abandonment-by-stage

    Examples
    --------
    >>> import pandas as pd
    >>> stages = pd.DataFrame({
    ...     "call_id": ["a", "a", "b", "b"], "position": [1, 2, 1, 2],
    ...     "stage": ["menu", "queue", "menu", "queue"], "is_abandoned": [False, False, False, True],
    ... })
    >>> abandonment_by_stage(stages)[["stage", "n", "hazard"]].values.tolist()
    [['menu', 2, 0.0], ['queue', 2, 0.5]]
    """
    table = engine.as_table(call_stages, "call_stages", [*STAGE_COLUMNS, "stage"])
    keys = [key for key in engine.group_keys(by) if key != "stage"]  # they are told apart by it anyway
    taken = ("n", "abandoned_count", "hazard", "low", "high", "share_of_abandons")
    stages = table
    if calls is not None:
        real = engine.with_keys(offered(calls, ["call_id"]), "calls", keys, zone, uses=STAGE_COLUMNS, taken=taken)
        stages = stages.drop(*[key for key in keys if key in stages.columns])
        stages = stages.inner_join(real.select("call_id", *keys), "call_id")
    else:
        stages = engine.with_keys(_of_offered(stages), "call_stages", keys, zone, uses=STAGE_COLUMNS, taken=taken)
    stages = engine.with_keys(stages, "call_stages", "stage")
    once = stages.group_by([*keys, "stage", "call_id"]).aggregate(
        place_=stages.position.cast("float64").min(),
        left_=stages.is_abandoned.fill_null(False).ifelse(1, 0).max(),
    )
    query = once.group_by([*keys, "stage"]).aggregate(
        n=once.count(), abandoned_count=once.left_.sum(), place_=once.place_.mean()
    )

    def made(frame):
        frame = frame.astype({"n": "int64", "abandoned_count": "int64"})
        frame = frame.sort_values([*keys, "place_", "stage"], kind="stable").reset_index(drop=True)
        frame = shapes.add_rate(frame, "hazard", "abandoned_count", "n")
        total = frame.groupby(keys)["abandoned_count"].transform("sum") if keys else frame["abandoned_count"].sum()
        frame["share_of_abandons"] = (frame["abandoned_count"] / total) if np.any(total) else np.nan
        units = {"n": "count", "abandoned_count": "count", "hazard": "rate", "share_of_abandons": "rate"}
        about = {"rows": ["stage"], "ordered": True, "roles": {"hits": "abandoned_count"}, "ends": ("low", "high")}
        return shapes.finish(frame.drop(columns="place_"), "abandonment_by_stage", table, keys, units, **about)

    return shapes.run(query, made)


def _of_offered(stages):
    """Stages of a data set whose calls say which of them were offered, without those of the others."""
    calls = beside(stages, "calls")
    if calls is None or not {"outcome", "direction", "is_callback"} & set(calls.columns):
        return stages
    return stages.semi_join(reached(calls).select("call_id"), "call_id")
