-- @setting replica_parallel_workers 1
-- @size orders 500000000 60000000000
-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, a INT);
-- @review
ALTER TABLE orders MODIFY a BIGINT; -- want RS232
ALTER TABLE orders ADD COLUMN b INT;
-- @case in parallel
-- @setting replica_parallel_workers 4
-- @size orders 500000000 60000000000
-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, a INT);
-- @review
ALTER TABLE orders MODIFY a BIGINT;
-- @case MariaDB
-- @server mariadb 10.11.6
-- @setting slave_parallel_threads 0
-- @size orders 500000000 60000000000
-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, a INT);
-- @review
ALTER TABLE orders MODIFY a BIGINT; -- want RS232
