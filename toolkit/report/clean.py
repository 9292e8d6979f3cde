"""Make what a notebook shows safe and fit to stand in the page: HTML, Markdown, SVG, terminal text, code.

Customer text is hostile input. The tables and charts escape it where they are made; this is the second
fence. It works by allowing what is known, not by removing what is known to be bad, and the page's content
security policy is the third. The policy allows no inline style, hence style attributes are dropped from
HTML and become plain attributes in SVG.
"""

import functools
import re
import xml.etree.ElementTree as ElementTree
from html import escape

import nh3
from markupsafe import Markup

from toolkit import words
from toolkit.guard import END, ISOLATE, on_page


def _words(text):
    return set(text.split())


TAGS = _words(
    "a abbr b bdi blockquote br caption code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 "
    "hr i img ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr u "
    "ul var"
)
ATTRIBUTES = {
    "*": {"class", "title", "lang", "dir", "role", "tabindex", "aria-label", "aria-hidden"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "data-label"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start"},
    "col": {"span"},
    "colgroup": {"span"},
}
PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")

BOX = Markup('<div class="toolkit-table" role="group" aria-label="{}" tabindex="0">{}</div>')
IMAGE = re.compile(r'<img(?: [\w-]+="[^"]*")*>')


def _keep(tag, attribute, value):
    """The value an attribute may have, or None to drop it."""
    if attribute == "src":
        return value if PICTURE.fullmatch(value) else None  # a picture from elsewhere would be a request
    if attribute == "href":
        return None if value.strip().lower().startswith("data:") else value
    if attribute == "tabindex":
        return value if value in ("0", "-1") else None
    return value


def clean_html(html):
    """`html` with only what may stand in a report; scripts and styles go with their content.

    Examples
    --------
    >>> clean_html('<b onclick="steal()">bold</b><script>steal()</script>')
    Markup('<b>bold</b>')
    """
    cleaned = nh3.clean(
        html,
        tags=TAGS,
        clean_content_tags={"script", "style", "iframe", "object", "template", "noscript", "title"},
        attributes=ATTRIBUTES,
        attribute_filter=_keep,
        url_schemes={"http", "https", "mailto", "data"},
    )
    return Markup(IMAGE.sub(_named_image, cleaned))


def _named_image(found):
    """A picture that was not allowed becomes its alternative text; one that has no such text gets one."""
    image = found[0]
    if ' src="' not in image:
        told = re.search(r' alt="([^"]*)"', image)
        return told[1] if told else ""
    return image if ' alt="' in image else image.replace("<img", f'<img alt="{escape(words.text("pages.picture"))}"')


def table_html(html):
    """The HTML of an output; a table that is not in a scrolling box is put into one."""
    cleaned = clean_html(html)
    if "<table" in cleaned and "toolkit-table" not in cleaned:
        return _boxed(cleaned)
    return cleaned


def _boxed(table):
    return BOX.format(words.text("pages.table"), table)


def markdown_html(text, attachments=None):
    """Markdown as HTML; pictures pasted into the cell become part of the page.

    Examples
    --------
    >>> markdown_html("**five** < six, [no](javascript:alert(1))")
    Markup('<p><strong>five</strong> &lt; six, <a href="#harmful-link" rel="noopener noreferrer">no</a></p>\\n')
    """
    for name, bundle in (attachments or {}).items():
        for kind, data in bundle.items():
            text = text.replace(f"(attachment:{name})", f"(data:{kind};base64,{''.join(data).strip()})")
    html = str(clean_html(_markdown()(text)))
    # A table of Markdown may be as wide as any other.
    return Markup(re.sub(r"<table>.*?</table>", lambda found: _boxed(Markup(found[0])), html, flags=re.DOTALL))


@functools.cache
def _markdown():
    """Mistune's Markdown, but cells are aligned by a class and pasted pictures are kept."""
    import mistune

    class Renderer(mistune.HTMLRenderer):
        def safe_url(self, url):
            return url if PICTURE.fullmatch(url) else super().safe_url(url)

        def table_cell(self, text, align=None, head=False):
            tag, kind = "th" if head else "td", ' class="num"' if align == "right" else ""
            return f"  <{tag}{kind}>{text}</{tag}>\n"

    return mistune.create_markdown(
        renderer=Renderer(escape=False), plugins=["table", "strikethrough", "def_list", "url"]
    )


MARKS = re.compile(f"(<(script|style|title|svg)\\b.*?</\\2>|<[^>]*>)|{ISOLATE}([^<{ISOLATE}{END}]*){END}", re.DOTALL)


def with_bdi(page):
    """A whole page in which what the marks of `toolkit.guard` isolate stands in a <bdi>; in attributes they stay.

    Control characters, which HTML allows nowhere, are blanks.

    Examples
    --------
    >>> from toolkit.guard import isolated
    >>> with_bdi(f"<p>{isolated(chr(0x5d0))}!</p>") == f"<p><bdi>{chr(0x5d0)}</bdi>!</p>"
    True
    """
    page = on_page(page)
    if ISOLATE not in page:
        return page
    return MARKS.sub(lambda found: found[1] or f"<bdi>{found[3]}</bdi>", page)


def ansi_text(text):
    """Terminal output as HTML: escaped, with its colours as classes.

    Examples
    --------
    >>> ansi_text("\\x1b[31m<b>\\x1b[0m")
    Markup('<span class="ansi-red-fg">&lt;b&gt;</span>')
    """
    from nbconvert.filters import ansi2html

    return Markup(re.sub(r' style="[^"]*"', "", ansi2html(text)))


def plain_text(text):
    """Terminal output without its colours and cursor movements."""
    return re.sub(r"\x1b\[[0-9;?]*[ -/]*[@-~]", "", text)


def highlight_code(code):
    """Python code as HTML with Pygments' classes."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    return Markup(highlight(code, get_lexer_by_name("ipython3"), HtmlFormatter(nowrap=True)))


# SVG -----------------------------------------------------------------------------------------------------

SVG_TAGS = _words(
    "svg g path rect circle ellipse line polyline polygon text tspan defs clipPath use title desc linearGradient "
    "radialGradient stop marker pattern mask symbol image"
)
SVG_STYLES = _words(
    "fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-dasharray stroke-dashoffset stroke-linejoin "
    "stroke-linecap stroke-miterlimit opacity font-size font-family font-weight font-style text-anchor "
    "dominant-baseline stop-color stop-opacity clip-rule color visibility display letter-spacing"
)
SVG_ATTRIBUTES = SVG_STYLES | _words(
    "id x y x1 y1 x2 y2 cx cy r rx ry d points width height viewBox transform dx dy rotate clip-path mask href offset "
    "gradientUnits gradientTransform patternUnits patternTransform patternContentUnits clipPathUnits maskUnits "
    "preserveAspectRatio textLength lengthAdjust marker-start marker-mid marker-end markerWidth markerHeight refX refY "
    "orient markerUnits spreadMethod fx fy"
)
POINTS_TO_PIXELS = 4 / 3


def inline_svg(svg, alt, prefix):
    """A chart as an <svg> element to stand in the page, so that `currentColor` is the page's ink.

    Parameters
    ----------
    svg : str; a whole SVG file, such as matplotlib writes
    alt : str; what the chart says, for those who don't see it; "" where the text beside it says that already
    prefix : str; put before each id, which have to be unique in the page

    Returns
    -------
    Markup, or None when `svg` is not SVG

    Examples
    --------
    >>> inline_svg('<svg xmlns="http://www.w3.org/2000/svg" onload="steal()"><g style="fill: red"/></svg>', "A", "c1")
    Markup('<svg role="img" aria-label="A" focusable="false"><g fill="red" /></svg>')
    """
    if "<!ENTITY" in svg:  # matplotlib writes none; they only serve to blow up a parser
        return None
    try:
        root = ElementTree.fromstring(svg.encode())
    except ElementTree.ParseError:
        return None
    if _local(root.tag) != "svg":
        return None
    used = set(re.findall(r"""(?:url\(|href=["'])#([^)"']+)""", svg))
    drawn = _copy(root, prefix, used)
    _fit(root, drawn)
    if "stroke-linejoin: round" in svg:  # matplotlib's one style rule, which the policy would not let work
        drawn.attrib = {"stroke-linejoin": "round", "stroke-linecap": "butt"} | drawn.attrib
    said = {"role": "img", "aria-label": alt} if alt else {"aria-hidden": "true"}
    drawn.attrib = said | {"focusable": "false"} | drawn.attrib
    return Markup(ElementTree.tostring(drawn, encoding="unicode"))


def _local(name):
    return name.rpartition("}")[2] if isinstance(name, str) else ""


def _copy(element, prefix, used):
    """The element and what is below it, with what is allowed only."""
    attributes = {}
    for name, value in element.attrib.items():
        if name == "style":
            attributes |= _styles(value)
        elif _local(name) in SVG_ATTRIBUTES:
            attributes[_local(name)] = value
    kept = {}
    for name, value in attributes.items():
        value = _svg_value(_local(element.tag), name, value, prefix, used)
        if value is not None:
            kept[name] = value
    if element.get("id", "").startswith("QuadMesh_"):  # matplotlib's name for the cells of a heat map
        kept["class"] = "cells"
    copy = ElementTree.Element(_local(element.tag), kept)
    copy.text, copy.tail = (_text(element.text), _text(element.tail))
    for child in element:
        if _local(child.tag) in SVG_TAGS:
            copy.append(_copy(child, prefix, used))
    return copy


def _text(text):
    return text if text and text.strip() else None  # the indentation of the file


def _styles(style):
    """The declarations of a style attribute as attributes: `font: 10px Arial` becomes two."""
    found = {}
    for declaration in style.split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name == "font":
            parts = re.fullmatch(r"(?:(italic|oblique)\s+)?(?:(bold|\d00)\s+)?([\d.]+\w+)\s+(.+)", value)
            if parts:
                names = ("font-style", "font-weight", "font-size", "font-family")
                found |= {name: part for name, part in zip(names, parts.groups(), strict=True) if part}
        elif name in SVG_STYLES:
            found[name] = value
    return found


def _svg_value(tag, name, value, prefix, used):
    value = " ".join(value.split())
    if name == "id":
        return f"{prefix}-{value}" if value in used else None
    if name == "href":
        if value.startswith("#"):
            return f"#{prefix}-{value[1:]}"
        return value if tag == "image" and PICTURE.fullmatch(value) else None
    if "url(" in value:
        target = re.fullmatch(r"""url\(\s*["']?#([^)"']+)["']?\s*\)""", value)
        return f"url(#{prefix}-{target[1]})" if target else None
    return value


def _fit(root, drawn):
    """Give the drawing its natural width in pixels and let its height follow."""
    size = [re.fullmatch(r"([\d.]+)(pt|px)?", root.get(name, "")) for name in ("width", "height")]
    for name in ("width", "height"):
        drawn.attrib.pop(name, None)
    if not all(size):
        return
    width, height = (float(found[1]) * (POINTS_TO_PIXELS if found[2] == "pt" else 1) for found in size)
    if "viewBox" not in drawn.attrib:
        drawn.set("viewBox", f"0 0 {width:g} {height:g}")
    drawn.set("width", f"{width:.0f}")


def picture(data, kind, alt):
    """A bitmap as an <img> that holds its data."""
    source = f"data:{kind};base64,{''.join(data.split())}"
    return Markup(f'<img src="{escape(source)}" alt="{escape(alt)}">') if PICTURE.fullmatch(source) else Markup("")
