UPDATE users SET email = TRIM(email) WHERE email LIKE '% '; -- want RS319
DELETE FROM sessions WHERE expires_at < '2026-01-01'; -- want RS319
CREATE TABLE accounts_before AS SELECT id, email FROM accounts WHERE email LIKE '% ';
UPDATE accounts SET email = TRIM(email) WHERE email LIKE '% ';
UPDATE profiles SET full_name = CONCAT(first, ' ', last) WHERE full_name IS NULL;
CREATE TABLE fresh (id BIGINT PRIMARY KEY, n INT);
UPDATE fresh SET n = 1;
