SELECT id FROM users WHERE email LIKE '%@example.com'; -- want RS311
DELETE FROM users WHERE email LIKE '_dmin%'; -- want RS311
SELECT id FROM users WHERE email LIKE 'admin%';
SELECT id FROM users WHERE email LIKE '\%admin';
SELECT id FROM users WHERE email = '%';
