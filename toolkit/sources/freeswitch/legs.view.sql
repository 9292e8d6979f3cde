-- One row per record, from either file.
WITH united AS (
    SELECT caller_id_number, destination_number, context, start_stamp, answer_stamp, end_stamp, duration, billsec, hangup_cause, uuid, bleg_uuid, _file, _row
    FROM raw.cdr_csv
    UNION ALL
    SELECT caller_id_number, destination_number, context, start_stamp, answer_stamp, end_stamp, duration, billsec, hangup_cause, uuid, bleg_uuid, _file, _row
    FROM raw.cdr
)
SELECT
    * REPLACE (nullif(trim(answer_stamp), '') AS answer_stamp, nullif(trim(end_stamp), '') AS end_stamp, nullif(trim(bleg_uuid), '') AS bleg_uuid, upper(trim(hangup_cause)) AS hangup_cause),
    -- 2020/2/10 22:41, as a spreadsheet leaves it
    try_strptime(trim(start_stamp), ['%Y-%m-%d %H:%M:%S', '%Y/%m/%d %H:%M:%S', '%Y-%m-%d %H:%M', '%Y/%m/%d %H:%M']) AS start_time,
    regexp_matches(trim(start_stamp), ' \d{1,2}:\d{2}$') AS is_cut,
    try_cast(duration AS BIGINT) AS lasted,
    try_cast(billsec AS BIGINT) AS billed
FROM united
