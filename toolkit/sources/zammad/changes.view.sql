-- What the history tells of a ticket; `why` of the entries that are no change of it.
SELECT
    o_id AS ticket_id,
    CASE lower(attribute) WHEN 'state' THEN 'status' WHEN 'owner' THEN 'agent' WHEN 'group' THEN 'team' ELSE lower(attribute) END AS field,
    nullif(nullif(value_from, ''), '-') AS from_value,
    nullif(nullif(value_to, ''), '-') AS to_value,
    created_at,
    created_by_id,
    CASE WHEN lower(object) <> 'ticket' OR lower(type) <> 'updated' OR coalesce(attribute, '') = '' THEN 'no change of a ticket: ' || lower(object) || ' ' || lower(type) END AS why,
    _file,
    _row
FROM raw.ticket_history
