-- One row per ticket. Deleted and merged ones are in unused.sql.
WITH entered AS (
    -- when it entered the stage in which it stands
    SELECT changes.ticket_id, changes.to_value AS stage_id, max(changes.changed_at) AS told_at
    FROM raw.changes AS changes
    WHERE changes.field = 'status'
    GROUP BY ALL
),
contacts AS (
    SELECT ticket_id, min(contact_id) AS contact_id FROM raw.ticket_contact GROUP BY ticket_id
),
pipelines AS (
    SELECT pipeline_id, any_value(label) AS label
    FROM (SELECT pipeline_id, label FROM raw.ticket_pipeline UNION ALL SELECT id, label FROM raw.api_pipelines)
    GROUP BY pipeline_id
),
teams AS (
    SELECT team->>'$.id' AS team_id, any_value(team->>'$.name') AS name
    FROM (
        SELECT unnest(from_json(CASE WHEN json_valid(teams) AND teams LIKE '[%' THEN teams ELSE '[]' END, '["JSON"]')) AS team
        FROM raw.api_owners
    )
    GROUP BY 1
)
SELECT
    facts.id AS conversation_id,
    coalesce(CASE lower(facts.source) WHEN 'form' THEN 'web_form' WHEN 'facebook messenger' THEN 'facebook' ELSE lower(facts.source) END, '(none)') AS channel,
    facts.created AS created_at,
    facts.replied AS first_response_at,
    CASE
        WHEN lower(facts.closed_flag) IN ('false', '0') THEN NULL
        WHEN coalesce(facts.last_closed, facts.closed) IS NOT NULL THEN coalesce(facts.last_closed, facts.closed)
        WHEN lower(facts.closed_flag) IN ('true', '1') OR facts.stage_is_closed
            OR (facts.stage_is_closed IS NULL AND regexp_matches(lower(facts.stage_label), '^closed\b'))
            THEN coalesce(entered.told_at, facts.modified)
    END AS closed_at,
    facts.reopened AS reopened_at,
    coalesce(facts.contact_id, contacts.contact_id) AS customer_id,
    coalesce(pipelines.label, facts.pipeline_id) AS project,
    -- of several categories the first: their whole list would be a topic of its own
    nullif(trim(split_part(facts.category, ';', 1)), '') AS topic,
    nullif(trim(regexp_replace(facts.category, '^[^;]*(;|$)', '')), '') AS other_topics,
    facts.priority,
    coalesce(facts.team, teams.name, facts.team_id) AS team,
    facts.owner AS agent,
    facts.status,
    facts.modified AS updated_at,
    facts.modified AS _version,
    facts._file,
    facts._row
FROM raw.facts AS facts
LEFT JOIN entered ON entered.ticket_id = facts.id AND entered.stage_id = facts.stage_id
LEFT JOIN contacts ON contacts.ticket_id = facts.id
LEFT JOIN pipelines ON pipelines.pipeline_id = facts.pipeline_id
LEFT JOIN teams ON teams.team_id = facts.team_id
WHERE NOT facts.is_deleted AND facts.merged_into IS NULL;
