-- One row per chat, message thread and e-mail.
WITH written AS (
    SELECT * FROM raw.sessions WHERE media IN ('chat', 'message', 'email')
),
told AS (
    SELECT
        _file,
        _row,
        any_value(conversationId) AS conversationId,
        coalesce(any_value(message_type) FILTER (purpose IN ('customer', 'external')), any_value(message_type)) AS message_type,
        arg_min(media, (place, leg)) AS media,
        arg_min(contact, (place, leg)) FILTER (contact IS NOT NULL) AS contact,
        arg_min(address, (place, leg)) FILTER (purpose IN ('customer', 'external') AND address IS NOT NULL) AS address,
        arg_min(language, (place, leg)) FILTER (language IS NOT NULL) AS language,
        min(coalesce(offered_at, begins)) FILTER (purpose = 'acd') AS offered,
        arg_max(queue_id, begins) FILTER (purpose = 'acd' AND queue_id IS NOT NULL) AS queue_id,
        min(coalesce(answered_at, speaks)) FILTER (purpose IN ('agent', 'user')) AS accepted,
        min(engaged_at) AS engaged_at,
        arg_max(user_id, coalesce(answered_at, speaks)) FILTER (purpose IN ('agent', 'user') AND coalesce(answered_at, speaks) IS NOT NULL) AS agent,
        arg_max(wrap_up_code, begins) FILTER (wrap_up_code IS NOT NULL) AS wrap_up_code,
        min(begins) FILTER (purpose IN ('bot', 'botflow', 'workflow')) AS bot_began,
        CASE WHEN bool_and(ends IS NOT NULL) THEN max(ends) END AS ends
    FROM written
    GROUP BY _file, _row
    HAVING bool_or(purpose IN ('customer', 'external'))
),
joined AS (
    SELECT
        told.*,
        conversations.* EXCLUDE (conversationId, _file, _row),
        lower(coalesce(conversations.originatingDirection, '')) = 'outbound' AS is_outbound,
        json_extract_string(CASE WHEN json_valid(conversations.divisionIds) THEN conversations.divisionIds END, '$[0]') AS division_id
    FROM told
    JOIN raw.conversations AS conversations ON conversations._file = told._file AND conversations._row = told._row
)
SELECT
    conversationId AS conversation_id,
    CASE
        WHEN media <> 'message' THEN media
        WHEN lower(message_type) = 'twitter' THEN 'x'
        WHEN lower(message_type) IN ('webmessaging', 'webchat') THEN 'chat'
        ELSE coalesce(lower(message_type), media)
    END AS channel,
    regexp_replace(conversationStart, '^(\d{4}-\d{1,2}-)(\d)T', '\10\2T') AS created_at,
    offered AS team_assigned_at,
    accepted AS agent_assigned_at,
    -- an e-mail is accepted long before it is answered
    CASE WHEN is_outbound THEN NULL WHEN media = 'email' THEN engaged_at ELSE coalesce(engaged_at, accepted) END AS first_response_at,
    -- conversationEnd may be months late: the legs say when
    CASE WHEN conversationEnd IS NOT NULL
        THEN coalesce(CAST(ends AS VARCHAR), regexp_replace(conversationEnd, '^(\d{4}-\d{1,2}-)(\d)T', '\10\2T')) END AS closed_at,
    CASE WHEN conversationEnd IS NOT NULL THEN 'closed' ELSE 'open' END AS status,
    coalesce(contact, address) AS customer_id,
    coalesce(queues.name, queue_id) AS team,
    agent,
    CASE WHEN is_outbound THEN 'proactive' ELSE 'inbound' END AS direction,
    lower(split_part(language, '-', 1)) AS language,
    bot_began AS bot_started_at,
    CASE WHEN bot_began IS NOT NULL AND offered >= bot_began THEN offered END AS handed_off_at,
    CASE
        WHEN bot_began IS NULL THEN NULL
        WHEN offered >= bot_began THEN 'handed_off'
        WHEN conversationEnd IS NOT NULL THEN 'contained'
    END AS bot_outcome,
    coalesce(codes.name, wrap_up_code) AS wrap_up_code,
    coalesce(divisions.name, division_id) AS division,
    joined._file,
    joined._row
FROM joined
LEFT JOIN (SELECT id, any_value(name) AS name FROM raw.queues GROUP BY id) AS queues ON queues.id = queue_id
LEFT JOIN (SELECT id, any_value(name) AS name FROM raw.wrapupcodes GROUP BY id) AS codes ON codes.id = wrap_up_code
LEFT JOIN (SELECT id, any_value(name) AS name FROM raw.divisions GROUP BY id) AS divisions ON divisions.id = division_id;
