-- @size countries 250 16384
-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, total INT);
CREATE TABLE countries (id BIGINT PRIMARY KEY);
-- @review
ALTER TABLE orders ADD COLUMN note VARCHAR(100); -- want RS203
CREATE INDEX by_total ON orders (total); -- want RS203
ALTER TABLE elsewhere ADD COLUMN n INT; -- want RS203
ALTER TABLE countries ADD COLUMN n INT;
ALTER TABLE orders ADD COLUMN other VARCHAR(100), ALGORITHM=INSTANT;
ALTER TABLE orders MODIFY total BIGINT; -- only a copy can do it, and other rules say so
CREATE TABLE fresh (id BIGINT PRIMARY KEY);
ALTER TABLE fresh ADD COLUMN n INT;
-- @case MariaDB has an algorithm of its own
-- @server mariadb 10.11.6
-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, total INT);
-- @review
ALTER TABLE orders ADD INDEX by_total (total); -- want RS203
CREATE INDEX by_total2 ON orders (total); -- want RS203
DROP INDEX by_total ON orders; -- want RS203
ALTER TABLE orders ADD INDEX by_total3 (total), ALGORITHM=NOCOPY, LOCK=NONE;
