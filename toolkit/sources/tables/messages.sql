SELECT * FROM raw.messages;
