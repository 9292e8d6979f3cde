-- One row per contact record of a call; transfers are records of their own, which share contact_id.
WITH told AS (
    SELECT
        records.*,
        coalesce(records.enqueued, '') <> '' AS is_queued,
        coalesce(records.connected, '') <> '' AS is_connected,
        coalesce(records.disconnected, '') <> '' AS is_over,
        coalesce(records.reached, '') <> '' AS is_reached,
        records.method IN ('OUTBOUND', 'EXTERNAL_OUTBOUND', 'API', 'CALLBACK', 'CAMPAIGN_PREVIEW') AS is_outbound,
        -- what is passed on of a call that the house made
        records.method IN ('TRANSFER', 'QUEUE_TRANSFER') AND coalesce(
            before.method IN ('OUTBOUND', 'EXTERNAL_OUTBOUND', 'API', 'CALLBACK', 'CAMPAIGN_PREVIEW')
            OR beginning.method IN ('OUTBOUND', 'EXTERNAL_OUTBOUND', 'API', 'CAMPAIGN_PREVIEW'), false
        ) AS is_passed_on
    FROM raw.records AS records
    LEFT JOIN raw.newest AS before ON before.id = records.previous
    LEFT JOIN raw.newest AS beginning ON beginning.id = records.chain
    WHERE records.channel = 'VOICE'
        AND records.method IS DISTINCT FROM 'MONITOR'
        -- a flow that runs after the call is no call, unless it leads to a queue or an agent
        AND NOT (records.method IS NOT DISTINCT FROM 'DISCONNECT' AND coalesce(records.enqueued, records.connected, '') = '')
),
ended AS (
    SELECT
        *,
        CASE
            -- of a call that the house makes: whether the other end was reached
            WHEN is_outbound AND is_connected AND is_reached THEN 'answered'
            WHEN is_outbound AND is_over THEN 'failed'
            WHEN is_outbound THEN NULL
            WHEN is_connected THEN 'answered'
            WHEN NOT is_over THEN NULL
            WHEN is_queued AND next_id IS NOT NULL THEN 'overflow'
            WHEN is_queued THEN 'abandoned'
            ELSE 'contained'
        END AS outcome
    FROM told
)
SELECT
    id AS call_id,
    initiated AS started_at,
    nullif(enqueued, '') AS queued_at,
    CASE WHEN is_reached OR NOT coalesce(is_outbound, false) THEN connected END AS answered_at,
    disconnected AS ended_at,
    CASE WHEN outcome = 'abandoned' THEN disconnected END AS abandoned_at,
    coalesce(customer, address) AS customer_id,
    CASE WHEN id IN (SELECT contact FROM raw.turns WHERE channel = 'VOICE') THEN id END AS conversation_id,
    queue,
    team,
    agent,
    CASE WHEN is_queued THEN queue_seconds END AS queue_seconds,
    CASE WHEN is_connected THEN interaction END AS talk_seconds,
    CASE WHEN is_connected THEN hold END AS hold_seconds,
    CASE WHEN is_connected THEN after_work END AS wrap_up_seconds,
    transferred_to,
    outcome,
    CASE WHEN is_outbound OR is_passed_on THEN 'outbound' WHEN method IS NOT NULL THEN 'inbound' END AS direction,
    chain AS contact_id,
    method IS NOT DISTINCT FROM 'CALLBACK' AS is_callback,
    method AS initiation_method,
    disconnect_reason,
    updated AS _version,
    _file,
    _row
FROM ended;
