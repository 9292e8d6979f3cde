-- One row per chat or e-mail: the first contact of its chain that is there, and what its later contacts add. A reply
-- of an agent to an e-mail is a contact of its own.
WITH written AS (
    SELECT * FROM raw.newest WHERE channel IN ('CHAT', 'EMAIL')
),
replies AS (
    SELECT answers, min(try_cast(initiated AS TIMESTAMPTZ)) AS replied
    FROM written WHERE method = 'AGENT_REPLY' AND answers IS NOT NULL GROUP BY answers
),
spoken AS (
    SELECT contact, min(try_cast(said AS TIMESTAMPTZ)) AS first_word
    FROM raw.turns WHERE role IN ('AGENT', 'SUPERVISOR') AND NOT is_event GROUP BY contact
),
grouped AS (
    SELECT
        chain,
        arg_min(written.id, (written.id <> chain, initiated, written.id)) AS id,
        max(try_cast(disconnected AS TIMESTAMPTZ)) AS closed,
        bool_and(coalesce(disconnected, '') <> '') AS is_closed,
        min(try_cast(enqueued AS TIMESTAMPTZ)) AS enqueued,
        min(try_cast(connected AS TIMESTAMPTZ)) AS connected,
        min(first_word) AS first_word,
        min(replied) AS replied,
        arg_max(agent, connected) FILTER (agent IS NOT NULL) AS agent,
        arg_max(queue, enqueued) FILTER (queue IS NOT NULL) AS queue
    FROM written
    LEFT JOIN spoken ON spoken.contact = written.id
    LEFT JOIN replies ON replies.answers = written.id
    WHERE method <> 'AGENT_REPLY'
    GROUP BY chain
)
SELECT * FROM grouped
