-- One row per status: what it is called, and its category.
SELECT statuses.id, any_value(statuses.name) AS name, any_value(categories.name) AS category
FROM raw.statuses AS statuses
LEFT JOIN raw.categories AS categories ON categories.id = statuses.status_category_id
GROUP BY statuses.id
