-- Deleted issues.
SELECT 'conversations' AS "table", concat_ws(', ', key, created, status) AS value, 'deleted' AS reason, _file, _row
FROM raw.facts
WHERE is_deleted;
