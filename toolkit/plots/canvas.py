"""The canvas of a chart: places in pixels from its top left, texts measured before they are drawn, and the key."""

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.transforms import Affine2D, Bbox, ScaledTranslation, blended_transform_factory

from toolkit import words
from toolkit.look import LIGHT, SIZE, WIDTH
from toolkit.plots.svg import width_of

LINE = 18  # the height of a line of text
BASE = 4.2  # from the middle of a line of text down to its baseline
DOT, RING, DIAMOND = 10, 6.5, 9.9  # sizes of marks, across
EDGE = {"markeredgecolor": LIGHT["page"], "markeredgewidth": 1}
DOTTED = {"color": LIGHT["ink"], "linewidth": 1.25, "linestyle": (0, (1.5, 3))}
DASHED = {"color": LIGHT["context"], "linewidth": 1.5, "linestyle": (0, (6, 3))}
HOLLOW = {
    "marker": "o", "markersize": RING, "markerfacecolor": LIGHT["page"], "markeredgecolor": LIGHT["context"],
    "markeredgewidth": 1.5, "linestyle": "none",
}  # fmt: skip


class Canvas(NamedTuple):
    """Where a chart is drawn; `ax` fills what its margins leave, `px` takes pixels from the top left, downwards."""

    ax: object
    width: float
    height: float
    narrow: bool
    px: object

    @property
    def across(self):
        """Pixels along, the data's upwards."""
        return blended_transform_factory(self.px, self.ax.transData)

    @property
    def upwards(self):
        """The data's along, pixels downwards."""
        return blended_transform_factory(self.ax.transData, self.px)


def style():
    """A context in which matplotlib draws as the reports do; the settings outside stay as they are."""
    return plt.rc_context(
        {
            **dict.fromkeys(("figure.facecolor", "axes.facecolor", "savefig.facecolor"), "none"),
            **dict.fromkeys(("font.size", "legend.fontsize"), SIZE["chart"]),
            **dict.fromkeys(("text.color", "axes.labelcolor"), LIGHT["ink"]),
            **dict.fromkeys(("lines.scale_dashes", "text.parse_math"), False),
            "font.family": ["DejaVu Sans"],
            "hatch.linewidth": 0.8,
            "lines.solid_capstyle": "butt",
        }
    )


def width_of_canvas(ax, narrow):
    """How wide there is to draw, in pixels."""
    if ax is None:
        return float(WIDTH["chart_narrow" if narrow else "chart"])
    return ax.get_window_extent().width / ax.figure.dpi * 72


def make(ax, narrow, height, left=0, right=0, top=0, bottom=0):
    """A canvas of a height; on axes that are given, in their place and of their height.

    Pyplot's figures are the ones that Jupyter shows by itself; `close` takes them off its list.
    """
    width = width_of_canvas(ax, narrow)
    if ax is None:
        figure = plt.figure(figsize=(width / 72, height / 72), dpi=72)
        whole = Bbox([[0, 0], [width / 72, height / 72]])
        ax = figure.add_axes((0, 0, 1, 1))
    else:
        figure = ax.figure
        whole = ax.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
        height = whole.height * 72
    place(ax, whole, left, top, width - left - right, max(height - top - bottom, 10))
    return Canvas(ax, width, height, narrow, pixels(figure, whole))


def pixels(figure, whole):
    """Pixels from the top left of a part of a figure (in inches) as a transformation."""
    return Affine2D().scale(1 / 72, -1 / 72).translate(whole.x0, whole.y1) + figure.dpi_scale_trans


def place(ax, whole, x, y, width, height):
    """Put axes into a part of their figure, bare: places in pixels from the part's top left."""
    inches = ax.figure.get_size_inches()
    low = (whole.x0 + x / 72, whole.y1 - (y + height) / 72)
    ax.set_position((*(low / inches), *(np.array([width, height]) / 72 / inches)))
    ax.set(facecolor="none", xticks=[], yticks=[], xlabel="", ylabel="", title="")
    ax.minorticks_off()
    for spine in ax.spines.values():
        spine.set_visible(False)


# --- text -----------------------------------------------------------------------------------------


def size(narrow):
    return SIZE["chart_narrow" if narrow else "chart"]


def measure(texts, narrow, bold=False):
    """The width of the widest text, in pixels."""
    return max((width_of(text, size(narrow), bold) for text in texts), default=0.0)


def cut(text, most, narrow, bold=False):
    """The text, cut to a width in pixels with "…" at its end.

    >>> cut("Internet fault", 60, False), cut("X", 60, False)
    ('Internet…', 'X')
    """
    if width_of(text, size(narrow), bold) <= most:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if width_of(text[:middle] + "…", size(narrow), bold) <= most else (low, middle - 1)
    return text[:low].rstrip() + "…"


def name_and_value(name, value, most, narrow):
    """A bold name and its value; the name is cut where both are wider than so many pixels.

    >>> name_and_value("Internet fault", "9", 70, False).replace(words.NO_BREAK, " "), name_and_value("", "9", 70, False)
    ('Intern… 9', '9')
    """
    if not name:
        return value
    whole = words.text("chart.name_and_value", name=name, value=value)
    rest = measure([whole], narrow, True) - measure([name], narrow, True)
    return words.text("chart.name_and_value", name=cut(name, most - rest, narrow, True), value=value)


def room_for(ends, narrow):
    """How wide the widest pair of a name and a value is."""
    return measure([name_and_value(name, value, np.inf, narrow) for name, value in ends], narrow, True)


def write(canvas, x, y, text, by=None, anchor="left", role="ink", bold=False, shift=(0, 0), full=None, name=None):
    """A text whose baseline begins, ends or has its middle (`anchor`) there; `full` is the title of one that was cut.

    `by` is the transformation of x and y, by default pixels; `shift` are pixels more, to the right and down.
    """
    by = canvas.px if by is None else by
    move = ScaledTranslation(shift[0] / 72, -shift[1] / 72, canvas.ax.figure.dpi_scale_trans)
    made = canvas.ax.text(
        x, y, text, transform=by + move, ha=anchor, va="baseline", color=LIGHT[role], fontsize=size(canvas.narrow),
        fontweight="bold" if bold else "normal", gid=full if full != text else None, label=name, zorder=6,
    )  # fmt: skip
    return made


def rule(canvas, x, y, by=None, role="line", **look):
    """A straight line from one place to another; `by` as in `write`."""
    look = {"color": LIGHT[role], "linewidth": 1, "zorder": 0.5} | look
    canvas.ax.plot(x, y, transform=canvas.px if by is None else by, clip_on=False, scalex=False, scaley=False, **look)


def sentence(ax, narrow, text):
    """Axes that hold a sentence instead of a chart."""
    canvas = make(ax, narrow, 48)
    write(canvas, 0, 28, text, role="muted")
    return canvas.ax


def labels_across(canvas, at, texts, y, ends=None):
    """Labels below an axis at places in pixels, none over another nor beyond the canvas; returns those shown."""
    ends, shown, room = ends or (0, canvas.width), [], -np.inf
    for number, (x, text) in enumerate(zip(at, texts, strict=True)):
        half = measure([text], canvas.narrow) / 2
        x = min(max(x, ends[0] + half), ends[1] - half)
        if x - half < room + 8:
            continue
        write(canvas, x, y, text, anchor="center", role="muted")
        shown.append(number)
        room = x + half
    return shown


def spread(wanted, gap, low, high):
    """Places near the wanted ones between two ends, at least `gap` apart where there is room.

    >>> [round(float(y), 2) for y in spread([0.5, 0.52, 0.99, 1.0], 0.1, 0, 1)]
    [0.5, 0.6, 0.9, 1.0]
    """
    order = np.argsort(wanted, kind="stable")
    placed = np.clip(np.array(wanted, float), low, high)
    for before, after in zip(order, order[1:], strict=False):
        placed[after] = max(placed[after], placed[before] + gap)
    for one in order[::-1]:  # what was pushed beyond the end comes back, and pushes what is before it
        placed[one] = min(placed[one], high)
        high = placed[one] - gap
    return placed


# --- key ------------------------------------------------------------------------------------------


def key_lines(items, width, narrow):
    """Where the marks and words of a key stand, in as many lines as needed: ([(x, y, mark, word)], its height)."""
    placed, x, y = [], 0, 12
    for mark, word in items:
        wide = 22 + measure([word], narrow)
        if x and x + wide > width:
            x, y = 0, y + LINE
        placed.append((x, y, mark, cut(word, width - 22, narrow)))
        x += wide + 16
    return placed, y + 8 if placed else 0


def draw_key(canvas, placed, at=(0, 0)):
    for x, y, mark, word in placed:
        x, y = x + at[0], y + at[1]
        _sample(canvas, x, y - 4, mark)
        write(canvas, x + 22, y, word, role="muted")


def _sample(canvas, x, y, mark):
    middle = x + 8
    if isinstance(mark, dict):  # the look of an area
        area(canvas, x + 1, y - 6, 14, 12, **mark)
    elif mark == "value":
        rule(canvas, [x, x + 16], [y, y], role="data", linewidth=2.5, alpha=0.5)
        rule(canvas, [middle], [y], role="data", marker="o", markersize=9, **EDGE)
    elif mark == "before":
        rule(canvas, [middle], [y], **HOLLOW | {"zorder": 3})
    elif mark == "partial":
        rule(canvas, [middle], [y], **HOLLOW | {"markeredgecolor": LIGHT["data"], "zorder": 3})
    elif mark == "target":
        rule(canvas, [middle, middle], [y - 7, y + 7], role="ink", linewidth=2)
    elif mark == "tick":
        rule(canvas, [middle, middle], [y - 8, y + 8], role="ink", linewidth=1.5)
    elif mark == "dotted":
        rule(canvas, [x, x + 16], [y, y], **DOTTED)
    elif mark == "dashed":
        rule(canvas, [x, x + 16], [y, y], **DASHED)
    elif mark == "own":
        rule(canvas, [x, x + 16], [y, y], role="data", linewidth=2.25)
    elif mark == "others":
        rule(canvas, [x, x + 16], [y, y], role="context", linewidth=1.5)
    elif mark == "notch":
        rule(canvas, [middle], [y], role="ink", marker="^", markersize=8)
    elif mark == "closed":
        rule(canvas, [middle], [y], role="context", marker="o", markersize=2.6)


def area(canvas, x, y, width, height, by=None, **look):
    """A rectangle; with `hatch`, its lines in grey over the fill."""
    from matplotlib.patches import Rectangle

    hatch = {"hatch": "////", "hatchcolor": LIGHT["context"]} if look.pop("hatch", False) else {}
    look = {"facecolor": "none", "edgecolor": "none", "linewidth": 0, "zorder": 1, "clip_on": False} | look | hatch
    made = Rectangle((x, y), width, height, transform=canvas.px if by is None else by, **look)
    canvas.ax.add_artist(made)
    return made


def close(figure):
    """Forget a figure that has been shown, so that it is neither shown twice nor kept."""
    plt.close(figure)
