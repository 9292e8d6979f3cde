-- One row per conversation in which a rating, 1 to 5, was asked for.
SELECT
    id AS survey_id,
    'csat' AS kind,
    asked_at AS sent_at,
    CASE WHEN rating IS NOT NULL THEN coalesce(rated_at, asked_at) END AS answered_at,
    rating AS score,
    id AS conversation_id,
    customer_id,
    coalesce(rated_agent, agent) AS agent,
    remark AS comment,
    _file,
    _row,
    updated_at AS _version
FROM raw.every_conversation
WHERE asked_at IS NOT NULL OR rating IS NOT NULL
