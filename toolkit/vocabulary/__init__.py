"""What headers and values are called in eight languages: names.toml and values.toml, folded and looked up.

Examples
--------
>>> senses("Data de abertura do chamado")
[{'time'}, {'created'}, {'ticket'}]
>>> meaning("channel", "Correo electrónico")
'email'
"""

import difflib
import re
import tomllib
import unicodedata
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
_LETTERS = str.maketrans({"ł": "l", "Ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i"})
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NUMBER_SIGN = re.compile(r"(?i)\bn\s?[°ºª]|#|№")
_LINKS = ("", "s", "n", "en", "e", "es", "er")  # what joins the parts of a German compound
UNKNOWN = frozenset({"?"})
LIKELY = 0.4  # how well a header fits a column that it may be taken for


def fold(text):
    """Lower case, without accents.

    >>> fold("Zgłoszenie N° Ő")
    'zgloszenie n° o'
    """
    plain = unicodedata.normalize("NFKD", str(text).translate(_LETTERS).replace("°", "\x00")).replace("\x00", "°")
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).lower().translate(_LETTERS)


def cut(header):
    """The words of a header, folded.

    >>> cut("N° TICKET"), cut("IsDeleted"), cut("property_hs_createdate")
    (['number', 'ticket'], ['is', 'deleted'], ['property', 'hs', 'createdate'])
    """
    text = fold(_CAMEL.sub(" ", _NUMBER_SIGN.sub(" number ", str(header)[:200])))
    for phrase, word in _tables()["phrases"].items():
        if phrase in text:
            text = re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)", word, text)
    return re.findall(r"[^\W_]+", text)


@cache
def _tables():
    with (HERE / "names.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def _vocabulary():
    """({word: senses}, {beginning: senses}, words that say nothing)."""
    exact, begins = {}, {}
    for sense, languages in _tables()["words"].items():
        for word in (word for words in languages.values() for word in words):
            place = begins if word.endswith("*") else exact
            place.setdefault(fold(word.rstrip("*")), set()).add(sense)
    return exact, begins, {fold(word) for word in _tables()["noise"]["words"]}


def _found(word):
    """The senses of a whole word, by its exact form or by the longest beginning; an empty set when it is unknown."""
    exact, begins, _ = _vocabulary()
    if word in exact:
        return exact[word] | begins.get(word, set())
    for length in range(len(word), 2, -1):
        if word[:length] in begins:
            return begins[word[:length]]
    return set()


@cache
def _parts(word):
    """The senses of the parts of a compound, as few parts as possible; None when it can't be taken apart.

    >>> [sorted(part) for part in _parts("erstelldatum")]
    [['created'], ['time']]
    """
    exact, begins, noise = _vocabulary()
    best = [None] * (len(word) + 1)
    best[0] = []
    for start in range(len(word)):
        if best[start] is None:
            continue
        for end in range(start + 2, len(word) + 1):
            piece = word[start:end]
            if len(piece) < 3 and piece != "id":
                continue
            known = exact.get(piece) or begins.get(piece)
            for link in _LINKS if known else ():
                stop = end + len(link)
                is_end = stop == len(word)
                if word[end:stop] != link or (link and is_end and piece not in begins):
                    continue
                found = [*best[start], frozenset(known)]
                if best[stop] is None or len(found) < len(best[stop]):
                    best[stop] = found
    return best[-1]


def senses(header):
    """The senses of each word of a header that says something; {'?'} for a word that isn't known."""
    _, _, noise = _vocabulary()
    found = []
    for word in cut(header):
        known = _found(word)
        whole = word in _vocabulary()[0]
        parts = None if whole or len(word) < 6 else _parts(word)
        if parts and len(parts) > 1:
            found += [set(part) for part in parts]
        elif known:
            found.append(set(known) | ({"noise"} if word in noise else set()))
        elif word not in noise and not word.isdigit():
            found.append(set(UNKNOWN))
    return found


@cache
def known_columns(table):
    """{column: [(senses of one way to call it, weight)]} of a table of the contract."""
    weights = {"sure": 1.0, "likely": 0.75, "maybe": 0.45}
    return {
        column: [(tuple(way.split()), weights[grade]) for grade, ways in grades.items() for way in ways]
        for column, grades in _tables()["columns"][table].items()
    }


def table_words(table):
    """(senses in the name of its file, columns that it is known by)."""
    found = _tables()["tables"][table]
    return set(found["file"]), found["typical"]


# Senses that, left over, say that the column is something else.
_FOREIGN = 0.55
_STRANGE = 0.8  # what a word that isn't known leaves of a match
_LIGHT = {"time", "ticket", "name", "type", "last"}


def name_score(header_senses, ways):
    """How well a header fits one of the ways to call a column, 0 to 1."""
    # of a question most words say nothing
    strange = _STRANGE if sum("?" in one for one in header_senses) < 3 else 0.95
    best = 0.0
    for way, weight in ways:
        left = _left_over(header_senses, way)
        if left is None:
            continue
        score = weight
        for one in left:
            if "noise" in one:
                continue
            score *= strange if "?" in one else (0.85 if one & _LIGHT else _FOREIGN)
        best = max(best, score)
    return best


def _left_over(header_senses, way):
    """The words that a way to call a column doesn't need; None when it needs one that isn't there."""
    if len(way) > len(header_senses):
        return None
    return _assign(list(header_senses), list(way))


def _assign(words, wanted):
    """Give each sense a word of its own; the words that are left, or None."""
    if not wanted:
        return words
    for index, word in enumerate(words):
        if wanted[0] in word:
            left = _assign(words[:index] + words[index + 1 :], wanted[1:])
            if left is not None:
                return left
    return None


@cache
def _meanings(kind):
    with (HERE / "values.toml").open("rb") as file:
        known = tomllib.load(file)[kind]
    exact, begins = {}, {}
    for meant, words in known.items():
        for word in words:
            place = begins if word.endswith("*") else exact
            place.setdefault(fold(word.rstrip("*")), meant)
    return exact, begins


@cache
def meaning(kind, value):
    """What a value of a column of that kind means, as values.toml says; None when it isn't known.

    >>> meaning("status", "Zamknięte"), meaning("status", "3 - Resolved"), meaning("status", "Blau")
    ('closed', 'closed', None)
    """
    exact, begins = _meanings(kind)
    text = fold(value).strip()
    for spelt in (text, re.sub(r"^\W*\d+\s*[-.:)]+\s*", "", text), re.sub(r"[_\s]+", " ", text)):
        if spelt in exact:
            return exact[spelt]
        for length in range(len(spelt), 1, -1):
            if spelt[:length] in begins:
                return begins[spelt[:length]]
    return None


def likely_column(wanted, have):
    """Which of the columns that there are is likeliest to be the one that is wanted; None when none is.

    Parameters
    ----------
    wanted : str
        A column of the contract, or one that a source reads.
    have : list of str

    Examples
    --------
    >>> likely_column("created_at", ["Ticket ID", "Opened At"])
    'Opened At'
    >>> likely_column("closed_at", ["Erstellt am", "Abgeschlossen am"])
    'Abgeschlossen am'
    >>> likely_column("channel", ["chanel"])
    'chanel'
    >>> likely_column("channel", ["zzz"])
    """
    spelt = {"_".join(cut(column)): column for column in reversed(have)}
    own = "_".join(cut(wanted))
    if own in spelt:
        return spelt[own]
    ways = [way for table in _tables()["columns"] for way in known_columns(table).get(wanted, ())]
    scores = [(name_score(senses(column), ways), column) for column in have]
    best = max(scores, key=lambda one: one[0], default=(0, None))
    if best[0] >= LIKELY:
        return best[1]
    close = difflib.get_close_matches(own, list(spelt), n=1)
    return spelt[close[0]] if close else None
