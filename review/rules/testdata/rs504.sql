START TRANSACTION;
UPDATE users SET state = 'x' WHERE id = 1;
ALTER TABLE users ADD COLUMN country CHAR(2) NULL; -- want RS504
ALTER TABLE users ADD COLUMN town VARCHAR(100) NULL;
COMMIT;
-- @case never ended
BEGIN;
CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY); -- want RS504
-- @case data alone, DDL alone, temporary tables
BEGIN;
UPDATE users SET state = 'y' WHERE id = 2;
CREATE TEMPORARY TABLE passing (id INT NOT NULL PRIMARY KEY);
DROP TEMPORARY TABLE passing;
COMMIT;
ALTER TABLE users ADD COLUMN town VARCHAR(100) NULL;
-- @case DDL alone needs no transaction
BEGIN;
CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY); -- want RS504
COMMIT;
