-- Deleted incidents, tasks that are none, and what of the journal and the audit is no message and no change.
SELECT 'conversations' AS "table", concat_ws(', ', number, opened_at, status) AS value, why AS reason, _file, _row, false AS is_wrong
FROM raw.facts
WHERE why IS NOT NULL
UNION ALL
SELECT 'messages', concat_ws(', ', id, element, sent_at), why, _file, _row, why LIKE '%isn''t known%'
FROM raw.wrote
WHERE why IS NOT NULL
UNION ALL
SELECT 'status_changes', concat_ws(', ', number, field, to_value, changed_at), why, _file, _row, false
FROM raw.changes
WHERE why IS NOT NULL;
