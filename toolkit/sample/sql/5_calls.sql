-- One row per offered call.
CREATE VIEW calls AS
SELECT
    call_id, created AS started_at,
    CASE WHEN last_stage >= 5 THEN seen(queued) END AS queued_at,
    CASE WHEN last_stage = 7 THEN seen(answer_due) END AS answered_at,
    seen(call_end) AS ended_at,
    seen(hang_up) AS abandoned_at,
    customer_id,
    CASE WHEN is_conversation THEN conversation_id END AS conversation_id,
    CASE WHEN last_stage >= 5 THEN CASE
        WHEN language <> 'it' THEN 'international' WHEN topic = 'internet_fault' THEN 'technical' ELSE 'customer_care'
    END END AS queue,
    CASE WHEN NOT is_test AND last_stage >= 4 THEN topic END AS topic,  -- the main menu asks for it
    CASE WHEN last_stage = 7 THEN team END AS team,
    CASE WHEN last_stage = 7 THEN agent END AS agent,
    CASE WHEN last_stage = 7 AND call_end < getvariable('as_of') THEN talk END AS talk_seconds,
    CASE WHEN last_stage = 7 AND call_end < getvariable('as_of') THEN hold END AS hold_seconds,
    CASE WHEN last_stage = 7 AND call_end < getvariable('as_of') THEN wrap_up END AS wrap_up_seconds,
    CASE WHEN last_stage = 7 AND (draw(i, 51) < 0.08
        OR draw(i, 87) < CASE topic WHEN 'internet_fault' THEN 0.13 ELSE 0.01 END) THEN CASE topic
        WHEN 'billing' THEN 'billing_office' WHEN 'internet_fault' THEN 'technical' ELSE 'second_level'
    END END AS transferred_to,
    CASE
        WHEN call_end >= getvariable('as_of') THEN NULL
        WHEN is_test THEN 'test'
        WHEN hang_up IS NOT NULL THEN 'abandoned'
        WHEN last_stage = 7 THEN 'answered'
        ELSE 'contained'
    END AS outcome
FROM contact
WHERE is_phone;

-- One row per stage that a call entered.
CREATE VIEW call_stages AS
WITH stages AS (
    SELECT
        *,
        [
            created, language_menu_at, main_menu_at, identification_at, queued,
            answer_due - CASE WHEN has_hold_message THEN 8 ELSE 0 END, answer_due, call_end
        ] AS starts,
        unnest([1, 2, 3, 4, 5, 6, 7]) AS stage
    FROM contact
    WHERE is_phone
)
SELECT
    call_id,
    -- The stages that this call skips don't count.
    stage - CASE WHEN stage > 4 AND NOT is_identified THEN 1 ELSE 0 END
        - CASE WHEN stage > 6 AND NOT has_hold_message THEN 1 ELSE 0 END AS position,
    ['welcome', 'language_menu', 'main_menu', 'identification', 'queue', 'hold_message', 'agent'][stage] AS stage,
    starts[stage] AS entered_at,
    seen(CASE WHEN stage = last_stage THEN call_end ELSE starts[stage + 1] END) AS left_at,
    coalesce(stage = drop_stage, false) AS is_abandoned
FROM stages
WHERE stage <= last_stage
    AND (stage <> 4 OR is_identified)
    AND (stage <> 6 OR has_hold_message)
    AND starts[stage] < getvariable('as_of');
