-- @option tables ledger accounts
ALTER TABLE Ledger ADD COLUMN n INT; -- want RS437
UPDATE accounts SET n = 1 WHERE id = 1; -- want RS437
DROP TABLE users, ledger; -- want RS437
UPDATE users SET n = 1 WHERE id = 1;
SELECT n FROM ledger WHERE id = 1;
