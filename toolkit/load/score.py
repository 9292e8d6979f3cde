"""The sentiment of customers' messages, scored once for a data set."""

from toolkit.load.link import columns_of
from toolkit.load.sql import quote


def score_messages(con, batch=50_000):
    """Make the table scored_messages: `messages` with sentiment, language and engine of the customers' ones."""
    import pandas as pd

    from toolkit import sentiment

    have = columns_of(con, "messages")
    con.execute("CREATE OR REPLACE TEMP TABLE scores(message_id VARCHAR, label VARCHAR, lang VARCHAR, by_ VARCHAR)")
    if "text" in have:
        unscored = "AND sentiment IS NULL" if "sentiment" in have else ""
        language = "language" if "language" in have else "NULL"
        reader = con.cursor()
        reader.execute(
            f"SELECT message_id, text, {language} FROM main.messages "
            f"WHERE sender = 'customer' AND text IS NOT NULL {unscored}"
        )
        while rows := reader.fetchmany(batch):
            ids, texts, languages = (list(column) for column in zip(*rows, strict=True))
            scored = sentiment.score_texts(texts, languages)
            columns = {"label": "label", "lang": "language", "by_": "engine"}
            frame = pd.DataFrame({"message_id": ids} | {to: scored[name].to_numpy() for to, name in columns.items()})
            con.register("batch", frame.astype("object"))
            con.execute(
                "INSERT INTO scores SELECT message_id::VARCHAR, label::VARCHAR, lang::VARCHAR, by_::VARCHAR FROM batch"
            )
            con.unregister("batch")
    _join(con, have, "TABLE", "scored_messages")
    con.execute("DROP TABLE scores")


def leave_unscored(con):
    """Make the view unscored_messages: as scored_messages, with no score but those of the data."""
    none = "(SELECT NULL::VARCHAR AS message_id, NULL::VARCHAR AS label, NULL::VARCHAR AS lang, NULL::VARCHAR AS by_ WHERE false)"
    _join(con, columns_of(con, "messages"), "VIEW", "unscored_messages", none)


def _join(con, have, kind, name, scores="scores"):
    """The messages, `have` their columns, with what was scored."""
    made = {
        name: f"messages.{name}" if name in have else "NULL::VARCHAR"
        for name in ("language", "sentiment", "sentiment_engine")
    }
    rest = ", ".join(f"messages.{quote(name)}" for name in have if name not in made)
    con.execute(
        f"CREATE OR REPLACE {kind} main.{name} AS SELECT {rest}, coalesce({made['language']}, scores.lang) AS language, "
        f"coalesce({made['sentiment']}, scores.label) AS sentiment, CASE WHEN {made['sentiment']} IS NOT NULL "
        f"THEN coalesce({made['sentiment_engine']}, 'data') ELSE scores.by_ END AS sentiment_engine "
        f"FROM main.messages LEFT JOIN {scores} AS scores USING (message_id)"
    )
