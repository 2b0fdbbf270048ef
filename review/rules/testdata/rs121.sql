ALTER TABLE items ADD CONSTRAINT in_shop FOREIGN KEY (shop_id) REFERENCES shops (id); -- want RS121
ALTER TABLE items ADD FOREIGN KEY (owner_id) REFERENCES users (id) ON DELETE CASCADE; -- want RS121

-- Silent: a new table brings its own.
CREATE TABLE fresh (id BIGINT NOT NULL PRIMARY KEY, shop_id BIGINT NOT NULL);
ALTER TABLE fresh ADD FOREIGN KEY (shop_id) REFERENCES shops (id);
-- @case a column that no row has yet
ALTER TABLE items ADD COLUMN box_id BIGINT NULL, ADD CONSTRAINT in_box FOREIGN KEY (box_id) REFERENCES boxes (id); -- want RS121
-- @case one takes the place of another
ALTER TABLE items
  DROP FOREIGN KEY in_shop,
  ADD CONSTRAINT in_shop_2 FOREIGN KEY (shop_id) REFERENCES shops (id) ON DELETE RESTRICT, -- want RS121
  ADD FOREIGN KEY (owner_id) REFERENCES users (id); -- want RS121
