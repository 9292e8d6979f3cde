-- One row per message that asks for a rating, with the answer where there is one; and the answers whose message isn't there.
WITH asked AS (
    SELECT * FROM raw.wrote WHERE kind = 'input_csat'
),
answers AS (
    SELECT * FROM raw.csat_survey_responses QUALIFY row_number() OVER (PARTITION BY message_id ORDER BY updated_at DESC, _file DESC, _row DESC) = 1
)
SELECT
    asked.id AS survey_id,
    'csat' AS kind,
    asked.created_at AS sent_at,
    answers.created_at AS answered_at,
    answers.rating AS score,
    asked.conversation_id,
    nullif(answers.contact_id, '') AS customer_id,
    nullif(answers.assigned_agent_id, '') AS agent,
    answers.feedback_message AS "comment",
    1 AS scale_min,
    5 AS scale_max,
    asked._file,
    asked._row
FROM asked
LEFT JOIN answers ON answers.message_id = asked.id
UNION ALL
SELECT
    message_id, 'csat', created_at, created_at, rating, conversation_id, nullif(contact_id, ''), nullif(assigned_agent_id, ''),
    feedback_message, 1, 5, _file, _row
FROM raw.csat_survey_responses
WHERE message_id NOT IN (SELECT id FROM asked WHERE id IS NOT NULL);
