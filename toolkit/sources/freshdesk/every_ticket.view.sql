-- Tickets of both forms, every copy: one row per record of a file, with words in place of codes. The API's times have
-- an offset, those of the CSV export are in the time zone of whoever exported.
WITH choices AS (
    SELECT name, unnest(map_entries(try_cast(try_cast(choices AS JSON) AS MAP(VARCHAR, JSON)))) AS choice
    FROM raw.ticket_fields
    WHERE name IN ('status', 'source')
),
-- {"2": ["Open", "Being processed"], ...}; of sources {"Email": 1, ...}
statuses AS (
    SELECT choice.key AS code, any_value(choice.value->>'$[0]') AS word FROM choices WHERE name = 'status' GROUP BY code
),
ways AS (
    SELECT choice.value->>'$' AS code, any_value(choice.key) AS word FROM choices WHERE name = 'source' GROUP BY code
),
teams AS (
    SELECT id, any_value(name) AS name
    FROM raw.groups
    GROUP BY id
),
given AS (
    SELECT
        *,
        try_cast(stats AS JSON) AS told,
        lower(coalesce(deleted, 'false')) = 'true' AS is_deleted,
        lower(coalesce(spam, 'false')) = 'true' AS is_spam
    FROM raw.tickets
)
SELECT
    given.id,
    -- 6 and 7 wait for somebody else; those from 8 on are the account's own
    CASE WHEN status IN ('2', '3', '6', '7') THEN 'open' WHEN status IN ('4', '5') THEN 'closed' END AS state,
    false AS is_export,
    coalesce(
        status_name,
        statuses.word,
        CASE status WHEN '2' THEN 'Open' WHEN '3' THEN 'Pending' WHEN '4' THEN 'Resolved' WHEN '5' THEN 'Closed'
            WHEN '6' THEN 'Waiting on Customer' WHEN '7' THEN 'Waiting on Third Party' ELSE status END
    ) AS status,
    coalesce(
        CASE source WHEN '1' THEN 'email' WHEN '2' THEN 'portal' WHEN '3' THEN 'phone' WHEN '4' THEN 'forum' WHEN '5' THEN 'twitter'
            WHEN '6' THEN 'facebook' WHEN '7' THEN 'chat' WHEN '8' THEN 'mobihelp' WHEN '9' THEN 'feedback widget'
            WHEN '10' THEN 'outbound email' WHEN '11' THEN 'ecommerce' WHEN '12' THEN 'bot' WHEN '13' THEN 'whatsapp' END,
        source_name,
        ways.word,
        source
    ) AS way,
    coalesce(priority_name, CASE priority WHEN '1' THEN 'Low' WHEN '2' THEN 'Medium' WHEN '3' THEN 'High' WHEN '4' THEN 'Urgent' ELSE priority END) AS priority,
    coalesce(type, ticket_type) AS ticket_type,
    requester_id AS customer_id,
    coalesce(responder_id, owner_id) AS agent,
    responder_name AS agent_name,
    coalesce(teams.name, group_id) AS team,
    product_id AS project,
    created_at,
    updated_at,
    told->>'$.first_responded_at' AS first_responded_at,
    told->>'$.resolved_at' AS resolved_at,
    told->>'$.closed_at' AS closed_at,
    told->>'$.reopened_at' AS reopened_at,
    NULL AS survey,
    is_deleted,
    is_spam,
    coalesce(description_text, description) AS text,
    conversations,
    _file,
    _row
FROM given
LEFT JOIN statuses ON statuses.code = status
LEFT JOIN ways ON ways.code = source
LEFT JOIN teams ON teams.id = group_id
UNION ALL
SELECT
    "Ticket ID",
    CASE
        WHEN lower(trim("Status")) IN ('open', 'pending', 'waiting on customer', 'waiting on third party') THEN 'open'
        WHEN lower(trim("Status")) IN ('resolved', 'closed') THEN 'closed'
    END,
    true,
    "Status",
    lower("Source"),
    "Priority",
    "Type",
    coalesce("Contact ID", "Email", "Full name"),
    CASE WHEN lower("Agent") <> 'no agent' THEN "Agent" END,
    NULL,
    CASE WHEN lower("Group") <> 'no group' THEN "Group" END,
    CASE WHEN lower("Product") <> 'no product' THEN "Product" END,
    "Created time",
    coalesce("Last update time", "Last updated time"),
    "Initial response time",
    "Resolved time",
    "Closed time",
    NULL,
    CASE WHEN lower("Survey results") NOT IN ('not taken', 'no survey', '-') THEN "Survey results" END,
    false,
    false,
    NULL,
    NULL,
    _file,
    _row
FROM raw.ticket_export
