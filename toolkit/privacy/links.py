"""What of the network is personal: e-mail addresses, IP addresses, secrets in links, handles. All in folded text."""

import ipaddress
import re

AT = re.compile(r"@|%40|\s?[(\[{]\s?(?:at|@|chiocciola|arroba|małpa|malpa)\s?[)\]}]\s?", re.IGNORECASE)
LOCAL = re.compile(r"[\w!#$*+/=?^`{|}~.%'-]{1,64}$")
DOMAIN = re.compile(
    r"(?:[\w-]{1,63}(?:\.|\s?[(\[{](?:dot|punto|punkt|punct|kropka)[)\]}]\s?)){1,8}(?:xn--[\w-]{2,30}|[^\W\d_]{2,24})(?![\w-]*@)",
    re.IGNORECASE,
)
QUOTED = re.compile(r"\"[^\"\\\n<>=@]{1,62}\"@")
LOCALHOST = re.compile(r"localhost(?![\w.-])")
SPELT = re.compile(r"(?<![\w.])[\w.+-]{1,64} at [\w-]{1,63}(?: dot [\w-]{1,63}){1,5}", re.IGNORECASE)
CUT = re.compile(r"[\w.-]{0,253}…")  # of a name that is too long for its place
LITERAL = re.compile(r"\[(?:IPv6:)?[0-9a-fA-F.:]{3,45}\]")


def emails(text):
    """(None, start, end) of each address.

    >>> said = "anna.rossi+x@example.co.uk, 3@4.50, bob [at] example [dot] com, x%40example.com, very.long@exampl…"
    >>> [said[start:end] for _, start, end in emails(said)]
    ['anna.rossi+x@example.co.uk', 'bob [at] example [dot] com', 'x%40example.com', 'very.long@exampl…']
    """
    last = 0
    for at in AT.finditer(text):
        before = LOCAL.search(text, max(last, at.start() - 64), at.start())
        after = DOMAIN.match(text, at.end()) or LITERAL.match(text, at.end()) or CUT.match(text, at.end())
        after = after or LOCALHOST.match(text, at.end())
        if not before or not after:
            continue
        local = before[0]
        # what opens a quotation, a query or a path is no part of the address
        start = before.end() - len(re.split(r"[/=?|{}`]|%3[DdAa]|%20|^['.!#$*^~%-]+", local)[-1])
        if start == before.end():
            continue
        yield None, start, after.end()
        last = after.end()
    for found in QUOTED.finditer(text) if '"@' in text else ():
        after = DOMAIN.match(text, found.end())
        if after:
            yield None, found.start(), after.end()
    if " dot " in text:
        yield from ((None, *found.span()) for found in SPELT.finditer(text))


# --- links --------------------------------------------------------------------------------------------

LINK = re.compile(r"\b(?:[a-zA-Z][a-zA-Z0-9+.-]{1,30}://|www\.)[^\s<>\"]{1,4000}")
USER = re.compile(r"//([^/?#\s@]*:[^/?#\s]*|[^/?#\s@:]+)@(?=[^@]*$|[^@/]*[/?#:])")
QUERY = re.compile(r"[?&#;]([\w.\[\]%-]{1,60})=([^&#;\s]{1,2000})")
SECRET = re.compile(
    r"token|secret|passw|pwd|api_?key|auth|session|sid\b|sig|code|otp|jwt|credential|access|key|hash|nonce",
    re.IGNORECASE,
)
HIDDEN = "***"  # what stands where a secret was
BEARER = re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?")
UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


def is_opaque(part):
    """Whether a part of a path is a key that nobody reads, as against a name.

    >>> is_opaque("9f86d081884c7d659a2feaa0"), is_opaque("550e8400-e29b-41d4-a716-446655440000"), is_opaque("Xk29fLpQ84zTn7Ab")
    (True, True, True)
    >>> is_opaque("how-to-reset-your-password-2024"), is_opaque("response_times"), is_opaque("ticket-20240415-0012")
    (False, False, False)
    """
    if re.fullmatch(UUID, part):
        return True
    for run in re.split(r"[^A-Za-z0-9]+", part):
        digits, letters = sum(map(str.isdigit, run)), sum(map(str.isalpha, run))
        turns = len(re.findall(r"(?<=\d)(?=[A-Za-z])|(?<=[A-Za-z])(?=\d)", run))
        if len(run) >= 14 and digits >= 2 and letters >= 2 and turns >= 3:
            return True
        if len(run) >= 20 and letters and len(re.findall(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[a-z])", run)) >= 6:
            return True
    return False


def is_secret(name, value):
    """Whether the value of a query may open something, or say who somebody is."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d.*|true|false|\d{1,5}", value) or HIDDEN in value:
        return False
    return bool(SECRET.search(name)) or is_opaque(value) or (len(value) >= 8 and bool(re.search(r"\d", value)))


def tokens(text):
    """(None, start, end) of each secret in a link: user and password, values of a query, parts that are keys.

    >>> said = "see https://ann:pw@x.example/r/9f86d081884c7d659a2feaa0?page=2&token=abc or https://x.example/how-to/pay"
    >>> [said[start:end] for _, start, end in tokens(said)]
    ['ann:pw', '9f86d081884c7d659a2feaa0', 'abc']
    """
    for link in LINK.finditer(text):
        where, said = link.start(), link[0].rstrip(".,;:!?)'’»]")
        if (user := USER.search(said)) and HIDDEN not in user[1]:
            yield None, where + user.start(1), where + user.end(1)
        path = re.search(r"(?<!/)/(?!/)[^?#]*", said)
        for part in re.finditer(r"[^/]+", path[0]) if path else ():
            # of name.pdf the name
            if "@" not in part[0] and is_opaque(part[0]):
                yield None, where + path.start() + part.start(), where + path.start() + part.end()
        for pair in QUERY.finditer(said):
            if "@" not in pair[2] and "%40" not in pair[2] and is_secret(pair[1], pair[2]):
                yield None, where + pair.start(2), where + pair.end(2)
    for found in BEARER.finditer(text):
        yield None, found.start(), found.end()


# --- IP addresses -------------------------------------------------------------------------------------

FOUR = re.compile(r"(?<![\w.,])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|[.,]\d)")
SIX = re.compile(r"(?<![\w:.])(?:[0-9a-fA-F]{0,4}:){2,7}(?:[0-9a-fA-F]{0,4}|(?:\d{1,3}\.){3}\d{1,3})(?![\w:])")
VERSION = re.compile(
    r"(?:\bv|\bver|versi[oó]n\w*|versiun\w*|wersj\w*|versione|release|build|firmware|update|section|chapter|sec|§|ref|"
    r"python|chrome|firefox|android|ios|windows|driver|app|patch|upgrade\w*|aggiorna\w*|rev)[\s.:/_-]{0,3}(?:to\s|from\s|is\s|a\s|la\s|do\s)?$",
    re.IGNORECASE,
)
NAMED = re.compile(
    r"(?:\bips?\b|ipv4|ipv6|host|server|address|indirizzo|adres\w*|direcci[oó]n|\bfrom|\bda|\bde la|\bz|desde|client|remote|"
    r"login|gateway|router|proxy|dns)\W{0,3}(?:\w{1,10}\W{1,2}){0,2}$",
    re.IGNORECASE,
)


def addresses(text):
    """(None, start, end) of each IP address that is no version, no sum and none of a machine's own.

    >>> said = "from 93.45.120.7, ip 8.8.8.8, version 93.45.120.7, 1.2.3.4, 1.250.100.200, 127.0.0.1, 2a02:2f0e::5:1, 12:30:45"
    >>> [said[start:end] for _, start, end in addresses(said)]
    ['93.45.120.7', '8.8.8.8', '2a02:2f0e::5:1']
    """
    for found in FOUR.finditer(text):
        octets = found[0].split(".")
        before = text[max(0, found.start() - 40) : found.start()]
        if any(int(one) > 255 or (len(one) > 1 and one[0] == "0") for one in octets) or VERSION.search(before):
            continue
        if not NAMED.search(before):
            lengths = [len(one) for one in octets]
            if lengths == [1, 3, 3, 3] or sum(lengths) < 7 or (max(lengths) < 3 and sum(lengths) < 8):
                continue
        if _is_of_somebody(found[0]):
            yield None, found.start(), found.end()
    for found in SIX.finditer(text):
        groups = [one for one in found[0].split(":") if one]
        is_told = (
            len(groups) >= 3 and any(re.search(r"\d", one) for one in groups) and any(len(one) > 2 for one in groups)
        )
        if is_told and _is_of_somebody(found[0]):
            yield None, found.start(), found.end()


def _is_of_somebody(said):
    try:
        address = ipaddress.ip_address(said)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or address.is_multicast)


# --- handles ------------------------------------------------------------------------------------------

HANDLE = re.compile(r"(?<![\w@./%+-])@(?=[\w.]*[^\W\d_])(\w(?:[\w.]{0,38}\w)?)(?![\w/@(]|\.\w|-\w)")
# What an @ begins in code and in style sheets.
CODE = frozenset(
    [
        "property",
        "staticmethod",
        "classmethod",
        "dataclass",
        "functools",
        "cache",
        "cached_property",
        "lru_cache",
        "wraps",
        "contextmanager",
        "override",
        "media",
        "import",
        "font",
        "keyframes",
        "supports",
        "page",
        "charset",
        "namespace",
        "layer",
        "container",
        "param",
        "return",
        "returns",
        "throws",
        "author",
        "see",
        "deprecated",
        "todo",
        "since",
        "version",
        "pytest",
        "fixture",
        "mark",
        "metric",
        "app",
        "abstractmethod",
        "overload",
        "jit",
        "njit",
    ]
)


def handles(text):
    """(None, start, end) of each name that begins with an @, as in social media; none in code, none at a price.

    >>> said = "thanks @anna_help! 3 @ 4.50, @property, @types/node, a@b, @2"
    >>> [said[start:end] for _, start, end in handles(said)]
    ['@anna_help']
    """
    for found in HANDLE.finditer(text):
        name = found[1]
        if name.split(".")[0].lower() in CODE or len(name) < 2:
            continue
        if re.match(r"(?:\([^)\n]*\))?\s*\n\s*(?:async\s+)?(?:def\s|class\s|@)", text[found.end() : found.end() + 200]):
            continue
        yield None, found.start(), found.end()
