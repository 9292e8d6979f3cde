SELECT * FROM raw.agents;
