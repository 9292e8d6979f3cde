-- Lines that are no event of a call that the log saw begin: junk, times that can't be read, and events of calls
-- that entered the queue before the log begins. They go to the ledger, so that every line is accounted for.
WITH events AS (
    SELECT *, count(*) FILTER (event = 'ENTERQUEUE') OVER (PARTITION BY callid) AS entered
    FROM raw.queue_log
)
SELECT
    'calls' AS "table",
    concat_ws('|', logged, callid, queue, channel, event, data1, data2) AS value,
    CASE
        WHEN event IS NULL THEN 'no event of a queue'
        WHEN try_cast(logged AS DOUBLE) IS NULL AND try_cast(logged AS TIMESTAMP) IS NULL THEN 'its time can''t be read'
        ELSE 'its call entered the queue before the log begins'
    END AS reason,
    _file,
    _row
FROM events
WHERE event IS NULL
    OR (try_cast(logged AS DOUBLE) IS NULL AND try_cast(logged AS TIMESTAMP) IS NULL)
    OR (callid <> 'NONE' AND entered = 0 AND event NOT IN ('JOINEMPTY', 'FULL'))
UNION ALL
SELECT
    'calls',
    concat_ws(', ', started, src, dst, disposition),
    CASE WHEN copy > 1 THEN 'the same record is there twice' ELSE 'queue_log tells of this call, with its time in the queue' END,
    legs._file,
    legs._row
FROM raw.legs AS legs
JOIN raw.groups AS groups ON groups.group_id = legs.group_id
WHERE copy > 1 OR is_in_queue_log
UNION ALL
SELECT
    'calls',
    concat_ws(', ', c1, c2, c3, c4, c5, c6, c7, c8, c9, c10),
    'its start is neither the 9th field (cdr_custom) nor the 10th (cdr_csv)',
    _file,
    _row
FROM raw.cdr_csv
WHERE try_cast(c9 AS TIMESTAMP) IS NULL AND try_cast(c10 AS TIMESTAMP) IS NULL
UNION ALL
SELECT 'calls', left(line, 200), 'the line holds no Cdr event', _file, _row
FROM raw.cdr_events AS lines
WHERE NOT EXISTS (SELECT 1 FROM raw.legs AS legs WHERE legs._file = lines._file AND legs._row = lines._row);
