-- One row per session (leg) of each participant, with what its metrics and segments say. Times are instants; seconds
-- are the metrics' milliseconds divided by 1000.
WITH read AS (
    SELECT
        conversationId,
        conversationEnd,
        originatingDirection,
        _file,
        _row,
        try_cast(regexp_replace(conversationStart, '^(\d{4}-\d{1,2}-)(\d)T', '\10\2T') AS TIMESTAMPTZ) AS conversation_start,
        from_json(
            CASE WHEN json_valid(participants) THEN participants END,
            '[{"purpose": "VARCHAR", "userId": "VARCHAR", "externalContactId": "VARCHAR", "sessions": [{
                "mediaType": "VARCHAR", "messageType": "VARCHAR", "direction": "VARCHAR", "ani": "VARCHAR", "addressFrom": "VARCHAR",
                "flow": {"flowName": "VARCHAR", "endingLanguage": "VARCHAR", "startingLanguage": "VARCHAR"},
                "segments": [{"segmentType": "VARCHAR", "segmentStart": "VARCHAR", "segmentEnd": "VARCHAR", "queueId": "VARCHAR", "wrapUpCode": "VARCHAR"}],
                "metrics": [{"name": "VARCHAR", "value": "DOUBLE", "emitDate": "VARCHAR"}]}]}]'
        ) AS participants
    FROM raw.conversations
),
people AS (
    SELECT * EXCLUDE (participants), unnest(participants) AS person, generate_subscripts(participants, 1) AS place
    FROM read
),
opened AS (
    SELECT * EXCLUDE (person), person.purpose, person.userId AS user_id, person.externalContactId AS contact, list_contains([s.mediaType FOR s IN coalesce(person.sessions, [])], 'callback') AS is_callback,
        unnest(person.sessions) AS session, generate_subscripts(person.sessions, 1) AS leg
    FROM people
),
-- a day without its zero (2021-04-2T15:30) is written by some exports
timed AS (
    SELECT
        * EXCLUDE (session),
        session.mediaType AS media,
        session.messageType AS message_type,
        session.direction,
        coalesce(session.ani, session.addressFrom) AS address,
        session.flow.flowName AS flow,
        coalesce(session.flow.endingLanguage, session.flow.startingLanguage) AS language,
        [{
            'kind': g.segmentType,
            'begins': try_cast(regexp_replace(g.segmentStart, '^(\d{4}-\d{1,2}-)(\d)T', '\10\2T') AS TIMESTAMPTZ),
            'ends': try_cast(regexp_replace(g.segmentEnd, '^(\d{4}-\d{1,2}-)(\d)T', '\10\2T') AS TIMESTAMPTZ),
            'queue': g.queueId,
            'code': g.wrapUpCode
        } FOR g IN coalesce(session.segments, [])] AS segments,
        [{
            'name': m.name,
            'seconds': m.value / 1000,
            'at': try_cast(regexp_replace(m.emitDate, '^(\d{4}-\d{1,2}-)(\d)T', '\10\2T') AS TIMESTAMPTZ)
        } FOR m IN coalesce(session.metrics, [])] AS metrics
    FROM opened
)
SELECT
    * EXCLUDE (segments, metrics),
    list_min([g.begins FOR g IN segments]) AS begins,
    -- after-call work is no part of the call; a segment without an end is still going on
    CASE WHEN len([1 FOR g IN segments IF g.kind <> 'wrapup' AND g.ends IS NULL]) = 0
        THEN list_max([g.ends FOR g IN segments IF g.kind <> 'wrapup']) END AS ends,
    list_min([g.begins FOR g IN segments IF g.kind = 'interact']) AS speaks,
    [g.queue FOR g IN segments IF g.queue IS NOT NULL][1] AS queue_id,
    [g.code FOR g IN segments IF g.code IS NOT NULL][-1] AS wrap_up_code,
    list_min([m.at FOR m IN metrics IF m.name = 'nOffered']) AS offered_at,
    list_min([m.at FOR m IN metrics IF m.name = 'tAnswered']) AS answered_at,
    list_min([m.at FOR m IN metrics IF m.name = 'tAbandon']) AS abandoned_at,
    list_min([m.at FOR m IN metrics IF m.name = 'tFirstEngagement']) AS engaged_at,
    list_sum([m.seconds FOR m IN metrics IF m.name = 'tAcd']) AS acd,
    list_sum([m.seconds FOR m IN metrics IF m.name = 'tAbandon']) AS abandon,
    list_sum([m.seconds FOR m IN metrics IF m.name = 'tFlowOut']) AS flow_out,
    -- *Complete is the whole; tTalk and tHeld are its parts, one an interval, and are all there is of a leg not yet over
    coalesce(list_sum([m.seconds FOR m IN metrics IF m.name = 'tTalkComplete']), list_sum([m.seconds FOR m IN metrics IF m.name = 'tTalk'])) AS talk,
    coalesce(list_sum([m.seconds FOR m IN metrics IF m.name = 'tHeldComplete']), list_sum([m.seconds FOR m IN metrics IF m.name = 'tHeld'])) AS held,
    list_sum([m.seconds FOR m IN metrics IF m.name = 'tAcw']) AS acw,
    len([1 FOR m IN metrics IF m.name = 'tHandle']) > 0 AS is_handled,
    len([1 FOR m IN metrics IF m.name = 'nTransferred']) > 0 AS is_transferred
FROM timed
