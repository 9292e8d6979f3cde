-- Surveys that were sent, and responses that no contact tells of. A warehouse's times are UTC and say so here.
WITH responses AS (
    SELECT
        id,
        survey_id,
        nullif(start_date, '') AS started,
        CASE WHEN lower(finished) IN ('1', 'true') THEN coalesce(nullif(recorded_date, ''), nullif(end_date, '')) END AS ended,
        CASE
            WHEN lower(_fivetran_deleted) = 'true' THEN 'deleted'
            WHEN lower(status) IN ('1', '9', '17') OR lower(status) LIKE '%preview%' OR lower(distribution_channel) = 'preview' THEN 'a preview'
            WHEN lower(status) IN ('2', 'survey test') OR lower(distribution_channel) = 'test' THEN 'a test response'
            WHEN lower(status) IN ('8', '12', 'spam') THEN 'spam'
        END AS why,
        lower(user_language) AS language,
        _file,
        _row
    FROM raw.survey_response
),
contacts AS (
    SELECT
        contacts.distribution_id || '/' || contacts.contact_id AS id,
        nullif(contacts.response_id, '') AS response_id,
        coalesce(nullif(distributions.survey_id, ''), nullif(regexp_extract(contacts.survey_link, 'SV_[0-9A-Za-z]+'), '')) AS survey_id,
        contacts.contact_id,
        nullif(contacts.sent_at, '') AS sent,
        nullif(contacts.response_completed_at, '') AS completed,
        CASE
            WHEN lower(distributions.kind) LIKE '%test%' THEN 'a test email'
            WHEN regexp_matches(lower(contacts.status), 'fail|error|bounce|blocked|duplicate|unsubscribed|skipped') THEN 'not delivered: ' || contacts.status
        END AS why,
        contacts._file,
        contacts._row
    FROM raw.distribution_contact AS contacts
    LEFT JOIN (SELECT id, any_value(survey_link_survey_id) AS survey_id, any_value(request_type) AS kind FROM raw.distribution GROUP BY id) AS distributions
        ON distributions.id = contacts.distribution_id
)
SELECT
    contacts.id,
    coalesce(contacts.response_id, '') AS response_id,
    coalesce(contacts.survey_id, responses.survey_id) AS survey_id,
    contacts.contact_id AS customer_id,
    utc(contacts.sent) AS sent_at,
    utc(coalesce(contacts.completed, responses.ended)) AS answered_at,
    coalesce(contacts.why, responses.why) AS why,
    responses.language,
    contacts._file,
    contacts._row
FROM contacts
LEFT JOIN (SELECT * FROM responses QUALIFY row_number() OVER (PARTITION BY id ORDER BY _file DESC, _row DESC) = 1) AS responses
    ON responses.id = contacts.response_id
UNION ALL
SELECT
    id, id, survey_id, NULL,
    utc(started),
    utc(ended),
    why, language, _file, _row
FROM responses
WHERE id NOT IN (SELECT response_id FROM contacts WHERE response_id IS NOT NULL)
