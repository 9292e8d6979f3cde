-- One row per leg. In a log without names the fields are found by what they look like: the first that is a time is the
-- start, what precedes it may hold the history id ("Call 612504"), the duration and the call id; the rest follows it in 3CX's order.
WITH split AS (
    SELECT
        line,
        [trim(field) FOR field IN string_split(trim(line), ',')] AS fields,
        _file,
        _row
    FROM raw.cdr
),
placed AS (
    SELECT
        *,
        list_position([regexp_matches(field, '^\d{4}[/-]\d{1,2}[/-]\d{1,2}[ T]\d{1,2}:\d{2}') FOR field IN fields], true) AS begins
    FROM split
),
timed AS (
    SELECT
        *,
        -- how many of start, answered and end are there
        CASE
            WHEN regexp_matches(fields[begins + 2], '^\d{4}[/-]\d{1,2}[/-]\d{1,2}[ T]\d{1,2}:\d{2}') THEN 3
            WHEN regexp_matches(fields[begins + 1], '^\d{4}[/-]\d{1,2}[/-]\d{1,2}[ T]\d{1,2}:\d{2}') THEN 2
            ELSE 1
        END AS times
    FROM placed
    WHERE begins IS NOT NULL
),
reasoned AS (
    SELECT
        *,
        begins + times + CASE WHEN regexp_matches(fields[begins + times], '^[A-Za-z_]+$') THEN 1 ELSE 0 END AS sides,
        begins = 4 AND times = 3 AND len(fields) >= 15 AS is_whole
    FROM timed
),
named AS (
    SELECT
        nullif(regexp_replace(CASE WHEN begins > 1 AND NOT regexp_matches(fields[1], '^\d+:\d{2}:\d{2}$') THEN fields[1] END, '^Call\s+', ''), '') AS history,
        fields[begins] AS started,
        CASE WHEN times = 3 THEN fields[begins + 1] END AS answered,
        CASE WHEN times > 1 THEN fields[begins + times - 1] END AS ended,
        CASE WHEN sides > begins + times THEN fields[begins + times] END AS reason,
        fields[sides] AS from_no,
        fields[sides + 1] AS to_no,
        CASE WHEN is_whole THEN fields[13] END AS changed,
        CASE WHEN is_whole THEN fields[14] END AS final_no,
        CASE WHEN is_whole THEN fields[21] END AS from_type,
        CASE WHEN is_whole THEN fields[22] END AS to_type,
        CASE WHEN is_whole THEN fields[23] END AS final_type,
        CASE WHEN is_whole THEN fields[24] END AS from_name,
        CASE WHEN is_whole THEN fields[25] END AS to_name,
        CASE WHEN is_whole THEN fields[26] END AS final_name,
        _file,
        _row
    FROM reasoned
    UNION ALL BY NAME
    SELECT
        nullif(regexp_replace(trim(historyid), '^Call\s+', ''), '') AS history,
        "time-start" AS started,
        "time-answered" AS answered,
        "time-end" AS ended,
        "reason-terminated" AS reason,
        "from-no" AS from_no,
        "to-no" AS to_no,
        "reason-changed" AS changed,
        "final-number" AS final_no,
        "from-type" AS from_type,
        "to-type" AS to_type,
        "final-type" AS final_type,
        "from-dispname" AS from_name,
        "to-dispname" AS to_name,
        "final-dispname" AS final_name,
        _file,
        _row
    FROM raw.cdr_named
),
typed AS (
    SELECT
        * REPLACE (
            nullif(trim(answered), '') AS answered,
            nullif(trim(final_no), '') AS final_no,
            nullif(trim(from_name), '') AS from_name,
            nullif(trim(to_name), '') AS to_name,
            nullif(trim(final_name), '') AS final_name,
            lower(nullif(trim(from_type), '')) AS from_type,
            -- the queue passed it on: QFwdToDNA
            coalesce(lower(nullif(trim(to_type), '')), CASE WHEN changed LIKE 'QFwd%' THEN 'queue' END) AS to_type,
            lower(nullif(trim(final_type), '')) AS final_type
        ),
        coalesce(history, concat_ws(' ', started, from_no, to_no)) AS group_id
    FROM named
),
sided AS (
    SELECT
        *,
        -- by type where it is told, else extensions have Ext. before their number
        coalesce(from_type IN ('provider', 'external_line', 'externalline', 'trunk', 'bridge'), from_no IS NOT NULL AND from_no NOT LIKE 'Ext.%') AS is_from_outside,
        coalesce(to_type IN ('provider', 'external_line', 'externalline', 'trunk', 'outbound_rule', 'outboundrule', 'bridge'), to_no IS NOT NULL AND to_no NOT LIKE 'Ext.%') AS is_to_outside,
        coalesce(final_type, CASE WHEN coalesce(final_no, to_no) = to_no THEN to_type END) AS end_type,
        coalesce(final_no, to_no) AS end_no,
        coalesce(final_name, CASE WHEN coalesce(final_no, to_no) = to_no THEN to_name END) AS end_name,
        try_cast(replace(started, '/', '-') AS TIMESTAMP) AS start_time,
        try_cast(replace(answered, '/', '-') AS TIMESTAMP) AS answer_time,
        try_cast(replace(ended, '/', '-') AS TIMESTAMP) AS end_time
    FROM typed
)
SELECT
    *,
    row_number() OVER (PARTITION BY group_id, started, answered, ended, from_no, to_no, final_no ORDER BY _file, _row) AS copy,
    coalesce(to_type = 'queue', false) AS is_queue,
    -- somebody was on the other end: no queue, receptionist or voicemail box
    answered IS NOT NULL AND NOT coalesce(end_type IN ('queue', 'ivr', 'voicemail', 'vmail', 'specialmenu', 'ringgroup', 'ring_group', 'parking', 'script', 'callflow', 'call_flow_app', 'inbound_routing'), false) AS is_reached
FROM sided
