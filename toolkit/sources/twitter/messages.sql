-- One row per tweet. The thread of a tweet is found by following its reply links up to a tweet that
-- answers nothing; where that parent is not in the file its id still names the thread, so that two
-- answers to the same lost tweet stay together.
WITH RECURSIVE tweets AS (
    SELECT
        *,
        -- parent ids were written as floats: 3.0
        regexp_replace(trim(in_response_to_tweet_id), '\.0$', '') AS parent_id,
        CASE lower(trim(inbound)) WHEN 'true' THEN true WHEN 'false' THEN false END AS is_inbound
    FROM raw.tweets
),
-- a tweet that is there twice is one step of the way, or the ways would double at each
links AS (
    SELECT tweet_id, arg_min(parent_id, _row) AS parent_id FROM tweets GROUP BY tweet_id
),
ups AS (
    SELECT tweet_id AS id, tweet_id AS reached, 0 AS step FROM links
    UNION ALL
    SELECT ups.id, links.parent_id, ups.step + 1
    FROM ups JOIN links ON links.tweet_id = ups.reached
    -- a circle of links would never end; no real thread is this deep
    WHERE links.parent_id <> '' AND ups.step < 5000
),
roots AS (
    SELECT id, arg_max(reached, step) AS root FROM ups GROUP BY id
)
SELECT
    tweets.tweet_id AS message_id,
    roots.root AS conversation_id,
    try_strptime(tweets.created_at, '%a %b %d %H:%M:%S %z %Y') AS sent_at,
    CASE WHEN tweets.is_inbound THEN 'customer' WHEN NOT tweets.is_inbound THEN 'agent' END AS sender,
    CASE WHEN NOT tweets.is_inbound THEN tweets.author_id END AS agent,
    CASE WHEN tweets.is_inbound THEN tweets.author_id END AS customer_id,
    tweets.parent_id AS in_reply_to,
    replace(replace(replace(tweets.text, '&lt;', '<'), '&gt;', '>'), '&amp;', '&') AS text,
    'x' AS channel,
    CASE WHEN NOT tweets.is_inbound THEN tweets.author_id END AS project,
    tweets._file,
    tweets._row
FROM tweets LEFT JOIN roots ON roots.id = tweets.tweet_id;
