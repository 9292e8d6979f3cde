-- One row per event of a conversation: closed, snoozed, opened again, assigned; another event is told by its name.
WITH teams AS (
    SELECT id, any_value(name) AS name
    FROM raw.teams
    GROUP BY id
),
effects AS (
    SELECT
        *,
        CASE
            WHEN part_type = 'close' THEN 'closed'
            WHEN part_type = 'snoozed' THEN 'snoozed'
            WHEN part_type IN ('open', 'assign_and_reopen', 'note_and_reopen', 'unsnoozed', 'timer_unsnooze', 'assign_and_unsnooze') THEN 'open'
            -- a customer's answer opens what was closed or snoozed
            WHEN sender = 'customer' AND is_message THEN 'open'
        END AS state
    FROM raw.every_part
),
states AS (
    SELECT
        *,
        lag(state) OVER (PARTITION BY conversation_id ORDER BY try_cast(created_at AS TIMESTAMPTZ), _file, _row, id) AS before
    FROM effects
    WHERE state IS NOT NULL
),
-- of conversations without parts: the steps of their history
steps AS (
    SELECT
        id,
        state,
        lag(state) OVER (PARTITION BY id ORDER BY try_cast(updated_at AS TIMESTAMPTZ), _file, _row) AS before,
        updated_at,
        _file,
        _row
    FROM raw.every_conversation
    WHERE id NOT IN (SELECT conversation_id FROM raw.every_part WHERE conversation_id IS NOT NULL)
        AND _file IN (SELECT _file FROM raw.conversation_history)
)
SELECT
    conversation_id,
    'status' AS field,
    before AS from_value,
    state AS to_value,
    created_at AS changed_at,
    author_id AS changed_by,
    state = 'closed' AS is_closing,
    _file,
    _row
FROM states
WHERE NOT (sender = 'customer' AND part_type = 'comment') OR before IN ('closed', 'snoozed')
UNION ALL
SELECT
    conversation_id,
    assigned_type,
    NULL,
    CASE WHEN assigned_type = 'team' THEN coalesce(teams.name, assigned_id) ELSE assigned_id END,
    created_at,
    author_id,
    NULL,
    _file,
    _row
FROM effects LEFT JOIN teams ON assigned_type = 'team' AND teams.id = assigned_id
WHERE assigned_id IS NOT NULL
UNION ALL
SELECT conversation_id, part_type, NULL, NULL, created_at, author_id, NULL, _file, _row
FROM effects
WHERE state IS NULL AND assigned_id IS NULL AND NOT is_message
UNION ALL
SELECT id, 'status', before, state, updated_at, NULL, state = 'closed', _file, _row
FROM steps
WHERE state IS DISTINCT FROM before
