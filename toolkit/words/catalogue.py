"""Every word that a reader sees, by language: `<language>/*.toml` hold the messages, Babel the rules of the language.

TOML, as all other declarations of the project are; Babel gives plurals, numbers and dates by the rules of CLDR, so
that a language is added as files and no code. A key is the path of a message through the tables of all files; a
message with forms (`one`, `few`, `many`, `other`) is chosen by the number `n`. The pseudo language wraps each
message, so that a test sees which words bypassed the catalogue.

Examples
--------
>>> text("case.call", n=1), text("case.call", n=1200)
('1 call', '1,200 calls')
>>> import datetime
>>> number(1234.5, 1), percent(0.1371, 1), date_name(datetime.date(2024, 4, 15))
('1,234.5', '13.7\\xa0%', '15 April')
"""

import os
import tomllib
from functools import cache
from pathlib import Path

from toolkit.errors import BadParameter, suggestion

HERE = Path(__file__).parent
DEFAULT, PSEUDO = "en", "pseudo"
NO_BREAK = "\u00a0"
_language = [os.environ.get("TOOLKIT_LANGUAGE") or DEFAULT]


def languages():
    """The languages that there are messages in.

    >>> "en" in languages()
    True
    """
    return sorted(folder.name for folder in HERE.iterdir() if any(folder.glob("*.toml")))


def use(language):
    """Say the words of a language from now on, in this process."""
    if language not in (*languages(), PSEUDO):
        raise BadParameter(
            f"language {language!r} is not there{suggestion(language, languages())}; there are: {', '.join(languages())}"
        )
    _language[0] = language


def language():
    """The language that is said."""
    return _language[0]


@cache
def _messages(name):
    found = {}
    for file in sorted((HERE / name).glob("*.toml")):
        _merge(found, tomllib.loads(file.read_text(encoding="utf-8")), file)
    return found


def _merge(into, more, file):
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value, file)
        elif key in into:
            raise ValueError(f"{file}: the message {key!r} is there twice")
        else:
            into[key] = value


def _find(key, name=None):
    name = name or _language[0]
    at = _messages(DEFAULT if name == PSEUDO else name)
    for part in key.split("."):
        at = at.get(part) if isinstance(at, dict) else None
    return at


def has(key):
    """Whether there is a message of that key."""
    return _find(key) is not None


def entry(key, name=None):
    """All the messages below a key, as they stand, of a language; for those that ask what there is."""
    return _find(key, name) or {}


def text(key, /, **values):
    """The message of a key, filled in; a number `n` chooses its form and is written as the language writes numbers.

    Raises
    ------
    KeyError
        There is no such message, or it needs a value that is not given.
    """
    message = _find(key)
    if isinstance(message, dict) and "other" in message:
        form = _locale().plural_form(values["n"])
        message = message.get(form, message["other"])
    if not isinstance(message, str):
        raise KeyError(f"words: there is no message {key!r}")
    if isinstance(values.get("n"), (int, float)):
        values["n"] = number(values["n"], 0 if values["n"] == round(values["n"]) else 1)
    said = message.format(**values) if values else message.replace("{{", "{").replace("}}", "}")
    return f"⟦{said}⟧" if _language[0] == PSEUDO else said


def _locale():
    from babel import Locale

    return Locale.parse(DEFAULT if _language[0] == PSEUDO else _language[0])


def number(value, digits=0):
    """A number with a fixed count of decimals, as the language writes it; a minus is a minus, no hyphen."""
    from babel.numbers import format_decimal

    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(value, format=pattern, locale=_locale(), decimal_quantization=True).replace("-", "−")


def percent(value, digits=0):
    """A share in [0, 1] as percent, with a no-break space before the sign.

    >>> percent(0.5)
    '50\\xa0%'
    """
    return f"{number(value * 100, digits)}{NO_BREAK}%"


def date_name(day, with_year=False):
    """A day as people say it.

    >>> import datetime
    >>> date_name(datetime.date(2024, 4, 5), with_year=True)
    '5 April 2024'
    """
    from babel.dates import format_date, format_skeleton

    locale = _locale()
    if locale.language == "en":  # CLDR's plain English is American
        return format_date(day, "d MMMM y" if with_year else "d MMMM", locale=locale)
    return format_skeleton("yMMMMd" if with_year else "MMMMd", day, locale=locale)


def weekday_name(day):
    """The short name of a day's weekday.

    >>> import datetime
    >>> weekday_name(datetime.date(2024, 4, 15))
    'Mon'
    """
    from babel.dates import format_date

    return format_date(day, "EEE", locale=_locale())


def days_name(first, last, with_year=True):
    """A range of days, both included, as people say it; without the year only where both have the same.

    >>> import datetime
    >>> days_name(datetime.date(2024, 4, 15), datetime.date(2024, 4, 21))
    '15 to 21 April 2024'
    """
    end = date_name(last, with_year=with_year or first.year != last.year)
    if first == last:
        return end
    if first.year != last.year:
        return text("pages.days.apart", first=date_name(first, with_year=True), last=end)
    if first.month != last.month:
        return text("pages.days.same_year", first=date_name(first), last=end)
    return text("pages.days.same_month", first=first.day, last=end)


def month_name(day):
    """The month of a day, with its year: "April 2024"."""
    from babel.dates import format_skeleton

    return format_skeleton("yMMMM", day, locale=_locale())


def joined(parts, style="standard"):
    """A list as the language joins one: "a, b and c"; with the style "or", "a, b or c".

    >>> joined(["a", "b", "c"]), joined(["a", "b"], "or")
    ('a, b and c', 'a or b')
    """
    from babel.lists import format_list

    parts = list(parts)
    return format_list(parts, style, locale="en_GB" if _locale().language == "en" else _locale()) if parts else ""


def sentence_case(said):
    """A text with a capital first letter, also within the pseudo language's brackets.

    >>> sentence_case("the rate is 5 %.")
    'The rate is 5 %.'
    """
    start = len(said) - len(said.lstrip("⟦"))
    return said[:start] + said[start : start + 1].upper() + said[start + 1 :]


def inner_case(said):
    """A title as it stands within a sentence: in English with a small first letter, but for abbreviations.

    >>> inner_case("Negative messages"), inner_case("CSAT")
    ('negative messages', 'CSAT')
    """
    start = len(said) - len(said.lstrip("⟦"))
    is_word = said[start + 1 : start + 2].islower()
    return said[:start] + said[start].lower() + said[start + 1 :] if is_word and _locale().language == "en" else said
