-- Previews, tests, spam, what couldn't be delivered; of an exported CSV the two lines that say what the questions are.
SELECT 'surveys' AS "table", concat_ws(', ', id, survey_id, sent_at) AS value, why AS reason, _file, _row
FROM raw.facts
WHERE why IS NOT NULL
UNION ALL
SELECT
    'surveys',
    concat_ws(', ', ResponseId, Status, StartDate),
    CASE
        WHEN ResponseId LIKE '{%' OR position('_' IN ResponseId) = 0 THEN 'not a response: it says what the columns are'
        WHEN lower(Status) IN ('8', '12', 'spam') THEN 'spam'
        WHEN lower(Status) IN ('2', 'survey test') THEN 'a test response'
        ELSE 'a preview'
    END,
    _file,
    _row
FROM raw.export
WHERE ResponseId LIKE '{%' OR position('_' IN ResponseId) = 0
    OR lower(Status) IN ('1', '2', '8', '9', '12', '17', 'spam') OR regexp_matches(lower(Status), 'preview|test');
