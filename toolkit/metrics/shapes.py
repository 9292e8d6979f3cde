"""The shapes of a metric: each is one query on the engine, and one interval, for all the metrics of its kind.

A metric chooses its rows and hands them to a shape, with what it counts or times as columns that end in "_". A shape
owns the names of its columns, so that no group can be taken for one of them.

count   n
rate    n, <event>_count, the rate with low and high

The shapes of time are in `waits.py`: wait (n, <ended>_count, open_count, quantiles with their intervals; its curve and
its spans), and in `means.py`: mean (n, the mean with an interval, median, p90); the parts of one whole in `shares.py`.
"""

import contextlib
from contextvars import ContextVar

import numpy as np
import pandas as pd

from toolkit import engine
from toolkit.clock import day_of, days_since_epoch
from toolkit.clock.timeline import PERIODS, ends_of, timeline
from toolkit.errors import BadParameter, MissingSetting
from toolkit.intervals import wilson
from toolkit.metrics.dataset import data_of
from toolkit.metrics.plans import Plan
from toolkit.metrics.registry import METRICS
from toolkit.result import Result

MOST_FILLED = 100_000  # rows


# --- one query --------------------------------------------------------------------------------------


_planning = ContextVar("planning", default=False)


def run(query, finish):
    """The result of a query; only the plan of it within `planned`."""
    return Plan(query, finish) if _planning.get() else finish(engine.to_pandas(query))


@contextlib.contextmanager
def planned():
    """Metrics called within return their plans, for `together`."""
    token = _planning.set(True)
    try:
        yield
    finally:
        _planning.reset(token)


def is_planning():
    """Whether only plans are asked for: what takes long, and isn't a query, needn't be done then."""
    return _planning.get()


@contextlib.contextmanager
def at_once():
    """Metrics called within run, even where others are planned: for one that is made of another."""
    token = _planning.set(False)
    try:
        yield
    finally:
        _planning.reset(token)


def then(result, function):
    """What a function makes of a result, or of the one that a plan will give."""
    if isinstance(result, Plan):
        return Plan(result.query, lambda frame: function(result.finish(frame)))
    return function(result)


def together(calls):
    """The results of several metrics, from one query where they take tables of one engine.

    Parameters
    ----------
    calls : list of functions without arguments, each a call of a metric

    Examples
    --------
    >>> from toolkit import metrics
    >>> calls = pd.DataFrame({"started_at": pd.to_datetime(["2024-03-01T09:00Z"] * 3), "outcome": ["answered"] * 3})
    >>> volume, lost = together([lambda: metrics.inbound_volume(calls), lambda: metrics.abandonment_rate(calls)])
    >>> int(volume["n"].iloc[0]), float(lost["abandonment_rate"].iloc[0])
    (3, 0.0)
    """
    with planned():
        plans = [call() for call in calls]
    waiting = [plan for plan in plans if isinstance(plan, Plan)]
    frames = iter(_frames_of([plan.query for plan in waiting]))
    return [plan.finish(next(frames)) if isinstance(plan, Plan) else plan for plan in plans]


def _frames_of(queries):
    """The frames of several queries, run as one: a table that they share is read once.

    Their rows are put one below the other, columns of one type into the same places, and parted again.
    """
    import ibis

    if len(queries) < 2 or len({id(engine.backend_of(query)) for query in queries}) > 1:
        return [engine.to_pandas(query) for query in queries]
    places, slots = [], {}
    for query in queries:
        seen, place = {}, {}
        for name, dtype in query.schema().items():
            kind = (
                "int64" if dtype.is_integer() else "float64" if dtype.is_numeric() else str(dtype.copy(nullable=True))
            )
            seen[kind] = seen.get(kind, 0) + 1
            place[name] = f"{kind.split('(')[0].lower()}_{seen[kind]}"
            slots[place[name]] = kind
        places.append(place)
    rows = []
    for number, (query, place) in enumerate(zip(queries, places, strict=True)):
        own = {slot: query[name].cast(slots[slot]) for name, slot in place.items()}
        filled = {slot: own.get(slot, ibis.null(kind)) for slot, kind in slots.items()}
        rows.append(query.select(query_=ibis.literal(number, "int64"), **filled))
    whole, frames = engine.to_pandas(ibis.union(*rows)), []
    for number, (query, place) in enumerate(zip(queries, places, strict=True)):
        part = whole.loc[whole["query_"] == number, list(place.values())].reset_index(drop=True)
        part.columns = list(place)
        whole_numbers = [
            name for name, dtype in query.schema().items() if dtype.is_integer() and part[name].notna().all()
        ]
        frames.append(part.astype(dict.fromkeys(whole_numbers, "int64")))
    return frames


# --- what every shape does --------------------------------------------------------------------------


def settings_of(table):
    """The service's settings that the table carries, else the defaults."""
    from toolkit.service import Service

    context = engine.context_of(table)
    return context.service if context else Service()


def business_settings(table, service=None, zone=None):
    """The settings that say when the service is open; an error, not a guess, where nothing says."""
    context = engine.context_of(table)
    if service is None and context is None:
        raise BadParameter(
            "opening hours are those of a service: pass service=toolkit.service.load_service('service.toml'); "
            "tables from open_data carry theirs"
        )
    if service is None and engine.opening_hours_of(table) is None:
        raise MissingSetting("opening_hours", "when the service is open")
    service = service or context.service
    return service.model_copy(update={"time_zone": zone}) if zone else service


def finish(frame, name, table, keys, units, choices=None, minimum_count=None, **more):
    """The frame as the result of a metric: keys as people read them, sorted, with what its shape knows of it.

    `more`: attributes of the result; `rows`, the columns besides the keys that tell one row from another.
    """
    about = METRICS[name]
    frame = engine.label_keys(frame, keys)
    units = {column: unit for column, unit in units.items() if column in frame.columns}
    units |= {key: "hour" for key in keys if key == "hour"}
    least = settings_of(table).minimum_count if minimum_count is None else minimum_count
    result = Result.of(frame, name, units, keys, least, choices)
    context = engine.context_of(table)
    result.attrs |= {
        "shape": about.shape,
        "case": about.case,
        "value": about.value,
        "best": about.best,
        "count": "n",
        "zone": context.zone if context else None,
        "read": _read(context),
    }
    result.attrs |= more | {"rows": [*keys, *more.get("rows", ())], "partial": _partial(result, table, keys)}
    return result


def _read(context):
    """Which days a result is of, and up to when its data was read; what the data set doesn't say is left out."""
    if context is None:
        return {}
    period = context.period
    if period is None or period.start is None:
        period = context.data.covered if context.data is not None else None
    ends = {"first_day": period and period.first_day, "last_day": period and period.last_day, "as_of": context.as_of}
    return {name: end.isoformat() for name, end in ends.items() if end is not None}


def _partial(result, table, keys):
    """The places of the rows that are of part of a week, month or day only: the data or the period holds no more."""
    data, every = data_of(table), next((key for key in keys if key in ("day", "week", "month")), None)
    if data is None or every is None or not len(result):
        return []
    cut = [days_since_epoch(part.first_day) for part in data.parts(every) if not part.is_complete]
    parts = pd.to_datetime([day_of(ends_of(every, day)[0]) for day in cut])
    return np.flatnonzero(pd.to_datetime(result[every]).isin(parts)).tolist()


def add_rate(frame, name, count, n, prefix=None):
    """Add the rate count / n and its Wilson interval; null where n is 0."""
    low, high = wilson(frame[count], frame[n])
    frame[name] = (frame[count] / frame[n].where(frame[n] > 0)).astype("float64")
    ends = ("low", "high") if prefix is None else (f"{prefix}_low", f"{prefix}_high")
    frame[ends[0]], frame[ends[1]] = low, high
    return frame


def groups_of(frame, keys):
    """(key, rows) of each group, in the order of the keys; one group in all without keys."""
    if not keys:
        return [((), frame)]
    return [
        (key if isinstance(key, tuple) else (key,), rows) for key, rows in frame.groupby(keys, dropna=False, sort=True)
    ]


def _rate_target(name, value):
    """What a rate is held against: its own value, or nothing where the service set no target."""
    about = METRICS[name]
    return (
        None if value is None else {"of": about.value, "low": "low", "high": "high", "value": value, "best": about.best}
    )


# --- count ------------------------------------------------------------------------------------------


def count(of, rows, by, zone, table=None, case=None, choices=None):
    """n per group and its share of all; periods in which nothing came in are rows with 0."""
    name, keys = of.__name__, engine.group_keys(by)
    table = table or METRICS[name].contract
    keyed = engine.with_keys(rows, table, keys, zone, taken=("n", "share"))

    def made(frame):
        frame = frame.astype({"n": "int64"})
        frame, is_filled = fill_silent(frame, keys)
        frame = _without_missing_days(frame, rows, keys)
        total = frame["n"].sum()
        frame["share"] = frame["n"] / total if total else np.nan
        chosen = (choices or {}) | ({} if is_filled else {"silent_periods": "left_out"})
        more = {"case": case} if case else {}
        return finish(frame, name, rows, keys, {"n": "count", "share": "rate"}, chosen, 0, **more)

    return run(engine.aggregate(keyed, keys, n=keyed.count()), made)


def _without_missing_days(frame, rows, keys):
    """Without rows for the days that are missing from the data: a gap, not a zero."""
    data = data_of(rows)
    if data is None or "day" not in keys or not data.missing_days:
        return frame
    missing = [days_since_epoch(day) for day in data.missing_days]
    return frame[~(frame["day"].isin(missing) & (frame["n"] == 0))].reset_index(drop=True)


def fill_silent(frame, keys):
    """(rows with 0 for the periods and hours in which nothing came in added, whether they were)."""
    from toolkit.clock import PARTS

    timed = [key for key in keys if key in PARTS]
    untimed = frame[frame[timed].isna().any(axis=1)]  # a contact without a time is in no period, but counts
    known = frame.drop(untimed.index)
    if not timed or known.empty:
        return frame, True
    known = known.astype(dict.fromkeys(timed, "int64"))
    whole = timeline({key: (known[key].min(), known[key].max()) for key in timed if key in PERIODS}, timed)
    others = [key for key in keys if key not in timed]
    if others:
        groups = known[others].drop_duplicates()
        if len(groups) * len(whole) > MOST_FILLED:
            return frame, False
        whole = groups.merge(whole, how="cross")
    filled = whole[keys].merge(known, how="left", on=keys)
    filled["n"] = filled["n"].fillna(0).astype("int64")
    return (pd.concat([filled, untimed], ignore_index=True) if len(untimed) else filled), True


# --- rate -------------------------------------------------------------------------------------------


def rate(
    of,
    rows,
    event,
    by,
    zone,
    also=(),
    rest=None,
    choices=None,
    uses=(),
    table=None,
    case=None,
    target=None,
    extra=None,
    units=None,
    is_state=False,
    among=None,
    taken=(),
    more=None,
):
    """The share of the rows with the flag `is_<event>_`, with Wilson's interval; null where there is no row.

    Parameters
    ----------
    also : names of flags that are counted beside it
    rest : what has none of the flags is counted under this name
    uses : columns that the metric computes with, which can't be groups
    table : the rows' table in the contract, where the metric takes several
    target : the share that is wanted, where the service says one
    is_state : the event has no time, so that it can't be read back: two periods are not compared
    among : a flag of the rows that n counts, by default all
    taken : further columns of the result, which no group may be called
    more : further attributes of the result
    extra : function(keyed) -> {name: count} of further counts, and function(frame) -> frame, as a pair
    """
    name, keys, flags = of.__name__, engine.group_keys(by), [event, *also]
    value, counted = METRICS[name].value, [f"{flag}_count" for flag in [event, *also, *([rest] if rest else [])]]
    added, complete = extra or (lambda keyed: {}, lambda frame: frame)
    keyed = engine.with_keys(
        rows,
        table or METRICS[name].contract,
        keys,
        zone,
        uses=uses,
        taken=["n", *counted, value, "low", "high", *taken],
    )
    counts = {f"{flag}_count": engine.count_if(keyed, keyed[f"is_{flag}_"]) for flag in flags}
    n = keyed.count() if among is None else engine.count_if(keyed, keyed[f"is_{among}_"])

    def made(frame):
        if rest:
            frame[f"{rest}_count"] = frame["n"] - frame[list(counts)].sum(axis=1)
        frame = complete(add_rate(frame[[*keys, "n", *counted, *added(keyed)]], value, f"{event}_count", "n"))
        named = dict.fromkeys(["n", *counted], "count") | {value: "rate"} | (units or {})
        about = {"roles": {"hits": f"{event}_count"}, "ends": ("low", "high"), "target": _rate_target(name, target)}
        about |= {"is_state": True} if is_state else {}
        about |= ({"case": case} if case else {}) | (more or {})
        return finish(frame, name, rows, keys, named, choices, **about)

    return run(engine.aggregate(keyed, keys, n=n, **counts, **added(keyed)), made)
