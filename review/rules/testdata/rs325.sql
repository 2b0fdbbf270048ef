-- @option bytes 40
UPDATE users SET name = 'a rather long text' WHERE id = 1; -- want RS325
UPDATE users SET name = 'x';
