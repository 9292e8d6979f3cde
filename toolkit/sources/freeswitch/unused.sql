-- Records in another order of fields, and second legs.
SELECT
    'calls' AS "table",
    concat_ws(', ', caller_id_number, destination_number, start_stamp, hangup_cause, uuid) AS value,
    CASE WHEN coalesce(regexp_matches(start_stamp, '\d{1,2}:\d{2}'), false) THEN 'the second leg of a call that is there'
        ELSE 'its start isn''t the 5th field, as in the template "example"' END AS reason,
    _file,
    _row,
    NOT coalesce(regexp_matches(start_stamp, '\d{1,2}:\d{2}'), false) AS is_wrong
FROM raw.legs
WHERE NOT coalesce(regexp_matches(start_stamp, '\d{1,2}:\d{2}'), false) OR uuid IN (SELECT bleg_uuid FROM raw.legs WHERE bleg_uuid IS NOT NULL);
