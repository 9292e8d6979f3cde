-- Messages that were deleted.
SELECT 'messages' AS "table", concat_ws(', ', id, conversation_id, created_at) AS value, 'deleted' AS reason, _file, _row
FROM raw.wrote
WHERE lower(attributes->>'$.deleted') = 'true';
