-- Messages with their codes read, which a dump of an API or of Rails may hold as words.
SELECT
    * EXCLUDE (message_type, content_type, private),
    CASE lower(message_type) WHEN '0' THEN 'incoming' WHEN '1' THEN 'outgoing' WHEN '2' THEN 'activity' WHEN '3' THEN 'template' ELSE lower(message_type) END AS way,
    CASE lower(content_type) WHEN '9' THEN 'input_csat' ELSE lower(content_type) END AS kind,
    coalesce(lower(private) IN ('t', 'true', '1'), false) AS is_private,
    -- Rails writes JSON into a JSON text
    CASE
        WHEN json_valid(content_attributes) AND json_type(content_attributes) = 'VARCHAR' AND json_valid(content_attributes->>'$') THEN content_attributes->>'$'
        WHEN json_valid(content_attributes) THEN content_attributes
        ELSE '{}'
    END AS attributes,
    CASE
        WHEN sender_type IN ('AgentBot', 'Captain::Assistant') THEN lower(split_part(sender_type, '::', 1)) || '/' || nullif(sender_id, '')
        WHEN sender_type = 'User' THEN nullif(sender_id, '')
    END AS writer
FROM raw.messages
