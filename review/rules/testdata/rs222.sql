-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, a INT, b INT, c INT);
CREATE TABLE users (id BIGINT PRIMARY KEY, a INT, b INT, c INT);
-- @review
ALTER TABLE orders ADD INDEX by_a (a);
ALTER TABLE users ADD INDEX by_a (a);
CREATE INDEX by_b ON orders (b); -- want RS222
ALTER TABLE orders ADD INDEX by_c (c);
ALTER TABLE orders MODIFY c BIGINT; -- writers wait for this one alone
ALTER TABLE users ADD COLUMN d INT;
ALTER TABLE users ADD COLUMN e INT;
ALTER TABLE users DROP INDEX by_z;
CREATE TABLE fresh (id BIGINT PRIMARY KEY, a INT, b INT);
CREATE INDEX by_a ON fresh (a);
CREATE INDEX by_b ON fresh (b);
