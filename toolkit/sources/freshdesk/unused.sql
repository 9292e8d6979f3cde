-- What doesn't count, with the reason.
SELECT 'conversations' AS "table", tickets.id AS value, gone.reason, tickets._file, tickets._row
FROM raw.every_ticket AS tickets JOIN raw.gone AS gone ON gone.id = tickets.id
