-- One row per turn of each Contact Lens file. A chat's turns have their time; those of a call are counted in
-- milliseconds from the contact's start. Sentiment stands in the turn (calls) or in the groups of turns (chats).
WITH files AS (
    SELECT
        *,
        coalesce(
            CASE WHEN json_valid(CustomerMetadata) THEN CustomerMetadata->>'$.ContactId' END,
            nullif(regexp_extract(_file, '([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})[^/\\]*$', 1), ''),
            regexp_extract(_file, '([^/\\]+?)([.]json)?([.]gz)?$', 1)
        ) AS contact,
        from_json(
            CASE WHEN json_valid(Transcript) THEN Transcript END,
            '[{"Id": "VARCHAR", "Content": "VARCHAR", "ContentType": "VARCHAR", "Type": "VARCHAR", "ParticipantId": "VARCHAR", "ParticipantRole": "VARCHAR",
               "AbsoluteTime": "VARCHAR", "BeginOffsetMillis": "BIGINT", "Sentiment": "VARCHAR"}]'
        ) AS turns,
        from_json(
            CASE WHEN json_valid(Participants) THEN Participants END, '[{"ParticipantId": "VARCHAR", "ParticipantRole": "VARCHAR"}]'
        ) AS people,
        from_json(
            CASE WHEN json_valid(ConversationCharacteristics)
                THEN ConversationCharacteristics::JSON->'$.Sentiment.DetailsByTranscriptItemGroup' END,
            '[{"Sentiment": "VARCHAR", "TranscriptItems": [{"Id": "VARCHAR"}]}]'
        ) AS groups
    FROM raw.contact_lens
),
opened AS (
    SELECT _file, _row, contact, upper(trim(Channel)) AS channel, split_part(LanguageCode, '-', 1) AS language, people, groups,
        unnest(turns) AS turn, generate_subscripts(turns, 1) AS place
    FROM files
),
told AS (
    SELECT
        *,
        upper(coalesce(
            turn.ParticipantRole,
            [p.ParticipantRole FOR p IN coalesce(people, []) IF p.ParticipantId = turn.ParticipantId][1],
            turn.ParticipantId
        )) AS role,
        coalesce(
            turn.Sentiment,
            [g.Sentiment FOR g IN coalesce(groups, []) IF list_contains([i.Id FOR i IN g.TranscriptItems], turn.Id)][1]
        ) AS sentiment
    FROM opened
)
SELECT
    _file, _row, contact, channel, language, place, role, lower(sentiment) AS sentiment,
    turn.Id AS turn_id, turn.Content AS content, turn.ContentType AS content_type, turn.AbsoluteTime AS said, turn.BeginOffsetMillis AS offset_ms,
    -- joined, left, typing, ended
    upper(coalesce(turn.Type, 'MESSAGE')) = 'EVENT' AS is_event,
    contains(coalesce(turn.ContentType, ''), 'event.chat.ended') AS is_end,
    -- the same analysis in two files: the raw one, not the one with its personal data taken out
    dense_rank() OVER (PARTITION BY contact ORDER BY contains(lower(_file), 'redacted'), _file, _row) AS copy
FROM told
