-- Who is an agent. Whoever was assigned a ticket or wrote an internal note is one, too: customers can do neither.
WITH roles AS (
    SELECT id, arg_max(role, (coalesce(updated_at, ''), _file, _row)) IN ('agent', 'admin', 'owner') AS is_agent
    FROM raw.users
    GROUP BY id
),
acted AS (
    SELECT agent AS id FROM raw.every_ticket WHERE agent IS NOT NULL
    UNION
    SELECT author_id FROM raw.texts WHERE lower(is_public) IN ('false', 'f', '0', 'no') AND author_id IS NOT NULL
)
SELECT id, is_agent FROM roles
UNION ALL
SELECT id, true FROM acted WHERE id NOT IN (SELECT id FROM roles WHERE id IS NOT NULL)
UNION ALL
-- a list of agents alone: whoever isn't on it, and didn't act as one, is a customer
SELECT DISTINCT author_id, false
FROM raw.texts
WHERE
    (SELECT bool_and(is_agent) FROM roles)
    AND author_id NOT IN (SELECT id FROM roles WHERE id IS NOT NULL)
    AND author_id NOT IN (SELECT id FROM acted)
