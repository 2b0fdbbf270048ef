START TRANSACTION;
UPDATE users SET active = 0 WHERE id = 1;
COMMIT;
UPDATE users SET active = 0 WHERE id = 2;
COMMIT; -- want RS315
SET autocommit = 0; -- want RS315
ROLLBACK; -- want RS315
SET @a = 1;
