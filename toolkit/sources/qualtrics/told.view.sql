-- What the columns of an exported CSV hold, a row a cell: below the names stand the questions' texts and their ids.
WITH cells AS (
    SELECT cell.key AS name, cell.value AS value, _file, _row
    FROM (
        SELECT unnest(map_entries(CAST(to_json(export) AS MAP(VARCHAR, VARCHAR)))) AS cell, export._file, export._row
        FROM raw.export AS export
    )
    WHERE cell.value IS NOT NULL
),
heads AS (
    SELECT _file, name, string_agg(lower(value), ' ') AS words
    FROM cells
    WHERE (_file, _row) IN (SELECT (_file, _row) FROM cells WHERE lower(name) = 'responseid' AND (value LIKE '{%' OR position('_' IN value) = 0))
    GROUP BY ALL
)
SELECT
    cells.name,
    cells.value,
    CASE
        WHEN (cells._file, cells.name || '_NPS_GROUP') IN (SELECT (_file, name) FROM cells) THEN 'nps'
        WHEN cells.name LIKE '%\_NPS\_GROUP' ESCAPE '\' THEN NULL
        WHEN regexp_matches(concat_ws(' ', lower(cells.name), heads.words), '\bcsat\b|satisf|zufrieden|soddisf|zadowol|mul[țt]umi') THEN 'csat'
        WHEN regexp_matches(lower(cells.name), '^(ticket|case|conversation|incident)[ _-]?(id|number|key)?$') THEN 'conversation'
    END AS kind,
    cells._file,
    cells._row
FROM cells
LEFT JOIN heads ON heads._file = cells._file AND heads.name = cells.name
