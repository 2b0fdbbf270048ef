UPDATE users SET name = 'a', active = 1, name = 'b' WHERE id = 1; -- want RS326
INSERT INTO users (id, name) VALUES (1, 'a') ON DUPLICATE KEY UPDATE name = 'b', name = 'c'; -- want RS326
INSERT INTO users (id, id) VALUES (1, 2);
UPDATE users u JOIN orders o ON o.user_id = u.id SET u.name = 'a', o.name = 'b' WHERE u.id = 1;
UPDATE users SET name = 'a', active = 1 WHERE id = 1;
