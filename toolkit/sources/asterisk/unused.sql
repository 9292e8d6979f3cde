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
    OR (callid <> 'NONE' AND entered = 0);
