-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY);
-- @review
ALTER TABLE orders ENGINE=MyISAM; -- want RS206
ALTER TABLE elsewhere ENGINE=InnoDB; -- want RS206
ALTER TABLE orders FORCE;
CREATE TABLE fresh (id BIGINT PRIMARY KEY);
ALTER TABLE fresh ENGINE=MyISAM;
-- @case the engine it has
-- @past
CREATE TABLE orders (id BIGINT PRIMARY KEY);
-- @review
ALTER TABLE orders ENGINE=InnoDB;
