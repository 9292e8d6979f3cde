-- The menu (VRU), then the queue when there was one, then the agent.
WITH steps AS (
    SELECT
        *,
        trim("vru+line") || '-' || trim(call_id) AS id,
        try_strptime('19' || trim("date"), '%Y%m%d') AS day,
        epoch(try_cast(trim(vru_entry) AS TIME))::BIGINT AS entry,
        trim(q_start) <> '0:00:00' OR try_cast(q_time AS BIGINT) > 0 AS is_queued,
        trim(outcome) = 'AGENT' AND trim(ser_start) <> '0:00:00' AS has_service
    FROM raw.calls
),
stages AS (
    SELECT id, 1 AS position, 'menu' AS stage, vru_entry AS entered, vru_exit AS left_,
        trim(outcome) = 'HANG' AND NOT is_queued AS is_abandoned, day, entry, _file, _row
    FROM steps
    UNION ALL
    SELECT id, 2, 'queue', q_start, q_exit, trim(outcome) = 'HANG', day, entry, _file, _row
    FROM steps WHERE is_queued
    UNION ALL
    SELECT id, 3, 'agent', ser_start, ser_exit, false, day, entry, _file, _row
    FROM steps WHERE has_service
),
seconds AS (
    SELECT *, epoch(try_cast(trim(entered) AS TIME))::BIGINT AS from_, epoch(try_cast(trim(left_) AS TIME))::BIGINT AS to_
    FROM stages
)
SELECT
    id AS call_id,
    position,
    stage,
    day + to_seconds(from_ + CASE WHEN entry - from_ > 43200 THEN 86400 ELSE 0 END) AS entered_at,
    day + to_seconds(to_ + CASE WHEN entry - to_ > 43200 THEN 86400 ELSE 0 END) AS left_at,
    is_abandoned,
    _file,
    _row
FROM seconds;
