-- @edited
ALTER TABLE users ADD COLUMN a INT NULL; -- want RS501
-- @review
ALTER TABLE users ADD COLUMN b INT NULL;
-- @case nothing was merged before
ALTER TABLE users ADD COLUMN b INT NULL;
