DROP DATABASE legacy; -- want RS105
DROP SCHEMA IF EXISTS archive; -- want RS105

-- Silent: made in the same set of changes.
CREATE DATABASE trial;
DROP DATABASE trial;
