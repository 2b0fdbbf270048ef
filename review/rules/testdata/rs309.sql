UPDATE users SET active = 0 WHERE email = NULL; -- want RS309
DELETE FROM users WHERE email <> NULL; -- want RS309
DELETE FROM users WHERE id NOT IN (1, 2, NULL); -- want RS309
SELECT id FROM users WHERE NULL != email; -- want RS309
UPDATE users SET email = NULL WHERE id = 1;
DELETE FROM users WHERE email IS NULL;
DELETE FROM users WHERE email <=> NULL;
