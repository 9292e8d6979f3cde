-- One row per change of a ticket.
WITH states AS (
    SELECT lower(name) AS status, bool_or(state_type_id IN ('5', '6', '7')) AS is_closed FROM raw.ticket_states GROUP BY lower(name)
),
users AS (
    SELECT id, any_value(coalesce(nullif(trim(concat_ws(' ', firstname, lastname)), ''), login)) AS name FROM raw.users GROUP BY id
)
SELECT
    changes.ticket_id AS conversation_id,
    changes.field,
    changes.from_value,
    changes.to_value,
    changes.created_at AS changed_at,
    coalesce(users.name, changes.created_by_id) AS changed_by,
    CASE WHEN changes.field = 'status' THEN coalesce(states.is_closed, lower(changes.to_value) IN ('closed', 'merged', 'removed')) END AS is_closing,
    changes._file,
    changes._row
FROM raw.changes AS changes
LEFT JOIN states ON changes.field = 'status' AND states.status = lower(changes.to_value)
LEFT JOIN users ON users.id = changes.created_by_id
WHERE changes.why IS NULL;
