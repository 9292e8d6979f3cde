-- What doesn't count, with the reason.
SELECT 'conversations' AS "table", tickets.id AS value, gone.reason, tickets._file, tickets._row
FROM raw.every_ticket AS tickets JOIN raw.gone AS gone ON gone.id = tickets.id
UNION ALL
SELECT 'messages', concat_ws(', ', chat_id, type), 'an event of a chat that is no message', _file, _row
FROM raw.ticket_chat_event
WHERE type IS DISTINCT FROM 'ChatMessage'
UNION ALL
SELECT 'surveys', ticket_id, 'no rating was asked for', _file, _row
FROM raw.satisfaction_ratings
WHERE score = 'unoffered'
