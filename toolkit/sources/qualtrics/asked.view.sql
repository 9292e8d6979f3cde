-- The questions that ask for a recommendation (NPS) or for satisfaction, with the scale of the latter.
WITH found AS (
    SELECT
        id AS question_id,
        survey_id,
        CASE
            WHEN upper(selector) = 'NPS' THEN 'nps'
            WHEN regexp_matches(lower(concat_ws(' ', data_export_tag, question_text, question_description)), '\bcsat\b|satisf|zufrieden|soddisf|zadowol|mul[țt]umi')
                THEN 'csat'
        END AS kind
    FROM raw.question
),
scales AS (
    SELECT question_id, survey_id, min(try_cast(recode_value AS INTEGER)) AS low, max(try_cast(recode_value AS INTEGER)) AS high
    FROM raw.question_option
    GROUP BY ALL
)
SELECT found.survey_id, found.kind, min(found.question_id) AS question_id, any_value(scales.low) AS low, any_value(scales.high) AS high
FROM found
LEFT JOIN scales ON scales.question_id = found.question_id AND scales.survey_id = found.survey_id
WHERE found.kind IS NOT NULL
GROUP BY found.survey_id, found.kind
