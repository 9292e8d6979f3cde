"""Personal data in what customers wrote, taken out before anyone else reads it.

What has a form of its own is found by `toolkit.privacy`, as in all that a report holds; here, besides, names where a text
says that one comes: after a greeting, or where somebody gives theirs; in English, Italian, Romanian, Polish and Spanish.
It is done by rules, which miss a name that stands anywhere else: a masked text is for colleagues, not for the public.
"""

import re

from toolkit import words
from toolkit.privacy import Masker

# A name: one to three words with a capital, as far as they stand on one line.
_CAPITAL = "A-ZÀ-ÖØ-ÞĂĄĆĘŁŃŚȘŞȚŢŹŻ"
_NAME = rf"[{_CAPITAL}][\w’'-]+(?:[ ][{_CAPITAL}][\w’'-]+){{0,2}}"
# After these a name follows, if the next word has a capital; in any case themselves.
_GREETINGS = (
    r"hi|hello|hey|dear|thanks|thank you|regards|best regards|kind regards|cheers|mr\.?|mrs\.?|ms\.?",
    r"ciao|salve|gentile|caro|cara|buongiorno|buonasera|grazie|saluti|cordiali saluti|sig\.?|signor|signora|sig\.ra",
    r"bună|buna|salut|dragă|draga|stimate|stimată|bună ziua|mulțumesc|multumesc|cu stimă|domnul|doamna|dl\.?|dna\.?",
    r"cześć|czesc|witam|dzień dobry|dzien dobry|szanowny|szanowna|drogi|droga|pan|pani|panie|dziękuję|pozdrawiam",
    r"hola|estimado|estimada|querido|querida|buenos días|buenas tardes|gracias|saludos|señor|señora|sr\.?|sra\.?",
)
_INTRODUCTIONS = (
    r"my name is|my name's|i am called|this is|i'm|i’m|i am",
    r"mi chiamo|il mio nome è|sono|a nome di|intestato a|intestata a",
    r"mă numesc|ma numesc|numele meu este|mă cheamă|pe numele|sunt",
    r"nazywam się|nazywam sie|mam na imię|na nazwisko|jestem",
    r"me llamo|mi nombre es|soy|a nombre de",
)
_BEFORE = "|".join([*_GREETINGS, *_INTRODUCTIONS])

_NAMES = (
    re.compile(rf"(?<!\w)(?i:{_BEFORE})[ ]+({_NAME})"),
    # after a comma a sentence may begin as well: only where it is all that stands there
    re.compile(rf"(?<!\w)(?i:{_BEFORE}),[ ]*({_NAME})(?=\s*(?:[,.!;:\n]|$))"),
)


def masked(text):
    """A text without the personal data that the rules find; null stays null.

    Examples
    --------
    >>> masked("Hi Marco, write to anna.rossi@example.com or call +39 347 123 4567 about ORD-48211")
    'Hi [name], write to [e-mail] or call [phone] about ORD-48211'
    >>> masked("Since 12/03/2024 10:30 I pay 29.90 for order 12345678, Ticket 20260629000001")
    'Since 12/03/2024 10:30 I pay 29.90 for order 12345678, Ticket 20260629000001'
    """
    if not isinstance(text, str):
        return text
    text = Masker().text(text)
    for pattern in _NAMES:
        text = pattern.sub(_without_name, text)
    return text


def _without_name(found):
    whole, begin, (start, end) = found.group(0), found.start(), found.span(1)
    return whole[: start - begin] + words.text("mask.name") + whole[end - begin :]
