-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, state ENUM('new','it''s','sent'));
-- @review
ALTER TABLE orders MODIFY state ENUM('new','it''s','packed','sent'); -- want RS216
-- @case at the end
-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, state ENUM('new','it''s','sent'));
-- @review
ALTER TABLE orders MODIFY state ENUM('new','it''s','sent','packed');
