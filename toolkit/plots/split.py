"""Parts of a whole: one bar of 100 % per group, split into its parts in their order."""

import numpy as np
import pandas as pd

from toolkit import words
from toolkit.look import LIGHT
from toolkit.plots import axes, canvas
from toolkit.plots.canvas import BASE, LINE
from toolkit.plots.rows import most, n_texts
from toolkit.result import Result, joined_parts, row_order

PITCH = {False: 40, True: 54}
THICK = {False: 24, True: 22}
EDGED = {"edgecolor": LIGHT["context"], "linewidth": 0.75}
FILLS = (
    ({"facecolor": LIGHT["part1"]}, "on_part"),
    ({"facecolor": LIGHT["part2"]}, "on_part"),
    ({"facecolor": LIGHT["part3"]}, "ink"),
    ({"facecolor": LIGHT["part4"]} | EDGED, "ink"),
    ({"facecolor": LIGHT["page"]} | EDGED, "ink"),
)
NONE = ({"facecolor": LIGHT["page"], "hatch": True}, "ink")  # what never came


def parts_of(attrs):
    """[(name, codes of the parts that it joins, fill, colour of its text)]; what never came is hatched."""
    if attrs.get("part_words"):
        made = joined_parts(attrs)
    else:
        made = [(name, [part], True) for name, part in zip(axes.part_names(attrs), attrs["parts"], strict=True)]
    return [(name, codes, *(FILLS[place] if is_span else NONE)) for place, (name, codes, is_span) in enumerate(made)]


def split(result, ax, keys, narrow):
    """One bar per group, in the order of the table; the total last."""
    parts, tidy = parts_of(result.attrs), result.parts()
    wide = tidy.pivot(index="place", columns="part", values="share").fillna(0.0)
    wide = pd.DataFrame({place: wide[list(codes)].sum(axis=1) for place, (_, codes, *_) in enumerate(parts)})
    groups = Result(tidy.drop_duplicates("place").set_index("place"))
    groups.attrs = result.attrs | {"count": "total"}
    groups, note = most(groups, keys)
    totals = _of_groups(result, groups, "is_total")
    is_total = np.zeros(len(groups), bool) if totals is None else totals.to_numpy(bool)
    enough = groups.enough() & (groups["total"] > 0)
    places = tidy["place"].to_numpy() if "part" in result.attrs else np.arange(len(result))
    kept = groups.index.get_indexer([one for one in pd.unique(places[row_order(result)]) if one in groups.index])
    groups, enough, is_total = groups.iloc[kept], enough.iloc[kept], is_total[kept]
    everything = is_total & axes.is_nobody(groups, keys)
    names = np.where(everything, words.text("chart.all"), axes.row_names(groups, keys))
    cuts, shares = _of_groups(result, groups, "within_target"), wide.loc[groups.index].to_numpy()
    cuts = np.full(len(groups), np.nan) if cuts is None else cuts.to_numpy(float)
    width = canvas.width_of_canvas(ax, narrow)
    key = [(look, name) for name, _, look, _ in parts]
    key += [("notch", words.text("chart.key.notch"))] if np.isfinite(cuts).any() else []
    placed, top = canvas.key_lines(key, width, narrow)
    numbers = n_texts(groups["total"], narrow)
    wide_n = canvas.measure([*numbers, words.text("chart.n_head")], narrow)
    left = 0 if narrow else min(canvas.measure(names, narrow) + 14, 0.3 * width)
    right = 0 if narrow else wide_n + 14
    top, pitch, bottom = top + (0 if narrow else 10), PITCH[narrow], 4 + LINE * bool(note)
    drawn = canvas.make(ax, narrow, top + pitch * len(names) + bottom, left, right, top, bottom)
    drawn.ax.set(xlim=(0, 1), ylim=(pitch * len(names), 0))
    canvas.draw_key(drawn, placed)
    if not narrow:
        canvas.write(drawn, width, top - 2, words.text("chart.n_head"), anchor="right", role="muted")
    for row, (name, n) in enumerate(zip(names, numbers, strict=True)):
        middle, room = row * pitch + (31 if narrow else 16), width - wide_n - 12 if narrow else left - 10
        look = {"by": drawn.across, "full": name, "name": "name"}
        if narrow:
            canvas.write(drawn, 0, middle - 16, canvas.cut(name, room, True), **look)
        else:
            canvas.write(
                drawn, left - 8, middle, canvas.cut(name, room, False), anchor="right", shift=(0, BASE), **look
            )
        shift = (0, -16 if narrow else BASE)
        canvas.write(drawn, width, middle, n, drawn.across, "right", "muted", shift=shift, name="n")
        if not enough.iloc[row]:
            few = words.text("chart.too_few_row")
            canvas.write(drawn, left, middle, few, drawn.across, role="muted", shift=(0, BASE))
    middles = np.arange(len(names)) * pitch + (31 if narrow else 16)
    is_drawn = enough.to_numpy(bool)
    starts = np.cumsum(np.column_stack([np.zeros(len(names)), shares]), axis=1)
    for number, part in enumerate(parts):  # all bars of one look after another
        for row in np.flatnonzero(is_drawn & (shares[:, number] > 0)):
            _part(drawn, names[row], middles[row], starts[row, number], shares[row, number], part, width - left - right)
    for row in np.flatnonzero(is_drawn & np.isfinite(cuts)):
        _notch(drawn, names[row], middles[row], cuts[row])
    if note:
        canvas.write(drawn, 0, drawn.height - 4, note, role="muted")
    return drawn.ax


def _part(drawn, name, middle, start, share, part, width):
    """One part of a bar, labelled where it has the room; parts are parted by a pixel."""
    thick, (said, _, look, role), data = THICK[drawn.narrow], part, drawn.ax.transData
    title = words.text("chart.mark_of_part", name=name, part=said, value=axes.shown(share, "rate"))
    shown = max(share * width - 1, 0.6) / width
    canvas.area(drawn, start, middle - thick / 2, shown, thick, data, gid=title, label="part", zorder=2, **look)
    label = words.number(share * 100)
    if share < 0.05 or share * width <= canvas.measure([label], drawn.narrow, True) + 6:
        return
    if look.get("hatch"):
        half = (canvas.measure([label], drawn.narrow) + 8) / width / 2
        pad = (start + share / 2 - half, middle - thick / 2 + 3, 2 * half, thick - 6)
        canvas.area(drawn, *pad, data, facecolor=LIGHT["page"], zorder=2.5, label="pad")
    look = {"role": role, "bold": role == "on_part", "shift": (-0.5, BASE), "name": "share"}
    canvas.write(drawn, start + share / 2, middle, label, data, "center", **look)


def _of_groups(result, groups, column):
    """A column that says one thing of each group, such as the share within its own target; None without it."""
    if column not in result:
        return None
    places, values = np.arange(len(result)), pd.DataFrame(result)[column]
    if "part" in result.attrs:  # a row a part
        first = result.parts().drop_duplicates("place")
        places, values = first["place"], values.loc[first.index]
    return pd.Series(values.to_numpy(), index=places).reindex(groups.index)


def _notch(drawn, name, middle, cut):
    low = middle + THICK[drawn.narrow] / 2
    said = words.text(
        "chart.mark_of_part", name=name, part=words.text("chart.key.notch"), value=axes.shown(cut, "rate")
    )
    ink = {"color": LIGHT["ink"], "clip_on": False, "zorder": 3}
    drawn.ax.plot([cut] * 2, [low - 5, low + 2], linewidth=1.5, label="target", **ink)
    drawn.ax.plot(cut, low + 5, "^", markersize=8, markeredgewidth=0, gid=said, label="notch", **ink)
