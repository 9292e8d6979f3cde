-- What doesn't count, with the reason.
SELECT 'conversations' AS "table", tickets.id AS value, gone.reason, tickets._file, tickets._row, false AS is_wrong
FROM raw.every_ticket AS tickets JOIN raw.gone AS gone ON gone.id = tickets.id
UNION ALL
SELECT 'messages', concat_ws(', ', chat_id, type), 'an event of a chat that is no message', _file, _row, false
FROM raw.ticket_chat_event
WHERE type IS DISTINCT FROM 'ChatMessage'
UNION ALL
SELECT 'surveys', ticket_id, 'no rating was asked for', _file, _row, false
FROM raw.satisfaction_ratings
WHERE score = 'unoffered'
UNION ALL
SELECT 'messages', concat_ws(', ', id, text), 'whether an agent or a customer wrote it isn''t known: its author isn''t among the users', _file, _row, true
FROM raw.comments_told
WHERE sender IS NULL AND id IS NOT NULL AND created_at IS NOT NULL
