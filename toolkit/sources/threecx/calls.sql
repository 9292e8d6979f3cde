-- One row per history id: the legs of one call.
WITH grouped AS (
    SELECT
        group_id,
        arg_min(started, (start_time, _file, _row)) AS started,
        min(start_time) FILTER (is_queue) AS queued,
        -- of a leg to a queue, and of one that was passed on at once, the time of answer isn't the agent's
        min(answer_time) FILTER (is_reached AND NOT is_queue AND NOT (answer_time = start_time AND end_no <> to_no)) AS answered_at,
        arg_max(ended, (end_time, _file, _row)) AS ended,
        max(end_time) AS end_time,
        coalesce(
            min(from_no) FILTER (is_from_outside),
            min(CASE WHEN is_to_outside THEN to_no END)
        ) AS customer,
        arg_min(coalesce(to_name, to_no), (start_time, _file, _row)) FILTER (is_queue) AS queue,
        arg_min(end_no, (start_time, _file, _row)) FILTER (is_reached AND NOT is_to_outside) AS agent,
        arg_min(from_no, (start_time, _file, _row)) FILTER (NOT is_from_outside) AS caller,
        sum(epoch(end_time - answer_time)::BIGINT) FILTER (is_reached AND NOT is_queue AND NOT (answer_time = start_time AND end_no <> to_no)) AS talked,
        bool_or(is_reached) AS is_reached,
        bool_or(coalesce(end_type IN ('voicemail', 'vmail'), false) AND answered IS NOT NULL) AS is_voicemail,
        bool_or(is_queue) AS is_queued,
        bool_or(answered IS NOT NULL) AS is_picked_up,
        bool_or(is_from_outside) AS is_inbound,
        arg_max(reason, (end_time, _file, _row)) AS reason,
        min(_file) AS _file,
        arg_min(_row, (_file, _row)) AS _row
    FROM raw.legs
    WHERE copy = 1
    GROUP BY group_id
    HAVING bool_or(is_from_outside OR is_to_outside)
),
told AS (
    SELECT
        *,
        CASE
            WHEN is_reached THEN 'answered'
            WHEN is_voicemail THEN 'voicemail'
            WHEN coalesce(ended, '') = '' THEN NULL
            WHEN NOT is_inbound THEN 'failed'
            WHEN is_picked_up AND NOT is_queued THEN 'contained'
            ELSE 'abandoned'
        END AS outcome
    FROM grouped
)
SELECT
    group_id AS call_id,
    started AS started_at,
    queued AS queued_at,
    answered_at,
    ended AS ended_at,
    CASE WHEN outcome = 'abandoned' THEN ended END AS abandoned_at,
    customer AS customer_id,
    queue,
    CASE WHEN is_inbound THEN agent ELSE caller END AS agent,
    talked AS talk_seconds,
    outcome,
    CASE WHEN is_inbound THEN 'inbound' ELSE 'outbound' END AS direction,
    group_id AS contact_id,
    reason AS reason_terminated,
    _file,
    _row
FROM told;
