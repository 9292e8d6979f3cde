-- Comments of all forms, one row each. An event of an audit or of the incremental export is one where it says so.
WITH child AS (
    SELECT coalesce(ticket_id, event->>'$.ticket_id') AS ticket_id, created_at, author_id, via, event, _file, _row
    FROM (
        SELECT ticket_id, created_at, author_id, via, unnest(from_json(try_cast(events AS JSON), '["JSON"]')) AS event, _file, _row
        FROM raw.ticket_audits
        UNION ALL
        SELECT
            ticket_id,
            coalesce(created_at, CAST(to_timestamp(try_cast(timestamp AS DOUBLE)) AS VARCHAR), timestamp),
            updater_id,
            via,
            unnest(from_json(try_cast(child_events AS JSON), '["JSON"]')),
            _file,
            _row
        FROM raw.ticket_events
    )
),
inner_comments AS (
    SELECT id, unnest(from_json(try_cast(comments AS JSON), '["JSON"]')) AS event, _file, _row FROM raw.tickets
),
given AS (
    SELECT
        id,
        -- the list of one ticket's comments doesn't name the ticket: its file's name does
        coalesce(ticket_id, regexp_extract(_file, '(\d+)[^/\\0-9]*$', 1)) AS ticket_id,
        author_id,
        created_at,
        "public" AS is_public,
        coalesce(body, plain_body, html_body) AS text,
        via,
        _file,
        _row
    FROM raw.comments
    UNION ALL
    SELECT
        id,
        ticket_id,
        user_id,
        regexp_replace(created, '^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(:\d\d(\.\d+)?)?)$', '\1T\2Z'),
        "public",
        body,
        NULL,
        _file,
        _row
    FROM raw.ticket_comment
    UNION ALL
    SELECT
        event->>'$.id',
        ticket_id,
        coalesce(event->>'$.author_id', author_id),
        coalesce(event->>'$.created_at', created_at),
        event->>'$.public',
        coalesce(event->>'$.body', event->>'$.plain_body', event->>'$.html_body'),
        coalesce(event->>'$.via', via),
        _file,
        _row
    FROM child
    WHERE (event->>'$.type') IN ('Comment', 'VoiceComment') OR (event->>'$.event_type') IN ('Comment', 'VoiceComment')
    UNION ALL
    SELECT
        event->>'$.id',
        id,
        event->>'$.author_id',
        event->>'$.created_at',
        event->>'$.public',
        coalesce(event->>'$.body', event->>'$.plain_body', event->>'$.html_body'),
        event->>'$.via',
        _file,
        _row
    FROM inner_comments
    WHERE event IS NOT NULL
),
chats AS (
    SELECT chat_id, arg_max(ticket_id, coalesce(_fivetran_synced, '')) AS ticket_id
    FROM raw.ticket_chat
    GROUP BY chat_id
)
SELECT
    id,
    ticket_id,
    author_id,
    created_at,
    is_public,
    text,
    -- a trigger or an automation wrote it: no reply of a person
    CASE
        WHEN author_id = '-1' OR lower(coalesce(try_cast(via AS JSON)->>'$.channel', via)) IN ('rule', 'system') THEN 'system'
    END AS said_by,
    _file,
    _row
FROM given
UNION ALL
SELECT
    coalesce(nullif(message_id, ''), events.chat_id || '/' || coalesce(created_at, '') || '/' || coalesce(chat_index, '')),
    coalesce(chats.ticket_id, events.chat_id),
    nullif(regexp_replace(actor_id, '^agent:', ''), ''),
    regexp_replace(created_at, '^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(:\d\d(\.\d+)?)?)$', '\1T\2Z'),
    'true',
    coalesce(nullif(message, ''), try_cast(original_message AS JSON)->>'$.content.text.text'),
    CASE
        WHEN starts_with(actor_id, '__') THEN 'system'
        WHEN (try_cast(original_message AS JSON)->>'$.author.type') = 'USER' THEN 'customer'
        WHEN (try_cast(original_message AS JSON)->>'$.source.type') = 'zd:answerBot' THEN 'bot'
        WHEN starts_with(actor_id, 'agent:') THEN 'agent'
    END,
    events._file,
    events._row
FROM raw.ticket_chat_event AS events LEFT JOIN chats ON chats.chat_id = events.chat_id
WHERE events.type = 'ChatMessage'
