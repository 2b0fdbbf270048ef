-- @option free-gib 50
-- @size orders 500000000 60000000000
-- @size customers 20000000 3000000000
-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, a INT);
CREATE TABLE customers (id BIGINT PRIMARY KEY, a INT);
-- @review
ALTER TABLE orders MODIFY a BIGINT; -- want RS230
ALTER TABLE customers MODIFY a BIGINT;
ALTER TABLE orders ADD INDEX by_a (a);
-- @case nobody says how much is free
-- @size orders 500000000 60000000000
-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, a INT);
-- @review
ALTER TABLE orders MODIFY a BIGINT;
