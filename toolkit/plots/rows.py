"""Dot rows: a rate, a time or a score by category, each a dot with its whisker on one scale."""

import numpy as np

from toolkit import words
from toolkit.look import LIGHT
from toolkit.plots import axes, canvas
from toolkit.plots.canvas import BASE, DIAMOND, DOT, DOTTED, EDGE, HOLLOW, LINE
from toolkit.result import row_order

MOST_ROWS = 15
PITCH = {False: 32, True: 46}  # of the rows of a wide and of a narrow drawing


def most(result, keys):
    """(the rows to draw, a note on the others): the groups with the most cases, or the latest, in their order."""
    key, left = axes.time_key(result, keys), len(result) - MOST_ROWS
    if left <= 0 or key == "hour":  # a day is whole
        return result, ""
    if key:
        return result.iloc[left:], words.text("chart.earlier_left_out", n=left)
    kept = np.sort(np.argsort(-np.nan_to_num(axes.counts(result)), kind="stable")[:MOST_ROWS])
    return result.iloc[kept], words.text("chart.others_left_out", n=left)


def rows(result, ax, keys, form, narrow):
    """One row per group: a dot with its whisker; its value and count at the right."""
    result, note = (result, "") if result.attrs.get("ordered") else most(result, keys)
    frame = axes.estimates(result, form.value).assign(
        before=axes.befores(result, form.before, keys), name=axes.row_names(result, keys),
        nobody=axes.is_nobody(result, keys),
    )  # fmt: skip
    frame["name"] = _with_targets(result, frame, form)
    frame["is_bare"], why_bare = axes.without_interval(result, frame)
    frame = frame.iloc[row_order(result)]
    values = [_value(row, form) for row in frame.itertuples()]
    numbers = n_texts(frame["n"], narrow)
    target, own_targets = axes.only(frame["target"]), frame["target"].notna()
    key = [("value", words.text("chart.key.value" if frame["low"].notna().any() else "chart.key.value_alone"))]
    key += [("partial", why_bare)] if frame["is_bare"].any() else []
    beside = result.attrs.get("against") or "before"
    key += [("before", words.text(f"chart.key.{beside}"))] if frame["before"].notna().any() else []
    key += [("target", form.own_target_text)] if np.isnan(target) and own_targets.any() else []
    if np.isfinite(form.overall):
        of = "team" if result.attrs.get("shape") == "team" else "overall"  # cases of nobody are in no member's figure
        key.append(("dashed", words.text(f"chart.key.{of}", value=axes.shown(form.overall, form.unit))))
    width = canvas.width_of_canvas(ax, narrow)
    placed, top = canvas.key_lines(key, width, narrow)
    top += 20 if np.isfinite(target) or not narrow else 2
    wide_n = canvas.measure([*numbers, words.text("chart.n_head")], narrow)
    left, right = 8, 8
    if not narrow:
        left = min(canvas.measure(frame["name"], narrow, True) + 20, 0.32 * width)
        right = max(canvas.measure(values, narrow, True), 30) + wide_n + 40
    numbered = [canvas.measure([value], narrow, True) for value in values]
    room = width - wide_n - 22  # of a narrow drawing's line; where a name leaves none for its value, values go below
    is_two = narrow and any(
        canvas.measure([n], True, True) + v > room for n, v in zip(frame["name"], numbered, strict=True)
    )
    up = LINE * is_two
    pitch = PITCH[narrow] + up
    bottom = 26 + LINE * bool(note)
    drawn = canvas.make(ax, narrow, top + pitch * len(frame) + bottom, left, right, top, bottom)
    scale = set_scale(drawn, form.unit, *(frame[name] for name in ("low", "value", "high", "target", "before")),
                      [form.overall])  # fmt: skip
    drawn.ax.set_ylim(pitch * len(frame), 0)
    canvas.draw_key(drawn, placed)
    if not narrow:
        canvas.write(drawn, width, top - 4, words.text("chart.n_head"), anchor="right", role="muted")
        for tick in scale.ticks:
            canvas.rule(drawn, [tick, tick], [top + 4, drawn.height - bottom], drawn.upwards)
    if np.isfinite(form.overall) and not narrow:
        canvas.rule(drawn, [form.overall] * 2, [top + 2, drawn.height - bottom], drawn.upwards, **canvas.DASHED)
    if np.isfinite(target):
        _one_target(drawn, target, form, top, wide_n + 12 if not narrow else 0, bottom)
    for number, (row, value, n) in enumerate(zip(frame.itertuples(), values, numbers, strict=True)):
        is_own = np.isnan(target)
        middle = number * pitch + (30 + up if narrow else pitch / 2)
        is_named = form.standout is not None and row.Index == form.standout and np.isfinite(row.value)
        _texts(drawn, row, middle, value, n, wide_n, left, is_named, up)
        if narrow:
            _track(drawn, middle, scale)
        _marks(drawn, row, middle, form, scale, is_own, is_named, beside)
    project = drawn.ax.transData.transform(np.column_stack([scale.ticks, np.zeros(len(scale.ticks))]))[:, 0]
    at = (project - drawn.px.transform((0, 0))[0]) / drawn.ax.figure.dpi * 72
    canvas.labels_across(drawn, at, scale.labels, drawn.height - bottom + 18, (0, width))
    if note:
        canvas.write(drawn, 0, drawn.height - 4, note, role="muted")
    return drawn.ax


def set_scale(drawn, unit, *values):
    """Set the horizontal axis up for values of a unit."""
    scale = axes.scale(unit, *values)
    drawn.ax.set_xscale("log" if scale.is_log else "linear")
    drawn.ax.set_xlim(scale.low, scale.high)
    drawn.ax.set_xticks([])
    drawn.ax.minorticks_off()
    return scale


def _with_targets(result, frame, form):
    """The rows' names, with the time within which each should be, where a share within it is drawn."""
    if "target_seconds" not in result or result.attrs.get("target", {}).get("of") != form.value:
        return frame["name"]
    times = result["target_seconds"].to_numpy(float)
    return [
        words.text("chart.name_and_time", name=name, time=words.duration(time)) if np.isfinite(time) else name
        for name, time in zip(frame["name"], times, strict=True)
    ]


def n_texts(counts, narrow):
    """The counts beside the rows, with an "n" where no head says what they are."""
    numbers = [words.number(n) if np.isfinite(n) else "" for n in counts]
    return [words.text("chart.n", n=n) if n else "" for n in numbers] if narrow else numbers


def _value(row, form):
    if row.is_few:
        return words.text("chart.too_few_row")
    if np.isfinite(row.value):
        return axes.shown(row.value, form.unit)
    return words.text("chart.not_reached") if form.unit == "log" and row.n > 0 else "–"


def _one_target(drawn, target, form, top, kept_right, bottom):
    """A target that all rows share: a dotted line, or short ones where names stand between, and its name on top."""
    text = form.target_text(axes.shown(target, form.unit))
    x = (drawn.ax.transData.transform((target, 0))[0] - drawn.px.transform((0, 0))[0]) / drawn.ax.figure.dpi * 72
    half = canvas.measure([text], drawn.narrow) / 2
    x = min(max(x, half), drawn.width - kept_right - half)
    canvas.write(drawn, x, top - 6, text, anchor="center")
    if not drawn.narrow:
        canvas.rule(drawn, [target] * 2, [top - 2, drawn.height - bottom], drawn.upwards, **DOTTED)


def _texts(drawn, row, middle, value, n, wide_n, left, is_named, up):
    """A row's name, value and count: beside it, or in a line above it in a narrow drawing, or in two (`up`)."""
    shows_value = np.isfinite(row.value)
    look = {"by": drawn.across, "shift": (0, BASE)}
    value_look = look | {"anchor": "right", "role": "ink" if shows_value else "muted", "bold": shows_value}
    if drawn.narrow:
        line, before_n = middle - 18, drawn.width - wide_n
        room = drawn.width if up else before_n - 10 - canvas.measure([value], True, True) - 12
        name = canvas.cut(row.name, room, True, is_named)
        canvas.write(drawn, 0, line - up, name, full=row.name, bold=is_named, name="name", **look)
        place = {"anchor": "left"} if up else {}
        canvas.write(drawn, 0 if up else before_n - 10, line, value, name="value", **value_look | place)
        canvas.write(drawn, drawn.width, line, n, anchor="right", role="muted", name="n", **look)
        return
    name = canvas.cut(row.name, left - 18, False, is_named)
    canvas.write(drawn, left - 14, middle, name, full=row.name, anchor="right", bold=is_named, name="name", **look)
    canvas.write(drawn, drawn.width - wide_n - 20, middle, value, name="value", **value_look)
    canvas.write(drawn, drawn.width, middle, n, anchor="right", role="muted", name="n", **look)


def _track(drawn, middle, scale):
    """The scale under a row of a narrow drawing."""
    ax = drawn.ax
    ax.plot([scale.low, scale.high], [middle] * 2, color=LIGHT["line"], linewidth=1, zorder=0.5, label="track")
    x = np.repeat(np.array(scale.ticks, float), 3)
    y = np.tile([middle - 4, middle + 4, np.nan], len(scale.ticks))
    ax.plot(x, y, color=LIGHT["line"], linewidth=1, zorder=0.5, clip_on=False, label="track")


def _marks(drawn, row, middle, form, scale, is_own, is_named, beside="before"):
    ax, colour = drawn.ax, form.named if is_named else LIGHT["data"]
    if np.isfinite(row.target) and (is_own or drawn.narrow):
        reach = 9 if is_own else 11
        look = {"color": LIGHT["ink"], "linewidth": 2} if is_own else DOTTED
        ax.plot(
            [row.target] * 2,
            [middle - (9 if is_own else 7), middle + reach],
            **look,
            zorder=2,
            clip_on=False,
            label="target",
        )
    if np.isfinite(form.overall) and drawn.narrow:
        ax.plot([form.overall] * 2, [middle - 7, middle + 11], **canvas.DASHED, zorder=2, label="overall")
    if np.isfinite(row.before):
        before = words.text(f"chart.mark_{beside}", name=row.name, value=axes.shown(row.before, form.unit))
        ax.plot(max(row.before, scale.low), middle + 7, **HOLLOW, zorder=2.5, clip_on=False, gid=before, label="before")
    if np.isfinite(row.low):
        whisker(ax, middle, row.low, row.high, scale, colour)
    if np.isfinite(row.value):
        is_diamond = is_named and form.is_alarm
        look = {
            "marker": "D" if is_diamond else "o",
            "markersize": DIAMOND if is_diamond else DOT,
            "color": colour,
        } | EDGE
        if row.nobody or row.is_bare:
            look |= {"markerfacecolor": LIGHT["page"], "markeredgecolor": colour, "markeredgewidth": 2}
        said = axes.told(row.name, row, form.unit)
        x = max(row.value, scale.low)
        ax.plot(x, middle, **look, linestyle="none", zorder=4, clip_on=False, gid=said, label="value")


def whisker(ax, at, low, high, scale, colour, upright=False):
    """An interval; an end that isn't known is an arrow to the end of the axis."""
    is_open = not np.isfinite(high)
    ends = [max(low, scale.low), scale.high if is_open else min(high, scale.high)]
    look = {"color": colour, "clip_on": False, "zorder": 3}
    xy = ([at, at], ends) if upright else (ends, [at, at])
    ax.plot(*xy, linewidth=2.5, alpha=0.5, label="whisker", **look)
    if is_open:
        last = ([at], [scale.high]) if upright else ([scale.high], [at])
        ax.plot(*last, "^" if upright else ">", markersize=7, markeredgewidth=0, label="open", **look)
