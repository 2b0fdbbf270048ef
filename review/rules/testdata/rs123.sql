-- @past
CREATE VIEW customers AS SELECT id, name FROM users;
CREATE OR REPLACE VIEW open_orders (id, total) AS SELECT o.id, SUM(i.price) FROM orders AS o JOIN items AS i ON i.order_id = o.id WHERE o.open = 1 GROUP BY o.id;
CREATE VIEW everything AS SELECT * FROM users;
CREATE VIEW both_kinds AS SELECT id FROM users WHERE id > 0 UNION SELECT id AS x FROM guests WHERE id > 0;
-- @review
CREATE OR REPLACE VIEW customers AS SELECT id, full_name FROM users; -- want RS123
CREATE OR REPLACE VIEW everything AS SELECT id FROM users; -- want RS123
ALTER VIEW both_kinds AS SELECT name FROM users WHERE id > 0; -- want RS123
DROP VIEW open_orders; -- want RS123
DROP VIEW IF EXISTS closed_orders, old_orders; -- want RS123 RS123

-- Silent: every name is kept, or the view is new.
CREATE OR REPLACE VIEW both_kinds AS SELECT NAME, id AS called FROM users;
CREATE VIEW fresh AS SELECT id FROM users;
CREATE OR REPLACE VIEW fresh AS SELECT name FROM users;
DROP VIEW fresh;
CREATE OR REPLACE VIEW newer AS SELECT id FROM users;
-- @case nothing is known of what was there
CREATE OR REPLACE VIEW customers AS SELECT id FROM users; -- want RS123
