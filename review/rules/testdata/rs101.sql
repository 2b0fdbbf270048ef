-- @past
CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(50) NOT NULL, age INT);
-- @review
ALTER TABLE users
  ADD COLUMN nick VARCHAR(20),
  RENAME COLUMN name TO full_name; -- want RS101
ALTER TABLE users CHANGE age years INT; -- want RS101
ALTER TABLE users CHANGE COLUMN years years BIGINT;
ALTER TABLE unknown CHANGE a b INT; -- want RS101
ALTER TABLE users RENAME COLUMN years TO Years;
-- A column of the same set: nobody uses it yet.
ALTER TABLE users RENAME COLUMN nick TO nickname;
CREATE TABLE fresh (a INT);
ALTER TABLE fresh RENAME COLUMN a TO b;
-- @set
-- Released by now.
ALTER TABLE fresh RENAME COLUMN b TO c; -- want RS101
