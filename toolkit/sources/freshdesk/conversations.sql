-- One row per ticket that counts: those that were deleted, or are spam, are in unused.sql.
WITH replies AS (
    SELECT ticket_id, min(try_cast(created_at AS TIMESTAMPTZ)) AS replied_at
    FROM raw.every_reply
    WHERE sender = 'agent' AND is_public
    GROUP BY ticket_id
),
languages AS (
    SELECT id, any_value(lower(left(language, 2))) AS language
    FROM raw.contacts
    GROUP BY id
),
agents AS (
    SELECT id FROM raw.agents
),
tickets AS (
    SELECT
        *,
        lower(regexp_replace(way, '[^a-zA-Z0-9]+', '_', 'g')) AS channel_word,
        -- Freshdesk's own statuses say it, whatever the times are; of the account's own the later time decides
        CASE
            WHEN state IS NOT NULL THEN state = 'open'
            ELSE coalesce(try_cast(reopened_at AS TIMESTAMPTZ) >= try_cast(coalesce(resolved_at, closed_at) AS TIMESTAMPTZ), false)
        END AS is_open
    FROM raw.every_ticket
)
SELECT
    tickets.id AS conversation_id,
    CASE
        WHEN channel_word IN ('email', 'outbound_email') THEN 'email'
        WHEN channel_word IN ('feedback_widget', 'widget') THEN 'web_form'
        WHEN channel_word = 'twitter' THEN 'x'
        WHEN channel_word IN ('mobihelp', 'mobile') THEN 'mobile'
        -- the column is the exporting user's choice
        ELSE coalesce(channel_word, '(none)')
    END AS channel,
    created_at,
    coalesce(first_responded_at, CAST(replies.replied_at AS VARCHAR)) AS first_response_at,
    -- opening a ticket again may leave the times of resolving and closing as they were
    CASE WHEN NOT is_open THEN closed_at END AS closed_at,
    CASE WHEN NOT is_open THEN resolved_at END AS solved_at,
    reopened_at,
    customer_id,
    project,
    priority,
    team,
    CASE WHEN agent IN (SELECT id FROM agents) THEN agent ELSE coalesce(agent_name, agent) END AS agent,
    status,
    languages.language,
    CASE WHEN channel_word = 'outbound_email' THEN 'proactive' ELSE 'inbound' END AS direction,
    updated_at,
    ticket_type,
    _file,
    _row,
    updated_at AS _version
FROM tickets
LEFT JOIN replies ON replies.ticket_id = tickets.id
LEFT JOIN languages ON languages.id = customer_id
WHERE tickets.id IS NULL OR tickets.id NOT IN (SELECT id FROM raw.gone WHERE id IS NOT NULL)
