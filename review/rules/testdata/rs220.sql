-- @past
CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(63), code VARCHAR(20), text VARCHAR(100)) DEFAULT CHARSET=utf8mb4;
-- @review
ALTER TABLE users MODIFY name VARCHAR(64); -- want RS220
ALTER TABLE users MODIFY code VARCHAR(63);
ALTER TABLE users MODIFY text VARCHAR(200);
-- @case MariaDB grows a short one instantly
-- @server mariadb 10.11.6
-- @past
CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(30)) DEFAULT CHARSET=utf8mb4;
-- @review
ALTER TABLE users MODIFY name VARCHAR(64);
