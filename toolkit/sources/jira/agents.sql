-- One row per user; who reports issues is among them.
SELECT id AS agent_id, coalesce(nullif(name, ''), email) AS name, _file, _row FROM raw.users;
