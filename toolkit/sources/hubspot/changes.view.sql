-- Each value that a property of a ticket has had, with the one before.
WITH properties AS (
    SELECT id, unnest(map_entries(CAST(CAST(propertiesWithHistory AS JSON) AS MAP(VARCHAR, JSON)))) AS property, _file, _row
    FROM raw.api
    WHERE json_valid(propertiesWithHistory) AND json_type(propertiesWithHistory) = 'OBJECT'
),
steps AS (
    SELECT id, property.key AS name, unnest(from_json(property.value, '["JSON"]')) AS step, _file, _row
    FROM properties
    WHERE json_type(property.value) = 'ARRAY'
),
given AS (
    SELECT
        ticket_id,
        lower(trim(name)) AS name,
        nullif(value, '') AS value,
        coalesce(nullif(timestamp_instant, ''), nullif("timestamp", '')) AS told_at,
        NULL AS changed_by,
        _file,
        _row
    FROM raw.ticket_property_history
    UNION ALL
    SELECT
        id, lower(name), nullif(step->>'$.value', ''), step->>'$.timestamp',
        nullif(coalesce(step->>'$.updatedByUserId', replace(step->>'$.sourceId', 'userId:', '')), ''), _file, _row
    FROM steps
)
SELECT
    ticket_id,
    CASE name
        WHEN 'hs_pipeline_stage' THEN 'status'
        WHEN 'hubspot_owner_id' THEN 'agent'
        WHEN 'hubspot_team_id' THEN 'team'
        WHEN 'hs_ticket_priority' THEN 'priority'
        WHEN 'hs_ticket_category' THEN 'topic'
        ELSE name
    END AS field,
    lag(value) OVER (PARTITION BY ticket_id, name ORDER BY told_at, _file, _row) AS from_value,
    value AS to_value,
    utc(told_at) AS changed_at,
    changed_by,
    _file,
    _row
FROM given
