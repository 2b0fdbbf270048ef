UPDATE users SET active = 0 WHERE id = 1;
UPDATE users SET active = 0 WHERE id = 2;
UPDATE users SET active = 0 WHERE id = 3;
UPDATE users SET active = 0 WHERE id = 4;
UPDATE users SET active = 0 WHERE id = 5;
UPDATE users SET active = 0 WHERE id = 6;
UPDATE users SET active = 0 WHERE id = 7;
UPDATE users SET active = 0 WHERE id = 8;
UPDATE users SET active = 0 WHERE id = 9;
UPDATE users SET active = 0 WHERE id = 10;
UPDATE users SET active = 0 WHERE id = 11; -- want RS316
UPDATE users SET active = 0 WHERE id = 12;
