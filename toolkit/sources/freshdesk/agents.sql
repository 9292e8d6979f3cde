-- One row per agent.
WITH teams AS (
    SELECT id, any_value(name) AS name
    FROM raw.groups
    GROUP BY id
),
given AS (
    SELECT *, from_json(try_cast(group_ids AS JSON), '["VARCHAR"]') AS listed
    FROM raw.agents
)
SELECT
    given.id AS agent_id,
    coalesce(try_cast(contact AS JSON)->>'$.name', try_cast(contact AS JSON)->>'$.email') AS name,
    -- an agent of several groups has no team of their own
    CASE WHEN len(listed) = 1 THEN coalesce(teams.name, listed[1]) END AS team,
    coalesce(type, try_cast(contact AS JSON)->>'$.job_title') AS role,
    given._file,
    given._row,
    given.updated_at AS _version
FROM given LEFT JOIN teams ON teams.id = listed[1]
