-- One row per user.
SELECT
    sys_id AS agent_id,
    coalesce(nullif(name, ''), user_name) AS name,
    nullif(title, '') AS role,
    coalesce(lower(internal_integration_user) = 'true' OR lower(web_service_access_only) = 'true', false) AS is_bot,
    _file,
    _row
FROM raw.sys_user;
