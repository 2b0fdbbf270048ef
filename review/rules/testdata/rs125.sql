-- @digest 2026-11-20T23:57:00Z SELECT `id` , `age` FROM `users` WHERE `id` = ?
-- @digest 2026-10-01T00:00:00Z SELECT `nick` FROM `users` WHERE `id` = ?
-- @digest 2026-11-20T10:00:00Z ALTER TABLE `users` ADD COLUMN `town` VARCHAR (?)
-- @digest 2026-11-20T23:58:00Z UPDATE `users` SET `full_name` = `name` WHERE `id` = ? AND EXISTS ( SELECT ? FROM `_underpin_change` )
-- @digest 2026-11-20T23:59:00Z INSERT INTO `_underpin_scratch_preflight_1a_full` ( `id` , `town` ) SELECT `id` , `town` FROM `users` LIMIT ?
-- @digest 2026-11-20T10:00:00Z DELETE FROM `coupons` WHERE `id` = ?
ALTER TABLE users DROP COLUMN age; -- want RS125
DROP TABLE coupons; -- want RS125
ALTER TABLE users RENAME COLUMN id TO user_id; -- want RS125
ALTER TABLE users DROP COLUMN full_name; -- want RS125

-- Silent: seen too long ago, never, or to try something out.
ALTER TABLE users DROP COLUMN nick;
ALTER TABLE users DROP COLUMN town;
DROP TABLE vouchers;
-- @case a longer time
-- @option hours 2000
-- @digest 2026-10-01T00:00:00Z SELECT `nick` FROM `users` WHERE `id` = ?
ALTER TABLE users DROP COLUMN nick; -- want RS125
-- @case nothing is known
ALTER TABLE users DROP COLUMN nick;
