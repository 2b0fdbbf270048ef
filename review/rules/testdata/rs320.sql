ALTER TABLE users ADD COLUMN full_name VARCHAR(200) NULL;
UPDATE users SET full_name = CONCAT(first, ' ', last) WHERE full_name IS NULL; -- want RS320
ALTER TABLE orders ADD COLUMN note VARCHAR(100) NULL;
UPDATE users SET active = 1 WHERE id = 1;
CREATE TABLE fresh (id BIGINT PRIMARY KEY);
ALTER TABLE fresh ADD COLUMN n INT;
UPDATE fresh SET n = 1;
