-- The flow, the queue, the agent.
WITH told AS (
    SELECT
        *,
        nullif(enqueued, '') AS queued,
        nullif(connected, '') AS answered,
        coalesce(enqueued, connected, '') = '' AS is_flow_only,
        coalesce(connected, '') = '' AND coalesce(disconnected, '') <> '' AND next_id IS NULL
            AND method NOT IN ('OUTBOUND', 'EXTERNAL_OUTBOUND', 'API', 'CALLBACK', 'CAMPAIGN_PREVIEW') AS is_left
    FROM raw.records
    WHERE channel = 'VOICE' AND method IS DISTINCT FROM 'MONITOR'
        AND NOT (method IS NOT DISTINCT FROM 'DISCONNECT' AND coalesce(enqueued, connected, '') = '')
),
stages AS (
    SELECT id, 1 AS position, 'flow' AS stage, initiated AS entered_at, coalesce(queued, answered, disconnected) AS left_at, false AS is_abandoned, updated, _file, _row
    FROM told
    WHERE method IN ('INBOUND', 'TRANSFER', 'WEBRTC_API') AND initiated IS DISTINCT FROM queued
    UNION ALL
    SELECT id, 2, 'queue', queued, coalesce(nullif(dequeued, ''), answered, disconnected), is_left, updated, _file, _row
    FROM told WHERE queued IS NOT NULL
    UNION ALL
    SELECT id, 3, 'agent', answered, disconnected, false, updated, _file, _row
    FROM told WHERE answered IS NOT NULL
)
SELECT id AS call_id, position, stage, entered_at, left_at, is_abandoned, updated AS _version, _file, _row FROM stages;
