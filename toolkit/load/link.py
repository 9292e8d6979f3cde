"""What one table knows and another lacks: derived conversations, topics, channels."""

import re

from toolkit import engine
from toolkit.load.history import put_names, settle_closed, settle_scale, tell_directions, use_changes, use_messages
from toolkit.load.sql import literal, quote


def columns_of(con, table):
    """The columns of a checked table."""
    return [row[0] for row in con.execute(f"DESCRIBE main.{table}").fetchall()]


def link(con, source, tables, notes, settings, unusable=()):
    """What one table knows and another lacks: derived conversations, topics, channels.

    Tables that are there but `unusable` aren't made of others: what they hold would be passed over.

    Returns
    -------
    Service, the settings with what the data says of itself
    """
    if "agents" in tables:
        put_names(con, tables, notes)
    if "surveys" in tables:
        settings = settle_scale(con, columns_of(con, "surveys"), settings, notes)
    tell_directions(con, tables, notes)
    if "calls" in tables:
        _settle_queues(con, notes)
    if "messages" in tables and "conversations" not in (*tables, *unusable):
        _derive_conversations(con, source, notes)
        tables.append("conversations")
    if "conversations" in tables:
        if "status_changes" in tables:
            use_changes(con, columns_of(con, "conversations"), notes)
        settle_closed(con, columns_of(con, "conversations"), notes)
        if "conversations" in source.selects and not source.passes_all("conversations"):
            use_messages(con, tables, notes)
    if settings.topics and {"conversations", "messages"} <= set(tables):
        _find_topics(con, settings)
    if "conversations" not in tables:
        return settings
    for child, wanted in (
        ("messages", ("channel", "topic")),
        ("surveys", ("channel", "topic", "agent", "team", "subtopic")),
        ("calls", ("topic", "subtopic")),
    ):
        if child not in tables or "conversation_id" not in columns_of(con, child):
            continue
        have, parent = columns_of(con, child), columns_of(con, "conversations")
        filled = [column for column in wanted if column in parent]
        if not filled:
            continue
        parts = [f"child.{quote(column)}" for column in have if column not in filled]
        for column in filled:
            own = f"child.{column}, " if column in have else ""
            parts.append(f"coalesce({own}parent.{column}) AS {column}")
        con.execute(
            f"CREATE OR REPLACE TABLE main.{child} AS SELECT {', '.join(parts)} FROM main.{child} AS child "
            "LEFT JOIN main.conversations AS parent USING (conversation_id)"
        )
    return settings


def _settle_queues(con, notes):
    """Take away `queued_at` where no call has one: nothing is known of queues then, which isn't that nobody waited."""
    if "queued_at" not in columns_of(con, "calls"):
        return
    known, n = con.execute("SELECT count(queued_at), count(*) FROM main.calls").fetchone()
    if n and not known:
        con.execute("ALTER TABLE main.calls DROP COLUMN queued_at")
        notes.append(("notes.no_queues", {}))


def _derive_conversations(con, source, notes):
    """One row per conversation in which a customer wrote, from its messages."""
    have = columns_of(con, "messages")
    public = "AND coalesce(is_public, true)" if "is_public" in have else ""

    def first(column, where):
        # the id decides between messages of one instant, so that every run says the same
        return f"arg_min({column}, (sent_at, message_id)) FILTER ({where} AND {column} IS NOT NULL)"

    by_customer = "sender = 'customer'"
    reply = f"sender = 'agent' AND sent_at >= begun_at {public}"
    parts = [
        "conversation_id",
        "any_value(begun_at) AS created_at",
        f"min(sent_at) FILTER ({reply}) AS first_response_at",
    ]
    channel = first("channel", "true") if "channel" in have else "NULL"
    fallback = literal(source.spec.channel or engine.NONE)
    parts.append(f"coalesce({channel}, {fallback}) AS channel")
    for column, where in (
        ("customer_id", by_customer),
        ("agent", reply),
        ("topic", "true"),
        ("project", "true"),
        ("team", "true"),
    ):
        if column in have:
            parts.append(f"{first(column, where)} AS {column}")
    parts.append("min(sent_at) FILTER (sender = 'bot') AS bot_started_at")
    con.execute(
        "CREATE TABLE main.conversations AS WITH begun AS (SELECT conversation_id, min(sent_at) AS begun_at "
        f"FROM main.messages WHERE {by_customer} GROUP BY conversation_id) SELECT {', '.join(parts)} "
        "FROM main.messages JOIN begun USING (conversation_id) GROUP BY conversation_id ORDER BY created_at, conversation_id"
    )
    silent = con.execute(
        "SELECT count(DISTINCT conversation_id) FROM main.messages WHERE conversation_id NOT IN "
        "(SELECT conversation_id FROM main.conversations)"
    ).fetchone()[0]
    notes.append(("notes.derived", {}))
    if silent:
        notes.append(("notes.silent", {"n": silent}))


def _find_topics(con, settings):
    """Give conversations without a topic the one whose keywords their customers use most."""
    if "topic" not in columns_of(con, "conversations"):
        con.execute("ALTER TABLE main.conversations ADD COLUMN topic VARCHAR")
    if "text" not in columns_of(con, "messages"):
        return
    patterns = []
    for name, topic in settings.topics.items():
        words = "|".join(_escape(word.lower()) for word in topic.keywords)
        pattern = rf"(^|[^\pL])({words})"  # at the beginning of a word; endings may follow
        patterns.append(f"({literal(name)}, {literal(pattern)})")
    # Only the texts that are needed: the patterns are many and slow.
    con.execute(
        "CREATE OR REPLACE TEMP TABLE untold AS SELECT conversation_id, lower(text) AS words FROM main.messages "
        "WHERE sender = 'customer' AND text IS NOT NULL AND conversation_id IN "
        "(SELECT conversation_id FROM main.conversations WHERE topic IS NULL)"
    )
    con.execute(
        "UPDATE main.conversations SET topic = found.topic FROM ("
        "SELECT conversation_id, arg_max(topic, uses) AS topic FROM ("
        # the topic that is named most; of equals, the one that service.toml names first
        "SELECT conversation_id, topic, sum(len(regexp_extract_all(words, pattern)))::BIGINT * 1000 - min(place) AS uses "
        "FROM untold CROSS JOIN (SELECT topic, pattern, row_number() OVER () AS place FROM "
        f"(VALUES {', '.join(patterns)}) AS given(topic, pattern)) "
        "WHERE regexp_matches(words, pattern) GROUP BY ALL) GROUP BY conversation_id) AS found "
        "WHERE conversations.conversation_id = found.conversation_id AND conversations.topic IS NULL"
    )
    con.execute("DROP TABLE untold")


def _escape(word):
    return re.sub(r"([.^$*+?()\[\]{}|\\])", r"\\\1", word)
