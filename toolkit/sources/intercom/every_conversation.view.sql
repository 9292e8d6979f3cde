-- Conversations of all forms, every copy and every step of a history: one row per record of a file. The API tells
-- times in epoch seconds, a warehouse in UTC without an offset; here all are text with an offset.
WITH teams AS (
    SELECT id, any_value(name) AS name
    FROM raw.teams
    GROUP BY id
),
contact_of AS (
    SELECT conversation_id, arg_min(contact_id, (coalesce(conversation_updated_at, ''), contact_id)) AS contact_id
    FROM raw.conversation_contact_history
    GROUP BY conversation_id
),
given AS (
    SELECT
        id,
        created_at,
        updated_at,
        state,
        try_cast(source AS JSON)->>'$.type' AS way,
        try_cast(source AS JSON)->>'$.delivered_as' AS delivered_as,
        try_cast(source AS JSON)->>'$.body' AS body,
        try_cast(source AS JSON)->>'$.author.type' AS author_type,
        try_cast(source AS JSON)->>'$.author.id' AS author_id,
        try_cast(source AS JSON)->>'$.author.email' AS author_email,
        coalesce(
            try_cast(contacts AS JSON)->>'$.contacts[0].id',
            try_cast(contacts AS JSON)->>'$[0].id',
            CASE WHEN (try_cast(source AS JSON)->>'$.author.type') IN ('user', 'lead', 'contact') THEN try_cast(source AS JSON)->>'$.author.id' END
        ) AS customer_id,
        -- 0 is nobody
        nullif(admin_assignee_id, '0') AS agent,
        nullif(team_assignee_id, '0') AS team_id,
        priority,
        -- several may fit: the first
        coalesce(try_cast(topics AS JSON)->>'$.topics[0].name', try_cast(topics AS JSON)->>'$[0].name') AS topic,
        try_cast(statistics AS JSON) AS told,
        try_cast(conversation_rating AS JSON)->>'$.created_at' AS asked_at,
        try_cast(conversation_rating AS JSON)->>'$.updated_at' AS rated_at,
        try_cast(conversation_rating AS JSON)->>'$.rating' AS rating,
        try_cast(conversation_rating AS JSON)->>'$.remark' AS remark,
        try_cast(conversation_rating AS JSON)->>'$.teammate.id' AS rated_agent,
        try_cast(ai_agent AS JSON)->>'$.resolution_state' AS ai_outcome,
        lower(ai_agent_participated) AS has_ai,
        _file,
        _row
    FROM raw.conversations
    UNION ALL
    SELECT
        id,
        created_at,
        updated_at,
        state,
        source_type,
        source_delivered_as,
        source_body,
        source_author_type,
        source_author_id,
        NULL,
        coalesce(contact_of.contact_id, CASE WHEN source_author_type IN ('user', 'lead', 'contact') THEN source_author_id END),
        nullif(coalesce(admin_assignee_id, CASE WHEN assignee_type = 'admin' THEN assignee_id END), '0'),
        nullif(coalesce(team_assignee_id, CASE WHEN assignee_type = 'team' THEN assignee_id END), '0'),
        priority,
        NULL,
        NULL,
        conversation_rating_created_at,
        NULL,
        conversation_rating_value,
        conversation_rating_remark,
        NULL,
        ai_agent_resolution_state,
        lower(ai_agent_participated),
        history._file,
        history._row
    FROM raw.conversation_history AS history LEFT JOIN contact_of ON contact_of.conversation_id = history.id
),
timed AS (
    SELECT
        *,
        list_transform(
            [
                created_at, updated_at, told->>'$.first_admin_reply_at', told->>'$.first_close_at', told->>'$.last_close_at', asked_at,
                rated_at
            ],
            lambda time: coalesce(
                CAST(to_timestamp(try_cast(time AS DOUBLE)) AS VARCHAR),
                regexp_replace(time, '^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(:\d\d(\.\d+)?)?)$', '\1T\2Z')
            )
        ) AS times
    FROM given
)
SELECT
    timed.id,
    times[1] AS created_at,
    times[2] AS updated_at,
    state,
    way,
    delivered_as,
    body,
    author_type,
    author_id,
    author_email,
    customer_id,
    agent,
    coalesce(teams.name, team_id) AS team,
    priority,
    topic,
    times[3] AS first_admin_reply_at,
    times[4] AS first_close_at,
    times[5] AS last_close_at,
    told->>'$.count_reopens' AS count_reopens,
    times[6] AS asked_at,
    times[7] AS rated_at,
    rating,
    remark,
    rated_agent,
    ai_outcome,
    has_ai,
    _file,
    _row
FROM timed LEFT JOIN teams ON teams.id = team_id
