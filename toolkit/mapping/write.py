"""The source folder that a map is: source.toml, one select a table, what is set aside, the answers."""

import datetime
import re
from dataclasses import replace

from toolkit.load.sql import literal, quote
from toolkit.mapping.answers import toml, write_answers
from toolkit.mapping.expressions import (
    column_sql,
    duration_sql,
    is_sent_only,
    is_true,
    rows_sql,
    score_sql,
    status_words,
    time_sql,
)
from toolkit.mapping.files import below, file_settings
from toolkit.mapping.guess import OTHER
from toolkit.mapping.plan import is_closed, own_domain
from toolkit.mapping.profile import MISSING
from toolkit.tables import KINDS, TABLES
from toolkit.vocabulary import senses

CSAT, NPS = KINDS

_NOTHING = ", ".join(literal(word) for word in sorted(MISSING - {r"\n"}))


def source_files(plan, name):
    """{name of a file: its text} of the source folder.

    Parameters
    ----------
    plan : Plan
    name : str
        Of the source.
    """
    order = plan.order
    selects, unused, views = {}, [], {}
    for part in plan.used:
        if part.guess.missing:
            continue
        selects.setdefault(part.table, []).extend(_selects(part, order))
        if "+score" in part.guess.picks:
            selects.setdefault("surveys", []).append(_survey_select(part, order))
        aside = _set_aside(part)
        if aside:
            key = column_sql(part, TABLES[part.table].key[0], order)
            unused += [
                f'-- {_plain(part.name)}: {reason}\nSELECT {literal(part.table)} AS "table", {key} AS value, {literal(reason)} AS reason, _file, _row\n'
                f"FROM {rows_sql(part)}\nWHERE {condition}"
                for reason, condition in _each_once(aside)
            ]
        if _needs_threads(part):
            views[f"{part.name}_threads"] = _threads(part)
    files = {"source.toml": _settings(plan, name, list(views))}
    for table, parts in selects.items():
        head = f"-- {table}: a row is one {TABLES[table].row}. Written by toolkit map; change what it got wrong.\n"
        files[f"{table}.sql"] = head + "\nUNION ALL BY NAME\n".join(parts) + ";\n"
    if unused:
        files["unused.sql"] = (
            "-- Rows that are set aside, and told in the ledger.\n" + "\nUNION ALL\n".join(unused) + ";\n"
        )
    files |= {f"{view}.view.sql": text for view, text in views.items()}
    files["answers.toml"] = write_answers(plan.answers)
    return files


def _name(part):
    return quote(part.name)


def _plain(text):
    """A text that can stand in a comment: one line, nothing that isn't printable."""
    return "".join(one if one.isprintable() else " " for one in str(text))[:120]


def _selects(part, order):
    """One select; of a form that asks for two scores one a score, whose keys say which it is."""
    picks = dict(part.guess.picks)
    other = picks.pop(OTHER, None)
    if other is None:
        return [_select(part, order)]
    first = replace(part, guess=replace(part.guess, picks=picks))
    kind = kind_of_scores(first)
    second = replace(
        part,
        guess=replace(part.guess, picks=picks | {"score": replace(other, column="score")}),
        answers=part.answers.model_copy(update={"kind": CSAT if kind == NPS else NPS}),
    )
    return [_select(one, order, f"-{kind_of_scores(one)}") for one in (first, second)]


def _select(part, order, suffix=""):
    picks, table = part.guess.picks, TABLES[part.table]
    lines = []

    def add(sql, column, why):
        sql = f"{sql} || {literal(suffix)}" if suffix and column == table.key[0] else sql
        lines.append((sql if sql == quote(column) else f"{sql} AS {column}", why))

    for column in table.names:
        if column in picks:
            add(
                column_sql(part, column, order),
                column,
                f"{_plain(', '.join(picks[column].headers))}: {picks[column].why}",
            )
        elif column in made_columns(part):
            sql, why = _computed(part, column, order)
            add(sql, column, why)
    version = _version(part, order)
    if version:
        lines.append((f"{version} AS _version", "of rows that come again the newest is used"))
    names = {name.lower() for name in table.names} | {"_file", "_row", "_version"}
    for header in part.kept + _kept_too(part):
        lines.append((_kept(header, names), "kept as it is"))
    lines += [("_file", ""), ("_row", "")]
    aside = _set_aside(part)
    where = (
        "\nWHERE NOT (" + " OR ".join(f"coalesce({condition}, false)" for _, condition in aside) + ")" if aside else ""
    )
    view = quote(f"{part.name}_threads")
    joined = (
        f" LEFT JOIN raw.{view} AS threads ON threads.message = {quote(part.guess.picks['message_id'].header)}"
        if _needs_threads(part)
        else ""
    )
    return f"SELECT\n{_listed(lines)}\nFROM {rows_sql(part)}{joined}{where}"


def _listed(lines):
    last = len(lines) - 1
    return "\n".join(
        f"    {sql}{',' if index < last else ''}" + (f"  -- {_plain(why)}" if why else "")
        for index, (sql, why) in enumerate(lines)
    )


def _kept(header, names):
    """A column under its own name, or another where the contract has one of that name for something else."""
    to, n = header, 1
    while to.strip().lower().replace(" ", "_") in names:
        n += 1
        to = f"{header} (file)" if n == 2 else f"{header} (file {n})"
    names.add(to.strip().lower().replace(" ", "_"))
    return quote(header) if to == header else f"{quote(header)} AS {quote(to)}"


def _kept_too(part):
    """Columns that fill the contract with other words than their own, and are kept beside it."""
    return (
        [part.guess.picks["status"].header]
        if part.table == "conversations" and "status" in part.guess.picks and status_words(part)
        else []
    )


def made_columns(part):
    """The columns of the contract that no column of the file fills as it is, and that are made: a list of names."""
    picks, table = part.guess.picks, part.table
    made = [column for column in (TABLES[table].key[:1] if len(TABLES[table].key) == 1 else ()) if column not in picks]
    if table == "conversations":
        made += ["channel"] if "channel" not in picks else []
        made += ["first_response_at"] if "+answered_after" in picks and "first_response_at" not in picks else []
        closes = "+solved_after" in picks or (part.answers.closed_by_update and {"updated_at", "status"} <= set(picks))
        made += ["closed_at"] if closes and "closed_at" not in picks else []
    if table == "messages":
        made += ["conversation_id"] if "conversation_id" not in picks else []
        made += ["sender"] if part.sample.format == "mbox" and "sender" not in picks else []
        made += [column for column in ("agent", "customer_id") if "+author" in picks and column not in picks]
    if table == "surveys":
        made += [column for column in ("kind", "scale_min", "scale_max") if column not in picks]
        made += ["sent_at"] if "sent_at" not in picks and "answered_at" in picks else []
    return made


def _computed(part, column, order):
    """(SQL, why) of a column that is made of others."""
    picks = part.guess.picks
    if column in ("closed_at", "first_response_at") and part.table == "conversations":
        source = "+solved_after" if column == "closed_at" else "+answered_after"
        if source in picks:
            sql = f"{time_sql(part, 'created_at', order)} + to_seconds({duration_sql(part, source)})"
            return sql, f"when it was created, and {picks[source].header} later"
        closed = ", ".join(literal(word) for word in sorted(is_closed(part)))
        status = quote(picks["status"].header)
        return (
            f"CASE WHEN lower(trim({status})) IN ({closed or 'NULL'}) THEN {column_sql(part, 'updated_at', order)} END",
            "the last change of what is closed",
        )
    if column == "conversation_id" and part.table == "messages":
        return "threads.root", "the thread, by its reply links"
    if column == "sender":
        domain = own_domain(part)
        return (
            f"CASE WHEN regexp_matches(lower(\"from\"), {literal('@([^@> ]*[.])?' + re.escape(domain) + '>?[ ]*$')}) THEN 'agent' ELSE 'customer' END",
            f"who writes from {_plain(domain)} is an agent",
        )
    if column in ("agent", "customer_id"):
        made = _computed(part, "sender", order)[0] if "sender" in made_columns(part) else "NULL"
        sender = column_sql(part, "sender", order) if "sender" in picks else made
        wanted = "agent" if column == "agent" else "customer"
        author = quote(picks["+author"].header)
        if part.sample.format == "mbox" and column == "customer_id":  # names change, addresses don't
            author = f"coalesce(nullif(regexp_extract(lower({author}), '[^<>\\s\"]+@[^<>\\s\"]+'), ''), {author})"
        return (
            f"CASE WHEN lower({sender}) = '{wanted}' THEN {author} END",
            f"{picks['+author'].header}, where the {wanted} wrote",
        )
    if column == "sent_at":
        return column_sql(
            part, "answered_at", order
        ), f"{picks['answered_at'].header}: no column says when it was asked"
    if column == "kind":
        return literal(kind_of_scores(part)), "what its scores are of"
    if column in ("scale_min", "scale_max"):
        scale = part.profile_of("score").scale if part.profile_of("score") else None
        if kind_of_scores(part) == NPS or not scale:
            return "NULL", "as its kind has it"
        return str(scale[column == "scale_max"]), "of its scale"
    return column_sql(
        part, column, order
    ), "no column says it" if column == "channel" else "the number of the row: no column is a key"


def kind_of_scores(part):
    """What scores are of: as was said, else by the name of their column."""
    if part.answers.kind:
        return part.answers.kind
    profile = part.profile_of("score") or part.profile_of("+score")
    said = set().union(*senses(profile.name), set()) if profile is not None else set()
    return CSAT if NPS not in said else NPS


def _version(part, order):
    """SQL of when a row was last changed, as a time; "" where that isn't known."""
    return (
        time_sql(part, "updated_at", order)
        if part.table == "conversations" and "updated_at" in part.guess.picks
        else ""
    )


def _set_aside(part):
    """[(reason, SQL condition)] of the rows that are no part of anything that counts."""
    picks, found = part.guess.picks, []
    if part.table == "conversations" and "status" in picks:
        status = f"lower(trim({quote(picks['status'].header)}))"
        for reason, words in (
            ("its status says that it was deleted, is spam or a test", part.answers.deleted),
            ("its status says that it was merged into another", part.answers.merged),
        ):
            if words:
                found.append((reason, f"{status} IN ({', '.join(literal(word.strip().lower()) for word in words)})"))
    if "+deleted" in picks:
        found.append(
            (f"{_plain(picks['+deleted'].header)} says that it was deleted", is_true(quote(picks["+deleted"].header)))
        )
    merged = part.profile_of("merged_into")
    if merged is not None and merged.kind != "empty":
        raw = quote(merged.name)
        found.append(
            ("merged into another", f"{raw} IS NOT NULL AND NOT regexp_matches(trim({raw}), '^(0*A*|-|null|\\[\\])$')")
        )
    return found


def _each_once(aside):
    """The same conditions, so that no row meets two."""
    before = []
    for reason, condition in aside:
        yield reason, " AND ".join([f"({condition})", *(f"NOT coalesce({other}, false)" for other in before)])
        before.append(condition)


def _survey_select(part, order):
    """The select of the scores that stand beside the conversations or calls they are about."""
    picks = part.guess.picks
    profile = part.guess.profiles[picks["+score"].header]
    raw = quote(profile.name)
    key = column_sql(part, TABLES[part.table].key[0], order)
    kind = kind_of_scores(part)
    begun = column_sql(part, TABLES[part.table].time, order)
    ended = "closed_at" if part.table == "conversations" else "ended_at"
    times = [column_sql(part, column, order) for column in ("+score_at", ended) if column in picks]
    times += [f"CAST({_computed(part, ended, order)[0]} AS VARCHAR)"] if ended in made_columns(part) else []
    given = [f"CASE WHEN lower(trim({one})) NOT IN ({_NOTHING}) THEN {one} END" for one in times]
    sent = f"coalesce({', '.join([*given, begun])})" if times else begun
    sent_only = is_sent_only(profile)
    answered = (
        f"CASE WHEN lower(trim({raw})) NOT IN ({', '.join(map(literal, sent_only))}) THEN {sent} END"
        if sent_only
        else sent
    )
    scale = profile.scale if kind == CSAT and profile.scale else None
    lines = [
        (f"{key} AS survey_id", "one a row"),
        (f"{literal(kind)} AS kind", ""),
        (f"{sent} AS sent_at", "no column says when it was asked" if "+score_at" not in picks else ""),
        (f"{answered} AS answered_at", ""),
        (f"{score_sql(raw, profile)} AS score", picks["+score"].why),
        *([(f"{scale[0]} AS scale_min", ""), (f"{scale[1]} AS scale_max", "")] if scale else []),
        *([(f"{key} AS conversation_id", "")] if part.table == "conversations" else []),
        *([(f"{quote(picks['+score_comment'].header)} AS comment", "")] if "+score_comment" in picks else []),
        *(
            (f"{column_sql(part, column, order)} AS {column}", "")
            for column in ("customer_id", "agent", "channel", "topic")
            if column in picks
        ),
        ("_file", ""),
        ("_row", ""),
    ]
    aside = "".join(f" AND NOT coalesce({condition}, false)" for _, condition in _set_aside(part))
    return f"SELECT\n{_listed(lines)}\nFROM {rows_sql(part)}\nWHERE lower(trim({raw})) NOT IN ({_NOTHING}){aside}"


def _needs_threads(part):
    return part.table == "messages" and "conversation_id" not in part.guess.picks


def _threads(part):
    """The view that follows reply links up to the message that answers nothing."""
    message, parent = quote(part.guess.picks["message_id"].header), quote(part.guess.picks["in_reply_to"].header)
    if part.sample.format == "mbox":  # the first that a mail refers to began the thread
        parent = f"coalesce(nullif(regexp_extract(\"references\", '^\\s*(\\S+)', 1), ''), {parent})"
    return (
        "-- The thread of each message: its reply links, followed up to one that answers nothing.\n"
        "WITH RECURSIVE links AS (\n"
        f"    SELECT {message} AS message, arg_min(regexp_replace(trim({parent}), '\\.0$', ''), _row) AS parent\n"
        f"    FROM {rows_sql(part)} GROUP BY ALL\n"
        "),\nups AS (\n    SELECT message, message AS reached, 0 AS step FROM links\n    UNION ALL\n"
        "    SELECT ups.message, links.parent, ups.step + 1 FROM ups JOIN links ON links.message = ups.reached\n"
        "    WHERE links.parent <> '' AND ups.step < 5000  -- a circle of links would never end\n)\n"
        "SELECT message, arg_max(reached, step) AS root FROM ups GROUP BY message;\n"
    )


def notes_of(part):
    """What a reader of the figures should know of how they were mapped."""
    picks, said = part.guess.picks, []
    if part.table == "conversations" and "channel" not in picks:
        said.append(
            f"No column of {_plain(part.name)} says the channel: every conversation is given as {column_sql(part, 'channel', None)[1:-1]!r}."
        )
    if part.table == "surveys" and "sent_at" not in picks:
        said.append(
            f"{_plain(part.name)} holds answers alone: who was asked and didn't answer isn't told, so a share of answers would say nothing."
        )
    if "+score" in picks:
        said.append(
            "Scores stand beside their conversations: who was asked and didn't answer isn't told, so a share of answers would say nothing."
        )
    if "+solved_after" in picks and "closed_at" not in picks:
        said.append(
            f"No column says when a conversation was closed: it is when it was created, and {_plain(picks['+solved_after'].header)} later."
        )
    if part.answers.closed_by_update and "closed_at" not in picks:
        said.append(
            "No column says when a conversation was closed: the last change of a closed one is taken for it, which may be later."
        )
    return said


def _lacks(part):
    have = set(part.guess.picks) | set(made_columns(part))
    words = {
        "first_response_at": "when it was first answered: reply times are left out",
        "closed_at": "when it was closed: resolution times are left out",
    }
    return [said for column, said in words.items() if column not in have] if part.table == "conversations" else []


def _settings(plan, name, views):
    used = [part for part in plan.used if not part.guess.missing]
    named = sorted({below(file, plan.root) for part in used for file in part.files})
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    lines = [
        f"# Written by toolkit map on {today}. Change what it got wrong; docs/sources/your-own.md describes every key.",
        f"title = {toml(name)}",
        f"reads = {toml(', '.join(named[:5]) + (' and others like them' if len(named) > 5 else ''))}",
    ]
    if plan.answers.time_zone:
        lines.append(f"time_zone = {toml(plan.answers.time_zone)}  # of times without an offset")
    if any(part.sample.format == "mbox" for part in used):
        lines.append('channel = "email"  # of the conversations that its mail is')
    if plan.order:
        shown = "3 April" if plan.order == "dmy" else "March 4"
        lines.append(f"date_order = {toml(plan.order)}  # 03/04/2024 is {shown}")
    for key, told in (
        ("notes", [one for part in used for one in notes_of(part)]),
        ("lacks", [one for part in used for one in _lacks(part)]),
    ):
        if told:
            lines.append(f"{key} = {toml(list(dict.fromkeys(told)))}")
    if views:
        lines.append(f"views = {toml(views)}")
    for part in used:
        lines += ["", f"[files.{toml(part.name)}]", *file_settings(part, plan.root)]
    return "\n".join(lines) + "\n"
