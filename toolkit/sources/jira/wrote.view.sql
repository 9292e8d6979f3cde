-- Comments: a warehouse's, the API's, and those of the export's columns Comment, Comment_2 and so on, each of which
-- holds "when;who;what".
WITH columns_of AS (
    SELECT key, reporter, reporter_id, exported._file, exported._row, unnest(exported.said) AS said, generate_subscripts(exported.said, 1) AS n
    FROM (SELECT [*COLUMNS('^(?i:Comment(_\d+)?)$')] AS said, _file, _row FROM raw.export) AS exported
    JOIN raw.facts AS facts ON facts._file = exported._file AND facts._row = exported._row
),
answers AS (
    SELECT
        api.id, api.key, unnest(from_json(CASE WHEN json_valid(api.fields) THEN coalesce(json_extract(api.fields, '$.comment.comments'), '[]') ELSE '[]' END, '["JSON"]')) AS told,
        api._file, api._row
    FROM raw.api AS api
)
SELECT
    comments.id,
    coalesce(facts.key, comments.issue_id) AS key,
    utc(comments.created) AS sent_at,
    comments.author_id AS writer,
    coalesce(comments.author_id IN (facts.reporter_id, facts.reporter), false) AS is_customer,
    facts.reporter AS customer_id,
    comments.body AS text,
    coalesce(nullif(comments.is_public, ''), 'true') AS is_public,
    comments._file,
    comments._row
FROM raw.comments AS comments
LEFT JOIN (SELECT id, any_value(key) AS key, any_value(reporter) AS reporter, any_value(reporter_id) AS reporter_id FROM raw.facts GROUP BY id) AS facts
    ON facts.id = comments.issue_id
UNION ALL
SELECT
    key || '/' || n,
    key,
    coalesce(CAST(try_strptime(split_part(said, ';', 1), ['%d/%b/%y %I:%M %p', '%d/%b/%y %H:%M', '%d/%b/%Y %I:%M %p']) AS VARCHAR), split_part(said, ';', 1)),
    nullif(split_part(said, ';', 2), ''),
    coalesce(split_part(said, ';', 2) IN (reporter_id, reporter), false),
    reporter,
    regexp_replace(said, '^[^;]*;[^;]*;', ''),
    'true',
    _file,
    _row
FROM columns_of
WHERE said <> ''
UNION ALL
SELECT
    answers.told->>'$.id', answers.key, answers.told->>'$.created',
    coalesce(answers.told->>'$.author.displayName', answers.told->>'$.author.accountId'),
    coalesce(coalesce(answers.told->>'$.author.accountId', answers.told->>'$.author.name') = facts.reporter_id, false),
    facts.reporter,
    -- the text is a document of paragraphs
    CASE WHEN json_type(json_extract(answers.told, '$.body')) = 'VARCHAR' THEN answers.told->>'$.body'
        ELSE array_to_string(json_extract_string(answers.told, '$.body.content[*].content[*].text'), ' ') END,
    coalesce(answers.told->>'$.jsdPublic', 'true'), answers._file, answers._row
FROM answers
JOIN raw.facts AS facts ON facts._file = answers._file AND facts._row = answers._row
