-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, a INT, b INT, KEY by_a (a), KEY by_b (b), KEY by_a_b (a, b), KEY by_c (b, a));
ALTER TABLE orders ALTER INDEX by_c INVISIBLE;
-- @review
ALTER TABLE orders DROP INDEX by_a_b; -- want RS224
DROP INDEX old ON elsewhere; -- want RS224
ALTER TABLE orders DROP INDEX by_c;
CREATE TABLE fresh (id BIGINT PRIMARY KEY, a INT, KEY by_a (a));
DROP INDEX by_a ON fresh;
-- @case another index has its columns
-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, a INT, b INT, KEY by_a (a), KEY by_a_b (a, b));
-- @review
ALTER TABLE orders DROP INDEX by_a;
