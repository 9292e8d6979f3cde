"""How well what a column holds fits a column of the contract, and why, in words."""

import re

from toolkit.mapping.profile import unit_of
from toolkit.tables import KINDS, TABLES
from toolkit.vocabulary import cut, meaning

# Times in the order in which they happen.
ORDERED = (
    "created_at", "started_at", "sent_at", "entered_at", "changed_at", "queued_at", "first_response_at", "answered_at", "abandoned_at", "first_closed_at",
    "solved_at", "closed_at", "ended_at", "left_at", "reopened_at", "updated_at", "agent_assigned_at", "team_assigned_at",
)  # fmt: skip
_MADE = {
    "+score_at": "time",
    "+solved_after": "seconds",
    "+answered_after": "seconds",
    "+deleted": "flag",
    "+clock": "clock",
    "+score": "score",
    "+score_comment": "text",
    "+author": "id",
}
_CATEGORIES = (
    "channel",
    "status",
    "priority",
    "topic",
    "subtopic",
    "team",
    "queue",
    "agent",
    "outcome",
    "direction",
    "sender",
    "project",
    "kind",
    "stage",
    "field",
    "language",
    "role",
)
_BY_VALUE = {"channel": 0.7, "status": 0.55, "priority": 0.5, "outcome": 0.5, "sender": 0.45}
_OF_ONE = re.compile(r"(?i)^(re|fwd?|aw|wg|rv|tr|res|enc|odp|pd)\s*:|(#|№|n[°º])\s*\d")
_NEVER = {"due", "sync"}  # times that are none of what happened
FOUND = {
    "time": "its values read as times",
    "words": "few words, repeated",
    "number": "numbers",
    "flag": "true or false",
    "duration": "durations",
    "clock": "times of day",
    "email": "e-mail addresses",
    "url": "addresses of pages",
    "text": "long texts",
    "label": "short texts",
    "empty": "it is empty",
}


def kind_of(table, column):
    """What a column of the contract holds, as `fit` looks at it."""
    if column in _MADE:
        return _MADE[column]
    if column == "score":
        return "score"
    if TABLES[table].key == (column,):
        return "key"
    dtype = TABLES[table].column(column).dtype
    if dtype == "text":
        return "category" if column in _CATEGORIES else "text" if column in ("text", "comment") else "id"
    return dtype


def fit(table, column, profile, by_name, head, context):
    """(score, why) of one column of a file for one of the contract; a score of 0 where it can't be.

    Parameters
    ----------
    table, column : str
        Of the contract.
    profile : Profile
    by_name : float
        How well the header fits, 0 to 1.
    head : list of set of str
        The senses of its words.
    context : dict
        What of the file as a whole it is judged by.
    """
    kind = kind_of(table, column)
    said = set().union(*head, set())
    if kind == "time" and said & _NEVER:
        return 0.0, ""
    if kind in ("key", "id") and "duration" in said and "id" not in said:
        return 0.0, ""
    if "sync" in said and column != "+deleted":
        return 0.0, ""
    value = _value_fit(kind, column, profile, context)
    share, known = _meant(column, profile)
    is_repeated = profile.filled >= 2 * profile.distinct
    found = FOUND["label" if profile.kind == "words" and not is_repeated else profile.kind]
    is_headline = column in ("topic", "subtopic") and "headline" in said
    if is_headline and not (profile.kind == "words" and profile.n >= 20 and _says_topics(profile)):
        return 0.0, ""  # each says something else: no topic
    if share >= 0.5 and known:
        found = f"values such as {known}"
        value = max(value, 0.9)
    elif column in ("status", "outcome", "sender") and profile.kind == "words" and share == 0 and by_name < 0.7:
        value *= 0.8
    if column == "outcome" and share < 0.5 and _meant("status", profile)[0] >= 0.5:
        value *= 0.3  # a state, of a ticket
    score = by_name * value
    why = f"named like it; {found}" if score else ""
    alone = _by_value_alone(kind, column, profile, share, said, context)
    if alone > score:
        score, why = alone, f"by its values alone: {found}"
    elif score and by_name < 0.5:
        why = f"the likeliest by its name; {found}"
    if is_headline:
        score *= 0.6  # a column of reasons or categories goes before
    if score and share >= 0.5:
        score = min(1.0, score + 0.1)
    if score and kind == "time" and profile.kind == "time":
        score += _order(column, profile, context)
    if score and kind == "time" and "utc" in cut(profile.name):
        score += 0.03  # of the same time in two zones
    if column == "+author" and score and "author" in said:
        score += 0.02  # who wrote it is known by more than being a customer
    if column == "+solved_after" and score and unit_of(profile.name) is None and profile.kind == "number":
        score *= 0.7
    if profile.kind == "empty" and score < 0.5:
        return 0.0, ""
    # What is filled tells more than what is empty.
    return score * (0.9 + 0.1 * profile.share_filled), why


def _says_topics(profile):
    """Whether the lines of a column are topics: none that answers another, or names one order."""
    odd = sum(n for value, n in profile.values.items() if _OF_ONE.search(value))
    return odd <= 0.05 * sum(profile.values.values())


def _value_fit(kind, column, profile, context):
    """0 to 1: whether such values can stand in such a column."""
    have = profile.kind
    if have == "empty":
        return 0.2 if kind == "key" else 0.6
    epoch = 0.9 if profile.form.startswith("epoch") else 0.0  # a key may be made of the clock
    table = {
        "time": {"time": 1.0 if profile.parsed > 0.8 else 0.8, "clock": 0.8 if context["has_day"] else 0.0},
        "day": {"time": 1.0},
        "clock": {"clock": 1.0},
        "seconds": {"number": 1.0, "duration": 1.0, "clock": 0.9},
        "integer": {"number": 1.0, "flag": 0.6},
        "number": {"number": 1.0},
        "flag": {"flag": 1.0, "words": 0.3, "number": 0.9 if set(profile.values) <= {"0", "1"} else 0.0},
        "text": {"text": 1.0, "label": 0.9, "words": 0.6, "url": 0.3, "email": 0.2, "number": 0.2},
        "category": {"words": 1.0, "label": 0.8, "number": 0.7, "email": 0.6, "flag": 0.25, "text": 0.25},
        "key": {"number": 1.0, "label": 1.0, "words": 0.7, "email": 0.3, "time": epoch, "flag": 0.5},
        "id": {"number": 0.95, "label": 1.0, "words": 0.8, "email": 0.9, "text": 0.2, "flag": 0.3},
        "score": {"number": 0.4, "flag": 0.7},
    }[kind]
    value = table.get(have, 0.0)
    if kind == "key" and value and not profile.is_unique:
        value *= 0.6 if profile.distinct > 0.5 * profile.filled else 0.5
    if kind == "key" and profile.values and set(profile.values) <= {"0", "1"}:
        value *= 0.45  # a count or a flag
    if kind == "score":
        value = (
            max(value, 0.0)
            if not profile.scored
            else 1.0
            if profile.scored != "number" or profile.scale != (0, 100)
            else 0.8
        )
    if kind == "category":
        if column == "agent":
            value = {"number": 0.9, "email": 0.9, "label": 0.95}.get(have, value)
        elif profile.is_unique and profile.filled > 12:
            value *= 0.5  # each row another: no category
    if column == "sender":
        value = (
            0.9 if have == "flag" else value * (1.0 if have == "words" and _meant(column, profile)[0] > 0.3 else 0.3)
        )
    if column == "outcome" and have == "flag":
        value = 0.7
    if column == "kind" and have == "words":
        value = 1.0 if {one.lower() for one in profile.values} <= set(KINDS) else 0.2
    if column == "language" and have in ("words", "label", "text"):
        value = 1.0 if profile.length <= 12 else 0.2
    if column == "is_public" and have == "words":
        value = 0.5
    if column == "direction" and have in ("words", "label") and _meant("direction", profile)[0] < 0.5:
        value = 0.2
    return value


def _meant(column, profile):
    """(share of the rows whose value is known to be one of such a column, one or two of them)."""
    kind = {"+score": "score", "score": "score"}.get(column, column)
    if kind not in ("channel", "status", "priority", "outcome", "sender", "direction", "score") or not profile.values:
        return 0.0, ""
    if profile.kind not in ("words", "label"):
        return 0.0, ""
    total = sum(profile.values.values())
    known = {value: n for value, n in profile.values.items() if meaning(kind, value)}
    shown = ", ".join(repr(value[:30]) for value in sorted(known, key=known.get, reverse=True)[:2])
    return sum(known.values()) / total, shown


def _by_value_alone(kind, column, profile, share, said, context):
    """The score of a column whose header says nothing."""
    if said - {"?", "noise", "value", "name", "type", "id"}:
        return 0.0
    several = column != "channel" or len({meaning("channel", value) for value in profile.values} - {None}) > 1
    if column in _BY_VALUE and share >= 0.8 and several:
        return _BY_VALUE[column] * (1.0 if profile.distinct > 1 else 0.8)
    if column in ("score", "+score") and profile.scored in ("stars", "led", "out_of", "three_words", "five_words"):
        return 0.45
    if kind == "time" and profile.kind == "time" and profile.form != "compact":
        if column in ("created_at", "started_at", "sent_at") and profile.name == context["first"]:
            return 0.42
        if column in ("closed_at", "ended_at") and profile.name == context["last"]:
            return 0.34
        if column == "answered_at" and profile.name not in (context["first"], context["last"]):
            return 0.32
    if (
        kind == "key"
        and profile.is_unique
        and profile.kind in ("number", "label")
        and profile.filled == profile.n
        and profile.length <= 40
    ):
        return 0.36 if profile.name == context["first_column"] else 0.32
    if kind == "text" and profile.kind == "text":
        return 0.4
    return 0.0


def _order(column, profile, context):
    """What the order of the times adds: the first is likelier to be the beginning, the last the end."""
    if column in ("created_at", "started_at") and profile.name == context["first"]:
        return 0.04
    if column in ("closed_at", "ended_at", "solved_at") and profile.name == context["first"]:
        return -0.04
    return 0.0
