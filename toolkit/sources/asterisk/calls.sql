-- One row per time a caller entered a queue (queue_log), and one per call that only the CDR tells.
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
    min(try_cast(CASE
        WHEN event IN ('COMPLETEAGENT', 'COMPLETECALLER') THEN data2
        -- extension, context, hold time, call time
        WHEN event IN ('TRANSFER', 'BLINDTRANSFER') THEN data4
        -- method, data of the method (two of LINK), hold time, call time
        WHEN event = 'ATTENDEDTRANSFER' THEN CASE WHEN upper(data1) = 'LINK' THEN data5 ELSE data4 END
    END AS BIGINT)) AS talk_seconds,
    -- where an attended transfer leads to isn't logged, only how it was done; a second queue that the call entered is told
    coalesce(
        min(data1) FILTER (event IN ('TRANSFER', 'BLINDTRANSFER')),
        CASE WHEN count(*) FILTER (event = 'ATTENDEDTRANSFER') > 0 THEN coalesce(lead(min(queue) FILTER (event = 'ENTERQUEUE')) OVER (PARTITION BY callid ORDER BY turn), 'not known') END
    ) AS transferred_to,
    -- none: the log ends before the call does
    CASE
        WHEN count(*) FILTER (event = 'CONNECT') > 0 THEN 'answered'
        WHEN count(*) FILTER (event = 'ABANDON') > 0 THEN 'abandoned'
        WHEN count(*) FILTER (event IN ('EXITWITHTIMEOUT', 'EXITWITHKEY', 'EXITEMPTY')) > 0 THEN 'overflow'
    END AS outcome,
    callid AS contact_id,
    min(_file) AS _file,
    min(_row) FILTER (event = 'ENTERQUEUE') AS _row
FROM events
WHERE turn > 0
GROUP BY callid, turn
UNION ALL BY NAME
-- Callers whom the queue didn't take, as it was full or nobody was there to answer: never offered, so neither answered
-- nor abandoned.
SELECT
    callid || '/turned away' || CASE WHEN again > 1 THEN ' ' || again ELSE '' END AS call_id,
    happened_at AS started_at,
    happened_at AS ended_at,
    queue,
    'failed' AS outcome,
    callid AS contact_id,
    _file,
    _row
FROM (SELECT *, row_number() OVER (PARTITION BY callid ORDER BY happened_at, _file, _row) AS again FROM events WHERE event IN ('JOINEMPTY', 'FULL'))
UNION ALL BY NAME
SELECT
    legs.group_id AS call_id,
    min(started) AS started_at,
    -- Queue's own leg is answered by the queue
    min(answered) FILTER (is_reached AND NOT is_queue) AS answered_at,
    max(ended) AS ended_at,
    CASE WHEN NOT bool_or(coalesce(is_reached, false)) AND NOT bool_or(lower(app) LIKE 'voicemail%' AND disposition = 'ANSWERED')
        AND bool_or(disposition = 'NO ANSWER' OR (disposition = 'ANSWERED' AND is_queue)) THEN max(ended) END AS abandoned_at,
    arg_min(src, (started, legs._file, legs._row)) FILTER (src <> '') AS customer_id,
    arg_min(regexp_extract(app_data, '^[^,|]*'), (started, legs._file, legs._row)) FILTER (is_queue) AS queue,
    -- PJSIP/client2-00000003: the channel of the moment, by the end
    regexp_replace(arg_min(dstchannel, (is_queue, starts_with(dstchannel, 'Local/'), answered, legs._file, legs._row)) FILTER (is_reached), '-[0-9a-fA-F]{8}(;[12])?$', '') AS agent,
    sum(try_cast(billed AS BIGINT)) FILTER (is_reached AND NOT is_queue) AS talk_seconds,
    CASE
        WHEN bool_or(is_reached) THEN 'answered'
        WHEN bool_or(lower(app) LIKE 'voicemail%' AND disposition = 'ANSWERED') THEN 'voicemail'
        WHEN bool_or(disposition = 'NO ANSWER' OR (disposition = 'ANSWERED' AND is_queue)) THEN 'abandoned'
        WHEN bool_or(disposition = 'ANSWERED') THEN 'contained'
        WHEN bool_or(disposition IN ('BUSY', 'FAILED', 'CONGESTION')) THEN 'failed'
        ELSE lower(any_value(disposition))
    END AS outcome,
    CASE WHEN bool_or(did <> '') THEN 'inbound' END AS direction,
    legs.group_id AS contact_id,
    arg_min(context, (started, legs._file, legs._row)) AS context,
    arg_min(dst, (started, legs._file, legs._row)) AS dialled,
    arg_max(disposition, (coalesce(is_reached, false), disposition = 'ANSWERED', started, legs._file, legs._row)) AS disposition,
    min(legs._file) AS _file,
    arg_min(legs._row, (legs._file, legs._row)) AS _row
FROM raw.legs AS legs
JOIN raw.groups AS groups ON groups.group_id = legs.group_id
WHERE copy = 1 AND NOT is_in_queue_log
GROUP BY legs.group_id;
