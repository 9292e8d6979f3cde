-- One row per help page and day; as many visits as there are contacts to be spared.
CREATE VIEW site_visits AS
WITH pages (number, page, topic, visits) AS (
    VALUES
        (1, '/help/contact-us', NULL, 60),
        (2, '/help/track-order', 'delivery', 55),
        (3, '/help/read-your-bill', 'billing', 40),
        (4, '/help/payment-methods', 'billing', 22),
        (5, '/help/network-status', 'internet_fault', 30),
        (6, '/help/router', 'internet_fault', 26),
        (7, '/help/app-login', 'mobile_app', 24),
        (8, '/help/change-plan', 'contract', 20),
        (9, '/help/keep-your-number', 'contract', 16),
        (10, '/help/roaming', 'roaming', 18),
        (11, '/help/returns', 'returns', 28)
)
SELECT
    day, page,
    CAST(round(visits * getvariable('contacts') / 3300
        * [1.15, 1.10, 1.05, 1.0, 1.0, 0.85, 0.75][weekday + 1]
        * CASE WHEN is_outage AND topic = 'internet_fault' THEN 4 ELSE 1 END
        * CASE WHEN is_history THEN 0.8 + 0.001 * day_index ELSE 1 END
        * (0.8 + 0.4 * draw(CASE WHEN is_history THEN 1000 - day_index ELSE day_index END * 16 + number, 77))) AS BIGINT) AS visits,
    topic
FROM (SELECT DISTINCT day, day_index, weekday, is_outage, is_history FROM hours) CROSS JOIN pages
WHERE NOT is_history OR number IN (1, 2, 3, 5);  -- the others are new
