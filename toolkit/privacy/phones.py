"""Telephone numbers: what is written like one, in an order that some country gives its numbers. All in folded text.

Digits alone may be anything: they are a telephone's where a text says so, or where they are grouped as people group them
and a country has such a number. libphonenumber's tables know which.
"""

import functools
import re

REGIONS = ("IT", "RO", "PL", "ES", "GB")  # of numbers without a country's code
# After a number: what is counted or paid, and no telephone.
UNIT = r"[ \u00a0](?:[mµn]?s|[kMG]?B|bytes|rows|requests|calls|tickets|zł|lei|EUR|PLN|RON|€|%)(?!\w)"
CANDIDATE = re.compile(
    rf"(?<![\w.,:/#@=%-])(?:(?:\+|00)[ ]?)?\(?\+?\d(?:[ ()./\-]{{0,3}}\d){{6,14}}(?!\w|[.,:/-]\d|[ ]?[%€$£]|{UNIT})"
)
# A country's own way: 0722 123 456, 347 123 4567, 612 34 56 78, (011) 567-8901
GROUPED = re.compile(r"\(?\d{2,5}\)?(?:[ .\-/]{1,2}\d{2,7}){1,4}")
# Ways of writing that few other numbers have: 0722123456, 347/1234567, 0176 12345678, 415-555-2671
OWN_WAY = re.compile(
    r"07\d{8,9}|3\d{2}/\d{7}|(?P<german>01[567]\d[ /\-]?\d{7,8})|(?P<american>[2-9]\d{2}-[2-9]\d{2}-\d{4})"
)
THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:[ .]\d{3})+")  # as some countries group the digits of any number
CODE = re.compile(r"\b(?=[A-Z0-9]*[A-Z])[A-Z0-9]{3,5}[ -]$")
DATE = re.compile(
    r"\d{4}[-/. ]\d{1,2}[-/. ]\d{1,2}(?!\d)|\d{1,2}[-/. ]\d{1,2}[-/. ]\d{4}(?!\d)|\d{1,2}[-/.]\d{1,2}[-/.]\d{2}(?!\d)"
    r"|(?:19|20)\d{6}(?!\d)|\d{1,3}(?:[. ]000)+(?!\d)|\d{4} ?- ?\d{4}$"
)
CALLED = re.compile(
    r"(?:\btel\w*|\bph(?:one|\b)|\bcell\w*|\bmob\w*|\bfax|\bcall\w*|\bring\b|\bdial\w*|\bcontact\w*|\btext me|whatsapp|\bsms|signal|viber|"
    r"\bchiam\w*|\brecapito|\bfisso|\bcasa|\bsun[aă]\w*|\bapel\w*|\bmobil\w*|\bkom\w*|\bzadzwo\w*|\bdzwo\w*|\bkomórk\w*|\bkontakt\w*|"
    r"\bm[oó]vil\w*|\bll[aá]m\w*|\bfijo|\btel[eé]fon\w*|\bnumber is|\bnumero è|\bnumărul meu|\bnumarul meu|\bmój numer|\bmi n[uú]mero|"
    r"\bmio numero|\bmy number|\breach\w*|\bhotline|\bpowt|☎|📞|📱)[^\d\n]{0,30}$",
    re.IGNORECASE,
)
OTHER_NUMBERS = re.compile(
    r"(?:\border\w*|\bticket\w*|\binvoice\w*|\btrack\w*|\bparcel\w*|\bshipment\w*|\bcase\b|\bserial\w*|\bimei\b|\bean\b|\bisbn\b|\bbarcode|"
    r"\bref\w*|\bcustomer\w*|\baccount\w*|\bcontract\w*|\bcode\b|\bid\b|\bsku\b|\bpolicy\w*|\bbatch\w*|\bbuild\b|\bkey\b|\brow\w*|\bport\w*|"
    r"\bordin\w*|\bfattur\w*|\bspedizion\w*|\bpratic\w*|\bcodice\b|\bcontratt\w*|\bbollett\w*|\bcollo|"
    r"\bcomand\w*|\bfactur\w*|\bawb\b|\bcolet\w*|\bcont\w{0,3}\b|\bcod\w{0,3}\b|\btichet\w*|"
    r"\bzam[óo]wieni\w*|\bfaktur\w*|\bprzesyłk\w*|\bpaczk\w*|\bzgłoszeni\w*|\bumow\w*|\bkod\w*|\bkonto|"
    r"\bpedido\w*|\bfactura\w*|\benv[íi]o\w*|\bseguimiento|\bc[óo]digo|\bexpediente|\bcuenta|\bcontrato|"
    r"\bn[°º.]|\bnr\.?|\bno\.|№|#|\btotal\w*|\bamount\w*|\bimporto|\bkwot\w*|\bsum[ae]?\b|[€$£]|\beur\b|\bpln\b|\bron\b|\busd\b)[^\d\n]{0,20}$",
    re.IGNORECASE,
)


LAST_DIGIT = re.compile(r"[\s\S]*[\d\n]")
SAYS = re.compile(r"[^\W\d_]|[^\x00-\x7f]|[#$]")  # what a word or sign of the two above holds


def said_before(text, start):
    """What a text says just before a number: whether it calls it a telephone, and whether another number.

    Either is told by words after which no other digit comes, so that only these are looked at.

    >>> said_before("12 call 5, order no. 7", 8), said_before("order no. 7", 10), said_before("call 12, 7", 9)
    ((True, False), (False, True), (False, False))
    """
    before = text[max(0, start - 60) : start]
    digit = LAST_DIGIT.match(before)
    place = digit.end() if digit else 0
    while place and (before[place - 1].isalnum() or before[place - 1] == "_"):  # of order4711 all
        place -= 1
    said = before[place:]
    return _told(said) if SAYS.search(said) else (False, False)


@functools.lru_cache(10_000)
def _told(said):
    return bool(CALLED.search(said)), bool(OTHER_NUMBERS.search(said))


def phones(text):
    """(None, start, end) of each telephone number.

    >>> said = "+39 347 123 4567, 0722 123 456, tel 3471234567, order 347 123 4567, 2024-03-05 14, 1 250 000 000"
    >>> [said[start:end] for _, start, end in phones(said)]
    ['+39 347 123 4567', '0722 123 456', '3471234567']
    """
    for found in CANDIDATE.finditer(text):
        said = found[0].strip()
        is_called, is_other = said_before(text, found.start())
        if (is_other and not is_called) or DATE.match(said):
            continue
        is_abroad = bool(re.match(r"\(?(?:\+|00)[ (]?[1-9]", said))
        is_grouped = bool(GROUPED.fullmatch(said)) and len(re.findall(r"\d+", said)) <= 5
        is_grouped = is_grouped and bool(re.match(r"\(?0|.*[ )]", said))  # dots and dashes part other numbers, too
        is_grouped = (
            is_grouped
            and not THOUSANDS.fullmatch(said)
            and not CODE.search(text, max(0, found.start() - 6), found.start())
        )
        own = OWN_WAY.fullmatch(said)
        if not (is_abroad or is_called or is_grouped or own):
            continue
        if own and own.lastgroup:
            is_number = is_valid(f"+1 {said}" if own["american"] else f"+49 {said[1:]}", True)
        else:
            is_number = is_valid(said, is_abroad, is_called)
        if is_number:
            yield None, found.start(), found.start() + len(found[0].rstrip())


def is_valid(said, is_abroad, is_called=False):
    """Whether some country gives out such a number; of one that a text calls a telephone, whether it may be.

    >>> is_valid("+39 347 123 4567", True), is_valid("0722 123 456", False), is_valid("999 999 999", False)
    (True, True, False)
    """
    import phonenumbers

    regions = (None,) if is_abroad else REGIONS
    if not (is_abroad or is_called):
        digits = re.sub(r"\D", "", said)
        regions = [region for region in REGIONS if _given_in(region).fullmatch(digits)]
    for region in regions:
        try:
            number = phonenumbers.parse(re.sub(r"^\(?00", "+", said) if is_abroad else said, region)
        except phonenumbers.NumberParseException:
            continue
        if (is_abroad or is_called) and phonenumbers.is_possible_number(number):
            return True
        if phonenumbers.is_valid_number(number):
            return True
    return False


@functools.cache
def _given_in(region):
    """The digits that a number of a country may have, also with its code: what isn't among them needs no second look."""
    from phonenumbers import PhoneMetadata, phonenumberutil

    kinds = [
        "fixed_line",
        "mobile",
        "toll_free",
        "premium_rate",
        "shared_cost",
        "personal_number",
        "voip",
        "pager",
        "uan",
        "voicemail",
    ]
    ways = [r"00[1-9]\d*"]
    code = phonenumberutil.country_code_for_region(region)
    for other in phonenumberutil.region_codes_for_country_code(code):  # those that share it
        country = PhoneMetadata.metadata_for_region(other)
        patterns = {getattr(country, kind).national_number_pattern for kind in kinds if getattr(country, kind)}
        ways += [f"(?:{code})?0?(?:{pattern})" for pattern in sorted(filter(None, patterns))]
    return re.compile("|".join(ways))
