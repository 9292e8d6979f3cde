-- One row per issue. Deleted ones are in unused.sql.
SELECT
    key AS conversation_id,
    coalesce(channel, '(none)') AS channel,
    created AS created_at,
    CASE WHEN is_closed THEN coalesce(resolved, moved, updated) END AS closed_at,
    reporter AS customer_id,
    project,
    topic,
    subtopic,
    priority,
    agent,
    status,
    category AS status_category,
    language,
    updated AS updated_at,
    updated AS _version,
    _file,
    _row
FROM raw.facts
WHERE NOT is_deleted;
