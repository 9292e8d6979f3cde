-- Tickets that are deleted or were merged into another, and emails of no ticket.
SELECT
    'conversations' AS "table",
    concat_ws(', ', id, created, status) AS value,
    CASE WHEN merged_into IS NOT NULL THEN 'merged into ' || merged_into ELSE 'deleted' END AS reason,
    _file,
    _row
FROM raw.facts
WHERE is_deleted OR merged_into IS NOT NULL
UNION ALL
SELECT DISTINCT 'messages', concat_ws(', ', id, told_at, way), why, _file, _row
FROM raw.wrote
WHERE why IS NOT NULL;
