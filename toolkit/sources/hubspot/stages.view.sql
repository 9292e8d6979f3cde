-- One row per stage of a pipeline: what it is called, and whether tickets in it are closed.
WITH given AS (
    SELECT stage_id, pipeline_id, label, coalesce(nullif(is_closed, ''), CASE upper(ticket_state) WHEN 'CLOSED' THEN 'true' WHEN 'OPEN' THEN 'false' END) AS closed
    FROM raw.ticket_pipeline_stage
    UNION ALL
    SELECT
        stage->>'$.id', pipeline_id, stage->>'$.label',
        coalesce(stage->>'$.metadata.isClosed', CASE upper(stage->>'$.metadata.ticketState') WHEN 'CLOSED' THEN 'true' WHEN 'OPEN' THEN 'false' END)
    FROM (
        SELECT id AS pipeline_id, unnest(from_json(CASE WHEN json_valid(stages) AND stages LIKE '[%' THEN stages ELSE '[]' END, '["JSON"]')) AS stage
        FROM raw.api_pipelines
    )
)
SELECT stage_id, any_value(pipeline_id) AS pipeline_id, any_value(label) AS label, bool_or(lower(closed) IN ('true', '1')) AS is_closed
FROM given
WHERE stage_id <> ''
GROUP BY stage_id
