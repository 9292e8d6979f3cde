"""Rules that a row must meet, and the ledger of those that don't.

Each rule is data: which table, what is wrong in SQL, what happens. A row that breaks a rule is set
aside (`rejected`) or mended (`repaired`: one value emptied or trimmed, the row kept); either way the
ledger names its table, key, rule, value, file and row. Rows in = rows used + rows rejected.

The ledger's columns: table, key, rule, action, column, value, file, row, reason. `row` is the line of the file
on which the record begins (the header is line 1); in Parquet and DuckDB files, which have no lines, the row.
"""

import re
from dataclasses import dataclass

from toolkit.load.sql import BLANKS, ID, escaped, literal, ours, quote
from toolkit.service import LONGEST
from toolkit.tables import SCORE_RANGE

# What a person is told of each rule.
REASONS = {
    "unreadable line": "the line can't be parsed as a record of the file",
    "short line": "the line has fewer fields than the file's first line",
    "unusable line": "the source can't use it",
    "set aside on purpose": "set aside by the source",
    "left out by the source": "the source's selects return no row for it",
    "not a time": "the value is not a time from 1900 on, in no form that is known",
    "not a number": "the value is not a number",
    "not a whole number": "the value is not a whole number",
    "not true or false": "the value is neither true nor false",
    "not a date": "the value is not a date",
    "required value missing": "the table can't do without this value",
    "unknown category": "the value is none of those that the contract allows",
    "order of times": "the time lies before the one that it must follow",
    "order of stages": "a stage ends before it begins: the times that can't both be true were emptied",
    "negative duration": "a duration can't be negative",
    "endless duration": "a duration can't be longer than ten years",
    "negative count": "a count can't be negative",
    "score out of range": "csat goes from 1 to 5 (csat_scale in service.toml says otherwise), nps from 0 to 10",
    "after as_of": "the time lies after the data was read: a clock runs ahead, or as_of is too early",
    "not yet happened at as_of": "the time lies after as_of: taken as not having happened yet",
    "duplicate id": "the key was seen before; the first row is used",
    "older copy": "the key comes again, changed later or in a later file; that row is used",
    "unknown parent": "the conversation or call that it belongs to isn't there, or was set aside",
    "surrounding blanks": "blanks or control characters around the value were cut",
    "nothing but blanks": "the value holds nothing but blanks or control characters; taken as empty",
    "local time does not exist": "the clocks were put forward over it; moved on by the hour that was skipped",
    "unknown sentiment": "neither a label nor a score from -1 to 1; emptied, so that the engine scores the text",
}

# What is set aside though nothing is wrong with it: it is told apart from what is.
ON_PURPOSE = ("set aside on purpose", "older copy")
GIVEN = (
    "unreadable line",
    "short line",
    "unusable line",
    "set aside on purpose",
    "left out by the source",
)  # bad_lines

# (table, earlier, later): a row in which `later` lies before `earlier` is set aside.
ORDER = (
    ("conversations", "created_at", "first_response_at"),
    ("conversations", "created_at", "closed_at"),
    ("conversations", "bot_started_at", "handed_off_at"),
    ("conversations", "created_at", "first_closed_at"),
    ("conversations", "created_at", "solved_at"),
    ("conversations", "created_at", "reopened_at"),
    ("conversations", "reopened_at", "response_after_reopening_at"),
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
# (table, earlier, later, times that are emptied): a conversation whose stages are out of order counts for all that doesn't
# need them. Which of two assignments is wrong can't be told; creation, answer and close are kept.
STAGE_ORDER = (
    ("conversations", "created_at", "indexed_at", ("indexed_at",)),
    ("conversations", "created_at", "team_assigned_at", ("team_assigned_at",)),
    ("conversations", "created_at", "agent_assigned_at", ("agent_assigned_at",)),
    ("conversations", "team_assigned_at", "agent_assigned_at", ("agent_assigned_at", "team_assigned_at")),
    ("conversations", "indexed_at", "closed_at", ("indexed_at",)),
    ("conversations", "agent_assigned_at", "closed_at", ("agent_assigned_at",)),
)
# (table, time, columns, outcome or None): what an event that lies after as_of has brought about is emptied with it.
# An agent or team was another one, or none, before it was assigned.
CONSEQUENCES = (
    ("conversations", "team_assigned_at", ("team",), None),
    ("conversations", "agent_assigned_at", ("agent",), None),
    ("conversations", "closed_at", ("status",), None),
    ("conversations", "solved_at", ("status",), None),
    ("surveys", "answered_at", ("score", "comment"), None),
    ("calls", "ended_at", ("talk_seconds", "hold_seconds", "wrap_up_seconds", "transferred_to"), None),
    ("calls", "answered_at", ("team", "agent", "queue_seconds"), None),
    ("calls", "abandoned_at", ("queue_seconds",), None),
    ("calls", "answered_at", ("outcome",), "answered"),
    ("calls", "abandoned_at", ("outcome",), "abandoned"),
    ("calls", "ended_at", ("outcome",), "contained"),
    ("call_stages", "left_at", ("is_abandoned",), None),
)
# (table, time, column, value): what a count is while an event lies after as_of; what was never closed was never opened again.
NOT_YET = (("conversations", "first_closed_at", "reopen_count", 0),)
# (table, column, parent, parent's column): the parent must be there if its table is.
PARENTS = (
    ("messages", "conversation_id", "conversations", "conversation_id"),
    ("call_stages", "call_id", "calls", "call_id"),
    ("status_changes", "conversation_id", "conversations", "conversation_id"),
)


@dataclass(frozen=True)
class Check:
    """One condition on a typed row: broken where `when` is true; `value` is shown in the ledger.

    `reason` is told in place of the rule's where it says more.
    """

    rule: str
    column: str
    when: str
    value: str
    reason: str = ""


# Columns of which a value that isn't allowed is emptied, and the row kept: little depends on them. And other words for
# the values that are allowed.
EMPTIED = ("direction", "bot_outcome")
SAID_OTHERWISE = {"in": "inbound", "incoming": "inbound", "out": "outbound", "outgoing": "outbound"}


def rules_of(table, types, csat_scale=None):
    """The rules of the contract on the typed columns that there are, in the order they are told."""
    checks = []
    for column in table.columns:
        name = quote(column.name)
        if column.name not in types:
            continue
        if column.required:
            checks.append(Check("required value missing", column.name, f"{name} IS NULL", "NULL::VARCHAR"))
        if column.allowed and column.name not in ("sentiment", *EMPTIED):
            allowed = ", ".join(literal(value) for value in column.allowed)
            checks.append(Check("unknown category", column.name, f"{name} NOT IN ({allowed})", name))
        if column.dtype == "seconds":
            checks.append(Check("negative duration", column.name, f"{name} < 0", name))
            checks.append(Check("endless duration", column.name, f"{name} > {LONGEST}", name))
        if column.name.endswith("_count") or column.name == "visits":
            checks.append(Check("negative count", column.name, f"{name} < 0", name))
    for owner, earlier, later in ORDER:
        if owner == table.name and earlier in types and later in types:
            checks.append(Check("order of times", later, f"{quote(later)} < {quote(earlier)}", quote(later)))
    if table.name == "surveys" and "score" in types:
        scales = SCORE_RANGE | ({"csat": csat_scale} if csat_scale else {})
        inside = " OR ".join(
            f"(kind = {literal(kind)} AND score BETWEEN {_or('scale_min', low, types)} AND {_or('scale_max', high, types)})"
            for kind, (low, high) in scales.items()
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
               f"{ID} IN (SELECT {ID} FROM broken WHERE _check = {index})", check.reason)  # fmt: skip
    if broken:
        con.execute(f"DELETE FROM {typed} WHERE {ID} IN (SELECT {ID} FROM broken)")


def _or(column, otherwise, types):
    """SQL: what a row says of itself, else what holds for all."""
    return f"coalesce({column}, {otherwise})" if column in types else str(otherwise)


def number_files(con, files):
    """Remember the order of the files: by their names, in which numbers count as such (9 before 10)."""
    con.execute("CREATE OR REPLACE TEMP TABLE file_places(file VARCHAR, place INTEGER)")
    ordered = sorted(
        map(str, files),
        key=lambda name: [
            (part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", name) if part
        ],
    )
    if ordered:
        con.executemany("INSERT INTO file_places VALUES (?, ?)", [[name, place] for place, name in enumerate(ordered)])


def reject_duplicates(con, table, typed, types):
    """Keep one row of each key: the newest version where there are any, else the one in the last file, else the first."""
    keys = ", ".join(quote(key) for key in table.key)
    version = next((name for name in ("_version", "updated_at") if name in types), None)
    newest = "".join(f"{one} DESC NULLS LAST, " for one in _comparable(version, types)) if version else ""
    place = "(SELECT place FROM file_places WHERE file = _file)"
    order = f"{newest}{place} DESC NULLS LAST, {ID} {'DESC' if version == '_version' else ''}"
    copies = f"({keys}) IN (SELECT ({keys}) FROM {typed} GROUP BY {keys} HAVING count(*) > 1)"
    told = f"coalesce(_file, ''), {quote(version) if version else 'NULL'}"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE broken AS SELECT {ID}, is_older FROM (SELECT {ID}, row_number() OVER place AS n, "
        f"({told}) IS DISTINCT FROM first_value(({told})) OVER place AS is_older FROM {typed} WHERE {copies} "
        f"WINDOW place AS (PARTITION BY {keys} ORDER BY {order})) WHERE n > 1"
    )
    for rule, which in (("duplicate id", "NOT is_older"), ("older copy", "is_older")):
        _write(con, table, rule, "rejected", table.key[0], quote(table.key[0]), typed,
               f"{ID} IN (SELECT {ID} FROM broken WHERE {which})")  # fmt: skip
    con.execute(f"DELETE FROM {typed} WHERE {ID} IN (SELECT {ID} FROM broken)")


def _comparable(version, types):
    """SQL: what tells which of two versions is the newer: of a text the instant, or the number, that it says, then itself."""
    column = quote(version)
    if types[version] != "VARCHAR" or version != "_version":
        return [column]
    instant = f"epoch_us(try_cast({column} AS TIMESTAMPTZ))::DOUBLE"
    return [f"coalesce({instant}, try_cast({column} AS DOUBLE))", column]


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
        elif (
            dtype == "text"
            and types[name] == "VARCHAR"
            and name not in ("text", "comment", "_file", "_row", "_version")
        ):
            cut = f"{raw} IS NOT NULL AND {quote(name)} IS NOT NULL"
            mends.append(("surrounding blanks", name, cut, escaped(raw), None))
            nothing = f"{quote(name)} IS NULL AND {raw} <> '' AND trim({raw}, {literal(BLANKS)}) = ''"
            mends.append(("nothing but blanks", name, nothing, escaped(raw), None))
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
    for owner, time, column, new in NOT_YET:
        if owner == table.name and {time, column} <= set(types):
            condition = f"{quote(column)} <> {new} AND {quote(time)} > {instant}"
            shown = f"CAST({quote(column)} AS VARCHAR)"
            mends.insert(0, ("not yet happened at as_of", column, condition, shown, str(new)))
    for name in EMPTIED:
        if name in types and name in table.names:
            _say_as_allowed(con, table, name, typed)
            allowed = ", ".join(literal(value) for value in table.column(name).allowed)
            mends.append(("unknown category", name, f"{quote(name)} NOT IN ({allowed})", quote(name), "NULL"))
    if table.name == "conversations" and {"first_closed_at", "reopened_at", "reopen_count"} <= set(types):
        # the last of its reopenings lies later, so that there was one less at least
        once = f"reopened_at > {instant} AND reopen_count > 0 AND first_closed_at IS NOT NULL"
        mends.insert(
            0, ("not yet happened at as_of", "reopen_count", once, "CAST(reopen_count AS VARCHAR)", "reopen_count - 1")
        )
    for owner, earlier, later, mended, new in MENDED_ORDER:
        if owner == table.name and earlier in types and later in types:
            mends.append(("order of times", mended, f"{quote(later)} < {quote(earlier)}", quote(mended), new))
    for owner, earlier, later, (mended, *also) in STAGE_ORDER:
        if owner == table.name and earlier in types and later in types:
            new = "NULL" + "".join(f", {quote(other)} = NULL" for other in also)
            broken = f"{quote(later)} < {quote(earlier)}"
            mends.append(("order of stages", mended, broken, quote(mended), new))
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


def _say_as_allowed(con, table, name, typed):
    """Other words for what is allowed, as the contract says them."""
    allowed = table.column(name).allowed
    for word, meant in SAID_OTHERWISE.items():
        meant = allowed[-1] if meant == "outbound" and meant not in allowed else meant
        if name == "direction":
            con.execute(f"UPDATE {typed} SET {quote(name)} = {literal(meant)} WHERE {quote(name)} = {literal(word)}")


def _write(con, table, rule, action, column, value, typed, condition, reason=""):
    key = " || ' / ' || ".join(f"coalesce(CAST({quote(name)} AS VARCHAR), '')" for name in table.key)
    con.execute(
        f"INSERT INTO ledger SELECT ?, {key}, ?, ?, ?, left(CAST({value} AS VARCHAR), 200), _file, _row, ? "
        f"FROM {typed} WHERE {condition} ORDER BY {ID}",
        [table.name, rule, action, column, reason or REASONS[rule]],
    )


def shown_rules(ledger):
    """The rule of each entry as people are told of it: of what a source sets aside, why.

    Parameters
    ----------
    ledger : DataFrame

    Returns
    -------
    Series of str
    """
    inner = ledger["reason"].str.extract(r"\((.*)\)$", expand=False)
    told = ledger["rule"].where(ledger["rule"] != "unusable line", "unusable: " + inner.fillna(""))
    return told.where(ledger["rule"] != "set aside on purpose", "set aside: " + inner.fillna(""))


def told_apart(counts):
    """(rows read, set aside for something that is wrong with them, set aside on purpose); without tables made from others.

    Parameters
    ----------
    counts : DataFrame, as `Data.counts`

    Examples
    --------
    >>> import pandas as pd
    >>> told_apart(pd.DataFrame({"table": ["calls"], "rows_in": [200], "rejected": [36], "on_purpose": [35]}))
    (200, 1, 35)
    """
    if "derived" in counts.columns:
        counts = counts[~counts["derived"].astype(bool)]
    read, out = (int(counts[name].sum()) for name in ("rows_in", "rejected"))
    meant = int(counts["on_purpose"].sum()) if "on_purpose" in counts.columns else 0
    return read, out - meant, meant


def create_ledger(con):
    """An empty ledger."""
    con.execute(
        'CREATE TABLE ledger("table" VARCHAR, "key" VARCHAR, rule VARCHAR, action VARCHAR, "column" VARCHAR, '
        'value VARCHAR, file VARCHAR, "row" BIGINT, reason VARCHAR)'
    )


def ledger_bad_lines(con):
    """The lines that the CSV reader couldn't parse, or had to mend, and those that no select returns."""
    reasons = " ".join(f"WHEN {literal(rule)} THEN {literal(REASONS[rule])}" for rule in GIVEN)
    con.execute(
        "INSERT INTO ledger SELECT \"table\", '', rule, action, '', left(value, 200), file, line, "
        f"CASE rule {reasons} END || ' (' || reason || ')' FROM bad_lines ORDER BY file, line"
    )
