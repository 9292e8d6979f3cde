-- Menus by the name of their flow, the queue, voicemail, and each agent who took the call; in the order of time.
WITH stages AS (
    SELECT call_id, 'queue' AS stage, offered AS entered_at, ends AS left_at, abandoned_at IS NOT NULL AS is_abandoned, place, leg, _file, _row
    FROM raw.legs
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
