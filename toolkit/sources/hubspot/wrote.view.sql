-- Emails and the ticket that each belongs to; `why` is told of those that belong to none.
WITH given AS (
    SELECT
        emails.engagement_id AS id,
        links.ticket_id,
        emails.property_hs_timestamp AS told_at,
        upper(coalesce(nullif(emails.property_hs_email_direction, ''), emails.type)) AS way,
        nullif(emails.property_hubspot_owner_id, '') AS owner,
        emails.property_hs_email_text AS text,
        coalesce(lower(emails._fivetran_deleted) IN ('true', '1'), false) AS is_deleted,
        emails.property_hs_lastmodifieddate AS modified,
        emails._file,
        emails._row
    FROM raw.engagement_email AS emails
    LEFT JOIN (SELECT DISTINCT engagement_id, ticket_id FROM raw.ticket_engagement) AS links USING (engagement_id)
    UNION ALL
    SELECT
        id, unnest(coalesce(nullif(tickets, []), [NULL])), coalesce(nullif(p->>'$.hs_timestamp', ''), createdAt), upper(p->>'$.hs_email_direction'),
        nullif(p->>'$.hubspot_owner_id', ''), p->>'$.hs_email_text', coalesce(lower(archived) = 'true', false), updatedAt, _file, _row
    FROM (
        SELECT
            *,
            CASE WHEN json_valid(properties) THEN properties ELSE '{}' END AS p,
            CASE WHEN json_valid(associations) THEN list_distinct(json_extract_string(associations, '$.tickets.results[*].id')) END AS tickets
        FROM raw.api_emails
    )
)
SELECT
    *,
    count(*) OVER (PARTITION BY id, _file, _row) AS n_tickets,
    CASE WHEN is_deleted THEN 'deleted' WHEN way = 'DRAFT_EMAIL' THEN 'a draft that was not sent' WHEN ticket_id IS NULL THEN 'an email of no ticket' END AS why
FROM given
