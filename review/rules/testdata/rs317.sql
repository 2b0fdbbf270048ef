ALTER TABLE users ADD COLUMN note VARCHAR(100) NULL;
UPDATE users SET note = '' WHERE id = 1; -- want RS317
UPDATE users SET note = '' WHERE id = 2;
CREATE TABLE fresh (id BIGINT PRIMARY KEY);
INSERT INTO fresh (id) VALUES (1);
