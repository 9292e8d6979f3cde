"""A figure as a compact SVG whose colours are the page's: `svg(figure)`, by a renderer of matplotlib's own kind.

One point of a figure is one pixel. What an artist has as `gid` is the title of its mark, which a browser shows as a
tooltip; of a collection each line is the title of one of its marks.
"""

from collections import Counter
from html import escape
from zlib import crc32

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_hex
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Affine2D

from toolkit import look
from toolkit.guard import END, ISOLATE

CIRCLE = list(Path.unit_circle().codes)
HATCH = 6  # pixels between the lines of a hatch
LONG = 90  # characters of a path that is defined once where it is drawn again
MANY = 40  # points of a line that is thinned
FONT = "system-ui, sans-serif"


def svg(figure):
    """The figure as an SVG element in pixels: text as text, colours as the page's variables.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> figure = Figure(figsize=(1, 1))
    >>> _ = figure.text(0, 0, "<b>", color=look.LIGHT["muted"], gid="a & b")
    >>> svg(figure)[-98:]
    'size="10" fill="var(--muted, #59626d)" x="0" y="72"><title>a &amp; b</title>&lt;b&gt;</text></svg>'
    """
    figure.set_dpi(72)
    width, height = figure.get_size_inches() * 72
    renderer = _Renderer(width, height)
    figure.draw(renderer)
    return renderer.element()


class _Renderer(RendererBase):
    def __init__(self, width, height):
        super().__init__()
        self.width, self.height = width, height
        self.drawn, self.titles, self.hatched = [], [], []  # drawn: (tag, style, place, title, text)

    def element(self):
        """The whole drawing; marks of one style in a row share it, long lines drawn twice are defined once."""
        repeated = Counter(place[0] for tag, _, place, *_ in self.drawn if tag == "path" and len(place[0]) > LONG)
        names = {line: f"l{crc32(line.encode()):x}" for line, times in repeated.items() if times > 1}
        defined = "".join(f'<path id="{name}" d="M0 0{line}"/>' for line, name in names.items())
        made, at = [f"<defs>{defined}</defs>" if defined else ""], 0
        while at < len(self.drawn):
            style, end = self.drawn[at][1], at + 1
            while end < len(self.drawn) and self.drawn[end][1] == style:
                end += 1
            marks = [_mark(*one, names, style if end - at == 1 else "") for one in self.drawn[at:end]]
            made.append("".join(marks) if end - at == 1 else f"<g{style}>{''.join(marks)}</g>")
            at = end
        size = (
            f'width="{_r(self.width)}px" height="{_r(self.height)}px" viewBox="0 0 {_r(self.width)} {_r(self.height)}"'
        )
        look_of_all = f'font-family="{FONT}" stroke-linejoin="round"'
        return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {look_of_all}>{"".join(made)}</svg>'

    # --- what matplotlib asks of a renderer ---

    def get_canvas_width_height(self):
        return self.width, self.height

    def points_to_pixels(self, points):
        return points

    def flipy(self):
        return True

    def get_text_width_height_descent(self, s, prop, ismath):
        return text_to_path.get_text_width_height_descent(_measured(s), prop, False)

    def open_group(self, s, gid=None):
        self.titles = gid.split("\n") if gid else []

    def close_group(self, s):
        self.titles = []

    def draw_path(self, gc, path, transform, rgbFace=None):
        title = self.titles.pop(0) if len(self.titles) > 1 else self.titles[0] if self.titles else ""
        is_filled = rgbFace is not None
        is_stroked = gc.get_linewidth() > 0 and gc.get_rgb()[3] > 0
        is_hidden = is_filled and len(rgbFace) > 3 and rgbFace[3] == 0  # a cell of a grid that has no value
        if is_hidden or not len(path.vertices) or not (is_filled or is_stroked or gc.get_hatch()):
            return
        style = f' fill="{_colour(rgbFace) if is_filled else "none"}"'
        if is_stroked and not gc.get_hatch():
            style += _stroke(gc)
        alpha = gc.get_rgb()[3] if is_stroked else rgbFace[3] if is_filled and len(rgbFace) > 3 else 1
        style += f' opacity="{alpha:.2g}"' if alpha < 1 else ""
        to_page = transform + Affine2D().scale(1, -1).translate(0, self.height)
        if path.codes is not None and list(path.codes) == CIRCLE:
            (x0, y0), (x1, y1) = (
                to_page.transform(path.vertices[:-1]).min(0),
                to_page.transform(path.vertices[:-1]).max(0),
            )
            place = f' cx="{_r((x0 + x1) / 2)}" cy="{_r((y0 + y1) / 2)}" r="{_r((x1 - x0) / 2)}"'
            self.drawn.append(("circle", style, (place,), title, ""))
            return
        shape = self._within(gc, to_page.transform_path(path), is_filled)
        if is_filled or (is_stroked and not gc.get_hatch()):
            line, start = _line(shape)
            if line:
                self.drawn.append(("path", style, (line, start), title, ""))
        if gc.get_hatch():
            line = _diagonals(shape.get_extents())
            stroke = f' fill="none" stroke="{_colour(gc.get_hatch_color())}" stroke-width="0.8"'
            self.drawn.append(("path", stroke, (line, None), "", ""))

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        anchor = "left" if mtext is None else mtext.get_ha()
        if mtext is not None:  # the browser's font has another width
            x = mtext.get_transform().transform(mtext.get_unitless_position())[0]
        style = f' font-size="{_r(prop.get_size_in_points())}"'
        style += ' font-weight="700"' if prop.get_weight() in ("bold", 700) else ""
        style += {"right": ' text-anchor="end"', "center": ' text-anchor="middle"'}.get(anchor, "")
        style += f' fill="{_colour(gc.get_rgb())}"'
        title = self.titles[0] if self.titles else ""
        self.drawn.append(("text", style, (f' x="{_r(x)}" y="{_r(y)}"',), title, s))

    def _within(self, gc, path, is_filled):
        """The path cut to its axes, where it leaves them."""
        box = gc.get_clip_rectangle()
        if box is None:
            return path
        box = box.frozen().padded(0.5)
        box.intervaly = self.height - box.intervaly[::-1]
        outer = path.get_extents()
        if box.x0 <= outer.x0 and outer.x1 <= box.x1 and box.y0 <= outer.y0 and outer.y1 <= box.y1:
            return path
        if is_filled:
            return path.clip_to_bbox(box)
        return path.cleaned(clip=(box.x0, box.y0, box.x1, box.y1), simplify=False)


def _mark(tag, style, place, title, text, names, own):
    """One element; with `own` style where it stands alone."""
    told = f"<title>{escape(title)}</title>" if title and title != text else ""
    if tag == "path" and place[0] in names:
        x, y = place[1]
        return f'<use{own} href="#{names[place[0]]}" x="{x}" y="{y}"/>'
    if tag == "path":
        line = place[0] if place[1] is None else f"M{place[1][0]} {place[1][1]}{place[0]}"
        place = (f' d="{line}"',)
    inner = told + escape(text, quote=False)
    return f"<{tag}{own}{place[0]}>{inner}</{tag}>" if inner else f"<{tag}{own}{place[0]}/>"


def _r(value):
    """A coordinate with at most one decimal.

    >>> _r(3.04), _r(3.06), _r(-0.02)
    ('3', '3.1', '0')
    """
    return f"{round(float(value), 1) + 0.0:g}" if abs(value) < 1e5 else f"{value:.0f}"


def _colour(rgb):
    return look.with_variables(to_hex(rgb))


def _stroke(gc):
    style = f' stroke="{_colour(gc.get_rgb())}"'
    style += f' stroke-width="{gc.get_linewidth():g}"' if gc.get_linewidth() != 1 else ""
    _, dashes = gc.get_dashes()
    style += f' stroke-dasharray="{" ".join(f"{one:g}" for one in dashes)}"' if dashes is not None else ""
    return style + (' stroke-linecap="round"' if gc.get_capstyle() == "round" and dashes is None else "")


def _line(path):
    """(the path relative to its begin, its begin): h and v where it can, points closer than a pixel left out."""
    codes, points = path.codes, path.vertices
    if codes is None:
        codes = np.full(len(points), Path.LINETO)
        codes[0] = Path.MOVETO
    there = np.flatnonzero(np.isfinite(points).all(axis=1))
    if not len(there):
        return "", None
    # relative to its begin, the same line in another place has the same numbers
    begin, points = points[there[0]], np.round(points - points[there[0]], 3)
    said, first, last, is_long, is_lifted = [], None, None, len(points) > MANY, False
    for place, (code, point) in enumerate(zip(codes, points, strict=True)):
        if code == Path.CLOSEPOLY:
            said.append("z")
            last, is_lifted = first, True
            continue
        if code == Path.STOP or not np.isfinite(point).all():
            is_lifted = True  # a gap
            continue
        if last is None:
            first, last, is_lifted = point, point, False
            continue
        is_lifted = is_lifted or code == Path.MOVETO
        if is_long and not is_lifted and place < len(points) - 1 and np.abs(point - last).max() < 1:
            continue
        x, y = np.round(point - last, 1)
        last = last + (x, y)
        x, y = _r(x), _r(y)
        if is_lifted:
            said.append(f"m{x} {y}")
            first, is_lifted = last, False
        elif x != "0" or y != "0":
            said.append(f"h{x}" if y == "0" else f"v{y}" if x == "0" else f"l{x} {y}")
    return "".join(said), tuple(map(_r, begin))


def _diagonals(box):
    """The lines of a hatch within a rectangle: rising ones, each cut to it."""
    said = []
    for start in np.arange(box.x0 - box.height + HATCH / 2, box.x1, HATCH):
        low, high = max(start, box.x0), min(start + box.height, box.x1)
        said.append(f"M{_r(low)} {_r(box.y1 - (low - start))}l{_r(high - low)} {_r(low - high)}")
    return "".join(said)


def _measured(text):
    """A text without the marks around what is written from right to left, which take no room and no font has."""
    return text.translate({ord(ISOLATE): None, ord(END): None})


def width_of(text, size, bold=False):
    """The width of a text in pixels in DejaVu Sans, the widest of the common fonts.

    >>> round(width_of("Web chat", 12)), round(width_of("Web chat", 12, bold=True))
    (56, 63)
    """
    from unicodedata import east_asian_width

    prop = FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
    text = _measured(text)
    there = "".join(letter for letter in text if east_asian_width(letter) not in "WF")
    wide = len(text) - len(there)  # of these the font has no glyphs
    return text_to_path.get_text_width_height_descent(there, prop, False)[0] + wide * size * 1.1
