"""The SQL of one column: what a file says, as the contract wants it."""

import re

from toolkit.load.cast import WRITTEN
from toolkit.load.sql import literal, quote
from toolkit.mapping.answers import UNITS
from toolkit.mapping.fit import kind_of
from toolkit.mapping.plan import CHANNEL, is_closed
from toolkit.mapping.profile import unit_of
from toolkit.tables import CLOSED_STATUSES, TABLES
from toolkit.vocabulary import fold, meaning, senses

_YES = "('1', 'true', 't', 'yes', 'y', 'x', 'si', 'sí', 'sim', 's', 'oui', 'ja', 'tak', 'da')"
_LEVELS = {
    "two_words": {"good": 1, "bad": 0},
    "three_words": {"good": 3, "middle": 2, "bad": 1},
    "five_words": {"best": 5, "good": 4, "middle": 3, "bad": 2, "worst": 1},
}
_DAYS = {
    "dmy": ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d/%m/%y", "%d.%m.%y"),
    "mdy": ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y"),
}
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_NEVER = "('0:00:00', '00:00:00', '0:00', '00:00')"


def column_sql(part, column, order):
    """SQL of a column of the contract from what fills it, or from what was said of it.

    Parameters
    ----------
    part : Part
    column : str
        Of the contract, and picked; or one that can be made.
    order : "dmy", "mdy" or None
        Of day and month.
    """
    pick = part.guess.picks.get(column)
    if pick is None:
        return _made(part, column)
    profile = part.guess.profiles[pick.clock or pick.header]
    raw = quote(pick.header)
    if pick.clock and column in TABLES[part.table].key:
        return f"trim({raw}) || '-' || trim({quote(pick.clock)})"
    if pick.clock:
        return _day_and_clock(part, column, pick)
    if column in ("channel", "direction") and profile.values:
        raw = _renamed(raw, {value: meaning(column, value) for value in profile.values})
    if column == "channel" and part.table == "conversations" and profile.share_filled < 1:
        return f"coalesce(nullif(trim({raw}), ''), {literal(part.answers.channel or CHANNEL)})"  # each needs one
    if column == "status":
        return _status(part, raw)
    if column == "sender":
        return _flag_or_word(raw, profile, "sender", _inward(profile))
    if column == "outcome":
        said = set().union(*senses(profile.name), set())
        return _flag_or_word(
            raw, profile, "outcome", ("abandoned", "answered") if "abandoned" in said else ("answered", "abandoned")
        )
    if column == "is_public" and re.search("priv|intern", fold(profile.name)):
        return f"CASE WHEN {is_true(raw)} THEN 'false' WHEN {raw} IS NOT NULL THEN 'true' END"
    if column == "score":
        return score_sql(raw, profile)
    if kind_of(part.table, column) == "seconds":
        return _seconds(raw, profile, _unit(part, profile, 1))
    return raw


def is_true(raw):
    """SQL: whether a flag is set."""
    return f"lower(trim({raw})) IN {_YES}"


def time_sql(part, column, order):
    """SQL of a time as a TIMESTAMP, for what is computed of it; null where it can't be read."""
    pick = part.guess.picks[column]
    profile = part.guess.profiles[pick.header]
    text = column_sql(part, column, order) if pick.clock else f"trim({quote(pick.header)})"
    if profile.form == "iso" and profile.zoned:
        return f"try_cast({text} AS TIMESTAMPTZ)"
    if profile.form in ("epoch", "epoch_ms"):
        return f"to_timestamp(try_cast({text} AS DOUBLE){' / 1000' if profile.form == 'epoch_ms' else ''})"
    if profile.form == "serial":
        return f"TIMESTAMP '1899-12-30' + to_seconds(try_cast(replace({text}, ',', '.') AS DOUBLE) * 86400)"
    if profile.form == "parts":
        chosen = profile.order if profile.order in ("dmy", "mdy") else order or "dmy"
        forms = [day + clock for day in _DAYS[chosen] for clock in _CLOCKS]
        return f"try_strptime({text}, [{', '.join(map(literal, forms))}])"
    if profile.form == "named":
        forms = [
            day + clock
            for day in ("%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y")
            for clock in (*_CLOCKS, ", %I:%M %p")
        ]
        return f"try_strptime({text}, [{', '.join(map(literal, forms))}])"
    return f"try_cast({text} AS TIMESTAMP)"


def duration_sql(part, column):
    """SQL of a duration in seconds, as a number; null where it can't be read."""
    pick = part.guess.picks[column]
    profile = part.guess.profiles[pick.header]
    raw = quote(pick.header)
    if profile.kind in ("clock", "duration") and not profile.form:
        parts = f"string_split(trim({raw}), ':')"
        return (
            f"CASE len({parts}) WHEN 3 THEN try_cast({parts}[1] AS DOUBLE) * 3600 + try_cast({parts}[2] AS DOUBLE) * 60 + "
            f"try_cast({parts}[3] AS DOUBLE) WHEN 2 THEN try_cast({parts}[1] AS DOUBLE) * 3600 + try_cast({parts}[2] AS DOUBLE) * 60 END"
        )
    if profile.form == "since_1970":
        return f"epoch(try_cast(trim({raw}) AS TIMESTAMP))"
    return f"try_cast(replace(trim({raw}), ',', '.') AS DOUBLE) * {_unit(part, profile, 3600):g}"


def score_sql(raw, profile):
    """SQL of a score as a whole number; what can't be read stays as it is, for the ledger."""
    if profile.scored == "out_of":
        return f"coalesce(nullif(regexp_extract({raw}, '^\\s*(\\d+)', 1), ''), {raw})"
    if profile.scored == "led":
        return f"coalesce(nullif(regexp_extract({raw}, '^\\s*(\\d+)', 1), ''), {raw})"
    if profile.scored == "stars":
        return f"CAST(length(regexp_replace({raw}, '[^★⭐]', '', 'g')) AS VARCHAR)"
    if profile.scored in _LEVELS:
        levels = _LEVELS[profile.scored]
        told = {value: meaning("score", value) for value in profile.values}
        cases = " ".join(
            f"WHEN {literal(value.lower())} THEN {literal(levels[meant])}"
            for value, meant in told.items()
            if meant in levels
        )
        return f"CASE lower(trim({raw})) {cases} {_nulls(told)}ELSE {raw} END"
    return raw


def _nulls(told):
    return "".join(
        f"WHEN {literal(value.lower())} THEN NULL " for value, meant in told.items() if meant == "unanswered"
    )


def is_sent_only(profile):
    """The words of a score that say that the survey was sent and not answered, in lower case."""
    return [value.lower() for value in profile.values if meaning("score", value) == "unanswered"]


def _made(part, column):
    """What no column holds, and is made: a key of the row's number, what was said of all rows."""
    if column == TABLES[part.table].key[0] and len(TABLES[part.table].key) == 1:
        if len(part.files) == 1:
            return "CAST(_row AS VARCHAR)"
        return "regexp_replace(_file, '^.*[/\\\\]', '') || ':' || _row"
    if column == "channel":
        return literal(part.answers.channel or CHANNEL)
    return "NULL"


def _renamed(raw, told, other=None):
    """A CASE that gives known values the contract's word; only those that are written otherwise."""
    cases = {value: to for value, to in told.items() if to and to != value.strip().lower()}
    if not cases:
        return raw
    listed = " ".join(f"WHEN {literal(value.strip().lower())} THEN {literal(to)}" for value, to in cases.items())
    return f"CASE lower(trim({raw})) {listed} ELSE {other or raw} END"


def status_words(part):
    """{value of the status: the word that the reports count by}, of those that would be counted otherwise."""
    status = part.profile_of("status")
    closed = is_closed(part)
    told = {}
    for value in status.values if status is not None else ():
        low = value.strip().lower()
        if low in closed and low not in CLOSED_STATUSES:
            told[value] = "closed"
        elif low not in closed and low in CLOSED_STATUSES and part.answers.closed is not None:
            told[value] = "open"
    return told


def _status(part, raw):
    return _renamed(raw, status_words(part))


def _flag_or_word(raw, profile, kind, flags):
    """A CASE over the values: true and false, or words that are known."""
    if profile.kind == "flag":
        return f"CASE WHEN {is_true(raw)} THEN {literal(flags[0])} WHEN {raw} IS NOT NULL AND trim({raw}) <> '' THEN {literal(flags[1])} END"
    return _renamed(raw, {value: meaning(kind, value) for value in profile.values})


def _inward(profile):
    """Who wrote where a flag is true, and where it is false."""
    outward = re.search(r"out|salien|sortant|ausgeh|uscit|wychodz|iesi|said|agent|staff|operat", fold(profile.name))
    return ("agent", "customer") if outward else ("customer", "agent")


def _unit(part, profile, otherwise):
    unit = unit_of(profile.name)
    return unit or (UNITS[part.answers.unit] if part.answers.unit else otherwise)


def _seconds(raw, profile, unit):
    if profile.kind != "number" or unit == 1:
        return raw
    return f"coalesce(CAST(try_cast(replace(trim({raw}), ',', '.') AS DOUBLE) * {unit:g} AS VARCHAR), {raw})"


def _day_and_clock(part, column, pick):
    day, clock = quote(pick.header), quote(pick.clock)
    if part.guess.profiles[pick.header].form == "compact":
        text = f"coalesce(strftime(try_strptime(trim({day}), ['%y%m%d', '%Y%m%d']), '%Y-%m-%d'), trim({day}))"
    else:
        text = f"trim({day})"
    joined = f"{text} || ' ' || trim({clock})"
    if column != TABLES[part.table].time and part.guess.profiles[pick.clock].zeros > 0.05:
        # midnight sharp is far too frequent for a time: what never happened is written so
        return f"CASE WHEN trim({clock}) NOT IN {_NEVER} THEN {joined} END"
    return joined


def rows_sql(part):
    """The raw table; where words of it say that there is nothing, without them."""
    emptied = {}
    for column, pick in part.guess.picks.items():
        for header in pick.headers if column not in (*WRITTEN, "+score_comment") else ():
            profile = part.guess.profiles[header]
            words = {*profile.missing, *(profile.nobody if column in ("agent", "team") else ())}
            if words:
                listed = ", ".join(map(literal, sorted(words)))
                emptied[header] = (
                    f"CASE WHEN lower(trim({quote(header)})) NOT IN ({listed}) THEN {quote(header)} END AS {quote(header)}"
                )
    rows = f"raw.{quote(part.name)}"
    inner = {header: part.sample.inner[header] for header in _headers(part) if header in part.sample.inner}
    if inner:
        opened = ", ".join(f"{_inner(*place)} AS {quote(header)}" for header, place in inner.items())
        rows = f"(SELECT *, {opened} FROM {rows})"
    if not emptied:
        return rows
    listed = ",\n    ".join(emptied.values())
    return f"(SELECT * REPLACE (  -- words that say that there is nothing\n    {listed}\n) FROM {rows})"


def _headers(part):
    return list(dict.fromkeys(header for pick in part.guess.picks.values() for header in pick.headers))


def _inner(column, key):
    """SQL of what an object holds under a key; null where the column holds no object."""
    plain = re.fullmatch(r"[A-Za-z_]\w*", key, re.ASCII)
    path = f"$.{key}" if plain else "/" + key.replace("~", "~0").replace("/", "~1")
    return f"CASE WHEN json_valid({quote(column)}) THEN json_extract_string({quote(column)}, {literal(path)}) END"
