-- @past
CREATE TABLE jobs (id BIGINT PRIMARY KEY, at DATETIME, state INT, KEY by_at (at));
-- @review
DELETE FROM jobs WHERE state = 1 ORDER BY state LIMIT 100; -- want RS322
DELETE FROM jobs WHERE state = 1 ORDER BY at LIMIT 100; -- want RS322
DELETE FROM jobs WHERE state = 1 ORDER BY id LIMIT 100;
DELETE FROM elsewhere WHERE state = 1 ORDER BY at LIMIT 100;
DELETE FROM jobs WHERE state = 1 ORDER BY at;
