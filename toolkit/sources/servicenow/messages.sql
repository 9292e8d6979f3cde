-- One row per comment and work note.
SELECT
    id AS message_id,
    number AS conversation_id,
    sent_at,
    sender,
    CASE WHEN sender = 'agent' THEN writer END AS agent,
    caller_id AS customer_id,
    text,
    CASE element WHEN 'comments' THEN 'true' ELSE 'false' END AS is_public,
    _file,
    _row
FROM raw.wrote
WHERE why IS NULL;
