-- @size orders 500000000 60000000000
-- @size customers 2000000 300000000
-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, a INT);
CREATE TABLE customers (id BIGINT PRIMARY KEY, a INT);
-- @review
ALTER TABLE orders ADD INDEX by_a (a); -- want RS226
ALTER TABLE customers ADD INDEX by_a (a);
ALTER TABLE orders ADD COLUMN b INT;
ALTER TABLE orders DROP INDEX by_z;
ALTER TABLE orders COMMENT = 'x';
ALTER TABLE orders MODIFY a BIGINT;
