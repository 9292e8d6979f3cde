-- Tickets that don't count, by the newest copy of each, and why.
SELECT
    id,
    CASE
        WHEN arg_max(is_deleted, (coalesce(try_cast(updated_at AS TIMESTAMPTZ), TIMESTAMPTZ '1900-01-01 00:00:00+00'), _file, _row)) THEN 'deleted in Freshdesk'
        ELSE 'spam'
    END AS reason
FROM raw.every_ticket
GROUP BY id
HAVING arg_max(is_deleted OR is_spam, (coalesce(try_cast(updated_at AS TIMESTAMPTZ), TIMESTAMPTZ '1900-01-01 00:00:00+00'), _file, _row))
