-- One row per message: what a ticket was opened with, its replies and its notes. The export's
-- descriptions make none: what was answered isn't in it.
WITH copies AS (
    SELECT *, try_cast(created_at AS TIMESTAMPTZ) AS begun_at
    FROM raw.every_ticket
    WHERE NOT is_export AND id NOT IN (SELECT id FROM raw.gone WHERE id IS NOT NULL)
),
-- the copy that is the conversation: the newest that has its time
newest AS (
    SELECT id, begun_at
    FROM copies
    WHERE begun_at IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY try_cast(updated_at AS TIMESTAMPTZ) DESC NULLS LAST, updated_at DESC NULLS LAST, _file DESC, _row DESC) = 1
),
-- lists of tickets lack the text, which an older copy may have
begun AS (
    SELECT copies.*
    FROM copies JOIN newest ON newest.id = copies.id AND newest.begun_at = copies.begun_at
    WHERE coalesce(text, '') <> ''
    QUALIFY row_number() OVER (PARTITION BY copies.id ORDER BY try_cast(updated_at AS TIMESTAMPTZ) DESC NULLS LAST, updated_at DESC NULLS LAST, _file DESC, _row DESC) = 1
),
given AS (
    SELECT
        id || '/description' AS message_id,
        id AS conversation_id,
        created_at,
        CASE WHEN way = 'outbound email' THEN 'agent' ELSE 'customer' END AS sender,
        CASE WHEN way = 'outbound email' THEN agent ELSE customer_id END AS author,
        text,
        true AS is_public,
        _file,
        _row,
        updated_at AS _version
    FROM begun
    UNION ALL
    SELECT id, ticket_id, created_at, sender, user_id, text, is_public, _file, _row, updated_at
    FROM raw.every_reply
)
SELECT
    message_id,
    conversation_id,
    created_at AS sent_at,
    sender,
    CASE WHEN sender = 'agent' THEN author END AS agent,
    CASE WHEN sender = 'customer' THEN author END AS customer_id,
    trim(regexp_replace(replace(replace(replace(replace(replace(replace(
        regexp_replace(text, '<[^>]*>', ' ', 'g'), '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&#39;', ''''), '&nbsp;', ' '), '&amp;', '&'),
        '\s+', ' ', 'g')) AS text,
    is_public,
    _file,
    _row,
    _version
FROM given
