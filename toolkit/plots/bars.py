"""Counts by category as bars from 0, and figures by hour as columns along the day."""

import numpy as np

from toolkit import words
from toolkit.look import LIGHT
from toolkit.plots import axes, canvas
from toolkit.plots.canvas import BASE, DIAMOND, DOT, DOTTED, EDGE, LINE
from toolkit.plots.rows import most, whisker
from toolkit.result import row_order

PITCH = {False: 28, True: 40}  # of the bars of a wide and of a narrow drawing
THICK = {False: 18, True: 14}
BELOW = 7  # how far below a bar's middle its tick begins


def bars(result, ax, keys, form, narrow):
    """One bar per group, its value at its end; a tick where it ended in the period before."""
    partial = {result.index[place] for place in result.attrs.get("partial", ())}
    result, note = most(result, keys)
    frame = axes.estimates(result, form.value).assign(
        before=axes.befores(result, form.before, keys), name=axes.row_names(result, keys),
        nobody=axes.is_nobody(result, keys),
    )  # fmt: skip
    frame = frame.iloc[row_order(result)]
    texts = [_end(row, form) for row in frame.itertuples()]
    width, key = canvas.width_of_canvas(ax, narrow), []
    if frame["before"].notna().any():
        key = [({"facecolor": LIGHT["data"]}, words.text("chart.key.now")), ("tick", words.text("chart.key.before"))]
    if partial & set(frame.index):
        look = {"edgecolor": LIGHT["data"], "linewidth": 1.5}
        key.append((look, words.text("chart.key.partial")))
    placed, top = canvas.key_lines(key, width, narrow)
    left = 1 if narrow else min(canvas.measure(frame["name"], narrow) + 14, 0.32 * width)
    right = canvas.measure(texts, narrow, True) + 12
    pitch, thick, bottom = PITCH[narrow], THICK[narrow], 4 + LINE * bool(note)
    drawn = canvas.make(ax, narrow, top + pitch * len(frame) + bottom, left, right, top, bottom)
    most_of_all = np.nanmax(frame[["value", "before"]].to_numpy(float), initial=0)
    drawn.ax.set(xlim=(0, most_of_all or 1), ylim=(pitch * len(frame), 0))
    canvas.draw_key(drawn, placed)
    for number, (row, text) in enumerate(zip(frame.itertuples(), texts, strict=True)):
        middle = number * pitch + (27 if narrow else pitch / 2)
        is_named = form.standout is not None and row.Index == form.standout
        look = {"by": drawn.across, "shift": (0, BASE), "full": row.name, "bold": is_named, "name": "name"}
        if narrow:
            canvas.write(drawn, 0, middle - 17, canvas.cut(row.name, width, True, is_named), **look)
        else:
            name = canvas.cut(row.name, left - 14, False, is_named)
            canvas.write(drawn, left - 8, middle, name, anchor="right", **look)
        end = row.value if np.isfinite(row.value) else 0
        beyond = (row.before - end) / (most_of_all or 1) * (width - left - right)  # of the tick, in pixels
        is_at_value = 2 < beyond < canvas.measure([text], narrow, True) + 11
        _bar(drawn, row, middle, thick, form, row.nobody or row.Index in partial, is_named, is_at_value)
        look = {"by": drawn.ax.transData, "shift": (7, BASE), "bold": np.isfinite(row.value), "name": "value"}
        canvas.write(drawn, end, middle, text, role="ink" if np.isfinite(row.value) else "muted", **look)
    if note:
        canvas.write(drawn, 0, drawn.height - 4, note, role="muted")
    return drawn.ax


def _end(row, form):
    """What stands at a bar's end."""
    if row.is_few:
        return words.text("chart.too_few_row")
    return axes.shown(row.value, form.unit) or words.text("chart.no_data")


def _bar(drawn, row, middle, thick, form, is_hollow, is_named, is_at_value):
    canvas.rule(drawn, [0, 0], [middle - thick / 2 - 3, middle + thick / 2 + 3], drawn.ax.transData, role="muted")
    colour = form.named if is_named else LIGHT["data"]
    if np.isfinite(row.value):
        look = {"edgecolor": colour, "linewidth": 1.5} if is_hollow else {"facecolor": colour}
        said = axes.told(row.name, row, form.unit)
        data = drawn.ax.transData
        canvas.area(drawn, 0, middle - thick / 2, row.value, thick, data, gid=said, label="value", zorder=2, **look)
    if np.isfinite(row.before):
        said = words.text("chart.mark_before", name=row.name, value=axes.shown(row.before, form.unit))
        look = {"color": LIGHT["ink"], "linewidth": 1.5, "clip_on": False, "zorder": 3, "label": "before", "gid": said}
        # below the value where that stands at the tick's place
        begin, end = (BELOW, thick / 2 + 5) if is_at_value else (-thick / 2 - 3, thick / 2 + 3)
        drawn.ax.plot([row.before] * 2, [middle + begin, middle + end], **look)


def columns(result, ax, key, form, narrow):
    """One dot with its whisker, or for counts one bar, for each hour of the day; upright, along the day."""
    steps = axes.steps_of(result[key], key)
    frame = axes.estimates(result, form.value).assign(at=steps.at, name=axes.row_names(result, [key]))
    is_bar = form.unit == "count"
    scale = axes.scale(
        form.unit, *(frame[name] for name in ("value", "target", *(() if is_bar else ("low", "high")))), [form.overall]
    )
    target, key_items = axes.only(frame["target"]), []
    frame["is_bare"], why_bare = (False, "") if is_bar else axes.without_interval(result, frame)
    if frame["is_bare"].any():
        key_items.append(("partial", why_bare))
    if np.isfinite(target):
        text = form.target_text(axes.shown(target, form.unit))
        key_items.append(("dotted", text))
    if np.isfinite(form.overall):
        key_items.append(("dashed", words.text("chart.key.overall", value=axes.shown(form.overall, form.unit))))
    width, left = canvas.width_of_canvas(ax, narrow), canvas.measure(scale.labels, narrow) + 10
    placed, top = canvas.key_lines(key_items, width, narrow)
    few = words.text("chart.few_marks", n=result.attrs["minimum_count"]) if frame["is_few"].any() else ""
    top, bottom = top + (22 if form.standout in frame.index else 10), 26 + LINE * bool(few)
    drawn = canvas.make(ax, narrow, top + (150 if narrow else 190) + bottom, left, 4, top, bottom)
    drawn.ax.set_yscale("log" if scale.is_log else "linear")
    drawn.ax.set(ylim=(scale.low, scale.high), xlim=(steps.at.min() - 0.6, steps.at.max() + 0.6))
    drawn.ax.set(xticks=[], yticks=[])
    drawn.ax.minorticks_off()
    canvas.draw_key(drawn, placed)
    grid_lines(drawn, scale, left)
    for value, look in ((target, DOTTED), (form.overall, canvas.DASHED)):
        if np.isfinite(value):
            canvas.rule(drawn, [left, drawn.width - 4], [value] * 2, drawn.across, **look)
    for row in frame.itertuples():
        _column(drawn, row, form, scale, is_bar)
    label_steps(drawn, steps, drawn.height - bottom + 18)
    if few:
        canvas.write(drawn, 0, drawn.height - 4, few, role="muted")
    return drawn.ax


def grid_lines(drawn, scale, left, right=4):
    """Lines across at the ticks of an upright scale, with their labels at the left."""
    for tick, label in zip(scale.ticks, scale.labels, strict=True):
        role = "muted" if tick == scale.low else "line"
        canvas.rule(drawn, [left, drawn.width - right], [tick] * 2, drawn.across, role=role)
        canvas.write(drawn, left - 8, tick, label, drawn.across, "right", "muted", shift=(0, BASE))


def label_steps(drawn, steps, y):
    """The names of steps of time below the axis."""
    figure = drawn.ax.figure
    x = drawn.ax.transData.transform(np.column_stack([np.array(steps.ticks), np.zeros(len(steps.ticks))]))
    at = (x[:, 0] - drawn.px.transform((0, 0))[0]) / figure.dpi * 72
    low, high = drawn.ax.get_xlim()
    shown = [one for one, tick in enumerate(steps.ticks) if low <= tick <= high]
    if len(shown) > 1:  # all, or every second one ...
        apart = np.diff(at[shown]).min()
        shown = shown[:: max(1, int(np.ceil((canvas.measure(steps.labels, drawn.narrow) + 8) / apart)))]
    canvas.labels_across(drawn, at[shown], [steps.labels[one] for one in shown], y)


def _column(drawn, row, form, scale, is_bar):
    ax, is_named = drawn.ax, form.standout is not None and row.Index == form.standout and np.isfinite(row.value)
    colour, said = form.named if is_named else LIGHT["data"], axes.told(row.name, row, form.unit)
    if row.is_few:
        ax.plot(row.at, scale.low, **canvas.HOLLOW, clip_on=False, label="few", zorder=4)
    elif is_bar and np.isfinite(row.value):
        place = (row.at - 0.37, 0, 0.74, row.value)
        canvas.area(drawn, *place, ax.transData, facecolor=colour, gid=said, label="value", zorder=2)
    elif np.isfinite(row.value):
        if np.isfinite(row.low):
            whisker(ax, row.at, row.low, row.high, scale, colour, upright=True)
        small = 0.8 if drawn.narrow else 1
        is_diamond = is_named and form.is_alarm
        look = {"marker": "D" if is_diamond else "o", "markersize": (DIAMOND if is_diamond else DOT) * small} | EDGE
        if row.is_bare:
            look |= {"markerfacecolor": LIGHT["page"], "markeredgecolor": colour, "markeredgewidth": 2}
        value = max(row.value, scale.low)
        ax.plot(row.at, value, color=colour, linestyle="none", zorder=4, clip_on=False, gid=said, label="value", **look)
    if is_named:
        top = row.high if np.isfinite(row.high) and not is_bar else row.value
        text = axes.shown(row.value, form.unit)
        canvas.write(drawn, row.at, top, text, ax.transData, "center", bold=True, shift=(0, -8), name="highlight")
