-- One row per incident or case.
SELECT
    facts.number AS conversation_id,
    coalesce(
        CASE replace(replace(lower(facts.contact_type), '-', '_'), ' ', '_')
            WHEN 'self_service' THEN 'portal'
            WHEN 'web' THEN 'web_form'
            ELSE lower(facts.contact_type)
        END,
        '(none)'
    ) AS channel,
    facts.opened_at AS created_at,
    CASE WHEN facts.is_closed THEN facts.resolved_at END AS solved_at,
    -- where neither time is told, it was closed at the latest when it was last updated
    CASE WHEN facts.is_closed THEN coalesce(facts.closed_at, CASE WHEN facts.resolved_at IS NULL THEN facts.updated END) END AS closed_at,
    facts.reopened_at,
    facts.reopen_count,
    facts.caller_id AS customer_id,
    facts.category AS topic,
    facts.subcategory AS subtopic,
    CASE facts.priority WHEN '1' THEN '1 - Critical' WHEN '2' THEN '2 - High' WHEN '3' THEN '3 - Moderate' WHEN '4' THEN '4 - Low' WHEN '5' THEN '5 - Planning' ELSE facts.priority END AS priority,
    coalesce(groups.name, facts.assignment_group) AS team,
    facts.assigned_to AS agent,
    facts.status,
    facts.made_sla,
    slas.is_breached AS sla_breached,
    facts.updated AS updated_at,
    facts.updated AS _version,
    facts._file,
    facts._row
FROM raw.facts AS facts
LEFT JOIN (SELECT sys_id, any_value(name) AS name FROM raw.sys_user_group GROUP BY sys_id) AS groups ON groups.sys_id = facts.assignment_group
LEFT JOIN (SELECT task_value, CAST(bool_or(lower(has_breached) = 'true') AS VARCHAR) AS is_breached FROM raw.task_sla GROUP BY task_value) AS slas
    ON slas.task_value = facts.sys_id
WHERE facts.why IS NULL;
