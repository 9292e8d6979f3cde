-- One row per call: each voice leg that a queue offered, each callback that a queue offered, and, where somebody was
-- reached by another way than a queue (or the call ended in the menu or in voicemail), one more for the conversation.
WITH offered AS (
    SELECT
        _file, _row, conversationId, place, leg, media, queue_id, ends, abandoned_at, acd, abandon, flow_out,
        coalesce(offered_at, speaks, begins) AS offered
    FROM raw.sessions
    WHERE purpose = 'acd' AND media IN ('voice', 'callback') AND offered_at IS NOT NULL
),
told AS (
    SELECT
        _file,
        _row,
        any_value(conversationId) AS conversationId,
        any_value(conversation_start) AS conversation_start,
        bool_or(purpose IN ('customer', 'external') AND media = 'voice' AND direction = 'inbound') AS is_called,
        bool_or(purpose IN ('customer', 'external') AND media IN ('voice', 'callback')) AS is_phone,
        bool_or(purpose = 'acd' AND media = 'voice' AND offered_at IS NOT NULL) AS has_voice,
        bool_or(purpose = 'acd' AND media = 'callback' AND offered_at IS NOT NULL) AS has_callback,
        bool_or(media = 'callback') AS is_callback,
        min(coalesce(offered_at, speaks, begins)) FILTER (purpose = 'acd' AND media = 'voice' AND offered_at IS NOT NULL) AS first_offered,
        min(coalesce(answered_at, speaks)) FILTER (purpose IN ('agent', 'user') AND media = 'voice' AND NOT is_callback) AS first_spoken
    FROM raw.sessions
    GROUP BY _file, _row
),
units AS (
    SELECT _file, _row, conversationId, media AS kind, offered AS since, offered, queue_id, ends, abandoned_at, acd, abandon, flow_out, media = 'callback' AS is_callback, place, leg
    FROM offered
    UNION ALL
    -- no queue offered it, or somebody spoke before the first queue did
    SELECT _file, _row, conversationId, 'direct', coalesce(first_spoken, conversation_start), NULL, NULL, NULL, NULL, NULL, NULL, NULL, is_callback AND NOT has_callback AND NOT is_called, 0, 0
    FROM told
    WHERE CASE WHEN has_voice THEN first_spoken < first_offered WHEN has_callback THEN is_called ELSE is_phone END
),
numbered AS (
    SELECT *, row_number() OVER (PARTITION BY _file, _row, kind = 'callback' ORDER BY since, place, leg) AS turn FROM units
)
SELECT
    *,
    conversationId || CASE WHEN kind = 'callback' THEN '/callback' ELSE '' END || CASE WHEN turn > 1 THEN '/' || turn ELSE '' END AS call_id
FROM numbered
