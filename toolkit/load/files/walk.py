"""The files of a folder, at any depth that exports have."""

import re

from toolkit.errors import BadData
from toolkit.links import refuse_way_out
from toolkit.tables import OUTSIDE

DEEPEST = 8  # folders below the one that was given; a day's hour of a stream lies five deep
MOST_FILES = 100_000  # of more it isn't an export that was named, but a disk
BESIDE = (
    "service.toml",
    "readme.md",
    "thumbs.db",
    "desktop.ini",
    OUTSIDE,
)  # what may lie beside an export, and is none
CODE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+")  # a UUID, or a number


def is_noise(name):
    """Whether a file is no part of an export, by its name: settings, notes, what systems leave behind.

    >>> is_noise("Thumbs.db"), is_noise("~$tickets.xlsx"), is_noise("tickets.csv")
    (True, True, False)
    """
    return name.lower() in BESIDE or name.startswith((".", "~$"))


def files_below(folder):
    """The files of a folder, those in folders of it after its own, each list in the order of names.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    list of Path
        Down to eight folders deep. Folders whose name begins with a dot aren't looked into, and none twice: a link
        to a folder that was seen is passed over.

    Raises
    ------
    BadData
        There are too many files for an export, a folder can't be looked into, or a link leads out of it.
    """
    return _walked(folder)[0]


def folders_passed_over(folder):
    """The folders that lie too deep to be looked into."""
    return _walked(folder)[1]


def _walked(folder):
    found, deeper, seen = [], [], set()

    def look(place, depth):
        real = place.resolve()
        if real in seen:
            return
        seen.add(real)
        try:
            inner = sorted(place.iterdir())
        except OSError as error:
            raise BadData(f"{place}: can't be looked into: {error.strerror or error}") from None
        for one in inner:
            if not one.name.startswith(".") and (one.is_dir() or not is_noise(one.name)):
                refuse_way_out(one, folder)
        found.extend(one for one in inner if one.is_file())
        if len(found) > MOST_FILES:
            raise BadData(f"{folder}: holds more than {MOST_FILES:,} files; name the folder that holds the export only")
        for one in inner:
            if one.is_dir() and not one.name.startswith("."):
                if depth < DEEPEST:
                    look(one, depth + 1)
                else:
                    deeper.append(one)

    look(folder, 0)
    return found, deeper


def alike(name):
    """What a file's name has in common with those that are named alike, but for numbers and codes.

    >>> alike("2024/03/04/10/Stream-1-2024-03-04"), alike("a-0f8b7c6d-1111-4222-8333-abcdefabcdef.json")
    ('#/#/#/#/stream-#-#-#-#', 'a-#.json')
    """
    return CODE.sub("#", name.lower())
