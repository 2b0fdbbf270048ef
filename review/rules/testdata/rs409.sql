CREATE TABLE t1 (id BIGINT PRIMARY KEY, a INT, b INT, c INT, d INT, e INT, f INT, KEY wide (a, b, c, d, e, f)); -- want RS409
CREATE TABLE t2 (id BIGINT PRIMARY KEY, a INT, b INT, c INT, d INT, e INT, f INT, KEY narrow (a, b, c, d, e));
ALTER TABLE users ADD INDEX wide (a, b, c, d, e, f); -- want RS409
CREATE INDEX wide2 ON users (a, b, c, d, e, f); -- want RS409
