-- One row per comment; an internal note is one that customers don't see.
SELECT
    id AS message_id,
    ticket_id AS conversation_id,
    created_at AS sent_at,
    sender,
    CASE WHEN sender = 'agent' THEN author_id END AS agent,
    CASE WHEN sender = 'customer' THEN author_id END AS customer_id,
    -- escaped once by the API, twice by some connectors
    replace(replace(replace(replace(replace(replace(replace(
        text, '&amp;', '&'), '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&#39;', ''''), '&nbsp;', ' '), '&amp;', '&') AS text,
    is_public,
    _file,
    _row
FROM raw.comments_told
WHERE sender IS NOT NULL OR id IS NULL OR created_at IS NULL
