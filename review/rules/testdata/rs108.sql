-- @past
CREATE TABLE items (
  id BIGINT NOT NULL PRIMARY KEY, a INT, b INT, c INT, d INT, e INT,
  KEY by_b (b), KEY by_a_c (a, c), UNIQUE KEY one_d (a, d)
);
-- @review
ALTER TABLE items DROP COLUMN b; -- want RS108
ALTER TABLE items DROP COLUMN c; -- want RS108
ALTER TABLE items DROP COLUMN d; -- want RS108
ALTER TABLE items DROP COLUMN e;
-- @case what goes or comes with the same statement
-- @past
CREATE TABLE items (id BIGINT NOT NULL PRIMARY KEY, a INT, b INT, KEY by_b (b), KEY by_a (a));
-- @review
ALTER TABLE items DROP INDEX by_b, DROP COLUMN b;
DROP INDEX by_a ON items;
ALTER TABLE items DROP COLUMN a;
CREATE TABLE fresh (id BIGINT NOT NULL PRIMARY KEY, x INT, KEY by_x (x));
ALTER TABLE fresh DROP COLUMN x;
-- @case nothing is known of the table
ALTER TABLE items DROP COLUMN b;
-- @case MariaDB refuses
-- @server mariadb 10.11.6
-- @past
CREATE TABLE items (id BIGINT NOT NULL PRIMARY KEY, a INT, b INT, UNIQUE KEY one (a, b));
-- @review
ALTER TABLE items DROP COLUMN b; -- want RS108
