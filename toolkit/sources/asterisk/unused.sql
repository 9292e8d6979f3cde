-- Lines that are no event of a call that the log saw begin: junk, times that can't be read, events of a queue or an
-- agent, and events of calls that entered the queue before the log begins. They go to the ledger, so that every line is
-- accounted for. All other lines are part of a call, those that tell that nobody answered (RINGNOANSWER) too.
WITH read AS (
    SELECT *, coalesce(try_cast(logged AS DOUBLE) IS NOT NULL OR try_cast(logged AS TIMESTAMP) IS NOT NULL, false) AS is_timed
    FROM raw.queue_log
),
events AS (
    SELECT
        *,
        count(*) FILTER (event = 'ENTERQUEUE' AND is_timed) OVER (PARTITION BY callid) AS entered,
        count(*) FILTER (event = 'ENTERQUEUE' AND NOT is_timed) OVER (PARTITION BY callid) AS lost
    FROM read
),
told AS (
    SELECT
        *,
        CASE
            WHEN event IS NULL THEN 'no event of a queue'
            WHEN NOT is_timed THEN 'its time can''t be read'
            -- some are logged with the call by which an agent signed on
            WHEN coalesce(callid, 'NONE') = 'NONE' OR (entered = 0 AND event IN (
                'QUEUESTART', 'CONFIGRELOAD', 'ADDMEMBER', 'REMOVEMEMBER', 'PAUSE', 'UNPAUSE', 'PAUSEALL', 'UNPAUSEALL', 'PENALTY',
                'RINGINUSE', 'AGENTLOGIN', 'AGENTLOGOFF', 'AGENTCALLBACKLOGIN', 'AGENTCALLBACKLOGOFF'
            )) THEN 'an event of the queue or of an agent, of no call'
            WHEN entered = 0 AND event NOT IN ('JOINEMPTY', 'FULL') THEN
                CASE WHEN lost > 0 THEN 'when its call entered the queue can''t be read' ELSE 'its call entered the queue before the log begins' END
        END AS reason
    FROM events
)
SELECT
    'calls' AS "table",
    concat_ws('|', logged, callid, queue, channel, event, data1, data2) AS value,
    reason,
    _file,
    _row,
    event IS NULL OR NOT is_timed OR reason LIKE '%can''t be read' AS is_wrong
FROM told
WHERE reason IS NOT NULL
UNION ALL
SELECT
    'calls',
    concat_ws(', ', started, src, dst, disposition),
    CASE WHEN copy > 1 THEN 'the same record is there twice' ELSE 'queue_log tells of this call, with its time in the queue' END,
    legs._file,
    legs._row,
    false
FROM raw.legs AS legs
JOIN raw.groups AS groups ON groups.group_id = legs.group_id
WHERE copy > 1 OR is_in_queue_log
UNION ALL
SELECT
    'calls',
    concat_ws(', ', c1, c2, c3, c4, c5, c6, c7, c8, c9, c10),
    'its start is neither the 9th field (cdr_custom) nor the 10th (cdr_csv)',
    _file,
    _row,
    true
FROM raw.cdr_csv
WHERE try_cast(c9 AS TIMESTAMP) IS NULL AND try_cast(c10 AS TIMESTAMP) IS NULL
UNION ALL
SELECT 'calls', left(line, 200), 'the line holds no Cdr event', _file, _row, false
FROM raw.cdr_events AS lines
WHERE NOT EXISTS (SELECT 1 FROM raw.legs AS legs WHERE legs._file = lines._file AND legs._row = lines._row);
