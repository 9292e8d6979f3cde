"""The shapes of time: how long until something ends, what is open included; those of waits that are over are in `means.py`.

Waits reach pandas as counts on a grid of seconds (`on_grid`), so that what is handed over doesn't grow with the rows.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from toolkit import engine
from toolkit.errors import BadData
from toolkit.intervals import Incidence, normal_quantile
from toolkit.metrics.choices import Choices
from toolkit.metrics.edges import parse_edges, span_name, span_words
from toolkit.metrics.registry import METRICS
from toolkit.metrics.shapes import add_rate, finish, groups_of, run, settings_of

GRID = ((7_200, 1), (86_400, 10), (864_000, 60), (8_640_000, 600))  # (up to, step) in seconds
COARSEST = 3_600
ENDS = ("ended_", "otherwise_", "open_")  # of a cell: how many ended, ended otherwise, are open
MEDIAN = ["median_seconds", "median_low", "median_high"]
QUANTILES = [*MEDIAN, "p90_seconds", "p90_low", "p90_high"]
TOLD = (10, 20, 60, 300, 600, 1_800, 3_600, 21_600, 86_400, 259_200)  # times at which shares are told, in seconds
WITHIN = ["within_target", "within_target_low", "within_target_high"]


@dataclass(frozen=True)
class Waits:
    """Cases that wait for an end, and how they are counted: what the shapes of time take.

    `rows` have `start_`, `stop_` (epoch seconds; when the data was read for what is open), the flags `is_<ended>_` and
    `is_<otherwise>_`, and may have `target_`, the seconds within which a case should have ended. `told` are the choices
    that a result tells, `case` the word of one row where it isn't the metric's own.
    """

    rows: Any
    ended: str
    otherwise: str | None = None
    choices: Choices = Choices()
    told: dict | None = None
    case: str | None = None

    @property
    def flags(self):
        """The columns that say how a wait ended."""
        return [f"is_{flag}_" for flag in (self.ended, self.otherwise) if flag]

    def telling(self, more):
        """The same waits of which a result tells more choices, these first."""
        return replace(self, told=more | self.told)

    @property
    def about(self):
        """What a result knows of its cases besides its metric's own word for one."""
        return {"case": self.case} if self.case else {}


def framed(keys, rows, columns):
    """A frame of (key, {column: value}) rows, with its columns also where there is no row."""
    made = [dict(zip(keys, key, strict=True)) | values for key, values in rows]
    return pd.DataFrame(made, columns=[*keys, *columns])


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


def _cells(of, waits, by, uses=()):
    """(keys, spans): one row per case with its groups, its seconds, how it ended and its target."""
    name, keys = of.__name__, engine.group_keys(by)
    ended, otherwise = waits.ended, waits.otherwise
    taken = ["n", f"{ended}_count", "open_count", *QUANTILES, f"mean_{ended}_seconds", "target_seconds", *WITHIN]
    taken += ["seconds", "share", "low", "high", "bucket", "total", *([f"{otherwise}_count"] if otherwise else [])]
    keyed = engine.with_keys(waits.rows, METRICS[name].contract, keys, waits.choices.zone, uses=uses, taken=taken)
    own = [*keys, "start_", "stop_", *waits.flags, *(["target_"] if "target_" in keyed.columns else [])]
    return keys, timed(keyed.select(*own), waits.choices.opening(waits.rows))


def timed(spans, service):
    """The spans with `seconds_` between start and stop: of all time, or of the opening hours of a service."""
    import ibis

    if service is not None:
        from toolkit.clock import business_clock

        spans = business_clock(spans, ["start_", "stop_"], service)
        seconds = spans.stop__business - spans.start__business
        # an end before its start is wrong also where both lie outside opening hours
        return spans.mutate(seconds_=ibis.ifelse(spans.stop_ < spans.start_, -1, seconds))
    return spans.mutate(seconds_=spans.stop_ - spans.start_)


def _counted(spans, keys, waits):
    """The query: per group and duration on the grid how many ended, ended otherwise, are open; and their seconds."""
    import ibis

    cell = spans.mutate(cell_=on_grid(spans.seconds_))
    if waits.otherwise is None:
        cell = cell.mutate(is_otherwise_=ibis.literal(False))
    is_ended, is_other = cell[f"is_{waits.ended}_"], cell[f"is_{waits.otherwise or 'otherwise'}_"]
    groups = [*keys, "cell_", *(["target_"] if "target_" in cell.columns else [])]
    return cell.group_by(groups).aggregate(
        ended_=is_ended.ifelse(1, 0).sum(),
        otherwise_=is_other.ifelse(1, 0).sum(),
        open_=(is_ended | is_other).ifelse(0, 1).sum(),
        sum_=is_ended.ifelse(cell.seconds_, 0).cast("float64").sum(),
        smallest_=cell.seconds_.min(),
    )


def refuse_negative(frame, table, column="smallest_"):
    if len(frame) and frame[column].min() < 0:
        raise BadData(
            f"{table}: an end lies before its start; toolkit.open_data sets such rows aside, or drop them first"
        )


def curve_of(cells):
    """The cumulative incidence of a group's cells."""
    return _curve(*(cells[name].to_numpy(float) for name in ("cell_", *ENDS)))


def _curve(seconds, *ends):
    # numpy's sums, as a frame's cost milliseconds a group
    times, at = np.unique(seconds, return_inverse=True)
    return Incidence(times, *(np.bincount(at, column, minlength=len(times)) for column in ends))


def wait(of, waits, by, uses=()):
    """Quantiles of the time to an end, from the cumulative incidence: what is open is censored when the data was read.

    What ended otherwise will never end this way; the mean of what did stands beside, labelled as such. Where the
    rows have a `target_`, the share that ended within it, each case held to its own.
    """
    name, rows, ended, otherwise = of.__name__, waits.rows, waits.ended, waits.otherwise
    keys, spans = _cells(of, waits, by, uses)
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
        refuse_negative(cells, METRICS[name].contract)
        groups = groups_of(cells, keys) if len(cells) or not keys else []
        frame = framed(keys, [(key, measured(group)) for key, group in groups], columns)
        frame = frame.astype(dict.fromkeys(counts, "int64"))
        units = dict.fromkeys(counts, "count") | dict.fromkeys([*QUANTILES, roles["mean"], "target_seconds"], "seconds")
        about = {
            "roles": roles,
            "ends": ("median_low", "median_high"),
            "when_null": dict.fromkeys(QUANTILES, "not_reached"),
        } | waits.about
        if has_target and frame["within_target"].notna().any():
            wanted = settings_of(rows).targets.compliance
            about["target"] = dict(zip(("of", "low", "high"), WITHIN, strict=True)) | {"value": wanted, "best": "high"}
            units["within_target"] = "rate"
        elif has_target:
            frame = frame.drop(columns=["target_seconds", *WITHIN])
        result = finish(frame, name, rows, keys, units, waits.told, **about)
        return result.with_cells(cells.drop(columns=["smallest_"]), keys)

    return run(_counted(spans, keys, waits), made)


def _within_target(cells):
    """The share that ended within its own target: each target's cases apart, weighted by how many they are."""
    targets, *columns = (cells[name].to_numpy(float) for name in ("target_", "cell_", *ENDS))
    is_promised = ~np.isnan(targets)
    total, value, variance = sum(column[is_promised].sum() for column in columns[1:]), 0.0, 0.0
    if not total:
        return dict.fromkeys(["target_seconds", *WITHIN], np.nan)
    each = [(float(target), targets == target) for target in np.unique(targets[is_promised])]
    parts = [(target, _curve(*(column[own] for column in columns))) for target, own in each]
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
        width = normal_quantile() * np.sqrt(variance) / ((1 - value) * abs(np.log1p(-value)))
        low, high = (1 - (1 - value) ** np.exp(sign * width) for sign in (-1, 1))
    return {"target_seconds": np.nan} | dict(zip(WITHIN, (value, low, high), strict=True))


def _one_target(targets):
    """The one target that all cases of a group have; null where they have several, or some have none.

    >>> _one_target([60, 60]), _one_target([60, 20]), _one_target([60, None])
    (60.0, nan, nan)
    """
    found = np.unique(np.asarray(targets, float))
    return float(found[0]) if len(found) == 1 else np.nan


def wait_curve(of, waits, by, points=200):
    """The share that ended within any span of time, at most `points` rows a group."""
    name, rows = of.__name__, waits.rows
    keys, spans = _cells(of, waits, by)
    targeted = ["target_seconds"] if "target_" in spans.columns else []

    def drawn(cells):
        curve = curve_of(cells)
        at = np.arange(len(curve.seconds))
        if len(at) >= points:  # evenly in the share answered, so that steep parts keep their shape
            # the start and the last time, up to which the curve is flat, are points too
            told = np.searchsorted(curve.seconds, TOLD, side="right") - 1  # what is read off there is exact
            told = told[told >= 0]
            wanted = np.linspace(curve.share[0], curve.share[-1], max(points - 2 - len(told), 1))
            at = np.unique([*np.searchsorted(curve.share, wanted).clip(0, len(at) - 1), *told, len(at) - 1])
        columns = {"seconds": curve.seconds, "n": curve.at_risk.astype("int64"), "share": curve.share, "low": curve.low}
        frame = pd.DataFrame({column: values[at] for column, values in (columns | {"high": curve.high}).items()})
        start = pd.DataFrame({"seconds": [0.0], "n": [int(curve.n)], "share": [0.0], "low": [0.0], "high": [0.0]})
        if len(frame) and frame["seconds"].iloc[0] > 0:
            frame = pd.concat([start, frame], ignore_index=True)
        return frame.assign(**{name: _one_target(cells["target_"].to_numpy(float)) for name in targeted})

    def made(cells):
        refuse_negative(cells, METRICS[name].contract)
        parts = [
            drawn(group).assign(**dict(zip(keys, key, strict=True)))
            for key, group in groups_of(cells, keys)
            if len(group)
        ]
        columns = [*keys, "seconds", "n", "share", "low", "high", *targeted]
        frame = pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
        frame = frame.drop(columns=targeted) if frame[targeted].isna().all(axis=None) else frame
        units = {"seconds": "seconds", "n": "count", "share": "rate", "target_seconds": "seconds"}
        least = settings_of(rows).minimum_count
        about = {"rows": ["seconds"], "ends": ("low", "high"), "facts": {"minimum_count": least}} | waits.about
        return finish(frame, name, rows, keys, units, waits.told, 0, **about)

    return run(_counted(spans, keys, waits), made)


def wait_spans(of, waits, by, edges, is_upper=True, still="waiting"):
    """How many ended within each span of time; what ended otherwise, and what is open, are parts of their own.

    Counted on the engine by the exact second; an edge belongs to the span that it ends (`is_upper`), or begins. Where
    all of a group have one `target_`, the share of the group that ended within it.
    """
    import ibis

    name, seconds = of.__name__, parse_edges(edges)
    ended, otherwise = waits.ended, waits.otherwise
    words = span_words(seconds, otherwise, is_upper, still)
    names = [span_name(key, values) for key, values in words]
    keys, spans = _cells(of, waits, by)
    steps = [
        (spans.seconds_ <= edge if is_upper else spans.seconds_ < edge, place) for place, edge in enumerate(seconds)
    ]
    last = [(spans[f"is_{otherwise}_"], len(seconds) + 1)] if otherwise else []
    place = ibis.cases((spans[f"is_{ended}_"], ibis.cases(*steps, else_=len(seconds))), *last, else_=len(names) - 1)
    spans = spans.mutate(place_=place)
    of_target, targeted, hits = [], [], {}
    if "target_" in spans.columns:
        of_target, targeted = ["target_"], ["target_seconds", "within_target"]
        hits = {"within_": engine.count_if(spans, spans[f"is_{ended}_"] & (spans.seconds_ <= spans.target_))}

    def held(group):
        """What a group is held against, and the share of it that ended within that."""
        if not targeted:
            return {}
        target = _one_target(group["target_"].to_numpy(float))
        share = group["within_"].sum() / group["n"].sum()
        return dict(zip(targeted, (target, np.nan if np.isnan(target) else float(share)), strict=True))

    def made(frame):
        refuse_negative(frame, METRICS[name].contract)
        parts = []
        for key, group in groups_of(frame, keys) if len(frame) else []:
            counted = group.groupby("place_")["n"].sum().reindex(range(len(names)), fill_value=0).to_numpy("int64")
            part = pd.DataFrame({"bucket": names, "n": counted, "total": int(counted.sum())} | held(group))
            parts.append(part.assign(**dict(zip(keys, key, strict=True))))
        columns = [*keys, "bucket", "n", "total"]
        whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*columns, *targeted])
        whole["bucket"] = pd.Categorical(whole["bucket"], names, ordered=True)
        whole = add_rate(whole, "share", "n", "total")[[*columns, "share", "low", "high", *targeted]]
        whole = whole.drop(columns=targeted) if whole[targeted].isna().all(axis=None) else whole
        units = dict.fromkeys(["n", "total"], "count") | {"share": "rate"}
        units |= {"target_seconds": "seconds", "within_target": "rate"}
        about = {
            "count": "total",
            "rows": ["bucket"],
            "part": "bucket",
            "parts": names,
            "part_words": words,
            "ends": ("low", "high"),
        } | waits.about
        return finish(whole, name, waits.rows, keys, units, waits.told, **about)

    groups = [*keys, "place_", *of_target]
    query = engine.aggregate(spans, groups, n=spans.count(), smallest_=spans.seconds_.min(), **hits)
    return run(query, made)
