-- Tickets that don't count, by the newest copy of each, and why.
WITH newest AS (
    SELECT
        id,
        arg_max(status, (coalesce(updated_at, ''), _file, _row)) AS status,
        -- an agent asks other agents: a ticket, and no contact of a customer
        bool_or(regexp_replace(lower(via), '[^a-z]+', '_', 'g') = 'side_conversation') AS is_aside,
        arg_max(is_deleted, (coalesce(updated_at, ''), _file, _row)) AS is_deleted,
        bool_or(coalesce(list_contains(from_json(tags, '["VARCHAR"]'), 'closed_by_merge'), false)) AS is_tagged
    FROM raw.every_ticket
    GROUP BY id
),
-- a ticket names those that were merged into it: as a list, or as text with commas
merged AS (
    SELECT source AS id, min(id) AS target
    FROM (
        SELECT id, unnest(regexp_extract_all(merged_ticket_ids, '\d+')) AS source
        FROM raw.every_ticket
    )
    WHERE source <> id
    GROUP BY source
)
SELECT
    newest.id,
    merged.target,
    CASE
        WHEN lower(newest.status) = 'deleted' OR newest.is_deleted THEN 'deleted in Zendesk'
        WHEN merged.target IS NOT NULL THEN 'merged into ticket ' || merged.target
        WHEN newest.is_tagged THEN 'merged into another ticket'
        ELSE 'a side conversation among agents, no contact of a customer'
    END AS reason
FROM newest LEFT JOIN merged ON merged.id = newest.id
WHERE lower(newest.status) = 'deleted' OR newest.is_deleted OR merged.target IS NOT NULL OR newest.is_tagged OR newest.is_aside
