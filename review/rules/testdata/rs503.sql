-- @past
CREATE TABLE sessions (id BINARY(16) NOT NULL PRIMARY KEY);
-- @review
DROP TABLE IF EXISTS sessions; -- want RS503
CREATE TABLE sessions (id BINARY(16) NOT NULL PRIMARY KEY);
DROP TABLE unknown; -- want RS503
CREATE TABLE IF NOT EXISTS unknown (id BINARY(16) NOT NULL PRIMARY KEY);

-- Silent: a drop alone is another rule's; the table came with this change.
CREATE TABLE IF NOT EXISTS visits (id BIGINT NOT NULL PRIMARY KEY);
DROP TABLE other_del;
CREATE TABLE fresh (id BIGINT NOT NULL PRIMARY KEY);
DROP TABLE fresh;
CREATE TABLE fresh (id BIGINT NOT NULL PRIMARY KEY, n INT NULL);
-- @case
-- @server mariadb 10.11.6
-- @past
CREATE TABLE sessions (id BINARY(16) NOT NULL PRIMARY KEY);
-- @review
CREATE OR REPLACE TABLE sessions (id BINARY(16) NOT NULL PRIMARY KEY); -- want RS503
