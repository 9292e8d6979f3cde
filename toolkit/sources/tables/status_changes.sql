SELECT * FROM raw.status_changes;
