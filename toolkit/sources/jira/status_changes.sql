-- One row per value that a field took. A status counts as closed as its category says, or that of the issues that have it.
WITH known AS (
    SELECT status, bool_or(is_closed) AS is_closed
    FROM (
        SELECT name AS status, lower(category) = 'done' AS is_closed FROM raw.states WHERE category IS NOT NULL
        UNION ALL
        SELECT status, is_closed FROM raw.facts WHERE category IS NOT NULL
    )
    GROUP BY status
),
users AS (
    SELECT id, any_value(name) AS name FROM raw.users GROUP BY id
)
SELECT
    changes.key AS conversation_id,
    CASE changes.field WHEN 'assignee' THEN 'agent' WHEN 'issuetype' THEN 'topic' ELSE changes.field END AS field,
    coalesce(before.name, was.name, changes.from_value) AS from_value,
    coalesce(later.name, person.name, changes.to_value) AS to_value,
    changes.changed_at,
    coalesce(writers.name, changes.changed_by) AS changed_by,
    CASE WHEN changes.field = 'status' THEN known.is_closed END AS is_closing,
    changes._file,
    changes._row
FROM raw.changes AS changes
LEFT JOIN raw.states AS before ON changes.field = 'status' AND before.id = changes.from_value
LEFT JOIN raw.states AS later ON changes.field = 'status' AND later.id = changes.to_value
LEFT JOIN known ON changes.field = 'status' AND known.status = coalesce(later.name, changes.to_value)
LEFT JOIN users AS was ON changes.field = 'assignee' AND was.id = changes.from_value
LEFT JOIN users AS person ON changes.field = 'assignee' AND person.id = changes.to_value
LEFT JOIN users AS writers ON writers.id = changes.changed_by;
