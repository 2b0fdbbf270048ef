UPDATE users SET active = 0; -- want RS301
DELETE FROM sessions; -- want RS301
DELETE FROM sessions WHERE 1; -- want RS301
UPDATE users SET active = 0 WHERE 1 = 1; -- want RS301
UPDATE users SET active = 0 WHERE id BETWEEN 1 AND 1000;
DELETE FROM sessions WHERE expires_at < '2026-01-01';
CREATE TABLE fresh (id BIGINT PRIMARY KEY, n INT);
UPDATE fresh SET n = 0;
UPDATE users JOIN fresh ON fresh.id = users.id SET users.active = 0;
