-- Each change of a case, from CaseHistory; of cases whose status and owner CaseHistory doesn't follow, from
-- CaseHistory2, which holds the state after each change. `why` is told of the rows that are no change.
WITH history AS (
    SELECT
        CaseId AS case_id,
        lower(Field) AS field,
        lower(Field) IN ('owner', 'ownerassignment', 'owneraccepted', 'ownerescalated') AS is_owner,
        nullif(OldValue, '') AS from_value,
        nullif(NewValue, '') AS to_value,
        CreatedDate AS changed_at,
        nullif(nullif(CreatedById, ''), '000000000000000AAA') AS changed_by,
        coalesce(lower(IsDeleted) IN ('1', 'true'), false) AS is_deleted,
        regexp_matches(coalesce(NewValue, ''), '^00[5G][0-9A-Za-z]{12}([0-9A-Za-z]{3})?$') AS is_id,
        _file,
        _row
    FROM raw.history
),
told AS (
    -- a change of the owner is written twice: with the ids, and with the names
    SELECT *, count(*) FILTER (is_owner AND is_id) OVER (PARTITION BY case_id, changed_at) > 0 AS has_ids
    FROM history
),
states AS (
    SELECT
        CaseId AS case_id,
        nullif(Status, '') AS status,
        nullif(OwnerId, '') AS owner,
        lag(nullif(Status, '')) OVER ordered AS status_before,
        lag(nullif(OwnerId, '')) OVER ordered AS owner_before,
        row_number() OVER ordered AS n,
        LastModifiedDate AS changed_at,
        nullif(nullif(LastModifiedById, ''), '000000000000000AAA') AS changed_by,
        coalesce(lower(IsDeleted) IN ('1', 'true'), false) AS is_deleted,
        CaseId IN (SELECT case_id FROM history WHERE field = 'status' OR is_owner) AS is_known,
        _file,
        _row
    FROM raw.states
    WINDOW ordered AS (PARTITION BY CaseId ORDER BY LastModifiedDate, _file, _row)
),
kept AS (
    SELECT * FROM states WHERE NOT is_known AND NOT is_deleted AND n > 1
)
SELECT
    case_id,
    CASE
        WHEN NOT is_owner THEN field
        WHEN is_id AND to_value LIKE '00G%' THEN 'team'
        WHEN is_id THEN 'agent'
        ELSE 'owner'
    END AS field,
    from_value,
    to_value,
    changed_at,
    changed_by,
    CASE
        WHEN is_deleted THEN 'it is deleted'
        WHEN is_owner AND NOT is_id AND has_ids THEN 'the same change of the owner stands beside it with ids'
    END AS why,
    _file,
    _row
FROM told
UNION ALL
SELECT case_id, 'status', status_before, status, changed_at, changed_by, NULL, _file, _row
FROM kept
WHERE status IS DISTINCT FROM status_before
UNION ALL
SELECT case_id, CASE WHEN owner LIKE '00G%' THEN 'team' ELSE 'agent' END, owner_before, owner, changed_at, changed_by, NULL, _file, _row
FROM kept
WHERE owner IS DISTINCT FROM owner_before
UNION ALL
SELECT
    case_id, NULL, NULL, status, changed_at, NULL,
    CASE
        WHEN is_deleted THEN 'it is deleted'
        WHEN is_known THEN 'CaseHistory tells the changes of this case'
        WHEN n = 1 THEN 'the state in which the case began'
        ELSE 'neither status nor owner changed'
    END,
    _file, _row
FROM states
WHERE is_deleted OR is_known OR n = 1 OR (status IS NOT DISTINCT FROM status_before AND owner IS NOT DISTINCT FROM owner_before)
