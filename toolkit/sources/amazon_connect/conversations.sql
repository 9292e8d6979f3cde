-- One row per chat and e-mail; and one per call that has a transcript, so that what was said has its conversation.
SELECT
    chains.chain AS conversation_id,
    lower(records.channel) AS channel,
    records.initiated AS created_at,
    chains.enqueued AS team_assigned_at,
    chains.connected AS agent_assigned_at,
    -- an e-mail is accepted long before it is answered
    CASE WHEN records.method = 'OUTBOUND' THEN NULL WHEN records.channel = 'EMAIL' THEN replied ELSE coalesce(first_word, chains.connected) END AS first_response_at,
    CASE WHEN is_closed THEN closed END AS closed_at,
    CASE WHEN is_closed THEN 'closed' ELSE 'open' END AS status,
    coalesce(customer, address) AS customer_id,
    chains.queue AS team,
    chains.agent,
    CASE WHEN records.method = 'OUTBOUND' THEN 'proactive' ELSE 'inbound' END AS direction,
    records.language,
    disconnect_reason,
    records.updated AS _version,
    records._file,
    records._row
FROM raw.records AS records
JOIN raw.chains AS chains ON chains.id = records.id
UNION ALL BY NAME
SELECT
    records.id AS conversation_id,
    'phone' AS channel,
    records.initiated AS created_at,
    try_cast(records.enqueued AS TIMESTAMPTZ) AS team_assigned_at,
    try_cast(records.connected AS TIMESTAMPTZ) AS agent_assigned_at,
    CASE WHEN records.method = 'INBOUND' THEN try_cast(records.connected AS TIMESTAMPTZ) END AS first_response_at,
    try_cast(records.disconnected AS TIMESTAMPTZ) AS closed_at,
    CASE WHEN coalesce(records.disconnected, '') <> '' THEN 'closed' ELSE 'open' END AS status,
    coalesce(customer, address) AS customer_id,
    records.queue AS team,
    records.agent,
    CASE WHEN records.method IN ('OUTBOUND', 'EXTERNAL_OUTBOUND', 'API', 'CALLBACK', 'CAMPAIGN_PREVIEW') THEN 'proactive' ELSE 'inbound' END AS direction,
    records.language,
    disconnect_reason,
    records.updated AS _version,
    records._file,
    records._row
FROM raw.records AS records
WHERE records.channel = 'VOICE' AND records.id IN (SELECT contact FROM raw.turns WHERE channel = 'VOICE')
UNION ALL BY NAME
-- a transcript without its contact record: what it says of itself
SELECT
    contact AS conversation_id,
    any_value(lower(channel)) AS channel,
    CAST(min(try_cast(said AS TIMESTAMPTZ)) AS VARCHAR) AS created_at,
    min(try_cast(said AS TIMESTAMPTZ)) FILTER (role IN ('AGENT', 'SUPERVISOR') AND NOT is_event) AS first_response_at,
    max(try_cast(said AS TIMESTAMPTZ)) FILTER (is_end) AS closed_at,
    CASE WHEN bool_or(is_end) THEN 'closed' ELSE 'open' END AS status,
    'inbound' AS direction,
    any_value(language) AS language,
    any_value(_file) AS _file,
    any_value(_row) AS _row
FROM raw.turns
WHERE said IS NOT NULL AND contact NOT IN (SELECT id FROM raw.newest WHERE id IS NOT NULL)
GROUP BY contact;
