-- One row per UTC hour, of the sixteen weeks and of the thin year before them (`is_history`): its local hour, whether
-- the service is open, how much comes in.

CREATE TABLE hours AS
WITH
instants AS (
    SELECT unnest(range(getvariable('begin'), getvariable('as_of'), 3600)) AS start
),
local_times AS (
    -- Europe/Rome is UTC+1, and UTC+2 in summer.
    SELECT start, start + CASE
        WHEN start < getvariable('summer_before') THEN 3600 WHEN start < getvariable('winter') THEN 7200
        WHEN start < getvariable('summer') THEN 3600 ELSE 7200
    END AS local
    FROM instants
),
parts AS (
    SELECT
        start,
        local // 86400 AS day,                               -- days since 1970-01-01
        CAST(local % 86400 // 3600 AS INTEGER) AS hour,
        CAST((local // 86400 + 3) % 7 AS INTEGER) AS weekday,  -- 0 is Monday
        CAST((local // 86400 - getvariable('first_day') + 301) // 7 AS INTEGER) - 43 AS week,  -- of history below 0
        local // 86400 - getvariable('first_day') AS day_index,
        local // 86400 < getvariable('first_day') AS is_history,
        -- Easter Sunday, Easter Monday, Liberation Day and so on
        strftime(DATE '1970-01-01' + CAST(local // 86400 AS INTEGER), '%Y-%m-%d') IN (
            '2023-04-09', '2023-04-10', '2023-04-25', '2023-05-01', '2023-06-02', '2023-08-15', '2023-11-01', '2023-12-08',
            '2023-12-25', '2023-12-26', '2024-01-01', '2024-01-06', '2024-03-31', '2024-04-01', '2024-04-25'
        ) AS is_holiday
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
        -- The year before: a busy April to be compared with, a quiet summer, more from week to week towards January.
        * CASE WHEN is_history THEN [
            70, 80, 90, 95, 95, 95, 92, 70, 50, 38, 30, 26, 24, 22, 22, 20, 20, 19, 18, 17, 16,
            15, 15, 16, 18, 19, 19, 20, 21, 22, 23, 24, 25, 27, 30, 33, 36, 42, 50, 62, 78, 120, 160
        ][week + 44] ELSE 1000 + day_index END               -- a slow rise: a tenth of a per cent a day
        * CASE WHEN week = 14 THEN 13 ELSE 10 END AS weight,
        CASE
            WHEN weekday >= 5 OR is_holiday OR hour NOT BETWEEN 8 AND 19 THEN 0.20
            WHEN hour = 13 THEN 0.66                         -- people phone in their own lunch break
            WHEN hour IN (12, 14) THEN 0.46
            WHEN hour >= 17 THEN 0.36
            ELSE 0.43
        END * CASE WHEN is_history THEN 1.15 ELSE 1 END AS phone_share  -- a year before more phoned
    FROM parts
)
SELECT
    *,
    min(CASE WHEN is_open THEN start END)
        OVER (ORDER BY start ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_open,
    -- The contacts from `low` up to, not including, `high` fall into this hour.
    CAST(first_number + numbers * (sum(weight) OVER running - weight) // sum(weight) OVER era AS BIGINT) AS low,
    CAST(first_number + numbers * (sum(weight) OVER running) // sum(weight) OVER era AS BIGINT) AS high
FROM opened, LATERAL (
    SELECT
        -- History is numbered after the sixteen weeks, so that it leaves their numbers, and all that is drawn by them, alone.
        CASE WHEN is_history THEN getvariable('contacts') ELSE 0 END AS first_number,
        CASE WHEN is_history THEN getvariable('history') ELSE getvariable('contacts') END AS numbers
)
WINDOW running AS (PARTITION BY is_history ORDER BY start ROWS UNBOUNDED PRECEDING), era AS (PARTITION BY is_history);

-- One row per contact: its number and its second, both rising within the sixteen weeks and within the year before.
-- Everything else is derived from these.
CREATE TABLE contacts AS
SELECT
    i,
    CASE
        -- The last four phone just before the data is read: calls that are not over yet.
        WHEN i BETWEEN getvariable('contacts') - 4 AND getvariable('contacts') - 1 THEN getvariable('as_of') - 8 - 5 * (getvariable('contacts') - 1 - i)
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
