CREATE TABLE UserNames (id BIGINT PRIMARY KEY); -- want RS436
CREATE TABLE t2 (id BIGINT PRIMARY KEY, firstName VARCHAR(20)); -- want RS436
CREATE TABLE t3 (id BIGINT PRIMARY KEY, first_name VARCHAR(20), KEY by_first_name (first_name));
ALTER TABLE users ADD INDEX ByName (name); -- want RS436
ALTER TABLE users RENAME COLUMN a TO `bad-name`; -- want RS436
-- @case a pattern of the team's own
-- @option table ^app_
CREATE TABLE users (id BIGINT PRIMARY KEY); -- want RS436
CREATE TABLE app_users (id BIGINT PRIMARY KEY);
