-- One row per thread, ticket or case.
CREATE VIEW conversations AS
SELECT
    conversation_id, channel, created AS created_at, seen(indexed) AS indexed_at,
    CASE WHEN NOT is_bot_only THEN seen(CASE
        WHEN is_phone THEN queued
        WHEN is_history THEN least(ready + between_seconds(1, 25, draw(i, 44)), coalesce(response, ready + 25))
        ELSE ready + between_seconds(1, 25, draw(i, 44))
    END) END AS team_assigned_at,
    CASE
        WHEN is_phone THEN seen(response)
        WHEN response IS NOT NULL THEN seen(least(ready + 26, response)
            + CAST(floor((response - least(ready + 26, response)) * (0.3 + 0.6 * draw(i, 45))) AS BIGINT))
    END AS agent_assigned_at,
    seen(response) AS first_response_at,
    seen(first_closed) AS first_closed_at,
    seen(closed) AS closed_at,
    seen(reopened) AS reopened_at,
    seen(reopen_response) AS response_after_reopening_at,
    customer_id, project, labelled AS topic,
    CASE WHEN labelled IS NOT NULL AND draw(i, 91) >= 0.05 THEN subtopic END AS subtopic,  -- not everybody fills it in
    CASE
        WHEN topic = 'internet_fault' AND draw(i, 46) < 0.5 OR draw(i, 46) < 0.12 THEN 'high'
        WHEN draw(i, 46) > 0.85 OR topic = 'compliment' THEN 'low'
        ELSE 'normal'
    END AS priority,
    CASE WHEN NOT is_bot_only THEN team END AS team,
    CASE WHEN response < getvariable('as_of') THEN agent END AS agent,
    CASE
        WHEN closed < getvariable('as_of') THEN 'closed'
        WHEN response < getvariable('as_of') THEN 'pending'
        ELSE 'open'
    END AS status,
    reopen_count,
    1 + CAST(floor(3 * pow(draw(i, 48), CASE WHEN is_happy THEN 4 ELSE 1.5 END)) AS INTEGER) AS contact_count,
    -- From the answer to the customer's next word, until it is closed first.
    CASE WHEN reopened IS NULL AND goes_on AND goes_on_at < getvariable('as_of')
        AND goes_on_at <= coalesce(closed, goes_on_at) THEN goes_on_at - response END AS waiting_seconds,
    CASE
        WHEN is_escalated THEN CASE topic
            WHEN 'billing' THEN 'billing_office' WHEN 'internet_fault' THEN 'network_operations' ELSE 'second_level'
        END
    END AS escalated_to,
    CASE
        WHEN is_escalated THEN CASE
            WHEN draw(i, 50) < 0.2 THEN 'customer asked for a manager'
            WHEN topic = 'billing' THEN 'refund above limit'
            WHEN topic = 'internet_fault' THEN 'technical check needed'
            WHEN draw(i, 50) < 0.6 THEN 'missing permission'
            ELSE 'no answer from the other department'
        END
    END AS escalation_reason,
    seen(bot_started) AS bot_started_at,
    seen(handed_off) AS handed_off_at
FROM (
    SELECT
        *,
        response < getvariable('as_of') AND (draw(i, 49) < CASE WHEN is_happy THEN 0.03 ELSE 0.16 END
            OR draw(i, 86) < CASE topic WHEN 'billing' THEN 0.13 ELSE 0.012 END) AS is_escalated
    FROM contact
)
WHERE is_conversation;
