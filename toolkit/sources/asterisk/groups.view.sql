-- The calls of the CDR, and whether queue_log tells of them too.
WITH entered AS (
    SELECT callid FROM raw.queue_log WHERE event = 'ENTERQUEUE' AND callid IS NOT NULL
)
SELECT
    group_id,
    bool_or(coalesce(uniqueid IN (SELECT callid FROM entered), false) OR coalesce(linkedid IN (SELECT callid FROM entered), false)) AS is_in_queue_log
FROM raw.legs
GROUP BY group_id
