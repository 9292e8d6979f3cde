-- Lines before the first message of a file.
SELECT 'messages' AS "table", left(line, 200) AS value, 'no line with a date precedes it' AS reason, _file, _row, true AS is_wrong FROM raw.lines WHERE nr = 0;
