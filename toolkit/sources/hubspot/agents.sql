-- One row per owner. Names that were left empty are the address.
SELECT owner_id AS agent_id, coalesce(nullif(trim(concat_ws(' ', first_name, last_name)), ''), email) AS name, NULL AS team, type AS role, _file, _row
FROM raw.owner
UNION ALL
SELECT
    id, coalesce(nullif(trim(concat_ws(' ', firstName, lastName)), ''), email),
    CASE WHEN json_valid(teams) THEN coalesce(
        list_filter(from_json(teams, '[{"name": "VARCHAR", "primary": "BOOLEAN"}]'), lambda one: one."primary")[1].name, teams->>'$[0].name'
    ) END, NULL, _file, _row
FROM raw.api_owners;
