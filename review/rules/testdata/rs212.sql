-- @past
CREATE TABLE users (id BIGINT PRIMARY KEY, a INT, b INT);
-- @review
ALTER TABLE users MODIFY b INT AFTER id; -- want RS212
ALTER TABLE elsewhere MODIFY b INT FIRST; -- want RS212
ALTER TABLE elsewhere MODIFY b INT;
ALTER TABLE users ADD COLUMN c INT AFTER id;
-- @case where it stands already
-- @past
CREATE TABLE users (id BIGINT PRIMARY KEY, a INT, b INT);
-- @review
ALTER TABLE users MODIFY b INT AFTER a;
-- @case instant on MariaDB
-- @server mariadb 10.11.6
-- @past
CREATE TABLE users (id BIGINT PRIMARY KEY, a INT, b INT);
-- @review
ALTER TABLE users MODIFY b INT AFTER id;
