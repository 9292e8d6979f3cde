-- One row per user who is an agent; customers are no agents.
WITH teams AS (
    SELECT id, arg_max(name, coalesce(updated_at, '')) AS name
    FROM raw.groups
    GROUP BY id
)
SELECT
    users.id AS agent_id,
    users.name,
    coalesce(teams.name, default_group_id) AS team,
    role,
    users._file,
    users._row,
    try_cast(users.updated_at AS TIMESTAMPTZ) AS _version
FROM raw.users AS users LEFT JOIN teams ON teams.id = default_group_id
WHERE role IN ('agent', 'admin', 'owner')
