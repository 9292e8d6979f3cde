-- Comments and work notes, the incident that each belongs to, and who wrote it. A list's times are in the zone of who
-- exports; the API's and a warehouse's are UTC and say so here.
WITH given AS (
    SELECT
        nullif(sys_id, '') AS id, element_id, lower(element) AS element, value AS text, sys_created_on AS told_at, sys_created_by AS writer,
        coalesce(lower(_fivetran_deleted) = 'true', false) AS is_deleted,
        _fivetran_deleted IS NOT NULL OR EXISTS (SELECT 1 FROM raw.task) OR EXISTS (SELECT 1 FROM raw.incident) AS is_utc,
        _file, _row
    FROM raw.sys_journal_field
    UNION ALL
    SELECT nullif(sys_id, ''), element_id, lower(element), value, sys_created_on, sys_created_by, false, true, _file, _row FROM raw.api_journal
),
people AS (
    SELECT user_name, any_value(sys_id) AS id, any_value(name) AS name FROM raw.sys_user WHERE user_name <> '' GROUP BY user_name
),
parents AS (
    SELECT
        sys_id, any_value(number) AS number, any_value(caller_id) AS caller_id,
        any_value(regexp_replace(lower(caller), '[^\p{L}\p{N}]+', '', 'g')) AS caller,
        -- who opened it for themselves is the caller, under the user name that created it
        any_value(created_by) FILTER (opened_by = caller_id) AS caller_name
    FROM raw.facts
    WHERE why IS NULL
    GROUP BY sys_id
),
-- customers can neither write work notes nor be given incidents
agents AS (
    SELECT regexp_replace(lower(writer), '[^\p{L}\p{N}]+', '', 'g') AS name FROM given WHERE element = 'work_notes'
    UNION
    SELECT regexp_replace(lower(assigned_to), '[^\p{L}\p{N}]+', '', 'g') FROM raw.facts
),
told AS (
    SELECT
        given.*,
        parents.number,
        parents.caller_id,
        coalesce(people.id, given.writer) AS writer_id,
        CASE
            WHEN given.writer IN ('system', 'guest') THEN 'system'
            WHEN given.element = 'work_notes' THEN 'agent'
            WHEN parents.caller_id IN (people.id, people.name, given.writer) OR parents.caller_name = given.writer THEN 'customer'
            WHEN people.id IS NOT NULL THEN 'agent'
            WHEN parents.caller = regexp_replace(lower(given.writer), '[^\p{L}\p{N}]+', '', 'g') THEN 'customer'
            WHEN regexp_replace(lower(given.writer), '[^\p{L}\p{N}]+', '', 'g') IN (SELECT name FROM agents WHERE name <> '') THEN 'agent'
        END AS sender,
        CASE
            WHEN given.is_deleted THEN 'deleted'
            WHEN given.element IN ('comments', 'work_notes') THEN NULL
            ELSE 'neither a comment nor a work note'
        END AS why
    FROM given
    LEFT JOIN people ON people.user_name = given.writer
    LEFT JOIN parents ON parents.sys_id = given.element_id
),
-- Where users aren't known and one comment can't be told, no reply is: the first of those that can would be too late.
known AS (
    SELECT EXISTS (SELECT 1 FROM raw.sys_user) OR NOT coalesce(bool_or(sender IS NULL), false) AS is_known FROM told WHERE why IS NULL
)
SELECT
    coalesce(id, element_id || '/' || element || '/' || told_at) AS id,
    coalesce(number, element_id) AS number,
    caller_id,
    element,
    text,
    CASE WHEN is_utc THEN utc(told_at) ELSE told_at END AS sent_at,
    writer_id AS writer,
    sender,
    coalesce(
        why,
        CASE
            WHEN sender IS NULL THEN 'whether an agent or the caller wrote it isn''t known: its author isn''t among the users'
            WHEN NOT is_known AND element = 'comments' AND sender = 'agent' THEN 'of some comments it isn''t known who wrote them, and so not which reply was the first: sys_user tells'
        END
    ) AS why,
    _file,
    _row
FROM told CROSS JOIN known
