SELECT * FROM raw.conversations;
