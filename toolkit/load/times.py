"""Times that aren't ISO: 25.09.2026 10:00, Sep 26, 2026, 10:00 AM, epoch seconds, the serial numbers of spreadsheets.

Only what the ISO parse left comes here. A date of three numbers is read in the order that is told (`date_order`), else
in the one that the values of its column settle, file by file; what nothing settles isn't read. A date written with
points has the day first: no country writes it otherwise.
"""

from dataclasses import dataclass

from toolkit.load.month_names import MONTHS, WEEKDAYS
from toolkit.load.quality import Check
from toolkit.load.sql import ID, literal, ours

FIRST_MICROS = -2_208_988_800_000_000  # 1900: what lies before is a filler such as 0001-01-01
EPOCHS = (1_000_000_000, 4_102_444_800)  # seconds of 2001 to 2100: other numbers of ten digits are no times
SERIALS = (20_000, 60_000)  # days of spreadsheets: 1954 to 2064
LONGEST_TIME = 80  # bytes; a longer text is no time
PIVOT = 69  # years of two digits: 68 is 2068, 69 is 1969
SETTING = 'write date_order = "dmy" (day first) or date_order = "mdy" (month first) in service.toml beside the data'

# In a text in lower case, without accents. RE2 knows no look-around and no references back.
_WEEKDAY = r"(?:([a-z-]+)[.,]* )?"
_ORDINAL = r"(?:(?:st|nd|rd|th|er|re|ro|[aoº°])?[. /-]+(?:de |of )?)?"
_ZONE = r"(?:z|utc|gmt|ut)? ?(?:[+-]\d{1,2}:?(?:\d{2})?)?"
_FAMILIES = {
    "epoch": (r"^(\d{10}|\d{13}|\d{16}|\d{19})(\.\d+)?$", ("whole", "part")),
    "serial": (r"^(\d{5})(\.\d+)?$", ("whole", "part")),
    "compact": (
        rf"^(\d{{4}})(\d{{2}})(\d{{2}})(?:[t ]?(\d{{2}}:?\d{{2}}(?::?\d{{2}}(?:\.\d+)?)?) ?({_ZONE}))?$",
        ("y", "m", "d", "digits", "zone"),
    ),
    "year": (r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\.?(\D.*)?$", ("y", "m", "d", "rest")),
    "numbers": (
        rf"^{_WEEKDAY}(\d{{1,2}})([-/.])(\d{{1,2}})([-/.])(\d{{4}}|\d{{2}})(\D.*)?$",
        ("weekday", "a", "mark", "b", "again", "y", "rest"),
    ),
    "day": (
        rf"^{_WEEKDAY}(\d{{1,2}}){_ORDINAL}([a-z]{{3,}})[.,]*(?:[ /-]|de |del |of )*(\d{{4}}|\d{{2}})(\D.*)?$",
        ("weekday", "d", "name", "y", "rest"),
    ),
    "ctime": (
        rf"^{_WEEKDAY}([a-z]{{3,}}) (\d{{1,2}}) (\d{{1,2}}:\d{{2}}(?::\d{{2}})? ?{_ZONE}) ?(\d{{4}})$",
        ("weekday", "name", "d", "rest", "y"),
    ),
    "month": (
        rf"^{_WEEKDAY}([a-z]{{3,}})[.,]?[ /-]*(\d{{1,2}})(?:st|nd|rd|th)?[ ,/-]+(\d{{4}})(\D.*)?$",
        ("weekday", "name", "d", "y", "rest"),
    ),
}
_FIELDS = ("whole", "part", "y", "m", "d", "digits", "zone", "rest", "weekday", "a", "mark", "b", "again", "name")
_CLOCK = (
    r"^(?:[ ,;:t]|- |(?:at|um|a las?|as|alle|alle ore|ore|ora|o|a) )*"
    r"(\d{1,2})(?:[:.h](\d{2})(?:[:.](\d{2})(?:[:.,](\d{1,9}))?)?)?"
    r" ?(?:([ap])\.? ?m\b\.?)? ?(?:uhr|hrs?|h)? ?(z|utc|gmt|ut)? ?(?:([+-]\d{1,2})(?::?(\d{2}))?)?(?: (?:utc|gmt))?$"
)
_CLOCK_GROUPS = ("hour", "minute", "second", "fraction", "half", "utc", "off_hour", "off_minute")
# A date that may be read in two orders, as the ledger has it; with `date_order` told, one with points too.
_NUMBERS = r"(?i)^(?:[\pL-]+[.,]*\s+)?\d{1,2}MARK\d{1,2}MARK(\d{4}|\d{2})(\D.*)?$"
_UNTOLD, _TOLD = (_NUMBERS.replace("MARK", mark) for mark in ("[-/]", "[-/.]"))


@dataclass
class Seen:
    """What the dates of three numbers in one column of one file say of their order; None where no value says it."""

    column: str
    file: str | None
    day_first: str | None  # a value that can be read in this order only
    month_first: str | None
    untold: bool  # there are dates without points
    points: str | None

    @property
    def order(self):
        """The order that its values settle; None where they contradict each other or say nothing."""
        if bool(self.day_first) == bool(self.month_first):
            return None
        return "dmy" if self.day_first else "mdy"


def read_spelled(con, table, columns, days, date_order, note):
    """Read what the ISO parse left of the columns of the table `parsed`.

    Parameters
    ----------
    con : DuckDBPyConnection
        Its table `parsed` holds `ours("text", column)`, and `ours("utc", column)` and `ours("local", column)` in
        microseconds, both null where the text wasn't ISO: they are filled.
    table : str
        Whose columns they are, for the notes.
    columns : list of str
        Those that hold a text that isn't ISO.
    days : collection of str
        Those of them that hold days: the day as it is written counts, whatever the offset.
    date_order : "dmy", "mdy" or None
    note : callable((key, values))

    Returns
    -------
    dict of column name -> list of Check
        For the dates that weren't read because of their order: the reason says what to set.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE spelled AS {_spelled(columns)}")
    orders, checks = _orders(con, table, date_order, note)
    order = date_order or f"CASE WHEN mark = '.' THEN dmy {_chosen(orders)} END"
    serials = ", ".join(map(literal, _serials(con, table, note))) or "NULL"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE spelled AS SELECT id, of_column, family, is_zoned, offset_us, CASE family "
        f"WHEN 'numbers' THEN epoch_us({order}) WHEN 'serial' THEN CASE WHEN of_column IN ({serials}) THEN micros END "
        "WHEN 'epoch' THEN micros ELSE epoch_us(written) END AS read_as FROM spelled"
    )
    for column in columns:
        utc, local = ours("utc", column), ours("local", column)
        made = f"{utc} = CASE WHEN is_zoned THEN read_as - offset_us END, {local} = CASE WHEN NOT is_zoned THEN read_as END"
        if column in days:
            made = f"{local} = CASE WHEN family <> 'epoch' THEN read_as END"
        con.execute(
            f"UPDATE parsed SET {made} FROM spelled WHERE of_column = {literal(column)} "
            f"AND read_as - offset_us >= {FIRST_MICROS} AND spelled.id = parsed.{ID}"
        )
    con.execute("DROP TABLE spelled")
    return checks


def _folded(text):
    """SQL: in lower case, without accents, each blank one space, without the zone's name in brackets at the end."""
    plain = f"lower(strip_accents(translate({text}, 'łŁ', 'll')))"
    plain = rf"trim(regexp_replace({plain}, '[\s\x{{00a0}}\x{{2009}}\x{{202f}}]+', ' ', 'g'))"
    # what has neither letters nor odd blanks is the bulk, and is as it should be
    return rf"CASE WHEN regexp_matches({text}, '^[0-9/:.,+-]*( [0-9/:.,+-]+)*$') THEN {text} ELSE regexp_replace({plain}, ' ?\([^()]*\)$', '') END"


def _spelled(columns):
    """SQL: a row for each text that isn't ISO: its time as written, or in both orders where it has two."""
    said = " UNION ALL ".join(
        f"SELECT {ID} AS id, _file, {literal(column)} AS of_column, {ours('text', column)} AS said FROM parsed "
        f"WHERE {ours('text', column)} IS NOT NULL AND {ours('utc', column)} IS NULL AND {ours('local', column)} IS NULL "
        f"AND strlen({ours('text', column)}) <= {LONGEST_TIME}"
        for column in columns
    )
    which = " ".join(
        f"WHEN regexp_matches(t, {literal(pattern)}) THEN '{name}'" for name, (pattern, _) in _FAMILIES.items()
    )
    fields = " UNION ALL ".join(
        "SELECT id, _file, of_column, said, t, family, "
        + ", ".join(f"nullif(p.{one}, '') AS {one}" if one in groups else f"NULL::VARCHAR AS {one}" for one in _FIELDS)
        + f" FROM (SELECT *, regexp_extract(t, {literal(pattern)}, {list(groups)}) AS p FROM tidy WHERE family = '{name}')"
        for name, (pattern, groups) in _FAMILIES.items()
    )
    months = " ".join(
        f"WHEN name IN ({', '.join(map(literal, names.split()))}) THEN '{month}'" for month, names in MONTHS.items()
    )
    weekdays = ", ".join(map(literal, WEEKDAYS.split()))
    year = f"CASE WHEN strlen(y) = 4 THEN y WHEN try_cast(y AS INT) < {PIVOT} THEN '20' || y ELSE '19' || y END"
    # 100000 is 10:00:00
    digits = r"regexp_replace(digits, '^(\d{2}):?(\d{2}):?(\d{2})?', '\1:\2:\3')"
    rest = f"CASE WHEN digits IS NOT NULL THEN rtrim({digits}, ':') || coalesce(' ' || zone, '') ELSE coalesce(rest, '') END"
    return (
        f"WITH said AS ({said}), folded AS (SELECT *, {_folded('said')} AS t FROM said), "
        f"tidy AS MATERIALIZED (SELECT *, CASE {which} END AS family FROM folded), fields AS ({fields}), "
        f"parts AS (SELECT *, {year} AS year, coalesce(m, CASE {months} END) AS month, {_micros()} AS micros, "
        f"regexp_extract({rest}, {literal(_CLOCK)}, {list(_CLOCK_GROUPS)}) AS c, trim({rest}) = '' AS has_no_clock, "
        f"weekday IS NULL OR weekday IN ({weekdays}) AS is_sound FROM fields), "
        f"clocks AS (SELECT *, {_clock()} AS clock FROM parts) "
        "SELECT id, _file, of_column, said, t, family, mark, a, y, micros, "
        "family = 'epoch' OR c.utc <> '' OR c.off_hour <> '' AS is_zoned, "
        "coalesce(try_cast(c.off_hour AS BIGINT) * 3600 + CASE WHEN c.off_hour LIKE '-%' THEN -60 ELSE 60 END "
        "* coalesce(try_cast(c.off_minute AS BIGINT), 0), 0) * 1000000 AS offset_us, "
        f"{_at('month', 'd', 'is_sound')} AS written, {_at('b', 'a', 'is_sound AND mark = again')} AS dmy, "
        f"{_at('a', 'b', 'is_sound AND mark = again')} AS mdy FROM clocks"
    )


def _at(month, day, condition):
    return (
        f"CASE WHEN {condition} THEN try_cast(year || '-' || {month} || '-' || {day} || ' ' || clock AS TIMESTAMP) END"
    )


def _clock():
    """SQL: hh:mm:ss of the parts `c`; null where what follows the date is no time of day."""
    hour = "try_cast(c.hour AS INT)"
    half = f"CASE WHEN {hour} BETWEEN 1 AND 12 THEN {hour} % 12 + CASE c.half WHEN 'p' THEN 12 ELSE 0 END END"
    return (
        "CASE WHEN has_no_clock THEN '00:00:00' WHEN c.hour = '' OR (c.minute = '' AND c.half = '') THEN NULL ELSE "
        f"CASE WHEN c.half = '' THEN {hour} ELSE {half} END || ':' || coalesce(nullif(c.minute, ''), '00') || ':' || "
        "coalesce(nullif(c.second, ''), '00') || '.' || left(coalesce(nullif(c.fraction, ''), '0'), 6) END"
    )


def _micros():
    """SQL: microseconds of an epoch's number (UTC) or of a spreadsheet's (local)."""
    first, last = EPOCHS
    unit = "CASE strlen(whole) WHEN 10 THEN 1000000 WHEN 13 THEN 1000 ELSE 1 END"
    epoch = f"(CASE WHEN strlen(whole) = 19 THEN try_cast(whole AS BIGINT) // 1000 ELSE try_cast(whole AS BIGINT) * {unit} END)"
    more = f"CASE WHEN strlen(whole) < 16 THEN round(coalesce(try_cast(part AS DOUBLE), 0) * {unit})::BIGINT ELSE 0 END"
    seconds = "(coalesce(try_cast(part AS DOUBLE), 0) * 86400)"
    # 45926.4166 is 10:00:00, cut: a whole minute within the last decimal is meant
    minute = f"(round({seconds} / 60) * 60)"
    meant = f"CASE WHEN abs({minute} - {seconds}) < 86400 / pow(10, strlen(part) - 1) THEN {minute} ELSE round({seconds}) END"
    serial = f"(try_cast(whole AS BIGINT) - 25569) * 86400000000 + coalesce(({meant})::BIGINT, 0) * 1000000"
    return (
        f"CASE family WHEN 'epoch' THEN CASE WHEN {epoch} BETWEEN {first}000000 AND {last}000000 THEN {epoch} + {more} END "
        f"WHEN 'serial' THEN {serial} END"
    )


def _serials(con, table, note):
    """The columns whose numbers of five digits can all be a spreadsheet's days."""
    first, last = SERIALS
    found = con.execute(
        f"SELECT of_column, max(said) FROM spelled WHERE family = 'serial' GROUP BY of_column "
        f"HAVING bool_and(try_cast(t AS DOUBLE) BETWEEN {first} AND {last}) ORDER BY of_column"
    ).fetchall()
    for column, value in found:
        note(("notes.serials", {"column": f"{table}.{column}", "value": value}))
    return [column for column, _ in found]


def _orders(con, table, date_order, note):
    """({(column, file): "dmy" or "mdy"}, {column: checks}) of the dates whose order isn't plain by themselves."""
    if date_order:
        place = {"dmy": "day", "mdy": "month"}[date_order]
        reason = f"the value is not a date with its {place} first, as date_order says"
        columns = con.execute("SELECT DISTINCT of_column FROM spelled WHERE family = 'numbers'").fetchall()
        return {}, {column: [_refused(column, _TOLD, reason)] for (column,) in columns}
    seen = _evidence(con)
    orders, untold = {}, [one for one in seen if one.untold]
    for one in untold:
        in_file = {other.order for other in untold if other.file == one.file and other.order}
        settled = in_file or {other.order for other in untold if other.order}
        is_contradicted = one.day_first and one.month_first
        order = one.order or (settled.pop() if len(settled) == 1 and not is_contradicted else None)
        if order:
            orders[one.column, one.file] = order
    _note_orders(table, seen, orders, note)
    checks = {}
    for column in dict.fromkeys(one.column for one in untold):
        refused = [one for one in untold if one.column == column and (column, one.file) not in orders]
        for both in (True, False):
            files = [one for one in refused if bool(one.day_first) == both]
            if not files:
                continue
            why = "its day and month can't be told apart"
            if both:
                why += f": {files[0].day_first!r} has its day first, {files[0].month_first!r} its month"
            checks.setdefault(column, []).append(
                _refused(column, _UNTOLD, f"{why}; {SETTING}", [one.file for one in files])
            )
    return orders, checks


def _refused(column, pattern, reason, files=None):
    raw = ours("raw", column)
    of_files = f" AND {_in_files(files)}" if files else ""
    return Check("not a time", column, f"regexp_matches({raw}, {literal(pattern)}){of_files}", raw, reason)


def _in_files(files):
    return f"coalesce(_file, '') IN ({', '.join(literal(file or '') for file in files)})"


def _chosen(orders):
    """SQL: WHENs for the order of each column, in each file."""
    files = {}
    for (column, file), order in orders.items():
        files.setdefault((column, order), []).append(file)
    return " ".join(
        f"WHEN of_column = {literal(column)} AND {_in_files(those)} THEN {order}"
        for (column, order), those in files.items()
    )


def _evidence(con):
    """A `Seen` for each column and file with dates of three numbers."""
    day, month = "dmy IS NOT NULL AND mdy IS NULL", "mdy IS NOT NULL AND dmy IS NULL"
    # 25-09-26 may be a year, month and day: the day is what varies
    varies = "count(DISTINCT a) FILTER (strlen(y) = 2) > count(DISTINCT y) FILTER (strlen(y) = 2)"
    rows = con.execute(
        f"SELECT of_column, _file, coalesce(max(said) FILTER ({day} AND mark <> '.' AND strlen(y) = 4), "
        f"CASE WHEN {varies} THEN max(said) FILTER ({day} AND mark <> '.') END), "
        f"max(said) FILTER ({month} AND mark <> '.'), count(*) FILTER (mark <> '.') > 0, "
        "max(said) FILTER (mark = '.' AND dmy IS NOT NULL) "
        "FROM spelled WHERE family = 'numbers' GROUP BY of_column, _file ORDER BY _file, of_column"
    ).fetchall()
    return [Seen(*row) for row in rows]


def _note_orders(table, seen, orders, note):
    """Say which columns were read in which order, and the value that shows it."""
    for order, key in (("dmy", "notes.date_order.day_first"), ("mdy", "notes.date_order.month_first")):
        columns = dict.fromkeys(f"{table}.{column}" for (column, _), is_order in orders.items() if is_order == order)
        shown = [one.day_first if order == "dmy" else one.month_first for one in seen if one.order == order]
        if columns:
            note((key, {"columns": list(columns), "value": shown[0]}))
    points = {f"{table}.{one.column}": one.points for one in seen if one.points}
    if points:
        note(("notes.date_order.points", {"columns": list(points), "value": next(iter(points.values()))}))
