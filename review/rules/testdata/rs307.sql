DELETE FROM sessions WHERE expires_at < '2026-01-01' LIMIT 1000; -- want RS307
UPDATE users SET active = 0 WHERE active = 1 LIMIT 10; -- want RS307
INSERT INTO samples (id) SELECT id FROM users LIMIT 10; -- want RS307
DELETE FROM sessions WHERE expires_at < '2026-01-01' ORDER BY id LIMIT 1000;
INSERT INTO samples (id) SELECT id FROM users ORDER BY id LIMIT 10;
SELECT id FROM users LIMIT 10;
