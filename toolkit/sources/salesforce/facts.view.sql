-- Cases, with their flags read (the weekly export writes 0 and 1, Data Loader false and true) and the ids of zeros,
-- which stand for nothing, taken out.
SELECT
    * EXCLUDE (Id, MasterRecordId, OwnerId),
    nullif(Id, '') AS Id,
    nullif(nullif(MasterRecordId, ''), '000000000000000AAA') AS merged_into,
    nullif(nullif(OwnerId, ''), '000000000000000AAA') AS owner_id,
    coalesce(nullif(nullif(ContactId, ''), '000000000000000AAA'), nullif(SuppliedEmail, ''), nullif(nullif(AccountId, ''), '000000000000000AAA')) AS customer_id,
    coalesce(lower(IsDeleted) IN ('1', 'true'), false) AS is_deleted,
    coalesce(lower(IsClosed) IN ('0', 'false'), false) AS is_open,
    coalesce(lower(IsClosed) IN ('1', 'true'), false) AS is_closed
FROM raw.cases
