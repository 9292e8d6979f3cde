-- One row per conversation; of a history, or of several pages, the newest copy is used.
WITH bots AS (
    SELECT conversation_id, min(try_cast(created_at AS TIMESTAMPTZ)) AS started_at
    FROM raw.every_part
    WHERE sender = 'bot' AND is_message AND NOT is_note
    GROUP BY conversation_id
),
told AS (
    SELECT
        conversation_id,
        min(try_cast(created_at AS TIMESTAMPTZ)) FILTER (sender = 'agent' AND is_message AND NOT is_note) AS replied_at,
        min(try_cast(created_at AS TIMESTAMPTZ)) FILTER (
            sender = 'bot' AND assigned_id IS NOT NULL AND try_cast(created_at AS TIMESTAMPTZ) >= started_at
        ) AS handed_at,
        any_value(started_at) AS started_at
    FROM raw.every_part LEFT JOIN bots USING (conversation_id)
    GROUP BY conversation_id
),
languages AS (
    SELECT id, any_value(lower(left(coalesce(language_override, browser_language), 2))) AS language
    FROM raw.contacts
    GROUP BY id
)
SELECT
    conversations.id AS conversation_id,
    CASE
        WHEN way IN ('conversation', 'push', 'chat', 'messenger') THEN 'chat'
        WHEN way LIKE 'phone%' THEN 'phone'
        WHEN way = 'twitter' THEN 'x'
        ELSE coalesce(lower(way), '(none)')
    END AS channel,
    created_at,
    coalesce(first_admin_reply_at, CAST(told.replied_at AS VARCHAR)) AS first_response_at,
    first_close_at AS first_closed_at,
    CASE WHEN state = 'closed' THEN last_close_at END AS closed_at,
    try_cast(count_reopens AS INTEGER) AS reopen_count,
    customer_id,
    topic,
    CASE priority WHEN 'not_priority' THEN 'normal' ELSE priority END AS priority,
    team,
    agent,
    state AS status,
    languages.language,
    CASE WHEN delivered_as IN ('admin_initiated', 'automated', 'campaigns_initiated') THEN 'proactive' ELSE 'inbound' END AS direction,
    -- Operator's standard lines are no answers, where the data tells an AI agent's part
    CASE WHEN coalesce(has_ai, 'true') = 'true' THEN told.started_at END AS bot_started_at,
    CASE WHEN coalesce(has_ai, 'true') = 'true' THEN told.handed_at END AS handed_off_at,
    CASE
        WHEN ai_outcome IN ('assumed_resolution', 'confirmed_resolution') THEN 'contained'
        WHEN ai_outcome IN ('routed_to_team', 'escalated', 'negative_feedback', 'procedure_handoff') THEN 'handed_off'
        WHEN ai_outcome = 'abandoned' THEN 'abandoned'
    END AS bot_outcome,
    updated_at,
    _file,
    _row,
    updated_at AS _version
FROM raw.every_conversation AS conversations
LEFT JOIN told ON told.conversation_id = conversations.id
LEFT JOIN languages ON languages.id = customer_id
