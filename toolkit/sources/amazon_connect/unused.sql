-- Contact records that are part of another contact or of none, and transcripts that can't be placed.
SELECT
    'calls' AS "table",
    concat_ws(', ', id, channel, method, initiated) AS value,
    CASE
        WHEN channel = 'VOICE' AND method = 'MONITOR' THEN 'a supervisor listened to another contact'
        WHEN channel = 'VOICE' THEN 'a flow that ran after its call was over'
        WHEN channel IN ('CHAT', 'EMAIL') AND method = 'AGENT_REPLY' THEN 'an agent''s reply: its time is the first response of the e-mail it answers'
        WHEN channel IN ('CHAT', 'EMAIL') THEN 'a later part of contact ' || chain || ', with which it is counted'
        WHEN coalesce(channel, '') = '' THEN 'it has no channel'
        ELSE 'its channel is no contact of a customer: ' || lower(channel)
    END AS reason,
    _file,
    _row,
    coalesce(channel, '') = '' AS is_wrong
FROM raw.records
WHERE CASE
    WHEN channel = 'VOICE' THEN method = 'MONITOR' OR (method = 'DISCONNECT' AND coalesce(enqueued, connected, '') = '')
    WHEN channel IN ('CHAT', 'EMAIL') THEN id NOT IN (SELECT id FROM raw.chains WHERE id IS NOT NULL)
    ELSE true
END
UNION ALL
SELECT
    'messages',
    concat_ws(': ', contact || '/' || place, content),
    'when it was said isn''t known: its contact record isn''t there',
    _file,
    _row,
    true
FROM raw.turns
WHERE NOT is_event AND said IS NULL AND contact NOT IN (
    SELECT id FROM raw.newest WHERE id IS NOT NULL AND try_cast(initiated AS TIMESTAMPTZ) IS NOT NULL
)
UNION ALL
SELECT
    'messages',
    concat_ws(': ', contact || '/' || place, coalesce(content, content_type)),
    CASE WHEN copy > 1 THEN 'it is read from another file of the same contact' ELSE 'an event of the chat, no message' END,
    _file,
    _row,
    false
FROM raw.every_turn
WHERE copy > 1 OR is_event
UNION ALL
SELECT
    'messages',
    concat_ws(', ', Channel, left(Transcript, 100)),
    'its transcript has no turns',
    _file,
    _row,
    true
FROM raw.contact_lens AS files
WHERE NOT EXISTS (SELECT 1 FROM raw.every_turn AS turns WHERE turns._file = files._file AND turns._row = files._row);
