"""Which table a file is, and which of its columns is which of the contract: by names and values together.

Of all ways to give each column of the contract one column of the file, the one that fits best as a whole is taken.
"""

from dataclasses import dataclass, field

from toolkit.mapping.fit import FOUND, ORDERED, fit
from toolkit.tables import KINDS, TABLES
from toolkit.vocabulary import cut, known_columns, name_score, senses, table_words

OTHER = "+other_score"  # of a form that asks for two
SAID = "as you said"
LEAST = 0.33  # a guess that fits less well is none
# What the select can make where no column holds it: a key from the number of the row, and what is asked for.
MADE = {
    "conversations": {"conversation_id", "channel"},
    "messages": {"message_id"},
    "calls": {"call_id"},
    "surveys": {"survey_id", "kind"},
    "call_stages": set(),
    "site_visits": set(),
    "status_changes": set(),
    "agents": set(),
}
# Without one of these the rows are of another table, or only a list that completes others.
TELLING = {
    "conversations": (
        "status", "priority", "agent", "topic", "closed_at", "solved_at", "first_response_at", "team", "channel", "+solved_after",
    ),
    "messages": ("text",),
    "calls": ("talk_seconds", "queue_seconds", "outcome", "queue", "answered_at", "ended_at", "queued_at", "wrap_up_seconds"),
    "surveys": ("score", "answered_at"),
    "call_stages": ("stage",),
    "site_visits": ("visits",),
    "status_changes": ("to_value",),
    "agents": ("agent_id",),
}  # fmt: skip
_NOT_IN_NAME = {
    "data",
    "export",
    "exports",
    "list",
    "report",
    "reporte",
    "relatorio",
    "bericht",
    "raport",
    "file",
    "csv",
    "all",
}


@dataclass
class Pick:
    """One column of the contract, and the columns of the file that fill it."""

    column: str  # of the contract; one that begins with + is made into others
    header: str
    score: float  # 0 to 1
    why: str
    clock: str = ""  # a second column: the time of day of a time, the other part of a key

    @property
    def headers(self):
        """The columns of the file that it reads."""
        return [self.header, self.clock] if self.clock else [self.header]

    @property
    def confidence(self):
        """The score in a word."""
        return "sure" if self.score >= 0.75 else "likely" if self.score >= 0.5 else "a guess"


@dataclass
class Guess:
    """What a file is taken for: table, column by column."""

    table: str | None
    picks: dict = field(default_factory=dict)  # column of the contract -> Pick
    profiles: dict = field(default_factory=dict)  # header -> Profile
    score: float = 0.0
    rivals: list = field(default_factory=list)  # (table, score) of those that fit nearly as well
    missing: list = field(default_factory=list)  # required columns that nothing fills

    @property
    def kept(self):
        """The columns of the file that are kept under their own name."""
        used = {header for pick in self.picks.values() for header in pick.headers}
        return [header for header in self.profiles if header not in used]


def guess_table(profiles, file="", table=None, taken=()):
    """The Guess for the columns of one file.

    Parameters
    ----------
    profiles : list of Profile
    file : str
        Its name, which often says what is in it.
    table : str, optional
        The table, where it is known.
    taken : iterable of (column of the contract, header or None)
        What is settled already: that column is filled by that one, or by none.

    Examples
    --------
    >>> from toolkit.mapping.profile import profile
    >>> columns = {"Nr": ["1", "2"], "Erstellt am": ["25.09.2026", "26.09.2026"], "Status": ["offen", "erledigt"]}
    >>> made = guess_table([profile(name, cells) for name, cells in columns.items()])
    >>> made.table, {column: pick.header for column, pick in made.picks.items()}
    ('conversations', {'conversation_id': 'Nr', 'created_at': 'Erstellt am', 'status': 'Status'})
    """
    known = {one.name: one for one in profiles}
    words = [sense for sense in senses(_plain(file)) if "noise" not in sense or "lookup" in sense]
    guesses, nearly = [], []
    said = dict(taken)
    able = [name for name in TABLES if set(said) <= {*known_columns(name), *TABLES[name].names}]
    for name in [table] if table else able or TABLES:
        picks = _best(name, profiles, said)
        made = MADE[name] | ({"conversation_id"} if name == "messages" and "in_reply_to" in picks else set())
        made |= {"sent_at"} if name == "surveys" and "answered_at" in picks and "score" in picks else set()
        missing = [column for column in TABLES[name].required if column not in picks and column not in made]
        score = _score(name, picks, words, known)
        # A column that is required and isn't there speaks against the table, unless the user has said that it is.
        lacks = set(missing) - ({"sender"} if {"text", "conversation_id"} <= set(picks) else set())
        filled = {pick.column for pick in picks.values() if known[pick.header].kind != "empty"}
        asked = name == "surveys" and _is_asked(picks)
        form = name == "surveys" and _is_form(picks, known)
        score += 1.0 if asked else 0.0
        told = (asked or bool(filled & set(TELLING[name]))) and _is_of(name, picks, words)
        is_own = told and (score >= 6.0 or asked or form or not _is_list(words, name))
        fits = is_own and not lacks
        nearly += [(score, name)] if is_own and lacks and score >= 3.0 else []
        guesses.append((score - 1.5 * len(lacks), fits, Guess(name, picks, known, score, [], missing)))
    guesses.sort(key=lambda one: (one[1], one[0]), reverse=True)
    best = guesses[0]
    if not table and (not best[1] or best[0] < 1.0):
        if nearly and not best[1]:  # what its rows are is clear, though it lacks what they can't do without
            return next(one[2] for one in guesses if one[2].table == max(nearly)[1])
        nearest = max(guesses, key=lambda one: one[0])[2]
        return Guess(None, {}, known, 0.0, [(nearest.table, nearest.score)], nearest.missing)
    best[2].rivals = [(other.table, score) for score, fits, other in guesses[1:] if fits and score > 0.8 * best[0]]
    return best[2]


def _plain(file):
    stem = str(file).rsplit("/", 1)[-1].split(".")[0]
    return " ".join(word for word in cut(stem) if word not in _NOT_IN_NAME and not word.isdigit())


def _is_list(words, table):
    """Whether the name of the file says that it only completes others: tags, forms, organizations."""
    every = set().union(*words, set())
    if table == "agents":
        return any("lookup" in sense for sense in words)
    if table == "status_changes" and "changed" in every:
        return False
    said = [sense for sense in words if not sense & {"time", "?"}]
    people = bool(said) and bool(said[-1] & {"customer", "agent", "team"}) and not said[-1] & {"call", "message"}
    own = bool(words) and bool(words[-1] & {"ticket", "message", "call", "survey"})
    return people or (any("lookup" in sense for sense in words) and not own)


def _is_of(table, picks, words):
    """Whether what fits is enough to take the rows for those of a table that much else looks like."""
    if table == "agents":
        said = [sense for sense in words if not sense & {"time", "?"}] or [set()]
        people = set().union(*said) & {"agent", "customer"} and "team" not in said[-1]
        return bool(people or "role" in picks) and "name" in picks
    if table == "status_changes":
        return picks["to_value"].score >= 0.5 and "field" in picks
    time = picks.get(TABLES[table].time)
    return time is None or time.score >= 0.4


def _is_asked(picks):
    """Whether columns say when a survey was sent, and when it was answered."""
    sent, answered = picks.get("sent_at"), picks.get("answered_at")
    return bool(sent and answered and answered.score > 0.5 and any("sent" in sense for sense in senses(sent.header)))


def _is_form(picks, known):
    """Whether there are answers with their time and a score that is none of the keys of a list."""
    time, score = picks.get("answered_at"), picks.get("score")
    return bool(time and score and known[score.header].scored) and not any("id" in one for one in senses(score.header))


def _score(table, picks, words, known):
    file, typical = table_words(table)
    score = 0.0
    for pick in picks.values():
        weight = 1.0 if pick.column in typical else 0.4
        score += pick.score * weight * (0.3 if known[pick.header].kind == "empty" else 1.0)
    key = picks.get("conversation_id")
    if table == "conversations" and key and known[key.header].distinct < 0.6 * known[key.header].filled:
        score -= 1.0  # its rows are parts of conversations, or copies
    if table == "messages" and key and "text" in picks and known[key.header].distinct < known[key.header].filled:
        score += 1.2  # several rows a conversation, with what was written
    if words and any(file & sense for sense in words):
        score += 2.0 if file & words[-1] else 0.75
    return float(score)


def _best(table, profiles, taken):
    """{column: Pick} of the assignment that fits best as a whole."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    ways = known_columns(table)
    said = {column: [one] if isinstance(one, str) else one for column, one in taken.items() if one}
    picks = {column: Pick(column, one[0], 1.0, SAID, *one[1:]) for column, one in said.items()}
    used = {header for pick in picks.values() for header in pick.headers}
    free = [one for one in profiles if one.name not in used]
    columns = [column for column in ways if column not in taken and column != "+clock"]
    if free and columns:
        scores, why = np.zeros((len(columns), len(free))), {}
        heads = [[(sense - {"lookup"}) or sense for sense in senses(one.name)] for one in free]
        context = _context(profiles)
        for j, (one, head) in enumerate(zip(free, heads, strict=True)):
            for i, column in enumerate(columns):
                by_name = name_score(head, ways[column])
                scores[i, j], why[i, j] = fit(table, column, one, by_name, head, context)
        for i, j in zip(*linear_sum_assignment(-scores), strict=True):
            if scores[i, j] >= LEAST:
                picks[columns[i]] = Pick(columns[i], free[j].name, round(float(min(1.0, scores[i, j])), 2), why[i, j])
    _close(table, picks, taken, {one.name: one for one in profiles})
    _add_clocks(table, profiles, picks, ways)
    if table == "surveys":
        _look_at_form(profiles, picks, taken, ways)
    return {column: picks[column] for column in [*ways, *TABLES[table].names, OTHER] if column in picks}


def _look_at_form(profiles, picks, taken, ways):
    """Of a form only its answers are known: its one time is theirs. It may ask for two scores, of two kinds."""
    known = {one.name: one for one in profiles}
    score, sent = picks.get("score"), picks.get("sent_at")
    if score is None:
        return
    own = set().union(*senses(sent.header), set()) if sent else set()
    is_bare = sent and "answered_at" not in picks and not own & {"sent", "survey", "created", "started"}
    if is_bare and known[score.header].share_filled == 1 and not {"sent_at", "answered_at"} & set(taken):
        picks["answered_at"] = Pick("answered_at", sent.header, sent.score, sent.why, sent.clock)
        del picks["sent_at"]
    used = {header for pick in picks.values() for header in pick.headers}
    others = [
        (name_score(senses(one.name), ways["score"]), one.name)
        for one in profiles
        if one.scored and one.name not in used and is_recommended(one.name) != is_recommended(score.header)
    ]
    best = max(others, default=(0, ""))
    if best[0] >= LEAST:
        picks[OTHER] = Pick(OTHER, best[1], round(best[0], 2), "a second score, of another kind")


def is_recommended(header):
    """Whether a header asks how likely one is to recommend."""
    return KINDS[1] in set().union(*senses(header), set())


def _context(profiles):
    """What of the file as a whole its columns are judged by."""
    times = [one for one in profiles if one.kind == "time" and one.median is not None]
    # seconds since 1970 beside written times are a key that is made of the clock
    times = [one for one in times if not one.form.startswith("epoch")] or times
    # What begins a row is never later than the rest of it: nor is its earliest value; and so for the end.
    order = list(enumerate(times))
    return {
        "first": min(order, key=lambda one: (one[1].low, one[1].median, one[0]))[1].name if times else "",
        "last": max(order, key=lambda one: (one[1].high, one[1].median, one[0]))[1].name if len(times) > 1 else "",
        "has_day": any(one.has_day_only for one in times),
        "rows": max((one.n for one in profiles), default=0),
        "first_column": profiles[0].name if profiles else "",
    }


def _close(table, picks, taken, known):
    """Where one column only says when it ended, it is the close, whatever it is called."""
    both = {"solved_at", "closed_at"} <= set(picks) - set(taken)
    if both and known[picks["solved_at"].header].kind == "empty" != known[picks["closed_at"].header].kind:
        del picks["solved_at"]
    for duration, time in (("+solved_after", "closed_at"), ("+answered_after", "first_response_at")):
        if time in picks and duration not in taken:
            picks.pop(duration, None)  # the time itself is there: the duration is kept under its own name
    if (
        "+author" in picks
        and "agent" in picks
        and known[picks["agent"].header].kind == "empty"
        and "agent" not in taken
    ):
        del picks["agent"]
    if table == "conversations" and "solved_at" in picks and "closed_at" not in picks and "closed_at" not in taken:
        pick = picks.pop("solved_at")
        picks["closed_at"] = Pick("closed_at", pick.header, pick.score, pick.why)


def _add_clocks(table, profiles, picks, ways):
    """A day in one column and the time of day in another make one time."""
    by_name = {one.name: one for one in profiles}
    days = [one.name for one in profiles if one.kind == "time" and one.has_day_only]
    used = {pick.header for pick in picks.values()}
    clocks = [one for one in profiles if one.kind == "clock" and one.name not in used]
    for column in ORDERED:
        pick = picks.get(column)
        if not pick:
            continue
        if by_name[pick.header].kind == "clock":
            if not days:
                del picks[column]
                continue
            pick.header, pick.clock = _day_for(pick, picks, days), pick.header
            pick.why += "; its day stands in another column"
        elif pick.header in days and clocks and column == TABLES[table].time:
            named = [
                (max(name_score(senses(one.name), ways.get(target, [])) for target in ("+clock", column)), one)
                for one in clocks
            ]
            best = max(named, key=lambda one: one[0])
            if best[0] >= LEAST or len(clocks) == 1:
                pick.clock = best[1].name
                pick.why += "; the time of day stands in another column"
                clocks = [one for one in clocks if one is not best[1]]


def _day_for(pick, picks, days):
    """The column with the day of a time of day: the nearest that isn't another time's, else that of the first time."""
    others = {other.header for other in picks.values() if other is not pick}
    return next((day for day in days if day not in others), days[0])


__all__ = ["FOUND", "Guess", "Pick", "guess_table"]
