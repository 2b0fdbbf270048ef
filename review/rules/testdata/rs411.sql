CREATE TABLE t1 (id BIGINT PRIMARY KEY, day DATE, customer INT, KEY by_day_customer (day, customer)); -- want RS411
CREATE TABLE t2 (id BIGINT PRIMARY KEY, day DATE, customer INT, KEY by_customer_day (customer, day));
CREATE TABLE t3 (id BIGINT PRIMARY KEY, day DATE, KEY by_day (day));
CREATE TABLE t4 (id BIGINT PRIMARY KEY, day DATE, kind INT, UNIQUE KEY one (day, kind));
