-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, state ENUM('new','paid','sent'));
-- @review
ALTER TABLE orders MODIFY state ENUM('paid','new','sent'); -- want RS215
-- @case the same order
-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, state ENUM('new','paid','sent'));
-- @review
ALTER TABLE orders MODIFY state ENUM('new','sent');
