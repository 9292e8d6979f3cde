"""A text as it reads: digits of any script, full-width letters, entities and dashes as ASCII, what isn't seen left out.

Whoever looks for a number in a text looks in the folded one; where it stood in the text itself is kept.
"""

import html
import re
import unicodedata
from functools import lru_cache

ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});")
ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")  # how a terminal is told colours
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"


class Folded:
    """A folded text, and the places that its characters have in the text it was made of.

    >>> folded = Folded("call \uff0b\uff13\uff19 3\u200b47 &#64;ann")
    >>> folded.text, folded.span(5, 8), folded.span(13, 17)
    ('call +39 347 @ann', (5, 8), (14, 22))
    """

    def __init__(self, text):
        self.text, self.starts, self.ends = text, None, None
        if text.isascii() and "&" not in text and "\x1b" not in text:
            return
        parts = _parts(text)
        if all(len(said) == end - start for said, start, end in parts):
            self.text = "".join(said for said, *_ in parts)
            return
        self.text = "".join(said for said, *_ in parts)
        self.starts, self.ends = [], []
        for said, start, end in parts:
            is_same = len(said) == end - start
            self.starts += range(start, end) if is_same else [start] * len(said)
            self.ends += range(start + 1, end + 1) if is_same else [end] * len(said)

    def span(self, start, end):
        """Where a part of the folded text stands in the text itself."""
        if self.starts is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def _parts(text):
    """[(folded, start, end)] of a text."""
    parts, place = [], 0
    for found in re.finditer(f"{ENTITY.pattern}|{ESCAPE.pattern}|[^\\x00-\\x7f]", text):
        if found.start() > place:
            parts.append((text[place : found.start()], place, found.start()))
        said, place = found[0], found.end()
        if said[0] == "\x1b":
            said = ""
        elif said[0] == "&":
            known = html.unescape(said)
            said = _plain(known) if len(known) == 1 else said
        else:
            said = _plain(said)
        parts.append((said, found.start(), place))
    if place < len(text):
        parts.append((text[place:], place, len(text)))
    return parts


@lru_cache(maxsize=4096)
def _plain(char):
    """A character as ASCII where it is one in another dress; "" where nobody sees it.

    >>> _plain("\u0663"), _plain("\uff20"), _plain("\u2013"), _plain("\u00a0"), _plain("\u200d"), _plain("\u0142")
    ('3', '@', '-', ' ', '', '\u0142')
    """
    if char.isascii():
        return char
    category = unicodedata.category(char)
    if category == "Cf" or char in "\u034f\u115f\u1160\u17b4\u17b5\u3164\ufe0e\ufe0f\uffa0":
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category == "Zs":
        return " "
    if char in DASHES:
        return "-"
    known = unicodedata.normalize("NFKC", char)
    return known if len(known) == 1 and known.isascii() else char
