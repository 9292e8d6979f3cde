-- One row per teammate; Operator is one, and no human.
WITH members AS (
    SELECT admin_id, team_id FROM raw.team_admin
    UNION
    SELECT id, unnest(from_json(try_cast(team_ids AS JSON), '["VARCHAR"]')) FROM raw.admins
    UNION
    SELECT unnest(from_json(try_cast(admin_ids AS JSON), '["VARCHAR"]')), id FROM raw.teams
),
-- a teammate of several teams has none of their own
own AS (
    SELECT admin_id, CASE WHEN count(DISTINCT team_id) = 1 THEN any_value(coalesce(teams.name, team_id)) END AS team
    FROM members LEFT JOIN raw.teams AS teams ON teams.id = team_id
    GROUP BY admin_id
)
SELECT
    admins.id AS agent_id,
    admins.name,
    own.team,
    job_title AS role,
    coalesce(lower(email) LIKE 'operator+%@intercom%', false) OR coalesce(admins.name = 'Operator', false) AS is_bot,
    admins._file,
    admins._row
FROM raw.admins AS admins LEFT JOIN own ON own.admin_id = admins.id
