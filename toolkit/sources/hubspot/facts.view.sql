-- Tickets of every form in one: a warehouse's times are UTC and say so here, an export's are local, the API's have
-- their offset, or are milliseconds.
WITH answers AS (
    SELECT *, CASE WHEN json_valid(properties) THEN properties ELSE '{}' END AS p
    FROM raw.api
),
given AS (
    SELECT
        'utc' AS form,
        id,
        coalesce(lower(coalesce(nullif(is_deleted, ''), _fivetran_deleted)) IN ('true', '1'), false) AS is_deleted,
        property_createdate AS created,
        nullif(property_closed_date, '') AS closed,
        nullif(property_hs_last_closed_date, '') AS last_closed,
        property_hs_is_closed AS closed_flag,
        nullif(property_hs_ticket_reopened_at, '') AS reopened,
        nullif(property_first_agent_reply_date, '') AS replied,
        nullif(property_hs_pipeline, '') AS pipeline_id,
        nullif(property_hs_pipeline_stage, '') AS stage_id,
        NULL AS stage_label,
        nullif(property_hs_ticket_category, '') AS category,
        nullif(property_hs_ticket_priority, '') AS priority,
        nullif(property_hubspot_owner_id, '') AS owner,
        nullif(property_hubspot_team_id, '') AS team_id,
        NULL AS team,
        nullif(property_source_type, '') AS source,
        nullif(property_hs_lastmodifieddate, '') AS modified,
        property_hs_merged_object_ids AS merged_ids,
        NULL AS contact_id,
        _file,
        _row
    FROM raw.tickets
    UNION ALL
    SELECT
        'utc', id, coalesce(lower(archived) = 'true', false),
        coalesce(nullif(p->>'$.createdate', ''), createdAt),
        nullif(p->>'$.closed_date', ''), nullif(p->>'$.hs_last_closed_date', ''), p->>'$.hs_is_closed',
        nullif(p->>'$.hs_ticket_reopened_at', ''), nullif(p->>'$.first_agent_reply_date', ''),
        nullif(p->>'$.hs_pipeline', ''), nullif(p->>'$.hs_pipeline_stage', ''), NULL,
        nullif(p->>'$.hs_ticket_category', ''), nullif(p->>'$.hs_ticket_priority', ''),
        nullif(p->>'$.hubspot_owner_id', ''), nullif(p->>'$.hubspot_team_id', ''), NULL, nullif(p->>'$.source_type', ''),
        coalesce(nullif(p->>'$.hs_lastmodifieddate', ''), updatedAt), p->>'$.hs_merged_object_ids',
        CASE WHEN json_valid(associations) THEN associations->>'$.contacts.results[0].id' END, _file, _row
    FROM answers
    UNION ALL
    SELECT
        'local', "Ticket ID", false, "Create date", nullif("Close date", ''), nullif("Last Closed Date", ''), NULL,
        nullif("Reopened date", ''), nullif("First agent email response date", ''), nullif("Pipeline", ''), NULL,
        nullif("Ticket status", ''), nullif("Category", ''), nullif("Priority", ''), nullif("Ticket owner", ''), NULL,
        nullif("HubSpot team", ''), nullif("Source", ''), nullif("Last modified date", ''), NULL,
        nullif(split_part("Associated Contact IDs", ';', 1), ''), _file, _row
    FROM raw.export
    UNION ALL
    SELECT
        'local', "Record ID", false, "Create date", nullif("Close date", ''), nullif("Last Closed Date", ''), NULL,
        nullif("Reopened date", ''), nullif("First agent email response date", ''), nullif("Pipeline", ''), NULL,
        nullif("Ticket status", ''), nullif("Category", ''), nullif("Priority", ''), nullif("Ticket owner", ''), NULL,
        nullif("HubSpot team", ''), nullif("Source", ''), nullif("Last modified date", ''), NULL,
        nullif(split_part("Associated Contact IDs", ';', 1), ''), _file, _row
    FROM raw.records
),
timed AS (
    SELECT
        * REPLACE (
            CASE WHEN form = 'utc' THEN utc(created) ELSE created END AS created,
            CASE WHEN form = 'utc' THEN utc(closed) ELSE closed END AS closed,
            CASE WHEN form = 'utc' THEN utc(last_closed) ELSE last_closed END AS last_closed,
            CASE WHEN form = 'utc' THEN utc(reopened) ELSE reopened END AS reopened,
            CASE WHEN form = 'utc' THEN utc(replied) ELSE replied END AS replied,
            CASE WHEN form = 'utc' THEN utc(modified) ELSE modified END AS modified
        )
    FROM given
),
merged AS (
    SELECT trim(unnest(string_split(merged_ids, ';'))) AS id, id AS into_id FROM given WHERE merged_ids <> '' AND NOT is_deleted
)
SELECT
    timed.*,
    stages.is_closed AS stage_is_closed,
    coalesce(stages.label, timed.stage_label, timed.stage_id) AS status,
    kept.into_id AS merged_into
FROM timed
LEFT JOIN raw.stages AS stages ON stages.stage_id = timed.stage_id
LEFT JOIN (SELECT id, min(into_id) AS into_id FROM merged GROUP BY id) AS kept ON kept.id = timed.id AND kept.into_id <> timed.id
