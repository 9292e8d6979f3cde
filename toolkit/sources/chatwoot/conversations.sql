-- One row per conversation.
WITH bots AS (
    SELECT conversation_id, min(created_at) AS began_at
    FROM raw.wrote
    WHERE sender_type IN ('AgentBot', 'Captain::Assistant') AND way IN ('outgoing', 'template') AND NOT is_private
    GROUP BY conversation_id
),
told AS (
    SELECT
        conversation_id,
        max(happened_at) FILTER (what IN ('resolved', 'resolved by the bot')) AS resolved_at,
        min(happened_at) FILTER (what = 'handed off') AS handed_off_at,
        bool_or(what = 'resolved by the bot') AS is_by_bot
    FROM raw.events
    GROUP BY conversation_id
),
named AS (
    SELECT *, CASE lower(status) WHEN '0' THEN 'open' WHEN '1' THEN 'resolved' WHEN '2' THEN 'pending' WHEN '3' THEN 'snoozed' ELSE lower(status) END AS state
    FROM raw.conversations
)
SELECT
    named.id AS conversation_id,
    named.display_id,
    coalesce(
        CASE regexp_replace(inboxes.channel_type, '^Channel::', '')
            WHEN 'WebWidget' THEN 'chat'
            WHEN 'Email' THEN 'email'
            WHEN 'FacebookPage' THEN 'facebook'
            WHEN 'Instagram' THEN 'instagram'
            WHEN 'TwitterProfile' THEN 'x'
            WHEN 'Whatsapp' THEN 'whatsapp'
            WHEN 'Sms' THEN 'sms'
            WHEN 'TwilioSms' THEN 'sms'
            WHEN 'Voice' THEN 'phone'
            ELSE nullif(lower(regexp_replace(inboxes.channel_type, '^Channel::', '')), '')
        END,
        '(none)'
    ) AS channel,
    inboxes.name AS inbox,
    named.created_at,
    nullif(named.first_reply_created_at, '') AS first_response_at,
    -- a conversation that was opened again has no close
    CASE WHEN named.state = 'resolved' THEN coalesce(told.resolved_at, nullif(named.last_activity_at, ''), named.updated_at) END AS closed_at,
    nullif(named.contact_id, '') AS customer_id,
    nullif(trim(split_part(named.cached_label_list, ',', 1)), '') AS topic,
    CASE lower(named.priority) WHEN '0' THEN 'low' WHEN '1' THEN 'medium' WHEN '2' THEN 'high' WHEN '3' THEN 'urgent' ELSE lower(named.priority) END AS priority,
    coalesce(teams.name, nullif(named.team_id, '')) AS team,
    nullif(named.assignee_id, '') AS agent,
    named.state AS status,
    CASE WHEN nullif(named.campaign_id, '') IS NOT NULL THEN 'proactive' ELSE 'inbound' END AS direction,
    CASE WHEN json_valid(named.additional_attributes) THEN nullif(lower(left(named.additional_attributes->>'$.conversation_language', 2)), '') END AS language,
    bots.began_at AS bot_started_at,
    CASE WHEN bots.began_at <= told.handed_off_at THEN told.handed_off_at END AS handed_off_at,
    CASE
        WHEN told.handed_off_at IS NOT NULL THEN 'handed_off'
        WHEN told.is_by_bot THEN 'contained'
    END AS bot_outcome,
    nullif(named.updated_at, '') AS updated_at,
    nullif(named.updated_at, '') AS _version,
    named._file,
    named._row
FROM named
LEFT JOIN (SELECT id, any_value(channel_type) AS channel_type, any_value(name) AS name FROM raw.inboxes GROUP BY id) AS inboxes ON inboxes.id = named.inbox_id
LEFT JOIN (SELECT id, any_value(name) AS name FROM raw.teams GROUP BY id) AS teams ON teams.id = named.team_id
LEFT JOIN bots ON bots.conversation_id = named.id
LEFT JOIN told ON told.conversation_id = named.id;
