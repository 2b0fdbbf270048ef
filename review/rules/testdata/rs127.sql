-- @past
CREATE TABLE users (id BIGINT NOT NULL PRIMARY KEY);
-- @review
ALTER TABLE users
  ADD COLUMN town VARCHAR(100) NULL,
  ADD COLUMN country CHAR(2) NULL; -- want RS127
CREATE TABLE coupons (id BIGINT NOT NULL PRIMARY KEY); -- want RS127

-- Silent: no code uses it yet.
ALTER TABLE users ADD COLUMN quiet INT NULL;
CREATE TABLE later (id BIGINT NOT NULL PRIMARY KEY, country CHAR(2));
-- @case
-- @option deploy code-first
ALTER TABLE users ADD COLUMN country CHAR(2) NULL; -- want RS127
-- @case
-- @option deploy schema-first
ALTER TABLE users ADD COLUMN country CHAR(2) NULL;
