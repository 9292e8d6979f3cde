-- One row per user, bot and assistant of Captain.
SELECT id AS agent_id, coalesce(nullif(display_name, ''), nullif(name, ''), email) AS name, 'agent' AS role, false AS is_bot, _file, _row
FROM raw.users
UNION ALL
SELECT 'agentbot/' || id, name, 'bot', true, _file, _row FROM raw.agent_bots
UNION ALL
SELECT 'captain/' || id, name, 'bot', true, _file, _row FROM raw.captain_assistants;
