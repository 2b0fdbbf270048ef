CREATE TABLE t1 (id BIGINT PRIMARY KEY COMMENT 'key'); -- want RS431
CREATE TABLE t2 (id BIGINT PRIMARY KEY) COMMENT='orders of today'; -- want RS431
CREATE TABLE t3 (id BIGINT PRIMARY KEY COMMENT 'key') COMMENT='orders of today';
-- @case of the form agreed
-- @option pattern owner=
CREATE TABLE t1 (id BIGINT PRIMARY KEY COMMENT 'owner=a') COMMENT='orders'; -- want RS431
CREATE TABLE t2 (id BIGINT PRIMARY KEY COMMENT 'owner=a') COMMENT='owner=a';
