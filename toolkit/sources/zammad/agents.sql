-- One row per user; customers are among them.
SELECT
    id AS agent_id,
    coalesce(nullif(trim(concat_ws(' ', firstname, lastname)), ''), login) AS name,
    CASE WHEN json_valid(roles) AND roles LIKE '[%' THEN roles->>'$[0]' END AS role,
    _file,
    _row
FROM raw.users;
