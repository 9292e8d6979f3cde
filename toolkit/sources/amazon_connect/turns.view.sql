-- One row per turn of a Contact Lens transcript, of a contact with several files those of one.
SELECT * FROM raw.every_turn WHERE copy = 1
