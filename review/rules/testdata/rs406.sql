CREATE TABLE t1 (
  id INT UNSIGNED NOT NULL PRIMARY KEY, -- want RS406
  user_id INT, -- want RS406
  order_id BIGINT,
  width INT,
  external_id VARCHAR(20)
);
ALTER TABLE users ADD COLUMN team_id MEDIUMINT UNSIGNED NULL; -- want RS406
-- @case the key that it refers to is as narrow
-- @past
CREATE TABLE users (id INT UNSIGNED NOT NULL PRIMARY KEY);
-- @review
CREATE TABLE t1 (id BIGINT PRIMARY KEY, user_id INT UNSIGNED);
CREATE TABLE t2 (id BIGINT PRIMARY KEY, user_id INT); -- want RS406
