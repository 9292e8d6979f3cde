-- Comments and work notes, and the incident that each belongs to.
WITH given AS (
    SELECT
        nullif(sys_id, '') AS id, element_id, lower(element) AS element, value AS text, sys_created_on AS told_at, sys_created_by AS writer,
        coalesce(lower(_fivetran_deleted) = 'true', false) AS is_deleted, _file, _row
    FROM raw.sys_journal_field
    UNION ALL
    SELECT nullif(sys_id, ''), element_id, lower(element), value, sys_created_on, sys_created_by, false, _file, _row FROM raw.api_journal
),
people AS (
    SELECT user_name, any_value(sys_id) AS id, any_value(name) AS name FROM raw.sys_user WHERE user_name <> '' GROUP BY user_name
),
parents AS (
    SELECT sys_id, any_value(number) AS number, any_value(caller_id) AS caller_id FROM raw.facts WHERE why IS NULL GROUP BY sys_id
)
SELECT
    coalesce(given.id, given.element_id || '/' || given.element || '/' || given.told_at) AS id,
    coalesce(parents.number, given.element_id) AS number,
    parents.caller_id,
    given.element,
    given.text,
    CASE WHEN regexp_matches(given.told_at, '^\d{4}-.*\d:\d{2}(:\d{2}([.]\d+)?)?$') THEN given.told_at || 'Z' ELSE given.told_at END AS sent_at,
    coalesce(people.id, given.writer) AS writer,
    CASE
        WHEN given.writer IN ('system', 'guest') THEN 'system'
        WHEN given.element = 'comments' AND (parents.caller_id IN (people.id, people.name, given.writer)) THEN 'customer'
        ELSE 'agent'
    END AS sender,
    CASE
        WHEN given.is_deleted THEN 'deleted'
        WHEN given.element NOT IN ('comments', 'work_notes') THEN 'neither a comment nor a work note'
    END AS why,
    given._file,
    given._row
FROM given
LEFT JOIN people ON people.user_name = given.writer
LEFT JOIN parents ON parents.sys_id = given.element_id
