ALTER TABLE items ADD CONSTRAINT dear CHECK (price >= 0); -- want RS119
ALTER TABLE items ADD CHECK (price >= cost); -- want RS119
ALTER TABLE items ADD COLUMN tax INT NULL CHECK (tax <= price); -- want RS119

-- Silent: not enforced, about a new column only, on an empty table.
ALTER TABLE items ADD CONSTRAINT soft CHECK (price >= 0) NOT ENFORCED;
ALTER TABLE items ADD COLUMN weight INT NULL CHECK (weight > 0);
CREATE TABLE fresh (id BIGINT NOT NULL PRIMARY KEY, n INT NULL);
ALTER TABLE fresh ADD CHECK (n > 0);
-- @case a server that reads the clause and ignores it
-- @server mysql 8.0.15
ALTER TABLE items ADD CONSTRAINT dear CHECK (price >= 0);
-- @case
-- @server mariadb 10.6.12
ALTER TABLE items ADD CONSTRAINT dear CHECK (price >= 0); -- want RS119
