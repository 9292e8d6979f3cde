"""What a notebook displays for the pages of the reports to read: the MIME types of its bundles, and code in a text."""

import re

from markupsafe import Markup, escape

from toolkit.guard import on_page

REPORT = "application/vnd.toolkit.report+json"
KEY_FIGURES = "application/vnd.toolkit.key-figures+json"
SECTION = "application/vnd.toolkit.section+json"
MEASURED = "application/vnd.toolkit.measured+json"
PRIVACY = "toolkit_privacy"  # metadata of an executed notebook: what personal data was masked in it
LEFT_OUT = {"toolkit": "left-out"}  # metadata of an output that stands for a section that is left out


def with_code(text):
    """A text as HTML, with what stands between backticks as code; all of it escaped.

    Examples
    --------
    >>> with_code("see `toolkit check` <now>")
    Markup('see <code>toolkit check</code> &lt;now&gt;')
    """
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(escape(on_page(text)))))


def left_out_bundle(said, detail=""):
    """What stands for a section that is left out: why, and folded below it what only those need who prepare the data."""
    from toolkit import words

    shown = f'<p class="note">{with_code(said)}</p>'
    if detail:
        shown += f"<details><summary>{with_code(words.text('pages.say.detail'))}</summary><p>{with_code(detail)}</p></details>"
    return {"text/html": shown, "text/plain": " ".join(filter(None, (said, detail))).replace("`", "")}
