-- One row per ticket. Merged and removed ones are in unused.sql.
SELECT
    facts.id AS conversation_id,
    facts.number AS ticket_number,
    coalesce(
        CASE
            WHEN facts.came_by LIKE 'twitter%' THEN 'x'
            WHEN facts.came_by LIKE 'facebook%' THEN 'facebook'
            WHEN facts.came_by LIKE 'whatsapp%' THEN 'whatsapp'
            WHEN facts.came_by LIKE 'telegram%' THEN 'telegram'
            WHEN facts.came_by = 'web' THEN 'web_form'
            ELSE nullif(lower(facts.came_by), '')
        END,
        '(none)'
    ) AS channel,
    facts.created_at,
    nullif(facts.first_response_at, '') AS first_response_at,
    nullif(facts.close_at, '') AS first_closed_at,
    CASE WHEN facts.kind = 'closed' THEN coalesce(nullif(facts.last_close_at, ''), nullif(facts.close_at, ''), facts.updated_at) END AS closed_at,
    nullif(facts.customer_id, '1') AS customer_id,
    coalesce(nullif(facts.priority, ''), CASE facts.priority_id WHEN '1' THEN '1 low' WHEN '2' THEN '2 normal' WHEN '3' THEN '3 high' ELSE facts.priority_id END) AS priority,
    coalesce(nullif(facts."group", ''), groups.name, facts.group_id) AS team,
    -- the user 1 is nobody
    CASE WHEN facts.owner_id <> '1' THEN CASE WHEN users.id IS NULL THEN coalesce(nullif(facts.owner, ''), facts.owner_id) ELSE facts.owner_id END END AS agent,
    facts.status,
    -- an agent's email or call that begins a ticket
    CASE WHEN lower(facts.create_article_sender) = 'agent' OR facts.create_article_sender_id = '1' THEN 'proactive' ELSE 'inbound' END AS direction,
    nullif(facts.updated_at, '') AS updated_at,
    nullif(facts.updated_at, '') AS _version,
    facts._file,
    facts._row
FROM raw.facts AS facts
LEFT JOIN (SELECT id, any_value(name) AS name FROM raw.groups GROUP BY id) AS groups ON groups.id = facts.group_id
LEFT JOIN (SELECT DISTINCT id FROM raw.users) AS users ON users.id = facts.owner_id
WHERE facts.kind NOT IN ('merged', 'removed');
