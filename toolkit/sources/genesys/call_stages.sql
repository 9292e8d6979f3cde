-- Menus by the name of their flow, the queue, voicemail, and each agent who took the call; in the order of time.
WITH stages AS (
    SELECT call_id, 'queue' AS stage, offered AS entered_at,
        -- a callback that nobody took lies in its queue until it expires
        CASE WHEN kind <> 'callback' OR EXISTS (SELECT 1 FROM raw.handling AS steps WHERE steps._file = legs._file AND steps._row = legs._row AND steps.call_id = legs.call_id AND NOT steps.is_missed) THEN ends END AS left_at,
        abandoned_at IS NOT NULL AS is_abandoned, place, leg, _file, _row
    FROM raw.legs AS legs
    WHERE kind <> 'direct'
    UNION ALL
    SELECT
        call_id,
        CASE purpose WHEN 'ivr' THEN coalesce(flow, 'menu') WHEN 'voicemail' THEN 'voicemail' ELSE 'agent' END,
        CASE WHEN purpose IN ('agent', 'user') THEN spoken ELSE begins END,
        ends, false, place, leg, _file, _row
    FROM raw.handling
    WHERE NOT is_missed
)
SELECT
    call_id,
    row_number() OVER (PARTITION BY _file, _row, call_id ORDER BY entered_at, place, leg) AS position,
    stage, entered_at, left_at, is_abandoned, _file, _row
FROM stages;
