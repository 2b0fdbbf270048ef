-- @setting binlog_expire_logs_seconds 3600
-- @size orders 5000000000 600000000000
-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, a INT);
-- @review
ALTER TABLE orders MODIFY a BIGINT; -- want RS231
ALTER TABLE orders ADD COLUMN b INT;
-- @case kept for a month
-- @setting binlog_expire_logs_seconds 2592000
-- @size orders 5000000000 600000000000
-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, a INT);
-- @review
ALTER TABLE orders MODIFY a BIGINT;
