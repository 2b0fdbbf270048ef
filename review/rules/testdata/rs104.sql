DROP TABLE coupons; -- want RS104
DROP TABLE IF EXISTS vouchers; -- want RS104
DROP TABLE gifts, cards; -- want RS104 RS104

-- Silent: held before, or hidden by underpin.
DROP TABLE coupons_del;
DROP TABLE `_underpin_held_coupons`;

-- Silent: no running code knows the table.
CREATE TABLE scratch (id INT NOT NULL PRIMARY KEY);
DROP TABLE scratch;
CREATE TEMPORARY TABLE passing (id INT NOT NULL PRIMARY KEY);
DROP TEMPORARY TABLE passing;
-- @case renamed in the same change: RS102 and RS107 speak of it
RENAME TABLE devices TO devices_backup;
DROP TABLE devices_backup;
DROP TABLE devices_older; -- want RS104
