-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, total INT);
-- @review
ALTER TABLE orders ADD INDEX by_total (total), ALGORITHM=INPLACE; -- want RS204
CREATE INDEX by_total2 ON orders (total) ALGORITHM=INPLACE; -- want RS204
ALTER TABLE orders ADD INDEX by_total3 (total), ALGORITHM=INPLACE, LOCK=NONE;
ALTER TABLE orders ADD COLUMN note VARCHAR(100), ALGORITHM=INSTANT;
ALTER TABLE orders ADD COLUMN other VARCHAR(100); -- RS203 asks for both
-- @case MariaDB
-- @server mariadb 10.11.6
-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, total INT);
-- @review
ALTER TABLE orders ADD INDEX by_total (total), ALGORITHM=NOCOPY; -- want RS204
ALTER TABLE orders ADD INDEX by_total3 (total), ALGORITHM=NOCOPY, LOCK=NONE;
