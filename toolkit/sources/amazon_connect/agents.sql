-- One row per user of the instance; contact records name agents by their user name.
SELECT
    Username AS agent_id,
    nullif(concat_ws(' ',
        CASE WHEN json_valid(IdentityInfo) THEN IdentityInfo->>'$.FirstName' END,
        CASE WHEN json_valid(IdentityInfo) THEN IdentityInfo->>'$.LastName' END), '') AS name,
    false AS is_bot,
    _file,
    _row
FROM raw.users;
