-- @past
CREATE TABLE users (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(200), nick VARCHAR(20));
CREATE TABLE logins (id BIGINT NOT NULL PRIMARY KEY, mail VARCHAR(200));
CREATE TABLE visits (id BIGINT NOT NULL PRIMARY KEY, page VARCHAR(200));
CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY, note TEXT);
-- @review
ALTER TABLE users ADD COLUMN first_name VARCHAR(100) NULL;
UPDATE users SET first_name = SUBSTRING_INDEX(name, ' ', 1) WHERE id < 1000;
ALTER TABLE users DROP COLUMN name; -- want RS126
ALTER TABLE items ADD COLUMN cents BIGINT NULL, DROP COLUMN price; -- want RS126

CREATE TABLE accounts (id BIGINT NOT NULL PRIMARY KEY, mail VARCHAR(200) NULL);
INSERT INTO accounts (id, mail) SELECT id, mail FROM logins WHERE id > 0;
DROP TABLE logins; -- want RS126
CREATE TABLE visits_new AS SELECT id, page FROM visits WHERE id > 0;
RENAME TABLE visits TO visits_old; -- want RS126

ALTER TABLE users ADD COLUMN level INT NULL;
UPDATE users SET level = 3 WHERE nick = 'root';
ALTER TABLE users RENAME COLUMN nick TO alias; -- want RS126

-- Silent: nothing that has to do with it was added, nothing was added to what loses a column, or the drop is released later.
ALTER TABLE orders DROP COLUMN note;
ALTER TABLE shops ADD COLUMN note TEXT NULL;
-- @set
ALTER TABLE users DROP COLUMN alias;
ALTER TABLE shops ADD COLUMN other TEXT NULL;
ALTER TABLE shops DROP COLUMN old_note;
-- @case a table that is taken apart under another name: nobody writes to it
-- @past
CREATE TABLE devices (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(20));
-- @review
RENAME TABLE devices TO devices_backup;
CREATE TABLE devices (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(200));
INSERT INTO devices (id, name) SELECT id, name FROM devices_backup WHERE id > 0;
DROP TABLE devices_backup;
