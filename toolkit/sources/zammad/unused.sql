-- Tickets that were merged into another or removed, and entries of the history that are no change.
SELECT 'conversations' AS "table", concat_ws(', ', number, created_at, status) AS value, CASE kind WHEN 'merged' THEN 'merged into another ticket' ELSE 'removed' END AS reason, _file, _row
FROM raw.facts
WHERE kind IN ('merged', 'removed')
UNION ALL
SELECT 'status_changes', concat_ws(', ', ticket_id, field, to_value, created_at), why, _file, _row
FROM raw.changes
WHERE why IS NOT NULL;
