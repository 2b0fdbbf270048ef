SELECT id, name FROM users; -- want RS302
SELECT COUNT(*) FROM users; -- want RS302
SELECT id FROM users WHERE id = 7;
SELECT id FROM users LIMIT 1;
SELECT 1;
SELECT @@version;
SELECT COUNT(*) FROM information_schema.tables;
CREATE TABLE fresh (id BIGINT PRIMARY KEY);
SELECT id FROM fresh;
