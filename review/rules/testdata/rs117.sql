ALTER TABLE users DROP INDEX by_mail, ADD UNIQUE INDEX by_mail (email); -- want RS117

-- Silent: another index.
ALTER TABLE users DROP INDEX by_age, ADD INDEX by_age (age, name);
