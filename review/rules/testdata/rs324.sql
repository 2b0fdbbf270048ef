PREPARE s FROM @statement; -- want RS324
EXECUTE s;
EXECUTE other; -- want RS324
CALL fix_everything(); -- want RS324
LOAD DATA LOCAL INFILE 'x.csv' INTO TABLE users; -- want RS324
UPDATE users SET active = 0 WHERE id = 1;
PREPARE t FROM 'SELECT 1';
EXECUTE t;
