-- @past
CREATE TABLE users (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(50), age INT, mail VARCHAR(100), town VARCHAR(100), quiet INT);
CREATE TABLE coupons (id BIGINT NOT NULL PRIMARY KEY);
CREATE TABLE silent_table (id BIGINT NOT NULL PRIMARY KEY);
-- @review
ALTER TABLE users DROP COLUMN age; -- want RS124
ALTER TABLE users RENAME COLUMN name TO full_name; -- want RS124
ALTER TABLE users
  ADD COLUMN extra INT NULL,
  CHANGE COLUMN mail email VARCHAR(100); -- want RS124
DROP TABLE coupons; -- want RS124
RENAME TABLE users TO people; -- want RS124

-- Silent: nothing names them.
ALTER TABLE people DROP COLUMN quiet;
DROP TABLE silent_table;
CREATE TABLE fresh (id BIGINT NOT NULL PRIMARY KEY, age INT);
ALTER TABLE fresh DROP COLUMN age;
-- @case other structs, and query builders
-- @past
CREATE TABLE shops (id BIGINT NOT NULL PRIMARY KEY, street VARCHAR(50), town VARCHAR(50), owner VARCHAR(50), area INT);
CREATE TABLE order_items (id BIGINT NOT NULL PRIMARY KEY, price INT, mass INT);
-- @review
ALTER TABLE shops DROP COLUMN town; -- want RS124
ALTER TABLE shops DROP COLUMN owner; -- want RS124
ALTER TABLE order_items DROP COLUMN mass; -- want RS124
ALTER TABLE unknown DROP COLUMN mail; -- want RS124

-- Silent: of another table.
ALTER TABLE shops DROP COLUMN area;
ALTER TABLE order_items DROP COLUMN price;

RENAME TABLE shops TO stores; -- want RS124
