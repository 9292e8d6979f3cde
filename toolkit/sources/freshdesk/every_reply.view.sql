-- Replies and notes, those in the tickets (include=conversations) and those in files of their own: one row each.
WITH held AS (
    SELECT id, conversations, _file, _row
    FROM raw.every_ticket
    WHERE conversations IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY try_cast(updated_at AS TIMESTAMPTZ) DESC NULLS LAST, _file DESC, _row DESC) = 1
),
opened AS (
    SELECT id AS ticket_id, unnest(from_json(try_cast(conversations AS JSON), '["JSON"]')) AS reply, _file, _row FROM held
),
given AS (
    SELECT id, ticket_id, user_id, incoming, private, source, coalesce(body_text, body) AS text, created_at, updated_at, _file, _row
    FROM raw.conversations
    UNION ALL
    SELECT
        reply->>'$.id',
        coalesce(reply->>'$.ticket_id', ticket_id),
        reply->>'$.user_id',
        reply->>'$.incoming',
        reply->>'$.private',
        reply->>'$.source',
        coalesce(reply->>'$.body_text', reply->>'$.body'),
        reply->>'$.created_at',
        reply->>'$.updated_at',
        _file,
        _row
    FROM opened
)
SELECT
    id,
    ticket_id,
    user_id,
    CASE WHEN lower(incoming) = 'true' THEN 'customer' WHEN lower(incoming) = 'false' THEN 'agent' END AS sender,
    -- what was forwarded to a third party isn't seen by the customer
    lower(coalesce(private, 'false')) = 'false' AND source IS DISTINCT FROM '8' AS is_public,
    text,
    created_at,
    updated_at,
    _file,
    _row
FROM given
