-- One row per change of a case. A status counts as closed as CaseStatus says, else as the cases that have it.
WITH closing AS (
    SELECT status, bool_or(is_closed) AS is_closed
    FROM (
        SELECT unnest([MasterLabel, ApiName]) AS status, lower(IsClosed) IN ('1', 'true') AS is_closed FROM raw.statuses
        UNION ALL
        SELECT Status, is_closed FROM raw.facts WHERE is_closed OR is_open
    )
    WHERE status <> ''
    GROUP BY status
),
owners AS (
    SELECT id, any_value(name) AS name
    FROM (
        SELECT Id AS id, nullif(Name, '') AS name FROM raw.groups
        UNION ALL
        SELECT Id, coalesce(nullif(Name, ''), nullif(trim(concat_ws(' ', FirstName, LastName)), ''), Username) FROM raw.users
    )
    GROUP BY id
)
SELECT
    changes.case_id AS conversation_id,
    changes.field,
    CASE WHEN changes.field IN ('team', 'agent') THEN coalesce(before.name, changes.from_value) ELSE changes.from_value END AS from_value,
    CASE WHEN changes.field IN ('team', 'agent') THEN coalesce(later.name, changes.to_value) ELSE changes.to_value END AS to_value,
    changes.changed_at,
    coalesce(people.name, changes.changed_by) AS changed_by,
    CASE WHEN changes.field = 'status' THEN closing.is_closed END AS is_closing,
    changes._file,
    changes._row
FROM raw.changes AS changes
LEFT JOIN closing ON changes.field = 'status' AND closing.status = changes.to_value
LEFT JOIN owners AS before ON before.id = changes.from_value
LEFT JOIN owners AS later ON later.id = changes.to_value
LEFT JOIN owners AS people ON people.id = changes.changed_by
WHERE changes.why IS NULL;
