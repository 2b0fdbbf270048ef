ALTER TABLE users ADD COLUMN country CHAR(2) NOT NULL; -- want RS109
ALTER TABLE users ADD note TEXT NOT NULL COMMENT 'no DEFAULT here' AFTER name; -- want RS109
ALTER TABLE users
  ADD COLUMN a INT NULL,
  ADD COLUMN b INT NOT NULL; -- want RS109
ALTER TABLE users ADD COLUMN (c INT NOT NULL, d INT NULL, e INT NOT NULL); -- want RS109 RS109

-- Silent: an INSERT that does not name the column works.
ALTER TABLE users ADD COLUMN f INT NULL;
ALTER TABLE users ADD COLUMN g INT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN h INT;
ALTER TABLE users ADD COLUMN i BIGINT NOT NULL AUTO_INCREMENT UNIQUE;
ALTER TABLE users ADD COLUMN j SERIAL;
ALTER TABLE users ADD COLUMN k INT GENERATED ALWAYS AS (a + 1) STORED NOT NULL;
ALTER TABLE users ADD COLUMN l DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- Silent: nobody inserts into the table yet.
CREATE TABLE fresh (id BIGINT NOT NULL PRIMARY KEY);
ALTER TABLE fresh ADD COLUMN a INT NOT NULL;
-- @case the server gives a TIMESTAMP a default of its own
-- @server mariadb 10.6.12
ALTER TABLE users ADD COLUMN seen TIMESTAMP NOT NULL;
ALTER TABLE users ADD COLUMN born DATETIME NOT NULL; -- want RS109
-- @case unless somebody told it not to
-- @server mariadb 10.6.12
-- @setting explicit_defaults_for_timestamp ON
ALTER TABLE users ADD COLUMN seen TIMESTAMP NOT NULL; -- want RS109
-- @case
-- @server mysql 8.4.3
ALTER TABLE users ADD COLUMN seen TIMESTAMP NOT NULL; -- want RS109
