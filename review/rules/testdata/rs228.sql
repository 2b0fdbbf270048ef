-- @size countries 250 16384
SELECT id FROM orders WHERE name = 'x'; -- want RS228
-- @case limited
SET SESSION max_execution_time = 60000;
SELECT id FROM orders WHERE name = 'x';
-- @case limited by a hint
SELECT /*+ MAX_EXECUTION_TIME(1000) */ id FROM orders WHERE name = 'x';
-- @case few rows
-- @size countries 250 16384
SELECT code FROM countries WHERE name = 'x';
SELECT id FROM orders WHERE name = 'x' LIMIT 10;
DELETE FROM orders WHERE name = 'x';
-- @case by a whole key
-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY, name VARCHAR(20));
-- @review
SELECT name FROM orders WHERE id = 7;
-- @case MariaDB limits writes as well
-- @server mariadb 10.11.6
SET STATEMENT max_statement_time = 60 FOR DELETE FROM orders WHERE name = 'x';
DELETE FROM orders WHERE name = 'x'; -- want RS228
-- @case the server limits it
-- @setting max_execution_time 30000
SELECT id FROM orders WHERE name = 'x';
