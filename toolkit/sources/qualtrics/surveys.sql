-- One row per survey sent and thing that it asks for.
WITH kinds AS (
    SELECT facts.*, coalesce(asked.kind, 'csat') AS kind, asked.question_id, asked.low, asked.high
    FROM raw.facts AS facts
    LEFT JOIN raw.asked AS asked ON asked.survey_id = facts.survey_id
    WHERE facts.why IS NULL
),
answers AS (
    SELECT response_id, question_id, min(nullif(value, '')) AS score FROM raw.question_response GROUP BY ALL
),
comments AS (
    SELECT answers.response_id, string_agg(answers.text, ' ' ORDER BY answers.question_id) AS said
    FROM raw.question_response AS answers
    JOIN (SELECT DISTINCT id FROM raw.question WHERE upper(question_type) = 'TE') AS texts ON texts.id = answers.question_id
    WHERE answers.text <> ''
    GROUP BY ALL
),
tickets AS (
    SELECT response_id, min(nullif(value, '')) AS conversation_id
    FROM raw.survey_embedded_data
    WHERE regexp_matches(lower(key), '^(ticket|case|conversation|incident)[ _-]?(id|number|key)?$')
    GROUP BY response_id
),
exported AS (
    SELECT
        export.*,
        coalesce(lower(export.Finished) IN ('1', 'true'), false) AS is_finished,
        kinds.kind AS asked_for
    FROM raw.export AS export
    LEFT JOIN (SELECT DISTINCT _file, kind FROM raw.told WHERE kind IN ('nps', 'csat')) AS kinds ON kinds._file = export._file
    WHERE export.ResponseId NOT LIKE '{%' AND position('_' IN export.ResponseId) > 0
        AND lower(export.Status) NOT IN ('1', '2', '8', '9', '12', '17', 'spam') AND NOT regexp_matches(lower(export.Status), 'preview|test')
),
said AS (
    SELECT _file, _row, kind, min(value) AS value FROM raw.told WHERE kind IS NOT NULL AND value <> '' GROUP BY ALL
)
SELECT
    kinds.id || '/' || kinds.kind AS survey_id,
    kinds.kind,
    kinds.sent_at,
    kinds.answered_at,
    CASE WHEN kinds.answered_at IS NOT NULL THEN answers.score END AS score,
    tickets.conversation_id,
    kinds.customer_id,
    comments.said AS "comment",
    kinds.language,
    CASE WHEN kinds.kind = 'csat' AND kinds.low < kinds.high THEN kinds.low END AS scale_min,
    CASE WHEN kinds.kind = 'csat' AND kinds.low < kinds.high THEN kinds.high END AS scale_max,
    kinds._file,
    kinds._row
FROM kinds
LEFT JOIN answers ON answers.response_id = kinds.response_id AND answers.question_id = kinds.question_id
LEFT JOIN comments ON comments.response_id = kinds.response_id
LEFT JOIN tickets ON tickets.response_id = kinds.response_id
UNION ALL
SELECT
    exported.ResponseId || '/' || coalesce(exported.asked_for, 'csat'),
    coalesce(exported.asked_for, 'csat'),
    exported.StartDate,
    CASE WHEN exported.is_finished THEN coalesce(nullif(exported.RecordedDate, ''), exported.EndDate) END,
    CASE WHEN exported.is_finished THEN scores.value END,
    tickets.value,
    nullif(exported.ExternalReference, ''),
    NULL,
    lower(exported.UserLanguage),
    NULL,
    NULL,
    exported._file,
    exported._row
FROM exported
LEFT JOIN said AS scores ON scores._file = exported._file AND scores._row = exported._row AND scores.kind = exported.asked_for
LEFT JOIN said AS tickets ON tickets._file = exported._file AND tickets._row = exported._row AND tickets.kind = 'conversation';
