-- Parts of conversations: messages, notes and events, one row each, and who said it.
WITH holders AS (
    -- a conversation that is on a list's page and in a file of its own: the parts of the newest copy that has any
    SELECT id, conversation_parts, _file, _row
    FROM raw.conversations
    WHERE conversation_parts IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY try_cast(updated_at AS DOUBLE) DESC NULLS LAST, _file DESC, _row DESC) = 1
),
opened AS (
    SELECT
        id,
        unnest(from_json(
            coalesce(try_cast(conversation_parts AS JSON)->'$.conversation_parts', try_cast(conversation_parts AS JSON)), '["JSON"]'
        )) AS part,
        _file,
        _row
    FROM holders
),
robots AS (
    SELECT DISTINCT id FROM raw.admins WHERE lower(email) LIKE 'operator+%@intercom%' OR name = 'Operator'
),
given AS (
    SELECT
        part->>'$.id' AS id,
        id AS conversation_id,
        part->>'$.part_type' AS part_type,
        part->>'$.body' AS body,
        coalesce(json_array_length(part->'$.attachments'), 0) > 0 AS has_files,
        part->>'$.author.type' AS author_type,
        part->>'$.author.id' AS author_id,
        part->>'$.author.email' AS author_email,
        part->>'$.created_at' AS created_at,
        part->>'$.updated_at' AS updated_at,
        part->>'$.assigned_to.type' AS assigned_type,
        part->>'$.assigned_to.id' AS assigned_id,
        _file,
        _row
    FROM opened
    UNION ALL
    SELECT
        id,
        conversation_id,
        part_type,
        body,
        coalesce(json_array_length(try_cast(attachments AS JSON)), 0) > 0,
        try_cast(author AS JSON)->>'$.type',
        try_cast(author AS JSON)->>'$.id',
        try_cast(author AS JSON)->>'$.email',
        created_at,
        updated_at,
        try_cast(assigned_to AS JSON)->>'$.type',
        try_cast(assigned_to AS JSON)->>'$.id',
        _file,
        _row
    FROM raw.conversation_parts
    UNION ALL
    SELECT
        id,
        conversation_id,
        part_type,
        body,
        -- where the warehouse holds no texts at all a comment is a message all the same
        part_type = 'comment' AND NOT EXISTS (SELECT 1 FROM raw.conversation_part_history WHERE body IS NOT NULL),
        author_type,
        author_id,
        NULL,
        created_at,
        updated_at,
        assigned_to_type,
        assigned_to_id,
        _file,
        _row
    FROM raw.conversation_part_history
)
SELECT
    given.id,
    conversation_id,
    part_type,
    body,
    coalesce(body, '') <> '' OR has_files AS is_message,
    part_type IN ('note', 'note_and_reopen') AS is_note,
    author_id,
    CASE
        WHEN author_type = 'bot' OR lower(author_email) LIKE 'operator+%@intercom%' OR robots.id IS NOT NULL THEN 'bot'
        WHEN author_type IN ('admin', 'teammate') THEN 'agent'
        WHEN author_type IN ('user', 'lead', 'contact') THEN 'customer'
        WHEN author_type IN ('workflow', 'team', 'system') THEN 'system'
    END AS sender,
    coalesce(
        CAST(to_timestamp(try_cast(created_at AS DOUBLE)) AS VARCHAR),
        regexp_replace(created_at, '^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(:\d\d(\.\d+)?)?)$', '\1T\2Z')
    ) AS created_at,
    updated_at,
    CASE WHEN assigned_type IN ('admin', 'teammate') THEN 'agent' ELSE assigned_type END AS assigned_type,
    nullif(assigned_id, '0') AS assigned_id,
    _file,
    _row
FROM given LEFT JOIN robots ON robots.id = author_id AND author_type = 'admin'
