-- Tickets of all forms, every copy of each: one row per record of a file. Times without an offset are UTC in the
-- tables of a warehouse, and the account's own in the CSV export.
WITH metrics AS (
    SELECT ticket_id, arg_max(to_json(given), coalesce(updated_at, '')) AS metrics
    FROM raw.ticket_metrics AS given
    GROUP BY ticket_id
),
tagged AS (
    SELECT ticket_id, to_json(list(DISTINCT tag)) AS tags
    FROM raw.ticket_tag
    GROUP BY ticket_id
),
teams AS (
    SELECT id, arg_max(name, coalesce(updated_at, '')) AS name
    FROM raw.groups
    GROUP BY id
),
companies AS (
    SELECT id, arg_max(name, coalesce(updated_at, '')) AS name
    FROM raw.organizations
    GROUP BY id
),
labels AS (
    SELECT id, any_value(name) AS name
    FROM raw.brands
    GROUP BY id
),
given AS (
    SELECT
        id,
        -- some connectors flatten it to the channel's name
        coalesce(try_cast(via AS JSON)->>'$.channel', CASE WHEN try_cast(via AS JSON) IS NULL THEN via END) AS via,
        try_cast(via AS JSON)->>'$.source.rel' AS rel,
        created_at,
        updated_at,
        status,
        priority,
        type,
        -- the account's own JSON export holds whole people and groups
        coalesce(requester_id, try_cast(requester AS JSON)->>'$.id') AS requester_id,
        submitter_id,
        coalesce(assignee_id, try_cast(assignee AS JSON)->>'$.id') AS assignee_id,
        coalesce(group_id, try_cast("group" AS JSON)->>'$.id') AS group_id,
        try_cast("group" AS JSON)->>'$.name' AS team,
        coalesce(organization_id, try_cast(organization AS JSON)->>'$.id') AS organization_id,
        try_cast(organization AS JSON)->>'$.name' AS organization,
        brand_id,
        try_cast(tags AS JSON) AS tags,
        merged_ticket_ids,
        try_cast(satisfaction_rating AS JSON) AS rating,
        coalesce(try_cast(metric_set AS JSON), metrics.metrics) AS metrics,
        false AS is_deleted,
        tickets._file,
        tickets._row
    FROM raw.tickets LEFT JOIN metrics ON metrics.ticket_id = tickets.id
    UNION ALL
    SELECT
        id,
        via_channel,
        via_source_rel,
        regexp_replace(created_at, '^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(:\d\d(\.\d+)?)?)$', '\1T\2Z'),
        regexp_replace(updated_at, '^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(:\d\d(\.\d+)?)?)$', '\1T\2Z'),
        status,
        priority,
        type,
        requester_id,
        submitter_id,
        assignee_id,
        group_id,
        NULL,
        organization_id,
        NULL,
        brand_id,
        tagged.tags,
        merged_ticket_ids,
        NULL,
        NULL,
        coalesce(lower(_fivetran_deleted) IN ('true', 't', '1'), false),
        ticket._file,
        ticket._row
    FROM raw.ticket LEFT JOIN tagged ON tagged.ticket_id = ticket.id
)
SELECT
    given.id,
    via,
    rel,
    created_at,
    updated_at,
    status,
    priority,
    type,
    requester_id,
    submitter_id,
    assignee_id AS agent,
    coalesce(teams.name, team, group_id) AS team,
    coalesce(companies.name, organization, organization_id) AS organization,
    coalesce(labels.name, brand_id) AS brand,
    tags,
    merged_ticket_ids,
    is_deleted,
    rating->>'$.score' AS score,
    rating->>'$.id' AS rating_id,
    rating->>'$.comment' AS remark,
    metrics->>'$.initially_assigned_at' AS assigned_at,
    metrics->>'$.solved_at' AS solved_at,
    metrics->>'$.reopens' AS reopens,
    -- messaging is measured in seconds, all else in minutes; "business" leaves out the closed hours
    coalesce(
        try_cast(try_cast(metrics->>'$.reply_time_in_seconds' AS JSON)->>'$.calendar' AS DOUBLE),
        60 * try_cast(try_cast(metrics->>'$.reply_time_in_minutes' AS JSON)->>'$.calendar' AS DOUBLE)
    ) AS reply_seconds,
    60 * try_cast(try_cast(metrics->>'$.first_resolution_time_in_minutes' AS JSON)->>'$.calendar' AS DOUBLE) AS resolution_seconds,
    60 * try_cast(try_cast(metrics->>'$.agent_wait_time_in_minutes' AS JSON)->>'$.calendar' AS DOUBLE) AS pending_seconds,
    given._file,
    given._row
FROM given
LEFT JOIN teams ON teams.id = given.group_id
LEFT JOIN companies ON companies.id = given.organization_id
LEFT JOIN labels ON labels.id = given.brand_id
UNION ALL
SELECT
    "Id",
    "Via",
    NULL,
    "Created at",
    "Updated at",
    "Status",
    nullif("Priority", '-'),
    nullif("Ticket type", '-'),
    coalesce("Requester id", "Requester email", "Requester"),
    NULL,
    nullif("Assignee", '-'),
    nullif("Group", '-'),
    nullif("Organization", '-'),
    "Brand",
    to_json(string_split_regex(trim("Tags"), '[\s,]+')),
    NULL,
    false,
    nullif("Satisfaction Score", '-'),
    NULL,
    NULL,
    "Initially assigned at",
    "Solved at",
    "Reopens",
    60 * try_cast("First reply time in minutes" AS DOUBLE),
    60 * try_cast("First resolution time in minutes" AS DOUBLE),
    60 * try_cast("Agent wait time in minutes" AS DOUBLE),
    _file,
    _row
FROM raw.export
