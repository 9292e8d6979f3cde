-- One row per value that a property of a ticket took.
WITH owners AS (
    SELECT id, any_value(name) AS name
    FROM (
        SELECT owner_id AS id, coalesce(nullif(trim(concat_ws(' ', first_name, last_name)), ''), email) AS name FROM raw.owner
        UNION ALL
        SELECT id, coalesce(nullif(trim(concat_ws(' ', firstName, lastName)), ''), email) FROM raw.api_owners
    )
    GROUP BY id
)
SELECT
    changes.ticket_id AS conversation_id,
    changes.field,
    CASE changes.field WHEN 'status' THEN coalesce(before.label, changes.from_value) WHEN 'agent' THEN coalesce(was.name, changes.from_value) ELSE changes.from_value END AS from_value,
    CASE changes.field WHEN 'status' THEN coalesce(later.label, changes.to_value) WHEN 'agent' THEN coalesce(owner.name, changes.to_value) ELSE changes.to_value END AS to_value,
    changes.changed_at,
    changes.changed_by,
    CASE WHEN changes.field = 'status' THEN later.is_closed END AS is_closing,
    changes._file,
    changes._row
FROM raw.changes AS changes
LEFT JOIN raw.stages AS before ON changes.field = 'status' AND before.stage_id = changes.from_value
LEFT JOIN raw.stages AS later ON changes.field = 'status' AND later.stage_id = changes.to_value
LEFT JOIN owners AS was ON changes.field = 'agent' AND was.id = changes.from_value
LEFT JOIN owners AS owner ON changes.field = 'agent' AND owner.id = changes.to_value;
