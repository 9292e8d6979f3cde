-- One row per ticket that counts: those that were deleted, or merged into another, are in unused.sql.
WITH replies AS (
    SELECT
        ticket_id,
        min(try_cast(created_at AS TIMESTAMPTZ)) FILTER (
            sender = 'agent' AND lower(is_public) IN ('true', 't', '1', 'yes') AND NOT is_opening
        ) AS replied_at,
        bool_or(is_opening) AS is_whole
    FROM raw.comments_told
    GROUP BY ticket_id
),
-- Zendesk's own clock of the first reply
measured AS (
    SELECT ticket_id, min(try_cast("time" AS TIMESTAMPTZ)) AS replied_at
    FROM raw.ticket_metric_events
    WHERE metric = 'reply_time' AND type = 'fulfill' AND instance_id = '1'
    GROUP BY ticket_id
),
tickets AS (
    SELECT *, lower(regexp_replace(via, '[^a-zA-Z0-9]+', '_', 'g')) AS way
    FROM raw.every_ticket
)
SELECT
    tickets.id AS conversation_id,
    CASE
        WHEN way IN ('mail', 'email', '4') THEN 'email'
        WHEN way IN ('web', 'web_form', 'web_widget', 'help_center', 'feedback_tab', 'dropbox', '0', '17') THEN 'web_form'
        WHEN way LIKE '%whatsapp%' THEN 'whatsapp'
        WHEN way LIKE '%instagram%' THEN 'instagram'
        WHEN way LIKE '%facebook%' OR way IN ('38', '41') THEN 'facebook'
        WHEN way LIKE '%twitter%' OR way LIKE 'x\_%' ESCAPE '\' OR way IN ('x', '23', '26', '30') THEN 'x'
        WHEN way LIKE '%wechat%' THEN 'wechat'
        WHEN way LIKE 'phone%' OR way IN ('voice', 'voicemail', 'call', '33', '34', '35') THEN 'phone'
        WHEN way IN ('sms', 'text', 'text_message', 'sunshine_conversations_twilio', '37') THEN 'sms'
        WHEN way LIKE '%chat%' OR way LIKE '%messaging%' OR way IN ('messaging', '29') THEN 'chat'
        WHEN way LIKE 'web_service%' OR way = '5' THEN 'api'
        ELSE coalesce(way, '(none)')
    END AS channel,
    tickets.created_at,
    coalesce(
        -- comments from a ticket's opening on; those of a later part of it may begin after its first reply
        CASE WHEN replies.is_whole THEN CAST(replies.replied_at AS VARCHAR) END,
        CAST(measured.replied_at AS VARCHAR),
        -- of a time with an offset an instant, of a local time a local time again
        CASE
            WHEN regexp_matches(created_at, '([zZ]|[+-]\d\d:?\d\d)$') THEN CAST(try_cast(created_at AS TIMESTAMPTZ) + to_seconds(reply_seconds) AS VARCHAR)
            ELSE CAST(try_cast(created_at AS TIMESTAMP) + to_seconds(reply_seconds) AS VARCHAR)
        END,
        CAST(replies.replied_at AS VARCHAR)
    ) AS first_response_at,
    CASE
        WHEN regexp_matches(created_at, '([zZ]|[+-]\d\d:?\d\d)$') THEN CAST(try_cast(created_at AS TIMESTAMPTZ) + to_seconds(resolution_seconds) AS VARCHAR)
        ELSE CAST(try_cast(created_at AS TIMESTAMP) + to_seconds(resolution_seconds) AS VARCHAR)
    END AS first_closed_at,
    -- the time of the last solving stays when a ticket is opened again
    CASE WHEN lower(status) IN ('solved', 'closed') THEN solved_at END AS solved_at,
    assigned_at AS agent_assigned_at,
    requester_id AS customer_id,
    brand AS project,
    priority,
    team,
    agent,
    status,
    try_cast(reopens AS INTEGER) AS reopen_count,
    -- all pending time; that before the first close where there was no other
    CASE WHEN coalesce(try_cast(reopens AS INTEGER), 0) = 0 THEN pending_seconds END AS waiting_seconds,
    CASE WHEN rel = 'outbound' OR way LIKE '%outbound%' OR way = '35' THEN 'proactive' ELSE 'inbound' END AS direction,
    updated_at,
    type AS ticket_type,
    organization,
    tickets._file,
    tickets._row,
    try_cast(updated_at AS TIMESTAMPTZ) AS _version
FROM tickets
LEFT JOIN replies ON replies.ticket_id = tickets.id
LEFT JOIN measured ON measured.ticket_id = tickets.id
WHERE tickets.id IS NULL OR tickets.id NOT IN (SELECT id FROM raw.gone WHERE id IS NOT NULL)
