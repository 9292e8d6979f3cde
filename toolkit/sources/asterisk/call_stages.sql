-- The queue, then the agent: the log begins where the caller enters the queue.
WITH events AS (
    SELECT
        *,
        -- epoch seconds in the classic log; text, perhaps local, in newer ones
        coalesce(strftime(make_timestamp((try_cast(logged AS DOUBLE) * 1000000)::BIGINT), '%Y-%m-%dT%H:%M:%S.%fZ'), logged) AS happened_at,
        count(*) FILTER (event = 'ENTERQUEUE') OVER (PARTITION BY callid ORDER BY happened_at, _file, _row) AS turn
    FROM raw.queue_log
    WHERE callid <> 'NONE' AND event IS NOT NULL
        AND (try_cast(logged AS DOUBLE) IS NOT NULL OR try_cast(logged AS TIMESTAMP) IS NOT NULL)
),
calls AS (
    SELECT
        CASE WHEN turn > 1 THEN callid || '/' || turn ELSE callid END AS call_id,
        min(happened_at) FILTER (event = 'ENTERQUEUE') AS queued_at,
        min(happened_at) FILTER (event = 'CONNECT') AS answered_at,
        min(happened_at) FILTER (event = 'ABANDON') AS abandoned_at,
        min(happened_at) FILTER (event IN ('EXITWITHTIMEOUT', 'EXITWITHKEY', 'EXITEMPTY')) AS exited_at,
        min(happened_at) FILTER (event IN ('COMPLETEAGENT', 'COMPLETECALLER', 'TRANSFER', 'ATTENDEDTRANSFER', 'BLINDTRANSFER')) AS ended_at,
        min(_file) AS _file,
        min(_row) FILTER (event = 'ENTERQUEUE') AS _row
    FROM events
    WHERE turn > 0
    GROUP BY callid, turn
)
SELECT call_id, 1 AS position, 'queue' AS stage, queued_at AS entered_at,
    coalesce(answered_at, abandoned_at, exited_at) AS left_at,
    answered_at IS NULL AND abandoned_at IS NOT NULL AS is_abandoned, _file, _row
FROM calls
UNION ALL
SELECT call_id, 2, 'agent', answered_at, ended_at, false, _file, _row
FROM calls
WHERE answered_at IS NOT NULL;
