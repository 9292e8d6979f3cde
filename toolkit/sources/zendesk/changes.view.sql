-- Changes of a ticket's fields, one row each, from audits, the incremental events or a warehouse's history.
WITH child AS (
    SELECT
        coalesce(ticket_id, event->>'$.ticket_id') AS ticket_id,
        changed_at,
        changed_by,
        event,
        _file,
        _row
    FROM (
        SELECT
            ticket_id,
            created_at AS changed_at,
            author_id AS changed_by,
            unnest(from_json(try_cast(events AS JSON), '["JSON"]')) AS event,
            _file,
            _row
        FROM raw.ticket_audits
        UNION ALL
        SELECT
            ticket_id,
            coalesce(created_at, CAST(to_timestamp(try_cast(timestamp AS DOUBLE)) AS VARCHAR), timestamp),
            updater_id,
            unnest(from_json(try_cast(child_events AS JSON), '["JSON"]')),
            _file,
            _row
        FROM raw.ticket_events
    )
),
-- an incremental event names its fields by keys: {"event_type": "Change", "previous_value": "open", "status": "solved"};
-- that of a ticket's creation has many
named AS (
    SELECT
        *,
        CASE
            WHEN (event->>'$.field_name') IS NOT NULL THEN [{'key': event->>'$.field_name', 'value': event->'$.value'}]
            ELSE list_concat(
                list_filter(
                    map_entries(try_cast(event AS MAP(VARCHAR, JSON))),
                    lambda entry: entry.key NOT IN (
                        'id', 'via', 'via_reference_id', 'type', 'event_type', 'previous_value', 'ticket_id', 'metadata',
                        'custom_ticket_fields', 'added_tags', 'removed_tags', 'audit_id', 'created_at'
                    )
                    -- what a ticket begins without is no change
                    AND NOT (coalesce(event->>'$.event_type', '') = 'Create' AND json_type(entry.value) = 'NULL')
                ),
                map_entries(try_cast(event->'$.custom_ticket_fields' AS MAP(VARCHAR, JSON)))
            )
        END AS fields
    FROM child
    WHERE (event->>'$.type') IN ('Change', 'Create') OR (event->>'$.event_type') IN ('Change', 'Create')
),
opened AS (
    -- an event that names no field goes on, to be told in the ledger
    SELECT * EXCLUDE (fields), len(fields) AS n_fields, unnest(CASE WHEN len(fields) > 0 OR (event->>'$.event_type') = 'Create' THEN fields ELSE [NULL] END) AS own
    FROM named
),
history AS (
    SELECT
        ticket_id,
        field_name AS field,
        value AS to_value,
        regexp_replace(updated, '^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(:\d\d(\.\d+)?)?)$', '\1T\2Z') AS changed_at,
        user_id AS changed_by,
        _file,
        _row
    FROM raw.ticket_field_history
)
SELECT
    ticket_id,
    own.key AS field,
    CASE WHEN n_fields = 1 THEN event->>'$.previous_value' END AS from_value,
    own.value->>'$' AS to_value,
    changed_at,
    changed_by,
    _file,
    _row
FROM opened
UNION ALL
SELECT
    ticket_id,
    field,
    lag(to_value) OVER (PARTITION BY ticket_id, field ORDER BY try_cast(changed_at AS TIMESTAMPTZ), _file, _row),
    to_value,
    changed_at,
    changed_by,
    _file,
    _row
FROM history
