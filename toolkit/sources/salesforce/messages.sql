-- One row per email and comment of a case.
SELECT
    wrote.id AS message_id,
    wrote.case_id AS conversation_id,
    wrote.sent_at,
    wrote.sender,
    CASE WHEN wrote.sender = 'agent' THEN wrote.writer END AS agent,
    owners.customer_id,
    wrote.in_reply_to,
    wrote.text,
    wrote.is_public,
    wrote.channel,
    wrote.modified AS _version,
    wrote._file,
    wrote._row
FROM raw.wrote AS wrote
LEFT JOIN (SELECT Id AS id, any_value(customer_id) AS customer_id FROM raw.facts GROUP BY Id) AS owners ON owners.id = wrote.case_id
WHERE wrote.why IS NULL;
