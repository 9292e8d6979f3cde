-- Each line with what begins a message taken apart: [15-01-20 02:22:56] Mary: or 15.04.2016, 15:04 - Mary:, with the marks
-- of direction and the narrow blanks that phones write taken out.
WITH plain AS (
    SELECT regexp_replace(regexp_replace(line, '[\x{200e}\x{200f}\x{202a}-\x{202e}\x{feff}]', '', 'g'), '[\x{00a0}\x{202f}]', ' ', 'g') AS line, _file, _row
    FROM raw.chats
),
parted AS (
    SELECT
        *,
        regexp_extract(
            line,
            '^\[?(\d{1,4}[-./]\d{1,2}[-./]\d{1,4}),? (\d{1,2}[:.]\d{2}(?:[:.]\d{2})?) ?([AaPp][.]? ?[Mm][.]?)?(?:\] | - )(.*)$',
            ['day', 'clock', 'half', 'rest']
        ) AS parts
    FROM plain
)
SELECT
    _file,
    _row,
    line,
    nullif(parts.day, '') AS day,
    trim(parts.day || ' ' || replace(parts.clock, '.', ':') || ' ' || upper(replace(replace(parts.half, '.', ''), ' ', ''))) AS sent,
    regexp_extract(parts.rest, '^([^:]{1,100}): ', 1) AS person,
    parts.rest AS rest,
    count(nullif(parts.day, '')) OVER (PARTITION BY _file ORDER BY _row) AS nr
FROM parted
