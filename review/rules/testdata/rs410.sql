CREATE TABLE t1 (id BIGINT PRIMARY KEY, a INT, b INT, c INT, d INT, e INT, f INT, g INT, h INT, i INT, KEY (a), KEY (b), KEY (c), KEY (d), KEY (e), KEY (f), KEY (g), KEY (h), KEY (i)); -- want RS410
CREATE TABLE t2 (id BIGINT PRIMARY KEY, a INT, b INT, KEY (a), KEY (b));
