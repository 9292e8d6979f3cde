-- One row per session of a menu, a voicemail box, an agent or a user, with the call that it belongs to: a menu to the
-- call that follows it, the rest to the call last offered before it, an agent first of all to one of its own queue.
WITH steps AS (
    SELECT
        sessions.*,
        coalesce(answered_at, speaks, begins) AS spoken,
        purpose IN ('agent', 'user') AND coalesce(answered_at, speaks) IS NULL AS is_missed,
        sessions.is_callback AND purpose IN ('agent', 'user') AND EXISTS (
            SELECT 1 FROM raw.legs AS other
            WHERE other._file = sessions._file AND other._row = sessions._row AND other.kind = 'callback'
        ) AS of_callback
    FROM raw.sessions AS sessions
    WHERE purpose IN ('agent', 'user', 'ivr', 'voicemail') AND media IN ('voice', 'callback')
)
SELECT
    steps._file, steps._row, steps.place, steps.leg, steps.purpose, steps.user_id, steps.queue_id, steps.media, steps.flow, steps.begins, steps.ends,
    steps.spoken, steps.is_missed, steps.talk, steps.held, steps.acw, steps.is_handled, steps.is_transferred, steps.wrap_up_code,
    legs.call_id, legs.kind
FROM steps
JOIN raw.legs AS legs ON legs._file = steps._file AND legs._row = steps._row AND (legs.kind = 'callback') = steps.of_callback
QUALIFY row_number() OVER (
    PARTITION BY steps._file, steps._row, steps.place, steps.leg
    ORDER BY
        CASE WHEN purpose = 'ivr' THEN legs.since >= steps.begins ELSE legs.since <= steps.spoken END DESC,
        CASE WHEN purpose IN ('agent', 'user') THEN coalesce(legs.queue_id = steps.queue_id, false) END DESC,
        CASE WHEN (purpose = 'ivr') = (legs.since >= steps.begins) THEN abs(epoch_us(legs.since) - epoch_us(CASE WHEN purpose = 'ivr' THEN steps.begins ELSE steps.spoken END)) END,
        legs.since DESC
) = 1
