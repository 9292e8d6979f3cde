-- One row per UTC hour of the sixteen weeks: its local hour, whether the service is open, how much comes in.

CREATE TABLE hours AS
WITH
instants AS (
    SELECT unnest(range(getvariable('first'), getvariable('as_of'), 3600)) AS start
),
local_times AS (
    -- Europe/Rome is UTC+1, and UTC+2 from 2024-03-31T01:00Z.
    SELECT start, start + CASE WHEN start < getvariable('summer') THEN 3600 ELSE 7200 END AS local
    FROM instants
),
parts AS (
    SELECT
        start,
        local // 86400 AS day,                               -- days since 1970-01-01
        CAST(local % 86400 // 3600 AS INTEGER) AS hour,
        CAST((local // 86400 + 3) % 7 AS INTEGER) AS weekday,  -- 0 is Monday
        CAST((local // 86400 - getvariable('first_day')) // 7 AS INTEGER) AS week,
        local // 86400 - getvariable('first_day') AS day_index,
        -- Easter Sunday, Easter Monday, Liberation Day
        strftime(DATE '1970-01-01' + CAST(local // 86400 AS INTEGER), '%m-%d') IN ('03-31', '04-01', '04-25') AS is_holiday
    FROM local_times
),
opened AS (
    SELECT
        *,
        NOT is_holiday AND (weekday < 5 AND hour BETWEEN 8 AND 19 OR weekday = 5 AND hour BETWEEN 9 AND 12) AS is_open,
        week = 14 AS is_outage,                              -- 2024-W16: the network fails
        weekday < 5 AND hour = 13 AND NOT is_holiday AS is_lunch,  -- half of the phone team is away
        CASE WHEN weekday < 5 AND NOT is_holiday
            THEN [6, 4, 2, 2, 2, 4, 9, 24, 58, 90, 100, 95, 78, 74, 68, 75, 80, 76, 64, 48, 33, 27, 20, 12]
            ELSE [9, 6, 4, 2, 2, 3, 6, 15, 38, 70, 90, 92, 74, 55, 48, 52, 58, 60, 56, 50, 42, 36, 26, 16]
        END[hour + 1]
        * CASE WHEN is_holiday THEN 25 ELSE [120, 110, 104, 100, 97, 48, 30][weekday + 1] END
        * (1000 + day_index)                                 -- a slow rise: a tenth of a per cent a day
        * CASE WHEN week = 14 THEN 13 ELSE 10 END AS weight,
        CASE
            WHEN weekday >= 5 OR is_holiday OR hour NOT BETWEEN 8 AND 19 THEN 0.20
            WHEN hour = 13 THEN 0.66                         -- people phone in their own lunch break
            WHEN hour IN (12, 14) THEN 0.46
            WHEN hour >= 17 THEN 0.36
            ELSE 0.43
        END AS phone_share
    FROM parts
)
SELECT
    *,
    min(CASE WHEN is_open THEN start END)
        OVER (ORDER BY start ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_open,
    -- The contacts from `low` up to, not including, `high` fall into this hour.
    CAST(getvariable('contacts') * (sum(weight) OVER running - weight) // sum(weight) OVER () AS BIGINT) AS low,
    CAST(getvariable('contacts') * (sum(weight) OVER running) // sum(weight) OVER () AS BIGINT) AS high
FROM opened
WINDOW running AS (ORDER BY start ROWS UNBOUNDED PRECEDING);

-- One row per contact: its number and its second, both rising. Everything else is derived from these.
CREATE TABLE contacts AS
SELECT
    i,
    CASE
        -- The last four phone just before the data is read: calls that are not over yet.
        WHEN i >= getvariable('contacts') - 4 THEN getvariable('as_of') - 8 - 5 * (getvariable('contacts') - 1 - i)
        ELSE start + CAST(floor(3600 * (i - low + draw(i, 0)) / (high - low)) AS BIGINT)
    END AS created
FROM (SELECT start, low, high, unnest(range(low, high)) AS i FROM hours WHERE high > low ORDER BY start);

CREATE TABLE agents (team VARCHAR, number INTEGER, agent VARCHAR);
INSERT INTO agents VALUES
    ('Torino', 0, 'Giulia Ferraro'), ('Torino', 1, 'Marco Bellini'), ('Torino', 2, 'Chiara Rinaldi'),
    ('Torino', 3, 'Davide Conti'), ('Torino', 4, 'Sara Gallo'), ('Torino', 5, 'Matteo Greco'),
    ('Iași', 0, 'Andrei Popescu'), ('Iași', 1, 'Ioana Munteanu'), ('Iași', 2, 'Mihai Dobre'), ('Iași', 3, 'Elena Stan'),
    ('Kraków', 0, 'Katarzyna Nowak'), ('Kraków', 1, 'Tomasz Zieliński'), ('Kraków', 2, 'Lucía Romero'),
    ('Kraków', 3, 'James Whitfield');
