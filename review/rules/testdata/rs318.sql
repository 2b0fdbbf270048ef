-- @size countries 250 16384
-- @past
CREATE TABLE countries (code CHAR(2) PRIMARY KEY, name VARCHAR(100));
-- @review
UPDATE countries SET title = 'x' WHERE code = 'de'; -- want RS318
DELETE FROM nowhere WHERE id = 1; -- want RS318
INSERT INTO countries (code, title) VALUES ('de', 'x'); -- want RS318
SELECT c.title FROM countries c WHERE c.code = 'de'; -- want RS318
UPDATE countries SET name = 'Germany' WHERE code = 'de';
SELECT c.name AS n FROM countries c WHERE c.code = 'de' ORDER BY n;
ALTER TABLE countries ADD COLUMN capital VARCHAR(100) NULL;
UPDATE countries SET capital = 'Berlin' WHERE code = 'de';
CREATE TABLE fresh (id BIGINT PRIMARY KEY);
INSERT INTO fresh (id) VALUES (1);
