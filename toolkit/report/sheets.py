"""The style sheet and the script of a page, and the content security policy that allows them by their hashes."""

import base64
import functools
import hashlib
import re
from pathlib import Path

from markupsafe import Markup

from toolkit import look
from toolkit.words.names import short_name

LONGEST_FOOTER = 110  # characters: a line beside the number of the sheet
TEMPLATES = Path(__file__).parent / "template"
# A media query can't read a custom property: these names stand for the widths of `look.toml`, as the draft of CSS
# for custom media has them.
MEDIA = {
    "--beside": f"screen and (max-width: {look.WIDTH['beside'] - 1}px)",
    "--narrow-chart": f"screen and (max-width: {look.WIDTH['narrow_chart']}px)",
    "--phone": f"screen and (max-width: {look.WIDTH['phone']}px)",
}


@functools.cache
def style(*more):
    """The style sheet of a page: colours and sizes, what every page has, and the files `more` of its own.

    Examples
    --------
    >>> "@media screen and (max-width: 719px)" in style(), "(--phone)" in style()
    (True, False)
    """
    sheets = [(TEMPLATES / name).read_text(encoding="utf-8") for name in ("style.css", *more)]
    sheet = re.sub(r"@media \((--[\w-]+)\)", lambda found: f"@media {MEDIA[found[1]]}", "\n".join(sheets))
    sheet = re.sub(
        r"/\*.*?\*/|^\s+", "", sheet, flags=re.DOTALL | re.MULTILINE
    )  # said to us, not to the reader's browser
    return Markup(look.custom_properties() + sheet)


@functools.cache
def script():
    """The script that sorts and filters the tables of an interactive page."""
    return Markup((TEMPLATES / "interactive.js").read_text(encoding="utf-8"))


def footer(*said):
    """The style sheet that names a page at the foot of each sheet of paper after the first, which says it itself.

    Parameters
    ----------
    said : str
        Such as the title and the days; what is "" is left out. Texts of the data: none of it ends the string.

    Examples
    --------
    >>> footer("CSAT", "")
    Markup('@page{@bottom-left{content:"CSAT"}}@page :first{@bottom-left{content:none}}')
    >>> print(footer('a"}</style>').split("content:")[1])
    "a\\22 }\\3c /style\\3e "}}@page :first{@bottom-left{
    """
    text = short_name(" · ".join(filter(None, said)), LONGEST_FOOTER)
    # as CSS writes what would end its string or the sheet, or is no ASCII
    text = re.sub(r'[^ -~]|["\\<>&]', lambda found: f"\\{ord(found[0]):x} ", text)
    return Markup(f'@page{{@bottom-left{{content:"{text}"}}}}@page :first{{@bottom-left{{content:none}}}}')


@functools.cache
def policy(sheet, code="", foot=""):
    """The content security policy: nothing but these style sheets, embedded pictures, and this script if there is one.

    Examples
    --------
    >>> policy("p{}").split("; ")[0], "script-src" in policy("p{}"), "script-src 'sha256-" in policy("p{}", "x()")
    ("default-src 'none'", False, True)
    """
    sheets = " ".join(f"'{_digest(text)}'" for text in (sheet, foot) if text)
    rules = ["default-src 'none'", f"style-src {sheets}"]
    rules += [f"script-src '{_digest(code)}'"] if code else []
    return "; ".join([*rules, "img-src data:", "base-uri 'none'", "form-action 'none'"])


def _digest(text):
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
