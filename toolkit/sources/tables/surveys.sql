SELECT * FROM raw.surveys;
