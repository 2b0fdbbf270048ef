-- @size orders 500000000 60000000000
-- @size countries 250 16384
-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, name VARCHAR(100));
CREATE TABLE countries (code CHAR(2) PRIMARY KEY, name VARCHAR(100));
-- @review
INSERT INTO users_archive (id, name) SELECT id, name FROM orders WHERE name <> ''; -- want RS304
CREATE TABLE orders_copy AS SELECT id FROM orders; -- want RS304
INSERT INTO users_archive (id, name) SELECT id, name FROM orders WHERE id = 7;
INSERT INTO users_archive (id, name) SELECT id, name FROM orders LIMIT 100;
INSERT INTO users_archive (id, name) SELECT code, name FROM countries;
INSERT INTO countries (code, name) VALUES ('de', 'Germany'), ('fr', 'France');
INSERT INTO users_archive (id, name) SELECT id, name FROM elsewhere WHERE name <> '';
-- @case many rows of values
-- @option rows 2
INSERT INTO countries (code, name) VALUES ('de', 'Germany'), ('fr', 'France'), ('it', 'Italy'); -- want RS304
CREATE TABLE fresh (id BIGINT PRIMARY KEY);
INSERT INTO fresh (id) VALUES (1), (2), (3);
