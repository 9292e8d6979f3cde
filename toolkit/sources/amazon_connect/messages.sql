-- One row per turn of a transcript that has a time.
SELECT
    turns.contact || '/' || place AS message_id,
    CASE WHEN turns.channel = 'VOICE' THEN turns.contact ELSE coalesce(newest.chain, turns.contact) END AS conversation_id,
    CASE
        WHEN said IS NOT NULL THEN said
        ELSE CAST(try_cast(newest.initiated AS TIMESTAMPTZ) + to_milliseconds(offset_ms) AS VARCHAR)
    END AS sent_at,
    CASE
        WHEN role IN ('AGENT', 'SUPERVISOR') THEN 'agent'
        WHEN role = 'CUSTOMER' THEN 'customer'
        WHEN role IN ('CUSTOM_BOT', 'BOT') THEN 'bot'
        WHEN role = 'SYSTEM' THEN 'system'
        ELSE lower(role)
    END AS sender,
    CASE WHEN role = 'AGENT' THEN newest.agent END AS agent,
    content AS text,
    turns.language,
    sentiment,
    CASE WHEN turns.channel = 'VOICE' THEN 'phone' ELSE lower(turns.channel) END AS channel,
    turns._file,
    turns._row
FROM raw.turns AS turns
LEFT JOIN raw.newest AS newest ON newest.id = turns.contact
WHERE NOT is_event AND (said IS NOT NULL OR try_cast(newest.initiated AS TIMESTAMPTZ) IS NOT NULL);
