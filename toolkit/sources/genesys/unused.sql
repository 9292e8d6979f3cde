-- Conversations that are neither a call nor a written conversation with somebody from outside.
WITH told AS (
    SELECT
        _file,
        _row,
        bool_or(purpose IN ('customer', 'external')) AS has_customer,
        string_agg(DISTINCT media, ', ' ORDER BY media) AS media,
        bool_or(purpose IN ('customer', 'external') AND media IN ('chat', 'message', 'email')) AS is_written
    FROM raw.sessions
    GROUP BY _file, _row
)
SELECT
    'calls' AS "table",
    concat_ws(', ', conversations.conversationId, conversations.conversationStart, told.media) AS value,
    CASE
        WHEN told._row IS NULL THEN 'it has no participants with sessions that can be read'
        WHEN NOT coalesce(has_customer, false) THEN 'nobody from outside took part in it'
        ELSE 'it is neither a call nor a chat, message or e-mail'
    END AS reason,
    conversations._file,
    conversations._row,
    told._row IS NULL AS is_wrong
FROM raw.conversations AS conversations
LEFT JOIN told ON told._file = conversations._file AND told._row = conversations._row
WHERE NOT coalesce(is_written, false)
    AND NOT EXISTS (SELECT 1 FROM raw.legs AS legs WHERE legs._file = conversations._file AND legs._row = conversations._row);
