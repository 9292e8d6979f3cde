"""What changes of status, team and agent tell of a conversation, and when a conversation counts as closed."""

from toolkit.load.sql import literal
from toolkit.tables import CLOSED_STATUSES

# Status words of a conversation that waits for its customer, or for somebody outside; not those that wait for the service.
WAITING = r"^(pending|on[ _-]?hold|hold|snoozed|a?waiting|wait)\b"
FOR_THE_SERVICE = r"\b(support|agent|agents|team|staff|engineer|us|technician|triage|assignment)\b"
# What is made of the changes, where conversations have it not: column and its SQL type.
MADE = {
    "first_closed_at": "TIMESTAMPTZ",
    "closed_at": "TIMESTAMPTZ",
    "reopened_at": "TIMESTAMPTZ",
    "reopen_count": "BIGINT",
    "waiting_seconds": "DOUBLE",
    "team_assigned_at": "TIMESTAMPTZ",
    "agent_assigned_at": "TIMESTAMPTZ",
}


def use_changes(con, have, notes):
    """Fill what the conversations lack from `status_changes`; a value that a conversation has stays.

    Parameters
    ----------
    con : DuckDBPyConnection
    have : columns of main.conversations
    notes : list, to which a note is added
    """
    for column, kind in MADE.items():
        if column not in have:
            con.execute(f"ALTER TABLE main.conversations ADD COLUMN {column} {kind}")
    columns = {row[0] for row in con.execute("DESCRIBE main.status_changes").fetchall()}
    names = "lower(coalesce(to_value, '')) IN (" + ", ".join(map(literal, CLOSED_STATUSES)) + ")"
    closing = f"coalesce(is_closing, {names})" if "is_closing" in columns else names
    word = "lower(coalesce(to_value, ''))"
    waiting = f"(regexp_matches({word}, {literal(WAITING)}) AND NOT regexp_matches({word}, {literal(FOR_THE_SERVICE)}))"
    if "is_waiting" in columns:
        waiting = f"coalesce(is_waiting, {waiting})"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE told_by_changes AS WITH steps AS (SELECT conversation_id, changed_at AS moment, rowid AS place, "
        f"{closing} AS is_closed, {waiting} AS is_waiting, lead(changed_at) OVER changes AS until_, "
        # of two changes at one instant the last in the file is taken for the later
        f"coalesce(lag({closing}) OVER changes, false) AS was_closed FROM main.status_changes WHERE field = 'status' "
        "WINDOW changes AS (PARTITION BY conversation_id ORDER BY changed_at, rowid)), "
        "ends AS (SELECT conversation_id, min(moment) FILTER (is_closed) AS first_closed_at, "
        "max(moment) FILTER (is_closed AND NOT was_closed) AS last_closed_at, arg_max(is_closed, (moment, place)) AS is_closed_now, "
        "max(moment) FILTER (was_closed AND NOT is_closed) AS reopened_at, "
        "count(*) FILTER (was_closed AND NOT is_closed) AS reopen_count FROM steps GROUP BY conversation_id), "
        "paused AS (SELECT conversation_id, sum(epoch(until_) - epoch(moment)) AS waiting_seconds FROM steps JOIN ends "
        "USING (conversation_id) WHERE is_waiting AND until_ IS NOT NULL AND (first_closed_at IS NULL OR until_ <= first_closed_at) "
        "GROUP BY conversation_id), "
        "given AS (SELECT conversation_id, max(changed_at) FILTER (field = 'team' AND to_value IS NOT NULL) AS team_assigned_at, "
        "max(changed_at) FILTER (field = 'agent' AND to_value IS NOT NULL) AS agent_assigned_at "
        "FROM main.status_changes GROUP BY conversation_id) "
        "SELECT conversation_id, first_closed_at, CASE WHEN is_closed_now THEN last_closed_at END AS closed_at, reopened_at, "
        "reopen_count, CASE WHEN ends.conversation_id IS NOT NULL AND (SELECT bool_or(is_waiting) FROM steps) "
        # where nothing ever waits, the words for it aren't known
        "THEN coalesce(waiting_seconds, 0) END AS waiting_seconds, "
        "team_assigned_at, agent_assigned_at FROM given LEFT JOIN ends USING (conversation_id) LEFT JOIN paused USING (conversation_id)"
    )
    told = ", ".join(f"{column} = coalesce(own.{column}, found.{column})" for column in MADE if column != "closed_at")
    # a conversation that the system says is closed, or has a close of its own, keeps it; one opened again has none
    con.execute(
        f"UPDATE main.conversations AS own SET {told}, closed_at = coalesce(own.closed_at, found.closed_at) "
        "FROM told_by_changes AS found WHERE own.conversation_id = found.conversation_id AND "
        "(found.first_closed_at IS NULL OR found.first_closed_at >= own.created_at)"
    )
    _mend_order(con)
    n = con.execute("SELECT count(*) FROM told_by_changes").fetchone()[0]
    con.execute("DROP TABLE told_by_changes")
    notes.append(("notes.from_changes", {"n": n}))


def _mend_order(con):
    """What the changes tell that can't be, beside what the conversation says of itself, is emptied."""
    for column in ("first_closed_at", "closed_at", "reopened_at", "team_assigned_at", "agent_assigned_at"):
        con.execute(f"UPDATE main.conversations SET {column} = NULL WHERE {column} < created_at")


def settle_closed(con, have, notes):
    """Where an agent said that it is solved before the system closed it, that is its close."""
    if "solved_at" not in have:
        return
    if "closed_at" not in have:
        con.execute("ALTER TABLE main.conversations ADD COLUMN closed_at TIMESTAMPTZ")
    again = "AND (reopened_at IS NULL OR reopened_at <= solved_at) " if "reopened_at" in have else ""
    later = f"solved_at IS NOT NULL {again}AND (closed_at IS NULL OR closed_at > solved_at)"
    n = con.execute(f"SELECT count(*) FROM main.conversations WHERE {later} AND closed_at IS NOT NULL").fetchone()[0]
    con.execute(f"UPDATE main.conversations SET closed_at = solved_at WHERE {later}")
    if n:
        notes.append(("notes.solved", {"n": n}))


def put_names(con, tables, notes):
    """The agents' names in place of their ids, their team where a conversation has none, and bots told from humans."""
    columns = {row[0] for row in con.execute("DESCRIBE main.agents").fetchall()}
    name = "name" if "name" in columns else "NULL::VARCHAR"
    optional = {"team": "NULL::VARCHAR", "is_bot": "false"}
    more = ", ".join(f"{column if column in columns else sql} AS {column}" for column, sql in optional.items())
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE called AS SELECT agent_id, {more}, CASE WHEN count(*) OVER (PARTITION BY {name}) > 1 "
        f"THEN {name} || ' (' || agent_id || ')' ELSE {name} END AS said FROM main.agents"
    )
    unknown = 0
    for table in ("conversations", "messages", "calls", "surveys"):
        have = [row[0] for row in con.execute(f"DESCRIBE main.{table}").fetchall()] if table in tables else []
        if "agent" not in have:
            continue
        if table == "messages" and "sender" in have:
            con.execute(
                "UPDATE main.messages SET sender = 'bot' FROM called WHERE agent = agent_id AND is_bot AND sender = 'agent'"
            )
        if "team" in have and "team" in columns:
            con.execute(
                f"UPDATE main.{table} AS own SET team = called.team FROM called WHERE own.agent = agent_id AND own.team IS NULL"
            )
        unknown += con.execute(
            f"SELECT count(DISTINCT agent) FROM main.{table} WHERE agent NOT IN (SELECT agent_id FROM called) "
            "AND agent NOT IN (SELECT said FROM called WHERE said IS NOT NULL)"
        ).fetchone()[0]
        con.execute(f"UPDATE main.{table} SET agent = said FROM called WHERE agent = agent_id AND said IS NOT NULL")
    if unknown:
        notes.append(("notes.unnamed_agents", {"n": unknown}))
    con.execute("DROP TABLE called")


def settle_scale(con, have, settings, notes):
    """The settings with the scale of the satisfaction surveys that there are; scores of other scales are converted to it."""
    if not {"kind", "score", "scale_min", "scale_max"} <= set(have):
        return settings
    scales = con.execute(
        "SELECT scale_min, scale_max, count(*) AS n FROM main.surveys WHERE kind = 'csat' AND scale_min < scale_max "
        "GROUP BY ALL ORDER BY n DESC, scale_min, scale_max"
    ).fetchall()
    plain = con.execute("SELECT count(*) FROM main.surveys WHERE kind = 'csat' AND scale_min IS NULL").fetchone()[0]
    if not scales:
        return settings
    if "csat_scale" not in settings.model_fields_set and not plain:
        low, high, _ = scales[0]
        settings = settings.model_copy(update={"csat_scale": (low, high)})
        notes.append(("notes.scale", {"low": low, "high": high}))
    low, high = settings.csat_scale
    other = f"kind = 'csat' AND scale_min < scale_max AND (scale_min, scale_max) IS DISTINCT FROM ({low}, {high})"
    n = con.execute(f"SELECT count(score) FROM main.surveys WHERE {other}").fetchone()[0]
    if n:
        con.execute("ALTER TABLE main.surveys ADD COLUMN given_score BIGINT")
        con.execute(
            f"UPDATE main.surveys SET given_score = score, score = round({low} + (score - scale_min)::DOUBLE * {high - low} / "
            f"(scale_max - scale_min))::BIGINT WHERE {other}"
        )
        notes.append(("notes.converted_scores", {"n": n, "low": low, "high": high}))
    return settings


def tell_directions(con, tables, notes):
    """A note on what is kept and counted as no contact."""
    for table, condition in (
        ("conversations", {"direction": "direction = 'proactive'"}),
        ("calls", {"direction": "direction = 'outbound'", "is_callback": "is_callback"}),
    ):
        have = {row[0] for row in con.execute(f"DESCRIBE main.{table}").fetchall()} if table in tables else ()
        wanted = " OR ".join(f"coalesce({sql}, false)" for column, sql in condition.items() if column in have)
        n = con.execute(f"SELECT count(*) FROM main.{table} WHERE {wanted}").fetchone()[0] if wanted else 0
        if n:
            notes.append((f"notes.began_{table}", {"n": n}))


def use_messages(con, tables, notes):
    """When a human first answered, told by the messages where the system keeps no such time of its own.

    Where neither tells of one reply the column goes: else it would read as if nobody had been answered.
    """
    have = {row[0] for row in con.execute("DESCRIBE main.conversations").fetchall()}
    told = {row[0] for row in con.execute("DESCRIBE main.messages").fetchall()} if "messages" in tables else set()
    reply = "sender = 'agent'" + (" AND coalesce(is_public, true)" if "is_public" in told else "")
    is_told = bool(told) and con.execute(f"SELECT count(*) > 0 FROM main.messages WHERE {reply}").fetchone()[0]
    if "first_response_at" in have:
        if con.execute("SELECT count(first_response_at) FROM main.conversations").fetchone()[0]:
            return
        con.execute("ALTER TABLE main.conversations DROP COLUMN first_response_at")
    if is_told:
        con.execute("ALTER TABLE main.conversations ADD COLUMN first_response_at TIMESTAMPTZ")
        con.execute(
            "UPDATE main.conversations AS own SET first_response_at = found.replied_at FROM (SELECT conversation_id, "
            "min(sent_at) AS replied_at FROM main.messages JOIN (SELECT conversation_id, created_at FROM main.conversations) "
            f"USING (conversation_id) WHERE {reply} AND sent_at >= created_at GROUP BY conversation_id) AS found "
            "WHERE own.conversation_id = found.conversation_id"
        )
        return
    notes.append(("notes.no_replies", {}))
