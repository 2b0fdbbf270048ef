ALTER TABLE events ADD PRIMARY KEY (tenant_id, id); -- want RS118
ALTER TABLE log ADD CONSTRAINT pk PRIMARY KEY (id); -- want RS118

-- Silent: other keys, a column that numbers itself, a key that replaces one.
ALTER TABLE events ADD KEY by_time (at);
ALTER TABLE log ADD COLUMN seq BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY;
ALTER TABLE log2 ADD COLUMN seq BIGINT NOT NULL AUTO_INCREMENT, ADD PRIMARY KEY (seq);
ALTER TABLE orders DROP PRIMARY KEY, ADD PRIMARY KEY (shop_id, id);
CREATE TABLE fresh (id BIGINT NOT NULL);
ALTER TABLE fresh ADD PRIMARY KEY (id);
