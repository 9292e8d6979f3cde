"""Numbers with a check digit: bank accounts, cards, identity numbers of five countries. All in folded text.

A number that fails its check is another number: python-stdnum knows the rules.
"""

import re
from importlib import import_module

from toolkit.privacy.phones import UNIT, said_before

PARTED = r"[ .\-/]{0,1}"


def _squeezed(said):
    return re.sub(r"[^0-9A-Za-z]", "", said).upper()


# --- accounts and cards -------------------------------------------------------------------------------

IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[ .-]?\d[ .-]?\d(?:[ .\-]{0,2}[A-Za-z0-9]){11,30}")
NRB = re.compile(r"(?<![\w.,+-])\d{2}(?:[ -]?\d{4}){6}(?![\w-]|[.,]\d)")  # a Polish account as it is written in Poland
CARD = re.compile(rf"(?<![\w.,+])(?<!\w[-.])\d(?:[ .\-_]{{0,2}}\d){{12,18}}(?!\w|[.,]\d|{UNIT})")
# What is too long for its place, and ends before its check digits do.
CUT_IBAN = re.compile(r"(?<![A-Za-z0-9])([A-Z]{2})[ .-]?\d{2}(?:[ .\-]{0,2}[A-Z0-9]){4,30}[ .-]?…")
CUT_CARD = re.compile(r"(?<![\w.,+])[3-6]\d{3}([ -]?)\d{4}\1\d{2,4}\1\d{0,4}…")
CUT_CODE = re.compile(r"(?<![A-Za-z0-9])[A-Z]{6}\d{2}[A-EHLMPR-T](?:\d{1,2}|\d{2}[A-Z]\d{0,3})?…")
# What the numbers of cards begin with, by how many digits they have: Visa, Mastercard, Amex, Diners, Discover, JCB, Maestro.
ISSUED = re.compile(
    r"4\d{12}|4\d{15}|4\d{18}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|(?:5018|5020|5038|5893|6304|6759|676[1-3])\d{8,15}|62\d{14}"
)


def ibans(text):
    """(None, start, end) of each bank account whose country, length and check digits are right.

    >>> said = "ro49 aaaa 1b31 0075 9384 0000 thanks, IT60X0542811101000000123456, IT61X0542811101000000123456"
    >>> [said[start:end] for _, start, end in ibans(said)]
    ['ro49 aaaa 1b31 0075 9384 0000', 'IT60X0542811101000000123456']
    """
    for found in IBAN.finditer(text):
        from stdnum import iban

        signs = [place for place in range(found.start(), found.end()) if text[place].isalnum()]
        for length in range(len(signs), 14, -1):
            end = signs[length - 1] + 1
            is_whole = end >= len(text) or not text[end].isalnum()
            if is_whole and iban.is_valid(_squeezed(text[found.start() : end]), check_country=False):
                yield None, found.start(), end
                break
    for found in NRB.finditer(text):
        from stdnum import iban

        if iban.is_valid(f"PL{_squeezed(found[0])}", check_country=False):
            yield None, *found.span()
    if "…" in text:
        yield from ((None, *found.span()) for found in CUT_IBAN.finditer(text) if _is_country(found[1]))


def cards(text):
    """(None, start, end) of each number that a card may have, and whose check digit is right (Luhn).

    >>> said = "4111-1111-1111-1111, 4111 1111 1111 1112, 378282246310005, 1234567812345670"
    >>> [said[start:end] for _, start, end in cards(said)]
    ['4111-1111-1111-1111', '378282246310005']
    """
    for found in CARD.finditer(text):
        from stdnum import luhn

        digits = _squeezed(found[0])
        if ISSUED.fullmatch(digits) and luhn.is_valid(digits):
            yield None, found.start(), found.end()
    if "…" in text:
        yield from ((None, *found.span()) for found in CUT_CARD.finditer(text))


def _is_country(code):
    """Whether a bank account may begin so."""
    from stdnum import iban

    return bool(iban._ibandb.info(code)[0][1])


# --- identity numbers ---------------------------------------------------------------------------------

_MONTH_OR_DIGIT = "0-9LMNPQRSTUVlmnpqrstuv"
NUMBERS = (
    (
        "codice_fiscale",
        "stdnum.it.codicefiscale",
        re.compile(
            rf"(?<![A-Za-z0-9])(?:[A-Za-z]{PARTED}){{6}}(?:[{_MONTH_OR_DIGIT}]{PARTED}){{2}}[A-EHLMPR-Ta-ehlmpr-t]{PARTED}"
            rf"(?:[{_MONTH_OR_DIGIT}]{PARTED}){{2}}[A-Za-z]{PARTED}(?:[{_MONTH_OR_DIGIT}]{PARTED}){{3}}[A-Za-z](?![A-Za-z0-9])"
        ),
    ),
    ("nif", "stdnum.es.dni", re.compile(r"(?<![\w.,-])\d(?:\.?\d){7}[ .\-]{0,2}[A-Za-z](?![\w]|[-/]\d)")),
    ("nie", "stdnum.es.nie", re.compile(r"(?<![\w-])[XYZxyz][ .\-]{0,2}\d(?:[ .]?\d){6}[ .\-]{0,2}[A-Za-z](?![\w])")),
    ("pesel", "stdnum.pl.pesel", re.compile(rf"(?<![\w.,+])(?<!\w-)\d(?:[ .\-]?\d){{10}}(?!\w|[.,-]\d|{UNIT})")),
    (
        "cnp",
        "stdnum.ro.cnp",
        re.compile(rf"(?<![\w.,+])(?<!\w-)[1-8](?:[ .\-]?\d){{12}}(?!\w|[.,-]\d|{UNIT})"),
    ),
)
# What says that a number of digits alone is somebody's.
OWN = re.compile(
    r"(?:pesel|cnp|cod(?:ul)? numeric|identity|identyfik|national id|personal|\bid\b)[^\d\n]{0,20}$", re.IGNORECASE
)


def numbers(text):
    """(kind, start, end) of each identity number: Italian, Spanish, Polish, Romanian.

    >>> said = "RSSMRA85T10A562S 12345678Z X-1234567-L PESEL 44051401359, CNP 1800101221144, order 44051401359"
    >>> [(kind, said[start:end]) for kind, start, end in numbers(said)]
    [('codice_fiscale', 'RSSMRA85T10A562S'), ('nif', '12345678Z'), ('nie', 'X-1234567-L'), ('pesel', '44051401359'), \
('cnp', '1800101221144')]
    """
    for kind, module, pattern in NUMBERS:
        for found in pattern.finditer(text):
            if not _checks(module, _squeezed(found[0])):
                continue
            is_other = kind in ("pesel", "cnp") and said_before(text, found.start())[1]
            if not is_other or OWN.search(text[max(0, found.start() - 40) : found.start()]):
                yield kind, found.start(), found.end()
    if "…" in text:
        yield from (("codice_fiscale", *found.span()) for found in CUT_CODE.finditer(text))


def _checks(module, said):
    return import_module(module).is_valid(said)
