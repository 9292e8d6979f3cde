"""Secrets: where they may come from, and that none leaves: known values are scrubbed from whatever is kept or printed.

Known are the passwords of URLs that were given, values of parameters that are called like one, and values of environment
variables that are. Each is found as it is, escaped as URLs, HTML, JSON and Python escape it, and in base64.
"""

import base64
import html
import json
import os
import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote

from toolkit.errors import BadParameter, CantWrite
from toolkit.replaced import replace_file

HIDDEN = "***"
SHORTEST = 6  # characters of a secret that is looked for wherever it may stand; a shorter one only where secrets stand
# In names of parameters and variables: anywhere, and as a word of its own.
PARTS = re.compile(
    r"passw|passphrase|secret|token|credential|api_?key|access_?key|private_?key|\bdsn|_dsn|conn(?:ection)?_?str", re.I
)
WORDS = frozenset(["pwd", "pw", "pass", "cred", "creds", "key", "dsn", "auth", "pat", "pin"])
NO_SECRETS = frozenset(
    ["true", "false", "none", "null", "yes", "no", "on", "off", "enabled", "disabled", "default", "unset"]
)
URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/{1,2}(?=[^/\\])")  # C:/exports is none
# Not from the first letter of the scheme: of a text without spaces each letter may be one, and all of it is looked through.
USER = re.compile(
    r"((?<=[A-Za-z0-9+.-]):/{2})([^\s/\"'<>@:]*):(?!\d{1,5}(?:[/\s\"'<>?#]|$))([^\s\"'<>]{1,500})@(?=[\w\[%*])"
)
PAIR = re.compile(
    r"((?:passw(?:or)?d|pwd|passphrase|api_?key|access_?token|auth_?token|client_?secret|secret|token)=)"
    r"(?!\*\*\*)(\"[^\"]+\"|'[^']+'|[^\s&;,\"'<>()\[\]{}]+)",
    re.IGNORECASE,
)
# The name of a secret in a connection string: all that follows may belong to it, as it may hold blanks.
SECRET_OF = re.compile(r"(?:passw(?:or)?d|pwd|token|secret|api_?key|credential)\w{0,60}\s{0,20}=", re.IGNORECASE)
SCHEME = re.compile(r"\b(Bearer|Basic)(\s+)[A-Za-z0-9._~+/=-]{12,}", re.IGNORECASE)
BREAK = re.compile(r"(?:\\r)?\\n|\r?\n")  # the end of a line, also as JSON writes it
TEXTS = frozenset(
    [".html", ".json", ".ipynb", ".log", ".csv", ".txt", ".md", ".svg", ".xml", ".toml", ".yaml", ".yml", ".tsv"]
) | {""}

_known = {}  # value: the name that it has, for whom it helps to know


def is_sensitive(name):
    """Whether a parameter or variable is called like a secret.

    >>> [is_sensitive(name) for name in ("api_token", "DB_PASSWORD", "key", "dsn", "by", "keyword", "monkey")]
    [True, True, True, True, False, False, False]
    """
    return bool(PARTS.search(str(name))) or bool(WORDS & set(re.split(r"[\W_]+", str(name).lower())))


def add(*values):
    """Take values for secrets from now on, in this process; of a URL its password and what its parameters hold."""
    for value in values:
        for secret in _secrets_in(str(value)) if is_url(value) else [str(value)]:
            if len(secret.strip()) > 0 and secret.strip().lower() not in NO_SECRETS:
                _known[secret] = True


def known():
    """The values that are known, to tell another process.

    Returns
    -------
    list of str
    """
    return list(_known)


def from_environment(variables=None):
    """Take the values of variables that are called like secrets, and passwords within those that are URLs."""
    for name, value in (os.environ if variables is None else variables).items():
        is_path = value.startswith(("/", "~", "./")) or name.endswith(("_FILE", "_PATH", "_SOCK", "_DIR"))
        if is_url(value) and USER.search(value) or is_sensitive(name) and len(value) >= SHORTEST and not is_path:
            add(value)


def is_url(value):
    """Whether a text, or a path made of one, is a URL.

    >>> is_url("postgresql://host/db"), is_url("exports/march"), is_url("C:/exports")
    (True, False, False)
    """
    return bool(URL.match(str(value)))


def holds_secret(text):
    """Whether a text has a password or the like in it, by its shape alone.

    >>> holds_secret("postgresql://ann:pa/ss@db/x"), holds_secret("host=db password=x"), holds_secret("https://x.example/?token=x")
    (True, True, True)
    >>> holds_secret("postgresql://ann@db:5432/calls"), holds_secret("exports/march"), holds_secret("topic=billing")
    (False, False, False)
    """
    text = str(text)
    return bool(is_url(text) and _secrets_in(text)) or any(one.search(text) for one in (USER, PAIR, SCHEME))


def _secrets_in(url):
    """What of a URL no one may see; its user and password together, as HTTP sends them.

    >>> sorted(_secrets_in("postgresql://ann:p%40ss@host/db?sslpassword=x9y8z7"))
    ['ann:p%40ss', 'ann:p@ss', 'p%40ss', 'p@ss', 'x9y8z7']
    >>> _secrets_in("postgresql://db:5432/calls?options=a@b") | _secrets_in("https://x.example/a?owner=team:sales@x")
    set()
    """
    rest = re.sub(r"^[^:]*:/{1,2}", "", url)
    found = []
    for user in _users(rest):
        _, colon, password = user.partition(":")
        found += [user, password] if colon and password else []
    found += [value for name, value in re.findall(r"[?&]([\w.-]+)=([^&#\s]+)", rest) if is_sensitive(name)]
    return {form for one in found for form in (one, unquote(one)) if form}


def _users(rest):
    """What stands before the host of a URL; a password may hold signs that part one, as they should have been escaped."""
    host = re.match(r"[^/?#]*", rest)[0]
    if "@" in host:
        yield host.rpartition("@")[0]
    before = rest.rpartition("@")[0]
    is_of_query = bool(re.search(r"\?[\w.-]+=", before))
    if ":" in host and before != host.rpartition("@")[0]:
        is_port = re.fullmatch(r"[^:@]*:\d{1,5}|\[[^\]]*\](?::\d{1,5})?", host)
        if not (is_of_query and ("@" in host or is_port)):
            yield before


# --- where they come from -----------------------------------------------------------------------------


def read_place(place):
    """What a place of data, or a secret parameter, is: `env:NAME` and `@FILE` stand for what is kept there.

    Parameters
    ----------
    place : str, Path or None

    Returns
    -------
    the same, or the text that was read, of which the password is a secret from now on if it is a URL

    Raises
    ------
    BadParameter
        The variable isn't set; the file isn't there, is empty, holds more than one line, or may be read by others.

    Examples
    --------
    >>> read_place("exports/march"), read_place(None)
    ('exports/march', None)
    >>> read_place("env:NO_SUCH_VARIABLE")
    Traceback (most recent call last):
    toolkit.errors.BadParameter: env:NO_SUCH_VARIABLE: there is no such environment variable, or it is empty
    """
    said = str(place) if isinstance(place, (str, os.PathLike)) else ""
    text = place
    if said.startswith("env:") or (said.startswith("@") and not Path(said).exists()):
        lines = [line for _, line in lines_of(said)]
        if len(lines) != 1:
            raise BadParameter(f"{said}: has to hold one line, the path or URL of the data; it holds {len(lines)}")
        text = lines[0]
    if said and is_url(text):
        add(text)
    return text


def lines_of(place):
    """The lines of `env:NAME`, or of `@FILE`, which only its owner may read: [(number, text)] without comments.

    Raises
    ------
    BadParameter
        The variable isn't set; the file can't be read, or may be read by others: says what to do.
    """
    if place.startswith("env:"):
        text = os.environ.get(place.removeprefix("env:"), "")
        if not text.strip():
            raise BadParameter(f"{place}: there is no such environment variable, or it is empty")
    else:
        text = read_private(Path(place.removeprefix("@")).expanduser())
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    return [(number, line) for number, line in lines if line and not line.startswith("#")]


def read_private(path):
    """The text of a file that holds secrets.

    Raises
    ------
    BadParameter
        It isn't there, or others may read it: says what to do.
    """
    import shlex

    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise BadParameter(
                f"{path}: others on this machine may read it, and it holds secrets; run: chmod 600 {shlex.quote(str(path))}"
            )
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadParameter(f"{path}: can't be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise BadParameter(f"{path}: is no text in UTF-8") from None


def shown(name, value):
    """A parameter's value for people: of one that is called like a secret nothing, of a URL no password.

    >>> shown("api_token", "abc"), shown("by", "team"), shown("at", "https://ann:pw@x.example/"), shown("token", "")
    ('***', 'team', 'https://***@x.example/', '')
    """
    if is_sensitive(name) and value not in (None, "", [], False, True):
        return HIDDEN
    if isinstance(value, list):
        return [shown("", one) for one in value]
    return scrub(value) if isinstance(value, str) else value


# --- scrubbing ----------------------------------------------------------------------------------------


def scrub(text, strictly=False):
    """A text without secrets: known ones in any form, and what stands where a password does.

    Parameters
    ----------
    text : str
        Anything else is given back as it is.
    strictly : bool
        Known values and passwords of URLs alone, as in a program's text, where `token=` may be followed by code.

    Examples
    --------
    >>> add("s3cr3t/Pa ss")
    >>> scrub("with s3cr3t/Pa ss, s3cr3t%2FPa%20ss and postgresql://ann:other@host/db?token=x1")
    'with ***, *** and postgresql://***@host/db?token=***'
    >>> _known.clear()
    """
    if not isinstance(text, str) or not text:
        return text
    for value in sorted(_known, key=len, reverse=True):
        text = _without(text, value)
    if "@" in text:
        text = USER.sub(rf"\1{HIDDEN}@", text)
    if not strictly and ("=" in text or " " in text):
        text = PAIR.sub(rf"\1{HIDDEN}", text)
        text = SCHEME.sub(rf"\1\2{HIDDEN}", text)
    return text


def _without(text, value):
    if len(value) < SHORTEST or (value.isdigit() and len(value) < 8):
        # it may be a word or a number of the report's own
        stands = rf"(?<=[:=])({re.escape(value)}|{re.escape(quote(value, safe=''))})(?=@|&|;|'|\"|\s|$)"
        return re.sub(stands, HIDDEN, text)
    text = _without_coded(text, value)
    for form in _forms(value):
        if form not in text:
            continue
        if value.isalpha() and value.islower():  # a word may be a part of another
            text = re.sub(rf"(?<![A-Za-z]){re.escape(form)}(?![A-Za-z])", HIDDEN, text)
        else:
            text = text.replace(form, HIDDEN)
    return text


@lru_cache(maxsize=256)
def _forms(value):
    """How a value may stand in a text, the longest first."""
    in_json = {
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        ascii(value)[1:-1],
    }
    in_json |= {json.dumps(one)[1:-1] for one in in_json}
    in_html = {html.escape(one, quote=is_quoted) for one in {value, *in_json} for is_quoted in (True, False)}
    in_html |= {one.replace("&quot;", "&#34;").replace("&#x27;", "&#39;") for one in in_html}
    in_url = {quote(value, safe=safe) for safe in ("", "/", ",:;/()+=_")} | {quote_plus(value)}
    in_url |= {"".join(f"%{byte:02X}" for byte in value.encode("utf-8", "surrogatepass"))}  # every byte
    in_url |= {re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), one) for one in in_url}
    found = {value, *in_json, *in_html, *in_url, *(json.dumps(one)[1:-1] for one in in_html)}
    if len(value) >= 8:
        raw = value.encode("utf-8", "surrogatepass")
        found |= {raw.hex(), raw.hex().upper(), *_coded(value)}
    return tuple(sorted((form for form in found if len(form) >= min(SHORTEST, len(value))), key=len, reverse=True))


@lru_cache(maxsize=256)
def _coded(value):
    """How a value stands in the base64 of a text of which it is a part: what doesn't depend on its neighbours."""
    raw, found = value.encode("utf-8", "surrogatepass"), []
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + raw).decode()
        coded = coded[{0: 0, 1: 2, 2: 3}[before] : len(coded) - {0: 0, 1: 3, 2: 2}[(before + len(raw)) % 3]]
        found += [coded, coded.replace("+", "-").replace("/", "_")]
    return found


def _without_coded(text, value):
    """The text without the base64 of a value that the ends of lines part, as in a mail."""
    if len(value) < 8 or not BREAK.search(text):
        return text
    whole = BREAK.sub("", text)
    for coded in _coded(value):
        if coded in whole:
            parted = rf"(?:{BREAK.pattern})?".join(map(re.escape, coded))
            text = re.sub(parted, HIDDEN, text)
    return text


def scrub_html(page):
    """A page, or a drawing, without secrets: known ones also where its tags part them.

    >>> add("abc-123-def")
    >>> scrub_html("<p>abc<b>-123</b>-def")
    '<p>***<b></b>'
    >>> _known.clear()
    """
    return _unsplit(scrub(page))


def scrub_folder(folder):
    """Scrub every file below a folder in place: the last fence before a run is shown.

    What is no text can't be mended: a picture, workbook or Parquet that holds a known value as it is, is refused. A PDF is
    packed, and isn't looked into: it is printed of a page that was scrubbed.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    list of Path, relative to the folder: the files in which something was found

    Raises
    ------
    CantWrite
        A file that is no text holds a known value: what was made is not to be shown.
    """
    folder, found = Path(folder), []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        if path.suffix.lower() in TEXTS:
            text = path.read_bytes().decode("utf-8", "surrogateescape")
            clean = scrub(text, strictly=True)
            if path.suffix == ".html":
                clean = _unsplit(clean)
            if clean != text:
                found.append(path.relative_to(folder))
                replace_file(path, clean.encode("utf-8", "surrogateescape"))
        elif _known and _holds_known(path):
            raise CantWrite(path.name, "a known secret is in it; nothing of this run is shown")
    return found


def _holds_known(path):
    content = path.read_bytes()
    if content[:2] == b"PK":
        import io
        import zipfile

        try:
            with zipfile.ZipFile(io.BytesIO(content)) as packed:
                content = b"\0".join(packed.read(name) for name in packed.namelist())
        except (zipfile.BadZipFile, OSError, RuntimeError):
            pass
    return any(
        form.encode("utf-8", "surrogatepass") in content
        for value in _known
        if len(value) >= 8
        for form in _forms(value)
    )


def _unsplit(page):
    """A page without the known values that its own tags part, as colours of code do."""
    long = [value for value in _known if len(value) >= SHORTEST and not (value.isalpha() and value.islower())]
    if not long:
        return page
    plain = html.unescape(re.sub(r"<[^<>]*>", "", page))
    for value in long:
        if value in plain:
            between = r"(?:<[^<>]*>)*"
            page = re.sub(
                between.join(map(_escaped, value)),
                lambda found: HIDDEN + "".join(re.findall("<[^<>]*>", found[0])),
                page,
            )
    return page


def _escaped(char):
    """A character in a page, however it is written."""
    ways = {
        re.escape(char),
        re.escape(html.escape(char)),
        f"&#0*{ord(char)};",
        f"&#[xX]0*{ord(char):x};",
        f"&#[xX]0*{ord(char):X};",
    }
    return f"(?:{'|'.join(sorted(ways, key=len, reverse=True))})"
