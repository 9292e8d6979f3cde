"""The HTML of what the cells of a notebook show besides our own findings: tables, text, pictures, drawings."""

import re

from markupsafe import Markup

from toolkit import words
from toolkit.report import clean

# What an output is shown as, best first. Scripts, widgets and LaTeX can't be shown without a script.
SHOWN = ["image/svg+xml", "image/png", "image/jpeg", "text/html", "text/markdown", "text/plain"]
# `ax` as a cell's last line shows where it lives in memory, which tells a reader nothing.
REPR = re.compile(r"\[?<(Axes|Figure|seaborn|matplotlib|.* at 0x)[^\n]*>(,\s.*)?\]?", re.DOTALL)


def output_html(output, metadata, question="", prefix="c"):
    """The HTML of one output, or "" for one that says nothing to a reader.

    Parameters
    ----------
    output : NotebookNode
    metadata : dict of its cell, which may hold the alternative text of a picture
    question : str; the heading that it stands under
    prefix : str; put before the ids of a drawing
    """
    if output.output_type == "stream":
        return _text(clean.ansi_text(output.text))
    if output.output_type == "error":
        return _text(clean.plain_text("\n".join(output.get("traceback", []))))
    kind = next((kind for kind in SHOWN if kind in output.data), None)
    if kind is None or (kind == "text/plain" and REPR.fullmatch(output.data[kind])):
        return Markup("")
    data = output.data[kind]
    if kind == "text/html":
        return Markup('<div class="output">{}</div>').format(clean.table_html(data))
    if kind == "text/markdown":
        return Markup('<div class="prose">{}</div>').format(clean.markdown_html(data))
    if kind == "text/plain":
        return _text(clean.ansi_text(data))
    return _picture(output, metadata, kind, question, prefix)


def _text(said):
    return Markup('<pre class="output text" tabindex="0">{}</pre>').format(said)


def _picture(output, metadata, kind, question, prefix):
    own = output.get("metadata", {})
    alt = own.get(kind, {}).get("alt") or own.get("alt") or metadata.get("alt")
    alt = alt or (words.text("pages.chart.of", section=question) if question else words.text("pages.chart.plain"))
    if kind != "image/svg+xml":
        return Markup('<figure class="output">{}</figure>').format(clean.picture(output.data[kind], kind, alt))
    drawn = clean.inline_svg(output.data[kind], alt, prefix)
    if drawn is None:
        return undrawn(alt)
    box = '<figure class="output"><div class="chart" role="group" aria-label="{}" tabindex="0">{}</div></figure>'
    return Markup(box).format(words.text("pages.chart.scrolls"), drawn)


def undrawn(alt):
    """What stands in place of a drawing that is none."""
    return Markup('<p class="note">{}</p>').format(words.text("pages.chart.undrawn", alt=alt))


def drawing(svg, prefix, alt=""):
    """A drawing of ours as an <svg> of the page; "" for none. Without `alt` the text beside it says the same.

    Examples
    --------
    >>> drawing('<svg xmlns="http://www.w3.org/2000/svg"><path fill="var(--data, #1f6db5)"/></svg>', "t1")
    Markup('<svg aria-hidden="true" focusable="false"><path fill="var(--data)" /></svg>')
    """
    if not svg:
        return Markup("")
    # The page has each role's colour: what our charts fall back on elsewhere is not needed here.
    drawn = clean.inline_svg(re.sub(r"var\((--[\w-]+), [\w#]+\)", r"var(\1)", svg), alt, prefix)
    return drawn if drawn is not None else undrawn(alt) if alt else Markup("")
