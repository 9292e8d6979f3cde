-- One row per message: what a conversation began with, and its parts that say something. Events are status changes.
WITH begun AS (
    SELECT *
    FROM raw.every_conversation
    WHERE coalesce(body, '') <> ''
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY try_cast(updated_at AS TIMESTAMPTZ) DESC NULLS LAST, _file DESC, _row DESC) = 1
),
given AS (
    SELECT
        id || '/source' AS message_id,
        id AS conversation_id,
        created_at,
        CASE
            WHEN delivered_as IN ('automated', 'campaigns_initiated') THEN 'system'
            WHEN author_type = 'bot' OR lower(author_email) LIKE 'operator+%@intercom%' OR delivered_as = 'operator_initiated' THEN 'bot'
            WHEN author_type IN ('admin', 'teammate') THEN 'agent'
            WHEN author_type IN ('user', 'lead', 'contact') THEN 'customer'
        END AS sender,
        author_id,
        body,
        true AS is_public,
        _file,
        _row,
        updated_at AS _version
    FROM begun
    UNION ALL
    SELECT id, conversation_id, created_at, sender, author_id, body, NOT is_note, _file, _row, updated_at
    FROM raw.every_part
    WHERE is_message
)
SELECT
    message_id,
    conversation_id,
    created_at AS sent_at,
    sender,
    CASE WHEN sender IN ('agent', 'bot') THEN author_id END AS agent,
    CASE WHEN sender = 'customer' THEN author_id END AS customer_id,
    -- bodies are HTML
    trim(regexp_replace(replace(replace(replace(replace(replace(replace(
        regexp_replace(body, '<[^>]*>', ' ', 'g'), '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&#39;', ''''), '&nbsp;', ' '), '&amp;', '&'),
        '\s+', ' ', 'g')) AS text,
    is_public,
    _file,
    _row,
    _version
FROM given
