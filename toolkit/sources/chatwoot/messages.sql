-- One row per message. What a bot wrote is the bot's; what Chatwoot writes itself, and what asks for a rating, is the system's.
SELECT
    wrote.id AS message_id,
    wrote.conversation_id,
    coalesce(
        -- the time at which the customer wrote, where the channel hands messages over later
        CASE WHEN wrote.way = 'incoming' THEN strftime(to_timestamp(try_cast(wrote.attributes->>'$.external_created_at' AS BIGINT)), '%Y-%m-%dT%H:%M:%SZ') END,
        wrote.created_at
    ) AS sent_at,
    CASE
        WHEN wrote.way = 'incoming' THEN 'customer'
        WHEN wrote.way = 'activity' OR wrote.kind = 'input_csat' THEN 'system'
        WHEN wrote.sender_type IN ('AgentBot', 'Captain::Assistant') THEN 'bot'
        WHEN wrote.way = 'template' THEN 'system'
        -- an outgoing message of nobody is an automation's, or a campaign's
        WHEN wrote.way = 'outgoing' AND coalesce(wrote.sender_type, '') = 'User' THEN 'agent'
        WHEN wrote.way = 'outgoing' THEN 'system'
        ELSE wrote.way
    END AS sender,
    CASE WHEN wrote.way = 'outgoing' THEN wrote.writer END AS agent,
    nullif(parents.contact_id, '') AS customer_id,
    wrote.attributes->>'$.in_reply_to' AS in_reply_to,
    wrote.content AS text,
    CASE WHEN wrote.is_private OR wrote.way = 'activity' THEN 'false' ELSE 'true' END AS is_public,
    wrote.updated_at AS _version,
    wrote._file,
    wrote._row
FROM raw.wrote AS wrote
LEFT JOIN (SELECT id, any_value(contact_id) AS contact_id FROM raw.conversations GROUP BY id) AS parents ON parents.id = wrote.conversation_id
WHERE coalesce(lower(wrote.attributes->>'$.deleted'), 'false') <> 'true';
