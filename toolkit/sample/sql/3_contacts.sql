-- One row per contact, in steps; each step is a view, so that a table of any size is written as a
-- stream. All times are whole seconds since 1970. The tags of `draw` are used once each.

-- Who: one contact in nine is the same customer again, about the same topic, within four days.
CREATE VIEW contact_person AS
SELECT
    i, created, hours.* EXCLUDE (start, low, high, weight),
    CASE
        WHEN draw(i, 1) < 0.11 AND NOT is_history AND i >= getvariable('contacts') // 28
            THEN i - 1 - CAST(floor(draw(i, 2) * (getvariable('contacts') // 28)) AS BIGINT)
        WHEN draw(i, 1) < 0.11 AND is_history AND i >= getvariable('contacts') + getvariable('history') // 80
            THEN i - 1 - CAST(floor(draw(i, 2) * (getvariable('history') // 80)) AS BIGINT)
        ELSE i
    END AS person,
    i BETWEEN getvariable('contacts') - 4 AND getvariable('contacts') - 1 AS is_last
FROM contacts JOIN hours ON hours.start = created - created % 3600;

CREATE VIEW contact_customer AS
SELECT
    *,
    1 + CAST(floor(draw(person, 3) * getvariable('contacts') * 0.9) AS BIGINT) AS customer,
    CASE
        WHEN is_last OR draw(i, 4) < phone_share THEN 'phone'
        WHEN draw(i, 5) < 0.30 THEN 'email'
        WHEN draw(i, 5) < 0.52 THEN 'web_chat'
        WHEN draw(i, 5) < 0.72 THEN 'whatsapp'
        WHEN draw(i, 5) < 0.82 THEN 'messenger'
        WHEN draw(i, 5) < 0.91 THEN 'instagram'
        ELSE 'x'
    END AS channel,
    -- In the week of the outage nearly half the contacts are about it, the rest as ever (it keeps its order).
    CASE WHEN is_outage THEN (draw(person, 6) - 0.48) / 0.52 ELSE draw(person, 6) END AS topic_place
FROM contact_person;

-- What: here lies the story. Billing makes people unhappy; in the week of the outage everybody is cross.
CREATE VIEW contact_topic AS
SELECT
    *,
    CASE
        WHEN draw(customer, 7) < 0.60 THEN 'it'
        WHEN draw(customer, 7) < 0.72 THEN 'ro'
        WHEN draw(customer, 7) < 0.83 THEN 'es'
        WHEN draw(customer, 7) < 0.92 THEN 'en'
        ELSE 'pl'
    END AS language,
    CASE
        WHEN topic_place < 0 THEN 'internet_fault'
        WHEN topic_place < 0.17 THEN 'billing'
        WHEN topic_place < 0.34 THEN 'delivery'
        WHEN topic_place < 0.48 THEN 'internet_fault'
        WHEN topic_place < 0.61 THEN 'contract'
        WHEN topic_place < 0.73 THEN 'mobile_app'
        WHEN topic_place < 0.84 THEN 'returns'
        WHEN topic_place < 0.93 OR channel = 'phone' THEN 'roaming'  -- nobody phones to praise
        ELSE 'compliment'
    END AS topic
FROM contact_customer;

CREATE VIEW contact_mood AS
SELECT
    *,
    CASE
        WHEN topic = 'compliment' THEN CASE WHEN draw(i, 8) < 0.85 THEN 'positive' ELSE 'neutral' END
        WHEN draw(i, 8) < negative THEN 'negative'
        WHEN draw(i, 8) > 0.90 THEN 'positive'
        ELSE 'neutral'
    END AS tone,
    draw(i, 9) < happy AS is_happy,
    subtopics[1 + CAST(floor(draw(i, 10) * 4) AS INTEGER)] AS subtopic
FROM contact_topic JOIN (
    VALUES
        ('billing', false, 0.44, 0.33, ['double_charge', 'unexpected_fee', 'invoice_copy', 'payment_method']),
        ('delivery', false, 0.32, 0.86, ['late', 'damaged', 'wrong_item', 'tracking']),
        ('internet_fault', false, 0.36, 0.83, ['no_connection', 'slow_speed', 'router', 'technician']),
        ('contract', false, 0.24, 0.86, ['change_plan', 'cancellation', 'renewal', 'number_transfer']),
        ('mobile_app', false, 0.30, 0.86, ['login', 'crash', 'top_up', 'usage']),
        ('returns', false, 0.28, 0.86, ['refund', 'exchange', 'label', 'refund']),
        ('roaming', false, 0.26, 0.87, ['eu_data', 'extra_costs', 'activation', 'coverage']),
        ('compliment', false, 0.00, 0.97, ['agent', 'service', 'shop', 'agent']),
        ('billing', true, 0.72, 0.30, ['double_charge', 'unexpected_fee', 'invoice_copy', 'payment_method']),
        ('delivery', true, 0.56, 0.82, ['late', 'damaged', 'wrong_item', 'tracking']),
        ('internet_fault', true, 0.95, 0.68, ['outage', 'outage', 'outage', 'no_connection']),
        ('contract', true, 0.50, 0.82, ['change_plan', 'cancellation', 'renewal', 'number_transfer']),
        ('mobile_app', true, 0.55, 0.82, ['login', 'crash', 'top_up', 'usage']),
        ('returns', true, 0.52, 0.82, ['refund', 'exchange', 'label', 'refund']),
        ('roaming', true, 0.50, 0.82, ['eu_data', 'extra_costs', 'activation', 'coverage']),
        ('compliment', true, 0.00, 0.97, ['agent', 'service', 'shop', 'agent'])
) AS moods (topic, is_outage, negative, happy, subtopics) USING (topic, is_outage);

-- The call, stage by stage; null for every other channel. Stages: 1 welcome, 2 language_menu,
-- 3 main_menu, 4 identification, 5 queue, 6 hold_message, 7 agent.
CREATE VIEW contact_stages AS
SELECT
    *,
    NOT is_last AND draw(i, 11) < 0.006 AS is_test,
    topic IN ('billing', 'contract', 'internet_fault', 'returns') OR draw(i, 12) < 0.30 AS is_identified,
    created + between_seconds(6, 11, draw(i, 13)) AS language_menu_at,
    between_seconds(4, 12, draw(i, 14)) AS language_menu_seconds,
    between_seconds(8, 28, draw(i, 15)) AS main_menu_seconds,
    between_seconds(18, 52, draw(i, 16)) AS identification_seconds,
    -- How long it would take until an agent is free.
    greatest(lognormal(CASE WHEN is_lunch THEN 95 WHEN is_outage THEN 20 ELSE 11 END, 0.85, draw(i, 17)), 2) AS wait
FROM contact_mood;

CREATE VIEW contact_drop AS
SELECT
    *,
    language_menu_at + language_menu_seconds AS main_menu_at,
    language_menu_at + language_menu_seconds + main_menu_seconds AS identification_at,
    language_menu_at + language_menu_seconds + main_menu_seconds
        + CASE WHEN is_identified THEN identification_seconds ELSE 0 END AS queued,
    wait > 20 AS has_hold_message,
    NOT is_open OR draw(i, 18) < 0.06 AS is_contained,
    -- The stage in which the caller hangs up, if any: identification loses most.
    CASE
        WHEN is_test OR is_last THEN NULL
        WHEN draw(i, 19) < 0.008 THEN 1
        WHEN draw(i, 20) < 0.012 THEN 2
        WHEN draw(i, 21) < 0.015 THEN 3
        WHEN NOT is_open OR draw(i, 18) < 0.06 THEN NULL
        WHEN is_identified AND draw(i, 22) < 0.115 THEN 4
        WHEN draw(i, 23) < CASE WHEN is_lunch THEN 0.43 ELSE 0.025 END THEN 5
        WHEN wait > 20 AND draw(i, 24) < 0.01 THEN 6
    END AS drop_stage
FROM contact_stages;

CREATE VIEW contact_call AS
SELECT
    *,
    coalesce(drop_stage, CASE WHEN is_contained OR is_test THEN 3 ELSE 7 END) AS last_stage,
    queued + wait AS answer_due,
    greatest(20, lognormal(
        CASE topic WHEN 'internet_fault' THEN 420 WHEN 'billing' THEN 340 ELSE 250 END, 0.55, draw(i, 25)
    )) AS talk,
    CASE WHEN draw(i, 26) < 0.28 THEN between_seconds(15, 170, draw(i, 27)) ELSE 0 END AS hold,
    between_seconds(12, 110, draw(i, 28)) AS wrap_up,
    CASE drop_stage
        WHEN 1 THEN created + between_seconds(1, 5, draw(i, 29))
        WHEN 2 THEN language_menu_at + between_seconds(2, 4, draw(i, 29))
        WHEN 3 THEN main_menu_at + between_seconds(3, 8, draw(i, 29))
        WHEN 4 THEN identification_at + between_seconds(8, 50, draw(i, 29))
        WHEN 5 THEN queued + greatest(lognormal(CASE WHEN is_lunch THEN 110 ELSE 35 END, 0.8, draw(i, 29)), 2)
        WHEN 6 THEN queued + wait - 8 + between_seconds(2, 6, draw(i, 29))
    END AS hang_up
FROM contact_drop;

-- Who works on it. Bots answer first on three channels; a written contact out of hours waits for the
-- next opening, but for the one in eight that the late shift takes.
CREATE VIEW contact_bot AS
SELECT
    *,
    channel = 'phone' AS is_phone,
    -- An abandoned call leaves no case behind: nobody was there to open one.
    channel <> 'phone' OR last_stage = 7 AND answer_due < getvariable('as_of') AS is_conversation,
    CASE last_stage
        WHEN 7 THEN answer_due + talk + hold
        ELSE coalesce(hang_up, identification_at)
    END AS call_end,
    channel IN ('web_chat', 'whatsapp', 'messenger') AND draw(i, 30) < 0.85 AS has_bot,
    draw(i, 31) < CASE WHEN tone = 'negative' THEN 0.10 ELSE 0.38 END AS bot_suffices,
    draw(i, 32) < 0.12 AS is_late_shift,
    CASE WHEN channel IN ('x', 'instagram') THEN draw(i, 33) < 0.80 END AS is_tagged,
    created + CASE
        WHEN channel = 'phone' THEN 0
        WHEN channel IN ('x', 'instagram') THEN between_seconds(5, 300, draw(i, 34))
        ELSE between_seconds(1, 40, draw(i, 34))
    END AS indexed,
    CASE
        WHEN language = 'it' AND draw(i, 35) < 0.70 OR language = 'ro' AND draw(i, 35) < 0.05 THEN 'Torino'
        WHEN language IN ('it', 'ro') THEN 'Iași'
        ELSE 'Kraków'
    END AS team
FROM contact_call;

CREATE VIEW contact_ready AS
SELECT
    *,
    has_bot AND bot_suffices AS is_bot_only,
    CASE WHEN has_bot THEN created + between_seconds(1, 4, draw(i, 36)) END AS bot_started,
    CASE WHEN has_bot AND NOT bot_suffices THEN created + between_seconds(40, 260, draw(i, 37)) END AS handed_off,
    draw(i, 38) < CASE channel
        WHEN 'phone' THEN 0 WHEN 'email' THEN 0.09 WHEN 'web_chat' THEN 0.09 WHEN 'whatsapp' THEN 0.11
        WHEN 'messenger' THEN 0.14 ELSE 0.17
    END + CASE WHEN is_phone THEN 0 WHEN topic = 'compliment' THEN 0.3 WHEN NOT is_tagged THEN 0.25 ELSE 0 END
        AS is_ignored,
    lognormal(
        CASE channel
            WHEN 'web_chat' THEN 100 WHEN 'whatsapp' THEN 780 WHEN 'messenger' THEN 1500
            WHEN 'x' THEN 2700 WHEN 'instagram' THEN 4200 ELSE 16200
        END * CASE WHEN is_outage THEN 1.7 ELSE 1 END,
        1.0, draw(i, 39)
    ) AS response_delay
FROM contact_bot;

CREATE VIEW contact_start AS
SELECT
    *,
    coalesce(handed_off, indexed) AS ready,
    CASE
        WHEN is_open OR is_late_shift THEN coalesce(handed_off, indexed)
        -- In the morning the night's backlog is worked off over an hour and a half.
        ELSE greatest(coalesce(next_open, getvariable('as_of') + 36000) + between_seconds(30, 5400, draw(i, 40)),
            coalesce(handed_off, indexed))
    END + response_delay AS response_try
FROM contact_ready;

-- Whose it is: one agent of Torino has more than a fair share of what is answered late, and one of Iași of the bills,
-- which make every agent's customers unhappy.
CREATE VIEW contact_agent AS
SELECT
    *,
    CASE
        WHEN team = 'Torino' AND NOT is_phone AND draw(i, 39) > 0.60 AND draw(i, 78) < 0.35 THEN 3
        WHEN team = 'Torino' AND NOT is_phone AND fair_number = 3 AND draw(i, 39) < 0.60 AND draw(i, 78) < 0.9
            THEN (4 + CAST(floor(draw(i, 79) * 5) AS INTEGER)) % 6
        WHEN team = 'Iași' AND topic = 'billing' AND draw(i, 78) < 0.75 THEN 3
        WHEN team = 'Iași' AND topic <> 'billing' AND fair_number = 3 AND draw(i, 78) < 0.50
            THEN CAST(floor(draw(i, 79) * 3) AS INTEGER)
        ELSE fair_number
    END AS agent_number
FROM (
    SELECT *, CAST(floor(draw(i, 41) * CASE team WHEN 'Torino' THEN 6 ELSE 4 END) AS INTEGER) AS fair_number
    FROM contact_start
);

CREATE VIEW contact_response AS
SELECT
    contact_agent.*,
    CASE
        WHEN is_bot_only OR is_ignored THEN NULL
        WHEN is_phone THEN answer_due
        -- The shift ended before the answer: it goes out the next morning.
        WHEN NOT later.is_open AND NOT is_late_shift THEN later.next_open + response_try % 3600 * 2
        ELSE response_try
    END AS response,
    agents.agent
FROM contact_agent
LEFT JOIN (SELECT start, is_open, next_open FROM hours) AS later ON later.start = response_try - response_try % 3600
JOIN agents ON agents.team = contact_agent.team AND agents.number = agent_number;

-- Who comes back later than those four days, or after a bot that ended the conversation: in a fifth of the cases after
-- a bot, and in one of twenty-five others, a later contact of the same topic and language is that customer's as well.
CREATE TABLE comebacks AS
WITH ranked AS (
    SELECT
        i, customer, topic, language, is_conversation, person = i AS is_own,
        is_history, is_conversation AND is_bot_only AS is_bot_only,
        row_number() OVER kin AS place, count(*) OVER (PARTITION BY is_history, topic, language) AS kin_size
    FROM contact_ready
    WINDOW kin AS (PARTITION BY is_history, topic, language ORDER BY created, i)
),
leaving AS (
    SELECT
        *,
        -- At most six days later after a bot, else at most fourteen.
        place + 1 + CAST(floor(draw(i, 80) * (kin_size * CASE WHEN is_bot_only THEN 6 ELSE 14 END
            // CASE WHEN is_history THEN 301 ELSE 112 END)) AS BIGINT) AS next_place
    FROM ranked
    WHERE is_conversation AND draw(i, 81) < CASE WHEN is_bot_only THEN 0.22 ELSE 0.05 END
)
SELECT back.i, arg_min(leaving.customer, leaving.i) AS first_customer
FROM leaving JOIN ranked AS back ON back.is_history = leaving.is_history AND back.topic = leaving.topic
    AND back.language = leaving.language AND back.place = leaving.next_place
WHERE back.is_own
GROUP BY back.i;

CREATE VIEW contact_closed AS
SELECT
    contact_response.* EXCLUDE (customer),
    coalesce(first_customer, customer) AS customer,
    CASE
        WHEN is_bot_only THEN bot_started + between_seconds(150, 700, draw(i, 42))
        -- Nobody answered: most are closed by a rule after ten days, some never.
        WHEN response IS NULL AND draw(i, 43) < 0.6 THEN ready + 864000 + between_seconds(0, 3600, draw(i, 42))
        WHEN response IS NULL THEN NULL
        WHEN is_phone AND draw(i, 43) < 0.75 THEN call_end + wrap_up
        WHEN draw(i, 43) > 0.975 THEN NULL
        ELSE greatest(response, coalesce(call_end * CAST(is_phone AS INTEGER), 0)) + greatest(lognormal(
            CASE channel
                WHEN 'web_chat' THEN 1500 WHEN 'whatsapp' THEN 18000 WHEN 'messenger' THEN 25000
                WHEN 'x' THEN 22000 WHEN 'instagram' THEN 32000 WHEN 'phone' THEN 90000 ELSE 80000
            END * CASE topic WHEN 'internet_fault' THEN 1.6 WHEN 'billing' THEN 1.5 WHEN 'compliment' THEN 0.3 ELSE 1 END,
            1.0, draw(i, 42)), 90)
    END AS closed,
    -- In the year before some conversations were given no topic.
    CASE WHEN NOT is_history OR is_phone OR draw(i, 92) >= 0.06 THEN topic END AS labelled,
    format('CV{:07d}', i + 1) AS conversation_id,
    format('CA{:07d}', i + 1) AS call_id,
    -- Some write without logging in, some hide their number.
    CASE WHEN draw(i, 82) >= 0.015 THEN format('CU{:06d}', coalesce(first_customer, customer)) END AS customer_id,
    CASE WHEN topic IN ('delivery', 'returns') OR topic = 'compliment' AND subtopic = 'shop'
        THEN 'Alvora Shop' ELSE 'Alvora Mobile' END AS project
FROM contact_response LEFT JOIN comebacks USING (i);

-- What follows the first answer. The customer goes on (9) in seven conversations of ten, and in five of them the agent
-- answers again (10); the last word is the customer's (11) in half. A thread that is opened again is so by one of these.
CREATE VIEW contact_follow_up AS
SELECT
    *,
    NOT is_phone AND response IS NOT NULL AND draw(i, 56) < 0.72 AS goes_on,
    NOT is_phone AND response IS NOT NULL AND draw(i, 56) >= 0.20 AND draw(i, 56) < 0.72 AS is_answered_again,
    NOT is_phone AND response IS NOT NULL AND draw(i, 57) <= 0.52 AS has_last_word,
    CASE WHEN response IS NOT NULL THEN greatest(coalesce(closed, response + 21600) - response, 60) END AS span
FROM contact_closed;

CREATE VIEW contact_turns AS
SELECT
    *,
    CASE WHEN goes_on THEN response + 21 + CAST(floor((span - 25) * (0.10 + 0.25 * draw(i * 16 + 9, 60))) AS BIGINT) END
        AS goes_on_at,
    CASE WHEN is_answered_again
        THEN response + 21 + CAST(floor((span - 25) * (0.40 + 0.25 * draw(i * 16 + 10, 60))) AS BIGINT) END AS answered_again_at,
    CASE WHEN has_last_word
        THEN response + 21 + CAST(floor((span - 25) * (0.70 + 0.28 * draw(i * 16 + 11, 60))) AS BIGINT) END AS last_word_at
FROM contact_follow_up;

-- Opened again: how often it will have been, and when for the last time. A call whose case is closed as it ends isn't.
CREATE VIEW contact_reopened AS
SELECT
    *,
    CASE
        WHEN response IS NULL OR span < 900 THEN 0
        WHEN draw(i, 47) < CASE WHEN is_happy THEN 0.01 ELSE 0.06 END THEN 2
        WHEN draw(i, 47) < CASE WHEN is_happy THEN 0.07 ELSE 0.24 END THEN 1
        ELSE 0
    END AS reopenings,
    CASE
        WHEN is_phone AND span > talk + hold + 900 THEN response + CAST(floor(span * (0.55 + 0.15 * draw(i, 83))) AS BIGINT)
        WHEN NOT is_phone THEN coalesce(goes_on_at, last_word_at)
    END AS reopen_at,
    CASE WHEN is_phone THEN response + CAST(floor(span * (0.75 + 0.2 * draw(i, 84))) AS BIGINT) ELSE answered_again_at END
        AS reopen_response_at
FROM contact_turns;

CREATE VIEW contact AS
SELECT
    * EXCLUDE (reopenings, reopen_at, reopen_response_at),
    CASE WHEN reopenings > 0 AND reopen_at < getvariable('as_of') THEN reopenings ELSE 0 END AS reopen_count,
    CASE WHEN reopenings > 0 AND reopen_at < getvariable('as_of') THEN reopen_at END AS reopened,
    CASE WHEN reopenings > 0 AND reopen_at < getvariable('as_of') THEN reopen_response_at END AS reopen_response,
    CASE
        WHEN NOT (reopenings > 0 AND reopen_at < getvariable('as_of')) OR reopen_at IS NULL THEN closed
        WHEN is_phone THEN call_end + wrap_up
        ELSE response + greatest(CAST(floor((reopen_at - response) * (0.3 + 0.4 * draw(i, 85))) AS BIGINT), 1)
    END AS first_closed
FROM contact_reopened;
