"""Personal data in what customers wrote, taken out before anyone else reads it.

E-mail addresses, links, bank accounts, cards, telephone and order numbers, handles, and names where a text says that one
comes: after a greeting, or where somebody gives theirs; in English, Italian, Romanian, Polish and Spanish. What is taken
for one is replaced by what it was, in brackets. It is done by rules, which miss a name that stands anywhere else: a
masked text is for colleagues, not for the public. What has a form that can be checked is found by `toolkit.privacy`.
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
# After these a number of four digits and more is one of a customer's own.
_OWN_NUMBERS = (
    r"order|number|code|ticket|invoice|contract|account",
    r"ordine|numero|codice|fattura|contratto|pratica|conto",
    r"comand\w*|număr\w*|numar\w*|cod|codul|factur\w*|cont\w*",
    r"zam[óo]wieni\w*|numer\w*|kod\w*|faktur\w*|umow\w*|kont\w*",
    r"pedido|n[úu]mero|c[óo]digo|contrato|cuenta",
)
_BEFORE = "|".join([*_GREETINGS, *_INTRODUCTIONS])

# In this order: what holds digits of another kind goes first. (what it is, pattern, the group that is replaced)
_RULES = (
    ("email", re.compile(r"[\w.+%-]+(?:@|\s?\(at\)\s?|\s?\[at\]\s?)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE), 0),
    ("link", re.compile(r"\b(?:https?://|www\.)[^\s<>\"']+", re.IGNORECASE), 0),
    ("account", re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b"), 0),
    # thirteen digits and more, however they are grouped
    ("card", re.compile(r"(?<![\w+])\d(?:[ -]?\d){12,18}(?!\w)"), 0),
    # eight digits and more that don't begin as a date does, or a plus and seven
    ("phone", re.compile(r"(?<![\w.])(?:\+|00)\d(?:[ ()./-]{0,2}\d){6,14}(?!\w)"), 0),
    (
        "phone",
        re.compile(
            r"(?<![\w.,:+-])(?!\d{4}-\d\d-\d\d\b|\d{1,3}(?:[.]\d{3})+\b|\d\d?[./-]\d\d?[./-]\d{2,4}\b)\(?\d(?:[ ()./-]{0,2}\d){6,11}(?!\w)"
        ),
        0,
    ),
    # letters and digits in one word, such as ORD-48211 or CV0000123, and a number that is named as one
    ("number", re.compile(r"\b(?=[\w-]*\d{4})(?=[\w-]*[A-Z])[A-Z]{1,6}[-_/]?[A-Z0-9]*\d[\w-]*\b"), 0),
    ("number", re.compile(r"(?<!\w)(?:#|n[°º.]\s?|nr\.?\s?|no\.\s?|№\s?)(?=\d{3})\d[\w/-]*", re.IGNORECASE), 0),
    ("number", re.compile(r"(?<![\w.,:/-])\d{6}(?![\w/:-]|[.,]\d)"), 0),
    ("number", re.compile(r"\b\d{6,}[A-Z]\b"), 0),
    ("number", re.compile(rf"\b(?i:{'|'.join(_OWN_NUMBERS)})\b[^\d\n.]{{0,25}}?\b(\d{{4,}})(?![\w/:-]|[.,]\d)"), 1),
    ("handle", re.compile(r"(?<![\w@.])@\w{2,}"), 0),
    ("name", re.compile(rf"(?<!\w)(?i:{_BEFORE})[ ]+({_NAME})"), 1),
    # after a comma a sentence may begin as well: only where it is all that stands there
    ("name", re.compile(rf"(?<!\w)(?i:{_BEFORE}),[ ]*({_NAME})(?=\s*(?:[,.!;:\n]|$))"), 1),
)


def masked(text):
    """A text without the personal data that the rules find; null stays null.

    Examples
    --------
    >>> masked("Hi Marco, write to anna.rossi@example.com or call +39 347 123 4567 about ORD-48211")
    'Hi [name], write to [e-mail] or call [phone] about [number]'
    >>> masked("Since 15 April 2024 I pay 29.90 instead of 19.90 for 50 GB")
    'Since 15 April 2024 I pay 29.90 instead of 19.90 for 50 GB'
    """
    if not isinstance(text, str):
        return text
    for kind, pattern, group in _RULES:
        said = words.text(f"mask.{kind}")
        text = pattern.sub(lambda found, said=said, group=group: _replaced(found, said, group), text)
    return Masker().text(text)


def _replaced(found, said, group):
    whole, (start, end) = found.group(0), found.span(group)
    begin = found.start()
    return whole[: start - begin] + said + whole[end - begin :]
