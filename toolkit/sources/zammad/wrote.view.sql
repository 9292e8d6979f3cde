-- Articles with their senders read.
SELECT
    articles.*,
    CASE lower(coalesce(nullif(articles.sender, ''), CASE articles.sender_id WHEN '1' THEN 'agent' WHEN '2' THEN 'customer' WHEN '3' THEN 'system' END))
        WHEN 'agent' THEN 'agent' WHEN 'customer' THEN 'customer' WHEN 'system' THEN 'system' ELSE coalesce(nullif(articles.sender, ''), articles.sender_id)
    END AS who,
    CASE WHEN users.id IS NULL THEN coalesce(nullif(articles.created_by, ''), articles.created_by_id) ELSE articles.created_by_id END AS writer
FROM raw.ticket_articles AS articles
LEFT JOIN (SELECT DISTINCT id FROM raw.users) AS users ON users.id = articles.created_by_id
