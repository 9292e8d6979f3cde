-- Tickets with their codes read: as the answer spells them out, else by the tables beside it, else those that every
-- Zammad begins with.
SELECT
    tickets.*,
    coalesce(
        nullif(tickets.state, ''), states.name,
        CASE tickets.state_id WHEN '1' THEN 'new' WHEN '2' THEN 'open' WHEN '3' THEN 'pending reminder' WHEN '4' THEN 'closed' WHEN '5' THEN 'merged' END,
        tickets.state_id
    ) AS status,
    -- state types: 1 new, 2 open, 3 pending reminder, 4 pending action, 5 closed, 6 merged, 7 removed
    coalesce(
        CASE states.state_type_id WHEN '5' THEN 'closed' WHEN '6' THEN 'merged' WHEN '7' THEN 'removed' WHEN '3' THEN 'pending' WHEN '4' THEN 'pending' ELSE CASE WHEN states.state_type_id <> '' THEN 'open' END END,
        CASE lower(coalesce(nullif(tickets.state, ''), CASE tickets.state_id WHEN '4' THEN 'closed' WHEN '5' THEN 'merged' END))
            WHEN 'closed' THEN 'closed' WHEN 'merged' THEN 'merged' WHEN 'removed' THEN 'removed' ELSE 'open'
        END
    ) AS kind,
    coalesce(
        nullif(tickets.create_article_type, ''),
        CASE tickets.create_article_type_id
            WHEN '1' THEN 'email' WHEN '2' THEN 'sms' WHEN '3' THEN 'chat' WHEN '4' THEN 'fax' WHEN '5' THEN 'phone' WHEN '6' THEN 'twitter status'
            WHEN '7' THEN 'twitter direct-message' WHEN '8' THEN 'facebook feed post' WHEN '9' THEN 'facebook feed comment' WHEN '10' THEN 'note'
            WHEN '11' THEN 'web'
        END
    ) AS came_by
FROM raw.tickets AS tickets
LEFT JOIN (SELECT id, any_value(name) AS name, any_value(state_type_id) AS state_type_id FROM raw.ticket_states GROUP BY id) AS states
    ON states.id = tickets.state_id
