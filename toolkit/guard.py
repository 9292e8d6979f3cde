"""What someone else wrote, made harmless for who shows it as text: terminals, logs, spreadsheets, lines that read both ways."""

import re
import unicodedata

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # the last four: full width
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*(e[+-]?\d+)?\s?%?", re.IGNORECASE)
# What turns the text around it: embeddings, overrides and isolates. The marks U+200E and U+200F turn nothing, and are
# part of well written Arabic and Hebrew.
TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
HIDDEN = frozenset(
    TURNS
    + "\u00ad\u180e\u200b\ufeff"
    + "".join(
        map(chr, [*range(0x2060, 0x2066), *range(0x206A, 0x2070), *range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE0020)])
    )
)
MOST_SAID = 20_000  # characters of a message
ISOLATE, END = "\u2068", "\u2069"  # FIRST STRONG ISOLATE, POP DIRECTIONAL ISOLATE: as <bdi> does in HTML
CONTROL = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029{TURNS}\ud800-\udfff]")
LINES = re.compile(r"[\t\n]")
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff]")


def visible(text, keep_lines=True):
    """A text for a terminal or a log: control characters, and what turns the direction of writing, are spelt out.

    Parameters
    ----------
    text : str, or anything that has a text
    keep_lines : bool
        Whether line ends and tabs stay; of a name or a value they are spelt out, too.

    Examples
    --------
    >>> print(visible("\\x1b]0;title\\x07red\\x1b[31m"))
    \\x1b]0;title\\x07red\\x1b[31m
    >>> print(visible("invoice\\u202efdp.exe", False), visible("a\\nb", False))
    invoice\\u202efdp.exe a\\nb
    >>> print(visible("two\\nlines"))
    two
    lines
    """
    shown = CONTROL.sub(_spelt, str(text))
    return shown if keep_lines else LINES.sub(lambda found: {"\t": "\\t", "\n": "\\n"}[found[0]], shown)


def on_page(text):
    """A text, or a whole page, without the control characters that no page shows, and without what turns its lines.

    The marks of `isolated` stay.

    >>> on_page("a\\x1b[2J\\u202eb\\nc"), on_page(isolated("\\u05d0")) == isolated("\\u05d0")
    ('a [2J b\\nc', True)
    """
    return CONTROL.sub(lambda found: found[0] if found[0] in (ISOLATE, END) else " ", str(text))


def shortened(text):
    """A message for a terminal: of one that quotes a value as long as a book, its beginning and its end.

    >>> shortened("no source 'a'; there are: b"), len(shortened("no source '" + "a" * 1_000_000 + "'; there are: b")) < 21_000
    ("no source 'a'; there are: b", True)
    """
    text = str(text)
    left = len(text) - MOST_SAID
    return f"{text[: MOST_SAID // 2]} … ({left:,} characters) … {text[-MOST_SAID // 2 :]}" if left > 0 else text


def _spelt(found):
    code = ord(found[0])
    return {10: "\\n", 13: "\\r", 9: "\\t"}.get(code) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


def isolated(text):
    """A name that is written from right to left, between marks that keep it from turning the words around it.

    A name without such a letter is itself.

    >>> isolated("billing"), isolated("\\u05d7\\u05d9\\u05d5\\u05d1") == "\\u2068\\u05d7\\u05d9\\u05d5\\u05d1\\u2069"
    ('billing', True)
    """
    return f"{ISOLATE}{text}{END}" if RIGHT_TO_LEFT.search(text) else text


def guarded(value):
    """A cell of a CSV file or a workbook: a text that a spreadsheet would compute begins with an apostrophe.

    Parameters
    ----------
    value : object
        What is no text is handed back as it is, and so is a text that is a number, such as -5.

    Returns
    -------
    The value; a text without what a terminal would obey.

    Examples
    --------
    >>> guarded("=HYPERLINK(1)"), guarded(" @SUM(1)"), guarded("-5"), guarded("- well"), guarded(-5)
    ("'=HYPERLINK(1)", "' @SUM(1)", '-5', "'- well", -5)
    >>> print(guarded("a\\x1b[2J"))
    a\\x1b[2J
    """
    if not isinstance(value, str):
        return value
    is_formula = value.lstrip(" \u00a0\u200b\ufeff\0").startswith(FORMULA) and not NUMBER.fullmatch(value)
    shown = visible(value)
    return f"'{shown}" if is_formula else shown


def guarded_frame(frame):
    """The frame with each text in it, and the name of each column, as `guarded` hands it back.

    Parameters
    ----------
    frame : DataFrame
        It stays as it is.

    Returns
    -------
    DataFrame

    Examples
    --------
    >>> import pandas as pd
    >>> guarded_frame(pd.DataFrame({"=a": ["-1", "-a", None], "n": [-1, 2, 3]})).to_csv(index=False)
    "'=a,n\\n-1,-1\\n'-a,2\\n,3\\n"
    """
    made = frame.copy()
    for place, dtype in enumerate(frame.dtypes):
        if dtype.kind == "O" or str(dtype) in ("str", "string", "category"):
            made.isetitem(place, frame.iloc[:, place].astype(object).map(guarded, na_action="ignore"))
    made.columns = [guarded(str(name)) for name in frame.columns]
    return made


def is_shown(char):
    """Whether a character can stand in a line: no control character, no half of one, none that Unicode hasn't.

    >>> is_shown("a"), is_shown("\\x1b"), is_shown("\\ue000")
    (True, False, False)
    """
    return unicodedata.category(char) not in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp")


def is_hidden(char):
    """Whether a character takes no room and says nothing: what turns a line, blanks of no width, tags.

    The joiners that Persian, Hindi and emoji are written with aren't among them.

    >>> is_hidden("\\u202e"), is_hidden("\\u200b"), is_hidden("\\u200d"), is_hidden("-")
    (True, True, False, False)
    """
    return char in HIDDEN
