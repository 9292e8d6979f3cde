-- One row per article.
SELECT
    wrote.id AS message_id,
    wrote.ticket_id AS conversation_id,
    wrote.created_at AS sent_at,
    wrote.who AS sender,
    CASE WHEN wrote.who = 'agent' AND wrote.created_by_id <> '1' THEN wrote.writer END AS agent,
    parents.customer_id,
    -- a text in HTML is read without its marks
    CASE WHEN lower(wrote.content_type) = 'text/html' THEN
        replace(replace(replace(replace(replace(regexp_replace(regexp_replace(regexp_replace(
            wrote.body, '<(br|/p|/div|/li)[^>]*>', chr(10), 'gi'), '<[^>]*>', '', 'g'), '^\s+|\s+$', '', 'g'),
            '&nbsp;', ' '), '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&amp;', '&')
        ELSE wrote.body
    END AS text,
    nullif(lower(left(wrote.detected_language, 2)), '') AS language,
    CASE WHEN lower(wrote.internal) IN ('true', 't', '1') THEN 'false' WHEN lower(wrote.internal) IN ('false', 'f', '0') THEN 'true' ELSE wrote.internal END AS is_public,
    wrote.updated_at AS _version,
    wrote._file,
    wrote._row
FROM raw.wrote AS wrote
LEFT JOIN (SELECT id, any_value(customer_id) AS customer_id FROM raw.tickets GROUP BY id) AS parents ON parents.id = wrote.ticket_id;
