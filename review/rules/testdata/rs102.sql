RENAME TABLE orders TO purchases; -- want RS102
ALTER TABLE items RENAME TO goods; -- want RS102
ALTER TABLE items2 RENAME AS goods2; -- want RS102
RENAME TABLE a TO b, c TO d; -- want RS102 RS102

-- A held table is a warning: the rename back is cheap.
RENAME TABLE coupons TO coupons_del; -- want RS102

-- Silent: the name is there again when the statement ends.
RENAME TABLE carts TO carts_old, carts_new TO carts;

-- Silent: nobody knows the table yet.
CREATE TABLE fresh (id BIGINT NOT NULL PRIMARY KEY);
RENAME TABLE fresh TO fresher;
-- @case back and forth
RENAME TABLE Carts TO carts_between; -- want RS102
RENAME TABLE carts_between TO carts;
