ALTER TABLE users DROP COLUMN age; -- want RS103
ALTER TABLE users DROP nick; -- want RS103
ALTER TABLE users DROP COLUMN a, DROP COLUMN b; -- want RS103 RS103

-- Silent: other things that are dropped.
ALTER TABLE users DROP INDEX by_age;
ALTER TABLE users ALTER COLUMN age DROP DEFAULT;

-- Silent: added in the same set of changes.
ALTER TABLE users ADD COLUMN tmp INT NULL;
ALTER TABLE users DROP COLUMN tmp;
CREATE TABLE fresh (id BIGINT NOT NULL PRIMARY KEY, x INT NULL);
ALTER TABLE fresh DROP COLUMN x;
