-- @server mysql 8.4.5
CREATE TABLE t1 (id BIGINT PRIMARY KEY, user_id BIGINT REFERENCES users (id)); -- want RS416
CREATE TABLE t2 (id BIGINT PRIMARY KEY, user_id BIGINT, FOREIGN KEY (user_id) REFERENCES users (id));
-- @case MySQL 9 heeds it
-- @server mysql 9.7.0
CREATE TABLE t1 (id BIGINT PRIMARY KEY, user_id BIGINT REFERENCES users (id));
-- @case MariaDB heeds it
-- @server mariadb 10.11.6
CREATE TABLE t1 (id BIGINT PRIMARY KEY, user_id BIGINT REFERENCES users (id));
