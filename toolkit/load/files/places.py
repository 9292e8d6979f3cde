"""Where data is: a path, or the URL of a database; and how it is shown, never with its password."""

import contextlib
import re
from urllib.parse import unquote, urlsplit

from toolkit.errors import BadData
from toolkit.secrets import SECRET_OF, URL, is_url

POSTGRES = ("postgres", "postgresql")


def as_url(place):
    """The URL again of a path that was made of one, which lost a slash.

    >>> from pathlib import Path
    >>> as_url(Path("postgresql://host/db"))
    'postgresql://host/db'
    """
    return URL.sub(r"\1://", str(place), count=1)


# What opens a connection string that is no URL: jdbc:...
CONNECTION = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]+:(?=.*(?:@|//|=))|(?:host|hostaddr|dbname|user|service)\s*=", re.DOTALL
)


def shown_path(place):
    """A path, URL or connection string for people: neither user, password nor parameters.

    Examples
    --------
    >>> shown_path("postgresql://ann:secret@db.example.org:5432/desk?sslmode=require")
    'postgresql://db.example.org:5432/desk'
    >>> shown_path("postgresql://ann:se#c/r?e@t@db.example.org/desk")
    'postgresql://db.example.org/desk'
    """
    if not is_url(place):
        return scrubbed(place)
    scheme, rest = as_url(place).split("://", 1)
    # a password may hold an @, a slash, a question mark that should have been escaped: it ends at the last @
    before, _, host = rest.rpartition("@")
    if re.search(r"\?[\w.-]+=", before):  # an @ of a parameter: what follows may be the rest of a password
        host = "***"
    host = re.split(r"[?#]", host, maxsplit=1)[0]
    host = re.sub(r"^([^/:\[\]]*):(?!\d*(?:/|,|$)).*", r"\1:***", host)  # no port: a password without its host
    return f"{scheme.lower()}://{host}"


def scrubbed(text):
    """A text that may be a path, or a connection string, without what is secret in it.

    >>> scrubbed("host=db user=ann password=secret"), scrubbed("jdbc:postgresql:ann:secret@db"), scrubbed("exports/a@b.csv")
    ('host=db user=ann password=***', 'jdbc:***', 'exports/a@b.csv')
    """
    text = str(text)
    if is_url(text):
        return shown_path(text)
    found = CONNECTION.match(text)
    if found and ":" in found[0]:
        return f"{text.split(':')[0]}:***"
    secret = SECRET_OF.search(text)
    return f"{text[: secret.end()]}***" if secret else text


def refuse_connection(text):
    """An error for a text that is no path but says how to connect to a database."""
    if CONNECTION.match(str(text)) or SECRET_OF.search(str(text)):
        raise BadData(
            f"{scrubbed(text)}: there is no such file or folder. A database is given by its path, or as "
            "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        )


def refuse_device(path):
    """An error for what is neither a file nor a folder: reading a pipe waits, and a device may have no end."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise BadData(f"{path}: isn't a file or a folder, but a pipe or a device; write what it gives into a file")


def secrets_of(url):
    """The parts of a URL that no message may show."""
    rest = url.split("://", 1)[-1]
    found = [rest.rsplit("@", 1)[0]] if "@" in rest else []
    found += found[0].split(":", 1)[1:] if found else []
    found += rest.split("?", 1)[1:]
    found += [value for part in found for value in re.split(r"[&=]", part)[1::2]] if "?" in rest else []
    with contextlib.suppress(ValueError):
        found += [urlsplit(url).password or ""]
    found += [unquote(part) for part in found]
    return sorted(set(filter(None, found)), key=len, reverse=True)


def is_unescaped(url):
    """Whether a user or password holds signs that part a URL: what a server says of it may show pieces of them.

    >>> is_unescaped("postgresql://ann:a/b@host/db"), is_unescaped("postgresql://ann:a%2Fb@host/db?sslmode=require")
    (True, False)
    """
    rest = url.split("://", 1)[-1]
    user, at, host = rest.rpartition("@")
    is_port = re.match(r"(?:\[[^\]]*\]|[^/:]*)(?::\d*)?(?:[/?,]|$)", host)
    return not is_port or bool(at) and (user.count(":") > 1 or bool(re.search(r"[/?#@\[\]\s]", user)))


def refuse_url(place):
    """An error for a URL of which no data can be read as it is; none for Postgres."""
    scheme = URL.match(str(place))[1].lower()
    if scheme in POSTGRES:
        return
    if scheme in ("http", "https", "ftp", "s3", "gs", "az", "abfss"):
        raise BadData(f"{shown_path(place)}: is a URL; download the file first, and give its path")
    if scheme == "file":
        raise BadData(f"{shown_path(place)}: is a URL; give the path of the file")
    raise BadData(f"{shown_path(place)}: is a URL that can't be read; a database has to be Postgres (postgresql://...)")
