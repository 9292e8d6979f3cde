-- One row per rating: Freshdesk's seven faces from -103 to 103 are 1 to 7.
WITH given AS (
    SELECT
        id AS survey_id,
        created_at,
        coalesce(
            try_cast(ratings AS JSON)->>'$.default_question',
            -- a survey that has no such question: its first
            map_values(try_cast(try_cast(ratings AS JSON) AS MAP(VARCHAR, JSON)))[1]->>'$'
        ) AS rating,
        ticket_id,
        user_id AS customer_id,
        agent_id AS agent,
        feedback,
        _file,
        _row,
        updated_at AS _version
    FROM raw.satisfaction_ratings
    UNION ALL
    -- the export tells no time of it: closed, or changed last, when it was given at the latest
    SELECT id || '/survey', coalesce(closed_at, resolved_at, updated_at, created_at), survey, id, customer_id, agent, NULL, _file, _row, updated_at
    FROM raw.every_ticket
    WHERE survey IS NOT NULL
)
SELECT
    survey_id,
    'csat' AS kind,
    created_at AS sent_at,
    created_at AS answered_at,
    CASE lower(trim(regexp_replace(rating, '[^a-zA-Z0-9-]+', ' ', 'g')))
        WHEN '103' THEN '7' WHEN 'extremely happy' THEN '7' WHEN 'extremely satisfied' THEN '7'
        WHEN '102' THEN '6' WHEN 'very happy' THEN '6' WHEN 'very satisfied' THEN '6'
        WHEN '101' THEN '5' WHEN 'happy' THEN '5' WHEN 'satisfied' THEN '5'
        WHEN '100' THEN '4' WHEN 'neutral' THEN '4'
        WHEN '-101' THEN '3' WHEN 'unhappy' THEN '3' WHEN 'dissatisfied' THEN '3'
        WHEN '-102' THEN '2' WHEN 'very unhappy' THEN '2' WHEN 'very dissatisfied' THEN '2'
        WHEN '-103' THEN '1' WHEN 'extremely unhappy' THEN '1' WHEN 'extremely dissatisfied' THEN '1'
        -- another word is no score: the ledger shows it
        ELSE 'not one of Freshdesk''s faces: ' || rating
    END AS score,
    1 AS scale_min,
    7 AS scale_max,
    ticket_id AS conversation_id,
    customer_id,
    agent,
    feedback AS comment,
    _file,
    _row,
    _version
FROM given
