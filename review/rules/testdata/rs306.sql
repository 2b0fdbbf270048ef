SELECT id FROM users WHERE active = 1 ORDER BY RAND() LIMIT 5; -- want RS306
INSERT INTO samples (id) SELECT id FROM users ORDER BY rand() LIMIT 5; -- want RS306
DELETE FROM users WHERE active = 0 ORDER BY RAND() LIMIT 5; -- want RS306
SELECT id FROM users ORDER BY id LIMIT 5;
SELECT RAND() FROM users WHERE id = 1;
