-- The newest copy of each contact record.
SELECT * FROM raw.records
QUALIFY row_number() OVER (PARTITION BY id ORDER BY updated DESC NULLS LAST, _file DESC, _row DESC) = 1
