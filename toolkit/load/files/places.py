"""Where data is: a path, or the URL of a database; and how it is shown, never with its password."""

import contextlib
import re
from urllib.parse import urlsplit

from toolkit.errors import BadData

URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/{1,2}(?=[^/\\])")
POSTGRES = ("postgres", "postgresql")


def is_url(place):
    """Whether a text, or a path made of one, is a URL.

    >>> is_url("postgresql://host/db"), is_url("exports/march"), is_url("C:/exports")
    (True, False, False)
    """
    return bool(URL.match(str(place)))


def as_url(place):
    """The URL again of a path that was made of one, which lost a slash.

    >>> from pathlib import Path
    >>> as_url(Path("postgresql://host/db"))
    'postgresql://host/db'
    """
    return URL.sub(r"\1://", str(place), count=1)


def shown_path(place):
    """A path or URL for people: of a URL neither user, password nor parameters.

    >>> shown_path("postgresql://ann:secret@db.example.org:5432/desk?sslmode=require")
    'postgresql://db.example.org:5432/desk'
    """
    if not is_url(place):
        return str(place)
    url = as_url(place)
    scheme, rest = url.split("://", 1)
    rest = re.split(r"[?#]", rest, maxsplit=1)[0]
    # a password may hold an @ or a slash that should have been escaped
    return f"{scheme.lower()}://{rest.rsplit('@', 1)[-1]}"


def secrets_of(url):
    """The parts of a URL that no message may show."""
    rest = url.split("://", 1)[-1]
    found = [rest.rsplit("@", 1)[0]] if "@" in rest else []
    found += found[0].split(":", 1)[1:] if found else []
    found += rest.split("?", 1)[1:]
    with contextlib.suppress(ValueError):
        found += [urlsplit(url).password or ""]
    return sorted(filter(None, found), key=len, reverse=True)


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
