-- @past
CREATE TABLE keyed (id BIGINT PRIMARY KEY, name VARCHAR(100), first VARCHAR(50), last VARCHAR(50));
-- @review
UPDATE orders SET price = price * 100 WHERE id < 1000; -- want RS321
UPDATE users SET full_name = CONCAT(first, ' ', last); -- want RS321
UPDATE users SET full_name = CONCAT(first, ' ', last) WHERE active = 1; -- want RS321
UPDATE users SET full_name = CONCAT(first, ' ', last) WHERE full_name IS NULL;
UPDATE users SET email = TRIM(email) WHERE email <> TRIM(email);
UPDATE users SET email = LOWER(email) WHERE id < 1000;
UPDATE users SET active = 0 WHERE id = 7;
UPDATE keyed SET name = CONCAT(first, ' ', last) WHERE id = 7;
UPDATE orders SET price = price * 100, scaled = 1 WHERE scaled = 0;
