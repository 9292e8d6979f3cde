"""The kinds of personal data that have a form, and where a text holds them."""

import re
from typing import NamedTuple

from toolkit.privacy import identity, links, phones
from toolkit.privacy.fold import Folded

# kind: its word in the catalogue, [mask]
KINDS = {
    "token": "token",
    "email": "email",
    "iban": "account",
    "card": "card",
    "codice_fiscale": "identity",
    "nif": "identity",
    "nie": "identity",
    "pesel": "identity",
    "cnp": "identity",
    "ip": "ip",
    "phone": "phone",
    "handle": "handle",
}
LONGEST = 1_000_000  # characters looked at in one piece; what is longer is looked at in several
# A text without any of these holds nothing that is looked for; most have none.
SIGNS = re.compile(
    r"[@\uff20\ufe6b]|%40|[(\[{]\s?at\s?[)\]}]|\d(?:\D{0,3}\d){6}|(?:\d{1,3}\.){3}\d|://|www\.|::|eyJ|&[#a-zA-Z]|(?:[0-9a-fA-F]{1,4}:){4}"
    r"|[\u200b-\u200f\u2060\u00ad\ufeff]|[A-Z]{6}|[a-z]{6}[ \d]|\b[A-Za-z]{3} [A-Za-z]{3} \d| dot ",
)


class Span(NamedTuple):
    """What was found: where, of which kind, and its value as it reads."""

    start: int
    end: int
    kind: str
    value: str


def find(text):
    """What a text holds of the kinds, in its order; where two overlap, the one that is told first in KINDS.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of Span; their places are those in `text`

    Examples
    --------
    >>> [(span.kind, span.value) for span in find("ES91 2100 0418 4502 0005 1332, @anna_help, NIE X1234567L")]
    [('iban', 'ES91 2100 0418 4502 0005 1332'), ('handle', '@anna_help'), ('nie', 'X1234567L')]
    """
    if not SIGNS.search(text):
        return []
    if len(text) > LONGEST:
        return _in_pieces(text)
    folded = Folded(text)
    taken, found = bytearray(len(folded.text)), []
    for kind, finder in FINDERS:
        for name, start, end in finder(folded.text):
            if not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                found.append(Span(*folded.span(start, end), name or kind, folded.text[start:end]))
    return sorted(found)


def _in_pieces(text):
    """A long text by pieces that end where a line or a word does."""
    found, start = [], 0
    while start < len(text):
        end = start + LONGEST
        if end < len(text):
            end = max(text.rfind("\n", start, end), text.rfind(" ", start, end), start) + 1
            end = end if end > start + 1 else start + LONGEST
        found += [span._replace(start=span.start + start, end=span.end + start) for span in find(text[start:end])]
        start = end
    return found


FINDERS = [
    ("token", links.tokens),
    ("email", links.emails),
    ("iban", identity.ibans),
    ("card", identity.cards),
    (None, identity.numbers),
    ("ip", links.addresses),
    ("phone", phones.phones),
    ("handle", links.handles),
]
