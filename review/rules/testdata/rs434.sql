-- @option definers app@localhost
CREATE DEFINER = root@localhost VIEW v1 AS SELECT id FROM users; -- want RS434
CREATE VIEW v2 AS SELECT id FROM users; -- want RS434
CREATE TRIGGER t1 BEFORE INSERT ON users FOR EACH ROW SET NEW.n = 1; -- want RS434
CREATE DEFINER = `app`@`localhost` VIEW v3 AS SELECT id FROM users;
CREATE SQL SECURITY INVOKER VIEW v4 AS SELECT id FROM users;
CREATE DEFINER = 'app'@'localhost' TRIGGER t2 BEFORE INSERT ON users FOR EACH ROW SET NEW.n = 1;
