CREATE TABLE parents (id BIGINT PRIMARY KEY, code INT, name VARCHAR(20), KEY by_code (code), UNIQUE KEY one_name (name));
CREATE TABLE c1 (id BIGINT PRIMARY KEY, code INT, FOREIGN KEY (code) REFERENCES parents (code)); -- want RS415
CREATE TABLE c2 (id BIGINT PRIMARY KEY, parent_id BIGINT, FOREIGN KEY (parent_id) REFERENCES parents (id));
CREATE TABLE c3 (id BIGINT PRIMARY KEY, name VARCHAR(20), FOREIGN KEY (name) REFERENCES parents (name));
CREATE TABLE c4 (id BIGINT PRIMARY KEY, x BIGINT, FOREIGN KEY (x) REFERENCES parents (nothing)); -- want RS415
