DELETE FROM orders WHERE DATE(created_at) = '2026-01-01'; -- want RS310
UPDATE users SET active = 0 WHERE LOWER(email) = 'a@example.com'; -- want RS310
SELECT id FROM orders WHERE total + 1 > 100; -- want RS310
SELECT id FROM orders WHERE YEAR(created_at) BETWEEN 2024 AND 2025; -- want RS310
SELECT id FROM orders WHERE created_at >= '2026-01-01' AND created_at < '2026-01-02';
SELECT id FROM orders WHERE created_at < NOW() - INTERVAL 1 DAY;
SELECT id FROM orders WHERE customer_id = 7 AND DATE(created_at) = '2026-01-01';
SELECT id FROM orders WHERE id = 7 OR id = ABS(-7);
-- @case MariaDB from 11.1 rewrites some
-- @server mariadb 11.4.2
SELECT id FROM orders WHERE DATE(created_at) = '2026-01-01';
SELECT id FROM users WHERE LOWER(email) = 'a@example.com'; -- want RS310
