SELECT * FROM raw.calls;
