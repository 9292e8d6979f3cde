-- One row per message.
SELECT
    chat || '/' || nr AS message_id,
    conversation AS conversation_id,
    sent AS sent_at,
    CASE WHEN author IS NULL THEN 'system' WHEN author = customer THEN 'customer' ELSE 'agent' END AS sender,
    CASE WHEN author <> customer THEN author END AS agent,
    customer AS customer_id,
    text,
    'whatsapp' AS channel,
    _file,
    _row
FROM raw.texts;
