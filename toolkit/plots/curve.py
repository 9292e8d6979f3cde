"""Time to an event: the share that ended within any span of time, as a curve with its band."""

import numpy as np
import pandas as pd

from toolkit import claims, words
from toolkit.look import LIGHT
from toolkit.plots import axes, canvas, multiples
from toolkit.plots.bars import grid_lines
from toolkit.plots.canvas import BASE, DOTTED

MOST_CURVES = 2  # on one panel


def parts_of(result, keys):
    """[(name, its curve)] of the groups with enough cases, the largest first, what has no name last."""
    least = max(result.attrs["minimum_count"], result.attrs.get("facts", {}).get("minimum_count", 1))
    frame = pd.DataFrame(result).assign(name_=axes.row_names(result, keys))
    frame["is_nobody_"] = axes.is_nobody(frame, keys)
    # by the keys themselves: two groups may be called alike
    groups = [part for _, part in frame.groupby(keys, sort=False, dropna=False, observed=True)] if keys else [frame]
    every = sorted(groups, key=lambda part: (part["is_nobody_"].any(), -part["n"].max()))
    named = [(part["name_"].iloc[0], part.sort_values("seconds")) for part in every if len(part)]
    return [(name, part) for name, part in named if part["n"].max() >= least], least


def scale_of(parts):
    """From the first to the last change: nothing happens later, however long the others have been waiting."""
    grown = pd.concat([part[part["share"] > 0] for _, part in parts])
    first = grown["seconds"].clip(lower=1).min() if len(grown) else 60
    # a tail of single late answers isn't worth half of the axis
    changes = [part["seconds"][part["share"] >= 0.995 * part["share"].max()].min() for _, part in parts]
    return axes.span_scale(first, max(*changes, first * 10))


def curve(result, ax, keys, narrow):
    """One or two curves on a panel, named where they end; more groups are small multiples."""
    parts, least = parts_of(result, keys)
    if not parts:
        return canvas.sentence(ax, narrow, words.text("chart.too_few", n=least))
    scale = scale_of(parts)
    seconds = claims.told_time(result, claims.place_keys(result))  # that of the finding
    shares = [multiples.share_at(part, seconds) for _, part in parts]
    parts = [(name, _until(part, scale.high)) for name, part in parts]
    if len(parts) > MOST_CURVES:
        return multiples.of_curves(parts, ax, scale, narrow, seconds, shares)
    width = canvas.width_of_canvas(ax, narrow)
    ends = [(name if keys and not narrow else "", _last(part)) for name, part in parts]
    # the key says the names where there is no room beside the lines
    named = zip(("own", "dashed"), (name for name, _ in parts), strict=False) if keys and narrow else ()
    placed, top = canvas.key_lines(named, width, narrow)
    target = axes.only(pd.concat([part.get("target_seconds", pd.Series([np.nan])) for _, part in parts]))
    upwards = axes.Scale(0, 1, [0, 0.5, 1], [words.percent(one) for one in (0, 0.5, 1)], False)
    left = canvas.measure(upwards.labels, narrow) + 10
    right = min(canvas.room_for(ends, narrow) + 16, 0.36 * width)
    top += 24 if np.isfinite(target) else 10
    drawn = canvas.make(ax, narrow, top + (170 if narrow else 200) + 26, left, right, top, 26)
    drawn.ax.set_xscale("log")
    drawn.ax.set(xlim=(scale.low, scale.high), ylim=(0, 1), xticks=[], yticks=[])
    drawn.ax.minorticks_off()
    canvas.draw_key(drawn, placed)
    grid_lines(drawn, upwards, left, right)
    if np.isfinite(target) and scale.low <= target <= scale.high:
        canvas.rule(drawn, [target] * 2, [top - 6, drawn.height - 26], drawn.upwards, zorder=2.5, **DOTTED)
        text = words.text("chart.target", value=words.duration(target))
        canvas.write(drawn, target, top - 10, text, drawn.upwards, "center")
    for number, (name, part) in reversed(list(enumerate(parts))):
        _curve(drawn.ax, part, number > 0, words.text("chart.mark_alone", name=name, value=_last(part)))
    height = drawn.height - top - 26
    y = [top + (1 - part["share"].iloc[-1]) * height for _, part in parts]
    for number, placed in enumerate(canvas.spread(y, 16, top, top + height)):
        text, is_first = canvas.name_and_value(*ends[number], right - 8, narrow), number == 0
        role = "ink" if is_first else "muted"
        look = {"role": role, "bold": is_first, "full": ends[number][0] or text, "name": "end"}
        canvas.write(drawn, width - right + 8, placed + BASE, text, **look)
    x = drawn.ax.transData.transform(np.column_stack([scale.ticks, np.zeros(len(scale.ticks))]))[:, 0]
    at = (x - drawn.px.transform((0, 0))[0]) / drawn.ax.figure.dpi * 72
    canvas.labels_across(drawn, at, scale.labels, drawn.height - 8)
    return drawn.ax


def _until(part, end):
    """A curve up to the end of the axis."""
    part = part[part["seconds"] <= end]
    return pd.concat([part, part.tail(1).assign(seconds=end)])


def _last(part):
    return axes.shown(part["share"].iloc[-1], "rate")


def _curve(ax, part, is_second, said):
    seconds = part["seconds"].clip(lower=ax.get_xlim()[0])  # a logarithmic axis has no 0
    band = {"color": LIGHT["soft" if is_second else "band"], "linewidth": 0, "zorder": 1, "label": "band"}
    ax.fill_between(seconds, part["low"], part["high"].fillna(1), step="post", **band)
    look = {"linestyle": (0, (6, 3)), "linewidth": 1.5} if is_second else {"linewidth": 2.25}
    colour = LIGHT["context" if is_second else "data"]
    ax.plot(seconds, part["share"], drawstyle="steps-post", color=colour, zorder=3, label="line", gid=said, **look)
