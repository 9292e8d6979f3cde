-- What the audit tells of incidents: each change of a field.
SELECT
    coalesce(parents.number, audit.documentkey) AS number,
    CASE lower(audit.fieldname)
        WHEN 'incident_state' THEN 'status'
        WHEN 'state' THEN 'status'
        WHEN 'assigned_to' THEN 'agent'
        WHEN 'assignment_group' THEN 'team'
        WHEN 'category' THEN 'topic'
        ELSE lower(audit.fieldname)
    END AS field,
    nullif(audit.oldvalue, '') AS from_value,
    nullif(audit.newvalue, '') AS to_value,
    -- a list's times are in the zone of who exports, a warehouse's are UTC
    CASE
        WHEN audit._fivetran_deleted IS NOT NULL OR EXISTS (SELECT 1 FROM raw.task) OR EXISTS (SELECT 1 FROM raw.incident)
            THEN utc(audit.sys_created_on)
        ELSE audit.sys_created_on
    END AS changed_at,
    audit."user" AS changed_by,
    parents.is_case,
    CASE
        WHEN lower(audit._fivetran_deleted) = 'true' THEN 'deleted'
        -- an incident's state is audited under both of its names
        WHEN lower(audit.fieldname) = 'incident_state' AND count(*) FILTER (lower(audit.fieldname) = 'state')
            OVER (PARTITION BY audit.documentkey, audit.sys_created_on) > 0 THEN 'the same change stands beside it as state'
    END AS why,
    audit._file,
    audit._row
FROM raw.sys_audit AS audit
LEFT JOIN (SELECT sys_id, any_value(number) AS number, bool_or(is_case) AS is_case FROM raw.facts WHERE why IS NULL GROUP BY sys_id) AS parents
    ON parents.sys_id = audit.documentkey
