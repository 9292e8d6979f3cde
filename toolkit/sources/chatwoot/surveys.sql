-- One row per message that asks for a rating, with the answer where there is one; and the answers whose message isn't there.
WITH asked AS (
    -- the message keeps the answer too
    SELECT *, attributes->'$.submitted_values.csat_survey_response' AS answer FROM raw.wrote WHERE kind = 'input_csat'
),
answers AS (
    SELECT * FROM raw.csat_survey_responses QUALIFY row_number() OVER (PARTITION BY message_id ORDER BY updated_at DESC, _file DESC, _row DESC) = 1
)
SELECT
    asked.id AS survey_id,
    'csat' AS kind,
    asked.created_at AS sent_at,
    coalesce(answers.created_at, CASE WHEN asked.answer->>'$.rating' IS NOT NULL THEN coalesce(nullif(asked.updated_at, ''), asked.created_at) END) AS answered_at,
    coalesce(answers.rating, asked.answer->>'$.rating') AS score,
    asked.conversation_id,
    coalesce(nullif(answers.contact_id, ''), nullif(parents.contact_id, '')) AS customer_id,
    coalesce(nullif(answers.assigned_agent_id, ''), nullif(parents.assignee_id, '')) AS agent,
    coalesce(answers.feedback_message, asked.answer->>'$.feedback_message') AS "comment",
    1 AS scale_min,
    5 AS scale_max,
    asked._file,
    asked._row
FROM asked
LEFT JOIN answers ON answers.message_id = asked.id
LEFT JOIN (SELECT id, any_value(contact_id) AS contact_id, any_value(assignee_id) AS assignee_id FROM raw.conversations GROUP BY id) AS parents
    ON parents.id = asked.conversation_id
UNION ALL
SELECT
    message_id, 'csat', created_at, created_at, rating, conversation_id, nullif(contact_id, ''), nullif(assigned_agent_id, ''),
    feedback_message, 1, 5, _file, _row
FROM raw.csat_survey_responses
WHERE message_id NOT IN (SELECT id FROM asked WHERE id IS NOT NULL);
