"""The forms of charts: rows, steps of time, lines, split bars, curve, week grid, pull. A result's shape chooses."""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.legend_handler import HandlerTuple
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import ScaledTranslation

from toolkit import words
from toolkit.plots import axes
from toolkit.plots.axes import CONTEXT, DASHES, DATA, GOOD, HARM, HIGHLIGHT, INK, SERIES
from toolkit.result import Result, format_value, interval_columns

MOST_ROWS, MOST_LINES, MOST_BARS = 15, len(SERIES), 62
MOST_STEPS = 31  # rows of a table in time
MOST_BANDS = 4  # more bands than that hide each other
FILL = 0.45  # strength of the areas, whose outline is full
HOLLOW = {"marker": "o", "color": CONTEXT, "markerfacecolor": "none", "markersize": 5.5, "linestyle": "none"}
OVERALL = {"color": CONTEXT, "linewidth": 1.3, "linestyle": (0, (5, 3)), "zorder": 2}
TARGET = {"color": INK, "linewidth": 1.5, "linestyle": (0, (1, 1.5)), "zorder": 2.5}
COUNTED = ("count", "grid")  # shapes whose figure is 0 where there is no case; the others have none there


class Form(NamedTuple):
    """How the values of a result are drawn; `unit` is one of `axes.scale`, `overall` may be nan, `standout` None."""

    value: str
    unit: str
    label: str
    is_bar: bool
    overall: float
    standout: object  # label of the row that is highlighted


# --- what is drawn of a row -----------------------------------------------------------------------


def counts(result):
    return result[result.attrs.get("count", "n")].to_numpy(float)


def _estimates(result, value):
    """Per row n, value, low, high (nan where there are too few cases or none), is_few and target."""
    attrs, n = result.attrs, counts(result)
    own = attrs.get("ends") if value == attrs.get("value") else None
    ends = own or interval_columns(result.columns).get(value) or ()
    enough = result.enough().to_numpy(bool) & np.isfinite(n)
    there = enough if attrs["shape"] in COUNTED else enough & (n > 0)
    frame = pd.DataFrame({"n": n, "is_few": ~enough & (n > 0)}, index=result.index)
    for name, column in zip(("value", "low", "high"), (value, *ends), strict=False):
        frame[name] = np.where(there, result[column].to_numpy(float), np.nan)
    # the target may be of another figure, such as the share within a span of time
    frame["target"] = result.targets() if (attrs.get("target") or {}).get("of") == value else np.nan
    return frame.reindex(columns=["n", "is_few", "value", "low", "high", "target"])


def _shown(value, unit):
    return format_value(float(value), "seconds" if unit == "log" else unit)


def _xy(along, across, upright):
    return (along, across) if upright else (across, along)


def _whisker(ax, at, low, high, colour, upright):
    """An interval; an end that isn't known is an arrow to the end of the axis."""
    if not np.isfinite(low):
        return
    begin, end = ax.get_ylim() if upright else ax.get_xlim()
    is_open = not np.isfinite(high)
    low, high = (max(low, begin) if begin > 0 else low), (end if is_open else high)  # a logarithmic axis has no 0
    ax.plot(*_xy([at, at], [low, high], upright), color=colour, linewidth=1.6, solid_capstyle="butt", zorder=3)
    if is_open:
        ax.plot(*_xy([at], [high], upright), "^" if upright else ">", color=colour, markersize=5.5, clip_on=False)


def _marks(ax, at, frame, form, upright, width, partial=()):
    """A bar or point with its whisker per row, hollow where there are too few cases; lines of overall and target."""
    axis = ax.yaxis if upright else ax.xaxis
    axes.scale(axis, form.unit, *(frame[name] for name in ("low", "value", "high", "target")), [form.overall])
    begin, _ = axis.get_view_interval()
    beside = ax.transData + ScaledTranslation(0 if upright else 7 / 72, 0, ax.figure.dpi_scale_trans)
    target = axes.only(frame["target"])
    for number, (y, row) in enumerate(zip(at, frame.itertuples(), strict=True)):
        colour = HIGHLIGHT if form.standout is not None and row.Index == form.standout else DATA
        fill = "none" if number in partial else to_rgba(colour, FILL if form.is_bar else 1)
        if row.is_few:
            ax.plot(*_xy(y, begin, upright), **HOLLOW, transform=beside, clip_on=False, zorder=5)
        elif form.is_bar and row.value > 0:
            (ax.bar if upright else ax.barh)(y, row.value, width, color=fill, edgecolor=colour, linewidth=0.8)
        elif form.is_bar and row.value == 0:  # a figure of 0 isn't a missing one
            look = {"color": colour, "linewidth": 2.5, "solid_capstyle": "butt", "clip_on": False}
            ax.plot(*_xy([y - width / 2, y + width / 2], [0, 0], upright), **look)
        elif np.isfinite(row.value):
            value = max(row.value, begin) if begin > 0 else row.value
            look = {"color": colour, "markerfacecolor": fill, "markersize": 6, "clip_on": False, "zorder": 4}
            ax.plot(*_xy(y, value, upright), "o", **look)
        _whisker(ax, y, row.low, row.high, colour, upright)
        if np.isnan(target) and np.isfinite(row.target):
            ax.plot(*_xy([y - 0.55 * width, y + 0.55 * width], [row.target] * 2, upright), **TARGET)
    for value, look in ((form.overall, OVERALL), (target, TARGET)):
        if np.isfinite(value):
            (ax.axhline if upright else ax.axvline)(value, **look)
    return target


def _most(result, keys):
    """(the rows to draw, a note on the others): the groups with the most cases, or the latest, in their order."""
    if axes.time_key(result, keys):
        return result.iloc[-MOST_STEPS:], axes.left_out(len(result) - MOST_STEPS, "chart.earlier_left_out")
    kept = np.sort(np.argsort(-np.nan_to_num(counts(result)), kind="stable")[:MOST_ROWS])
    return result.iloc[kept], axes.left_out(len(result) - MOST_ROWS)


# --- rows, steps of time, lines -------------------------------------------------------------------


def rows(result, ax, keys, form, keep_order=False, with_values=True):
    """One row per group: a point or bar with its interval; the figure and its count at the right."""
    keep_order = keep_order or result.attrs.get("ordered") or any(hasattr(result[key], "cat") for key in keys)
    result, note = (result, "") if result.attrs.get("ordered") else _most(result, keys)
    frame = _estimates(result, form.value)
    if not keep_order:  # what isn't reached is the longest of all; what has too few cases comes last
        rank = frame["value"].fillna(np.inf).where(~frame["is_few"] & (frame["n"] > 0), -np.inf)
        frame = frame.iloc[np.argsort(-rank.to_numpy(), kind="stable")]
        result = result.loc[frame.index]
    ax = axes.new(ax, 1.05 + 0.3 * max(len(result), 2))
    at = axes.name_rows(ax, axes.row_labels(result, keys))
    target, lines = _marks(ax, at, frame, form, False, 0.62), [note]
    ax.grid(axis="x")
    for key, value in (("dashed_overall", form.overall), ("dotted_target", target)):
        lines += [words.text(f"chart.{key}", value=_shown(value, form.unit))] if np.isfinite(value) else []
    lines += [words.text("chart.ticked_targets")] if np.isnan(target) and frame["target"].notna().any() else []
    few, shown = words.text("chart.too_few_row"), []
    for row in frame.itertuples():
        missing = words.text("chart.not_reached") if form.unit == "log" and row.n > 0 else "–"
        shown.append(few if row.is_few else _shown(row.value, form.unit) if np.isfinite(row.value) else missing)
    beside = _beside(result, frame)
    if not with_values:
        beside = [few if row.is_few else text for row, text in zip(frame.itertuples(), beside, strict=True)]
    axes.column_texts(ax, at, *([shown] if with_values else []), beside)
    axes.notes(ax, form.label, lines)
    return ax


def _beside(result, frame):
    """What stands beside the figures: the share of a count, both sides of a fraction in an order of stages, or n."""
    attrs = result.attrs
    if attrs["shape"] == "count" and "share" in result:
        return [format_value(share, "rate") for share in result["share"]]
    hits = "n" if "part" in attrs else attrs["roles"]["hits"] if attrs.get("ordered") else None
    if hits:
        pairs = zip(result[hits], frame["n"], strict=True)
        return [words.text("chart.of", hits=words.number(some), n=n) for some, n in pairs]
    return [words.text("chart.n", n=n) if np.isfinite(n) else "" for n in frame["n"]]


def along(result, ax, key, form):
    """One point or bar per hour, weekday, day, ..."""
    ax, steps = axes.new(ax, 3.0), axes.steps_of(result[key], key)
    frame = _estimates(result, form.value)
    partial = result.attrs.get("partial", ())
    axes.set_steps(ax, steps, 0.6)
    target = _marks(ax, steps.at, frame, form, True, steps.width * 0.74, partial)
    row = None if form.standout is None else frame.loc[form.standout]
    if row is not None and np.isfinite(row["value"]):
        top = row["high"] if np.isfinite(row["high"]) else row["value"]
        place = (steps.at[frame.index.get_loc(form.standout)], top)
        look = {"textcoords": "offset points", "ha": "center", "color": INK, "fontweight": "bold"}
        ax.annotate(_shown(row["value"], form.unit), place, (0, 4), **look)
    ends = [("overall", form.overall, CONTEXT), ("target", target, INK)]
    told = [(f"chart.{key}", value, colour) for key, value, colour in ends if np.isfinite(value)]
    axes.label_ends(ax, [(words.text(key, value=_shown(value, form.unit)), value, ink) for key, value, ink in told])
    ax.set_ylabel(form.label)
    few = words.text("chart.few_marks", n=result.attrs["minimum_count"]) if frame["is_few"].any() else ""
    axes.notes(ax, axes.time_label(key), [words.text("chart.partial") if len(partial) else "", few])
    return ax


def _line(ax, at, frame, width, colour, dash, strength, band):
    """A line and its band, broken where steps are missing; a point between two gaps keeps a mark and its whisker."""
    frame = frame.set_axis(at, axis=0)[["value", "low", "high"]].sort_index()
    at = frame.index.to_numpy()
    frame = frame.reindex(np.union1d(at, at[:-1][np.diff(at) > 1.5 * width] + width / 2))
    at, known = frame.index.to_numpy(), frame["value"].notna().to_numpy()
    lone = known & ~np.append(False, known[:-1]) & ~np.append(known[1:], False)
    marked = known if known.sum() <= 40 else lone
    look = {"color": colour, "alpha": strength}
    ax.plot(at, frame["value"], **look, linestyle=dash, linewidth=1.7, marker="o", markersize=4, markevery=marked)
    if not band:
        return
    high = frame["high"].fillna(ax.get_ylim()[1]).where(frame["low"].notna())
    ax.fill_between(at, frame["low"], high, color=colour, alpha=band * strength, linewidth=0)
    for x in at[lone]:
        _whisker(ax, x, frame.at[x, "low"], frame.at[x, "high"], to_rgba(colour, strength), True)


def lines(result, ax, key, groups, form, period):
    """A line with its band per group, or for the first and last part of a whole, named where it ends."""
    attrs, ax, steps = result.attrs, axes.new(ax, 3.4), axes.steps_of(result[key], key)
    of_parts = attrs["shape"] == "shares" and not groups
    if of_parts:
        names, parts, colours, left = axes.part_names(result.attrs), attrs["parts"], (HARM, DATA), ""
        series = [(names[place], _estimates(result, parts[place]).assign(at=steps.at)) for place in (0, -1)]
    else:
        frame = _estimates(result, form.value).assign(at=steps.at, group=axes.row_labels(result, groups))
        by_size = sorted(frame.groupby("group", sort=False), key=lambda pair: -pair[1]["n"].sum())
        series, left = by_size[:MOST_LINES], axes.left_out(len(by_size) - MOST_LINES)
        colours = SERIES
    band = 0.17 if len(series) <= MOST_BANDS else 0
    drawn = pd.concat([part for _, part in series])
    spans = [drawn[name] for name in ["value", "target"] + ["low", "high"] * bool(band)]
    axes.scale(ax.yaxis, form.unit, *spans, [form.overall])
    axes.set_steps(ax, steps, 0.4)
    reported, ends = axes.shade(ax, steps, period), []
    for (name, part), colour, dash in zip(series, colours, DASHES, strict=False):
        inside = np.isin(part["at"], steps.at[reported])
        before = ~inside
        if inside.any():  # the line up to the period belongs to what lies before it
            before[np.argmax(inside)] |= before.any()
        for rows, strength in ((part[inside], 1.0), (part[before], 0.45)):
            if len(rows):
                _line(ax, rows["at"].to_numpy(), rows, steps.width, colour, dash, strength, band)
        last = part["value"].dropna()
        ends += [(name, last.iloc[-1], colour)] if len(last) else []
    lines, target = [left], axes.only(drawn["target"])
    for key, value, look in (("dashed_overall", form.overall, OVERALL), ("dotted_target", target, TARGET)):
        if np.isfinite(value):
            ax.axhline(value, **look)
            lines.append(words.text(f"chart.{key}", value=_shown(value, form.unit)))
    if of_parts and "verdict" in result.columns:
        lines.append(_rings(ax, steps.at, result, _estimates(result, form.value)))
    lines += [words.text("chart.gaps", n=attrs["minimum_count"])] if drawn["is_few"].any() else []
    axes.label_ends(ax, ends if len(series) > 1 or groups else [])
    ax.set_ylabel(axes.label_of(result.attrs) if of_parts else form.label)
    axes.notes(ax, axes.time_label(steps.key), lines)
    return ax


def _rings(ax, at, result, frame):
    """Ring the clear changes of the value from the step before; returns what the rings mean."""
    rings = np.flatnonzero((result["verdict"] == "clear") & frame["value"].notna())
    for ring in rings:
        row, change = frame.iloc[ring], result["change"].iloc[ring]
        ax.plot(at[ring], row["value"], **HOLLOW | {"color": HARM, "markersize": 11}, markeredgewidth=1.5)
        if len(rings) <= 6 and change > 0:  # below a fall there is the other line
            look = {"textcoords": "offset points", "ha": "center", "color": INK, "fontweight": "bold", "fontsize": 9}
            ax.annotate(format_value(change, "points"), (at[ring], row["high"]), (0, 4), **look)
    return words.text("chart.rings") if len(rings) else ""


# --- parts of a whole, curve, week grid, pull -----------------------------------------------------


def split(result, ax, keys):
    """One bar of 100 % per group, split into its parts in their order."""
    names, tidy = axes.part_names(result.attrs), result.parts()
    wide = tidy.pivot(index="place", columns="part", values="share")[list(result.attrs["parts"])].fillna(0.0)
    groups = Result(tidy.drop_duplicates("place").set_index("place"))
    groups.attrs = result.attrs | {"count": "total"}
    groups, note = _most(groups, keys)
    enough = groups.enough() & (groups["total"] > 0)
    if not axes.time_key(groups, keys):  # most of the first part on top, too few at the end
        order = np.lexsort((-wide.loc[groups.index].iloc[:, 0], ~enough))
        groups, enough = groups.iloc[order], enough.iloc[order]
    shares, labels = wide.loc[groups.index].to_numpy() * enough.to_numpy()[:, None], axes.row_labels(groups, keys)
    ax = axes.new(ax, 1.35 + 0.36 * len(labels) + 0.2 * bool(note))
    at, left, handles = axes.name_rows(ax, labels), np.zeros(len(labels)), []
    inches = ax.figure.get_figwidth() - 1.1 - 0.085 * max(map(len, labels))  # of 100 %, roughly
    for width, (colour, strength, hatch) in zip(shares.T, axes.part_fills(result.attrs), strict=False):
        some = width > 0  # a part of no width would still show its outline
        # an SVG's pattern has one opacity, in which a hatch would be lost: it is a layer of its own
        layers = [{"facecolor": to_rgba(colour, strength)}] + [{"facecolor": "none", "hatch": hatch}] * bool(hatch)
        for layer in layers:
            ax.barh(at[some], width[some], 0.66, left=left[some], edgecolor=colour, linewidth=0.8, **layer)
        handles.append(tuple(Patch(edgecolor=colour, linewidth=0.8, **layer) for layer in layers))
        for row in np.flatnonzero(width * inches >= 0.3):  # where the figure has room
            shown = f"{width[row] * 100:.0f} %" if width[row] * inches >= 0.44 else f"{width[row] * 100:.0f}"
            ax.text(left[row] + width[row] / 2, at[row], shown, ha="center", va="center", color=INK, fontsize=9)
        left += width
    few = ["" if is_enough else words.text("chart.too_few_row") for is_enough in enough]
    counts = [words.text("chart.n", n=float(n)) for n in groups["total"]]
    axes.column_texts(ax, at, *([] if enough.all() else [few]), counts)
    axes.percent(ax.xaxis, 1)
    ax.spines["left"].set_visible(False)
    columns = len(names)
    if sum(map(len, names)) + 5 * len(names) > 85:  # two lines; a legend is filled by columns, read by lines
        columns = math.ceil(len(names) / 2)
        order = [place for i in range(columns) for place in range(i, len(names), columns)]
        handles, names = [handles[place] for place in order], [names[place] for place in order]
    look = {"handlelength": 1, "handleheight": 0.9, "handletextpad": 0.5, "columnspacing": 1.1, "borderaxespad": 0.2}
    place = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": columns, "labelcolor": INK}
    ax.legend(handles, names, handler_map={tuple: HandlerTuple(1, 0)}, **place, **look)
    # the parts behind a rate are shares of all its cases: the axis isn't the rate's
    is_whole = result.attrs["shape"] == "shares"
    axes.notes(ax, axes.label_of(result.attrs) if is_whole else words.text("chart.axis.of_all"), [note])
    return ax


def curve(result, ax, keys):
    """The share that ended within any span of time, with its band, a line per group."""
    least = max(result.attrs["minimum_count"], result.attrs.get("facts", {}).get("minimum_count", 1))
    frame = pd.DataFrame(result).assign(group_=axes.row_labels(result, keys))
    every = sorted(frame.groupby("group_", sort=False), key=lambda pair: -pair[1]["n"].max())
    shown = [(name, part) for name, part in every if part["n"].max() >= least][:MOST_LINES]
    if not shown:
        return axes.say(ax, words.text("chart.too_few", n=least))
    ax = axes.new(ax, 3.5)
    grown = pd.concat([part[part["share"] > 0] for _, part in shown])
    first = grown["seconds"].clip(lower=1).min() if len(grown) else 60
    # nothing changes after the last answer, however long the others have been waiting
    # (and a tail of single late answers isn't worth half of the axis)
    changes = [part["seconds"][part["share"] >= 0.995 * part["share"].max()].min() for _, part in shown]
    axes.log_time(ax.xaxis, first, max(*changes, first * 10))
    axes.percent(ax.yaxis, 1)
    ax.grid(axis="both")
    (begin, end), named = ax.get_xlim(), []
    for (name, part), colour, dash in zip(shown, SERIES, DASHES, strict=False):
        part = part[part["seconds"] <= end].sort_values("seconds")
        part = pd.concat([part, part.tail(1).assign(seconds=end)])
        seconds = part["seconds"].clip(lower=begin)  # a logarithmic axis has no 0
        ax.plot(seconds, part["share"], color=colour, linestyle=dash, drawstyle="steps-post")
        if len(shown) <= MOST_BANDS:
            look = {"step": "post", "color": colour, "alpha": 0.17, "linewidth": 0}
            ax.fill_between(seconds, part["low"], part["high"].fillna(1), **look)
        label = words.text("chart.name_and_n", name=name, n=int(part["n"].max()))
        named += [(label, part["share"].iloc[-1], colour)] if keys else []
    axes.label_ends(ax, named)
    ax.set_ylabel(axes.label_of(result.attrs))
    axes.notes(ax, words.text("chart.axis.elapsed"), [axes.left_out(len(every) - len(shown))])
    return ax


def grid(result, ax, standout):
    """The mean per weekday and local hour; hours that were not there are hatched, what stands out is framed."""
    import seaborn

    ax, frame = axes.new(ax, 3.1), pd.DataFrame(result)
    frame["mean"] = frame["mean"].astype(float).where(frame["days"] > 0)
    table = frame.pivot(index="weekday", columns="hour", values="mean")
    # from nothing to the data's colour: what is faint on white is faint on black too; few steps are read off the bar
    fade = LinearSegmentedColormap.from_list("fade", [to_rgba(DATA, 0.04), to_rgba(DATA, 1.0)], N=8)
    name = axes.label_of(result.attrs)
    look = {"label": name, "pad": 0.015, "aspect": 14, "shrink": 0.95}
    seaborn.heatmap(table, ax=ax, cmap=fade, vmin=0, vmax=float(np.nanmax(table)), cbar_kws=look)
    bar = ax.collections[0].colorbar
    bar.solids.set_edgecolor("none")
    bar.outline.set_visible(False)
    bar.ax.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    absent = np.argwhere(table.isna().to_numpy())
    for row, column in absent:
        look = {"facecolor": "none", "edgecolor": to_rgba(CONTEXT, 0.6), "linewidth": 0, "hatch": "////"}
        ax.add_patch(Rectangle((column, row), 1, 1, **look))
    if standout in frame.index and np.isfinite(frame.at[standout, "mean"]):
        row, column = (axis.get_loc(frame.at[standout, axis.name]) for axis in table.axes)
        look = {"fill": False, "edgecolor": HIGHLIGHT, "linewidth": 2, "clip_on": False, "zorder": 5}
        ax.add_patch(Rectangle((column, row), 1, 1, **look))
    ax.set_xticks(np.arange(0, 24, 3) + 0.5, axes.hour_names(range(0, 24, 3)), rotation=0)
    ax.set_yticks(np.arange(len(table)) + 0.5, axes.weekday_names(table.index.codes), rotation=0)
    ax.set_ylabel("")
    axes.notes(ax, axes.time_label("hour"), [words.text("chart.no_such_hour") if len(absent) else ""])
    for one in (ax, bar.ax):
        one.tick_params(length=0)
    return ax


def pull(result, ax, keys, form):
    """The rate of each group, and beside it how much each pulls the total: a colour only where that is clear."""
    shown, note = _most(result, keys)
    shown = shown.iloc[np.argsort(~shown.enough().to_numpy(bool), kind="stable")]  # in its order; too few at the end
    if ax is not None:
        return rows(shown, ax, keys, form, keep_order=True)
    ax, beside = axes.new(None, 0.95 + 0.3 * max(len(shown), 2) + 0.2 * bool(note), panels=2)
    rows(shown, ax, keys, form, keep_order=True, with_values=False)
    frame, at = _estimates(shown, "pull"), np.arange(len(shown))[::-1]
    reach = np.nanmax(np.abs(frame[["value", "low", "high"]].to_numpy()), initial=0.01) * 1.12
    beside.set_xlim(-reach, reach)
    beside.xaxis.set_major_locator(MaxNLocator(4, symmetric=True))
    written = FuncFormatter(lambda value, _: f"{round(value * 100, 6):+g}".replace("-", "−").replace("+0", "0"))
    beside.xaxis.set_major_formatter(written)
    beside.axvline(0, color=INK, linewidth=0.8)
    beside.grid(axis="x")
    for y, row, verdict in zip(at, frame.itertuples(), shown["verdict"], strict=True):
        colour = CONTEXT if verdict != "clear" else HARM if row.value < 0 else GOOD
        beside.plot(row.value, y, "o", color=colour, markersize=6.5, zorder=4)
        _whisker(beside, y, row.low, row.high, colour, False)
    axes.column_texts(beside, at, [format_value(v, "points") if np.isfinite(v) else "" for v in frame["value"]])
    beside.tick_params(axis="y", length=0, labelleft=False)
    beside.spines["left"].set_visible(False)
    axes.notes(beside, words.text("chart.axis.pull"), [])
    ax.xaxis.set_major_locator(MaxNLocator(2, steps=[1, 2, 5, 10]))
    axes.notes(ax, form.label, [note])
    return ax
