-- @past
CREATE TABLE users (id BIGINT PRIMARY KEY, a SET('r','w','x'), b SET('r','w','x'), c SET('r','w','x'), d SET('r','w','x'));
-- @review
ALTER TABLE users MODIFY a SET('r','w'); -- want RS218
ALTER TABLE users MODIFY b SET('w','r','x'); -- want RS218
ALTER TABLE users MODIFY c SET('r','a','w','x'); -- want RS218
ALTER TABLE users MODIFY d SET('r','w','x','a');
