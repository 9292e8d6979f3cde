-- One row per user of the organisation.
SELECT id AS agent_id, name, department AS team, title AS role, false AS is_bot, _file, _row FROM raw.users;
