-- One row per call. A time of day before the call's entry by more than half a day is after midnight.
WITH steps AS (
    SELECT
        *,
        try_strptime('19' || trim("date"), '%Y%m%d') AS day,
        epoch(try_cast(trim(vru_entry) AS TIME))::BIGINT AS entry,
        epoch(try_cast(trim(vru_exit) AS TIME))::BIGINT AS menu_exit,
        epoch(try_cast(trim(q_start) AS TIME))::BIGINT AS queue_start,
        epoch(try_cast(trim(q_exit) AS TIME))::BIGINT AS queue_exit,
        epoch(try_cast(trim(ser_start) AS TIME))::BIGINT AS service_start,
        epoch(try_cast(trim(ser_exit) AS TIME))::BIGINT AS service_exit,
        trim(q_start) <> '0:00:00' OR try_cast(q_time AS BIGINT) > 0 AS is_queued,
        trim(outcome) = 'AGENT' AND trim(ser_start) <> '0:00:00' AS has_service
    FROM raw.calls
),
instants AS (
    SELECT
        *,
        day + to_seconds(entry) AS started,
        day + to_seconds(menu_exit + CASE WHEN entry - menu_exit > 43200 THEN 86400 ELSE 0 END) AS menu_left,
        CASE WHEN is_queued THEN day + to_seconds(queue_start + CASE WHEN entry - queue_start > 43200 THEN 86400 ELSE 0 END) END AS queued,
        CASE WHEN is_queued THEN day + to_seconds(queue_exit + CASE WHEN entry - queue_exit > 43200 THEN 86400 ELSE 0 END) END AS queue_left,
        CASE WHEN has_service THEN day + to_seconds(service_start + CASE WHEN entry - service_start > 43200 THEN 86400 ELSE 0 END) END AS answered,
        CASE WHEN has_service THEN day + to_seconds(service_exit + CASE WHEN entry - service_exit > 43200 THEN 86400 ELSE 0 END) END AS ended
    FROM steps
)
SELECT
    trim("vru+line") || '-' || trim(call_id) AS call_id,
    started AS started_at,
    queued AS queued_at,
    answered AS answered_at,
    coalesce(ended, queue_left, menu_left) AS ended_at,
    CASE WHEN trim(outcome) = 'HANG' THEN coalesce(queue_left, menu_left) END AS abandoned_at,
    nullif(trim(customer_id), '0') AS customer_id,
    trim(type) AS queue,
    CASE trim(type)
        WHEN 'PS' THEN 'regular activity'
        WHEN 'PE' THEN 'regular activity (English)'
        WHEN 'IN' THEN 'internet consulting'
        WHEN 'NE' THEN 'stock exchange'
        WHEN 'NW' THEN 'new customer'
        WHEN 'TT' THEN 'callback'
    END AS topic,
    CASE WHEN has_service THEN nullif(trim(server), 'NO_SERVER') END AS agent,
    CASE WHEN is_queued THEN try_cast(q_time AS BIGINT) END AS queue_seconds,
    CASE WHEN has_service AND try_cast(ser_time AS BIGINT) > 0 THEN try_cast(ser_time AS BIGINT) END AS talk_seconds,
    CASE trim(outcome)
        WHEN 'AGENT' THEN 'answered'
        WHEN 'HANG' THEN 'abandoned'
        WHEN 'PHANTOM' THEN 'test'
        ELSE trim(outcome)
    END AS outcome,
    trim(priority) AS priority,
    _file,
    _row
FROM instants;
