-- Statements that nobody has to be told about. Whoever adds a rule adds here
-- what comes close to it and is right.
CREATE TABLE users (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, name VARCHAR(100) NOT NULL, PRIMARY KEY (id)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
-- @case what running code does not notice
-- @server mysql 8.4.3
-- @past
CREATE TABLE users (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  name VARCHAR(100) NOT NULL,
  state ENUM('new', 'gone') NOT NULL DEFAULT 'new' COMMENT 'see states.go',
  mail VARCHAR(200) NULL,
  PRIMARY KEY (id), UNIQUE KEY one_mail (mail), KEY by_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE carts_del (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, PRIMARY KEY (id)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE VIEW people AS SELECT id, name FROM users;
-- @review
SET SESSION lock_wait_timeout = 5;
ALTER TABLE users ADD COLUMN town VARCHAR(100) NULL, ALGORITHM=INSTANT;
-- @set
CREATE OR REPLACE VIEW people AS SELECT id, name, town FROM users WHERE id > 0;
-- @case locks and copies, done as they should be
-- @past
CREATE TABLE orders (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, user_id BIGINT UNSIGNED NOT NULL, day DATE NULL, state ENUM('new', 'paid') NOT NULL, code VARCHAR(20) NULL, PRIMARY KEY (id), KEY by_user (user_id)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
-- @review
SET SESSION lock_wait_timeout = 5;
ALTER TABLE orders ADD COLUMN note VARCHAR(100) NULL, ALGORITHM=INSTANT;
-- @set
SET SESSION lock_wait_timeout = 5;
ALTER TABLE orders MODIFY state ENUM('new', 'paid', 'sent') NOT NULL, ALGORITHM=INSTANT;
-- @set
SET SESSION lock_wait_timeout = 5;
ALTER TABLE orders ADD INDEX by_day (day), ALGORITHM=INPLACE, LOCK=NONE;
-- @case data, changed as it should be
-- @past
CREATE TABLE orders (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, user_id BIGINT UNSIGNED NOT NULL, state VARCHAR(20) NOT NULL, PRIMARY KEY (id), KEY by_user (user_id)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE countries (code CHAR(2) NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
-- @review
INSERT INTO countries (code, name) VALUES ('de', 'Germany'), ('fr', 'France');
UPDATE orders SET state = 'paid' WHERE id BETWEEN 1 AND 1000 AND state = 'payed';
UPDATE countries SET name = 'Italy' WHERE code = 'it' AND name = 'Italia';
