-- @server mysql 8.4.5
-- @versions orders 60
-- @versions users 3
-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, a INT);
CREATE TABLE users (id BIGINT PRIMARY KEY, a INT);
-- @review
ALTER TABLE orders ADD COLUMN b INT, ALGORITHM=INSTANT; -- want RS233
ALTER TABLE users ADD COLUMN b INT, ALGORITHM=INSTANT;
ALTER TABLE orders ALTER COLUMN a SET DEFAULT 1;
ALTER TABLE orders ADD INDEX by_a (a);
-- @case the budget of later versions
-- @server mysql 9.7.0
-- @versions orders 60
-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, a INT);
-- @review
ALTER TABLE orders ADD COLUMN b INT, ALGORITHM=INSTANT;
