-- @server mysql 8.0.25
-- @past
CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(20));
-- @review
ALTER TABLE users ADD COLUMN a INT AFTER id; -- want RS210
ALTER TABLE users ADD COLUMN b INT FIRST; -- want RS210
ALTER TABLE elsewhere ADD COLUMN b INT FIRST; -- want RS210
ALTER TABLE users ADD COLUMN c INT;
-- @case from 8.0.30 every place is instant
-- @server mysql 8.0.30
-- @past
CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(20));
-- @review
ALTER TABLE users ADD COLUMN a INT AFTER id;
-- @case MariaDB
-- @server mariadb 10.11.6
ALTER TABLE users ADD COLUMN a INT AFTER id;
