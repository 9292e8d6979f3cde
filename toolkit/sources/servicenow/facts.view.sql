-- Incidents and cases of every form in one. A list's times are in the zone of who exports, the API's values and a
-- warehouse's times are UTC and say so here. The word null stands for nothing.
WITH wrapped AS (
    -- a field is a text, or {value, display_value, link}
    SELECT
        CASE WHEN sys_id LIKE '{"%' AND json_valid(sys_id) THEN sys_id ELSE CAST(json_object('value', sys_id) AS VARCHAR) END AS sys_id,
        CASE WHEN number LIKE '{"%' AND json_valid(number) THEN number ELSE CAST(json_object('value', number) AS VARCHAR) END AS number,
        CASE WHEN opened_at LIKE '{"%' AND json_valid(opened_at) THEN opened_at ELSE CAST(json_object('value', opened_at) AS VARCHAR) END AS opened_at,
        CASE WHEN state LIKE '{"%' AND json_valid(state) THEN state ELSE CAST(json_object('value', state) AS VARCHAR) END AS state,
        CASE WHEN priority LIKE '{"%' AND json_valid(priority) THEN priority ELSE CAST(json_object('value', priority) AS VARCHAR) END AS priority,
        CASE WHEN contact_type LIKE '{"%' AND json_valid(contact_type) THEN contact_type ELSE CAST(json_object('value', contact_type) AS VARCHAR) END AS contact_type,
        CASE WHEN category LIKE '{"%' AND json_valid(category) THEN category ELSE CAST(json_object('value', category) AS VARCHAR) END AS category,
        CASE WHEN subcategory LIKE '{"%' AND json_valid(subcategory) THEN subcategory ELSE CAST(json_object('value', subcategory) AS VARCHAR) END AS subcategory,
        CASE WHEN assignment_group LIKE '{"%' AND json_valid(assignment_group) THEN assignment_group ELSE CAST(json_object('value', assignment_group) AS VARCHAR) END AS assignment_group,
        CASE WHEN assigned_to LIKE '{"%' AND json_valid(assigned_to) THEN assigned_to ELSE CAST(json_object('value', assigned_to) AS VARCHAR) END AS assigned_to,
        CASE WHEN caller_id LIKE '{"%' AND json_valid(caller_id) THEN caller_id ELSE CAST(json_object('value', caller_id) AS VARCHAR) END AS caller_id,
        CASE WHEN resolved_at LIKE '{"%' AND json_valid(resolved_at) THEN resolved_at ELSE CAST(json_object('value', resolved_at) AS VARCHAR) END AS resolved_at,
        CASE WHEN closed_at LIKE '{"%' AND json_valid(closed_at) THEN closed_at ELSE CAST(json_object('value', closed_at) AS VARCHAR) END AS closed_at,
        CASE WHEN reopen_count LIKE '{"%' AND json_valid(reopen_count) THEN reopen_count ELSE CAST(json_object('value', reopen_count) AS VARCHAR) END AS reopen_count,
        CASE WHEN active LIKE '{"%' AND json_valid(active) THEN active ELSE CAST(json_object('value', active) AS VARCHAR) END AS active,
        CASE WHEN made_sla LIKE '{"%' AND json_valid(made_sla) THEN made_sla ELSE CAST(json_object('value', made_sla) AS VARCHAR) END AS made_sla,
        CASE WHEN sys_updated_on LIKE '{"%' AND json_valid(sys_updated_on) THEN sys_updated_on ELSE CAST(json_object('value', sys_updated_on) AS VARCHAR) END AS sys_updated_on,
        CASE WHEN opened_by LIKE '{"%' AND json_valid(opened_by) THEN opened_by ELSE CAST(json_object('value', opened_by) AS VARCHAR) END AS opened_by,
        CASE WHEN sys_created_by LIKE '{"%' AND json_valid(sys_created_by) THEN sys_created_by ELSE CAST(json_object('value', sys_created_by) AS VARCHAR) END AS sys_created_by,
        _file,
        _row
    FROM raw.api
),
answers AS (
    SELECT
        *,
        -- display values alone: local times, and the state as a word
        try_cast(state->>'$.value' AS INTEGER) IS NOT NULL AS is_utc
    FROM wrapped
),
given AS (
    SELECT
        'list' AS form, sys_id, number, opened_at, state, priority, contact_type, category, subcategory,
        assignment_group, assigned_to, caller_id, resolved_at, closed_at, reopen_count, active, made_sla,
        sys_updated_on AS updated, NULL AS sys_class_name, NULL AS is_deleted, NULL AS reopened_at,
        caller_id AS caller, opened_by, sys_created_by AS created_by, _file, _row
    FROM raw.list
    UNION ALL
    SELECT
        'list', "Sys ID", "Number", "Opened", "State", "Priority", coalesce("Channel", "Contact type"), "Category", "Subcategory",
        "Assignment group", "Assigned to", "Caller", "Resolved", "Closed", "Reopen count", "Active", "Made SLA",
        "Updated", NULL, NULL, NULL, "Caller", "Opened by", "Created by", _file, _row
    FROM raw.labels
    UNION ALL
    SELECT
        CASE WHEN is_utc THEN 'utc' ELSE 'list' END, sys_id->>'$.value',
        coalesce(number->>'$.value', number->>'$.display_value'),
        coalesce(opened_at->>'$.value', opened_at->>'$.display_value'),
        coalesce(state->>'$.display_value', state->>'$.value'),
        coalesce(priority->>'$.display_value', priority->>'$.value'),
        coalesce(contact_type->>'$.value', contact_type->>'$.display_value'),
        coalesce(category->>'$.display_value', category->>'$.value'),
        coalesce(subcategory->>'$.display_value', subcategory->>'$.value'),
        coalesce(assignment_group->>'$.display_value', assignment_group->>'$.value'),
        coalesce(assigned_to->>'$.display_value', assigned_to->>'$.value'),
        coalesce(caller_id->>'$.value', caller_id->>'$.display_value'),
        coalesce(resolved_at->>'$.value', resolved_at->>'$.display_value'),
        coalesce(closed_at->>'$.value', closed_at->>'$.display_value'),
        reopen_count->>'$.value', active->>'$.value', made_sla->>'$.value',
        coalesce(sys_updated_on->>'$.value', sys_updated_on->>'$.display_value'), NULL, NULL, NULL,
        coalesce(caller_id->>'$.display_value', caller_id->>'$.value'), coalesce(opened_by->>'$.value', opened_by->>'$.display_value'),
        coalesce(sys_created_by->>'$.value', sys_created_by->>'$.display_value'), _file, _row
    FROM answers
    UNION ALL
    -- an incident is a task: its own columns stand in incident, the others in task
    SELECT
        'utc', task.sys_id, task.number, task.opened_at, coalesce(nullif(incident.incident_state, ''), task.state), task.priority,
        task.contact_type, incident.category, incident.subcategory, task.assignment_group_value, task.assigned_to_value,
        incident.caller_id_value, incident.resolved_at, task.closed_at, incident.reopen_count, task.active, task.made_sla,
        greatest(task.sys_updated_on, incident.sys_updated_on), task.sys_class_name,
        coalesce(nullif(incident._fivetran_deleted, ''), task._fivetran_deleted), incident.reopened_time,
        NULL, task.opened_by_value, task.sys_created_by, task._file, task._row
    FROM raw.task AS task
    LEFT JOIN (SELECT * FROM raw.incident QUALIFY row_number() OVER (PARTITION BY sys_id ORDER BY sys_updated_on DESC) = 1) AS incident
        ON incident.sys_id = task.sys_id
    UNION ALL
    SELECT
        'utc', sys_id, sys_id, sys_created_on, incident_state, NULL, NULL, category, subcategory, NULL, NULL, caller_id_value,
        resolved_at, NULL, reopen_count, NULL, NULL, sys_updated_on, 'incident', _fivetran_deleted, reopened_time,
        NULL, NULL, NULL, _file, _row
    FROM raw.incident
    WHERE sys_id NOT IN (SELECT sys_id FROM raw.task WHERE sys_id IS NOT NULL)
),
cleaned AS (
    SELECT
        * REPLACE (
            nullif(nullif(trim(state), ''), 'null') AS state,
            nullif(nullif(trim(contact_type), ''), 'null') AS contact_type,
            nullif(nullif(trim(category), ''), 'null') AS category,
            nullif(nullif(trim(subcategory), ''), 'null') AS subcategory,
            nullif(nullif(trim(caller_id), ''), 'null') AS caller_id,
            nullif(nullif(trim(assignment_group), ''), 'null') AS assignment_group,
            nullif(nullif(trim(assigned_to), ''), 'null') AS assigned_to,
            nullif(nullif(trim(resolved_at), ''), 'null') AS resolved_at,
            nullif(nullif(trim(closed_at), ''), 'null') AS closed_at,
            nullif(nullif(trim(reopened_at), ''), 'null') AS reopened_at,
            nullif(nullif(trim(updated), ''), 'null') AS updated
        ),
        coalesce(number LIKE 'CS%' OR sys_class_name = 'sn_customerservice_case', false) AS is_case
    FROM given
),
choices AS (
    SELECT value, any_value(label) AS label
    FROM raw.sys_choice
    WHERE name IN ('incident', 'task') AND element IN ('state', 'incident_state') AND coalesce(nullif(language, ''), 'en') = 'en'
        AND coalesce(lower(inactive), 'false') <> 'true' AND label <> ''
    GROUP BY value
),
named AS (
    SELECT
        cleaned.*,
        coalesce(
            choices.label,
            CASE
                WHEN is_case THEN CASE state
                    WHEN '1' THEN 'New' WHEN '3' THEN 'Closed' WHEN '6' THEN 'Resolved' WHEN '7' THEN 'Cancelled' WHEN '10' THEN 'Open'
                    WHEN '18' THEN 'Awaiting Info'
                END
                ELSE CASE state
                    WHEN '1' THEN 'New' WHEN '2' THEN 'In Progress' WHEN '3' THEN 'On Hold' WHEN '6' THEN 'Resolved' WHEN '7' THEN 'Closed'
                    WHEN '8' THEN 'Canceled'
                END
            END,
            state
        ) AS status,
        -- UTC without saying so
        form = 'utc' AND coalesce(regexp_matches(opened_at, '\d:\d{2}(:\d{2}([.]\d+)?)?$'), false) AS is_utc
    FROM cleaned
    LEFT JOIN choices ON choices.value = cleaned.state
)
SELECT
    * REPLACE (
        CASE WHEN is_utc THEN utc(opened_at) ELSE opened_at END AS opened_at,
        CASE WHEN is_utc THEN utc(resolved_at) ELSE resolved_at END AS resolved_at,
        CASE WHEN is_utc THEN utc(closed_at) ELSE closed_at END AS closed_at,
        CASE WHEN is_utc THEN utc(reopened_at) ELSE reopened_at END AS reopened_at,
        CASE WHEN is_utc THEN utc(updated) ELSE updated END AS updated
    ),
    regexp_matches(lower(status), '^(closed|resolved|cancell?ed|complete)') OR lower(active) IN ('false', '0') AS is_closed,
    CASE
        WHEN lower(is_deleted) = 'true' THEN 'deleted'
        WHEN coalesce(sys_class_name, 'incident') NOT IN ('incident', 'sn_customerservice_case') THEN 'a ' || replace(sys_class_name, '_', ' ') || ', no incident and no case'
    END AS why
FROM named
