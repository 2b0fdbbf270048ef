-- @option types json set varchar(36)
CREATE TABLE t1 (id BIGINT PRIMARY KEY, data JSON); -- want RS423
CREATE TABLE t2 (id BIGINT PRIMARY KEY, uuid VARCHAR(36)); -- want RS423
CREATE TABLE t3 (id BIGINT PRIMARY KEY, name VARCHAR(37));
-- @case nothing is forbidden
CREATE TABLE t1 (id BIGINT PRIMARY KEY, data JSON);
