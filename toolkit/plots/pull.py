"""Pull: what each group adds to a total or a change, from a zero line; a colour only where that is clear."""

import numpy as np

from toolkit import words
from toolkit.look import LIGHT
from toolkit.plots import axes, canvas
from toolkit.plots.canvas import BASE, LINE
from toolkit.plots.rows import most
from toolkit.result import format_value, row_order

PITCH = {False: 28, True: 26}
CLEAR = "clear"


def pull(result, ax, keys, form, narrow):
    """One bar per group in the metric's order, its whisker and its value with the sign; the total last, under a rule."""
    totals = result["is_total"].to_numpy(bool) if "is_total" in result else np.zeros(len(result), bool)
    shown, note = most(result[~totals], keys)
    shown = shown.iloc[row_order(shown)]
    shown = result.loc[[*shown.index, *result.index[totals]]]
    is_total = np.append(np.zeros(len(shown) - totals.sum(), bool), np.ones(totals.sum(), bool))
    frame = axes.estimates(shown, form.value).assign(verdict=shown["verdict"].to_numpy(), is_total=is_total)
    everything = is_total & axes.is_nobody(shown, keys)
    frame["name"] = np.where(everything, words.text("chart.all"), axes.row_names(shown, keys))
    texts = [_value(row, form) for row in frame.itertuples()]
    width, pitch = canvas.width_of_canvas(ax, narrow), PITCH[narrow]
    left = min(canvas.measure(frame["name"], narrow, True) + 14, (0.36 if narrow else 0.3) * width)
    right = canvas.measure(texts, narrow, True) + 14
    key = [({"facecolor": LIGHT["faint"]}, words.text("chart.key.chance"))]
    is_clear, is_harm = frame["verdict"] == CLEAR, _is_harm(frame["value"], result.attrs.get("best"))
    if (is_clear & ~is_harm).any():
        key.insert(0, ({"facecolor": LIGHT["data"]}, words.text("chart.key.clearly_better")))
    if (is_clear & is_harm).any():
        key.insert(0, ({"facecolor": LIGHT["attention"]}, words.text("chart.key.clearly_worse")))
    is_known = np.isfinite(frame["low"]) & np.isfinite(frame["high"])
    # where nothing has an interval, it is a past that is missing, not cases
    frame["is_open"] = np.isfinite(frame["value"]) & ~is_known & (is_known.any() | (result.attrs["shape"] == "pull"))
    if frame["is_open"].any():
        key.append((_open(LIGHT["ink"]), words.text("chart.key.no_interval")))
    placed, top = canvas.key_lines(key, width, narrow)
    extra = 8 if is_total.any() else 0
    top, bottom = top + 2, 4 + LINE * bool(note)
    drawn = canvas.make(ax, narrow, top + pitch * len(frame) + extra + bottom, left, right, top, bottom)
    ends = frame[["value", "low", "high"]].to_numpy(float)
    low, high = np.nanmin(ends, initial=-1e-9), np.nanmax(ends, initial=1e-9)
    room = (high - low) * 0.02
    drawn.ax.set(xlim=(low - room, high + room), ylim=(pitch * len(frame) + extra, 0))
    canvas.draw_key(drawn, placed)
    for number, (row, text) in enumerate(zip(frame.itertuples(), texts, strict=True)):
        middle = number * pitch + pitch / 2 + (extra if row.is_total else 0)
        if row.is_total and not is_total[number - 1]:
            canvas.rule(drawn, [0, width], [number * pitch + 4] * 2, drawn.across)
        is_named = row.is_total or (form.standout is not None and row.Index == form.standout)
        name = canvas.cut(row.name, left - 12, narrow, is_named)
        look = {"by": drawn.across, "shift": (0, BASE)}
        canvas.write(drawn, 0, middle, name, bold=is_named, full=row.name, name="name", **look)
        role, is_bold = "muted" if row.is_few else "ink", row.verdict == CLEAR or row.is_total
        look |= {"role": role, "bold": is_bold and not row.is_few}
        canvas.write(drawn, width, middle, text, anchor="right", name="value", **look)
        _bar(drawn.ax, drawn, row, middle, form, result.attrs.get("best"))
    drawn.ax.plot([0, 0], [0, pitch * len(frame) + extra], color=LIGHT["muted"], linewidth=1, zorder=2.5, label="zero")
    if note:
        canvas.write(drawn, 0, drawn.height - 4, note, role="muted")
    return drawn.ax


def _is_harm(value, best):
    """Whether what is added makes the figure worse; of a figure without a better side, whether it adds."""
    return value < 0 if best == "high" else value > 0


def _value(row, form):
    if row.is_few:
        return words.text("chart.too_few_row")
    if not np.isfinite(row.value):
        return "–"
    # of shares: in points, which the words around the chart say
    return format_value(row.value, form.unit if axes.is_signed(form.unit) else f"change in {form.unit}")


def _open(colour):
    """The look of a bar that has too few cases for an interval, whether it is clear or not."""
    return {"facecolor": LIGHT["page"], "edgecolor": colour, "linewidth": 2}


def _bar(ax, drawn, row, middle, form, best):
    if not np.isfinite(row.value):
        return
    role = "faint" if row.verdict != CLEAR else "attention" if _is_harm(row.value, best) else "data"
    said = words.text("chart.mark", name=row.name, value=_value(row, form), n=words.number(row.n))
    start = min(row.value, 0)
    look = {"facecolor": LIGHT[role], "zorder": 2, "gid": said, "label": "value"}
    if row.is_open:  # how far it reaches isn't known: not as firm as the others
        look |= _open(LIGHT[role])
    canvas.area(drawn, start, middle - 7, abs(row.value), 14, ax.transData, **look)
    if np.isfinite(row.low) and np.isfinite(row.high):
        ink = {"color": LIGHT["ink"], "linewidth": 1.25, "zorder": 3, "label": "whisker", "clip_on": False}
        ax.plot([row.low, row.high], [middle] * 2, **ink)
