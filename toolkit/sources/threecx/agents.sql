-- The extensions that answered, and those that called out, by their display names.
WITH shown AS (
    SELECT end_no AS number, end_name AS name, _file, _row FROM raw.legs WHERE is_reached AND NOT (is_to_outside AND end_no = to_no)
    UNION ALL
    SELECT from_no, from_name, _file, _row FROM raw.legs WHERE NOT is_from_outside AND is_to_outside
)
SELECT number AS agent_id, any_value(name) AS name, false AS is_bot, min(_file) AS _file, arg_min(_row, (_file, _row)) AS _row
FROM shown
WHERE number LIKE 'Ext.%'
GROUP BY number;
