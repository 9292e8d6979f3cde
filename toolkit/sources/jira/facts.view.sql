-- Issues of every form in one. A warehouse's times are UTC and say so here; an export's are local, as 09/Oct/25 1:42 PM
-- in the default language; the API's have their offset.
WITH answers AS (
    SELECT id, key, CASE WHEN json_valid(fields) THEN fields ELSE '{}' END AS f, _file, _row FROM raw.api
),
given AS (
    SELECT
        issues.id,
        issues.key,
        utc(issues.created) AS created,
        utc(nullif(issues.resolved, '')) AS resolved,
        utc(nullif(issues.status_category_changed, '')) AS moved,
        utc(nullif(issues.updated, '')) AS updated,
        coalesce(states.name, issues.status) AS status,
        states.category,
        coalesce(priorities.name, nullif(issues.priority, '')) AS priority,
        coalesce(projects.name, nullif(issues.project, '')) AS project,
        coalesce(types.name, nullif(issues.issue_type, '')) AS topic,
        NULL AS subtopic,
        nullif(issues.assignee, '') AS agent,
        nullif(issues.reporter, '') AS reporter,
        nullif(issues.reporter, '') AS reporter_id,
        NULL AS channel,
        NULL AS language,
        NULL AS rating,
        NULL AS rated_at,
        coalesce(lower(issues._fivetran_deleted) = 'true', false) AS is_deleted,
        issues._file,
        issues._row
    FROM raw.issues AS issues
    LEFT JOIN raw.states AS states ON states.id = issues.status
    LEFT JOIN (SELECT id, any_value(name) AS name FROM raw.priorities GROUP BY id) AS priorities ON priorities.id = issues.priority
    LEFT JOIN (SELECT id, any_value(name) AS name FROM raw.projects GROUP BY id) AS projects ON projects.id = issues.project
    LEFT JOIN (SELECT id, any_value(name) AS name FROM raw.types GROUP BY id) AS types ON types.id = issues.issue_type
    UNION ALL
    SELECT
        "Issue id",
        "Issue key",
        coalesce(CAST(try_strptime("Created", ['%d/%b/%y %I:%M %p', '%d/%b/%y %H:%M', '%d/%b/%Y %I:%M %p']) AS VARCHAR), "Created"),
        coalesce(CAST(try_strptime("Resolved", ['%d/%b/%y %I:%M %p', '%d/%b/%y %H:%M', '%d/%b/%Y %I:%M %p']) AS VARCHAR), nullif("Resolved", '')),
        coalesce(CAST(try_strptime("Status Category Changed", ['%d/%b/%y %I:%M %p', '%d/%b/%y %H:%M', '%d/%b/%Y %I:%M %p']) AS VARCHAR), nullif("Status Category Changed", '')),
        coalesce(CAST(try_strptime("Updated", ['%d/%b/%y %I:%M %p', '%d/%b/%y %H:%M', '%d/%b/%Y %I:%M %p']) AS VARCHAR), nullif("Updated", '')),
        "Status",
        nullif("Status Category", ''),
        nullif("Priority", ''),
        coalesce(nullif("Project name", ''), nullif("Project key", '')),
        coalesce(nullif("Custom field (Request Type)", ''), nullif("Issue Type", '')),
        nullif("Labels", ''),
        nullif("Assignee", ''),
        coalesce(nullif("Reporter", ''), nullif("Reporter Id", '')),
        nullif("Reporter Id", ''),
        nullif(lower("Custom field (Source)"), ''),
        nullif(lower(left("Custom field (Request language)", 2)), ''),
        nullif("Satisfaction rating", ''),
        coalesce(CAST(try_strptime("Custom field (Satisfaction date)", ['%d/%b/%y %I:%M %p', '%d/%b/%y %H:%M', '%d/%b/%Y %I:%M %p']) AS VARCHAR), nullif("Custom field (Satisfaction date)", '')),
        false,
        _file,
        _row
    FROM raw.export
    UNION ALL
    SELECT
        id, key, f->>'$.created', f->>'$.resolutiondate', f->>'$.statuscategorychangedate', f->>'$.updated',
        f->>'$.status.name', f->>'$.status.statusCategory.name', f->>'$.priority.name', f->>'$.project.name', f->>'$.issuetype.name',
        f->>'$.labels[0]', coalesce(f->>'$.assignee.displayName', f->>'$.assignee.accountId'),
        coalesce(f->>'$.reporter.displayName', f->>'$.reporter.accountId'), coalesce(f->>'$.reporter.accountId', f->>'$.reporter.name'),
        NULL, NULL, NULL, NULL, false, _file, _row
    FROM answers
)
SELECT
    *,
    CASE WHEN category IS NOT NULL THEN lower(category) IN ('done', 'complete', 'completed') ELSE resolved IS NOT NULL END AS is_closed
FROM given
