-- One row per case. Deleted and merged ones are in unused.sql.
SELECT
    facts.Id AS conversation_id,
    facts.CaseNumber AS case_number,
    coalesce(CASE lower(trim(facts.Origin)) WHEN 'web' THEN 'web_form' WHEN 'twitter' THEN 'x' ELSE nullif(lower(trim(facts.Origin)), '') END, '(none)') AS channel,
    facts.CreatedDate AS created_at,
    -- a case that was opened again has no closing time
    CASE WHEN NOT facts.is_open THEN nullif(facts.ClosedDate, '') END AS closed_at,
    facts.customer_id,
    nullif(facts.Type, '') AS topic,
    nullif(facts.Reason, '') AS subtopic,
    facts.Priority AS priority,
    CASE WHEN facts.owner_id LIKE '00G%' THEN coalesce(queues.name, facts.owner_id) END AS team,
    CASE WHEN facts.owner_id NOT LIKE '00G%' THEN facts.owner_id END AS agent,
    facts.Status AS status,
    nullif(split_part(lower(facts.Language), '_', 1), '') AS language,
    facts.IsEscalated AS is_escalated,
    facts.LastModifiedDate AS updated_at,
    coalesce(nullif(facts.SystemModstamp, ''), facts.LastModifiedDate) AS _version,
    facts._file,
    facts._row
FROM raw.facts AS facts
LEFT JOIN (SELECT Id AS id, any_value(nullif(Name, '')) AS name FROM raw.groups GROUP BY Id) AS queues
    ON queues.id = facts.owner_id
WHERE NOT facts.is_deleted AND facts.merged_into IS NULL;
