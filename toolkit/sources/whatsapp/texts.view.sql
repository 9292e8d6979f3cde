-- One row per message: its first line, and the lines after it that have no date.
WITH whole AS (
    SELECT
        _file,
        nr,
        min(_row) AS _row,
        any_value(sent) FILTER (day IS NOT NULL) AS sent,
        any_value(nullif(person, '')) FILTER (day IS NOT NULL) AS person,
        string_agg(CASE WHEN day IS NULL THEN line WHEN person <> '' THEN substr(rest, length(person) + 3) ELSE rest END, chr(10) ORDER BY _row) AS text
    FROM raw.lines
    WHERE nr > 0
    GROUP BY _file, nr
),
told AS (
    SELECT
        *,
        -- the notice of encryption comes under the name of the chat
        CASE WHEN text NOT LIKE '%end-to-end encrypt%' THEN person END AS author,
        regexp_extract(_file, '([^/\\]+?)([.]txt)?([.]gz)?$', 1) AS chat,
        [try_cast(part AS BIGINT) FOR part IN regexp_extract_all(sent, '\d+')] AS n,
        bool_or(try_cast(regexp_extract_all(sent, '\d+')[2] AS BIGINT) > 12) OVER (PARTITION BY _file) AS is_month_first
    FROM whole
),
-- only to find the pauses: what a message is filed under is the text of its time, which the loader reads
timed AS (
    SELECT
        *,
        try(make_timestamp(
            CASE WHEN n[1] > 31 THEN n[1] WHEN n[3] < 100 THEN 2000 + n[3] ELSE n[3] END,
            CASE WHEN n[1] > 31 THEN n[2] WHEN is_month_first THEN n[1] ELSE n[2] END,
            CASE WHEN n[1] > 31 THEN n[3] WHEN is_month_first THEN n[2] ELSE n[1] END,
            CASE WHEN sent LIKE '%PM' THEN n[4] % 12 + 12 WHEN sent LIKE '%AM' THEN n[4] % 12 ELSE n[4] END,
            n[5], coalesce(n[6], 0)::DOUBLE
        )) AS moment
    FROM told
),
paused AS (
    SELECT *, coalesce(moment - lag(moment) OVER (PARTITION BY _file ORDER BY nr) >= INTERVAL 24 HOURS, false) AS is_new FROM timed
)
SELECT
    * EXCLUDE (n, is_month_first, is_new),
    chat || '#' || (1 + count(*) FILTER (is_new) OVER (PARTITION BY _file ORDER BY nr)) AS conversation,
    coalesce(
        first_value(CASE WHEN ends_with(lower(chat), lower(author)) THEN author END IGNORE NULLS) OVER everything,
        first_value(author IGNORE NULLS) OVER everything
    ) AS customer
FROM paused
WINDOW everything AS (PARTITION BY _file ORDER BY nr ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
