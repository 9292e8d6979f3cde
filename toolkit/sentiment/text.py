"""Cleaning and folding, shared by all engines and the language detector."""

import html
import re
import unicodedata

# A customer may paste a whole log file. Beyond this nothing more is learned about the mood, and
# the bound keeps every step (VADER's "but" rule is quadratic) within a few milliseconds.
MAX_CHARACTERS = 5_000

# Entities and links shorten when cleaned, so a bit more is read than is scored.
_READ_CHARACTERS = 2 * MAX_CHARACTERS

# `\S{1,2000}`, not `\S+`: a text without blanks that starts with a link is not all link.
_NOISE = re.compile(
    r"(?:https?://|www\.)\S{1,2000}"  # links
    r"|(?<![\w.])@\w+"  # handles, but not the middle of an e-mail address
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u2028-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"[^\S\n]+")
_SKIN_TONES_AND_SELECTORS = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_QUOTES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u00b4": "'", "\u02bc": "'", "`": "'"})
# NFKD leaves these letters whole.
_STROKES = str.maketrans({"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ø": "o", "Ø": "O"})


def clean(text):
    """The text without handles, links, HTML entities and control characters.

    Parameters
    ----------
    text : str or None (any missing value counts as None)

    Returns
    -------
    str, at most `MAX_CHARACTERS` long; empty where there is nothing to read.

    Examples
    --------
    >>> clean("@shop it&#39;s  broken &amp; late https://t.co/x")
    "it's broken & late"
    """
    if not isinstance(text, str):
        return ""
    text = text[:_READ_CHARACTERS]
    if "&" in text:
        text = html.unescape(text)
    text = _NOISE.sub(" ", text)
    text = _SKIN_TONES_AND_SELECTORS.sub("", text).translate(_QUOTES)
    return _BLANKS.sub(" ", text).strip()[:MAX_CHARACTERS]


def strip_marks(text):
    """The text without accents: people write "perche", "dziekuje", "nu merge" without them.

    Examples
    --------
    >>> strip_marks("perché dziękuję słabo mulțumesc")
    'perche dziekuje slabo multumesc'
    """
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text.translate(_STROKES))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def fold(text):
    """Lower case without accents: the form in which lexicon and text are compared.

    Examples
    --------
    >>> fold("Però SŁABO")
    'pero slabo'
    """
    return strip_marks(text).lower()
