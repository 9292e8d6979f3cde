"""What the values of a column look like, from a sample of them as text."""

import datetime
import re
import statistics
from collections import Counter
from dataclasses import dataclass, field

from toolkit.load.cast import MORE_NULLS, NULLS
from toolkit.vocabulary import cut, fold, meaning

MISSING = frozenset(NULLS + MORE_NULLS)  # what the loader takes as nothing, where no text is meant
MOST = 3000  # different values that are looked at
FEW = 40  # different values of a column of categories, at most

_CLOCK = r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})([:.](?P<second>\d{2})([.,]\d+)?)?(?P<half>\s?[ap]\.?\s?m\.?)?"
_OFFSET = r"(?P<offset>\s?(z|utc|gmt|[+-]\d{2}:?\d{2}|[+-]\d{2}))?"
_ISO = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}})([t ]\s*{_CLOCK}{_OFFSET})?", re.I)
_PARTS = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}|\d{{2}})(,?[t\s]\s*{_CLOCK}{_OFFSET})?", re.I)
_TIME_OF_DAY = re.compile(rf"{_CLOCK}", re.I)
_MONTHS = (
    "jan gen sty ian ene",  # the beginnings of the twelve months in eight languages
    "feb fev lut fevr",
    "mar mrz marz",
    "apr abr avr kwi",
    "may mai mag maj mayo",
    "jun giu cze iun juin",
    "jul lug lip iul juil",
    "aug ago sie aou aout",
    "sep set wrz",
    "oct okt ott out paz",
    "nov noi lis",
    "dec dez dic gru",
)
_MONTH = {begin: number for number, begins in enumerate(_MONTHS, 1) for begin in begins.split()}
_NAMED = re.compile(r"(?i)(?=.*\d)(?=.*(\d{4}|\d{1,2}[: ]))[\w\s,.:'/+-]*")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?|[+-]?\d{1,3}([. ,]\d{3})+([.,]\d+)?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_OUT_OF = re.compile(r"(\d{1,3})\s*(?:/|of|von|de|di|sur|su|z|din)\s*(\d{1,3})", re.I)
_LED = re.compile(r"(\d{1,2})\s*[-–:.)(]+\s*\D.*")
_STARS = re.compile(r"[★☆⭐\ufe0f\s]+")
_WORDED = re.compile(
    r"(?i)(?:\d+([.,]\d+)?\s*(?:d|h|m|s|min|mins|sec|secs|std|hours?|minutes?|days?|hrs?|ore|horas?|minutos?|dias?|giorni|tage?|stunden|minuten)\.?[\s,]*)+"
)
EPOCH = datetime.datetime(1970, 1, 1)
SERIALS = (20_000, 60_000)  # days since 1899-12-30 that a spreadsheet may show in place of a date: 1954 to 2064
FIRST_YEAR, LAST_YEAR = 1990, 2100


@dataclass
class Profile:
    """What the values of one column of a sample look like.

    `kind` is "empty", "time", "clock" (a time of day), "flag", "number", "duration" (a text such as 0:05:36), "email",
    "url", "words" (few, repeated), "text" (long) or "label".
    """

    name: str
    n: int  # rows of the sample
    filled: int
    kind: str
    distinct: int
    parsed: float = 1.0  # share of the filled values that are what `kind` says
    form: str = ""  # of times: iso, parts, named, epoch, epoch_ms, serial, compact
    order: str = ""  # of day and month: dmy, mdy, "" where it is settled by its form, "?" where no value settles it
    zoned: float = 0.0  # share of the times with an offset
    median: float | None = None  # of numbers; of times in seconds since 1970
    low: float | None = None
    high: float | None = None
    length: float = 0.0  # median length
    values: Counter = field(default_factory=Counter)  # of categories and scores: value -> rows
    example: str = ""
    has_half: bool = False  # am and pm
    has_day_only: bool = False
    zeros: float = 0.0  # of times of day: share of 0:00:00
    scale: tuple[int, int] | None = None  # of scores
    missing: tuple = ()  # words of it, in lower case, that say that there is nothing
    nobody: tuple = ()  # words of it, in lower case, that say that nobody has it: Unassigned
    scored: str = ""  # how a score is written: number, led ("5 - good"), out_of ("4/5"), stars, two_words, three_words, five_words

    @property
    def is_unique(self):
        """Whether no filled value comes twice."""
        return self.filled > 0 and self.distinct == self.filled

    @property
    def share_filled(self):
        """Share of the rows that have a value."""
        return self.filled / self.n if self.n else 0.0


def profile(name, cells):
    """The Profile of one column.

    Parameters
    ----------
    name : str
        Its header; a unit in it says what a number counts.
    cells : list of (str or None)

    Examples
    --------
    >>> one = profile("Fecha", ["25/09/2026 10:00", "01/10/2026 11:30"])
    >>> one.kind, one.order
    ('time', 'dmy')
    >>> profile("estado", ["abierto", "cerrado", "cerrado", "abierto"]).values["cerrado"]
    2
    """
    every = Counter(cell.strip() for cell in cells if cell is not None)
    missing = tuple(sorted({value.lower() for value in every if value.lower() in MISSING} - {""}))
    counted = Counter({value: n for value, n in every.items() if value.lower() not in MISSING})
    filled = sum(counted.values())
    found = Profile(name, len(cells), filled, "empty", len(counted), missing=missing)
    if not filled:
        return found
    found.nobody = tuple(sorted({value.lower() for value in counted if meaning("nobody", value)}))
    found.example = next(iter(counted))[:60]
    looked = dict(counted.most_common(MOST))
    total = sum(looked.values())
    found.length = statistics.median([len(value) for value in looked])
    for kind in (_as_flag, _as_time, _as_clock, _as_number):
        if kind(found, looked, total):
            break
    else:
        found.kind = _kind_of_text(found, looked, total)
    if found.distinct <= FEW and found.kind not in ("time",):
        found.values = counted
        _look_for_score(found, counted)
    return found


def unit_of(header):
    """Seconds that one unit of a duration counts, as its header says; None when it says nothing.

    >>> unit_of("Tempo di risoluzione (ore)"), unit_of("MIN"), unit_of("duration")
    (3600, 60, None)
    """
    units = {
        0.001: "ms millis milliseconds milisegundos millisekunden",
        1: "s sec secs second seconds seg segundos secondi secondes sekunden sek sekundy sekundach secunde",
        60: "min mins minute minutes minutos minuti minuten minuty minutach",
        3600: "h hour hours hrs hr horas hora ore heures stunden std godziny godzinach godz",
        86400: "d day days dias giorni jours tage dni dniach zile",
    }
    words = [word for word in cut(header) if word != "d" or "(" in str(header)]
    return next(
        (seconds for word in reversed(words) for seconds, known in units.items() if word in known.split()), None
    )


def parse_time(text):
    """(local datetime read as day first, form, order, has an offset, has a time of day) of a text, or None.

    `order` is "dmy" or "mdy" where one part is over 12, "." for a day first by its dots, "?" where both may be, "" otherwise.
    """
    text = text.strip()
    if len(text) > 60:
        return None
    found = _ISO.fullmatch(text)
    if found:
        made = _made(found.group(1), found.group(2), found.group(3), found)
        return made and (made, "iso", "", bool(found["offset"]), bool(found["hour"]))
    found = _PARTS.fullmatch(text)
    if found:
        first, mark, second, year = found.group(1, 2, 3, 4)
        year = year if len(year) == 4 else f"20{year}"
        day_first, month_first = _made(year, second, first, found), _made(year, first, second, found)
        if not day_first and not month_first:
            return None
        order = "?" if day_first and month_first and first != second else ""
        order = order or ("" if day_first and month_first else "dmy" if day_first else "mdy")
        order = "." if mark == "." and day_first else order
        return day_first or month_first, "parts", order, bool(found["offset"]), bool(found["hour"])
    return _parse_named(text)


def _made(year, month, day, found):
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    half = re.sub(r"[^ap]", "", (found["half"] or "").lower())
    hour = hour % 12 + 12 * (half == "p") if half else hour
    try:
        return datetime.datetime(int(year), int(month), int(day), hour % 24 if hour == 24 else hour, minute, second)
    except ValueError:
        return None


def _parse_named(text):
    """A time whose month is a word: 26 Sept 2026, Sat Sep 26 10:00:00 +0000 2026."""
    if not _NAMED.fullmatch(text):
        return None
    words = re.findall(r"[^\W\d_]+", fold(text))
    month = next((_MONTH[word[:size]] for word in words for size in (4, 3) if word[:size] in _MONTH), None)
    if month is None or len(words) > 6:
        return None
    clock = re.search(r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(:(?P<second>\d{2}))?(?P<half>\s?[ap]\.?m\.?)?", text, re.I)
    rest = text[: clock.start()] + " " + text[clock.end() :] if clock else text
    offset = re.search(r"([+-]\d{2}:?\d{2}|\b(?:gmt|utc|z))(?=\s|$)", rest, re.I)
    rest = rest.replace(offset.group(), " ") if offset else rest
    numbers = re.findall(r"\d+", rest)
    year = next((number for number in reversed(numbers) if len(number) == 4), None)
    day = next((number for number in numbers if len(number) <= 2), None)
    if year is None and len(numbers) == 2 and all(len(number) <= 2 for number in numbers):
        day, year = numbers[0], f"20{numbers[1]:>02}"
    if year is None or day is None:
        return None
    try:
        hour, minute = (int(clock["hour"]), int(clock["minute"])) if clock else (0, 0)
        made = datetime.datetime(int(year), month, int(day), hour % 24, minute)
    except ValueError:
        return None
    return made, "named", "", bool(offset), bool(clock)


def _as_time(found, looked, total):
    parsed = {value: parse_time(value) for value in looked}
    good = {value: one for value, one in parsed.items() if one}
    rows = sum(looked[value] for value in good)
    if rows < 0.6 * total:
        return _as_number_of_time(found, looked, total)
    times = [(one[0] - EPOCH).total_seconds() for one in good.values()]
    if max(times) < 400 * 86400 and min(times) >= 0:  # 1970-01-01 09:46: a duration that was written as a date
        found.kind, found.parsed, found.form = "duration", rows / total, "since_1970"
        return True
    found.kind, found.parsed = "time", rows / total
    forms = Counter(one[1] for one in good.values())
    found.form = forms.most_common(1)[0][0]
    orders = Counter(one[2] for one in good.values())
    if orders["dmy"] and orders["mdy"]:
        found.order = "dmy" if orders["dmy"] >= orders["mdy"] else "mdy"
    elif orders["dmy"] or orders["mdy"]:
        found.order = "dmy" if orders["dmy"] else "mdy"
    elif orders["?"]:
        found.order = "?"
    found.zoned = sum(looked[value] for value, one in good.items() if one[3]) / rows
    found.has_half = any(re.search(r"\d\s?[ap]\.?m", value, re.I) for value in good)
    found.has_day_only = not any(one[4] for one in good.values())
    found.median, found.low, found.high = statistics.median(times), min(times), max(times)
    return True


def _as_number_of_time(found, looked, total):
    """Times that are written as numbers: seconds since 1970, serial days of a spreadsheet, 20260926, 990101."""
    if not all(re.fullmatch(r"\d{5,14}([.,]\d+)?", value) for value in list(looked)[:50]):
        return False
    numbers = {value: float(value.replace(",", ".")) for value in looked if re.fullmatch(r"\d+([.,]\d+)?", value)}
    if sum(looked[value] for value in numbers) < 0.9 * total:
        return False
    timely = bool({"time", "created", "closed", "started", "ended", "day", "updated"} & _senses_of(found.name))
    said = _senses_of(found.name)
    for form, read in (
        ("epoch", _of_epoch),
        ("epoch_ms", _of_millis),
        ("compact", _of_compact),
        ("serial", _of_serial),
    ):
        if form in ("serial", "compact") and not timely:
            continue
        if form.startswith("epoch") and said & {"phone", "id", "customer", "agent"} and not timely:
            continue  # numbers of telephones, and keys, have as many digits
        made = [read(value, number) for value, number in numbers.items()]
        if all(one is not None for one in made):
            found.kind, found.form = "time", form
            found.zoned = float(form.startswith("epoch"))
            found.median, found.low, found.high = statistics.median(made), min(made), max(made)
            found.has_day_only = form == "compact" or (
                form == "serial" and all(number % 1 == 0 for number in numbers.values())
            )
            return True
    return False


def _senses_of(name):
    from toolkit.vocabulary import senses

    return set().union(*senses(name), set())


def _of_epoch(value, number):
    return number if 946_684_800 <= number <= 2_147_483_648 and len(value.split(".")[0]) >= 9 else None


def _of_millis(value, number):
    return number / 1000 if 946_684_800_000 <= number <= 2_147_483_648_000 else None


def _of_serial(value, number):
    return (number - 25_569) * 86_400 if SERIALS[0] <= number <= SERIALS[1] else None


def _of_compact(value, number):
    for form, length in (("%Y%m%d", 8), ("%y%m%d", 6), ("%Y%m%d%H%M%S", 14)):
        if len(value) == length:
            try:
                made = datetime.datetime.strptime(value, form)
            except ValueError:
                return None
            return (made - EPOCH).total_seconds() if FIRST_YEAR <= made.year <= LAST_YEAR else None
    return None


def _as_clock(found, looked, total):
    """Times of day, or durations, which look alike: 0:05:36."""
    spelt = {value: _TIME_OF_DAY.fullmatch(value) for value in looked}
    rows = sum(looked[value] for value, one in spelt.items() if one and ":" in value)
    if rows >= 0.8 * total:
        seconds = sorted(
            int(one["hour"]) * 3600 + int(one["minute"]) * 60 + int(one["second"] or 0) for one in spelt.values() if one
        )
        found.parsed, found.median, found.low, found.high = (
            rows / total,
            statistics.median(seconds),
            seconds[0],
            seconds[-1],
        )
        found.kind = "clock" if found.high < 86_400 else "duration"
        found.zeros = sum(looked[value] for value in looked if re.fullmatch(r"0?0:00(:00)?", value)) / total
        return True
    rows = sum(
        looked[value]
        for value in looked
        if _WORDED.fullmatch(value) or re.fullmatch(r"PT?[\dHMSD.]+", value) or re.fullmatch(r"\d+:\d{2}:\d{2}", value)
    )
    if rows >= 0.8 * total:
        found.kind, found.parsed, found.form = "duration", rows / total, "worded"
        return True
    return False


def _as_flag(found, looked, total):
    low = {fold(value) for value in looked}
    pairs = ({"true", "false"}, {"yes", "no"}, {"0", "1"}, {"y", "n"}, {"t", "f"}, {"si", "no"}, {"sim", "nao"}, {"oui", "non"},
             {"ja", "nein"}, {"tak", "nie"}, {"da", "nu"}, {"s", "n"})  # fmt: skip
    if any(low <= pair for pair in pairs) and (len(low) == 2 or low & {"true", "false"}):
        found.kind = "flag"
        return True
    return False


def _as_number(found, looked, total):
    good = [value for value in looked if _NUMBER.fullmatch(value)]
    rows = sum(looked[value] for value in good)
    if rows < 0.9 * total:
        return False
    numbers = [
        float(re.sub(r"[ ,](?=\d{3}(\D|$))", "", value).replace(",", ".").replace(" ", ""))
        if value.count(".") < 2
        else 0.0
        for value in good
    ]
    found.kind, found.parsed = "number", rows / total
    found.median, found.low, found.high = statistics.median(numbers), min(numbers), max(numbers)
    return True


def _kind_of_text(found, looked, total):
    if sum(looked[value] for value in looked if _EMAIL.fullmatch(value)) > 0.8 * total:
        return "email"
    if sum(looked[value] for value in looked if re.match(r"(?i)https?://", value)) > 0.8 * total:
        return "url"
    if found.length > 50 and found.distinct > 3:
        return "text"
    if found.distinct <= FEW and (found.filled >= 2 * found.distinct or found.filled <= 12) and found.length <= 40:
        return "words"
    return "label"


_WORDS_OF_SCORES = (
    ("two_words", {"good", "bad"}, (0, 1)),
    ("three_words", {"good", "middle", "bad"}, (1, 3)),
    ("five_words", {"best", "good", "middle", "bad", "worst"}, (1, 5)),
)


def _look_for_score(found, counted):
    """Whether few values are scores, how they are written, and of which scale."""
    values = list(counted)
    whole = [int(float(value)) for value in values if re.fullmatch(r"\d{1,3}([.,]0+)?", value.replace(",", "."))]
    if len(whole) == len(values):
        found.scored, top, low = "number", max(whole), min(whole)
    elif all(_OUT_OF.fullmatch(value) for value in values):
        pairs = [tuple(map(int, _OUT_OF.fullmatch(value).groups())) for value in values]
        tops = {pair[1] for pair in pairs}
        if len(tops) > 1 or any(pair[0] > pair[1] for pair in pairs):
            return
        found.scored, top, low = "out_of", tops.pop(), min(pair[0] for pair in pairs)
    elif all(_STARS.fullmatch(value) and value.strip() for value in values):
        found.scored, top, low = "stars", 5, 1
    elif all(_LED.fullmatch(value) for value in values):
        whole = [int(_LED.fullmatch(value).group(1)) for value in values]
        found.scored, top, low = "led", max(whole), min(whole)
    else:
        meant = {meaning("score", value) for value in values} - {"unanswered"}
        if not meant or None in meant:
            return
        found.scored, found.scale = next((form, scale) for form, words, scale in _WORDS_OF_SCORES if meant <= words)
        return
    if top <= 1:
        found.scale = (0, 1)
    elif top <= 5:
        found.scale = (0 if low == 0 else 1, 5)
    elif top <= 10:
        found.scale = (0 if low == 0 else 1, 10)
    elif top <= 100:
        found.scale = (0, 100)
    else:
        found.scored = ""
