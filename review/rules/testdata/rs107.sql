RENAME TABLE coupons TO coupons_del;
DROP TABLE coupons_del; -- want RS107
ALTER TABLE vouchers RENAME TO vouchers_del;
DROP TABLE IF EXISTS vouchers_del; -- want RS107

-- Silent: held by an earlier change.
DROP TABLE gifts_del;
-- @case whatever it is called
ALTER TABLE devices RENAME TO devices_backup;
DROP TABLE devices_backup; -- want RS107
-- @case an exchange: what is dropped is the table of before
CREATE TABLE carts_new (id BIGINT NOT NULL PRIMARY KEY);
RENAME TABLE carts TO carts_old, carts_new TO carts;
DROP TABLE carts_old; -- want RS107
