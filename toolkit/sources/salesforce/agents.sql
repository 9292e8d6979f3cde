-- One row per user. Those of portals and communities are customers: their role says so.
SELECT
    Id AS agent_id,
    coalesce(nullif(Name, ''), nullif(trim(concat_ws(' ', FirstName, LastName)), ''), Username) AS name,
    UserType AS role,
    coalesce(lower(UserType) IN ('automatedprocess', 'cloudintegrationuser'), false) AS is_bot,
    _file,
    _row
FROM raw.users;
