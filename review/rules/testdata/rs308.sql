DELETE FROM sessions WHERE expires_at < '2026-01-01' ORDER BY id; -- want RS308
UPDATE users SET active = 0 WHERE active = 1 ORDER BY id; -- want RS308
DELETE FROM sessions WHERE expires_at < '2026-01-01' ORDER BY id LIMIT 1000;
SELECT id FROM users WHERE active = 1 ORDER BY id;
