"""Personal data in what others will read: found by rules, and masked.

What has a form of its own is found: e-mail addresses, telephone numbers, cards, bank accounts, five countries' identity
numbers, IP addresses, secrets in links, handles. Numbers with a check digit are masked only where it is right, so that
an order number stays. Names in free text have no form: nothing here finds them; docs/privacy.md says what was measured.

>>> mask("Write to anna.rossi@example.com or +39 347 123 4567, card 4111 1111 1111 1111, order 4111 1111 1111 1112")
'Write to [e-mail] or [phone], card [card], order 4111 1111 1111 1112'
"""

import contextlib
import hashlib
import hmac
import re

from toolkit import words
from toolkit.privacy.kinds import KINDS, Span, find
from toolkit.privacy.markup import csv_parts, html_parts, with_marks

__all__ = ["KINDS", "Masker", "during", "find", "mask", "mask_html"]
FEWEST = 4  # hexadecimal digits of a mark
CUT, SHORTEST = "…", 6  # the end of a name that is too long for its place, and the letters by which it is known again
BEGINNING = re.compile(r"[\w.+%'-]{6,64}…")


class Masker:
    """Masks texts, and knows what it masked.

    Values that it was told of, as they tell groups apart, keep a mark: a short keyed hash, by which two agents whose names
    are their addresses stay two, and which says nothing of the address.

    Parameters
    ----------
    key : bytes
        Of the marks: the same key gives the same marks.
    reveal : bool
        Mask nothing.

    Examples
    --------
    >>> masker = Masker(b"key")
    >>> masker.learn("ann@example.com", "bob@example.com")
    >>> masker.text("ann@example.com waits, bob@example.com and eve@example.com don't")
    "[e-mail b26d] waits, [e-mail df95] and [e-mail] don't"
    >>> masker.counts()
    {'email': 3}
    """

    def __init__(self, key=b"", reveal=False):
        self.key, self.reveal = bytes(key), reveal
        self.marks, self.found = {}, {}

    def learn(self, *values):
        """Take values, each as a whole personal data, for names of groups: each keeps a mark of its own."""
        found = [spans[0] for value in values if _is_whole(spans := find(str(value).strip()), str(value).strip())]
        # what is cut is learnt when it is known what isn't, and stands for no other
        for are_cut in (False, True):
            known = {name: digest for name, (digest, _) in self.marks.items()}
            for span in found:
                if span.value.endswith(CUT) == are_cut and self._name(span) not in known:
                    known[self._name(span)] = self._hash(span)
            digits = FEWEST
            while len({digest[:digits] for digest in known.values()}) < len(set(known.values())):
                digits += 2
            self.marks = {name: (digest, digest[:digits]) for name, digest in known.items()}

    def text(self, said):
        """A plain text, masked; anything but a text as it is."""
        if self.reveal or not isinstance(said, str):
            return said
        return self._put(said, self._find(said))

    def source(self, said):
        """A program's text: an @ in it is no handle."""
        return said if self.reveal else self._put(said, [span for span in find(said) if span.kind != "handle"])

    def html(self, said):
        """HTML or SVG: its texts and what its attributes say, masked; its marks stay as they are."""
        return said if self.reveal else html_parts(said, self._spans)

    def csv(self, said):
        """CSV: each cell by itself."""
        return said if self.reveal else csv_parts(said, self.text)

    def counts(self):
        """{kind: how many different values of it were masked}."""
        return {kind: len(self.found[kind]) for kind in KINDS if kind in self.found}

    def _put(self, said, spans):
        return with_marks(said, [(span.start, span.end, self.mark(span)) for span in spans])

    def _spans(self, said):
        """[(start, end, what stands in its place)] of a text."""
        return [(span.start, span.end, self.mark(span)) for span in self._find(said)]

    def _find(self, said):
        """What a text holds; known names, too, that are cut before it could be told what they are."""
        found = find(said)
        if CUT in said and self.marks:
            for cut in BEGINNING.finditer(said):
                span = Span(*cut.span(), "email", cut[0])
                is_new = not any(span.start < one.end and one.start < span.end for one in found)
                if is_new and self._name(span) in self.marks:
                    found = sorted([*found, span])
        return found

    def mark(self, span):
        """What stands in place of what was found."""
        name = self._name(span)
        self.found.setdefault(span.kind, set()).add(name)
        said = words.text(f"mask.{KINDS[span.kind]}")
        _, mark = self.marks.get(name, ("", ""))
        return words.text("mask.marked", said=said.removeprefix("[").removesuffix("]"), mark=mark) if mark else said

    def _name(self, span):
        """By what a value is known: of one that is cut, the one known value that begins so."""
        kind, name = _same(span.kind, span.value)
        stem = _same(span.kind, span.value.rstrip(CUT))[1]
        if span.value.endswith(CUT) and len(stem) >= SHORTEST:
            meant = [known for known in self.marks if known[0] == kind and known[1].startswith(stem)]
            return meant[0] if len(meant) == 1 else (kind, name)
        return kind, name

    def _hash(self, span):
        said = "\0".join(_same(span.kind, span.value)).encode("utf-8", "replace")
        return hmac.new(self.key, said, hashlib.sha256).hexdigest()


def _is_whole(spans, value):
    return len(spans) == 1 and (spans[0].start, spans[0].end) == (0, len(value))


def _same(kind, value):
    """A value without what makes no difference: case, and what parts its digits.

    >>> _same("phone", "+39 347-1234"), _same("email", "Ann@Example.com")
    (('phone', '+393471234'), ('email', 'ann@example.com'))
    """
    if kind not in ("email", "handle", "token", "ip"):
        value = "".join(char for char in value if char.isalnum() or char == "+")
    return kind, value.casefold()


_current = [Masker()]


def mask(text):
    """A text without the personal data that is found in it; within `during`, as its masker does it.

    Examples
    --------
    >>> mask("Codice fiscale RSSMRA85T10A562S, IP 192.168.20.141"), mask("Order 48211 of 15 April, 29.90 €")
    ('Codice fiscale [identity number], IP [IP address]', 'Order 48211 of 15 April, 29.90 €')
    """
    return _current[0].text(text)


def mask_html(text):
    """HTML without the personal data that is found in its texts, as `mask` does it.

    >>> mask_html('<td title="ann@example.com">ann<wbr>@example.com</td>')
    '<td title="[e-mail]">[e-mail]<wbr></td>'
    """
    return _current[0].html(text)


@contextlib.contextmanager
def during(masker):
    """Let `mask` mask as this masker does, in this process."""
    before, _current[0] = _current[0], masker
    try:
        yield masker
    finally:
        _current[0] = before
