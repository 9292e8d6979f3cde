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
import re
import tomllib
import unicodedata
from functools import cache
from pathlib import Path

from toolkit.errors import BadParameter, suggestion

HERE = Path(__file__).parent
DEFAULT, PSEUDO = "en", "pseudo"
FORMS = ("zero", "one", "two", "few", "many", "other")
NO_BREAK = "\u00a0"
LONGEST_NAME = 60
PEOPLE = ("agent", "team")  # columns whose null is said as "unassigned"
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
        values["n"] = number(values["n"])
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


def month_name(day):
    """The month of a day, with its year: "April 2024"."""
    from babel.dates import format_skeleton

    return format_skeleton("yMMMM", day, locale=_locale())


def joined(parts):
    """A list as the language joins one: "a, b and c".

    >>> joined(["a", "b", "c"])
    'a, b and c'
    """
    from babel.lists import format_list

    parts = list(parts)
    return format_list(parts, locale="en_GB" if _locale().language == "en" else _locale()) if parts else ""


def sentence_case(said):
    """A text with a capital first letter, also within the pseudo language's brackets.

    >>> sentence_case("the rate is 5 %.")
    'The rate is 5 %.'
    """
    start = len(said) - len(said.lstrip("⟦"))
    return said[:start] + said[start : start + 1].upper() + said[start + 1 :]


# --- numbers with units ---------------------------------------------------------------------------


def duration_parts(seconds):
    """A duration as (number, unit), the unit being the one that people would use: s, min, h or d.

    >>> duration_parts(726), duration_parts(3599)
    (('12.1', 'min'), ('1', 'h'))
    """
    for unit, size, limit in (("s", 1, 60), ("min", 60, 60), ("h", 3600, 24), ("d", 86_400, float("inf"))):
        value = round(abs(seconds) / size, 1)
        if value < limit:  # the rounded value decides: 59.97 min is 1 h
            value = -value if seconds < 0 else value
            return number(value, 0 if value == round(value) else 1), unit


def duration(seconds):
    """A duration as people say it.

    >>> duration(12_240), duration(45)
    ('3.4\\xa0h', '45\\xa0s')
    """
    shown, unit = duration_parts(seconds)
    return text(f"unit.{unit}", n=abs(seconds), shown=shown)


# --- names of what is in the data -----------------------------------------------------------------


def short_name(value, limit=LONGEST_NAME):
    """A text of the data on one line: without what can't be shown or would break an SVG, and not too long.

    >>> short_name("a_b $x$ <b>"), short_name("x" * 99, 5), short_name("a\\x00\\nb")
    ('a_b $x$ <b>', 'xxxx…', 'a b')
    """
    # control characters aren't XML; bidirectional overrides would turn the rest of the line around
    kept = "".join(
        " " if unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") else char
        for char in str(value)
        if char not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )
    kept = " ".join(kept.split()) or text("name.empty")
    return kept if len(kept) <= limit else kept[: limit - 1].rstrip() + "…"


def is_none(value):
    """Whether a key's value says that there is none.

    >>> is_none(None), is_none(float("nan")), is_none("(none)"), is_none("billing")
    (True, True, True, False)
    """
    return value is None or value != value or str(value) in ("(none)", "NaT", "<NA>")


def display_name(value, key=None, limit=LONGEST_NAME, in_sentence=False, with_year=False):
    """A key's value as people write it: the catalogue's word for a known one, else the data's own, made readable.

    Parameters
    ----------
    value : str, number, date or null
    key : str, optional
        The column: it tells an hour, a week or a month, and "(unassigned)" from "(none)".
    in_sentence : bool
        Words of the catalogue as they stand within a sentence; names of the data keep their capital.

    Examples
    --------
    >>> display_name("web_chat"), display_name("internet_fault", "topic"), display_name(None, "agent")
    ('Web chat', 'Internet fault', '(unassigned)')
    >>> import datetime
    >>> display_name(13, "hour"), display_name(datetime.date(2024, 4, 1), "quarter")
    ('13:00', 'Q2 2024')
    """
    if is_none(value):
        return text("name.unassigned" if key in PEOPLE else "name.none")
    day = _as_day(value)
    if day is not None:
        return _period_name(day, key, with_year)
    if key == "hour" and not isinstance(value, str):
        return f"{int(value):02d}:00"
    for table in (f"value.{key}", "value.any"):
        if isinstance(entry(table), dict) and str(value) in entry(table):
            said = text(f"{table}.{value}")
            return said if in_sentence else sentence_case(said)
    name = short_name(value, limit)
    if re.fullmatch(r"[A-Za-z0-9]+(_[A-Za-z0-9]+)*", name) and ("_" in name or name.islower()):
        name = name.replace("_", " ")
        return name[0].upper() + name[1:]
    return name


def _as_day(value):
    """The day of a date, a timestamp or numpy's datetime64; None of anything else."""
    if hasattr(value, "astype") and str(getattr(value, "dtype", "")).startswith("datetime64"):
        return value.astype("datetime64[D]").item()
    return value if hasattr(value, "toordinal") else None


def _period_name(day, key, with_year):
    if key == "quarter":
        return text("name.quarter", quarter=(day.month + 2) // 3, year=day.year)
    if key == "year":
        return str(day.year)
    return month_name(day) if key == "month" else date_name(day, with_year)


def place(values, with_year=False):
    """Where a row of a result stands, with its prepositions; `values` are its keys and their values.

    >>> import datetime
    >>> place({"queue": "care_desk", "hour": 13}), place({"week": datetime.date(2024, 4, 15)})
    ('for Care desk at 13:00', 'in the week of 15 April')
    """
    said = []
    for key, value in values.items():
        name = display_name(value, key, in_sentence=True, with_year=with_year)
        # a column of the data may be called "week" too; its values are names then
        is_known = has(f"place.{key}") and (key == "weekday" or not isinstance(value, str)) and not is_none(value)
        said.append(text(f"place.{key}" if is_known else "place.group", name=name))
    return " ".join(said)


def choice(key, value):
    """What a choice is called and what was chosen: (title, text).

    >>> choice("clock", "business"), choice("short_abandon", "5s"), choice("bot_only", "out")
    (('Clock', 'opening hours only'), ('Short abandons', 'within 5s left out'), ('Handled by a bot alone', 'left out'))
    """
    told = entry(f"choices.{key}")
    title = text(f"choices.{key}.title") if "title" in told else sentence_case(str(key).replace("_", " "))
    code = {None: "none", True: "yes", False: "no"}.get(value, value) if isinstance(value, (bool, type(None))) else value
    if str(code) in told:
        return title, text(f"choices.{key}.{code}")
    shown = joined(map(str, code)) if isinstance(code, (list, tuple)) else short_name(code)
    return title, text(f"choices.{key}.other", value=shown) if "other" in told else shown


def part_name(code, values=None):
    """A part of a whole: a span of time, of which `values` are the ends in seconds, or a state.

    >>> part_name("between", {"low": 3600, "high": 21600}), part_name("waiting")
    ('1\\xa0h to 6\\xa0h', 'still waiting')
    """
    return text(f"part.{code}", **{end: duration(seconds) for end, seconds in (values or {}).items()})


def verdict(code, of="change"):
    """The words for a verdict's code; of a "change" between periods or a "difference" between groups.

    >>> verdict("clear"), verdict("clear", "difference"), verdict("no history")
    ('clear change', 'clear difference', 'not compared with week-to-week movement')
    """
    key = f"verdict.{code.replace(' ', '_')}"
    return text(f"{key}_{of}" if code == "clear" else key)
