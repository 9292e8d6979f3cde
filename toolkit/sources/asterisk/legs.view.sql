-- One row per record of a CDR, from whichever file. cdr_csv begins with the account and has the start as 10th field,
-- cdr_custom's Master.csv with the caller and has it as 9th; what follows the 16th of cdr_csv is told by its count.
WITH counted AS (
    SELECT
        *,
        len([c FOR c IN [c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22] IF c IS NOT NULL]) AS n,
        [c17, c18, c19, c20, c21] AS tail
    FROM raw.cdr_csv
),
csv_legs AS (
    SELECT c2 AS src, c3 AS dst, c4 AS context, c6 AS channel, c7 AS dstchannel, c8 AS app, c9 AS app_data,
        c10 AS started, c11 AS answered, c12 AS ended, c14 AS billed, c15 AS disposition,
        -- alone it may be either: 1690325492.2 is no user field
        CASE WHEN n IN (18, 21) OR (n IN (17, 20) AND regexp_matches(c17, '\d{6,}[.]\d+$')) THEN c17 END AS uniqueid,
        CASE WHEN n >= 19 THEN tail[n - 17] END AS linkedid,
        NULL AS did, _file, _row
    FROM counted WHERE try_cast(c10 AS TIMESTAMP) IS NOT NULL AND try_cast(c9 AS TIMESTAMP) IS NULL
),
custom_legs AS (
    SELECT c2 AS src, c3 AS dst, c4 AS context, c5 AS channel, c6 AS dstchannel, c7 AS app, c8 AS app_data,
        c9 AS started, c10 AS answered, c11 AS ended, c13 AS billed, c14 AS disposition,
        c17 AS uniqueid, NULL AS linkedid, NULL AS did, _file, _row
    FROM counted WHERE try_cast(c9 AS TIMESTAMP) IS NOT NULL
),
table_legs AS (
    SELECT src, dst, dcontext AS context, channel, dstchannel, lastapp AS app, lastdata AS app_data,
        calldate AS started, answer AS answered, "end" AS ended, billsec AS billed, disposition,
        uniqueid, linkedid, did, _file, _row, duration
    FROM raw.cdr
),
parsed AS (
    SELECT _file, _row, CASE WHEN json_valid(regexp_extract(line, '[{].*[}]', 0)) THEN regexp_extract(line, '[{].*[}]', 0)::JSON END AS told
    FROM raw.cdr_events
),
event_legs AS (
    SELECT told->>'$.source' AS src, told->>'$.destination' AS dst, told->>'$.destinationcontext' AS context, told->>'$.channel' AS channel,
        told->>'$.destinationchannel' AS dstchannel, told->>'$.lastapplication' AS app, told->>'$.lastdata' AS app_data,
        told->>'$.starttime' AS started, told->>'$.answertime' AS answered, told->>'$.endtime' AS ended, told->>'$.billableseconds' AS billed,
        told->>'$.disposition' AS disposition, told->>'$.uniqueid' AS uniqueid, told->>'$.linkedid' AS linkedid, NULL AS did, _file, _row
    FROM parsed WHERE lower(told->>'$.event') = 'cdr'
),
united AS (
    SELECT *, NULL AS duration FROM csv_legs
    UNION ALL BY NAME SELECT *, NULL AS duration FROM custom_legs
    UNION ALL BY NAME SELECT * FROM table_legs
    UNION ALL BY NAME SELECT *, NULL AS duration FROM event_legs
),
named AS (
    SELECT
        * REPLACE (
            -- the table keeps the beginning, how long it took and how long was talked, at the end
            coalesce(nullif(ended, ''), CAST(try_cast(started AS TIMESTAMP) + to_seconds(try_cast(duration AS BIGINT)) AS VARCHAR)) AS ended,
            coalesce(nullif(answered, ''), CASE WHEN upper(disposition) = 'ANSWERED' THEN CAST(
                try_cast(started AS TIMESTAMP) + to_seconds(try_cast(duration AS BIGINT) - try_cast(billed AS BIGINT)) AS VARCHAR) END) AS answered,
            upper(trim(disposition)) AS disposition,
            nullif(trim(dstchannel), '') AS dstchannel,
            nullif(trim(uniqueid), '') AS uniqueid,
            nullif(trim(linkedid), '') AS linkedid
        ),
        coalesce(nullif(trim(linkedid), ''), nullif(trim(uniqueid), ''), concat_ws(' ', channel, started)) AS group_id
    FROM united
)
SELECT
    *,
    -- the same record again: a log that was copied twice
    row_number() OVER (
        PARTITION BY group_id, uniqueid, channel, dstchannel, dst, app, started, answered, ended, disposition ORDER BY _file, _row
    ) AS copy,
    -- somebody was reached; Queue's own leg says so, but not since when
    disposition = 'ANSWERED' AND dstchannel IS NOT NULL AS is_reached,
    lower(app) = 'queue' AS is_queue
FROM named
