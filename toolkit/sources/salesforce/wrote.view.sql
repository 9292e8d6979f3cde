-- Emails and comments of cases: who wrote them, and why a row is no message of a case.
WITH people AS (
    SELECT Id AS id, any_value(lower(UserType)) AS kind FROM raw.users GROUP BY Id
)
SELECT
    emails.Id AS id,
    nullif(nullif(emails.ParentId, ''), '000000000000000AAA') AS case_id,
    coalesce(nullif(emails.MessageDate, ''), emails.CreatedDate) AS sent_at,
    CASE
        WHEN lower(emails.Incoming) IN ('1', 'true') THEN 'customer'
        WHEN people.kind IN ('automatedprocess', 'cloudintegrationuser') THEN 'system'
        WHEN lower(emails.Incoming) IN ('0', 'false') THEN 'agent'
        ELSE emails.Incoming
    END AS sender,
    nullif(nullif(emails.CreatedById, ''), '000000000000000AAA') AS writer,
    nullif(nullif(emails.ReplyToEmailMessageId, ''), '000000000000000AAA') AS in_reply_to,
    emails.TextBody AS text,
    'true' AS is_public,
    'email' AS channel,
    CASE
        WHEN lower(emails.IsDeleted) IN ('1', 'true') THEN 'deleted'
        WHEN emails.Status = '5' OR lower(emails.IsPrivateDraft) IN ('1', 'true') THEN 'a draft that was not sent'
        WHEN left(nullif(emails.ParentId, ''), 3) IS DISTINCT FROM '500' THEN 'an email of no case'
    END AS why,
    emails.SystemModstamp AS modified,
    emails._file,
    emails._row
FROM raw.emails AS emails
LEFT JOIN people ON people.id = emails.CreatedById
UNION ALL
SELECT
    comments.Id,
    nullif(nullif(comments.ParentId, ''), '000000000000000AAA'),
    comments.CreatedDate,
    CASE
        WHEN people.kind IN ('automatedprocess', 'cloudintegrationuser') THEN 'system'
        WHEN people.kind LIKE 'csp%' OR people.kind LIKE 'power%' OR people.kind IN ('customersuccess', 'highvolumeportal', 'customerportaluser', 'partner', 'guest', 'selfservice')
            THEN 'customer'
        ELSE 'agent'
    END,
    nullif(nullif(comments.CreatedById, ''), '000000000000000AAA'),
    NULL,
    comments.CommentBody,
    comments.IsPublished,
    NULL,
    CASE WHEN lower(comments.IsDeleted) IN ('1', 'true') THEN 'deleted' END,
    comments.SystemModstamp,
    comments._file,
    comments._row
FROM raw.comments AS comments
LEFT JOIN people ON people.id = comments.CreatedById
