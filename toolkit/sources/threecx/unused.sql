-- Lines that are no leg, and legs of calls between extensions.
SELECT
    'calls' AS "table",
    left(line, 200) AS value,
    CASE WHEN trim(line) = '' THEN 'the line is blank' ELSE 'none of its fields is a time such as 2023/09/19 13:33:54' END AS reason,
    _file,
    _row,
    trim(line) <> '' AS is_wrong
FROM raw.cdr AS lines
WHERE NOT EXISTS (SELECT 1 FROM raw.legs AS legs WHERE legs._file = lines._file AND legs._row = lines._row)
UNION ALL
SELECT
    'calls',
    concat_ws(', ', group_id, started, from_no, to_no),
    CASE WHEN copy > 1 THEN 'the same leg is there twice' ELSE 'a call between extensions: nobody from outside took part in it' END,
    _file,
    _row,
    false
FROM raw.legs AS legs
WHERE copy > 1 OR group_id IN (SELECT group_id FROM raw.legs GROUP BY group_id HAVING NOT bool_or(is_from_outside OR is_to_outside));
