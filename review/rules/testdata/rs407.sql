CREATE TABLE t1 (
  id BIGINT PRIMARY KEY,
  a INT, b INT, c INT,
  KEY by_a (a), -- want RS407
  KEY by_a_b (a, b),
  UNIQUE KEY one_c (c),
  KEY by_c (c), -- want RS407
  KEY by_b (b)
);
CREATE TABLE t2 (id BIGINT PRIMARY KEY, a INT, b INT, UNIQUE KEY one_a (a), KEY by_a_b (a, b));
CREATE TABLE t3 (id BIGINT PRIMARY KEY, KEY by_id (id)); -- want RS407
