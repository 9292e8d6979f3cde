-- One row per change of a field of an incident.
WITH states AS (
    SELECT * FROM (VALUES
        (false, '1', 'New'), (false, '2', 'In Progress'), (false, '3', 'On Hold'), (false, '6', 'Resolved'), (false, '7', 'Closed'), (false, '8', 'Canceled'),
        (true, '1', 'New'), (true, '10', 'Open'), (true, '18', 'Awaiting Info'), (true, '6', 'Resolved'), (true, '3', 'Closed'), (true, '7', 'Cancelled')
    ) AS states(is_case, code, word)
),
people AS (
    SELECT sys_id AS id, any_value(name) AS name FROM (SELECT sys_id, name FROM raw.sys_user UNION ALL SELECT sys_id, name FROM raw.sys_user_group) GROUP BY sys_id
)
SELECT
    changes.number AS conversation_id,
    changes.field,
    coalesce(before.word, was.name, changes.from_value) AS from_value,
    coalesce(later.word, person.name, changes.to_value) AS to_value,
    changes.changed_at,
    changes.changed_by,
    CASE WHEN changes.field = 'status' THEN regexp_matches(lower(coalesce(later.word, changes.to_value)), '^(closed|resolved|cancell?ed|complete)') END AS is_closing,
    changes._file,
    changes._row
FROM raw.changes AS changes
LEFT JOIN states AS before ON changes.field = 'status' AND before.code = changes.from_value AND before.is_case = coalesce(changes.is_case, false)
LEFT JOIN states AS later ON changes.field = 'status' AND later.code = changes.to_value AND later.is_case = coalesce(changes.is_case, false)
LEFT JOIN people AS was ON changes.field IN ('agent', 'team') AND was.id = changes.from_value
LEFT JOIN people AS person ON changes.field IN ('agent', 'team') AND person.id = changes.to_value
WHERE changes.why IS NULL;
