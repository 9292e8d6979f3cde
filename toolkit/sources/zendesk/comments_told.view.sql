-- Comments with who said each, and whether its ticket opens with it.
WITH tickets AS (
    SELECT
        id,
        arg_max(requester_id, (coalesce(updated_at, ''), _file, _row)) AS requester_id,
        min(try_cast(created_at AS TIMESTAMPTZ)) AS opened_at
    FROM raw.every_ticket
    GROUP BY id
)
SELECT
    texts.* EXCLUDE (said_by),
    CASE
        WHEN said_by IS NOT NULL THEN said_by
        WHEN lower(is_public) IN ('false', 'f', '0', 'no') THEN 'agent'
        WHEN author_id = requester_id THEN 'customer'
        WHEN people.is_agent THEN 'agent'
        WHEN NOT people.is_agent THEN 'customer'
    END AS sender,
    -- the text that a ticket is opened with is no reply, whoever wrote it
    row_number() OVER (PARTITION BY ticket_id ORDER BY try_cast(created_at AS TIMESTAMPTZ), texts.id) = 1
        AND try_cast(created_at AS TIMESTAMPTZ) <= opened_at + INTERVAL 5 SECOND AS is_opening
FROM raw.texts AS texts
LEFT JOIN raw.people AS people ON people.id = author_id
LEFT JOIN tickets ON tickets.id = ticket_id
