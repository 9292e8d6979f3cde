-- One row per voice leg that a queue offered; callbacks that a queue offered, outbound calls, and calls that met no
-- queue beside them. Several legs of one conversation share contact_id.
WITH people AS (
    SELECT
        _file,
        _row,
        call_id,
        min(spoken) AS spoken,
        CASE WHEN bool_and(ends IS NOT NULL) THEN max(ends) ELSE 'infinity'::TIMESTAMPTZ END AS until,
        sum(talk) AS talk,
        sum(held) AS held,
        sum(acw) AS acw,
        arg_min(user_id, spoken) AS user_id,
        arg_max(wrap_up_code, spoken) FILTER (wrap_up_code IS NOT NULL) AS wrap_up_code,
        -- until when those who spoke before were there
        max(CASE WHEN bool_and(ends IS NOT NULL) THEN max(ends) ELSE 'infinity'::TIMESTAMPTZ END) OVER (PARTITION BY _file, _row, call_id ORDER BY min(spoken), place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS taken_until
    FROM raw.handling
    WHERE purpose IN ('agent', 'user') AND NOT is_missed
    GROUP BY _file, _row, call_id, place
),
-- Who joins while another agent has the call is asked or joins a conference: no second call, and no second talk with the
-- caller. Who stays longer than the other has the call from then on.
shared AS (
    SELECT
        *,
        coalesce(spoken < taken_until AND until <= taken_until, false) AS is_consulted,
        CASE
            WHEN spoken >= taken_until OR taken_until IS NULL THEN 0
            WHEN until <= taken_until THEN talk
            ELSE least(talk, epoch(taken_until - spoken))
        END AS consult
    FROM people
),
spoke AS (
    SELECT
        _file,
        _row,
        call_id,
        min(spoken) AS answered_at,
        arg_min(user_id, spoken) AS agent,
        sum(talk - consult) FILTER (NOT is_consulted) AS talk,
        sum(held) FILTER (NOT is_consulted) AS held,
        sum(acw) FILTER (NOT is_consulted) AS acw,
        sum(consult) AS consult,
        arg_max(wrap_up_code, spoken) FILTER (wrap_up_code IS NOT NULL AND NOT is_consulted) AS wrap_up_code
    FROM shared
    GROUP BY _file, _row, call_id
),
handled AS (
    SELECT
        _file,
        _row,
        call_id,
        coalesce(bool_or(is_handled), false) AS is_handled,
        coalesce(bool_or(is_transferred), false) AS is_transferred,
        coalesce(bool_or(is_missed), false) AS is_missed,
        coalesce(bool_or(purpose = 'voicemail'), false) AS has_voicemail,
        any_value(queue_id) FILTER (purpose = 'voicemail') AS voicemail_queue_id,
        min(begins) AS begins,
        CASE WHEN bool_and(ends IS NOT NULL) THEN max(ends) END AS ends,
        bool_or(ends IS NULL) AS is_open
    FROM raw.handling
    GROUP BY _file, _row, call_id
),
-- where a later leg's own menu begins: the caller came to it then, not with the call
entered AS (
    SELECT _file, _row, call_id, min(begins) AS begins FROM raw.handling WHERE purpose = 'ivr' GROUP BY _file, _row, call_id
),
callers AS (
    SELECT
        _file,
        _row,
        arg_min(contact, (place, leg)) FILTER (contact IS NOT NULL) AS contact,
        arg_min(regexp_replace(address, '^(tel|sip):', ''), (place, leg)) FILTER (direction = 'inbound' AND address IS NOT NULL) AS address,
        -- the caller's own leg; later ones are of third parties, and may never have been closed
        first(ends ORDER BY place, leg) AS ends
    FROM raw.sessions
    WHERE purpose IN ('customer', 'external')
    GROUP BY _file, _row
),
joined AS (
    SELECT
        legs.*,
        conversations.conversationStart,
        conversations.conversationEnd,
        coalesce(legs.is_callback OR lower(conversations.originatingDirection) = 'outbound', false) AS is_outbound,
        json_extract_string(CASE WHEN json_valid(conversations.divisionIds) THEN conversations.divisionIds END, '$[0]') AS division_id,
        handled.* EXCLUDE (_file, _row, call_id, ends),
        spoke.* EXCLUDE (_file, _row, call_id),
        handled.ends AS handled_until,
        entered.begins AS entered_at,
        callers.contact,
        callers.address,
        callers.ends AS caller_until,
        lead(coalesce(queues.name, legs.queue_id)) OVER (PARTITION BY legs._file, legs._row ORDER BY legs.since, legs.turn) AS next_queue,
        coalesce(queues.name, legs.queue_id, voicemail_queue_id) AS queue
    FROM raw.legs AS legs
    JOIN raw.conversations AS conversations ON conversations._file = legs._file AND conversations._row = legs._row
    LEFT JOIN handled ON handled._file = legs._file AND handled._row = legs._row AND handled.call_id = legs.call_id
    LEFT JOIN spoke ON spoke._file = legs._file AND spoke._row = legs._row AND spoke.call_id = legs.call_id
    LEFT JOIN entered ON entered._file = legs._file AND entered._row = legs._row AND entered.call_id = legs.call_id
    LEFT JOIN callers ON callers._file = legs._file AND callers._row = legs._row
    LEFT JOIN (SELECT id, any_value(name) AS name FROM raw.queues GROUP BY id) AS queues ON queues.id = coalesce(legs.queue_id, handled.voicemail_queue_id)
),
ended AS (
    SELECT
        *,
        -- by its own legs; conversationEnd only says that it is over where nobody of the house was in it
        CASE
            -- a callback that nobody took lies in its queue until it expires: nothing happens then
            WHEN kind = 'callback' AND answered_at IS NULL THEN NULL
            WHEN coalesce(is_open, false) OR (kind <> 'direct' AND ends IS NULL) THEN NULL
            WHEN handled_until IS NOT NULL OR ends IS NOT NULL THEN greatest(coalesce(handled_until, ends), coalesce(ends, handled_until))
            WHEN kind = 'direct' AND conversationEnd IS NOT NULL THEN coalesce(caller_until, try_cast(conversationEnd AS TIMESTAMPTZ))
        END AS ended_at
    FROM joined
)
SELECT
    ended.call_id,
    CASE
        WHEN kind = 'direct' AND is_outbound THEN CAST(coalesce(begins, since) AS VARCHAR)
        WHEN kind = 'callback' THEN CAST(offered AS VARCHAR)
        WHEN turn > 1 THEN CAST(least(coalesce(entered_at, offered), offered) AS VARCHAR)
        ELSE regexp_replace(conversationStart, '^(\d{4}-\d{1,2}-)(\d)T', '\10\2T')
    END AS started_at,
    offered AS queued_at,
    CASE WHEN kind = 'direct' AND is_outbound AND coalesce(talk, 0) = 0 THEN NULL ELSE answered_at END AS answered_at,
    ended_at,
    CASE
        WHEN answered_at IS NOT NULL THEN NULL
        WHEN abandoned_at IS NOT NULL THEN abandoned_at
        WHEN kind = 'direct' AND is_missed AND NOT has_voicemail AND NOT is_outbound THEN ended_at
    END AS abandoned_at,
    coalesce(contact, address) AS customer_id,
    queue,
    NULL::VARCHAR AS team,  -- the department of the agent, where users.json is there
    agent,
    -- a callback that nobody took lies there until it expires: no wait of a caller's
    CASE WHEN kind <> 'callback' OR answered_at IS NOT NULL THEN coalesce(acd, abandon, flow_out) END AS queue_seconds,
    talk AS talk_seconds,
    CASE WHEN talk IS NOT NULL THEN coalesce(held, 0) END AS hold_seconds,
    CASE WHEN talk IS NOT NULL THEN consult END AS consult_seconds,
    CASE WHEN is_handled THEN coalesce(acw, 0) ELSE acw END AS wrap_up_seconds,
    CASE WHEN is_transferred THEN next_queue END AS transferred_to,
    CASE
        WHEN kind = 'direct' AND is_outbound THEN CASE WHEN talk > 0 THEN 'answered' WHEN ended_at IS NOT NULL THEN 'failed' END
        WHEN answered_at IS NOT NULL THEN 'answered'
        WHEN has_voicemail THEN 'voicemail'
        WHEN abandoned_at IS NOT NULL THEN 'abandoned'
        WHEN flow_out IS NOT NULL THEN 'overflow'
        WHEN kind = 'callback' AND ends IS NOT NULL THEN 'failed'
        WHEN kind = 'direct' AND is_missed AND ended_at IS NOT NULL THEN 'abandoned'
        WHEN kind = 'direct' AND ended_at IS NOT NULL THEN 'contained'
    END AS outcome,
    CASE WHEN is_outbound THEN 'outbound' ELSE 'inbound' END AS direction,
    conversationId AS contact_id,
    is_callback,
    coalesce(codes.name, wrap_up_code) AS wrap_up_code,
    coalesce(divisions.name, division_id) AS division,
    ended._file,
    ended._row
FROM ended
LEFT JOIN (SELECT id, any_value(name) AS name FROM raw.wrapupcodes GROUP BY id) AS codes ON codes.id = wrap_up_code
LEFT JOIN (SELECT id, any_value(name) AS name FROM raw.divisions GROUP BY id) AS divisions ON divisions.id = division_id;
