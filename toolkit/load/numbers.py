"""Numbers as people and spreadsheets write them: 4,5, 1.234,5, 1 234.5; and durations: 0:05:30, 1h 5m, PT5M.

Only what isn't plain comes here. What can be read in one way only is read; 1,234 is read as the other values of its
column, or `decimal` in service.toml, say, else not at all.
"""

from toolkit.load.quality import Check
from toolkit.load.sql import ID, literal, ours

LONGEST_NUMBER = 60  # bytes; a longer text is no number
SETTING = 'write decimal = "comma" or decimal = "point" in service.toml beside the data'

# After blanks and apostrophes between groups of three are taken out. {mark}: the decimal mark, {group}: the other one.
_SURE = r"^[+-]?(\d*{mark}(\d{{1,2}}|\d{{4,}})|(0|\d{{4,}})?{mark}\d{{3}}|\d{{1,3}}({group}\d{{3}})+{mark}\d+|\d{{1,3}}({group}\d{{3}}){{2,}})$"
_COMMA, _POINT = _SURE.format(mark=",", group="[.]"), _SURE.format(mark="[.]", group=",")
_EITHER = r"^[+-]?[1-9]\d{0,2}MARK\d{3}$"
_EITHER_COMMA, _EITHER_POINT = _EITHER.replace("MARK", ","), _EITHER.replace("MARK", "[.]")
_GROUPS = r"^[+-]?\d{1,3}([ ''’\x{00a0}\x{2009}\x{202f}]\d{3})+([.,]\d+)?$".replace("''", "'")

_AMOUNT = r"(\d+(?:\.\d+|,\d{1,2})?)"
_UNITS = (
    ("d", 86_400, "d|days?"),
    ("h", 3600, "h|hrs?|hours?"),
    ("m", 60, "m|mins?|minutes?"),
    ("s", 1, "s|secs?|seconds?"),
)
# (pattern, groups, seconds of each group); a text is read by the first that it matches and that has any part
_DURATIONS = (
    (r"^-?(?:(\d+) ?(?:d|days?),? )?(\d+):([0-5]?\d):([0-5]\d(?:[.,]\d+)?)$", ("d", "h", "m", "s")),
    (r"^-?(\d{1,3}):([0-5]\d(?:[.,]\d+)?)$", ("m", "s")),
    (rf"^-?p(?:{_AMOUNT}d)?(?:t(?:{_AMOUNT}h)?(?:{_AMOUNT}m)?(?:(\d+(?:[.,]\d+)?)s)?)?$", ("d", "h", "m", "s")),
    ("^-?" + "".join(rf"(?:{_AMOUNT} ?(?:{words})\.?)?[ ,]*" for _, _, words in _UNITS) + "$", ("d", "h", "m", "s")),
)  # fmt: skip
_SECONDS = {name: seconds for name, seconds, _ in _UNITS}


def read_numbers(con, table, columns, durations, decimal, note):
    """Read what a plain cast left of the number columns of the table `parsed`.

    Parameters
    ----------
    con : DuckDBPyConnection
        Its table `parsed` holds `ours("text", column)` and `ours("number", column)`, which is null where the text
        wasn't a plain number: it is filled. 1.234 becomes 1234 where the column's decimals are commas.
    table : str
        Whose columns they are, for the notes.
    columns : list of str
    durations : collection of str
        Those of them that hold seconds.
    decimal : "comma", "point" or None
        The decimal mark; None: as the values of the column say.
    note : callable((key, values))

    Returns
    -------
    dict of column name -> list of Check
        For the numbers that weren't read because of their decimal mark: the reason says what to set.
    """
    checks = {}
    for column in columns:
        text, number = ours("text", column), ours("number", column)
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE spelled AS SELECT {ID} AS id, {number} IS NOT NULL AS is_read, {text} AS said, "
            f"CASE WHEN regexp_matches({text}, {literal(_GROUPS)}) THEN regexp_replace({text}, '[^0-9.,+-]', '', 'g') "
            f"ELSE {text} END AS t FROM parsed WHERE {text} IS NOT NULL AND strlen({text}) <= {LONGEST_NUMBER} "
            f"AND ({number} IS NULL OR contains({text}, '.'))"
        )
        comma, point, either = con.execute(
            f"SELECT max(said) FILTER (regexp_matches(t, {literal(_COMMA)})), max(said) FILTER (regexp_matches(t, {literal(_POINT)})), "
            f"max(t) FILTER (regexp_matches(t, {literal(_EITHER_COMMA)})) FROM spelled"
        ).fetchone()
        mark = decimal or ("comma" if comma and not point else "point" if point and not comma else None)
        con.execute(
            f"UPDATE parsed SET {number} = spelled.value FROM (SELECT id, CASE WHEN isfinite(value) THEN value END AS value FROM (SELECT id, {_value(mark, bool(comma))} AS value FROM spelled)) AS spelled "
            f"WHERE spelled.id = parsed.{ID} AND {number} IS DISTINCT FROM spelled.value"
        )
        if mark == "comma" and comma:
            note(("notes.decimal_comma", {"column": f"{table}.{column}", "value": comma}))
        if column in durations:
            _read_durations(con, table, column, note)
        if not mark and (either or comma and point):
            checks[column] = [_refused(column, either, comma, point)]
        con.execute("DROP TABLE spelled")
    return checks


def _value(mark, has_commas):
    """SQL: the number of `t`; null where it isn't one or its decimal mark isn't known."""
    # what has been read as 1.234 is doubtful once its column has decimal commas
    either = {
        "comma": {_EITHER_COMMA: "comma", _EITHER_POINT: "comma"},
        "point": {_EITHER_COMMA: "point", _EITHER_POINT: "point"},
    }.get(mark, {_EITHER_COMMA: None, _EITHER_POINT: None if has_commas else "point"})
    casts = {
        "comma": "try_cast(replace(replace(t, '.', ''), ',', '.') AS DOUBLE)",
        "point": "try_cast(replace(t, ',', '') AS DOUBLE)",
        None: "NULL",
    }
    ways = {_COMMA: "comma", _POINT: "point", **either}
    whens = " ".join(f"WHEN regexp_matches(t, {literal(pattern)}) THEN {casts[way]}" for pattern, way in ways.items())
    return f"CASE {whens} WHEN NOT contains(t, ',') THEN try_cast(t AS DOUBLE) END"


def _refused(column, either, comma, point):
    raw = ours("raw", column)
    if comma and point:
        why = f"its decimal mark can't be told: the column has {comma!r} and {point!r}"
    else:
        why = f"it may be {either.replace(',', '.')} or {either.replace(',', '')}"
    doubtful = f"regexp_matches({raw}, {literal(_EITHER.replace('MARK', '[.,]'))})"
    return Check("not a number", column, doubtful, raw, f"{why}; {SETTING}")


def _read_durations(con, table, column, note):
    """Read hh:mm:ss, mm:ss, PT5M and 1h 5m."""
    number = ours("number", column)
    patterns = [literal(pattern) for pattern, _ in _DURATIONS]
    which = " ".join(f"WHEN regexp_matches(t, {pattern}) THEN {index}" for index, pattern in enumerate(patterns))
    values = " ".join(
        f"WHEN {index} THEN {_total(pattern, groups)}" for index, (pattern, groups) in enumerate(_DURATIONS)
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE lasting AS SELECT id, said, way, CASE WHEN t LIKE '-%' THEN -1 ELSE 1 END * "
        f"CASE way {values} END AS value FROM (SELECT *, CASE {which} END AS way FROM (SELECT id, said, "
        "lower(trim(replace(said, chr(160), ' '))) AS t FROM spelled WHERE NOT is_read) WHERE regexp_matches(t, '\\d'))"
    )
    con.execute(
        f"UPDATE parsed SET {number} = value FROM lasting WHERE lasting.id = parsed.{ID} AND {number} IS NULL AND value IS NOT NULL"
    )
    (short,) = con.execute("SELECT max(said) FROM lasting WHERE way = 1").fetchone()
    if short:
        note(("notes.minutes_seconds", {"column": f"{table}.{column}", "value": short}))
    con.execute("DROP TABLE lasting")


def _total(pattern, groups):
    parts = f"regexp_extract(t, {literal(pattern)}, {list(groups)})"
    return " + ".join(
        f"coalesce(try_cast(replace({parts}.{one}, ',', '.') AS DOUBLE), 0) * {_SECONDS[one]}" for one in groups
    )
