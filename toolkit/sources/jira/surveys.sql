-- The rating in the export: of the issues that were rated, as those that were asked and didn't answer aren't told.
SELECT
    key || '/rating' AS survey_id,
    'csat' AS kind,
    coalesce(rated_at, resolved, updated) AS sent_at,
    coalesce(rated_at, resolved, updated) AS answered_at,
    rating AS score,
    key AS conversation_id,
    reporter AS customer_id,
    agent,
    1 AS scale_min,
    5 AS scale_max,
    _file,
    _row
FROM raw.facts
WHERE rating IS NOT NULL AND NOT is_deleted;
