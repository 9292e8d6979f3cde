SELECT * FROM raw.site_visits;
