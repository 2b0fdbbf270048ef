ALTER TABLE users ADD UNIQUE INDEX one_mail (email); -- want RS116
ALTER TABLE users ADD CONSTRAINT one_nick UNIQUE (tenant_id, nick); -- want RS116
CREATE UNIQUE INDEX one_phone ON users (phone); -- want RS116
CREATE UNIQUE INDEX one_bio ON users (bio(10), nick DESC); -- want RS116
ALTER TABLE users MODIFY COLUMN code VARCHAR(20) NULL UNIQUE; -- want RS116

-- Silent: not unique, or over a column that is NULL in every row that is there.
CREATE INDEX by_phone ON users (phone);
ALTER TABLE users ADD COLUMN token CHAR(36) NULL, ADD UNIQUE INDEX one_token (token);
ALTER TABLE users ADD COLUMN mark INT NULL UNIQUE;

-- Silent: the table is empty.
CREATE TABLE fresh (id BIGINT NOT NULL PRIMARY KEY, email VARCHAR(200) NOT NULL);
CREATE UNIQUE INDEX one_mail ON fresh (email);
