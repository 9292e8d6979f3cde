-- The extensions that answered, by their display names.
SELECT end_no AS agent_id, any_value(end_name) AS name, false AS is_bot, min(_file) AS _file, arg_min(_row, (_file, _row)) AS _row
FROM raw.legs
WHERE is_reached AND end_no LIKE 'Ext.%' AND end_name IS NOT NULL
GROUP BY end_no;
