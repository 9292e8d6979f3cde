-- One row per ticket whose customer was asked: good is 1, bad is 0. Zendesk keeps one rating a ticket, the latest.
WITH ratings AS (
    SELECT
        *,
        min(created_at) OVER (PARTITION BY ticket_id) AS first_at,
        bool_or(score = 'offered') OVER (PARTITION BY ticket_id) AS has_offer
    FROM raw.satisfaction_ratings
    WHERE score <> 'unoffered'
),
-- a history of fields has the offer, the answer and its words as changes
changed AS (
    SELECT
        ticket_id,
        min(changed_at) FILTER (field = 'satisfaction_score' AND to_value <> 'unoffered') AS offered_at,
        max(changed_at) FILTER (field = 'satisfaction_score' AND (to_value LIKE 'good%' OR to_value LIKE 'bad%')) AS answered_at,
        arg_max(to_value, changed_at) FILTER (field = 'satisfaction_score') AS score,
        arg_max(to_value, changed_at) FILTER (field = 'satisfaction_comment') AS remark,
        arg_max(_file, changed_at) AS _file,
        arg_max(_row, changed_at) AS _row
    FROM raw.changes
    WHERE field IN ('satisfaction_score', 'satisfaction_comment')
    GROUP BY ticket_id
    HAVING offered_at IS NOT NULL
),
owners AS (
    SELECT id, arg_max(agent, (coalesce(updated_at, ''), _file, _row)) AS agent
    FROM raw.every_ticket
    GROUP BY id
),
given AS (
    SELECT
        ticket_id,
        first_at AS sent_at,
        CASE
            WHEN score LIKE 'good%' OR score LIKE 'bad%' THEN CASE WHEN has_offer THEN created_at ELSE coalesce(updated_at, created_at) END
        END AS answered_at,
        score,
        requester_id AS customer_id,
        assignee_id AS agent,
        comment,
        _file,
        _row,
        try_cast(coalesce(updated_at, created_at) AS TIMESTAMPTZ) AS _version
    FROM ratings
    UNION ALL
    SELECT ticket_id, offered_at, answered_at, score, NULL, NULL, remark, _file, _row, NULL
    FROM changed
    WHERE ticket_id NOT IN (SELECT ticket_id FROM ratings WHERE ticket_id IS NOT NULL)
    UNION ALL
    -- the ticket alone doesn't say when: at its last update at the latest
    SELECT
        id,
        updated_at,
        CASE WHEN lower(score) LIKE 'good%' OR lower(score) LIKE 'bad%' THEN updated_at END,
        lower(score),
        requester_id,
        agent,
        remark,
        _file,
        _row,
        try_cast(updated_at AS TIMESTAMPTZ)
    FROM raw.every_ticket
    WHERE
        lower(score) NOT IN ('unoffered', 'not offered', 'not_offered')
        AND id NOT IN (SELECT ticket_id FROM ratings WHERE ticket_id IS NOT NULL)
        AND id NOT IN (SELECT ticket_id FROM changed WHERE ticket_id IS NOT NULL)
        AND id NOT IN (SELECT id FROM raw.gone WHERE id IS NOT NULL)
)
SELECT
    ticket_id AS survey_id,
    'csat' AS kind,
    sent_at,
    answered_at,
    CASE WHEN score LIKE 'good%' THEN '1' WHEN score LIKE 'bad%' THEN '0' WHEN score NOT IN ('offered', 'received') THEN score END AS score,
    0 AS scale_min,
    1 AS scale_max,
    ticket_id AS conversation_id,
    customer_id,
    coalesce(given.agent, owners.agent) AS agent,
    comment,
    _file,
    _row,
    _version
FROM given LEFT JOIN owners ON owners.id = given.ticket_id
