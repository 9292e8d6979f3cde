"""Rules that a row must meet, and the ledger of those that don't.

Each rule is data: which table, what is wrong in SQL, what happens. A row that breaks a rule is set
aside (`rejected`) or mended (`repaired`: one value emptied or trimmed, the row kept); either way the
ledger names its table, key, rule, value, file and row. Rows in = rows used + rows rejected.

The ledger's columns: table, key, rule, action, column, value, file, row, reason.
"""

from dataclasses import dataclass

from toolkit.tables import SCORE_RANGE

LEDGER = ("table", "key", "rule", "action", "column", "value", "file", "row", "reason")

# What a person is told of each rule.
REASONS = {
    "unreadable line": "the line can't be parsed as a record of the file",
    "short line": "the line has fewer fields than the file's first line",
    "unusable line": "the line can be read, but is no part of anything that can be counted",
    "not a time": "the value is not a time from 1900 on, or its day and month can't be told apart (set date_order)",
    "not a number": "the value is not a number",
    "not a whole number": "the value is not a whole number",
    "not true or false": "the value is neither true nor false",
    "not a date": "the value is not a date",
    "required value missing": "the table can't do without this value",
    "unknown category": "the value is none of those that the contract allows",
    "order of times": "the time lies before the one that it must follow",
    "negative duration": "a duration can't be negative",
    "negative count": "a count can't be negative",
    "score out of range": "csat goes from 1 to 5, nps from 0 to 10",
    "after as_of": "the time lies after the data was read: a clock runs ahead, or as_of is too early",
    "not yet happened at as_of": "the time lies after as_of: taken as not having happened yet",
    "duplicate id": "the key was seen before; the first row is used",
    "unknown parent": "the conversation or call that it belongs to isn't there, or was set aside",
    "surrounding blanks": "blanks around the value were cut",
    "local time does not exist": "the clocks were put forward over it; moved on by the hour that was skipped",
    "unknown sentiment": "neither a label nor a score from -1 to 1; emptied, so that the engine scores the text",
}

# (table, earlier, later): a row in which `later` lies before `earlier` is set aside.
ORDER = (
    ("conversations", "created_at", "first_response_at"),
    ("conversations", "created_at", "closed_at"),
    ("conversations", "bot_started_at", "handed_off_at"),
    ("calls", "started_at", "answered_at"),
    ("calls", "started_at", "abandoned_at"),
    ("calls", "started_at", "ended_at"),
    ("surveys", "sent_at", "answered_at"),
)
# The same, but the row is kept and one time mended, since little depends on it.
MENDED_ORDER = (
    # (table, earlier, later, column that is mended, its new value)
    ("call_stages", "entered_at", "left_at", "left_at", "NULL"),
    # the two clocks disagree; the call was offered all the same, at the latest when it was queued
    ("calls", "started_at", "queued_at", "started_at", "queued_at"),
)
# (table, time, columns, outcome or None): what an event that lies after as_of has brought about is emptied with it.
CONSEQUENCES = (
    ("surveys", "answered_at", ("score", "comment"), None),
    ("calls", "ended_at", ("talk_seconds", "hold_seconds", "wrap_up_seconds"), None),
    ("calls", "answered_at", ("outcome",), "answered"),
    ("calls", "abandoned_at", ("outcome",), "abandoned"),
)
# (table, column, parent, parent's column): the parent must be there if its table is.
PARENTS = (
    ("messages", "conversation_id", "conversations", "conversation_id"),
    ("call_stages", "call_id", "calls", "call_id"),
)
NULLS = ("", "nan", "null", "none", "nat", "n/a", r"\n")
MORE_NULLS = ("na", "<na>", "#n/a", "-")  # where no text is meant
FREE_TEXT = ("text", "comment", "page", "agent", "topic", "subtopic")  # "None" may be what it says
FOLDED = ("channel", "sender", "kind", "outcome")  # compared and kept in lower case


@dataclass(frozen=True)
class Check:
    """One condition on a typed row: broken where `when` is true; `value` is shown in the ledger."""

    rule: str
    column: str
    when: str
    value: str


def quote(name):
    """An SQL identifier."""
    return '"' + str(name).replace('"', '""') + '"'


def ours(kind, name=""):
    """The identifier of a column that only the loader uses; no file can have one of that name."""
    return quote(f"\x1f{kind}{name}")


ID = ours("id")  # the number of the row in its table


def literal(text):
    """An SQL string."""
    return "'" + str(text).replace("'", "''") + "'"


def _has_blanks(name):
    """SQL: whether the text begins or ends with a blank, a control character or a no-break space."""
    text = f"CAST({quote(name)} AS VARCHAR)"
    # by its first and last character: trimming every value costs ten times as much
    return " OR ".join(f"ascii({end}) <= 32 OR ascii({end}) = 160" for end in (text, f"right({text}, 1)"))


def _cleaned(name, sql_type="VARCHAR", is_text=True):
    """SQL: the text without blanks around it, null when it says that there is nothing."""
    raw = f"CAST({quote(name)} AS VARCHAR)"
    if sql_type in ("DOUBLE", "FLOAT"):  # pandas holds whole numbers with gaps as floats
        whole = f"isfinite({quote(name)}) AND {quote(name)} = floor({quote(name)}) AND abs({quote(name)}) < 9e15"
        return f"CASE WHEN {whole} THEN CAST(CAST({quote(name)} AS BIGINT) AS VARCHAR) WHEN NOT isnan({quote(name)}) THEN {raw} END"
    text = f"CASE WHEN {_has_blanks(name)} THEN trim({raw}, ' \t\r\n\u00a0') ELSE {raw} END"
    if name in FREE_TEXT:
        return f"nullif({text}, '')"
    words = NULLS if is_text else NULLS + MORE_NULLS
    nulls = ", ".join(literal(word) for word in words)
    longest = max(map(len, words))
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
# %y before %Y, which would take 24 for the year 24
_TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
_DAY_FIRST = {
    order: tuple(day.replace("-", mark) + time for mark in "/.-" for day in days for time in _TIMES)
    for order, days in {"dmy": ("%d-%m-%y", "%d-%m-%Y"), "mdy": ("%m-%d-%y", "%m-%d-%Y")}.items()
}
FIRST_MICROS = -2_208_988_800_000_000  # 1900: what lies before is a filler such as 0001-01-01


def _micros(name, sql_type, date_order):
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
    formats = _DAY_FIRST.get(date_order, ())
    if formats:
        local = f"coalesce({local}, try_strptime({text}, [{', '.join(map(literal, formats))}]))"
    return _plausible(utc), _plausible(f"CASE WHEN NOT {zoned} THEN epoch_us({local}) END")


def _plausible(micros):
    return f"CASE WHEN {micros} >= {FIRST_MICROS} THEN {micros} END"


def type_rows(con, table, types, select, zone, date_order, target):
    """Run a source's select into the table `target`, cast to the contract; what can't be cast is kept.

    Parameters
    ----------
    con : DuckDBPyConnection
    table : Table
    types : dict of column name -> DuckDB type, as the select returns them
    select : str
    zone : str
        IANA zone of times without an offset.
    date_order : "dmy", "mdy" or None
    target : str
        Gets the typed columns, `ours("raw", column)` where there is text to show, `ours("gap", column)` for
        local times that don't exist, `ID`, `_file`, `_row`.

    Returns
    -------
    list of Check, in the order in which they are told
    """
    known = {column.name: column for column in table.columns}
    times = [name for name in types if name in known and known[name].dtype == "time"]
    spoken = [
        name
        for name in types
        if name in known and known[name].dtype != "text" and not _is_native(known[name].dtype, types[name])
    ]
    texts = ["*", *[f"{_cleaned(name, is_text=False)} AS {ours('text', name)}" for name in spoken]]
    parsed = ["*"]
    for name in times:
        utc, local = _micros(name, types[name], date_order)
        parsed += [f"{utc} AS {ours('utc', name)}", f"{local} AS {ours('local', name)}"]
    kept = "MATERIALIZED" if spoken else "NOT MATERIALIZED"  # cleaned texts are used many times over
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE parsed AS WITH given AS {kept} (SELECT {', '.join(texts)}, "
        f"row_number() OVER () AS {ID} FROM ({select})) SELECT {', '.join(parsed)} FROM given"
    )
    spans = _local_spans(con, times)
    columns, checks = [], []
    for name, sql_type in types.items():
        if name in ("_file", "_row"):
            continue
        dtype = known[name].dtype if name in known else ("text" if sql_type == "VARCHAR" else "as is")
        made, wrong = _typed(name, dtype, sql_type, zone, spans.get(name))
        columns += made
        if wrong:
            checks.append(Check(wrong, name, f"{ours('raw', name)} IS NOT NULL", ours("raw", name)))
    file = "_file" if "_file" in types else "NULL::VARCHAR AS _file"
    row = "_row" if "_row" in types else "NULL::BIGINT AS _row"
    con.execute(f"CREATE TABLE {target} AS SELECT {', '.join(columns)}, {ID}, {file}, {row} FROM parsed")
    con.execute("DROP TABLE parsed")
    return checks + _checks(table, types)


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


def _typed(name, dtype, sql_type, zone, span):
    """(select list entries of one column, the rule that an uncastable value breaks or None)."""
    source, raw, text = quote(name), ours("raw", name), ours("text", name)
    is_native = _is_native(dtype, sql_type)
    if dtype == "time":
        return _typed_time(name, f"CAST({source} AS VARCHAR)" if is_native else text, zone, span), "not a time"
    if is_native:
        value = f"CAST({source} AS {_NATIVE[dtype][0]})"
        kept = f"CASE WHEN isfinite({value}) THEN {value} END" if dtype in ("seconds", "number") else value
        return [
            f"{kept} AS {source}",
            f"CASE WHEN ({kept}) IS NULL THEN CAST({source} AS VARCHAR) END AS {raw}",
        ], "not a number"
    if dtype == "text":
        free = name in ("text", "comment")
        value = f"nullif(CAST({source} AS VARCHAR), '')" if free else _cleaned(name, sql_type)
        made = [f"{f'lower({value})' if name in FOLDED else value} AS {source}"]
        if sql_type == "VARCHAR" and not free:
            made.append(f"CASE WHEN {_has_blanks(name)} THEN {source} END AS {raw}")
        return made, None
    number = f"try_cast({text} AS DOUBLE)"
    flags = " ".join(
        f"WHEN lower({text}) IN ({', '.join(map(literal, words))}) THEN {flag}" for flag, words in FLAGS.items()
    )
    casts = {
        "seconds": (f"CASE WHEN isfinite({number}) THEN {number} END", "not a number"),
        "number": (f"CASE WHEN isfinite({number}) THEN {number} END", "not a number"),
        "integer": (
            f"CASE WHEN isfinite({number}) AND {number} = floor({number}) THEN try_cast({number} AS BIGINT) END",
            "not a whole number",
        ),
        "flag": (f"CASE {flags} END", "not true or false"),
        "day": (f"try_cast({text} AS DATE)", "not a date"),
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


def _checks(table, types):
    """The rules of the contract on the typed columns that there are, in the order they are told."""
    checks = []
    for column in table.columns:
        name = quote(column.name)
        if column.name not in types:
            continue
        if column.required:
            checks.append(Check("required value missing", column.name, f"{name} IS NULL", "NULL::VARCHAR"))
        if column.allowed and column.name != "sentiment":
            allowed = ", ".join(literal(value) for value in column.allowed)
            checks.append(Check("unknown category", column.name, f"{name} NOT IN ({allowed})", name))
        if column.dtype == "seconds":
            checks.append(Check("negative duration", column.name, f"{name} < 0", name))
        if column.name.endswith("_count") or column.name == "visits":
            checks.append(Check("negative count", column.name, f"{name} < 0", name))
    for owner, earlier, later in ORDER:
        if owner == table.name and earlier in types and later in types:
            checks.append(Check("order of times", later, f"{quote(later)} < {quote(earlier)}", quote(later)))
    if table.name == "surveys" and "score" in types:
        inside = " OR ".join(
            f"(kind = {literal(kind)} AND score BETWEEN {low} AND {high})" for kind, (low, high) in SCORE_RANGE.items()
        )
        checks.append(Check("score out of range", "score", f"score IS NOT NULL AND NOT ({inside})", "score"))
    return checks


def reject(con, table, checks, typed):
    """Move the rows of `typed` that break a check to the ledger, each once, under its first rule."""
    if not checks:
        return
    rule = " ".join(f"WHEN {check.when} THEN {index}" for index, check in enumerate(checks))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE broken AS SELECT {ID}, CASE {rule} END AS _check FROM {typed} "
        f"WHERE CASE {rule} END IS NOT NULL"
    )
    broken = [row[0] for row in con.execute("SELECT DISTINCT _check FROM broken ORDER BY 1").fetchall()]
    for index in broken:
        check = checks[index]
        _write(con, table, check.rule, "rejected", check.column, check.value, typed,
               f"{ID} IN (SELECT {ID} FROM broken WHERE _check = {index})")  # fmt: skip
    if broken:
        con.execute(f"DELETE FROM {typed} WHERE {ID} IN (SELECT {ID} FROM broken)")


def reject_duplicates(con, table, typed):
    """Keep the first row of each key, in the order of the files."""
    keys = ", ".join(quote(key) for key in table.key)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE broken AS SELECT {ID} FROM (SELECT {ID}, row_number() OVER "
        f"(PARTITION BY {keys} ORDER BY {ID}) AS n FROM {typed} WHERE ({keys}) IN "
        f"(SELECT ({keys}) FROM {typed} GROUP BY {keys} HAVING count(*) > 1)) WHERE n > 1"
    )
    _write(con, table, "duplicate id", "rejected", table.key[0], quote(table.key[0]), typed,
           f"{ID} IN (SELECT {ID} FROM broken)")  # fmt: skip
    con.execute(f"DELETE FROM {typed} WHERE {ID} IN (SELECT {ID} FROM broken)")


def reject_orphans(con, table, typed, columns, clean):
    """Set aside the rows whose parent is not among the tables in `clean`."""
    for child, column, parent, key in PARENTS:
        if child != table.name or column not in columns or parent not in clean:
            continue
        lost = f"{quote(column)} NOT IN (SELECT {quote(key)} FROM {clean[parent]})"
        _write(con, table, "unknown parent", "rejected", column, quote(column), typed, lost)
        con.execute(f"DELETE FROM {typed} WHERE {lost}")


def repair(con, table, types, typed, as_of_us):
    """Mend what can be mended in the rows that are kept, and say so."""
    instant = f"make_timestamptz({as_of_us}::BIGINT)"
    mends = []  # (rule, column, condition, shown value, new value or None when it is mended already)
    for name in types:
        column = next((one for one in table.columns if one.name == name), None)
        dtype = column.dtype if column else "text"
        raw = ours("raw", name)
        if dtype == "time":
            mends.append(("local time does not exist", name, ours("gap", name), quote(name), None))
            if name != table.time:
                mends.append(("not yet happened at as_of", name, f"{quote(name)} > {instant}", quote(name), "NULL"))
        elif dtype == "text" and types[name] == "VARCHAR" and name not in ("text", "comment", "_file", "_row"):
            mends.append(("surrounding blanks", name, f"{raw} IS NOT NULL AND {quote(name)} IS NOT NULL", raw, None))
    for owner, time, columns, only in CONSEQUENCES:
        if owner != table.name or time not in types:
            continue
        condition = f"{quote(time)} > {instant}" + (f" AND outcome = {literal(only)}" if only else "")
        for column in columns:
            if column in types:
                shown = f"CAST({quote(column)} AS VARCHAR)"
                mends.insert(
                    0,
                    (
                        "not yet happened at as_of",
                        column,
                        f"{quote(column)} IS NOT NULL AND {condition}",
                        shown,
                        "NULL",
                    ),
                )
    for owner, earlier, later, mended, new in MENDED_ORDER:
        if owner == table.name and earlier in types and later in types:
            mends.append(("order of times", mended, f"{quote(later)} < {quote(earlier)}", quote(mended), new))
    if table.name == "messages" and "sentiment" in types:
        score = "try_cast(sentiment AS DOUBLE)"
        con.execute(
            f"UPDATE {typed} SET sentiment = CASE WHEN {score} BETWEEN -1 AND -0.05 THEN 'negative' "
            f"WHEN {score} BETWEEN 0.05 AND 1 THEN 'positive' WHEN {score} BETWEEN -0.05 AND 0.05 THEN 'neutral' "
            f"ELSE lower(sentiment) END WHERE sentiment IS NOT NULL"
        )
        mends.append(
            (
                "unknown sentiment",
                "sentiment",
                "sentiment NOT IN ('positive', 'neutral', 'negative')",
                "sentiment",
                "NULL",
            )
        )
    if not mends:
        return
    counts = con.execute(
        f"SELECT {', '.join(f'count(*) FILTER ({mend[2]})' for mend in mends)} FROM {typed}"
    ).fetchone()
    for (rule, name, condition, value, new), count in zip(mends, counts, strict=True):
        if count:
            _write(con, table, rule, "repaired", name, value, typed, condition)
            if new:
                con.execute(f"UPDATE {typed} SET {quote(name)} = {new} WHERE {condition}")


def _write(con, table, rule, action, column, value, typed, condition):
    key = " || ' / ' || ".join(f"coalesce(CAST({quote(name)} AS VARCHAR), '')" for name in table.key)
    con.execute(
        f"INSERT INTO ledger SELECT ?, {key}, ?, ?, ?, left(CAST({value} AS VARCHAR), 200), _file, _row, ? "
        f"FROM {typed} WHERE {condition} ORDER BY {ID}",
        [table.name, rule, action, column, REASONS[rule]],
    )


def create_ledger(con):
    """An empty ledger."""
    con.execute(
        'CREATE TABLE ledger("table" VARCHAR, "key" VARCHAR, rule VARCHAR, action VARCHAR, "column" VARCHAR, '
        'value VARCHAR, file VARCHAR, "row" BIGINT, reason VARCHAR)'
    )


def ledger_bad_lines(con):
    """The lines that the CSV reader couldn't parse, or had to mend; `row` is the line of the file."""
    reasons = " ".join(
        f"WHEN {literal(rule)} THEN {literal(REASONS[rule])}"
        for rule in ("unreadable line", "short line", "unusable line")
    )
    con.execute(
        "INSERT INTO ledger SELECT \"table\", '', rule, action, '', left(value, 200), file, line, "
        f"CASE rule {reasons} END || ' (' || reason || ')' FROM bad_lines ORDER BY file, line"
    )
