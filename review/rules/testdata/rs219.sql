-- @past
CREATE TABLE users (id BIGINT PRIMARY KEY, a SET('1','2','3','4','5','6','7','8'), b SET('1','2','3','4','5','6','7'));
-- @review
ALTER TABLE users MODIFY a SET('1','2','3','4','5','6','7','8','9'); -- want RS219
ALTER TABLE users MODIFY b SET('1','2','3','4','5','6','7','8');
