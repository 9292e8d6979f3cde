-- Cases that are deleted or were merged into another, and what belongs to no case.
SELECT
    'conversations' AS "table",
    concat_ws(', ', CaseNumber, Status, Id) AS value,
    CASE WHEN merged_into IS NOT NULL THEN 'merged into ' || merged_into ELSE 'deleted' END AS reason,
    _file,
    _row
FROM raw.facts
WHERE is_deleted OR merged_into IS NOT NULL
UNION ALL
SELECT 'messages', concat_ws(', ', id, sent_at, sender), why, _file, _row
FROM raw.wrote
WHERE why IS NOT NULL
UNION ALL
SELECT 'status_changes', concat_ws(', ', case_id, field, to_value, changed_at), why, _file, _row
FROM raw.changes
WHERE why IS NOT NULL;
