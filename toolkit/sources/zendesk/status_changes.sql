-- One row per change of a field, its first value included.
WITH teams AS (
    SELECT id, arg_max(name, coalesce(updated_at, '')) AS name
    FROM raw.groups
    GROUP BY id
)
SELECT
    ticket_id AS conversation_id,
    CASE field WHEN 'group_id' THEN 'team' WHEN 'assignee_id' THEN 'agent' ELSE field END AS field,
    CASE WHEN field = 'group_id' THEN coalesce(before.name, from_value) ELSE from_value END AS from_value,
    CASE WHEN field = 'group_id' THEN coalesce(teams.name, to_value) ELSE to_value END AS to_value,
    changed_at,
    changed_by,
    CASE WHEN field = 'status' THEN coalesce(lower(to_value) IN ('solved', 'closed', 'deleted'), false) END AS is_closing,
    changes._file,
    changes._row
FROM raw.changes AS changes
LEFT JOIN teams AS before ON before.id = from_value AND field = 'group_id'
LEFT JOIN teams ON teams.id = to_value AND field = 'group_id'
