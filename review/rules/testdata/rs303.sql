-- @size users 500000000 60000000000
-- @size countries 250 16384
-- @past
CREATE TABLE users (id BIGINT PRIMARY KEY, active INT, email VARCHAR(100), UNIQUE KEY one_email (email), KEY by_active (active));
CREATE TABLE countries (code CHAR(2) PRIMARY KEY, name VARCHAR(100));
-- @review
UPDATE users SET active = 0 WHERE active = 1; -- want RS303
DELETE FROM users WHERE id BETWEEN 1 AND 100000; -- want RS303
DELETE FROM users WHERE active = 0 ORDER BY id LIMIT 50000; -- want RS303
UPDATE users SET active = 0 WHERE id BETWEEN 1 AND 1000;
UPDATE users SET active = 0 WHERE id IN (1, 2, 3) AND active = 1;
UPDATE users SET active = 0 WHERE email = 'a@example.com';
DELETE FROM users WHERE active = 0 ORDER BY id LIMIT 1000;
UPDATE countries SET name = 'x' WHERE name = 'y';
UPDATE elsewhere SET n = 1 WHERE m = 2;
CREATE TABLE fresh (id BIGINT PRIMARY KEY, n INT);
UPDATE fresh SET n = 1 WHERE id > 0;
