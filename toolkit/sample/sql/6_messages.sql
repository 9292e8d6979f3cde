-- One row per message. A conversation follows a script; which of its steps it has, is in `steps`:
--  1 the customer opens      2 the bot greets       3 the customer presses or types   4 the bot ends or hands over
--  5 assigned (internal)     6 a cross chaser       7 the agent answers               8 a note (internal)
--  9 the customer goes on   10 the agent again     11 the customer's last word       12 closed (system)
-- 13 the note of a call (internal)
CREATE VIEW message_steps AS
WITH scripted AS (
    SELECT
        *,
        -- Of the year before little was kept: of most the first question and answer, of many nothing.
        CASE WHEN is_history AND week < -3 THEN
            CASE WHEN is_phone OR draw(i, 88) > CASE WHEN week < -8 THEN 0.3 WHEN week < -6 THEN 0.6 ELSE 0.9 END THEN []
                WHEN response IS NULL THEN [1] ELSE [1, 7] END
        WHEN week = -3 AND draw(i, 88) > 0.5 THEN []
        ELSE list_concat(
            CASE
                WHEN is_phone THEN CASE WHEN draw(i, 52) < 0.6 THEN [13] ELSE [] END
                WHEN has_bot THEN [1, 2, 3, 4]
                ELSE [1]
            END,
            CASE WHEN is_phone OR is_bot_only OR draw(i, 53) > 0.10 THEN [] ELSE [5] END,
            CASE WHEN NOT is_phone AND NOT is_bot_only
                AND (response IS NULL OR response - ready > 14400) AND draw(i, 54) < 0.42 THEN [6] ELSE [] END,
            CASE
                WHEN is_phone OR response IS NULL THEN []
                WHEN draw(i, 55) < 0.10 THEN [7, 8]
                ELSE [7]
            END,
            CASE WHEN goes_on THEN [9] ELSE [] END,
            CASE WHEN is_answered_again THEN [10] ELSE [] END,
            CASE WHEN has_last_word THEN [11] ELSE [] END,
            CASE WHEN is_phone OR closed IS NULL OR draw(i, 58) > 0.12 THEN [] ELSE [12] END
        ) END AS steps
    FROM contact
    WHERE is_conversation
)
SELECT
    *, unnest(steps) AS step, unnest(range(1, len(steps) + 1)) AS position,
    -- The button: 0 an agent, 1 the state of a request, 2 what the bot knows of the topic, 3 what it mostly hands over.
    CASE WHEN is_bot_only
        THEN CASE WHEN draw(i, 89) < 0.25 THEN 1 WHEN draw(i, 89) < 0.85 THEN 2 ELSE 3 END
        ELSE CASE WHEN draw(i, 89) < 0.42 THEN 0 WHEN draw(i, 89) < 0.50 THEN 1 WHEN draw(i, 89) < 0.66 THEN 2 ELSE 3 END
    END AS press
FROM scripted;

CREATE VIEW message_times AS
SELECT
    *,
    i * 16 + step AS m,   -- the message's own number, for its draws 60 and up
    CASE step
        WHEN 1 THEN created
        WHEN 2 THEN bot_started
        WHEN 3 THEN bot_started + between_seconds(6, 30, draw(i * 16 + step, 60))
        WHEN 4 THEN coalesce(handed_off, bot_started + between_seconds(40, 120, draw(i * 16 + step, 60)))
        WHEN 5 THEN ready + 1
        WHEN 6 THEN ready + 2 + CASE
            WHEN response IS NULL THEN between_seconds(14400, 260000, draw(i * 16 + step, 60))
            ELSE CAST(floor((response - ready - 4) * (0.4 + 0.5 * draw(i * 16 + step, 60))) AS BIGINT)
        END
        WHEN 7 THEN response
        WHEN 8 THEN response + between_seconds(2, 20, draw(i * 16 + step, 60))
        WHEN 9 THEN goes_on_at
        WHEN 10 THEN answered_again_at
        WHEN 11 THEN last_word_at
        WHEN 12 THEN closed
        WHEN 13 THEN call_end + wrap_up
    END AS sent,
    CASE
        WHEN step IN (1, 3, 6, 9, 11) THEN 'customer'
        WHEN step IN (2, 4) THEN 'bot'
        WHEN step IN (5, 12) THEN 'system'
        ELSE 'agent'
    END AS sender,
    CASE
        WHEN step = 1 THEN topic || '.' || tone
        WHEN step = 2 THEN 'bot_welcome'
        WHEN step = 3 AND press = 0 THEN 'button_agent'
        WHEN step = 3 AND press = 1 THEN 'button_other'
        WHEN step = 3 THEN topic || '.buttons'
        WHEN step = 4 AND is_bot_only THEN 'bot_solved'
        WHEN step = 4 THEN 'bot_handover'
        WHEN step = 5 THEN 'assigned'
        WHEN step = 6 THEN 'waiting'
        WHEN step = 7 THEN 'agent_first'
        WHEN step = 8 THEN 'note'
        WHEN step = 9 AND tone = 'negative' AND draw(i * 16 + step, 61) < CASE WHEN is_happy THEN 0.25 ELSE 0.80 END
            THEN 'followup_negative'
        WHEN step = 9 THEN 'followup_neutral'
        WHEN step = 10 THEN 'agent_second'
        WHEN step = 11 AND is_happy THEN CASE WHEN draw(i * 16 + step, 61) < 0.75 THEN 'thanks' ELSE 'followup_neutral' END
        WHEN step = 11 THEN 'unhappy'
        WHEN step = 12 THEN 'closed'
        WHEN step = 13 THEN 'call_note'
    END AS slot,
    CASE WHEN step IN (5, 8, 12, 13) THEN 'company' ELSE language END AS voice,
    -- Which step it answers.
    CASE step
        WHEN 2 THEN 1 WHEN 3 THEN 2 WHEN 4 THEN 3 WHEN 10 THEN 9
        WHEN 7 THEN CASE WHEN list_contains(steps, 6) THEN 6 WHEN has_bot THEN 3 ELSE 1 END
        WHEN 9 THEN 7
        WHEN 11 THEN CASE WHEN list_contains(steps, 10) THEN 10 ELSE 7 END
    END AS answers
FROM message_steps;

-- Customers type as they please: some leave out the marks, some the capitals.
CREATE VIEW message_texts AS
SELECT
    message_times.*,
    CASE WHEN step = 1 AND draw(m, 62) < 0.35 THEN opener.text || ' ' || phrase.text ELSE phrase.text END AS template
FROM message_times
JOIN phrases AS phrase ON phrase.voice = message_times.voice AND phrase.slot = message_times.slot
    AND phrase.variant = CASE WHEN step = 3 THEN greatest(press - 2, 0) ELSE CAST(floor(draw(m, 63) * 120) AS INTEGER) END
LEFT JOIN phrases AS opener ON step = 1 AND opener.voice = message_times.voice AND opener.slot = 'opener'
    AND opener.variant = CAST(floor(draw(m, 64) * 120) AS INTEGER)
WHERE sent < getvariable('as_of');

CREATE VIEW message_filled AS
SELECT
    *,
    replace(replace(replace(replace(template,
        '{order}', CAST(between_seconds(10000, 99999, draw(i, 59)) AS VARCHAR)),
        '{days}', CAST(between_seconds(3, 14, draw(m, 65)) AS VARCHAR)),
        '{amount}', CASE WHEN voice = 'en' THEN format('€{}.{}0', between_seconds(12, 89, draw(m, 66)), m % 10)
            ELSE format('{},{}0 €', between_seconds(12, 89, draw(m, 66)), m % 10) END),
        '{agent}', split_part(agent, ' ', 1)) AS said
FROM message_texts;

CREATE VIEW messages AS
SELECT
    format('M{:07d}-{:02d}', i + 1, position) AS message_id,
    conversation_id, sent AS sent_at, sender,
    CASE WHEN sender = 'agent' THEN agent END AS agent,
    customer_id,
    CASE WHEN answers IS NOT NULL
        THEN format('M{:07d}-{:02d}', i + 1, list_position(steps, answers)) END AS in_reply_to,
    CASE
        WHEN sender <> 'customer' OR step = 3 THEN said
        WHEN draw(m, 67) < 0.08 THEN translate(said, 'àèéìòùăâîșțąćęłńóśźżáíúñüÎȘȚŚŁ', 'aeeiouaaistacelnoszzaiunuISTSL')
        WHEN draw(m, 67) < 0.14 THEN lower(said)
        ELSE said
    END AS text,
    CASE WHEN voice = 'company' THEN 'it' ELSE voice END AS language,
    CASE WHEN step = 3 THEN CASE press
        WHEN 0 THEN 'agent' WHEN 1 THEN 'request_status'
        ELSE CASE topic
            WHEN 'billing' THEN ['bill_copy', 'check_charge'] WHEN 'delivery' THEN ['track_parcel', 'change_address']
            WHEN 'internet_fault' THEN ['network_status', 'book_technician'] WHEN 'mobile_app' THEN ['app_login', 'top_up']
            WHEN 'contract' THEN ['my_plan', 'move_number'] WHEN 'roaming' THEN ['roaming_prices', 'roaming_on']
            WHEN 'returns' THEN ['return_label', 'refund_status'] ELSE ['leave_feedback', 'other_topic']
        END[press - 1]
    END END AS quick_reply,
    step NOT IN (5, 8, 13) AS is_public,
    CASE WHEN sender = 'customer' THEN is_tagged END AS is_tagged,
    channel, labelled AS topic
FROM message_filled;
