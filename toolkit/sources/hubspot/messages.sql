-- One row per email of a ticket; an email that belongs to several is one of each.
SELECT
    CASE WHEN n_tickets > 1 THEN id || '/' || ticket_id ELSE id END AS message_id,
    ticket_id AS conversation_id,
    utc(told_at) AS sent_at,
    CASE way
        WHEN 'INCOMING_EMAIL' THEN 'customer'
        WHEN 'FORWARDED_EMAIL' THEN 'customer'  -- a customer's email that an agent has passed on to HubSpot
        WHEN 'EMAIL' THEN 'agent'
        ELSE way
    END AS sender,
    CASE WHEN way = 'EMAIL' THEN owner END AS agent,
    text,
    'email' AS channel,
    modified AS _version,
    _file,
    _row
FROM raw.wrote
WHERE why IS NULL;
