-- Each value that a field of an issue took, with the one before.
WITH answers AS (
    SELECT key, unnest(from_json(CASE WHEN json_valid(changelog) THEN coalesce(json_extract(changelog, '$.histories'), '[]') ELSE '[]' END, '["JSON"]')) AS step, _file, _row
    FROM raw.api
),
items AS (
    SELECT key, step, unnest(from_json(coalesce(json_extract(step, '$.items'), '[]'), '["JSON"]')) AS item, _file, _row FROM answers
)
SELECT
    coalesce(facts.key, history.issue_id) AS key,
    lower(history.field_id) AS field,
    lag(nullif(history.value, '')) OVER (PARTITION BY history.issue_id, history.field_id ORDER BY history."time", history._file, history._row) AS from_value,
    nullif(history.value, '') AS to_value,
    utc(history."time") AS changed_at,
    nullif(history.author_id, '') AS changed_by,
    history._file,
    history._row
FROM raw.history AS history
LEFT JOIN (SELECT id, any_value(key) AS key FROM raw.facts GROUP BY id) AS facts ON facts.id = history.issue_id
UNION ALL
SELECT
    key, lower(coalesce(item->>'$.fieldId', item->>'$.field')), coalesce(item->>'$.fromString', item->>'$.from'), coalesce(item->>'$.toString', item->>'$.to'),
    step->>'$.created', coalesce(step->>'$.author.displayName', step->>'$.author.accountId'), _file, _row
FROM items
