-- @past
CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY, state ENUM('new', 'canceled', 'it''s') NOT NULL, tags SET('a', 'b'), kind ENUM('x', 'y'));
-- @review
ALTER TABLE orders MODIFY COLUMN state ENUM('new', 'cancelled', 'it''s') NOT NULL; -- want RS115
ALTER TABLE orders CHANGE COLUMN tags labels SET('a', 'c'); -- want RS115

-- Silent: values at the end, values taken out, another order.
ALTER TABLE orders MODIFY COLUMN state ENUM('new', 'cancelled', 'it''s', 'gone') NOT NULL;
ALTER TABLE orders MODIFY COLUMN state ENUM('new', 'it''s', 'gone') NOT NULL;
ALTER TABLE orders MODIFY COLUMN kind ENUM('y', 'x');
ALTER TABLE unknown MODIFY COLUMN state ENUM('p', 'q');
