-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, state ENUM('new','paid','sent'), kind VARCHAR(10));
-- @review
ALTER TABLE orders MODIFY state ENUM('new','paid'); -- want RS214
ALTER TABLE orders MODIFY kind VARCHAR(20);
-- @case it stays whole
-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, state ENUM('new','paid','sent'));
-- @review
ALTER TABLE orders MODIFY state ENUM('new','paid','sent','back');
ALTER TABLE elsewhere MODIFY state ENUM('new','paid');
CREATE TABLE fresh (id BIGINT PRIMARY KEY, state ENUM('new','paid'));
ALTER TABLE fresh MODIFY state ENUM('new');
