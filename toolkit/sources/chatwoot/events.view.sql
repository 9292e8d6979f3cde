-- When conversations were resolved and opened again: by the reporting events, else by what Chatwoot wrote of it.
WITH told AS (
    SELECT
        conversation_id,
        CASE name
            WHEN 'conversation_resolved' THEN 'resolved'
            WHEN 'conversation_bot_resolved' THEN 'resolved by the bot'
            WHEN 'conversation_bot_handoff' THEN 'handed off'
            WHEN 'conversation_opened' THEN 'open'
        END AS what,
        coalesce(nullif(event_end_time, ''), created_at) AS happened_at,
        nullif(user_id, '') AS changed_by,
        _file,
        _row
    FROM raw.reporting_events
),
written AS (
    SELECT
        conversation_id,
        CASE
            WHEN attributes->>'$.status' IN ('resolved', 'open', 'pending', 'snoozed') THEN attributes->>'$.status'
            WHEN regexp_matches(lower(content), '\bmarked resolved\b|\bwas resolved\b|\bresolved the conversation\b|\bmarked as resolved\b') THEN 'resolved'
            WHEN regexp_matches(lower(content), '\breopened\b') THEN 'open'
            WHEN regexp_matches(lower(content), '\bsnoozed\b') THEN 'snoozed'
            WHEN regexp_matches(lower(content), '\bmarked .*pending\b') THEN 'pending'
        END AS what,
        created_at AS happened_at,
        NULL AS changed_by,
        _file,
        _row
    FROM raw.wrote
    WHERE way = 'activity'
)
SELECT * FROM told
WHERE what IS NOT NULL
UNION ALL
SELECT * FROM written
WHERE what IS NOT NULL
    -- the reporting events tell of resolving alone, and of opening again only since they know of it
    AND (what <> 'resolved' OR conversation_id NOT IN (SELECT conversation_id FROM told WHERE what = 'resolved' AND conversation_id IS NOT NULL))
    AND (what <> 'open' OR conversation_id NOT IN (SELECT conversation_id FROM told WHERE what = 'open' AND conversation_id IS NOT NULL))
