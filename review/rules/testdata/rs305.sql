INSERT INTO countries VALUES ('de', 'Germany'); -- want RS305
REPLACE INTO countries VALUES ('de', 'Germany'); -- want RS305
INSERT INTO countries SELECT code, name FROM states; -- want RS305
INSERT INTO countries (code, name) VALUES ('de', 'Germany');
INSERT INTO countries SET code = 'de', name = 'Germany';
INSERT INTO countries () VALUES ();
CREATE TABLE fresh (id BIGINT PRIMARY KEY);
INSERT INTO fresh VALUES (1);
