ALTER TABLE orders ADD COLUMN a INT; -- want RS227
ALTER TABLE orders ADD COLUMN b INT;
-- @case it is set
SET SESSION lock_wait_timeout = 5;
ALTER TABLE orders ADD COLUMN a INT;
-- @case it is set too late
ALTER TABLE orders ADD COLUMN a INT; -- want RS227
SET SESSION lock_wait_timeout = 5;
-- @case only what is new
CREATE TABLE fresh (id BIGINT PRIMARY KEY);
ALTER TABLE fresh ADD COLUMN n INT;
INSERT INTO orders (id) VALUES (1);
DROP VIEW old_orders;
-- @case the server limits it
-- @setting lock_wait_timeout 30
ALTER TABLE orders ADD COLUMN a INT;
-- @case the server's default
-- @setting lock_wait_timeout 31536000
DROP TABLE orders; -- want RS227
-- @case MariaDB's own clause
-- @server mariadb 10.11.6
ALTER TABLE orders WAIT 5 ADD COLUMN a INT;
ALTER TABLE orders NOWAIT ADD COLUMN a INT;
SET STATEMENT lock_wait_timeout = 5 FOR ALTER TABLE orders ADD COLUMN a INT;
SET STATEMENT max_statement_time = 5 FOR ALTER TABLE orders ADD COLUMN a INT; -- want RS227
-- @case a column of that name
-- @server mariadb 10.11.6
RENAME TABLE orders NOWAIT TO old_orders;
CREATE INDEX by_name ON orders (name) WAIT 5;
DROP INDEX by_name ON orders WAIT 5;
TRUNCATE TABLE orders WAIT 5;
ALTER TABLE orders ADD COLUMN `wait` INT, ADD nowait INT; -- want RS227
