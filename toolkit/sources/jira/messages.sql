-- One row per comment.
SELECT
    id AS message_id,
    key AS conversation_id,
    sent_at,
    CASE WHEN is_customer THEN 'customer' ELSE 'agent' END AS sender,
    CASE WHEN NOT is_customer THEN writer END AS agent,
    customer_id,
    text,
    is_public,
    _file,
    _row
FROM raw.wrote;
