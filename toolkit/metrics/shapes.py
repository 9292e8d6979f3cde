"""The shapes of a metric: each is one query on the engine, and one interval, for all the metrics of its kind.

A metric chooses its rows and hands them to a shape, with what it counts or times as columns that end in "_". A shape
owns the names of its columns, so that no group can be taken for one of them.

count   n
rate    n, <event>_count, the rate with low and high
wait    n, <ended>_count, open_count, quantiles with their intervals; and its curve and its spans of time
mean    n, the mean with an interval, median, p90
shares  the parts of one whole

Waits reach pandas as counts on a grid of seconds (`on_grid`), so that what is handed over doesn't grow with the rows.
"""

import contextlib
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from toolkit import engine
from toolkit.clock.timeline import PERIODS, day_number, timeline
from toolkit.errors import BadData, BadParameter
from toolkit.intervals import Incidence, clustered_rate, mean_of_waits, order_interval, wilson
from toolkit.metrics.registry import METRICS
from toolkit.result import Result

MOST_FILLED = 100_000  # rows
GRID = ((7_200, 1), (86_400, 10), (864_000, 60), (8_640_000, 600))  # (up to, step) in seconds
COARSEST = 3_600
MEDIAN = ["median_seconds", "median_low", "median_high"]
QUANTILES = [*MEDIAN, "p90_seconds", "p90_low", "p90_high"]
WITHIN = ["within_target", "within_target_low", "within_target_high"]


# --- one query --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """A metric's query, and what makes its result of the rows that come back."""

    query: Any
    finish: Any


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
    frames = iter(engine.run_together([plan.query for plan in waiting]))
    return [plan.finish(next(frames)) if isinstance(plan, Plan) else plan for plan in plans]


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
    }
    result.attrs |= more | {"rows": [*keys, *more.get("rows", ())], "partial": _partial(result, table, keys)}
    return result


def _partial(result, table, keys):
    """The places of the rows that are of part of a week, month or day only: the data or the period holds no more."""
    data, every = engine.data_of(table), next((key for key in keys if key in ("day", "week", "month")), None)
    if data is None or every is None or not len(result):
        return []
    parts = [pd.Timestamp(part.first_day) for part in data.parts(every) if not part.is_complete]
    if every == "month":
        parts = [part.replace(day=1) for part in parts]
    elif every == "week":
        parts = [part - pd.Timedelta(days=part.weekday()) for part in parts]
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


def _framed(keys, rows, columns):
    """A frame of (key, {column: value}) rows, with its columns also where there is no row."""
    made = [dict(zip(keys, key, strict=True)) | values for key, values in rows]
    return pd.DataFrame(made, columns=[*keys, *columns])


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
    data = engine.data_of(rows)
    if data is None or "day" not in keys or not data.missing_days:
        return frame
    missing = [day_number(day) for day in data.missing_days]
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
):
    """The share of the rows with the flag `is_<event>_`, with Wilson's interval; null where there is no row.

    Parameters
    ----------
    also : names of flags that are counted beside it
    rest : what has none of the flags is counted under this name
    uses : columns that the metric computes with, which can't be groups
    table : the rows' table in the contract, where the metric takes several
    target : the share that is wanted, where the service says one
    extra : function(keyed) -> {name: count} of further counts, and function(frame) -> frame, as a pair
    """
    name, keys, flags = of.__name__, engine.group_keys(by), [event, *also]
    value, counted = METRICS[name].value, [f"{flag}_count" for flag in [event, *also, *([rest] if rest else [])]]
    more, complete = extra or (lambda keyed: {}, lambda frame: frame)
    keyed = engine.with_keys(
        rows, table or METRICS[name].contract, keys, zone, uses=uses, taken=["n", *counted, value, "low", "high"]
    )
    counts = {f"{flag}_count": engine.count_if(keyed, keyed[f"is_{flag}_"]) for flag in flags}

    def made(frame):
        if rest:
            frame[f"{rest}_count"] = frame["n"] - frame[list(counts)].sum(axis=1)
        frame = complete(add_rate(frame[[*keys, "n", *counted, *more(keyed)]], value, f"{event}_count", "n"))
        named = dict.fromkeys(["n", *counted], "count") | {value: "rate"} | (units or {})
        about = {"roles": {"hits": f"{event}_count"}, "ends": ("low", "high"), "target": _rate_target(name, target)}
        about |= {"case": case} if case else {}
        return finish(frame, name, rows, keys, named, choices, **about)

    return run(engine.aggregate(keyed, keys, n=keyed.count(), **counts, **more(keyed)), made)


# --- wait -------------------------------------------------------------------------------------------


def on_grid(seconds):
    """Whole seconds rounded up to a grid: to 1 s up to 2 h, 10 s up to a day, 1 min to 10 days, 10 min to 100 days, 1 h.

    An Ibis expression, or a number. Counts on it are few whatever the rows are, a figure is off by less than
    0.15 %, and round times (24 h, 3 d) stay themselves, so that what was answered within one still is.

    >>> on_grid(7200), on_grid(7201), on_grid(90_001), on_grid(-5)
    (7200, 7210, 90060, -5)
    """
    import ibis

    def up(step):
        rest = (seconds + (step - 1)) % step
        return seconds + (step - 1) - rest

    steps = [(end, up(step)) for end, step in GRID]
    if isinstance(seconds, int):
        return next((value for end, value in steps if seconds <= end), up(COARSEST)) if seconds > 0 else seconds
    return ibis.cases((seconds <= 0, seconds), *[(seconds <= end, value) for end, value in steps], else_=up(COARSEST))


def _cells(of, rows, ended, otherwise, by, zone, clock, service, uses=()):
    """(keys, query): cases per group, duration on the grid and target; and the rows, one each, that it counts.

    `rows` have `start_`, `stop_` (epoch seconds; when the data was read for what is open), the flags `is_<ended>_`
    and `is_<otherwise>_`, and may have `target_`, the seconds within which a case should have ended.
    """
    name, keys = of.__name__, engine.group_keys(by)
    taken = ["n", f"{ended}_count", "open_count", *QUANTILES, f"mean_{ended}_seconds", "target_seconds", *WITHIN]
    taken += ["seconds", "share", "low", "high", "bucket", "total", *([f"{otherwise}_count"] if otherwise else [])]
    keyed = engine.with_keys(rows, METRICS[name].contract, keys, zone, uses=uses, taken=taken)
    flags = [f"is_{flag}_" for flag in (ended, otherwise) if flag]
    spans = keyed.select(*keys, "start_", "stop_", *flags, *(["target_"] if "target_" in keyed.columns else []))
    return keys, _timed(spans, business_settings(rows, service, zone) if clock == "business" else None)


def _timed(spans, service):
    """The spans with `seconds_` between start and stop: of all time, or of the opening hours of a service."""
    import ibis

    if service is not None:
        from toolkit.clock import business_clock

        spans = business_clock(spans, ["start_", "stop_"], service)
        seconds = spans.stop__business - spans.start__business
        # an end before its start is wrong also where both lie outside opening hours
        return spans.mutate(seconds_=ibis.ifelse(spans.stop_ < spans.start_, -1, seconds))
    return spans.mutate(seconds_=spans.stop_ - spans.start_)


def _counted(spans, keys, ended, otherwise):
    """The query: per group and duration on the grid how many ended, ended otherwise, are open; and their seconds."""
    import ibis

    cell = spans.mutate(cell_=on_grid(spans.seconds_))
    is_ended = cell[f"is_{ended}_"]
    is_other = cell[f"is_{otherwise}_"] if otherwise else ibis.literal(False)
    groups = [*keys, "cell_", *(["target_"] if "target_" in cell.columns else [])]
    return cell.group_by(groups).aggregate(
        ended_=is_ended.ifelse(1, 0).sum(),
        otherwise_=is_other.ifelse(1, 0).sum(),
        open_=(is_ended | is_other).ifelse(0, 1).sum(),
        sum_=is_ended.ifelse(cell.seconds_, 0).cast("float64").sum(),
        smallest_=cell.seconds_.min(),
    )


def _refuse_negative(frame, table, column="smallest_"):
    if len(frame) and frame[column].min() < 0:
        raise BadData(
            f"{table}: an end lies before its start; toolkit.open_data sets such rows aside, or drop them first"
        )


def curve_of(cells):
    """The cumulative incidence of a group's cells."""
    summed = cells.groupby("cell_")[["ended_", "otherwise_", "open_"]].sum()
    return Incidence(summed.index.to_numpy(float), *(summed[name].to_numpy(float) for name in summed))


def wait(of, rows, ended, by, zone, clock="calendar", service=None, otherwise=None, choices=None, case=None, uses=()):
    """Quantiles of the time to an end, from the cumulative incidence: what is open is censored when the data was read.

    What ended otherwise will never end this way; the mean of what did stands beside, labelled as such. Where the
    rows have a `target_`, the share that ended within it, each case held to its own.
    """
    name = of.__name__
    keys, spans = _cells(of, rows, ended, otherwise, by, zone, clock, service, uses)
    has_target = "target_" in spans.columns
    roles = {"ended": f"{ended}_count", "open": "open_count", "mean": f"mean_{ended}_seconds"}
    roles |= {"otherwise": f"{otherwise}_count"} if otherwise else {}
    counts = ["n", *[roles[role] for role in ("ended", "otherwise", "open") if role in roles]]
    columns = [*counts, *QUANTILES, roles["mean"], *(["target_seconds", *WITHIN] if has_target else [])]

    def measured(cells):
        curve = curve_of(cells)
        sizes = {"n": curve.n, roles["ended"]: curve.ended, "open_count": curve.open}
        sizes |= {roles["otherwise"]: curve.otherwise} if otherwise else {}
        values = [v for p in (0.5, 0.9) for v in (curve.quantile(p), *curve.quantile_interval(p))]
        mean = float(cells["sum_"].sum()) / curve.ended if curve.ended else np.nan
        within = _within_target(cells) if has_target else {}
        return (
            {k: int(v) for k, v in sizes.items()}
            | dict(zip(QUANTILES, values, strict=True))
            | {roles["mean"]: mean}
            | within
        )

    def made(cells):
        _refuse_negative(cells, METRICS[name].contract)
        groups = groups_of(cells, keys) if len(cells) or not keys else []
        frame = _framed(keys, [(key, measured(group)) for key, group in groups], columns)
        frame = frame.astype(dict.fromkeys(counts, "int64"))
        units = dict.fromkeys(counts, "count") | dict.fromkeys([*QUANTILES, roles["mean"], "target_seconds"], "seconds")
        about = {
            "roles": roles,
            "ends": ("median_low", "median_high"),
            "when_null": dict.fromkeys(QUANTILES, "not_reached"),
        }
        about |= {"case": case} if case else {}
        if has_target and frame["within_target"].notna().any():
            wanted = settings_of(rows).targets.compliance
            about["target"] = dict(zip(("of", "low", "high"), WITHIN, strict=True)) | {"value": wanted, "best": "high"}
            units["within_target"] = "rate"
        elif has_target:
            frame = frame.drop(columns=["target_seconds", *WITHIN])
        result = finish(frame, name, rows, keys, units, choices, **about)
        return result.with_cells(cells.drop(columns=["smallest_"]), keys)

    return run(_counted(spans, keys, ended, otherwise), made)


def _within_target(cells):
    """The share that ended within its own target: each target's cases apart, weighted by how many they are."""
    cells = cells[cells["target_"].notna()]
    total, value, variance = cells[["ended_", "otherwise_", "open_"]].to_numpy().sum(), 0.0, 0.0
    if not total:
        return dict.fromkeys(["target_seconds", *WITHIN], np.nan)
    parts = [(float(target), curve_of(group)) for target, group in cells.groupby("target_")]
    if len(parts) == 1:
        ((target, curve),) = parts
        return {"target_seconds": target} | dict(zip(WITHIN, curve.at(target), strict=True))
    for target, curve in parts:
        weight = curve.n / total
        share = curve.at(target)[0]
        last = np.searchsorted(curve.seconds, target, side="right") - 1
        error = float(curve.error[last]) if last >= 0 else 0.0
        value, variance = value + weight * share, variance + (weight * error) ** 2
    low, high = value, value
    if 0 < value < 1 and variance > 0:
        # complementary log-log, as the curve's own band
        width = 1.959963984540054 * np.sqrt(variance) / ((1 - value) * abs(np.log1p(-value)))
        low, high = (1 - (1 - value) ** np.exp(sign * width) for sign in (-1, 1))
    return {"target_seconds": np.nan} | dict(zip(WITHIN, (value, low, high), strict=True))


def wait_curve(
    of, rows, ended, by, zone, clock="calendar", service=None, otherwise=None, choices=None, points=200, case=None
):
    """The share that ended within any span of time, at most `points` rows a group."""
    name = of.__name__
    keys, spans = _cells(of, rows, ended, otherwise, by, zone, clock, service)

    def drawn(cells):
        curve = curve_of(cells)
        at = np.arange(len(curve.seconds))
        if len(at) >= points:  # evenly in the share answered, so that steep parts keep their shape
            # the start and the last time, up to which the curve is flat, are points too
            wanted = np.linspace(curve.share[0], curve.share[-1], max(points - 2, 1))
            at = np.unique([*np.searchsorted(curve.share, wanted).clip(0, len(at) - 1), len(at) - 1])
        columns = {"seconds": curve.seconds, "n": curve.at_risk.astype("int64"), "share": curve.share, "low": curve.low}
        frame = pd.DataFrame({column: values[at] for column, values in (columns | {"high": curve.high}).items()})
        start = pd.DataFrame({"seconds": [0.0], "n": [int(curve.n)], "share": [0.0], "low": [0.0], "high": [0.0]})
        if len(frame) and frame["seconds"].iloc[0] > 0:
            frame = pd.concat([start, frame], ignore_index=True)
        return frame

    def made(cells):
        _refuse_negative(cells, METRICS[name].contract)
        parts = [
            drawn(group).assign(**dict(zip(keys, key, strict=True)))
            for key, group in groups_of(cells, keys)
            if len(group)
        ]
        columns = [*keys, "seconds", "n", "share", "low", "high"]
        frame = pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
        units = {"seconds": "seconds", "n": "count", "share": "rate"}
        least = settings_of(rows).minimum_count
        about = {"rows": ["seconds"], "ends": ("low", "high"), "facts": {"minimum_count": least}} | (
            {"case": case} if case else {}
        )
        return finish(frame, name, rows, keys, units, choices, 0, **about)

    return run(_counted(spans, keys, ended, otherwise), made)


def wait_spans(
    of, rows, ended, by, zone, edges, clock="calendar", service=None, otherwise=None, choices=None, case=None
):
    """How many ended within each span of time; what ended otherwise, and what is open, are parts of their own.

    Counted on the engine by the exact second; upper ends are inclusive.
    """
    import ibis

    name, seconds = of.__name__, engine.parse_edges(edges)
    words = span_words(seconds, otherwise)
    names = [_span_name(key, values) for key, values in words]
    keys, spans = _cells(of, rows, ended, otherwise, by, zone, clock, service)
    steps = [(spans.seconds_ <= edge, position) for position, edge in enumerate(seconds)]
    last = [(spans[f"is_{otherwise}_"], len(seconds) + 1)] if otherwise else []
    place = ibis.cases((spans[f"is_{ended}_"], ibis.cases(*steps, else_=len(seconds))), *last, else_=len(names) - 1)
    spans = spans.mutate(place_=place)

    def made(frame):
        _refuse_negative(frame, METRICS[name].contract)
        parts = []
        for key, group in groups_of(frame, keys) if len(frame) else []:
            counted = group.set_index("place_")["n"].reindex(range(len(names)), fill_value=0).to_numpy("int64")
            part = pd.DataFrame({"bucket": names, "n": counted, "total": int(counted.sum())})
            parts.append(part.assign(**dict(zip(keys, key, strict=True))))
        columns = [*keys, "bucket", "n", "total"]
        whole = pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
        whole["bucket"] = pd.Categorical(whole["bucket"], names, ordered=True)
        whole = add_rate(whole, "share", "n", "total")
        about = {
            "count": "total",
            "rows": ["bucket"],
            "part": "bucket",
            "parts": names,
            "part_words": words,
            "ends": ("low", "high"),
        }
        about |= {"case": case} if case else {}
        return finish(whole, name, rows, keys, {"n": "count", "total": "count", "share": "rate"}, choices, **about)

    query = engine.aggregate(spans, [*keys, "place_"], n=spans.count(), smallest_=spans.seconds_.min())
    return run(query, made)


def span_words(edges, otherwise=None):
    """[(words key, its values)] of the spans that edges in seconds make, and of what isn't in any.

    >>> span_words([3600, 86400], "closed")[1:]
    [('between', {'low': 3600, 'high': 86400}), ('after', {'low': 86400}), ('closed_unanswered', {}), ('waiting', {})]
    """
    spans = [("within", {"high": edges[0]})]
    spans += [("between", {"low": low, "high": high}) for low, high in zip(edges, edges[1:], strict=False)]
    spans.append(("after", {"low": edges[-1]}))
    return [*spans, *([("closed_unanswered", {})] if otherwise else []), ("waiting", {})]


def _span_name(key, values):
    """The name of a span as a value of the result's column: the same in every language."""

    def name(seconds):
        for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
            if seconds % size == 0 and (unit != "d" or seconds > 86_400):
                return f"{seconds // size} {unit}"
        return f"{seconds} s"

    low, high = (name(values[end]) if end in values else "" for end in ("low", "high"))
    names = {"within": f"within {high}", "between": f"{low} to {high}", "after": f"after {low}"}
    return names.get(key, key.replace("_", " "))


# --- mean -------------------------------------------------------------------------------------------


def mean(of, rows, by, zone, choices=None, uses=(), within=None, facts=None, counts=None):
    """The mean of `seconds_` with Hall's interval, for skewed waits; median and p90, plain: nothing is open.

    Rows whose seconds are null are left out, and counted as the fact `unknown`.

    Parameters
    ----------
    within : (seconds, wanted share), optional
        The share of the rows that took no longer.
    facts : what else a sentence says of the result
    counts : {name: flag column} of rows that are counted beside
    """
    name, keys = of.__name__, engine.group_keys(by)
    counts = counts or {}
    ends = {"mean_seconds": ("mean_low", "mean_high"), "median_seconds": ("median_low", "median_high")}
    value = METRICS[name].value
    columns = ["n", "mean_seconds", *ends["mean_seconds"], *MEDIAN, "p90_seconds", *(WITHIN if within else []), *counts]
    keyed = engine.with_keys(rows, METRICS[name].contract, keys, zone, uses=uses, taken=columns)
    cells = keyed.select(*keys, *counts.values(), cell_=on_grid(keyed.seconds_), s_=keyed.seconds_.cast("float64"))
    query = cells.group_by([*keys, "cell_"]).aggregate(
        ended_=cells.count(), s1_=cells.s_.sum(), s2_=(cells.s_ * cells.s_).sum(), s3_=(cells.s_ * cells.s_ * cells.s_).sum(),
        **{f"{count}_": engine.count_if(cells, cells[flag]) for count, flag in counts.items()},
    )  # fmt: skip

    def measured(group):
        group = group.sort_values("cell_")
        values, sizes = group["cell_"].to_numpy(float), group["ended_"].to_numpy(float)
        n, *sums = (float(group[column].sum()) for column in ("ended_", "s1_", "s2_", "s3_"))
        low, high = (float(np.ravel(end)[0]) for end in mean_of_waits(n, *sums))
        median = [plain_quantile(values, sizes, 0.5), *order_interval(values, sizes, 0.5)]
        row = [int(n), sums[0] / n if n else np.nan, low, high, *median, plain_quantile(values, sizes, 0.9)]
        if within:
            hits = float(sizes[values <= within[0]].sum())
            row += [hits / n if n else np.nan, *(float(end[0]) for end in wilson([hits], [n]))]
        return dict(zip(columns, [*row, *(int(group[f"{count}_"].sum()) for count in counts)], strict=True))

    def made(cells):
        unknown = cells[cells["cell_"].isna()]
        cells = cells.drop(unknown.index)
        known = (facts or {}) | {"unknown": int(unknown["ended_"].sum())}
        groups = groups_of(cells, keys) if len(cells) or not keys else []
        frame = _framed(keys, [(key, measured(group)) for key, group in groups], columns).astype({"n": "int64"})
        units = {"n": "count"} | dict.fromkeys(["mean_seconds", "median_seconds", "p90_seconds"], "seconds")
        units |= dict.fromkeys(counts, "count") | {"within_target": "rate"}
        about = {"ends": ends[value], "facts": known}
        if within:
            about["target"] = dict(zip(("of", "low", "high"), WITHIN, strict=True)) | {
                "value": within[1],
                "best": "high",
            }
            about["target"]["seconds"] = within[0]
        kept = cells.assign(otherwise_=0, open_=0)
        return finish(frame, name, rows, keys, units, choices, **about).with_cells(kept, keys)

    return run(query, made)


def plain_quantile(values, counts, probability):
    """The quantile of counted values, interpolated between neighbours as numpy's default is.

    >>> plain_quantile(np.array([1.0, 2.0, 9.0]), np.array([1, 1, 2]), 0.5)
    5.5
    """
    n = counts.sum()
    if not n:
        return np.nan
    order = np.argsort(values)
    place, ends = (n - 1) * probability, np.cumsum(counts[order])
    low, high = (values[order][np.searchsorted(ends, at, side="right")] for at in (np.floor(place), np.ceil(place)))
    return float(low + (high - low) * (place - np.floor(place)))


# --- shares -----------------------------------------------------------------------------------------


def shares(of, rows, parts, column, by, zone, cluster=None, choices=None, time_every=None):
    """The parts of the rows that have one of the values `parts` in `column`; the others are counted only.

    Where the rows come in clusters (the messages of a conversation), the intervals carry how much alike those of one
    cluster are.
    """
    name, keys = of.__name__, engine.group_keys(by)
    ends = [f"{part}{end}" for part in parts for end in ("", "_low", "_high")]
    taken = ["n", "message_count", "coverage", "coverage_low", "coverage_high", "change", "p", "verdict", *ends]
    keyed = engine.with_keys(
        rows, METRICS[name].contract, keys, zone, taken=[*taken, *[f"{part}_count" for part in parts]]
    )
    is_clustered = cluster is not None and cluster in keyed.columns
    if is_clustered:
        keyed = keyed.mutate(cluster_=engine.as_text(keyed[cluster]))
    flags = {part: engine.count_if(keyed, keyed[column] == part) for part in parts}
    if not is_clustered:
        query = engine.aggregate(
            keyed, keys, message_count=keyed.count(), **{f"{p}_count": flag for p, flag in flags.items()}
        )
    else:
        query = _clustered(keyed, keys, flags)

    def made(frame):
        counts = [f"{part}_count" for part in parts]
        frame = frame.copy()
        frame["n"] = frame[counts].sum(axis=1).astype("int64")
        frame = add_rate(frame, "coverage", "n", "message_count", prefix="coverage")
        for part in parts:
            frame = add_rate(frame, part, f"{part}_count", "n", prefix=part)
            if "clusters_" in frame.columns:
                sums = (
                    frame[f"{name_}_"].to_numpy(float)
                    for name_ in ("clusters", "n", part, "nn", f"{part}_{part}", f"n_{part}")
                )
                low, high = clustered_rate(*sums)
                frame[f"{part}_low"], frame[f"{part}_high"] = low, high
        return frame.sort_values(keys, kind="stable").reset_index(drop=True) if keys else frame

    return query, made


def _clustered(keyed, keys, flags):
    """The query: the counts per group, and the sums over clusters that the intervals need."""
    n = sum(flags.values())
    each = keyed.group_by([*keys, "cluster_"]).aggregate(
        rows_=keyed.count(), n_=n, **{f"{part}_": flag for part, flag in flags.items()}
    )
    size = each.n_.cast("float64")
    sums = {
        "message_count": each.rows_.sum(),
        "clusters_": engine.count_if(each, each.n_ > 0),
        "n_": size.sum(),
        "nn_": (size * size).sum(),
    }
    for part in flags:
        own = each[f"{part}_"].cast("float64")
        sums |= {
            f"{part}_count": each[f"{part}_"].sum(),
            f"{part}_": own.sum(),
            f"{part}_{part}_": (own * own).sum(),
            f"n_{part}_": (size * own).sum(),
        }
    return engine.aggregate(each, keys, **sums)
