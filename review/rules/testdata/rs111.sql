-- @past
CREATE TABLE users (
  id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL, note VARCHAR(100) NULL,
  state VARCHAR(10) NOT NULL DEFAULT 'new', level INT DEFAULT 3, mail VARCHAR(100) NOT NULL
);
-- @review
ALTER TABLE users MODIFY COLUMN name VARCHAR(100) NULL; -- want RS111
ALTER TABLE users CHANGE COLUMN state status VARCHAR(10) NULL DEFAULT 'new'; -- want RS111
ALTER TABLE users ALTER COLUMN level DROP DEFAULT; -- want RS111
ALTER TABLE unknown ALTER state DROP DEFAULT; -- want RS111

-- Silent: it took NULL before, there was no default, the column is new.
ALTER TABLE users MODIFY COLUMN note VARCHAR(200) NULL;
ALTER TABLE users ALTER COLUMN mail DROP DEFAULT;
ALTER TABLE users ALTER COLUMN level SET DEFAULT 4;
ALTER TABLE users ADD COLUMN fresh INT NOT NULL DEFAULT 0;
ALTER TABLE users MODIFY COLUMN fresh INT NULL;
-- What is left out is lost, which is RS114's.
ALTER TABLE users MODIFY COLUMN mail VARCHAR(200);
-- @case
-- @server mariadb 10.11.6
-- @past
CREATE TABLE users (id BIGINT NOT NULL PRIMARY KEY, level INT DEFAULT 3);
-- @review
ALTER TABLE users ALTER COLUMN level DROP DEFAULT; -- want RS111
