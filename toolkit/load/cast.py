"""Raw text to the contract's types: what can be cast is, what can't is kept to be shown."""

from dataclasses import dataclass

from toolkit.load.numbers import read_numbers
from toolkit.load.quality import Check, rules_of
from toolkit.load.sql import BLANKS, ID, literal, ours, quote
from toolkit.load.times import FIRST_MICROS, read_spelled
from toolkit.tables import FOLDED

NULLS = ("", "nan", "null", "none", "nat", "n/a", r"\n")
MORE_NULLS = ("na", "<na>", "#n/a", "#ref!", "n.d.", "n.d", "-", "--", "(null)", "[]", "{}")  # where no text is meant
WRITTEN = ("text", "comment", "page")  # what people write: no word of it says that there is nothing
FREE_TEXT = (*WRITTEN, "agent", "topic", "subtopic")  # "None" may be what it says
PRINTED_BLANKS = " \t\r\n\u00a0"  # what is cut where no text is meant: any other character makes the value wrong


def _has_blanks(name):
    """SQL: whether the text begins or ends with a blank, a control character or a no-break space."""
    text = f"CAST({quote(name)} AS VARCHAR)"
    # by its first and last character: trimming every value costs ten times as much
    return " OR ".join(f"ascii({end}) <= 32 OR ascii({end}) IN (127, 160)" for end in (text, f"right({text}, 1)"))


@dataclass(frozen=True)
class Spelling:
    """How an export writes its values, as far as it is told; see the settings of the same names.

    `zone` is the IANA zone of times without an offset.
    """

    zone: str = "UTC"
    date_order: str | None = None
    decimal: str | None = None
    missing: tuple[str, ...] = ()
    csat_scale: tuple[int, int] | None = None


def _cleaned(name, sql_type="VARCHAR", is_text=True, missing=()):
    """SQL: the text without blanks around it, null when it says that there is nothing."""
    raw = f"CAST({quote(name)} AS VARCHAR)"
    if sql_type in ("DOUBLE", "FLOAT"):  # pandas holds whole numbers with gaps as floats
        whole = f"isfinite({quote(name)}) AND {quote(name)} = floor({quote(name)}) AND abs({quote(name)}) < 9e15"
        return f"CASE WHEN {whole} THEN CAST(CAST({quote(name)} AS BIGINT) AS VARCHAR) WHEN NOT isnan({quote(name)}) THEN {raw} END"
    blanks = literal(BLANKS if is_text else PRINTED_BLANKS)
    text = f"CASE WHEN {_has_blanks(name)} THEN trim({raw}, {blanks}) ELSE {raw} END"
    if name in WRITTEN or (name in FREE_TEXT and not missing):
        return f"nullif({text}, '')"
    words = ("",) if name in FREE_TEXT else NULLS if is_text else NULLS + MORE_NULLS
    words += tuple(word.lower() for word in missing)
    nulls = ", ".join(literal(word) for word in words)
    longest = max(len(word.encode()) for word in words)
    text = f"CASE WHEN strlen({raw}) > {longest + 8} THEN {text} WHEN lower({text}) NOT IN ({nulls}) THEN {text} END"
    if name.endswith("_id") or name == "in_reply_to":  # 1.0 is how pandas writes the key 1 of a column with gaps
        return f"regexp_replace({text}, '^(\\d+)[.]0$', '\\1')"
    return text


# A time of day followed by an offset; a date alone may end in -01 too.
_OFFSET = r"\d:\d{2}.*?([zZ]|\s?UTC|\s?GMT|\s?[+-]\d{2}(:?\d{2})?)$"
# DuckDB reads neither zone names nor blanks before an offset nor, with one, times without seconds.
_SPELLINGS = (
    (r"\s?([zZ]|UTC|GMT)$", "Z"),
    (r"\s+([+-]\d{2}(:?\d{2})?)$", r"\1"),
    (r"^([^:]*:\d{2})([Z+-])", r"\1:00\2"),
)
_ISO = r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}"


def _micros(name, sql_type):
    """SQL for (UTC microseconds, local microseconds) of a raw time column; one of them is null."""
    if sql_type.startswith("TIMESTAMP WITH TIME ZONE"):
        return _plausible(f"CASE WHEN isfinite({quote(name)}) THEN epoch_us({quote(name)}) END"), "NULL::BIGINT"
    if sql_type.startswith("TIMESTAMP") or sql_type == "DATE":
        time = f"CAST({quote(name)} AS TIMESTAMP)"
        return "NULL::BIGINT", _plausible(f"CASE WHEN isfinite({time}) THEN epoch_us({time}) END")
    text = ours("text", name)
    zoned = f"regexp_matches({text}, {literal(_OFFSET)})"
    # A year first, or it isn't ISO: DuckDB would also take 03/04/2024 in an order of its own.
    iso = f"regexp_matches({text}, {literal(_ISO)})"
    plain = text
    for pattern, spelling in _SPELLINGS:
        plain = f"regexp_replace({plain}, {literal(pattern)}, {literal(spelling)})"
    utc = f"CASE WHEN {zoned} AND {iso} THEN epoch_us(try_cast({plain} AS TIMESTAMPTZ)) END"
    local = f"CASE WHEN {iso} THEN try_cast({text} AS TIMESTAMP) END"
    return _plausible(utc), _plausible(f"CASE WHEN NOT {zoned} THEN epoch_us({local}) END")


def _plausible(micros):
    return f"CASE WHEN {micros} >= {FIRST_MICROS} THEN {micros} END"


def type_rows(con, table, types, select, target, spelling, note):
    """Run a source's select into the table `target`, cast to the contract; what can't be cast is kept.

    Parameters
    ----------
    con : DuckDBPyConnection
    table : Table
    types : dict of column name -> DuckDB type, as the select returns them
    select : str
    target : str
        Gets the typed columns, `ours("raw", column)` where there is text to show, `ours("gap", column)` for
        local times that don't exist, `ID`, `_file`, `_row`.
    spelling : Spelling
    note : callable((key, values))
        Takes what had to be found out, such as the order of day and month.

    Returns
    -------
    (list of Check, in the order in which they are told; names of the columns that hold times without an offset)
    """
    known = {column.name: column for column in table.columns}
    times = [name for name in types if name in known and known[name].dtype == "time"]
    spoken = [
        name
        for name in types
        if name in known and known[name].dtype != "text" and not _is_native(known[name].dtype, types[name])
    ]
    numbers = [name for name in spoken if known[name].dtype in ("seconds", "number", "integer")]
    days = [name for name in spoken if known[name].dtype == "day"]
    texts = [
        "*",
        *[f"{_cleaned(name, is_text=False, missing=spelling.missing)} AS {ours('text', name)}" for name in spoken],
    ]
    parsed = ["*"]
    for name in times:
        utc, local = _micros(name, types[name])
        parsed += [f"{utc} AS {ours('utc', name)}", f"{local} AS {ours('local', name)}"]
    for name in days:
        day = f"try_cast({ours('text', name)} AS DATE)"
        parsed += [
            f"NULL::BIGINT AS {ours('utc', name)}",
            f"CASE WHEN isfinite({day}) THEN epoch_us(CAST({day} AS TIMESTAMP)) END AS {ours('local', name)}",
        ]
    for name in numbers:
        number = f"try_cast({ours('text', name)} AS DOUBLE)"
        parsed.append(f"CASE WHEN isfinite({number}) THEN {number} END AS {ours('number', name)}")
    kept = "MATERIALIZED" if spoken else "NOT MATERIALIZED"  # cleaned texts are used many times over
    if "_file" not in types:
        parsed.append("NULL::VARCHAR AS _file")
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE parsed AS WITH given AS {kept} (SELECT {', '.join(texts)}, "
        f"row_number() OVER () AS {ID} FROM ({select}\n)) SELECT {', '.join(parsed)} FROM given"
    )
    doubts = _read_unread(con, table, [one for one in (*times, *days) if one in spoken], numbers, spelling, note)
    spans = _local_spans(con, times)
    _note_two_zones(con, table.name, [name for name in spans if name in spoken], spelling.zone, note)
    columns, checks = [], []
    for name, sql_type in types.items():
        if name in ("_file", "_row"):
            continue
        if name == "_version":  # whatever it is, it is compared and not kept
            columns.append(quote(name))
            continue
        dtype = known[name].dtype if name in known else ("text" if sql_type == "VARCHAR" else "as is")
        made, wrong = _typed(name, dtype, sql_type, spelling, spans.get(name))
        columns += made
        checks += doubts.get(name, ())
        if wrong:
            checks.append(Check(wrong, name, f"{ours('raw', name)} IS NOT NULL", ours("raw", name)))
    row = "_row" if "_row" in types else "NULL::BIGINT AS _row"
    con.execute(f"CREATE TABLE {target} AS SELECT {', '.join(columns)}, {ID}, _file, {row} FROM parsed")
    con.execute("DROP TABLE parsed")
    return checks + rules_of(table, types, spelling.csat_scale), list(spans)


def _read_unread(con, table, times, numbers, spelling, note):
    """Read what the plain casts left of the table `parsed`; {column: checks that say why a value can't be read}."""
    if not times and not numbers:
        return {}
    unread = [
        f"count({ours('text', name)}) FILTER ({ours('utc', name)} IS NULL AND {ours('local', name)} IS NULL)"
        for name in times
    ]
    for name in numbers:
        # where decimals are commas, 1.234 is no plain number
        groups = f" OR contains({ours('text', name)}, '.')" if spelling.decimal == "comma" else ""
        unread.append(f"count({ours('text', name)}) FILTER ({ours('number', name)} IS NULL{groups})")
    counts = con.execute(f"SELECT {', '.join(unread)} FROM parsed").fetchone()
    left = [name for name, count in zip((*times, *numbers), counts, strict=True) if count]
    doubts = {}
    if some := [name for name in left if name in times]:
        days = [name for name in some if table.column(name).dtype == "day"]
        doubts |= read_spelled(con, table.name, some, days, spelling.date_order, note)
    if some := [name for name in left if name in numbers]:
        durations = [name for name in some if table.column(name).dtype == "seconds"]
        doubts |= read_numbers(con, table.name, some, durations, spelling.decimal, note)
    return doubts


def _note_two_zones(con, table, times, zone, note):
    """Say which columns hold times with an offset and times without."""
    if not times:
        return
    counts = ", ".join(f"count({ours('utc', name)}), count({ours('local', name)})" for name in times)
    found = con.execute(f"SELECT {counts} FROM parsed").fetchone()
    for index, name in enumerate(times):
        zoned, naive = found[2 * index : 2 * index + 2]
        if zoned and naive:
            note(("notes.two_zones", {"column": f"{table}.{name}", "n": naive, "zoned": zoned, "zone": zone}))


def _local_spans(con, times):
    """{column: (first, last) local seconds} of the columns that hold times without an offset."""
    if not times:
        return {}
    ends = ", ".join(f"min({ours('local', name)}), max({ours('local', name)})" for name in times)
    found = con.execute(f"SELECT {ends} FROM parsed").fetchone()
    return {
        name: (found[2 * index] // 1_000_000, found[2 * index + 1] // 1_000_000)
        for index, name in enumerate(times)
        if found[2 * index] is not None
    }


# What is in the contract's dtype already need not be read as text: (target, prefixes of DuckDB's types).
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_NATIVE = {
    "time": ("TIMESTAMPTZ", ("TIMESTAMP", "DATE")),
    "seconds": ("DOUBLE", (*_WHOLE, "DOUBLE", "FLOAT", "DECIMAL")),
    "number": ("DOUBLE", (*_WHOLE, "DOUBLE", "FLOAT", "DECIMAL")),
    "integer": ("BIGINT", _WHOLE),
    "flag": ("BOOLEAN", ("BOOLEAN",)),
    "day": ("DATE", ("DATE",)),
}


def _is_native(dtype, sql_type):
    return dtype in _NATIVE and sql_type.startswith(_NATIVE[dtype][1])


FLAGS = {"true": ("true", "1", "yes", "t", "y"), "false": ("false", "0", "no", "f", "n")}


def _typed(name, dtype, sql_type, spelling, span):
    """(select list entries of one column, the rule that an uncastable value breaks or None)."""
    source, raw, text = quote(name), ours("raw", name), ours("text", name)
    is_native = _is_native(dtype, sql_type)
    if dtype == "time":
        return _typed_time(name, f"CAST({source} AS VARCHAR)" if is_native else text, spelling.zone, span), "not a time"
    if is_native:
        value = f"CAST({source} AS {_NATIVE[dtype][0]})"
        kept = f"CASE WHEN isfinite({value}) THEN {value} END" if dtype in ("seconds", "number") else value
        return [
            f"{kept} AS {source}",
            f"CASE WHEN ({kept}) IS NULL THEN CAST({source} AS VARCHAR) END AS {raw}",
        ], "not a number"
    if dtype == "text":
        free = name in ("text", "comment")
        value = f"nullif(CAST({source} AS VARCHAR), '')" if free else _cleaned(name, sql_type, missing=spelling.missing)
        made = [f"{f'lower({value})' if name in FOLDED else value} AS {source}"]
        if sql_type == "VARCHAR" and not free:
            made.append(f"CASE WHEN {_has_blanks(name)} THEN {source} END AS {raw}")
        return made, None
    number = ours("number", name)
    flags = " ".join(
        f"WHEN lower({text}) IN ({', '.join(map(literal, words))}) THEN {flag}" for flag, words in FLAGS.items()
    )
    casts = {
        "seconds": (number, "not a number"),
        "number": (number, "not a number"),
        "integer": (
            f"CASE WHEN {number} = floor({number}) THEN try_cast({number} AS BIGINT) END",
            "not a whole number",
        ),
        "flag": (f"CASE {flags} END", "not true or false"),
        "day": (f"CAST(make_timestamp({ours('local', name)}) AS DATE)", "not a date"),
    }
    if dtype not in casts:
        return [source], None
    value, wrong = casts[dtype]
    return [f"{value} AS {source}", f"CASE WHEN ({value}) IS NULL THEN {text} END AS {raw}"], wrong


def _typed_time(name, text, zone, span):
    from toolkit import clock

    utc, local = ours("utc", name), ours("local", name)
    made, gap = utc, "false"
    if span is not None:
        # Only the offset changes of these years: a CASE over half a century costs seconds to plan.
        last = min(span[1] + 2 * 86_400, clock.LAST_EPOCH)  # 9999-12-31 has no offset of its own
        around = {"first": min(span[0], last) - 2 * 86_400, "last": last}
        fraction = f"((({local} % 1000000) + 1000000) % 1000000)"
        seconds = f"(({local} - {fraction}) // 1000000)"
        made = f"coalesce({utc}, ({clock.utc_epoch_from_local_sql(seconds, zone, **around)}) * 1000000 + {fraction})"
        gap = f"coalesce({clock.local_gap_sql(seconds, zone, **around)}, false)"
    return [
        f"make_timestamptz({made}) AS {quote(name)}",
        f"{gap} AS {ours('gap', name)}",
        f"CASE WHEN {utc} IS NULL AND {local} IS NULL THEN {text} END AS {ours('raw', name)}",
    ]
