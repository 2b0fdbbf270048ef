ALTER TABLE items DROP FOREIGN KEY in_shop; -- want RS122

-- Silent: replaced in the same statement; or it was never in use.
ALTER TABLE orders DROP FOREIGN KEY a, ADD CONSTRAINT b FOREIGN KEY (shop_id) REFERENCES shops (id) ON DELETE RESTRICT;
CREATE TABLE fresh (id BIGINT NOT NULL PRIMARY KEY, shop_id BIGINT NOT NULL, CONSTRAINT fresh_shop FOREIGN KEY (shop_id) REFERENCES shops (id));
ALTER TABLE fresh DROP FOREIGN KEY fresh_shop;
