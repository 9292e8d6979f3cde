-- One row per record whose start is where the order of the fields says; the second leg of another is part of that one.
WITH told AS (
    SELECT
        * EXCLUDE (answer_stamp, end_stamp),
        CASE WHEN answer_stamp IS NULL OR NOT is_cut THEN answer_stamp
            ELSE coalesce(CAST(start_time + to_seconds(lasted - billed) AS VARCHAR), answer_stamp) END AS answered,
        CASE WHEN is_cut THEN coalesce(CAST(start_time + to_seconds(lasted) AS VARCHAR), end_stamp) ELSE end_stamp END AS ended,
        CASE
            WHEN answer_stamp IS NOT NULL THEN 'answered'
            WHEN hangup_cause IN ('ORIGINATOR_CANCEL', 'NO_ANSWER', 'NO_USER_RESPONSE', 'ALLOTTED_TIMEOUT', 'NORMAL_CLEARING', 'RECOVERY_ON_TIMER_EXPIRE') THEN 'abandoned'
            WHEN hangup_cause IS NOT NULL THEN 'failed'
        END AS outcome
    FROM raw.legs
    WHERE regexp_matches(start_stamp, '\d{1,2}:\d{2}') AND coalesce(uuid NOT IN (SELECT bleg_uuid FROM raw.legs WHERE bleg_uuid IS NOT NULL), true)
)
SELECT
    uuid AS call_id,
    start_stamp AS started_at,
    answered AS answered_at,
    ended AS ended_at,
    CASE WHEN outcome = 'abandoned' THEN ended END AS abandoned_at,
    nullif(trim(caller_id_number), '0') AS customer_id,
    CASE WHEN outcome = 'answered' THEN billed END AS talk_seconds,
    outcome,
    context,
    destination_number AS dialled,
    hangup_cause,
    _file,
    _row
FROM told;
