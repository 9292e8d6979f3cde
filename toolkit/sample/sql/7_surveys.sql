-- One row per survey sent: after three closes in four, unless nobody ever answered the customer.
CREATE VIEW surveys AS
WITH sent AS (
    SELECT
        *,
        CASE WHEN draw(i, 69) < CASE WHEN is_history THEN 0.80 ELSE 0.70 END THEN 'csat' ELSE 'nps' END AS kind,
        -- What an nps is asked after. A purchase pleases more than a contact, which mostly has a reason.
        CASE
            WHEN kind <> 'nps' THEN NULL
            WHEN project = 'Alvora Shop' AND draw(i, 90) < 0.75 THEN 'after_purchase'
            WHEN draw(i, 90) < CASE WHEN is_happy THEN 0.5 ELSE 0.2 END THEN 'yearly'
            ELSE 'after_contact'
        END AS occasion,
        coalesce(occasion, '') = 'yearly' AS is_yearly,
        closed + between_seconds(60, 1800, draw(i, 70)) AS sent
    FROM contact
    WHERE is_conversation AND closed IS NOT NULL AND (response IS NOT NULL OR is_bot_only) AND draw(i, 68) < 0.78
),
answered AS (
    SELECT
        *,
        -- The unhappy answer a little more often than the happy.
        CASE WHEN draw(i, 71) < CASE WHEN is_happy THEN 0.36 ELSE 0.42 END
            THEN seen(sent + greatest(lognormal(7200, 1.3, draw(i, 72)), 30)) END AS answered
    FROM sent
    WHERE sent < getvariable('as_of')
)
SELECT
    format('S{:07d}', i + 1) AS survey_id, kind, occasion, sent AS sent_at, answered AS answered_at,
    CASE
        WHEN answered IS NULL THEN NULL
        WHEN kind = 'csat' AND is_happy THEN [4, 4, 5, 5, 5][1 + CAST(floor(draw(i, 73) * 5) AS INTEGER)]
        WHEN kind = 'csat' THEN [1, 1, 2, 2, 3][1 + CAST(floor(draw(i, 73) * 5) AS INTEGER)]
        WHEN is_happy THEN [7, 8, 8, 9, 9, 9, 10, 10, 10, 10][1 + CAST(floor(draw(i, 73) * 10) AS INTEGER)]
        ELSE [0, 1, 2, 3, 3, 4, 5, 6, 6, 7][1 + CAST(floor(draw(i, 73) * 10) AS INTEGER)]
    END AS score,
    -- What is asked once a year is about no conversation.
    CASE WHEN NOT is_yearly THEN conversation_id END AS conversation_id,
    customer_id,
    CASE WHEN NOT is_yearly THEN channel END AS channel,
    CASE WHEN NOT is_yearly THEN labelled END AS topic,
    CASE WHEN NOT is_bot_only AND NOT is_yearly THEN agent END AS agent,
    CASE WHEN answered IS NOT NULL AND draw(i, 74) < 0.40 THEN phrases.text END AS comment
FROM answered
JOIN phrases ON phrases.voice = language AND phrases.variant = CAST(floor(draw(i, 75) * 120) AS INTEGER)
    AND phrases.slot = CASE
        WHEN draw(i, 76) < 0.2 THEN 'survey_neutral' WHEN is_happy THEN 'survey_positive' ELSE 'survey_negative' END;
