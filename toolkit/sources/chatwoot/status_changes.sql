-- One row per time that a conversation was resolved, opened again, snoozed or set to pending, which is: left to the bot.
SELECT
    conversation_id,
    'status' AS field,
    CASE what WHEN 'resolved by the bot' THEN 'resolved' WHEN 'pending' THEN 'pending (bot)' ELSE what END AS to_value,
    happened_at AS changed_at,
    changed_by,
    what LIKE 'resolved%' AS is_closing,
    _file,
    _row
FROM raw.events
WHERE what <> 'handed off'
-- a conversation that the bot resolves is told twice
QUALIFY row_number() OVER (PARTITION BY conversation_id, to_value, changed_at ORDER BY what DESC, _file, _row) = 1;
