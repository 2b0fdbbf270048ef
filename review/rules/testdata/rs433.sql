CREATE TRIGGER users_insert BEFORE INSERT ON users FOR EACH ROW SET NEW.n = 1; -- want RS433
CREATE EVENT purge ON SCHEDULE EVERY 1 DAY DO DELETE FROM sessions WHERE id < 10; -- want RS433
CREATE DEFINER = app@localhost FUNCTION twice (n INT) RETURNS INT DETERMINISTIC RETURN n * 2; -- want RS433
CREATE VIEW v AS SELECT id FROM users; -- want RS433
SELECT SLEEP(1); -- want RS433
DROP TRIGGER users_insert;
SELECT LOWER('A');
-- @case what the team allows
-- @option allowed view
CREATE VIEW v AS SELECT id FROM users;
