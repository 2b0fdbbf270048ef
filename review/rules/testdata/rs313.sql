INSERT INTO users_archive (id, name) SELECT * FROM users WHERE id = 1; -- want RS313
CREATE TABLE users_copy AS SELECT * FROM users; -- want RS313
CREATE VIEW v_users AS SELECT * FROM users; -- want RS313
CREATE VIEW v_names AS SELECT u.* FROM users u; -- want RS313
CREATE VIEW v_ids AS SELECT id, name FROM users;
CREATE VIEW v_count AS SELECT COUNT(*) AS n FROM users;
CREATE TABLE copied LIKE users;
SELECT * FROM users WHERE id = 1;
