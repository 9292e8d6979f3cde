"""What columns' values, places in time, choices, parts and verdicts are called."""

import datetime
import re

from toolkit.guard import is_hidden, is_shown, isolated
from toolkit.words.catalogue import date_name, entry, has, joined, month_name, number, sentence_case, text
from toolkit.words.prose import duration

LONGEST_NAME = 60
TIME_PARTS = ("hour", "day", "week", "month", "quarter", "year")
OTHERS = "(others)"  # the groups with fewest cases, told together
OTHERS_NAMES = (OTHERS, "(all others)")  # as a reader may take them for
PEOPLE = ("agent", "team")  # columns whose null is said as "unassigned"


_labels, _shared = [{}], [frozenset()]


def use_labels(labels=None, shared=()):
    """Show values of the data by these labels from now on, in this process: those of the data set that was opened last.

    Parameters
    ----------
    labels : {value: label}, of any column, or {column: {value: label}}
        As `[labels]` of service.toml gives them; a value is found in any case.
    shared : of (column, value)
        Values that are shown as another one of their column is: each has its own beside its name.

    Examples
    --------
    >>> use_labels({"channel": {"web_chat": "Live-Chat"}, "vip": "Key account"}, [("channel", "chat")])
    >>> display_name("web_chat", "channel"), display_name("VIP", "priority"), display_name("chat", "channel")
    ('Live-Chat', 'Key account', 'Chat (chat)')
    >>> use_labels()
    >>> display_name("web_chat", "channel")
    'Web chat'
    """
    given = {None: {}}
    for name, said in (labels or {}).items():
        if isinstance(said, dict):
            given[name] = {str(value).casefold(): label for value, label in said.items()}
        else:
            given[None][str(name).casefold()] = said
    _labels[0], _shared[0] = given, frozenset(shared)


def label(value, key=None):
    """The label that the settings give a value of a column; None where they give none.

    >>> label("web_chat", "channel")
    """
    value = str(value).casefold()
    return next((held[value] for name in (key, None) if value in (held := _labels[0].get(name, {}))), None)


def short_name(value, limit=LONGEST_NAME):
    """A text of the data on one line: without what can't be shown or would break an SVG, and not too long.

    One that is written from right to left stands between marks that keep it from turning the words around it.

    >>> short_name("a_b $x$ <b>"), short_name("x" * 99, 5), short_name("a\\x00\\nb")
    ('a_b $x$ <b>', 'xxxx…', 'a b')
    """
    # control characters aren't XML; bidirectional overrides would turn the rest of the line around
    kept = "".join(char if is_shown(char) else " " for char in str(value) if not is_hidden(char))
    kept = " ".join(kept.split()) or text("name.empty")
    return isolated(kept if len(kept) <= limit else kept[: limit - 1].rstrip() + "…")


def is_none(value):
    """Whether a key's value is no group's name: there is none, or it stands for all the others together.

    >>> is_none(None), is_none(float("nan")), is_none("(none)"), is_none("(others)"), is_none("billing")
    (True, True, True, True, False)
    """
    return value is None or value != value or str(value) in ("(none)", OTHERS, "NaT", "<NA>")


def display_name(value, key=None, limit=LONGEST_NAME, in_sentence=False, with_year=False):
    """A key's value as people write it: the settings' label, the catalogue's word, or the data's own, made readable.

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
    if isinstance(value, str) and value == OTHERS:
        return text("name.others")
    if is_none(value):
        return text("name.unassigned" if key in PEOPLE else "name.none")
    day = _as_day(value)
    if day is not None:
        return _period_name(day, key, with_year)
    if key == "hour" and not isinstance(value, str):
        return f"{int(value):02d}:00"
    said = _value_name(value, key, limit, in_sentence)
    if (key, str(value)) not in _shared[0]:
        return said
    return text("name.shared", name=said, value=short_name(value, limit))


def _value_name(value, key, limit, in_sentence):
    """A text of the data as people write it."""
    if given := label(value, key):
        return short_name(given, limit)
    if key == "expectation" and ", " in str(value):  # what is expected of a channel, and within which time
        channel, _, time = str(value).rpartition(", ")
        return f"{display_name(channel, 'channel', limit, in_sentence)}, {time}"
    for table in (f"value.{key}", "value.any"):
        if isinstance(entry(table), dict) and str(value) in entry(table):
            known = text(f"{table}.{value}")
            return known if in_sentence else sentence_case(known)
    name = str(value)
    if re.fullmatch(r"[A-Za-z0-9]+(_[A-Za-z0-9]+)+", name):
        name = name.replace("_", " ")
    name = short_name(name, limit)
    if key == "window":
        return unbroken(name)
    return name[0].upper() + name[1:] if name.islower() else name


def unbroken(value):
    """A span such as "7 d", as a choice is printed, with a space in it that no line breaks at; anything else as it is.

    >>> unbroken("20 s"), unbroken("7 of 9"), unbroken(3)
    ('20\xa0s', '7 of 9', 3)
    """
    is_span = isinstance(value, str) and re.fullmatch(r"[\d.]+ (s|min|h|d|w)", value)
    return value.replace(" ", "\u00a0") if is_span else value


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
        is_other = key in TIME_PARTS and isinstance(value, str)
        is_known = has(f"place.{key}") and not is_other and not is_none(value)
        said.append(text(f"place.{key}" if is_known else "place.group", name=name))
    return " ".join(said)


def choice(key, value):
    """What a choice is called and what was chosen: (title, text).

    >>> choice("clock", "business"), choice("short_abandons", "5s"), choice("bot_only", "out")
    (('Clock', 'opening hours only'), ('Short abandons', 'within 5s left out'), ('Handled by a bot alone', 'left out'))
    """
    told = entry(f"choices.{key}")
    title = text(f"choices.{key}.title") if "title" in told else sentence_case(str(key).replace("_", " "))
    code = (
        {None: "none", True: "yes", False: "no"}.get(value, value) if isinstance(value, (bool, type(None))) else value
    )
    if str(code) in told:
        return title, text(f"choices.{key}.{code}")
    shown = joined(map(str, code)) if isinstance(code, (list, tuple)) else short_name(code)
    return title, text(f"choices.{key}.other", value=shown) if "other" in told else shown


def code_name(key, value):
    """The words for a code of the toolkit's own; None for what is no such code.

    >>> code_name("table", "call_stages"), code_name("base", "queued"), code_name("table", "x")
    ('Stages of calls', 'Calls that queued', None)
    """
    for found in (f"value.{key}.{value}", f"choices.{key}.{value}", f"tables.values.{key}.{value}"):
        if isinstance(entry(found), str):
            return sentence_case(text(found))
    return None


def note(said):
    """A note on the data: the key of a message and its values; a text, such as a source's own, as it stands.

    Values are as the data has them, so that they can be kept: here days, numbers, tables and lists get their words.

    >>> note(("notes.unread_files", {"names": ["a.csv", "b.csv"]}))
    "Not read, being none of the source's files: a.csv and b.csv."
    """
    if isinstance(said, str):
        return said
    key, values = said
    return text(key, **{name: value if name == "n" else _noted(name, value) for name, value in values.items()})


def _noted(name, value):
    if isinstance(value, (list, tuple)):
        return joined(_noted(name.removesuffix("s"), one) for one in value)
    if isinstance(value, datetime.date):
        return date_name(value, with_year=True)
    if isinstance(value, int):
        return number(value)
    return (code_name(name, value) if name == "table" else None) or value


def part_name(code, values=None):
    """A part of a whole: a span of time, of which `values` are the ends in seconds, or a state.

    >>> part_name("between", {"low": 3600, "high": 21600}), part_name("waiting")
    ('1\\xa0h to 6\\xa0h', 'still waiting')
    """
    return text(f"part.{code}", **{end: duration(seconds) for end, seconds in (values or {}).items()})


def verdict(code, of="change"):
    """The words for a verdict's code; of a "change" between periods or a "difference" between groups.

    >>> verdict("clear"), verdict("clear", "difference"), verdict("no history")
    ('clear change', 'clear difference', 'too little history to tell')
    """
    return text(f"verdict.clear_{of}" if code == "clear" else f"verdict.{code.replace(' ', '_')}")
