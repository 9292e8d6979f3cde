SELECT * FROM raw.call_stages;
