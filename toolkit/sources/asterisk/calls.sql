-- One row per time a caller entered a queue. RINGNOANSWER and settings events are no calls.
WITH events AS (
    SELECT
        *,
        -- epoch seconds in the classic log; text, perhaps local, in newer ones
        coalesce(strftime(make_timestamp((try_cast(logged AS DOUBLE) * 1000000)::BIGINT), '%Y-%m-%dT%H:%M:%S.%fZ'), logged) AS happened_at,
        -- a call that is passed to a second queue is offered a second time
        count(*) FILTER (event = 'ENTERQUEUE') OVER (PARTITION BY callid ORDER BY happened_at, _file, _row) AS turn
    FROM raw.queue_log
    WHERE callid <> 'NONE' AND event IS NOT NULL
        AND (try_cast(logged AS DOUBLE) IS NOT NULL OR try_cast(logged AS TIMESTAMP) IS NOT NULL)
)
SELECT
    CASE WHEN turn > 1 THEN callid || '/' || turn ELSE callid END AS call_id,
    min(happened_at) FILTER (event = 'ENTERQUEUE') AS started_at,
    min(happened_at) FILTER (event = 'ENTERQUEUE') AS queued_at,
    min(happened_at) FILTER (event = 'CONNECT') AS answered_at,
    min(happened_at) FILTER (event IN ('COMPLETEAGENT', 'COMPLETECALLER', 'TRANSFER', 'ATTENDEDTRANSFER', 'BLINDTRANSFER',
        'ABANDON', 'EXITWITHTIMEOUT', 'EXITWITHKEY', 'EXITEMPTY')) AS ended_at,
    min(happened_at) FILTER (event = 'ABANDON') AS abandoned_at,
    nullif(min(data2) FILTER (event = 'ENTERQUEUE'), 'anonymous') AS customer_id,
    min(queue) FILTER (event = 'ENTERQUEUE') AS queue,
    min(channel) FILTER (event = 'CONNECT') AS agent,
    min(try_cast(data2 AS BIGINT)) FILTER (event IN ('COMPLETEAGENT', 'COMPLETECALLER')) AS talk_seconds,
    min(data1) FILTER (event IN ('TRANSFER', 'ATTENDEDTRANSFER', 'BLINDTRANSFER')) AS transferred_to,
    -- neither: the log ends before the call does, or the caller left the queue another way
    CASE
        WHEN count(*) FILTER (event = 'CONNECT') > 0 THEN 'answered'
        WHEN count(*) FILTER (event = 'ABANDON') > 0 THEN 'abandoned'
    END AS outcome,
    min(_file) AS _file,
    min(_row) FILTER (event = 'ENTERQUEUE') AS _row
FROM events
WHERE turn > 0
GROUP BY callid, turn;
